"""Records to rows and back: what one conversation, turn, stage and answer look like in the database."""

import json
import math
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

import apsw

from mirador_desktop.core.confidence import Alternatives, Marks
from mirador_desktop.core.conversation import (
    Answer,
    Attachment,
    ContextUsed,
    Conversation,
    MemoryUsed,
    StageRecord,
    Turn,
)

_CONVERSATION = (
    *("id", "title", "title_by_person", "pinned", "created", "updated", "leaf"),
    *("folder", "tags", "archived", "memory"),
)
TURN_COLUMNS = (
    *("id", "conversation", "parent", "characters", "created", "intent", "complexity", "pipeline", "depth"),
    *("memories", "first_token", "reason", "final_stage", "error", "question", "context", "recalled"),
)
STAGE_COLUMNS = ("turn", "place", "name", "threshold", "skipped", "folded")
ANSWER_COLUMNS = (
    *("turn", "stage", "place", "model", "reason", "error", "fallback_for", "tokens", "first_token"),
    *("tokens_per_second", "confidence", "source", "calibrated", "thinking_seconds", "started", "ended"),
    *("text", "thinking", "marks", "alternatives"),
)
ATTACHMENT_COLUMNS = ("turn", "place", "name", "media", "size", "tokens", "note", "text", "data")
_SLICE = 1000
_SURROGATE = re.compile("[\ud800-\udfff]")

Value = None | int | float | bytes | str


def _upsert(table: str, columns: Sequence[str], keys: int) -> str:
    """SQL that writes a complete row, whose first `keys` columns are its key."""
    names, holes = ", ".join(columns), ", ".join("?" * len(columns))
    values = ", ".join(f"{name} = excluded.{name}" for name in columns[keys:])
    return (
        f"INSERT INTO {table} ({names}) VALUES ({holes}) "  # noqa: S608 - names from this file only
        f"ON CONFLICT ({', '.join(columns[:keys])}) DO UPDATE SET {values}"
    )


WRITE_CONVERSATION = _upsert("conversations", _CONVERSATION, 1)
WRITE_TURN = _upsert("turns", TURN_COLUMNS, 1)
WRITE_STAGE = _upsert("stages", STAGE_COLUMNS, 2)
WRITE_ANSWER = _upsert("answers", ANSWER_COLUMNS, 3)
WRITE_ATTACHMENT = _upsert("attachments", ATTACHMENT_COLUMNS, 2)
READ_CONVERSATIONS = f"SELECT {', '.join(_CONVERSATION)}, turns FROM conversations"  # noqa: S608
_READ_TURNS = f"""
    SELECT {", ".join(TURN_COLUMNS)},
        (SELECT count(*) FROM turns s WHERE s.conversation = t.conversation AND s.parent = t.parent
            AND s.id <= t.id),
        (SELECT count(*) FROM turns s WHERE s.conversation = t.conversation AND s.parent = t.parent)
    FROM turns t WHERE id IN (SELECT value FROM json_each(?))"""  # noqa: S608
_READ_STAGES = f"""SELECT {", ".join(STAGE_COLUMNS)} FROM stages
    WHERE turn IN (SELECT value FROM json_each(?)) ORDER BY turn, place"""  # noqa: S608
_READ_ANSWERS = f"""SELECT {", ".join(ANSWER_COLUMNS)} FROM answers
    WHERE turn IN (SELECT value FROM json_each(?)) ORDER BY turn, stage, place"""  # noqa: S608
_READ_TEXTS = _READ_ANSWERS.replace("marks, alternatives", "x'', NULL")
_READ_ATTACHMENTS = f"""SELECT {", ".join(ATTACHMENT_COLUMNS[:-1])} FROM attachments
    WHERE turn IN (SELECT value FROM json_each(?)) ORDER BY turn, place"""  # noqa: S608


def conversation_row(record: Conversation) -> tuple[Value, ...]:
    """The values of `WRITE_CONVERSATION`. `turns` is counted by the database."""
    return (
        clean(record.id),
        clean(record.title),
        record.title_by_person,
        record.pinned,
        _number(record.created),
        _number(record.updated),
        clean(record.leaf),
        clean(record.folder),
        clean(json.dumps(record.tags, ensure_ascii=False)),
        record.archived,
        record.memory,
    )


def turn_row(record: Turn) -> tuple[Value, ...]:
    """The values of `WRITE_TURN`."""
    return (
        clean(record.id),
        clean(record.conversation),
        clean(record.parent),
        record.characters,
        _number(record.created),
        clean(record.intent),
        clean(record.complexity),
        clean(record.pipeline),
        clean(record.depth),
        record.memories,
        record.first_token,
        record.reason,
        clean(record.final_stage),
        clean(record.error),
        clean(record.question),
        _context(record.context),
        clean(json.dumps([[m.id, m.why, m.tokens] for m in record.recalled], ensure_ascii=False)),
    )


def stage_row(turn: str, place: int, record: StageRecord) -> tuple[Value, ...]:
    """The values of `WRITE_STAGE`."""
    threshold = _number(record.threshold)
    return (clean(turn), place, clean(record.name), threshold, clean(record.skipped), record.folded)


def answer_row(turn: str, stage: int, place: int, record: Answer) -> tuple[Value, ...]:
    """The values of `WRITE_ANSWER`."""
    return (
        clean(turn),
        stage,
        place,
        clean(record.model),
        record.reason,
        clean(record.error),
        clean(record.fallback_for),
        record.tokens,
        record.first_token,
        record.tokens_per_second,
        record.confidence,
        record.source,
        record.calibrated,
        record.thinking_seconds,
        record.started,
        record.ended,
        clean(record.text),
        clean(record.thinking),
        bytes(record.marks),
        _pack(record.alternatives),
    )


def attachment_row(turn: str, place: int, record: Attachment) -> tuple[Value, ...]:
    """The values of `WRITE_ATTACHMENT`."""
    return (
        clean(turn),
        place,
        clean(record.name),
        clean(record.media),
        record.size,
        record.tokens,
        clean(record.note),
        clean(record.text),
        record.data,
    )


def read_conversations(rows: Iterable[tuple[Any, ...]]) -> list[Conversation]:
    """Records from the rows of `READ_CONVERSATIONS`."""
    records = []
    for *values, turns in rows:
        row: dict[str, Any] = dict(zip(_CONVERSATION, values, strict=True))
        for name in ("title_by_person", "pinned", "archived", "memory"):
            row[name] = bool(row[name])
        row["tags"] = json.loads(row["tags"])
        records.append(Conversation(**row, turns=turns))
    return records


def read_turns(connection: apsw.Connection, ids: Sequence[str], *, marks: bool = True) -> list[Turn]:
    """Complete turns in the given order, without the bytes of images; those that are not there are left out.

    Args:
        marks: whether the answers' `marks` and `alternatives` are read too, which takes longer than the rest.
    """
    wanted = json.dumps(list(ids))
    turns: dict[str, Turn] = {}
    cut: list[Turn] = []  # the program was killed while they were answered
    rows: Iterable[Any] = connection.execute(_READ_TURNS, (wanted,))
    for *values, position, siblings in rows:
        row: dict[str, Any] = dict(zip(TURN_COLUMNS, values, strict=True))
        del row["characters"]
        row["context"] = _read_context(row["context"])
        row["recalled"] = [MemoryUsed(*values) for values in json.loads(row["recalled"])]
        ended, row["reason"] = row["reason"], row["reason"] or "stopped"
        turns[row["id"]] = Turn(**row, position=position, siblings=siblings)
        if ended is None and not turns[row["id"]].final_stage:
            cut.append(turns[row["id"]])
    rows = connection.execute(_READ_STAGES, (wanted,))
    for turn, _, name, threshold, skipped, folded in rows:
        chosen = None if folded is None else bool(folded)
        turns[turn].stages.append(StageRecord(name, threshold, skipped, chosen))
    for values in connection.execute(_READ_ANSWERS if marks else _READ_TEXTS, (wanted,)):
        row = dict(zip(ANSWER_COLUMNS, values, strict=True))
        stages = turns[row.pop("turn")].stages
        place = row.pop("stage")
        del row["place"]
        row["reason"] = row["reason"] or "stopped"
        row["calibrated"] = bool(row["calibrated"])
        row["marks"] = Marks(row["marks"])
        row["alternatives"] = _unpack(row["alternatives"])
        stages[place].answers.append(Answer(**row))
    for turn, _, *values in connection.execute(_READ_ATTACHMENTS, (wanted,)):
        turns[turn].attachments.append(Attachment(*values))
    for each in cut:  # as if it had been stopped: the last text stands for it
        each.final_stage = next((s.name for s in reversed(each.stages) if any(a.text for a in s.answers)), "")
    return [turns[key] for key in ids if key in turns]


def clean(text: str) -> str:
    """Replace what UTF-8 cannot hold, half a surrogate pair, one character for one."""
    if text.isascii():
        return text
    return _SURROGATE.sub("\ufffd", text)


def _number(value: float) -> float:
    """SQLite keeps NaN as NULL, which these columns do not take."""
    return 0.0 if math.isnan(value) else value


def _context(used: Sequence[ContextUsed]) -> str:
    return clean(json.dumps([asdict(each) for each in used], ensure_ascii=False))


def _read_context(text: str) -> list[ContextUsed]:
    return [ContextUsed(**values) for values in json.loads(text)]


def _pack(alternatives: dict[int, Alternatives]) -> bytes | None:
    if not alternatives:
        return None
    compressor = zlib.compressobj(3)
    parts = [compressor.compress(part.encode()) for part in _json_parts(alternatives)]
    return b"".join((*parts, compressor.flush()))


def _json_parts(alternatives: dict[int, Alternatives]) -> Iterator[str]:
    """A list of [position, alternatives] in parts, because the encoder lets no other thread run."""
    entries = iter(alternatives.items())
    start = "["
    while part := list(islice(entries, _SLICE)):
        yield start + clean(json.dumps(part, ensure_ascii=False, separators=(",", ":")))[1:-1]
        start = ","
    yield "]"


def _unpack(data: bytes | None) -> dict[int, Alternatives]:
    if data is None:
        return {}
    return {
        position: tuple((text, probability) for text, probability in entries)
        for position, entries in json.loads(zlib.decompress(data))
    }
