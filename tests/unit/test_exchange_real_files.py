"""Files as other programs write them today: everything in them has its place."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.exchange.imported import ImportReport
from tests.unit import exported_files as made
from tests.unit.exchange_helpers import read_back


def _found(path: Path) -> tuple[list[Conversation], list[Turn], ImportReport]:
    records, report = read_back(path)
    turns = [r for r in records if isinstance(r, Turn)]
    return [r for r in records if isinstance(r, Conversation)], turns, report


@pytest.mark.parametrize("in_one", [True, False])
def test_the_archive_of_chatgpt_in_one_piece_or_in_parts(tmp_path: Path, in_one: bool) -> None:
    talks, turns, report = _found(made.chatgpt_zip(tmp_path / "export.zip", 3, in_one))
    assert [t.title for t in talks] == ["Which hive is this? 0", "Hive 1", "Hive 2"]
    assert [t.title_by_person for t in talks] == [False, True, True]
    assert [t.archived for t in talks] == [False, True, False]
    first, ten, short = turns[:3]
    answer = first.stages[0].answers[0]
    assert (answer.text, answer.thinking_seconds) == ("A **Langstroth** hive.", 12.0)
    assert (answer.model, answer.thinking) == ("gpt-5-thinking", "Comparing hives\nLangstroth is common.")
    assert ten.parent == short.parent == first.id
    assert talks[0].leaf == short.id
    assert report.left_out == {"images": 3, "results of tools": 3, "ratings": 1}
    assert not report.skipped


@pytest.mark.parametrize("of", [lambda chat: [chat], lambda chat: chat], ids=["list", "one"])
def test_a_chat_of_open_webui_in_a_list_or_alone(tmp_path: Path, of: Callable[[object], object]) -> None:
    path = tmp_path / "chat-export-1761000000000.json"
    path.write_text(json.dumps(of(made.open_webui_chat(0))), "utf-8")
    (talk,), (first, second), report = _found(path)
    assert (talk.title, talk.tags, talk.pinned) == ("🐦 Birds 0", ["birds", "nature"], True)
    wren, robin = first.stages[0].answers
    assert (wren.model, wren.text, wren.tokens_per_second) == ("llama3.2:3b", "A wren.", 61.2)
    assert (robin.text, robin.thinking, robin.thinking_seconds) == ("A robin.", "A small one.", 4.0)
    assert (second.parent, talk.leaf, second.final_text) == (first.id, second.id, "A tit.")
    assert first.attachments[0].text == "Be brief."
    assert not report.left_out


def test_a_conversation_of_lm_studio_that_was_made_twice(tmp_path: Path) -> None:
    (talk,), (green, red), report = _found(made.lm_studio(tmp_path / "1763000000000.conversation.json"))
    assert (talk.title, talk.created, talk.leaf) == ("Lamp", 1_763_000_000.0, red.id)
    assert (green.final_text, red.final_text) == ("Green, I think.", "Red.")
    answer = red.stages[0].answers[0]
    assert (answer.model, answer.thinking, answer.thinking_seconds) == ("qwen/qwen3-8b", "Look.", 3.25)
    assert not report.left_out


def test_a_thread_of_jan_with_thoughts(tmp_path: Path) -> None:
    (talk,), (turn,), report = _found(made.jan_thread(tmp_path / "threads" / "01JABC"))
    assert (talk.title, talk.pinned, talk.updated) == ("Tides", True, 1_762_000_300.5)
    answer = turn.stages[0].answers[0]
    assert (answer.model, answer.thinking, answer.text) == ("jan-nano-4b", "The moon pulls.", "Two bulges.")
    assert (answer.tokens, answer.tokens_per_second) == (90, 22.5)
    assert not report.left_out
