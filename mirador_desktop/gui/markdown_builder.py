"""Builds a document from Markdown, streamed or whole, in small steps.

While a text streams, only its last block is written again. When it ends, the whole text is gone through once
more and compared with what has been written, so that the result never depends on how the text arrived; then
the code blocks get their full colours. All of it stops at a deadline and goes on with the next frame.
"""

import re
from collections import deque
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from .markdown_code import full_runs
from .markdown_compose import Composer
from .markdown_model import CODE_LINE, Line, clean
from .markdown_scanner import Scanner
from .markdown_writer import FIRST, Writer

_SLICE = 600
"""Characters of the source that one step takes at least."""
_DEFINITION = re.compile(r"^[ >\-*+\d.)]*\[[^\]\n]+\]:", re.MULTILINE)


class Builder:
    """Turns source into pieces and has them written.

    Attributes:
        source: The text as it arrived, with what cannot be shown replaced.
        writer: What has been written.
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._parts: list[str] = []
        self._joined = ""
        self._waiting: list[str] = []
        self._unread = ""
        self._carriage = False
        self._jobs: deque[Iterator[None]] = deque()
        self._reset()

    def _reset(self) -> None:
        self._scanner: Scanner | None = Scanner()
        self._composer = Composer()
        self._sealed = 0
        self._coloured: dict[int, int] = {}
        self._colour_from = 0
        self._restyling: Iterator[None] | None = None

    @property
    def source(self) -> str:
        """The text so far."""
        if self._parts:
            self._joined += "".join(self._parts)
            self._parts.clear()
        return self._joined

    @property
    def busy(self) -> bool:
        """Whether anything is left to do."""
        return bool(self._waiting or self._unread or self._jobs)

    def append(self, text: str) -> int:
        """Take streamed text; returns how many characters of the source it makes."""
        if "\r" in text or self._carriage:
            # a line end may be split between two tokens
            rest = text[1:] if self._carriage and text.startswith("\n") else text
            self._carriage = text.endswith("\r") if text else self._carriage
            text = rest.replace("\r\n", "\n").replace("\r", "\n")
        text = clean(text)
        self._parts.append(text)
        self._waiting.append(text)
        return len(text)

    def finish(self) -> None:
        """The text is complete: give it its final look."""
        self._jobs.append(self._final())

    def clear(self) -> None:
        """Start with an empty text."""
        self._parts.clear()
        self._waiting.clear()
        self._jobs.clear()
        self._joined = self._unread = ""
        self._carriage = False
        self._reset()
        with self.writer.edit():
            self.writer.replace(0, len(self.writer.pieces), ())
        self.writer.notes.clear()

    def hand_over(self) -> None:
        """Leave what has arrived to `finish`, as when a text is given whole."""
        self._waiting.clear()
        self._unread = ""
        self._scanner = None

    def restyle(self) -> None:
        """Write all formats again, because the style has changed."""
        if self._restyling is not None and self._restyling in self._jobs:
            self._jobs.remove(self._restyling)
        self._restyling = self._restyle()
        self._jobs.append(self._restyling)

    def work(self, deadline: float) -> bool:
        """Work until the deadline; returns whether anything is left."""
        self._unread += "".join(self._waiting)
        self._waiting.clear()
        if self._scanner is None and self._unread and not self._jobs:
            self._unread = ""
            self._jobs.append(self._final())  # more text after the end
        while self._unread and self._scanner is not None:
            part, self._unread = self._unread[: 4 * _SLICE], self._unread[4 * _SLICE :]
            with self.writer.edit():
                self._stream(self._scanner, part)
            if perf_counter() >= deadline:
                return True
        while self._jobs and perf_counter() < deadline:
            with self.writer.edit():
                self._advance(self._jobs[0], deadline)
        return self.busy

    def _advance(self, job: Iterator[None], deadline: float) -> None:
        for _ in job:
            if perf_counter() >= deadline:
                return
        self._jobs.remove(job)

    def _stream(self, scanner: Scanner, text: str) -> None:
        scanner.feed(text)
        if not scanner.ready:
            return
        closed, still_open = scanner.step()
        references = scanner.references
        pieces = [piece for leaf in closed for piece in self._composer.compose(leaf, references)]
        sealed = len(pieces)
        composer = self._composer.copy()
        pieces += [piece for leaf in still_open for piece in composer.compose(leaf, references)]
        writer = self.writer
        writer.replace(self._sealed, len(writer.pieces) - self._sealed, pieces)
        self._sealed += sealed
        for leaf in closed:
            if leaf.kind == "c" and not leaf.partial:
                self._jobs.append(self._colour_next())
                break

    def _definitions(self, text: str) -> Iterator[dict[str, Any] | None]:
        """Find the link definitions of a text; yields None between steps."""
        if _DEFINITION.search(text) is None:
            yield {}
            return
        scanner = Scanner()
        for part in _slices(text):
            scanner.feed(part)
            if scanner.ready:
                scanner.step()
            yield None
        scanner.feed("\n\n\\-\n")  # a block that lets everything before it become final
        scanner.step()
        yield scanner.found

    def _final(self) -> Iterator[None]:
        text = self.source
        references: dict[str, Any] = {}
        for found in self._definitions(text):
            if found is None:
                yield
            else:
                references = found
        scanner, composer, writer = Scanner(references=dict(references)), Composer(), self.writer
        self._scanner = None
        index, position = 0, FIRST
        parts = list(_slices(text))
        for number, part in enumerate(parts):
            scanner.feed(part)
            last = number == len(parts) - 1
            if not last and not scanner.ready:
                continue
            closed, still_open = scanner.step(last=last)
            for leaf in closed + still_open if last else closed:
                for piece in composer.compose(leaf, references):
                    position = writer.replace(index, min(1, len(writer.pieces) - index), (piece,), position)
                    index += 1
                yield
        writer.replace(index, len(writer.pieces) - index, ())
        self._sealed = len(writer.pieces)
        self._colour_from = 0
        self._jobs.append(self._colour_next())

    def _colour_next(self) -> Iterator[None]:
        """Give the next final code block its full colours, then ask for the one after it.

        Each is a job of its own: what lies between two changes of one edit is laid out again.
        """
        pieces = self.writer.pieces
        index = self._colour_from
        while index < self._sealed:
            piece = pieces[index]
            if not isinstance(piece, Line) or piece.kind != CODE_LINE:
                index += 1
                continue
            end = index
            while end < self._sealed and _in_block(pieces[end], piece.group):
                end += 1
            if end < self._sealed:  # what follows is its end
                self._colour_from = end + 1
                yield from self._colour(index, end, piece.language)
                self._jobs.append(self._colour_next())
            return

    def _colour(self, index: int, end: int, language: str) -> Iterator[None]:
        lines = [piece for piece in self.writer.pieces[index:end] if isinstance(piece, Line)]
        texts = [line.text for line in lines]
        group, digest = lines[0].group, hash(("\n".join(texts), language))
        if self._coloured.get(group) == digest:
            return
        for result in full_runs(texts, language):
            if result is None:
                yield
                continue
            position = self.writer.position(index)
            for number, runs in enumerate(result, index):
                position = self.writer.recolour(number, position, runs)
                yield
        self._coloured[group] = digest

    def _restyle(self) -> Iterator[None]:
        index, position = 0, FIRST
        while index < self._sealed:
            position = self.writer.restyle(index, position)
            index += 1
            yield
        while index < len(self.writer.pieces):  # these may be other ones with the next frame
            position = self.writer.restyle(index, position)
            index += 1


def _in_block(piece: object, group: int) -> bool:
    return isinstance(piece, Line) and piece.kind == CODE_LINE and piece.group == group


def _slices(text: str) -> Iterator[str]:
    """Cut a text into parts that depend on nothing but the text."""
    at = 0
    while at < len(text):
        end = text.find("\n", at + _SLICE)
        end = len(text) if end < 0 else end + 1
        end = min(end, at + 4 * _SLICE)
        yield text[at:end]
        at = end
