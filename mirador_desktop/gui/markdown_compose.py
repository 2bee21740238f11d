"""Lays blocks out: turns the leaves that the scanner found into lines and tables with their spacing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .markdown_blocks import Leaf, Row
from .markdown_code import quick_runs
from .markdown_inline import runs
from .markdown_model import (
    CODE_END,
    CODE_LINE,
    HEADING,
    PARAGRAPH,
    RULE,
    TICKED,
    UNTICKED,
    Cell,
    Line,
    Marker,
    Piece,
    Run,
    Table,
)
from .markdown_scanner import TABLE_ROWS

_TASKS = {"[ ] ": UNTICKED, "[x] ": TICKED, "[X] ": TICKED}
_NARROWEST, _WIDEST = 5, 40
"""Characters of a column that count when the width of a table is shared out."""


@dataclass(slots=True)
class Composer:
    """Remembers what the layout of the next block depends on.

    Attributes:
        before: Kind of the block before, "" at the beginning.
        quotes: How many quotes are around that block.
        widths: Of the columns of the table that is going on.
    """

    before: str = ""
    quotes: int = 0
    widths: tuple[int, ...] = ()

    def copy(self) -> "Composer":
        """A copy for blocks that are not final yet."""
        return replace(self)

    def compose(self, leaf: Leaf, references: Mapping[str, Any]) -> Iterator[Piece]:
        """Lay out one block."""
        top = self._top(leaf)
        if leaf.kind == "c":
            yield from self._code(leaf, top)
        elif leaf.kind == "t":
            yield from self._table(leaf, top, references)
        elif leaf.kind == "r":
            yield _line(leaf, RULE, (), top)
        elif leaf.kind == "h":
            yield _line(leaf, HEADING, runs(leaf.content, references), top)
        else:
            task = _TASKS.get(leaf.content[:4]) if leaf.markers else None
            if task is not None:
                *others, last = leaf.markers
                leaf = replace(leaf, markers=(*others, Marker(last.column, task)), content=leaf.content[4:])
            yield _line(leaf, PARAGRAPH, runs(leaf.content, references), top)
        self.quotes = leaf.path.count("q")
        self.before = "i" if leaf.kind in "pe" and ("i" in leaf.path or "w" in leaf.path) else leaf.kind

    def _top(self, leaf: Leaf) -> int:
        if not self.before or leaf.continued:
            return 0
        if leaf.kind == "h":
            return 16 if leaf.level < 3 else 12
        if leaf.kind in "ctr":
            return 10
        if self.before in "ctr":
            return 10
        if self.before == "h":
            return 4
        if ("i" in leaf.path or "w" in leaf.path) and leaf.path.count("q") == self.quotes:
            return 2 if self.before == "i" and leaf.markers else 4
        return 8

    def _code(self, leaf: Leaf, top: int) -> Iterator[Piece]:
        language = leaf.info.split()[0] if leaf.info else ""
        rows = leaf.rows or (() if leaf.continued else (Row(("",), leaf.source),))
        first = not leaf.continued
        for row in rows:
            yield Line(
                CODE_LINE,
                quick_runs(row.cells[0], language),
                leaf.path,
                leaf.markers if first else (),
                top if first else 0,
                1 if first else 0,
                leaf.group,
                language,
                row.source,
            )
            first = False
        if not leaf.partial:
            end = (leaf.source[1], leaf.source[1])
            yield Line(CODE_END, (), leaf.path, (), 0, 0, leaf.group, language, end)

    def _table(self, leaf: Leaf, top: int, references: Mapping[str, Any]) -> Iterator[Piece]:
        if leaf.markers:
            yield Line(PARAGRAPH, (), leaf.path, leaf.markers, top, 0, 0, "", leaf.source)
        header, *body = leaf.rows
        if not leaf.continued:
            self.widths = _widths(leaf.rows[: TABLE_ROWS + 1])
        for at in range(0, max(len(body), 0 if leaf.continued else 1), TABLE_ROWS):
            rows = body[at : at + TABLE_ROWS]
            number = leaf.skipped + at
            if not number:
                rows = [header, *rows]
            cells = tuple(tuple(Cell(runs(text, references), row.source) for text in row.cells) for row in rows)
            first = number + 1 if number else 0
            yield Table(cells, self.widths, leaf.alignments, first, leaf.path, 0 if number else top)


def _line(leaf: Leaf, kind: str, parts: tuple[Run, ...], top: int) -> Line:
    return Line(kind, parts, leaf.path, leaf.markers, top, leaf.level, 0, "", leaf.source)


def _widths(rows: tuple[Row, ...]) -> tuple[int, ...]:
    """Share out 100 percent by the longest cell of each column."""
    columns = zip(*(row.cells for row in rows), strict=True)
    wanted = [min(max(*map(len, column), _NARROWEST), _WIDEST) for column in columns]
    shares = [max(1, 100 * each // sum(wanted)) for each in wanted]
    shares[-1] += 100 - sum(shares)
    return tuple(shares)
