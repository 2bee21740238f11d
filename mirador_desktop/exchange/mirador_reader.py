"""Reads Mirador's own JSON, turn by turn, and trusts it no more than others'."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mirador_desktop.core.confidence import Alternatives, Marks
from mirador_desktop.core.conversation import (
    Answer,
    Attachment,
    ContextUsed,
    Conversation,
    Folder,
    MemoryUsed,
    StageRecord,
    Turn,
)
from mirador_desktop.errors import ExchangeError
from mirador_desktop.exchange import fields
from mirador_desktop.exchange.imported import ImportReport, Records
from mirador_desktop.exchange.json_scanner import Scanner
from mirador_desktop.exchange.mirador_json import FORMAT, VERSION

PROGRAM = "Mirador"
_REASONS = ("done", "length", "stopped", "failed", "skipped")
_SOURCES = ("logprobs", "agreement", "none")
_DEPTHS = ("auto", "quick", "full")
_ENDLESS = re.compile(rb"[\x80-\xff]{12}")
"""More bytes in a row with their high bit than a mark can have: it would be a number without end."""
_OWN = (
    "id",
    "title",
    "title_by_person",
    "pinned",
    "archived",
    "memory",
    "created",
    "updated",
    "folder",
    "tags",
    "leaf",
)


def read(scanner: Scanner, report: ImportReport) -> Records:
    """The records of a file that begins with "format"."""
    for name in scanner.object():
        if name == "format":
            if scanner.value() != FORMAT:
                raise ExchangeError("The file is not one of Mirador’s.")
        elif name == "version":
            _check(scanner.value())
        elif name == "folders":
            yield from _folders(scanner.value())
        elif name == "conversations" and scanner.peek() == "[":
            for _ in scanner.array():
                if scanner.peek() == "{":
                    yield from _conversation(scanner, report)
                else:
                    scanner.value()
                    report.skip("A conversation was skipped: it is not an object.")
        else:
            scanner.value()
    scanner.end()


def read_whole(value: Mapping[str, Any], report: ImportReport) -> Records:
    """The records of a file that was read whole, because its keys stand in another order."""
    _check(value.get("version"))
    yield from _folders(value.get("folders"))
    for each in fields.items(value.get("conversations")):
        own = fields.mapping(each)
        yield from _records(own, fields.items(own.get("turns")), report)


def is_ours(value: Mapping[str, Any]) -> bool:
    """Whether an object is a whole file of Mirador's."""
    return value.get("format") == FORMAT


def _check(version: object) -> None:
    if fields.count(version) > VERSION:
        raise ExchangeError("A newer version of Mirador wrote the file: bring this one up to date to read it.")


def _folders(value: object) -> Iterator[Folder]:
    for each in fields.items(value):
        own = fields.mapping(each)
        key = fields.identifier(own.get("id"))
        if key:
            yield Folder(key, fields.text(own.get("name")), fields.identifier(own.get("parent")))


def _conversation(scanner: Scanner, report: ImportReport) -> Records:
    own: dict[str, Any] = {}
    began = False
    for name in scanner.object():
        if name == "turns" and scanner.peek() == "[" and all(each in own for each in _OWN) and not began:
            began = True
            yield from _records(own, (scanner.value() for _ in scanner.array()), report)
        else:
            own[name] = scanner.value()
    if not began:
        yield from _records(own, fields.items(own.get("turns")), report)


def _records(own: Mapping[str, Any], turns: Iterable[object], report: ImportReport) -> Records:
    key = fields.identifier(own.get("id"))
    if not key:
        report.skip("A conversation was skipped: it has no identifier.")
        for _ in turns:  # a stream has to be read to its end
            pass
        return
    yield Conversation(
        key,
        fields.text(own.get("title")),
        fields.flag(own.get("title_by_person")),
        fields.flag(own.get("pinned")),
        fields.number(own.get("created")) or 0.0,
        fields.number(own.get("updated")) or 0.0,
        fields.identifier(own.get("leaf")),
        folder=fields.identifier(own.get("folder")),
        tags=[fields.text(tag) for tag in fields.items(own.get("tags")) if isinstance(tag, str)],
        archived=fields.flag(own.get("archived")),
        memory=fields.flag(own.get("memory"), default=True),
    )
    for each in turns:
        value = fields.mapping(each)
        identifier = fields.identifier(value.get("id"))
        if identifier:
            yield _turn(value, identifier, key)
        else:
            report.skip("A turn was skipped: it has no identifier.")


def _turn(value: Mapping[str, Any], identifier: str, conversation: str) -> Turn:
    return Turn(
        identifier,
        conversation,
        fields.identifier(value.get("parent")),
        fields.text(value.get("question")),
        fields.number(value.get("created")) or 0.0,
        fields.text(value.get("intent")),
        fields.text(value.get("complexity")),
        fields.text(value.get("pipeline")),
        _one_of(value.get("depth"), _DEPTHS, "auto"),
        fields.count(value.get("memories")),
        fields.number(value.get("first_token")),
        _one_of(value.get("reason"), _REASONS, "stopped"),  # type: ignore[arg-type]
        fields.text(value.get("final_stage")),
        fields.text(value.get("error")),
        [_stage(fields.mapping(each)) for each in fields.items(value.get("stages"))],
        [_context(fields.mapping(each)) for each in fields.items(value.get("context"))],
        [
            MemoryUsed(fields.text(m.get("id")), fields.text(m.get("why")), fields.count(m.get("tokens")))
            for m in map(fields.mapping, fields.items(value.get("recalled")))
        ],
        [_attachment(fields.mapping(each)) for each in fields.items(value.get("attachments"))],
    )


def _stage(value: Mapping[str, Any]) -> StageRecord:
    folded = value.get("folded")
    return StageRecord(
        fields.text(value.get("name")),
        fields.number(value.get("threshold")) or 0.0,
        fields.text(value.get("skipped")),
        folded if isinstance(folded, bool) else None,
        [_answer(fields.mapping(each)) for each in fields.items(value.get("answers"))],
    )


def _answer(value: Mapping[str, Any]) -> Answer:
    return Answer(
        fields.text(value.get("model")),
        fields.text(value.get("text")),
        fields.text(value.get("thinking")),
        _marks(value.get("marks")),
        dict(_alternatives(value.get("alternatives"))),
        _one_of(value.get("reason"), _REASONS, "stopped"),  # type: ignore[arg-type]
        fields.text(value.get("error")),
        fields.text(value.get("fallback_for")),
        fields.count(value.get("tokens")),
        fields.number(value.get("first_token")),
        fields.number(value.get("tokens_per_second")),
        fields.number(value.get("confidence")),
        _one_of(value.get("source"), _SOURCES, "none"),  # type: ignore[arg-type]
        fields.flag(value.get("calibrated")),
        fields.number(value.get("thinking_seconds")),
        fields.number(value.get("started")),
        fields.number(value.get("ended")),
    )


def _marks(value: object) -> Marks:
    data = _bytes(value) or b""
    return Marks() if _ENDLESS.search(data) else Marks(data)


def _alternatives(value: object) -> Iterator[tuple[int, Alternatives]]:
    for entry in fields.items(value):
        if (
            isinstance(entry, list)
            and len(entry) == 2
            and isinstance(entry[0], int)
            and not isinstance(entry[0], bool)
        ):
            pairs = [pair for pair in fields.items(entry[1]) if isinstance(pair, list) and len(pair) == 2]
            others = tuple((fields.text(text), fields.number(chance) or 0.0) for text, chance in pairs)
            yield fields.count(entry[0]), others


def _context(value: Mapping[str, Any]) -> ContextUsed:
    return ContextUsed(
        fields.text(value.get("name")),
        fields.count(value.get("tokens")),
        fields.text(value.get("error")),
        fields.number(value.get("age")),
    )


def _attachment(value: Mapping[str, Any]) -> Attachment:
    return Attachment(
        fields.text(value.get("name")),
        fields.text(value.get("media")),
        fields.count(value.get("size")),
        fields.count(value.get("tokens")),
        fields.text(value.get("note")),
        fields.text(value.get("text")),
        _bytes(value.get("data")),
    )


def _bytes(value: object) -> bytes | None:
    if not isinstance(value, str):
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def _one_of(value: object, allowed: tuple[str, ...], default: str) -> str:
    return value if isinstance(value, str) and value in allowed else default
