"""Files that mean harm, or are no files of conversations: a sentence or an entry in the report, nothing else."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirador_desktop.core.conversation import Conversation, Folder, Turn
from mirador_desktop.errors import ExchangeError
from mirador_desktop.exchange import documents, reading
from mirador_desktop.exchange.imported import ImportReport
from mirador_desktop.exchange.reading import read
from mirador_desktop.memory.rows import answer_row, attachment_row, conversation_row, turn_row
from tests.unit.exchange_helpers import read_back, trees, turn_of, written

slow = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
# What our readers look for, and anything else, in any place.
_KEYS = (
    "id conversation_id title create_time update_time mapping message author role content content_type parts text "
    "parent children current_node metadata model_slug chat history messages parentId childrenIds currentId "
    "timestamp models model modelIdx meta tags folder_id archived pinned params system files type url file data "
    "name created_at usage eval_count error output format version folders conversations turns stages answers "
    "marks alternatives attachments question leaf versions currentlySelected steps style stepIdentifier genInfo "
    "stats createdAt systemPrompt lastUsedModel identifier object thread_id assistants mirador_turn "
    "mirador_text_at created thoughts summary context recalled tokens age folded threshold reason source depth"
)
KEYS = _KEYS.split()
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["user", "assistant", "system", "tool", "text", "thoughts", "code", "u1", "a1", "thread"])
    | st.sampled_from(
        [
            "mirador-conversations",
            "image",
            "contentBlock",
            "2024-01-01T00:00:00Z",
            "\ud800",
            "data:image/png;base64,x",
        ]
    )
)
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)
nodes = st.dictionaries(st.sampled_from(["u1", "a1", "u2", "a2"]), anything, max_size=4)
shaped = (
    st.fixed_dictionaries(
        {"mapping": nodes}, optional=dict.fromkeys(("title", "current_node", "create_time"), anything)
    )
    | st.fixed_dictionaries({"chat": st.fixed_dictionaries({"history": st.fixed_dictionaries({"messages": nodes})})})
    | st.fixed_dictionaries(
        {"messages": st.lists(st.fixed_dictionaries({"versions": st.lists(anything, max_size=2)}), max_size=3)}
    )
    | st.fixed_dictionaries(
        {"format": st.just("mirador-conversations"), "conversations": st.lists(anything, max_size=3)}
    )
)
documents_of_any_kind = anything | shaped | st.lists(shaped | anything, max_size=3)


def _taken(path: Path) -> list[Any]:
    """What is read, and that the database could hold it; nothing if there was a sentence."""
    try:
        records, report = read_back(path)
    except ExchangeError as error:
        words = str(error)
        assert words.endswith(".")
        assert "\n" not in words
        return []
    report.lines()
    for record in records:
        if isinstance(record, Turn):
            rows = [turn_row(record), *(attachment_row("t", 0, a) for a in record.attachments)]
            rows += [answer_row("t", 0, 0, a) for s in record.stages for a in s.answers]
        elif isinstance(record, Conversation):
            rows = [conversation_row(record)]
        else:
            rows = [(record.id, record.name)]
        for row in rows:
            for value in row:
                assert isinstance(value, None | str | int | float | bytes)
                if isinstance(value, str):
                    value.encode()
                if isinstance(value, int):
                    assert abs(value) < 2**63
    return records


@slow
@given(documents_of_any_kind)
def test_any_json_is_read_or_refused_with_a_sentence(tmp_path: Path, value: object) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value), "utf-8", "surrogatepass")
    _taken(path)


@slow
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_refused_with_a_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    _taken(path)


@slow
@given(trees(), st.data())
def test_a_file_that_was_cut_or_changed_is_read_or_refused(tmp_path: Path, tree: Any, data: st.DataObject) -> None:
    whole = written(
        data.draw(st.sampled_from(["json", "openwebui"])), [tree], folders=[Folder("f1", "x"), Folder("f2", "y")]
    )
    at = data.draw(st.integers(0, len(whole)))
    path = tmp_path / "a.json"
    path.write_bytes(whole[:at])
    _taken(path)
    path.write_bytes(whole[:at] + data.draw(st.binary(max_size=3)) + whole[at + 1 :])
    _taken(path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("[]", "no conversations"),
        ("{}", "is not a file of conversations"),
        ("[1, 2]", "is not a file of conversations"),
        ('"x"', "is not a file of conversations"),
        ("Hello", "is not a file of conversations"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"mapping": ' + '{"a":' * 100_000, "nested too deeply"),
        ('[{"mapping": {}}', "ends too early|missing"),
        ('[{"mapping": {}}] x', "follows its end"),
        ('{"format": "mirador-conversations"} {}', "follows its end"),
        ('{"format": "mirador-conversations", "conversations": [}', "missing|expecting"),
        ('{"format": "something else"}', "not one of Mirador"),
        ("\x80\x81", "UTF-8|not a file"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ExchangeError, match=why):
        read_back(path)


def test_numbers_without_end_are_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    content = '{"content_type": "text", "parts": ["x"]}'
    message = f'{{"author": {{"role": "user"}}, "create_time": {"9" * 5000}, "content": {content}}}'
    path.write_text(f'[{{"mapping": {{"u": {{"message": {message}}}}}, "create_time": 1e999, "update_time": NaN}}]')
    conversation, turn = _taken(path)
    assert (conversation.created, turn.created) == (0.0, 0.0)


def test_a_conversation_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_CHARACTERS", 3_000_000)
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"mapping": {}, "title": "x" * 5_000_000}]))
    with pytest.raises(ExchangeError, match="more than 3 million characters"):
        read_back(path)


def test_a_file_that_is_too_large_is_refused_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", 3_000_000)
    path = tmp_path / "a.json"
    path.write_text("[" + " " * 9_000_000)
    with pytest.raises(ExchangeError, match="too large"):
        read_back(path)


def test_a_bomb_in_an_archive_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", "[" + " " * 80_000_000)
    assert path.stat().st_size < 200_000
    with pytest.raises(ExchangeError, match="packed beyond belief"):
        read_back(path)


@pytest.mark.parametrize("size", [10, 100, 1000])
def test_a_broken_archive_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", os.urandom(5000).hex())
    data = bytearray(path.read_bytes())
    data[size : size + 50] = bytes(50)
    path.write_bytes(data)
    assert _taken(path) == []


def test_a_folder_without_conversations_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": 1}')
    with pytest.raises(ExchangeError, match="holds no files of conversations"):
        read_back(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_and_what_is_not_there_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ExchangeError, match="neither a file nor a folder"):
        read_back(tmp_path / "pipe")
    with pytest.raises(ExchangeError, match="No such file"):
        read_back(tmp_path / "gone")


def _messages(links: dict[str, str | None], role: str = "assistant") -> dict[str, Any]:
    return {
        key: {"id": key, "parentId": parent, "role": role, "content": key, "model": "m"}
        for key, parent in links.items()
    }


def test_a_long_chain_and_a_wide_tree_are_read_in_little_time(tmp_path: Path) -> None:
    count = 20_000
    chain: dict[str, str | None] = {str(n): str(n - 1) if n else None for n in range(count)}
    wide = chain | {f"w{n}": str(count - 1) for n in range(2000)}
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"id": "x", "chat": {"history": {"messages": _messages(wide)}}}]))
    conversation, *turns = _taken(path)
    assert len(turns) == 2000
    assert conversation.leaf


def test_branches_that_repeat_a_large_question_are_not_written_out(tmp_path: Path) -> None:
    links: dict[str, str | None] = {f"a{n}": "u" for n in range(3000)}
    messages = _messages(links) | {"u": {"id": "u", "role": "user", "content": "x" * 1_000_000}}
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"title": "Big", "chat": {"history": {"messages": messages}}}]))
    records, report = read_back(path)
    assert records == []
    assert report.skipped == ["“Big” was skipped: its branches would take far too much room."]


def test_reading_stops_where_progress_raises(tmp_path: Path) -> None:
    conversation = Conversation("c", "T")
    path = tmp_path / "a.json"
    path.write_bytes(written("json", [(conversation, [turn_of(n, conversation) for n in range(2000)])]))

    def stop(done: int, total: int) -> None:
        assert 0 < done <= total
        if done > 1_100_000:
            raise InterruptedError

    with pytest.raises((InterruptedError, ExchangeError)):
        list(read(path, ImportReport(), stop))
