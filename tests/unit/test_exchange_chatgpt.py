"""ChatGPT: what its export holds becomes conversations, and what cannot is told."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.core.conversation import Folder, Turn
from mirador_desktop.errors import ExchangeError
from mirador_desktop.exchange import images
from mirador_desktop.exchange.imported import ImportReport
from tests.unit.exchange_helpers import one, read_back, read_one


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
    conversation, turns, _ = one((records, report))
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
    _, before, _ = read_one(tmp_path / "a.json", [_chatgpt(u1, a1, current="a1")])
    u1["children"].append("a2")
    a1["children"].append("u2")
    more = (
        _node("a2", "u1", "assistant", "Or so.", when=1.7e9 + 50),
        _node("u2", "a1", "user", "Hm", "a3", when=1.7e9 + 60),
        _node("a3", "u2", "assistant", "Well", when=1.7e9 + 61),
    )
    _, after, _ = read_one(
        tmp_path / "b.json", [_chatgpt(u1, a1, *more, current="a3", update_time=1.71e9, title="New")]
    )
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
    _, (turn,), report = one(read_back(path))
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
    _, (turn,), report = one(read_back(path))
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
    _, (turn,), report = one(read_back(path))
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


def _written(path: Path, *answers: tuple[str, str, object], **metadata: Any) -> tuple[Turn, ImportReport]:
    """One turn: of each answer the role, the recipient and the content."""
    nodes = [_node("u", "root", "user", "Write", "a0", when=1.7e9)]
    for number, (role, recipient, content) in enumerate(answers):
        node = _node(f"a{number}", nodes[-1]["id"], role, content, f"a{number + 1}", **metadata)  # type: ignore[arg-type]
        node["message"]["recipient"] = recipient
        nodes.append(node)
    _, (turn,), report = read_one(path, [_chatgpt(*nodes, current=nodes[-1]["id"])])
    return turn, report


def _code(value: object) -> dict[str, Any]:
    text = value if isinstance(value, str) else json.dumps(value)
    return {"content_type": "code", "language": "json", "text": text}


def test_documents_beside_a_conversation_are_shown_as_they_are(tmp_path: Path) -> None:
    essay = {"name": "essay", "type": "document", "content": "# Bees\n\nThey hum."}
    program = {"name": "hive.py", "type": "code/python", "content": 'print("```")\n'}
    anew = {"updates": [{"pattern": ".*", "multiple": False, "replacement": "print(2)"}]}
    change = {"updates": [{"pattern": "hum", "multiple": True, "replacement": "buzz"}]}
    comment = {"comments": [{"pattern": "They", "comment": "Who?"}]}
    turn, _ = _written(
        tmp_path / "a.json",
        ("assistant", "canmore.create_textdoc", _code(essay)),
        ("tool", "all", "Successfully created"),
        ("assistant", "canmore.update_textdoc", _code(anew | {"x": 1})),
        ("assistant", "canmore.create_textdoc", json.dumps(program)),
        ("assistant", "canmore.update_textdoc", _code(anew)),
        ("assistant", "canmore.update_textdoc", _code(change)),
        ("assistant", "canmore.comment_textdoc", _code(comment)),
        ("assistant", "canmore.update_textdoc", _code('{"broken')),
        ("assistant", "all", "There."),
        model_slug="gpt-5",
    )
    assert turn.stages[0].answers[0].model == "gpt-5"
    assert turn.final_text.split("\n\n") == [
        "**essay**", "# Bees", "They hum.",
        "**The document, written anew**", "print(2)",
        "**hive.py**", '````python\nprint("```")\n````',
        "**The document, written anew**", "```python\nprint(2)\n```",
        "In the document, instead of", "```\nhum\n```", "now", "```\nbuzz\n```",
        "On the document’s", "```\nThey\n```", "Who?",
        '```json\n{"broken\n```',
        "There.",
    ]  # fmt: skip


def test_what_is_left_out_of_an_answer_is_counted_and_texts_are_kept(tmp_path: Path) -> None:
    turn, report = _written(
        tmp_path / "a.json",
        ("assistant", "all", {"content_type": "citable_code_output", "output_str": "42"}),
        ("assistant", "all", {"content_type": "app_pairing_content", "shared_prefix": "In the editor"}),
        (
            "assistant",
            "all",
            {"content_type": "app_pairing_content", "context_parts": [{"text": "a line"}, {"x": 1}]},
        ),
        ("assistant", "all", {"content_type": "something_new"}),
    )
    assert turn.final_text == "```\n42\n```\n\nIn the editor\n\na line"
    assert report.left_out == {"other parts of messages": 2}
    _, report = _written(tmp_path / "b.json", ("assistant", "all", "So."), citations=[{}], content_references=[{}])
    assert report.left_out == {"sources": 1}


def test_an_image_that_is_named_twice_is_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    named = [{"id": "file-1", "name": "photo.png", "mime_type": "image/png"}]
    path.write_text(json.dumps(_shown("file-service://file-1", attachments=named)))
    _, (turn,), report = one(read_back(path))
    assert turn.question == "[Image]\nWhat is this?\n[File: photo.png]"
    assert report.left_out == {"images": 1}


def test_ratings_in_an_archive_are_counted(tmp_path: Path) -> None:
    for name, text in (("conversations.json", json.dumps(_shown())), ("message_feedback.json", "[{}, {}]")):
        (tmp_path / name).write_text(text)
    assert read_back(tmp_path)[1].left_out == {"ratings": 2}
    (tmp_path / "message_feedback.json").write_text("[")
    assert not read_back(tmp_path)[1].left_out
