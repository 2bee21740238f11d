"""What Markdown becomes before it becomes a document: lines of styled text and parts of tables.

Everything here is plain data without Qt, so that two states of a text can be compared and only what differs
is written into the document.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

BOLD, ITALIC, STRIKE, CODE, LINK = 1, 2, 4, 8, 16
COLOUR = 8
"""Style bits from here on number the colour of a piece of code: an index into `PALETTE`, 0 for none."""
PALETTE = ("", "keyword", "string", "comment", "number", "name")


class Run(NamedTuple):
    """Text in one style, perhaps a link."""

    text: str
    style: int = 0
    href: str = ""


class Marker(NamedTuple):
    """What stands before a list item: its column in the path, and its text."""

    column: int
    text: str


PARAGRAPH, HEADING, CODE_LINE, CODE_END, RULE = "p", "h", "c", "e", "r"
BULLETS = "•◦▪"
UNTICKED, TICKED = "☐", "☑"


@dataclass(frozen=True, slots=True)
class Line:
    """One block of the document.

    Attributes:
        kind: PARAGRAPH, HEADING, CODE_LINE, CODE_END (the padding that closes a code block) or RULE.
        runs: Its text.
        path: The containers around it, outermost first: "q" a quote, "i" a list item, "w" one with a wide
            number.
        markers: Those of the list items that begin with this line.
        top: Space above, in pixels at 10.5 points.
        level: Of a heading.
        group: Of code: where its block begins in the source, which is the same for all of its lines.
        language: Of code.
        source: Where it stands in the source, from and to.
    """

    kind: str
    runs: tuple[Run, ...]
    path: str
    markers: tuple[Marker, ...]
    top: int
    level: int
    group: int
    language: str
    source: tuple[int, int]

    @property
    def text(self) -> str:
        """The text without styles."""
        return "".join(run.text for run in self.runs)


class Cell(NamedTuple):
    """A cell of a table, with its place in the source."""

    runs: tuple[Run, ...]
    source: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Table:
    """A few rows of a table.

    Attributes:
        rows: The cells, row by row, all rows of the same length.
        widths: Percent per column, 100 in sum.
        alignments: Per column "left", "right", "center" or "".
        first: Number of its first row in the whole table; row 0 is the header.
        path: As of a line.
        top: As of a line.
    """

    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[int, ...]
    alignments: tuple[str, ...]
    first: int
    path: str
    top: int


Piece = Line | Table


class CellNote(NamedTuple):
    """What is to be known of a cell in the document: its table (a number), its row in the whole, its place."""

    table: int
    row: int
    path: str
    source: tuple[int, int]


Note = Line | CellNote
"""What is to be known of a block in the document."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2029\ufdd0-\ufdef\ufffc\ufffe\uffff\ud800-\udfff]")


def clean(text: str) -> str:
    """Replace what cannot be shown, or would mean something to the document, one character for one."""
    return _UNFIT.sub("\ufffd", text)


def same(old: Piece, new: Piece) -> bool:
    """Whether nothing needs to be written; the colours of code are a matter of their own."""
    if old == new:
        return True
    if not isinstance(old, Line) or not isinstance(new, Line) or not old.kind == new.kind == CODE_LINE:
        return False
    return (old.text, old.path, old.markers, old.top, old.group, old.language, old.source) == (
        new.text, new.path, new.markers, new.top, new.group, new.language, new.source
    )  # fmt: skip


def utf16(text: str) -> int:
    """Length of a text as Qt counts it."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)
