"""Finds words in the texts of a conversation, and paints what was found behind them.

Like the heat map it is painted by hand, for the blocks in sight only: nothing of the document is changed, so that
streaming, selecting and copying go on as without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTextBlock, QTextDocument

from mirador_desktop.core.folding import fold, spans
from mirador_desktop.gui.markdown_heat import span_rects
from mirador_desktop.gui.markdown_model import Line, clean, utf16

_MARKUP = re.compile(r"[*_`~\\\[\]]")
"""What may stand within a word."""
_OPACITY, _OPACITY_HERE = 0.28, 0.42


@dataclass(frozen=True, slots=True)
class Highlight:
    """What is highlighted.

    Attributes:
        pattern: for the folded text.
        words: whether it is for `folding.words_of`, else for `folding.fold`.
        colour: as "#RRGGBB".
    """

    pattern: re.Pattern[str]
    words: bool
    colour: str

    def places(self, text: str) -> tuple[tuple[int, int], ...]:
        """Where it is in a line, in Python's units."""
        return _places(self.pattern, self.words, text)


@lru_cache(maxsize=4000)
def _places(pattern: re.Pattern[str], words: bool, text: str) -> tuple[tuple[int, int], ...]:
    return tuple(spans(text, pattern, words=words))


class Finder:
    """Knows what is highlighted in one document."""

    def __init__(self, document: QTextDocument) -> None:
        self._document = document
        self.highlight: Highlight | None = None
        self.here = -1
        """Number of the place that was gone to, -1 for none."""

    def show(self, highlight: Highlight | None) -> bool:
        """Highlight something else; whether that changes anything."""
        changed = highlight != self.highlight or self.here >= 0
        self.highlight, self.here = highlight, -1
        return changed

    def go(self, number: int) -> QRectF | None:
        """Go to a place (the last one, if there are not so many); where it is in the document, None if nowhere."""
        places = list(self._all())
        self.here = min(number, len(places) - 1)
        if not places:
            return None
        block, start, end = places[self.here]
        rects = span_rects(block, self._document.documentLayout().blockBoundingRect(block), start, end)
        return rects[0] if rects else None

    def count(self) -> int:
        """How many places there are."""
        return sum(1 for _ in self._all())

    def paint(self, painter: QPainter, first: QTextBlock, bottom: float) -> None:
        """Paint behind the text of the blocks from `first` down to `bottom`."""
        if self.highlight is None:
            return
        tint, strong = QColor(self.highlight.colour), QColor(self.highlight.colour)
        tint.setAlphaF(_OPACITY)
        strong.setAlphaF(_OPACITY_HERE)
        here = self._block_of_here() if self.here >= 0 else None
        layout, block = self._document.documentLayout(), first
        while block.isValid():
            rect = layout.blockBoundingRect(block)
            if rect.top() > bottom:
                break
            for start, end in self._in(block):
                is_here = here == (block.blockNumber(), start)
                for area in span_rects(block, rect, start, end):
                    painter.fillRect(area, strong if is_here else tint)
                    if is_here:
                        painter.setPen(QPen(QColor(self.highlight.colour), 1.5))
                        painter.setBrush(Qt.BrushStyle.NoBrush)
                        painter.drawRect(area.adjusted(0, 0, -1, -1))
            block = block.next()

    def _in(self, block: QTextBlock) -> Iterator[tuple[int, int]]:
        """Where it is in a block, in Qt's units."""
        if self.highlight is None:
            return
        text = block.text()
        for start, end in self.highlight.places(text):
            if text.isascii():
                yield start, end
            else:
                at = utf16(text[:start])
                yield at, at + utf16(text[start:end])

    def _all(self) -> Iterator[tuple[QTextBlock, int, int]]:
        block = self._document.begin()
        while block.isValid():
            for start, end in self._in(block):
                yield block, start, end
            block = block.next()

    def _block_of_here(self) -> tuple[int, int] | None:
        for number, (block, start, _) in enumerate(self._all()):
            if number == self.here:
                return block.blockNumber(), start
        return None


def needle(text: str) -> re.Pattern[str] | None:
    """A pattern that finds a text as it is written, but for case, diacritics and the width of spaces."""
    words = fold(text).split()
    if not words:
        return None
    return re.compile(r"\s+".join(map(re.escape, words)))


def count_in_markdown(pattern: re.Pattern[str], text: str) -> int:
    """How often a pattern for folded text is in a Markdown text as it is shown. Not for the GUI thread."""
    # To lay the text out takes long: not where its longest word is not even in the source.
    longest = max(re.split(r"\\s\+|\\.|[\W_]", pattern.pattern), key=len, default="")
    if longest and longest not in _MARKUP.sub("", fold(text)):
        return 0
    return sum(len(_places(pattern, False, line)) for line in plain_lines(text))


def plain_lines(text: str) -> Iterator[str]:
    """The lines of a Markdown text without markup, as they will be blocks of a document."""
    from mirador_desktop.gui.markdown_compose import Composer
    from mirador_desktop.gui.markdown_scanner import Scanner

    scanner, composer = Scanner(), Composer()
    scanner.feed(clean(text.replace("\r\n", "\n").replace("\r", "\n")))
    closed, still_open = scanner.step(last=True)
    for leaf in closed + still_open:
        for piece in composer.compose(leaf, scanner.references):
            if isinstance(piece, Line):
                yield piece.text
            else:
                for row in piece.rows:
                    for cell in row:
                        yield "".join(run.text for run in cell.runs)
