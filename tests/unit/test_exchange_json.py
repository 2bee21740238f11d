"""Mirador's JSON: what is written has the form of the schema, and reading it gives the same again."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirador_desktop.core.confidence import Marks
from mirador_desktop.core.conversation import Answer, Conversation, Folder, StageRecord, Turn
from mirador_desktop.errors import ExchangeError
from mirador_desktop.settings import resource_folder
from tests.unit.exchange_helpers import read_back, trees, turn_of, written

FOLDERS = [Folder("f1", "Work"), Folder("f2", "Reports", "f1")]
SCHEMA = json.loads((resource_folder() / "schema" / "conversations.schema.json").read_text("utf-8"))
slow = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def _rewritten(records: list[Any]) -> bytes:
    """What an export of imported records holds."""
    folders = [r for r in records if isinstance(r, Folder)]
    conversations = [(r, [t for t in records if isinstance(t, Turn) and t.conversation == r.id]) for r in records
                     if isinstance(r, Conversation)]  # fmt: skip
    return written("json", conversations, folders=folders)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@slow
@given(st.lists(trees(), max_size=3, unique_by=lambda tree: tree[0].id))
def test_what_is_read_is_written_the_same_to_the_byte(tmp_path: Path, found: list[Any]) -> None:
    data = written("json", found, folders=FOLDERS)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(data))
    path = tmp_path / "a.json"
    path.write_bytes(data)
    records, report = read_back(path)
    assert report.program == "Mirador"
    assert not report.skipped
    assert _rewritten(records) == data


@slow
@given(trees())
def test_keys_in_another_order_make_no_difference(tmp_path: Path, tree: Any) -> None:
    data = written("json", [tree], folders=FOLDERS)
    path = tmp_path / "a.json"
    for changed in (
        json.dumps(json.loads(data), sort_keys=True, indent=2),
        json.dumps(json.loads(data)).encode("utf-16"),
    ):
        path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
        assert _rewritten(read_back(path)[0]) == data


def test_numbers_that_json_does_not_have_are_left_out() -> None:
    conversation = Conversation("c", created=float("inf"), updated=float("nan"))
    answer = Answer("m", "x", confidence=float("nan"), tokens_per_second=float("inf"))
    turn = Turn("t", "c", stages=[StageRecord("s", float("-inf"), answers=[answer])])
    found = json.loads(written("json", [(conversation, [turn])]), parse_constant=lambda name: pytest.fail(name))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)


def test_a_newer_version_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"format":"mirador-conversations","version":2,"conversations":[]}')
    with pytest.raises(ExchangeError, match="newer version of Mirador"):
        read_back(path)


def test_marks_without_end_are_dropped(tmp_path: Path) -> None:
    conversation = Conversation("c", "T", leaf=f"{1:032x}")
    data = json.loads(written("json", [(conversation, [turn_of(1, conversation)])]))
    answer = data["conversations"][0]["turns"][0]["stages"][0]["answers"][0]
    answer["marks"] = "/" * 4_000_000
    path = tmp_path / "a.json"
    path.write_text(json.dumps(data))
    turn = next(r for r in read_back(path)[0] if isinstance(r, Turn))
    assert turn.stages[0].answers[0].marks == Marks()


def test_what_has_no_identifier_is_skipped_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    conversations = [{"turns": [{"id": "t"}]}, {"id": "c", "turns": [{"question": "x"}, 3, {"id": "t"}]}, 7]
    path.write_text(json.dumps({"format": "mirador-conversations", "version": 1, "conversations": conversations}))
    records, report = read_back(path)
    assert [r.id for r in records] == ["c", "t"]
    assert report.skipped_count == 4
