"""ChatGPT, LM Studio, Jan: what their files hold becomes conversations, and what cannot is told."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.core.conversation import Conversation, Folder, Turn
from mirador_desktop.errors import ExchangeError
from mirador_desktop.exchange import images
from mirador_desktop.exchange.imported import ImportReport, Record
from tests.unit.exchange_helpers import read_back


def _read(path: Path, value: object) -> tuple[Conversation, list[Turn], ImportReport]:
    path.write_text(json.dumps(value))
    return _one(read_back(path))


def _one(found: tuple[list[Record], ImportReport]) -> tuple[Conversation, list[Turn], ImportReport]:
    records, report = found
    (conversation,) = (r for r in records if isinstance(r, Conversation))
    return conversation, [r for r in records if isinstance(r, Turn)], report


# ChatGPT


def _node(
    key: str, parent: str | None, role: str, content: dict[str, Any] | str, *children: str, **metadata: Any
) -> dict[str, Any]:
    if isinstance(content, str):
        content = {"content_type": "text", "parts": [content]}
    when = metadata.pop("when", None)
    message = {
        "id": key,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": when,
        "content": content,
        "status": "finished_successfully",
        "metadata": metadata,
        "recipient": "all",
    }
    return {"id": key, "message": message, "parent": parent, "children": list(children)}


def _chatgpt(*nodes: dict[str, Any], current: str, **more: Any) -> dict[str, Any]:
    root = {"id": "root", "message": None, "parent": None, "children": [nodes[0]["id"]]}
    return {
        "title": "A talk",
        "create_time": 1_700_000_000.5,
        "update_time": 1_700_000_900.25,
        "mapping": {"root": root, **{n["id"]: n for n in nodes}},
        "current_node": current,
        "conversation_id": "conv-1",
        "id": "conv-1",
        **more,
    }


HIDDEN = {"is_visually_hidden_from_conversation": True}


def test_a_conversation_of_chatgpt_with_tools_thoughts_and_branches(tmp_path: Path) -> None:
    context = {
        "content_type": "user_editable_context",
        "user_profile": "I write Rust.",
        "user_instructions": "Be brief.",
    }
    image = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-1"}
    thought = {"summary": "Look", "content": "closely"}
    talk = _chatgpt(
        _node("s", "root", "system", "", "c", **HIDDEN),
        _node("c", "s", "user", context, "u1", **HIDDEN),
        _node(
            "u1", "c", "user", {"content_type": "multimodal_text", "parts": [image, "What is this?"]}, "t1", "b1",
            when=1_700_000_001.0, attachments=[{"name": "photo.png"}],
        ),
        _node(
            "t1", "u1", "assistant", {"content_type": "thoughts", "thoughts": [thought]}, "r1",
            when=1_700_000_002.0, model_slug="o3",
        ),
        _node(
            "r1", "t1", "assistant", {"content_type": "reasoning_recap", "content": "Thought for 8s"}, "k1",
            finished_duration_sec=8,
        ),
        _node("k1", "r1", "assistant", {"content_type": "code", "language": "python", "text": "print(1)"}, "x1"),
        _node("x1", "k1", "tool", {"content_type": "execution_output", "text": "1"}, "a1"),
        _node("a1", "x1", "assistant", "A cat\ue200cite\ue202turn0search0\ue201.", "u2", model_slug="o3"),
        _node("b1", "u1", "assistant", "A dog.", when=1_700_000_050.0, model_slug="gpt-4o"),
        _node("u2", "a1", "user", "Sure?", when=1_700_000_060.0),
        current="u2", is_archived=True, is_starred=True, gizmo_id="g-p-1234567890abcdef",
    )  # fmt: skip
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([talk]))
    records, report = read_back(path)
    (folder,) = (r for r in records if isinstance(r, Folder))
    conversation, turns, _ = _one((records, report))
    first, again, last = turns
    assert report.program == "ChatGPT"
    assert (conversation.title, conversation.title_by_person) == ("A talk", True)
    assert (conversation.created, conversation.updated) == (1_700_000_000.5, 1_700_000_900.25)
    assert (conversation.archived, conversation.pinned, conversation.folder) == (True, True, folder.id)
    assert first.question == "[Image]\nWhat is this?\n[File: photo.png]"
    answer = first.stages[0].answers[0]
    assert (answer.model, answer.thinking, answer.thinking_seconds) == ("o3", "Look\nclosely", 8.0)
    assert answer.text == "```python\nprint(1)\n```\n\n```\n1\n```\n\nA cat."
    assert (again.question, again.final_text, again.parent) == (first.question, "A dog.", "")
    assert (last.question, last.parent, last.stages) == ("Sure?", first.id, [])
    assert conversation.leaf == last.id
    assert first.attachments[0].text == "I write Rust.\n\nBe brief."
    assert report.left_out == {"images": 1, "attached files": 1}
    assert first.id < again.id
    assert all(int(t.id[:12], 16) == round(t.created * 1000) for t in turns)


def test_a_newer_export_keeps_identifiers_and_only_adds(tmp_path: Path) -> None:
    u1, a1 = (
        _node("u1", "root", "user", "Why?", "a1", when=1.7e9),
        _node("a1", "u1", "assistant", "So.", when=1.7e9 + 1),
    )
    _, before, _ = _read(tmp_path / "a.json", [_chatgpt(u1, a1, current="a1")])
    u1["children"].append("a2")
    a1["children"].append("u2")
    more = (
        _node("a2", "u1", "assistant", "Or so.", when=1.7e9 + 50),
        _node("u2", "a1", "user", "Hm", "a3", when=1.7e9 + 60),
        _node("a3", "u2", "assistant", "Well", when=1.7e9 + 61),
    )
    _, after, _ = _read(tmp_path / "b.json", [_chatgpt(u1, a1, *more, current="a3", update_time=1.71e9, title="New")])
    assert len(after) == 3
    assert before[0] == next(t for t in after if t.id == before[0].id)


def test_the_zip_holds_conversations_in_pieces_beside_other_files(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(3):
            u = _node("u", "root", "user", f"Question {number}", "a", when=1.7e9)
            talk = _chatgpt(u, _node("a", "u", "assistant", "Answer"), current="a") | {
                "conversation_id": f"c{number}"
            }
            archive.writestr(f"conversations-{number:03d}.json", json.dumps([talk]))
        archive.writestr("user.json", '{"id": "user-1", "email": "x"}')
        archive.writestr("message_feedback.json", '[{"id": "1", "conversation_id": "c0", "rating": "thumbs_up"}]')
        archive.writestr("shared_conversations.json", "[]")
        archive.writestr("broken.json", "{")
        archive.writestr("chat.html", "<html>")
    records, report = read_back(path)
    assert len([r for r in records if isinstance(r, Turn)]) == 3
    assert (report.program, report.skipped) == ("ChatGPT", [])


PNG = b"\x89PNG\r\n\x1a\n and the rest"
JPEG = b"\xff\xd8\xff and the rest"


def _shown(*pointers: str, **metadata: Any) -> list[dict[str, Any]]:
    parts = [{"content_type": "image_asset_pointer", "asset_pointer": pointer} for pointer in pointers]
    content = {"content_type": "multimodal_text", "parts": [*parts, "What is this?"]}
    return [
        _chatgpt(
            _node("u", "root", "user", content, "a", when=1.7e9, **metadata),
            _node("a", "u", "assistant", "A cat."),
            current="a",
        )
    ]


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        ("file-service://file-AbC1", "file-AbC1-photo.png"),
        ("file-service://file-AbC1", "file-AbC1.dat"),
        ("sediment://file_00ab", "user-xyz/file_00ab-sanitized.png"),
        ("sediment://file_00ab#p_0.png", "file_00ab.dat"),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_images_that_lie_in_the_export_are_attached(tmp_path: Path, pointer: str, name: str, packed: bool) -> None:
    (key,) = (part for part in ("file-AbC1", "file_00ab") if part in pointer)
    named = [{"id": key, "name": "photo.png", "mime_type": "image/png"}]
    files = {"conversations.json": json.dumps(_shown(pointer, attachments=named)).encode(), name: PNG}
    files["conversation_asset_file_names.json"] = b'{"file-AbC1.dat": "photo.png"}'
    path = tmp_path / "export"
    if packed:
        with zipfile.ZipFile(path, "w") as archive:
            for each, data in files.items():
                archive.writestr(each, data)
    else:
        for each, data in files.items():
            (path / each).parent.mkdir(parents=True, exist_ok=True)
            (path / each).write_bytes(data)
    _, (turn,), report = _one(read_back(path))
    assert turn.question == "What is this?"
    (image,) = turn.attachments
    assert (image.name, image.media, image.data, image.size) == ("photo.png", "image/png", PNG, len(PNG))
    assert not +report.left_out


def test_images_beside_the_chosen_file_are_attached_and_others_are_told(tmp_path: Path) -> None:
    pointers = ("file-service://file-1", "file-service://file-2", "file-service://file-3", "file-service://other")
    path = tmp_path / "conversations.json"
    named = [{"id": "file-9", "name": "a.pdf", "mime_type": "application/pdf"}]
    path.write_text(json.dumps(_shown(*pointers, attachments=named)))
    (tmp_path / "file-1-a.jpg").write_bytes(JPEG)
    (tmp_path / "file-2-b.png").write_text("this is no image")
    (tmp_path / "file-3-c.png").mkdir()
    _, (turn,), report = _one(read_back(path))
    assert [(image.media, image.data) for image in turn.attachments] == [("image/jpeg", JPEG)]
    assert turn.question == "[Image]\n[Image]\n[Image]\nWhat is this?\n[File: a.pdf]"
    assert report.left_out == {"images": 3, "attached files": 1}


def test_images_of_an_export_are_kept_as_far_as_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MOST_BYTES", 100)
    monkeypatch.setattr(images, "_MOST_OF_ONE", 150)
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps(_shown(*(f"file-service://file-{number}" for number in range(4)))))
    for number, size in enumerate((101, 90, 61, 60)):
        (tmp_path / f"file-{number}.dat").write_bytes(PNG.ljust(size))
    _, (turn,), report = _one(read_back(path))
    assert [image.size for image in turn.attachments] == [90, 60]
    assert report.left_out == {"images": 2}


def test_an_archive_without_its_end_is_told_as_one(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations.json", "[]" * 1000)
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(ExchangeError, match=r"^export\.zip is a broken archive, which may not have been downloaded"):
        read_back(path)


def test_a_broken_piece_of_the_zip_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations-000.json", "[")
    with pytest.raises(ExchangeError, match=r"^conversations-000\.json: The file .* ends too early"):
        read_back(path)


# LM Studio


def _text(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


def _lmstudio() -> dict[str, Any]:
    steps = [
        {
            "type": "contentBlock",
            "stepIdentifier": "1784921400000-0.1",
            "style": {"type": "thinking"},
            "content": _text("Hm"),
        },
        {
            "type": "contentBlock",
            "content": _text("A chart."),
            "genInfo": {
                "identifier": "qwen3-8b",
                "stats": {"tokensPerSecond": 31.5, "timeToFirstTokenSec": 0.4, "predictedTokensCount": 77},
            },
        },
        {"type": "debugInfoBlock", "debugInfo": "x"},
    ]
    other = [{"type": "contentBlock", "content": _text("<think>Er</think>A table.")}]
    image = {"type": "file", "fileIdentifier": "1 - a.png", "fileType": "image", "sizeBytes": 9}
    return {
        "name": "Spreadsheet",
        "pinned": True,
        "createdAt": 1_784_921_389_195,
        "systemPrompt": "Be careful.",
        "lastUsedModel": {"identifier": "last-7b"},
        "messages": [
            {
                "currentlySelected": 0,
                "versions": [{"type": "singleStep", "role": "user", "content": [*_text("Describe"), image]}],
            },
            {
                "currentlySelected": 1,
                "versions": [
                    {"type": "multiStep", "role": "assistant", "steps": other},
                    {"type": "multiStep", "role": "assistant", "steps": steps},
                ],
            },
            {
                "currentlySelected": 0,
                "versions": [{"type": "singleStep", "role": "user", "content": _text("Thanks")}],
            },
        ],
    }


def test_a_conversation_of_lm_studio(tmp_path: Path) -> None:
    conversation, turns, report = _read(tmp_path / "1.conversation.json", _lmstudio())
    by_text = {t.final_text or t.question: t for t in turns}
    first, second, last = by_text["A table."], by_text["A chart."], by_text["Thanks"]
    assert report.program == "LM Studio"
    assert (conversation.title, conversation.pinned, conversation.created) == ("Spreadsheet", True, 1_784_921_389.195)
    answer = second.stages[0].answers[0]
    assert (answer.model, answer.thinking, answer.tokens) == ("qwen3-8b", "Hm", 77)
    assert (answer.tokens_per_second, answer.first_token) == (31.5, 0.4)
    assert (first.stages[0].answers[0].model, first.stages[0].answers[0].thinking) == ("last-7b", "Er")
    assert first.question == second.question == "Describe\n\n[File: 1 - a.png]"
    assert (last.parent, conversation.leaf) == (second.id, last.id)
    assert first.attachments[0].text == "Be careful."
    assert report.left_out == {"images": 1}


def test_the_words_of_a_draft_model_stay_in_their_sentence(tmp_path: Path) -> None:
    talk = _lmstudio()
    thoughts, answer = talk["messages"][1]["versions"][1]["steps"][:2]
    thoughts["style"]["title"] = "Thought for 3.25 seconds"
    pieces = (("The", True), (" lamp is ", False), ("lit.", True))
    answer["content"] = [{"type": "text", "text": text, "fromDraftModel": draft} for text, draft in pieces]
    _, turns, _ = _read(tmp_path / "1.conversation.json", talk)
    (found,) = (t.stages[0].answers[0] for t in turns if t.final_text.startswith("The"))
    assert (found.text, found.thinking_seconds) == ("The lamp is lit.", 3.25)


def test_a_folder_of_lm_studio_keeps_its_folders(tmp_path: Path) -> None:
    (tmp_path / "conversations" / "Work").mkdir(parents=True)
    (tmp_path / "conversations" / "Work" / "1.conversation.json").write_text(json.dumps(_lmstudio()))
    (tmp_path / "conversations" / "2.conversation.json").write_text(json.dumps(_lmstudio() | {"createdAt": 1.7e12}))
    records, _ = read_back(tmp_path)
    folders = [r.name for r in records if isinstance(r, Folder)]
    assert folders == ["Work"]
    assert sorted(bool(r.folder) for r in records if isinstance(r, Conversation)) == [False, True]


# Jan

THREAD = {
    "id": "jan_1700000000",
    "object": "thread",
    "title": "Physics",
    "assistants": [{"assistant_id": "jan", "model": {"id": "llama3.2:3b"}, "instructions": "Joke."}],
    "created": 1_700_000_000_000,
    "updated": 1_700_000_100_000,
}


def _line(key: str, role: str, text: str, when: int, **more: Any) -> str:
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    line = {"id": key, "object": "thread.message", "thread_id": "jan_1700000000", "role": role, "content": content}
    return json.dumps({**line, "created_at": when, **more})


def _jan(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "thread.json").write_text(json.dumps(THREAD))
    lines = [
        _line("1", "user", "Hi", 1_700_000_001),
        _line("2", "assistant", "<think>Hm</think>\nHo", 1_700_000_002_000),
    ]
    (folder / "messages.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.mark.parametrize("which", ["", "messages.jsonl", "thread.json"])
def test_a_thread_of_jan_by_its_folder_or_either_file(tmp_path: Path, which: str) -> None:
    conversation, (turn,), report = _one(read_back(_jan(tmp_path / "threads" / "jan_1") / which))
    assert report.program == "Jan"
    assert (conversation.title, conversation.created, conversation.updated) == ("Physics", 1.7e9, 1_700_000_100.0)
    assert (turn.question, turn.created) == ("Hi", 1_700_000_001.0)
    answer = turn.stages[0].answers[0]
    assert (answer.model, answer.thinking, answer.text) == ("llama3.2:3b", "Hm", "Ho")
    assert turn.attachments[0].text == "Joke."


def test_several_threads_in_an_archive(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(2):
            archive.writestr(f"threads/{number}/thread.json", json.dumps(THREAD | {"id": f"t{number}"}))
            archive.writestr(f"threads/{number}/messages.jsonl", _line("1", "user", "Hi", 1_700_000_001))
    path = tmp_path / "jan.zip"
    path.write_bytes(data.getvalue())
    records, _ = read_back(path)
    assert len({r.id for r in records if isinstance(r, Conversation)}) == 2
    assert len({r.id for r in records if isinstance(r, Turn)}) == 2


def test_messages_without_a_thread_are_a_conversation_too(tmp_path: Path) -> None:
    path = tmp_path / "copied.txt"
    path.write_text(_line("1", "user", "Hi", 1_700_000_001) + "\n" + _line("2", "assistant", "Ho", 1_700_000_002))
    conversation, (turn,), _ = _one(read_back(path))
    assert (turn.final_text, conversation.created) == ("Ho", 1_700_000_001.0)


def test_files_tools_and_sounds_in_a_thread(tmp_path: Path) -> None:
    files = [{"name": "notes.txt", "content": "Buy wax"}]
    asked = json.loads(_line("1", "user", "Read it", 1_700_000_001, metadata={"inline_file_contents": files}))
    asked["content"].append({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}})
    said = json.loads(_line("2", "assistant", "Done", 1_700_000_002))
    said["content"].insert(0, {"type": "tool_call", "tool_name": "read", "input": {}, "output": "Buy wax"})
    path = tmp_path / "messages.jsonl"
    path.write_text(f"{json.dumps(asked)}\n{json.dumps(said)}\n")
    _, (turn,), report = _one(read_back(path))
    assert [(a.name, a.text) for a in turn.attachments] == [("notes.txt", "Buy wax")]
    assert (turn.question, turn.final_text) == ("Read it", "Done")
    assert report.left_out == {"results of tools": 1, "sound recordings": 1}


def test_a_thread_without_messages_says_so(tmp_path: Path) -> None:
    (tmp_path / "thread.json").write_text(json.dumps(THREAD))
    with pytest.raises(ExchangeError, match="no messages"):
        read_back(tmp_path / "thread.json")
