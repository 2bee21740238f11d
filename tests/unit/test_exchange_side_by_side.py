"""Answers of several models side by side: which of them stands for the turn, and which makes one of its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.core.conversation import Conversation, Folder, Turn
from mirador_desktop.exchange.imported import ImportReport, Record
from tests.unit.exchange_helpers import read_back, webui_chat, webui_message


def _turns(records: list[Record]) -> list[Turn]:
    return [r for r in records if isinstance(r, Turn)]


def _read(path: Path, data: bytes) -> tuple[list[Record], ImportReport]:
    path.write_bytes(data)
    return read_back(path)


def test_several_models_stand_side_by_side_and_a_second_answer_is_a_branch(tmp_path: Path) -> None:
    messages = [
        webui_message("u1", None, "user", "Why?", "a1", "b1", "a2", timestamp=1_760_000_001, models=["a", "b"]),
        webui_message("a1", "u1", "assistant", "A one", "u2", model="a", modelIdx=0, timestamp=1_760_000_002),
        webui_message("b1", "u1", "assistant", "B one", model="b", modelIdx=1, timestamp=1_760_000_002),
        webui_message("a2", "u1", "assistant", "A two", model="a", modelIdx=0, timestamp=1_760_000_050),
        webui_message("u2", "a1", "user", "And?", timestamp=1_760_000_060, models=["a"]),
    ]
    records, report = _read(
        tmp_path / "a.json",
        json.dumps(webui_chat(messages, "u2", pinned=True, meta={"tags": ["y"]}, folder_id="f-1234567890")).encode(),
    )
    conversation = next(r for r in records if isinstance(r, Conversation))
    first, second, third = sorted(_turns(records), key=lambda t: t.created)
    assert [(a.model, a.text) for a in first.stages[0].answers] == [("b", "B one"), ("a", "A one")]
    assert first.final_text == "A one"
    assert [(a.model, a.text) for a in second.stages[0].answers] == [("a", "A two")]
    assert (first.parent, second.parent, third.parent) == ("", "", first.id)
    assert (third.question, third.final_stage, third.reason) == ("And?", "", "stopped")
    assert conversation.leaf == third.id
    assert conversation.tags == ["x", "y"]
    assert conversation.pinned
    assert first.attachments[0].text == "Be brief."
    assert next(r for r in records if isinstance(r, Folder)).id == conversation.folder
    assert report.lines()[0].startswith("Open WebUI")


def _compared(*more: dict[str, Any], follow_ups: str, current: str, **a: Any) -> list[dict[str, Any]]:
    """Answers "a", "b" and "c" side by side; `follow_ups` are those that the person went on from, in this order."""
    models = {"models": ["a", "b", "c"]}
    asked = [
        webui_message(f"u{x}", x, "user", f"On {x}", timestamp=1.76e9 + n) for n, x in enumerate(follow_ups, start=9)
    ]
    children = {x: [f"u{x}"] * (x in follow_ups) for x in "abc"}
    answers = [
        webui_message(x, "u", "assistant", f"Says {x}", *children[x], model=x, modelIdx=n, **(a if x == "a" else {}))
        for n, x in enumerate("abc")
    ]
    question = webui_message("u", None, "user", "Compare", "a", "b", "c", timestamp=1.76e9, **models)
    return webui_chat([question, *answers, *asked, *more], current)


def _texts(turn: Turn) -> list[str]:
    return [a.text for s in turn.stages for a in s.answers]


@pytest.mark.parametrize(
    ("follow_ups", "current", "expected"),
    [
        ("", "a", ["Says b", "Says c", "Says a"]),
        ("", "c", ["Says a", "Says b", "Says c"]),
        ("a", "ua", ["Says b", "Says c", "Says a"]),
        ("b", "a", ["Says a", "Says c", "Says b"]),
    ],
)
def test_of_answers_side_by_side_the_one_that_was_gone_on_from_is_final(
    tmp_path: Path, follow_ups: str, current: str, expected: list[str]
) -> None:
    chats = json.dumps(_compared(follow_ups=follow_ups, current=current, done=False)).encode()
    first, *later = _turns(_read(tmp_path / "a.json", chats)[0])
    assert _texts(first) == expected
    assert [t.parent for t in later] == [first.id] * len(later)
    if follow_ups:
        assert first.final_text == expected[-1]


def test_going_on_from_several_answers_side_by_side_makes_a_turn_of_each(tmp_path: Path) -> None:
    before = _turns(_read(tmp_path / "a.json", json.dumps(_compared(follow_ups="b", current="ub")).encode())[0])
    records, _ = _read(tmp_path / "b.json", json.dumps(_compared(follow_ups="ba", current="ua")).encode())
    first, second, on_a, on_b = _turns(records)
    assert (_texts(first), _texts(second)) == (["Says c", "Says b"], ["Says a"])
    assert (on_b.question, on_b.parent, on_a.question, on_a.parent) == ("On b", first.id, "On a", second.id)
    assert [first.id, on_b.id] == [t.id for t in before]
    assert next(r for r in records if isinstance(r, Conversation)).leaf == on_a.id


def test_merged_answers_stand_in_place_of_the_one_they_were_made_of(tmp_path: Path) -> None:
    merged = {"status": True, "content": "All of them"}
    chats = json.dumps(_compared(follow_ups="a", current="ua", merged=merged)).encode()
    first, later = _turns(_read(tmp_path / "a.json", chats)[0])
    assert _texts(first) == ["Says b", "Says c", "Says a", "All of them"]
    assert (first.final_text, later.parent) == ("All of them", first.id)
