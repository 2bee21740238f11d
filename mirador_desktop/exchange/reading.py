"""Reads conversations from whatever was chosen: which program wrote a document is told by what it holds."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from mirador_desktop.errors import ExchangeError
from mirador_desktop.exchange import (
    chatgpt_reader,
    fields,
    jan_reader,
    lmstudio_reader,
    mirador_reader,
    openwebui_reader,
)
from mirador_desktop.exchange.documents import Budget, Document, documents
from mirador_desktop.exchange.images import Images
from mirador_desktop.exchange.imported import ImportReport, Records
from mirador_desktop.exchange.json_scanner import BrokenJson, Scanner

MOST_CHARACTERS = 100_000_000
"""Characters that one conversation may have: it is read in one piece, and takes several times that in memory."""
_UNKNOWN = "is not a file of conversations of Mirador, ChatGPT, Open WebUI, LM Studio or Jan"
_RATINGS = "message_feedback.json"
"""In the archive of ChatGPT: what the person thought of answers."""
_NONE = ", and holds no files of conversations of Mirador, ChatGPT, Open WebUI, LM Studio or Jan"


class _Unknown(Exception):
    """Nobody's conversations."""


def read(
    path: Path, report: ImportReport, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> Records:
    """What a file, an archive or a folder holds, one record after the other. Blocks.

    Args:
        report: gets what cannot be kept, and whose conversations they are.
        on_progress: called with bytes read and bytes in all; what it raises ends the reading.

    Raises:
        ExchangeError: it cannot be read, or holds no conversations; what came before is of no use.
    """
    budget = Budget(on_progress)
    try:
        yield from _read(path, report, budget)
    finally:
        if budget.archive is not None:
            budget.archive.close()


def _read(path: Path, report: ImportReport, budget: Budget) -> Records:
    known = 0
    threads, images = _Threads(path), Images(path, budget)
    for document in documents(path, budget):
        if threads.takes(document):
            continue
        if document.name.rpartition("/")[2] == _RATINGS and not document.alone:
            if count := _ratings(document):
                report.left_out["ratings"] += count
            continue
        try:
            yield from _document(document, report, images)
            known += 1
        except (_Unknown, BrokenJson) as error:
            if isinstance(error, BrokenJson) and document.alone:
                raise
            if isinstance(error, BrokenJson) and _is_conversations(document):
                raise BrokenJson(f"{document.name}: {error}") from None
            if document.alone:
                raise ExchangeError(f"{path.name} {_UNKNOWN}.") from None
    for thread, messages in threads.pairs():
        _named(report, jan_reader.PROGRAM)
        known += 1
        yield from jan_reader.read(_thread(thread), _lines(messages, report), report)
    if not known:
        raise ExchangeError(f"{path.name} is {'a folder' if path.is_dir() else 'an archive'}{_NONE}.")


def _ratings(document: Document) -> int:
    """How many answers the person has rated."""
    with closing(document.open()) as source:
        try:
            return len(fields.items(Scanner(source, MOST_CHARACTERS).value()))
        except BrokenJson:
            return 0


def _is_conversations(document: Document) -> bool:
    """Whether its name says that it must not be passed over when it is broken."""
    return document.name.rpartition("/")[2].startswith("conversations")


def _document(document: Document, report: ImportReport, images: Images) -> Records:
    with closing(document.open()) as source:
        scanner = Scanner(source, MOST_CHARACTERS)
        sign = scanner.peek()
        if sign == "[":
            yield from _list(scanner, document, report, images)
        elif sign == "{":
            yield from _object(scanner, document, report, images)
        elif not sign:
            raise BrokenJson("The file is empty.")
        else:
            raise _Unknown


def _list(scanner: Scanner, document: Document, report: ImportReport, images: Images) -> Records:
    """A list of conversations; the first one decides whether it is one."""
    known = False
    empty = True
    for _ in scanner.array():
        empty = False
        value = scanner.value()
        records = _conversation(fields.mapping(value), document, report, images)
        if records is None and not known:
            raise _Unknown
        if records is None:
            report.skip("An entry was skipped: it is not a conversation.")
        else:
            known = True
            yield from records
    scanner.end()
    if empty and not document.alone:
        raise _Unknown
    if empty:
        raise ExchangeError("The file holds no conversations.")


def _object(scanner: Scanner, document: Document, report: ImportReport, images: Images) -> Records:
    if scanner.begins('{"format"'):
        _named(report, mirador_reader.PROGRAM)
        yield from mirador_reader.read(scanner, report)
        return
    value = fields.mapping(scanner.value())
    if document.alone and jan_reader.is_message(value):  # one line of many
        raise _Unknown
    scanner.end()
    if mirador_reader.is_ours(value):
        _named(report, mirador_reader.PROGRAM)
        yield from mirador_reader.read_whole(value, report)
        return
    records = _conversation(value, document, report, images)
    if records is None:
        raise _Unknown
    yield from records


def _conversation(
    value: Mapping[str, Any], document: Document, report: ImportReport, images: Images
) -> Records | None:
    """The records of one conversation, None if it is nobody's."""
    if chatgpt_reader.is_conversation(value):
        _named(report, chatgpt_reader.PROGRAM)
        return chatgpt_reader.read(value, report, images)
    if lmstudio_reader.is_conversation(value):
        _named(report, lmstudio_reader.PROGRAM)
        return lmstudio_reader.read(value, report, lmstudio_reader.path_of(document))
    if openwebui_reader.is_chat(value):
        _named(report, openwebui_reader.PROGRAM)
        return openwebui_reader.read(value, report)
    return None


def _named(report: ImportReport, program: str) -> None:
    if program not in report.program:
        report.program = f"{report.program}, {program}" if report.program else program


class _Threads:
    """Jan's threads: two documents each, which are put together when all are known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads: dict[str, Document] = {}
        self._messages: dict[str, Document] = {}

    def takes(self, document: Document) -> bool:
        """Whether a document is part of a thread."""
        name = document.name.rpartition("/")[2].lower()
        if name == "thread.json":
            self._threads[document.folder] = document
        elif name.endswith(".jsonl"):
            self._messages[f"{document.folder}" if name == "messages.jsonl" else document.name] = document
        elif document.alone and _begins_with_message(document):
            self._messages[document.folder] = document
        else:
            return False
        return True

    def pairs(self) -> Iterator[tuple[Document | None, Document]]:
        """Each thread's description, where there is one, with its messages."""
        for key, thread in list(self._threads.items()):
            if thread.alone:
                self._beside(key, thread)
        for key, messages in self._messages.items():
            if messages.alone and key not in self._threads:
                beside = self._path.with_name("thread.json")
                if beside.is_file():
                    self._threads[key] = Document("thread.json", lambda file=beside: file.open("rb"))  # type: ignore[misc]
            yield self._threads.get(key), messages
        left = set(self._threads) - set(self._messages)
        if left and not self._messages:
            raise ExchangeError("There is a thread of Jan’s, but no messages.jsonl beside it.")

    def _beside(self, key: str, thread: Document) -> None:
        messages = self._path.with_name("messages.jsonl")
        if messages.is_file():
            self._messages[key] = Document("messages.jsonl", lambda: messages.open("rb"))


def _begins_with_message(document: Document) -> bool:
    with closing(document.open()) as source:
        scanner = Scanner(source, MOST_CHARACTERS)
        try:
            if scanner.peek() != "{" or scanner.begins('{"format"'):
                return False
            first = fields.mapping(scanner.value())
        except BrokenJson:
            return False
        return jan_reader.is_message(first)


def _thread(document: Document | None) -> Mapping[str, Any]:
    if document is None:
        return {}
    with closing(document.open()) as source:
        return fields.mapping(Scanner(source, MOST_CHARACTERS).value())


def _lines(document: Document, report: ImportReport) -> Iterator[Mapping[str, Any]]:
    with closing(document.open()) as source:
        scanner = Scanner(source, MOST_CHARACTERS)
        while scanner.peek():
            value = scanner.value()
            if isinstance(value, dict):
                yield value
            else:
                report.skip("A message was skipped: it is not an object.")
