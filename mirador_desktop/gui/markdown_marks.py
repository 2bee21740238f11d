"""Finds the words of a document that a model was unsure of: from tokens of the source to places in the text.

Markup vanishes when a text is shown, so each word shown is looked for in the source of its block, one after
the other; the least probable token that touches it speaks for it. Done only for the words in sight.
"""

import math
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from PySide6.QtGui import QTextBlock, QTextCursor

from .markdown_model import utf16

Alternatives = tuple[tuple[str, float], ...]
THRESHOLDS = (0.7, 0.5, 0.3)
"""Words below these get a tint."""
_WORD = re.compile(r"\S+")
_HIDDEN = re.compile(r"\]\([^)\n]*\)|\]\[[^\]\n]*\]|^[ >]*(?:[-+*]|\d{1,9}[.)]|#{1,6})?[ ]", re.MULTILINE)
"""Source that is not shown: addresses of links, markers at the beginning of a line."""
_CELL = re.compile(r"(?:\\.|[^|\\])+")
_REACH = 300
"""How much markup may stand between two words."""


class Word(NamedTuple):
    """A word in a block, in Qt's units, and the token that speaks for it."""

    start: int
    end: int
    token: int
    confidence: float


class TokenMarks:
    """Where the tokens of a text begin, how probable each was, and what else could have stood there."""

    def __init__(self) -> None:
        self._starts = array("L")
        self._confidences = array("f")
        self._alternatives: dict[int, Alternatives] = {}
        self._length = 0
        self._waiting: Iterable[tuple[int, float | None]] = ()
        self._cache: dict[int, tuple[str, tuple[Word, ...]]] = {}

    def append(self, length: int, confidence: float | None, alternatives: Alternatives = ()) -> None:
        """Add a token of so many characters of the source."""
        if self._waiting:
            self._ready()
        if alternatives:
            self._alternatives[len(self._starts)] = alternatives
        self._starts.append(self._length)
        self._confidences.append(math.nan if confidence is None else confidence)
        self._length += length

    def load(self, marks: Iterable[tuple[int, float | None]], alternatives: Mapping[int, Alternatives]) -> None:
        """Take the tokens of a whole text; they are only read when they are first asked for."""
        self.__init__()  # type: ignore[misc]
        self._waiting = marks
        self._alternatives = dict(alternatives)

    def _ready(self) -> None:
        waiting, self._waiting = self._waiting, ()
        for length, confidence in waiting:
            self.append(length, confidence)

    def token(self, number: int) -> tuple[int, int, float, Alternatives]:
        """From where to where a token goes in the source, its probability, its alternatives."""
        self._ready()
        following = number + 1
        end = self._starts[following] if following < len(self._starts) else self._length
        return self._starts[number], end, self._confidences[number], self._alternatives.get(number, ())

    def words(self, block: QTextBlock, place: tuple[int, int], source: str) -> tuple[Word, ...]:
        """The words of a block whose probability is known."""
        self._ready()
        text = block.text()
        number = block.userState()
        known = self._cache.get(number)
        if known is not None and known[0] == text:
            return known[1]
        found = tuple(self._find(block, text, place, source)) if self._starts else ()
        if len(self._cache) > 2000:
            self._cache.clear()
        self._cache[number] = text, found
        return found

    def _find(self, block: QTextBlock, text: str, place: tuple[int, int], source: str) -> list[Word]:
        start, end = place
        part = source[start:end]
        table = QTextCursor(block).currentTable()
        if table is not None:
            column = table.cellAt(block.position()).column()
            for number, match in enumerate(_CELL.finditer(part.strip(" \t"))):
                if number == column:
                    start += match.start() + len(part) - len(part.lstrip(" \t"))
                    part = match[0]
                    break
        part = _HIDDEN.sub(lambda match: " " * len(match[0]), part)
        ascii_only = text.isascii()
        words = []
        at = 0
        for match in _WORD.finditer(text):
            word = match[0]
            place_in = part.find(word, at, at + len(word) + _REACH)
            if place_in < 0:  # markup within the word
                word = max(re.split(r"[^\w]+", word), key=len)
                place_in = part.find(word, at, at + len(word) + _REACH) if word else -1
            if place_in < 0:
                continue
            at = place_in + len(word)
            token = self._least(start + place_in, start + at)
            if token >= 0:
                begin = match.start() if ascii_only else utf16(text[: match.start()])
                length = len(match[0]) if ascii_only else utf16(match[0])
                words.append(Word(begin, begin + length, token, self._confidences[token]))
        return words

    def _least(self, start: int, end: int) -> int:
        """The least probable token between two places of the source, -1 if none is known."""
        best, least = -1, math.inf
        number = max(0, bisect_right(self._starts, start) - 1)
        while number < len(self._starts) and self._starts[number] < end:
            confidence = self._confidences[number]
            if confidence < least:  # never true of NaN
                best, least = number, confidence
            number += 1
        return best
