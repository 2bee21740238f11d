"""LM Studio and Jan: what their files hold becomes conversations, and what cannot is told."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.core.conversation import Conversation, Folder, Turn
from mirador_desktop.errors import ExchangeError
from tests.unit.exchange_helpers import one, read_back, read_one

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
    conversation, turns, report = read_one(tmp_path / "1.conversation.json", _lmstudio())
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
    _, turns, _ = read_one(tmp_path / "1.conversation.json", talk)
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


def test_the_system_prompt_is_the_one_of_the_conversation(tmp_path: Path) -> None:
    settings = [
        {"key": "llm.prediction.temperature", "value": 1},
        {"key": "llm.prediction.systemPrompt", "value": "Rhyme."},
    ]
    for old, expected in (("", "Rhyme."), ("Rhyme. ", "Rhyme."), ("Be brief.", "Rhyme.\n\nBe brief.")):
        value = _lmstudio() | {"systemPrompt": old, "perChatPredictionConfig": {"fields": settings}}
        _, turns, _ = read_one(tmp_path / "1.conversation.json", value)
        assert turns[0].attachments[0].text == expected


@pytest.mark.parametrize(
    ("chosen", "place", "expected"),
    [
        ("home", "conversations", ()),
        ("home", "conversations/Work", ("Work",)),
        ("home/conversations/Work", "", ("Work",)),
        ("home/conversations/Work/1.conversation.json", "", ("Work",)),
        ("home", "conversations/Work/Notes", ("Work", "Notes")),
        ("home/conversations/Work/Notes", "", ("Work", "Notes")),
        ("home", "conversations/Work/Notes/Old", ("Work", "Notes / Old")),
        ("Copies", "Notes", ("Copies", "Notes")),
        ("Copies/1.conversation.json", "", ()),
        ("copies.zip", "conversations/Work", ("Work",)),
        ("copies.zip", "Work/Notes", ("Work", "Notes")),
    ],
)
def test_folders_of_lm_studio_are_kept_wherever_one_begins(
    tmp_path: Path, chosen: str, place: str, expected: tuple[str, ...]
) -> None:
    name, text = "1.conversation.json", json.dumps(_lmstudio())
    path = tmp_path / chosen
    if chosen.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{place}/{name}", text)
    else:
        file = path if path.name == name else path / place / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
    records, _ = read_back(path)
    folders = {r.id: r for r in records if isinstance(r, Folder)}
    (conversation,) = (r for r in records if isinstance(r, Conversation))
    found = []
    at = conversation.folder
    while at:
        found.append(folders[at].name)
        at = folders[at].parent
    assert tuple(found[::-1]) == expected


def test_folders_of_one_name_stay_two(tmp_path: Path) -> None:
    for number, place in enumerate(("Work/Notes", "Home/Notes", "Notes")):
        file = tmp_path / "conversations" / place / f"{number}.conversation.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(_lmstudio() | {"createdAt": 1.7e12 + number}))
    records, _ = read_back(tmp_path)
    assert len({r.id for r in records if isinstance(r, Folder)}) == 5
    assert len({r.folder for r in records if isinstance(r, Conversation)}) == 3


def test_calls_of_tools_are_kept_and_sources_and_notes_counted(tmp_path: Path) -> None:
    call = {"type": "toolCallRequest", "name": "search", "parameters": {"q": "çats"}}
    steps = [
        {"type": "contentBlock", "content": [call, {"type": "toolCallResult", "content": "RESULT"}]},
        {"type": "citationBlock", "citedText": "CITED", "fileName": "x.pdf"},
    ]
    said = [{"versions": [{"type": "multiStep", "role": "assistant", "steps": steps}], "currentlySelected": 0}]
    value = {"name": "T", "createdAt": 1.7e12, "messages": said, "notes": ["a", "b"]}
    _, (turn,), report = read_one(tmp_path / "1.conversation.json", value)
    assert turn.final_text == '```\nsearch {"q": "çats"}\n```'
    assert report.left_out == {"results of tools": 1, "sources": 1, "notes": 2}


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
    conversation, (turn,), report = one(read_back(_jan(tmp_path / "threads" / "jan_1") / which))
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
    conversation, (turn,), _ = one(read_back(path))
    assert (turn.final_text, conversation.created) == ("Ho", 1_700_000_001.0)


def test_files_tools_and_sounds_in_a_thread(tmp_path: Path) -> None:
    files = [{"name": "notes.txt", "content": "Buy wax"}]
    asked = json.loads(_line("1", "user", "Read it", 1_700_000_001, metadata={"inline_file_contents": files}))
    asked["content"].append({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}})
    said = json.loads(_line("2", "assistant", "Done", 1_700_000_002))
    said["content"].insert(0, {"type": "tool_call", "tool_name": "read", "input": {}, "output": "Buy wax"})
    path = tmp_path / "messages.jsonl"
    path.write_text(f"{json.dumps(asked)}\n{json.dumps(said)}\n")
    _, (turn,), report = one(read_back(path))
    assert [(a.name, a.text) for a in turn.attachments] == [("notes.txt", "Buy wax")]
    assert (turn.question, turn.final_text) == ("Read it", "Done")
    assert report.left_out == {"results of tools": 1, "sound recordings": 1}


def test_projects_are_folders_and_what_is_only_named_is_counted(tmp_path: Path) -> None:
    thread = THREAD | {"metadata": {"project": {"id": "p1", "name": "My  Project"}}}
    (tmp_path / "thread.json").write_text(json.dumps(thread))
    asked = _line("1", "user", "Hi", 1_700_000_001, attachments=[{"file_id": "f"}, {"file_id": "g"}])
    said = _line("2", "assistant", "Ho", 1_700_000_002, metadata={"tool_calls": [{"tool": {}}]})
    (tmp_path / "messages.jsonl").write_text(f"{asked}\n{said}\n")
    records, report = read_back(tmp_path)
    (folder,) = (r for r in records if isinstance(r, Folder))
    (conversation,) = (r for r in records if isinstance(r, Conversation))
    assert (folder.name, conversation.folder) == ("My Project", folder.id)
    assert report.left_out == {"attached files": 2, "results of tools": 1}


def test_a_thread_without_messages_says_so(tmp_path: Path) -> None:
    (tmp_path / "thread.json").write_text(json.dumps(THREAD))
    with pytest.raises(ExchangeError, match="no messages"):
        read_back(tmp_path / "thread.json")
