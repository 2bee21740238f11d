"""Open WebUI: what Mirador writes has its form and comes back as the same tree; what it writes itself is read."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirador_desktop.core.conversation import Answer, Attachment, Conversation, Folder, StageRecord, Turn
from mirador_desktop.exchange.imported import ImportReport, Record
from tests.unit.exchange_helpers import read_back, texts, trees, turn_of, written

FOLDERS = [Folder("f1", "Work"), Folder("f2", "Reports", "f1")]
slow = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def _turns(records: list[Record]) -> list[Turn]:
    return [r for r in records if isinstance(r, Turn)]


def _shape(turns: list[Turn]) -> dict[str, Any]:
    """What Open WebUI can hold of turns: the tree, questions, final answers with their models."""
    shape = {}
    for turn in turns:
        final = next((s for s in turn.stages if s.name == turn.final_stage), None)
        best = final.best if final is not None else None
        answers = sorted((a.model or "unknown", a.text, a.thinking) for a in final.answers if a.text) if final else []
        shape[turn.id] = (turn.parent, turn.question, answers, best.text if best is not None else "")
    return shape


def _read(path: Path, data: bytes) -> tuple[list[Record], ImportReport]:
    path.write_bytes(data)
    return read_back(path)


@slow
@given(trees())
def test_the_tree_comes_back_equal(tmp_path: Path, tree: tuple[Conversation, list[Turn]]) -> None:
    conversation, turns = tree
    records, report = _read(tmp_path / "a.json", written("openwebui", [tree], folders=FOLDERS))
    assert report.program == "Open WebUI"
    found = next(r for r in records if isinstance(r, Conversation))
    assert _shape(_turns(records)) == _shape(turns)
    assert (found.id, found.leaf) == (conversation.id, conversation.leaf)
    assert (found.archived, found.pinned) == (conversation.archived, conversation.pinned)
    folders = [r.name for r in records if isinstance(r, Folder)]
    assert folders == [f.name for f in FOLDERS if f.id == conversation.folder]


@slow
@given(texts, texts)
def test_thoughts_and_answers_are_parted_where_they_were(tmp_path: Path, thinking: str, text: str) -> None:
    conversation = Conversation("c", "T")
    turn = Turn("t", "c", question="q", final_stage="s", reason="done")
    turn.stages = [StageRecord("s", answers=[Answer("m", text, thinking, reason="done", thinking_seconds=3.0)])]
    records, _ = _read(tmp_path / "a.json", written("openwebui", [(conversation, [turn])]))
    answers = _turns(records)[0].stages[0].answers if text else []
    assert [(a.text, a.thinking) for a in answers] == ([(text, thinking)] if text else [])


def test_a_chat_has_the_form_of_open_webui() -> None:
    conversation = Conversation("0" * 32, "T", created=1.76e9, updated=1.77e9, tags=["a"], pinned=True)
    first = turn_of(1, conversation, text="One", attachments=[Attachment("p.png", "image/png", 3, data=b"abc")])
    again = turn_of(2, conversation, text="Two")
    after = turn_of(3, conversation, first.id, text="Three")
    conversation.leaf = after.id
    (chat,) = json.loads(written("openwebui", [(conversation, [first, after, again])]))
    assert set(chat) == {
        *("id", "user_id", "title", "chat", "updated_at", "created_at", "share_id", "archived", "pinned", "meta"),
        "folder_id",
    }
    assert (chat["created_at"], chat["updated_at"], chat["pinned"]) == (1_760_000_000, 1_770_000_000, True)
    history = chat["chat"]["history"]
    messages = history["messages"]
    assert len(messages) == 6
    for key, message in messages.items():
        assert message["id"] == key
        for child in message["childrenIds"]:
            assert messages[child]["parentId"] == key
        if message["parentId"] is not None:
            assert key in messages[message["parentId"]]["childrenIds"]
    assert messages[history["currentId"]]["content"] == "Three"
    assert [m["content"] for m in chat["chat"]["messages"] if m["role"] == "assistant"] == ["One", "Three"]
    assert chat["chat"]["messages"][0]["files"][0]["url"] == "data:image/png;base64,YWJj"
    assert chat["chat"]["models"] == ["large:14b"]


def _message(key: str, parent: str | None, role: str, content: str, *children: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "parentId": parent, "childrenIds": list(children), "role": role, "content": content, **more}


def _chat(messages: list[dict[str, Any]], current: str, **more: Any) -> list[dict[str, Any]]:
    history = {"messages": {m["id"]: m for m in messages}, "currentId": current}
    chat = {"title": "Talk", "history": history, "params": {"system": "Be brief."}, "tags": ["x"]}
    return [
        {"id": "abc", "title": "Talk", "chat": chat, "created_at": 1_760_000_000, "updated_at": 1_760_000_900, **more}
    ]


def test_several_models_stand_side_by_side_and_a_second_answer_is_a_branch(tmp_path: Path) -> None:
    messages = [
        _message("u1", None, "user", "Why?", "a1", "b1", "a2", timestamp=1_760_000_001, models=["a", "b"]),
        _message("a1", "u1", "assistant", "A one", "u2", model="a", modelIdx=0, timestamp=1_760_000_002),
        _message("b1", "u1", "assistant", "B one", model="b", modelIdx=1, timestamp=1_760_000_002),
        _message("a2", "u1", "assistant", "A two", model="a", modelIdx=0, timestamp=1_760_000_050),
        _message("u2", "a1", "user", "And?", timestamp=1_760_000_060, models=["a"]),
    ]
    records, report = _read(
        tmp_path / "a.json",
        json.dumps(_chat(messages, "u2", pinned=True, meta={"tags": ["y"]}, folder_id="f-1234567890")).encode(),
    )
    conversation = next(r for r in records if isinstance(r, Conversation))
    first, second, third = sorted(_turns(records), key=lambda t: t.created)
    assert [(a.model, a.text) for a in first.stages[0].answers] == [("a", "A one"), ("b", "B one")]
    assert [(a.model, a.text) for a in second.stages[0].answers] == [("a", "A two")]
    assert (first.parent, second.parent, third.parent) == ("", "", first.id)
    assert (third.question, third.final_stage, third.reason) == ("And?", "", "stopped")
    assert conversation.leaf == third.id
    assert conversation.tags == ["x", "y"]
    assert conversation.pinned
    assert first.attachments[0].text == "Be brief."
    assert next(r for r in records if isinstance(r, Folder)).id == conversation.folder
    assert report.lines()[0].startswith("Open WebUI")


def test_thoughts_errors_files_and_counts_are_kept(tmp_path: Path) -> None:
    thoughts = (
        '<details type="reasoning" done="true" duration="7">\n<summary>Thought for 7 seconds</summary>\n'
        "> a\n> b\n</details>\nYes."
    )
    files = [
        {"type": "image", "url": "data:image/png;base64,YWJj"},
        {"type": "image", "url": "https://example.com/x.png"},
        {
            "type": "file",
            "name": "a.txt",
            "file": {"data": {"content": "hello"}, "meta": {"content_type": "text/plain"}},
        },
    ]
    usage = {"eval_count": 12, "response_token/s": 30.5}
    messages = [
        _message("u1", None, "user", "Why?", "a1", files=files),
        _message("a1", "u1", "assistant", thoughts, "u2", model="m", usage=usage, sources=[{"x": 1}]),
        _message("u2", "a1", "user", "More", "a2"),
        _message("a2", "u2", "assistant", "", model="m", error={"content": "It broke."}),
    ]
    records, report = _read(tmp_path / "a.json", json.dumps(_chat(messages, "a2")).encode())
    first, second = _turns(records)
    answer = first.stages[0].answers[0]
    assert (answer.text, answer.thinking, answer.thinking_seconds) == ("Yes.", "a\nb", 7.0)
    assert (answer.tokens, answer.tokens_per_second) == (12, 30.5)
    assert [(a.name, a.text, a.data) for a in first.attachments[1:]] == [
        ("Image", "", b"abc"),
        ("a.txt", "hello", None),
    ]
    assert (second.reason, second.error) == ("failed", "It broke.")
    assert report.left_out == {"images": 1, "sources": 1}


def test_tools_and_code_that_ran_are_parted_from_the_answer(tmp_path: Path) -> None:
    content = (
        '<details type="reasoning" done="true" duration="2">\n<summary>Thought for 2 seconds</summary>\n> First\n'
        "</details>\nLet me look.\n\n"
        '<details type="tool_calls" done="true" id="call_1" name="weather" arguments="&quot;{}&quot;" '
        'result="&quot;&lt;b&gt;rain&quot;" files="">\n<summary>Tool Executed</summary>\n</details>\n'
        '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 seconds</summary>\n> Then\n'
        "</details>\n"
        '<details type="code_interpreter" done="true" output="1">\n<summary>Analyzed</summary>\n```python\nprint(1)\n'
        '```\n</details>\nRain. <details type="tool_calls"> is HTML.'
    )
    messages = [
        _message("u1", None, "user", "Weather?", "a1"),
        _message("a1", "u1", "assistant", content, model="m"),
    ]
    records, report = _read(tmp_path / "a.json", json.dumps(_chat(messages, "a1")).encode())
    answer = _turns(records)[0].stages[0].answers[0]
    assert answer.text == 'Let me look.\n\n```python\nprint(1)\n```\n\nRain. <details type="tool_calls"> is HTML.'
    assert (answer.thinking, answer.thinking_seconds) == ("First\n\nThen", 5.0)
    assert report.left_out == {"results of tools": 2}


@pytest.mark.parametrize("piece", ['<details type="tool_calls"', '<details type="tool_calls">\n', "\n", "</details>"])
def test_what_is_repeated_without_an_end_takes_no_time(tmp_path: Path, piece: str) -> None:
    hostile = piece * 200_000
    messages = [_message("u1", None, "user", "Q", "a1"), _message("a1", "u1", "assistant", f"x{hostile}x", model="m")]
    records, _ = _read(tmp_path / "a.json", json.dumps(_chat(messages, "a1")).encode())
    assert _turns(records)[0].final_text == f"x{hostile}x"


def test_an_old_list_of_messages_is_read(tmp_path: Path) -> None:
    chat = {
        "title": "Old",
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho", "model": "m"}],
    }
    records, _ = _read(tmp_path / "a.json", json.dumps([chat]).encode())
    (turn,) = _turns(records)
    assert (turn.question, turn.final_text, turn.stages[0].answers[0].model) == ("Hi", "Ho", "m")


def test_answers_before_any_question_and_identifiers_twice(tmp_path: Path) -> None:
    messages = [
        _message("a0", None, "assistant", "Welcome", "u1", model="m"),
        _message("u1", "a0", "user", "Hi", "gone", model="m"),
    ]
    records, _ = _read(tmp_path / "a.json", json.dumps(_chat(messages, "u1")).encode())
    first, second = _turns(records)
    assert (first.question, first.final_text, second.parent) == ("", "Welcome", first.id)


@slow
@given(st.data())
def test_circles_and_loose_ends_lose_no_message(tmp_path: Path, data: st.DataObject) -> None:
    keys = [f"m{n}" for n in range(data.draw(st.integers(1, 7)))]
    parents = st.sampled_from([None, "gone", *keys])
    messages = [
        _message(k, data.draw(parents), data.draw(st.sampled_from(["user", "assistant"])), f"text of {k}", model="m")
        for k in keys
    ]
    records, _ = _read(tmp_path / "a.json", json.dumps(_chat(messages, data.draw(st.sampled_from(keys)))).encode())
    turns = _turns(records)
    everything = "\n".join([t.question for t in turns] + [a.text for t in turns for s in t.stages for a in s.answers])
    for key in keys:
        assert f"text of {key}" in everything
    known = {""}
    for turn in turns:
        assert turn.parent in known
        assert turn.id not in known
        known.add(turn.id)
