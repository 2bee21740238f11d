"""Open WebUI: what Mirador writes has its form and comes back as the same tree; what it writes itself is read."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirador_desktop.core.conversation import Answer, Attachment, Conversation, Folder, StageRecord, Turn
from mirador_desktop.exchange.imported import ImportReport, Record
from tests.unit.exchange_helpers import read_back, texts, trees, turn_of, webui_chat, webui_message, written

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
        webui_message("u1", None, "user", "Why?", "a1", files=files),
        webui_message("a1", "u1", "assistant", thoughts, "u2", model="m", usage=usage, sources=[{"x": 1}]),
        webui_message("u2", "a1", "user", "More", "a2"),
        webui_message("a2", "u2", "assistant", "", model="m", error={"content": "It broke."}),
    ]
    records, report = _read(tmp_path / "a.json", json.dumps(webui_chat(messages, "a2")).encode())
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
        webui_message("u1", None, "user", "Weather?", "a1"),
        webui_message("a1", "u1", "assistant", content, model="m"),
    ]
    records, report = _read(tmp_path / "a.json", json.dumps(webui_chat(messages, "a1")).encode())
    answer = _turns(records)[0].stages[0].answers[0]
    assert answer.text == 'Let me look.\n\n```python\nprint(1)\n```\n\nRain. <details type="tool_calls"> is HTML.'
    assert (answer.thinking, answer.thinking_seconds) == ("First\n\nThen", 5.0)
    assert report.left_out == {"results of tools": 2}


@pytest.mark.parametrize("piece", ['<details type="tool_calls"', '<details type="tool_calls">\n', "\n", "</details>"])
def test_what_is_repeated_without_an_end_takes_no_time(tmp_path: Path, piece: str) -> None:
    hostile = piece * 200_000
    messages = [
        webui_message("u1", None, "user", "Q", "a1"),
        webui_message("a1", "u1", "assistant", f"x{hostile}x", model="m"),
    ]
    records, _ = _read(tmp_path / "a.json", json.dumps(webui_chat(messages, "a1")).encode())
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
        webui_message("a0", None, "assistant", "Welcome", "u1", model="m"),
        webui_message("u1", "a0", "user", "Hi", "gone", model="m"),
    ]
    records, _ = _read(tmp_path / "a.json", json.dumps(webui_chat(messages, "u1")).encode())
    first, second = _turns(records)
    assert (first.question, first.final_text, second.parent) == ("", "Welcome", first.id)


def _answered(path: Path, content: object, **more: Any) -> tuple[Answer, ImportReport]:
    messages = [
        webui_message("u", None, "user", "Q", "a"),
        webui_message("a", "u", "assistant", "", model="m", **more),
    ]
    messages[1]["content"] = content
    records, report = _read(path, json.dumps(webui_chat(messages, "a")).encode())
    return _turns(records)[0].stages[0].answers[0], report


def test_thoughts_in_entities_are_read_as_they_were_thought(tmp_path: Path) -> None:
    head = '<details type="reasoning" done="true" duration="7">\n<summary>Thought for 7 seconds</summary>\n'
    inner = "&gt; step &lt;one&gt; &amp;amp; two\n&gt; \n&gt; &quot;quoted&quot;"
    answer, _ = _answered(tmp_path / "a.json", f"{head}{inner}\n</details>\nx &lt; y")
    assert (answer.thinking, answer.text) == ('step <one> &amp; two\n\n"quoted"', "x &lt; y")
    answer, _ = _answered(tmp_path / "a.json", f"{head}> a &lt; b\n> &gt;\n</details>\nYes")
    assert (answer.thinking, answer.text) == ("a &lt; b\n&gt;", "Yes")


@pytest.mark.parametrize("fence", ["```html", "~~~", "  ````", "```unclosed"])
def test_blocks_of_code_that_show_thoughts_are_left_alone(tmp_path: Path, fence: str) -> None:
    end = "" if fence.endswith("unclosed") else fence.removesuffix("html")
    shown = '<details type="reasoning" done="true">\n<summary>x</summary>\nfoo\n</details>'
    text = f"Intro\n\n{fence}\n{shown}\n{end}\nafter"
    answer, _ = _answered(tmp_path / "a.json", f"{shown}\n{text}")
    assert (answer.thinking, answer.text) == ("foo", text)


def test_code_that_ran_may_write_the_end_of_its_block(tmp_path: Path) -> None:
    code = '```python\nprint("""\n</details>\n""")\n```'
    content = f'<details type="code_interpreter" done="true">\n<summary>Ran</summary>\n{code}\n</details>\nDone.'
    answer, _ = _answered(tmp_path / "a.json", content)
    assert answer.text == f"{code}\n\nDone."


def test_thoughts_that_were_cut_off_or_stand_apart_are_thoughts(tmp_path: Path) -> None:
    cut = '<details type="reasoning" done="false">\n<summary>Thinking…</summary>\n> never ended'
    answer, _ = _answered(tmp_path / "a.json", cut)
    assert (answer.thinking, answer.text) == ("never ended", "")
    parts = [{"type": "output_text", "text": "inner"}]
    answer, _ = _answered(tmp_path / "a.json", "Said", output=[{"type": "reasoning", "content": parts}])
    assert (answer.thinking, answer.text) == ("inner", "Said")


def test_thoughts_cannot_leave_their_place_in_an_export() -> None:
    conversation = Conversation("c", "T")
    turn = Turn("t", "c", question="q", final_stage="s", reason="done")
    turn.stages = [StageRecord("s", answers=[Answer("m", "Yes", "</details>\n<script>x</script>", reason="done")])]
    (chat,) = json.loads(written("openwebui", [(conversation, [turn])]))
    content = next(m["content"] for m in chat["chat"]["history"]["messages"].values() if m["role"] == "assistant")
    assert content.count("</details>") == 1
    assert "<script>" not in content
    assert "\n&gt; &lt;/details&gt;\n&gt; &lt;script&gt;" in content


def test_an_older_export_of_ours_keeps_its_thoughts(tmp_path: Path) -> None:
    head = '<details type="reasoning" done="true">\n<summary>Thought</summary>\n> a &lt;\n> > b\n</details>\n'
    answer, _ = _answered(tmp_path / "a.json", f"{head}Yes", mirador_text_at=len(head))
    assert (answer.thinking, answer.text) == ("a &lt;\n> b", "Yes")


def test_what_is_left_out_of_a_chat_is_counted(tmp_path: Path) -> None:
    left = {
        "code_executions": [{"code": "1", "result": {"output": "OUT"}}, {"code": "2"}],
        "statusHistory": [{"action": "web_search"}],
        "files": [{"type": "collection", "id": "c", "name": "KB"}, {"type": "file", "name": "a.pdf"}],
        "embeds": ["<iframe>"],
        "followUps": ["more?"],
    }
    _, report = _answered(tmp_path / "a.json", "Said", **left)
    assert report.left_out == {
        "results of tools": 2,
        "reports of what a tool did": 1,
        "texts of attached files": 2,
        "embedded pages": 1,
        "proposed questions": 1,
    }


@slow
@given(st.data())
def test_circles_and_loose_ends_lose_nowebui_message(tmp_path: Path, data: st.DataObject) -> None:
    keys = [f"m{n}" for n in range(data.draw(st.integers(1, 7)))]
    parents = st.sampled_from([None, "gone", *keys])
    messages = [
        webui_message(
            k, data.draw(parents), data.draw(st.sampled_from(["user", "assistant"])), f"text of {k}", model="m"
        )
        for k in keys
    ]
    records, _ = _read(
        tmp_path / "a.json", json.dumps(webui_chat(messages, data.draw(st.sampled_from(keys)))).encode()
    )
    turns = _turns(records)
    everything = "\n".join([t.question for t in turns] + [a.text for t in turns for s in t.stages for a in s.answers])
    for key in keys:
        assert f"text of {key}" in everything
    known = {""}
    for turn in turns:
        assert turn.parent in known
        assert turn.id not in known
        known.add(turn.id)
