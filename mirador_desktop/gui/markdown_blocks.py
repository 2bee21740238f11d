"""The blocks of a Markdown text as the parser found them: what the scanner cuts and the composer lays out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from .markdown_model import BULLETS, Marker

if TYPE_CHECKING:
    from markdown_it.token import Token


class Ancestor(NamedTuple):
    """A list item around a block: the line that opens it, which of that line's items it is, its number."""

    line: int
    place: int
    number: int


class Row(NamedTuple):
    """A line of code (one cell) or a row of a table, with its place in the source."""

    cells: tuple[str, ...]
    source: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A block without blocks in it.

    Attributes:
        kind: "p" paragraph, "h" heading, "c" code, "r" rule, "t" table, "e" an empty list item.
        start: Its first line in the parsed text.
        end: The line behind it.
        path: See `markdown_model.Line`.
        markers: Of the list items that begin with it.
        ancestors: All list items around it, outermost first.
        content: Inline Markdown of a paragraph or heading.
        info: Of fenced code, the language and more.
        level: Of a heading.
        source: Its place in the source.
        rows: Of code and tables; the first of a table is its header.
        alignments: Of a table's columns.
        fenced: Whether code stands between fences.
        ended: Whether the closing fence is there.
        continued: Whether its beginning was cut off.
        partial: Whether its end was cut off.
        skipped: Rows of a table's body that were cut off at the beginning.
        group: Of code, where the whole block begins in the source.
    """

    kind: str
    start: int
    end: int
    path: str
    markers: tuple[Marker, ...]
    ancestors: tuple[Ancestor, ...]
    source: tuple[int, int]
    content: str = ""
    info: str = ""
    level: int = 0
    rows: tuple[Row, ...] = ()
    alignments: tuple[str, ...] = ()
    fenced: bool = False
    ended: bool = False
    continued: bool = False
    partial: bool = False
    skipped: int = 0
    group: int = 0

    def split(self, count: int) -> "tuple[Leaf, Leaf]":
        """Cut code behind so many lines, a table behind so many rows of its body."""
        head = 1 if self.kind == "t" else 0
        first = replace(self, rows=self.rows[: head + count], partial=True)
        second = replace(
            self,
            rows=self.rows[:head] + self.rows[head + count :],
            continued=True,
            markers=(),
            skipped=self.skipped + count,
        )
        return first, second


@dataclass(slots=True)
class _Walk:
    """Where the walk through the tokens is: the containers, and the list items not yet begun with a block."""

    path: str = ""
    items: list[Ancestor] = field(default_factory=list)
    pending: list[Marker] = field(default_factory=list)
    lists: list[int | None] = field(default_factory=list)
    opened: dict[int, int] = field(default_factory=dict)


def leaves(tokens: "Sequence[Token]", numbers: dict[tuple[int, int], int], starts: Sequence[int]) -> list[Leaf]:
    """Collect the blocks of a parsed text.

    `numbers` overrides the number of the list item that is opened at (line, how many-th of this line);
    `starts` says where the lines begin in the source, with the end of the last one.
    """
    found: list[Leaf] = []
    walk = _Walk()
    last = len(starts) - 1
    at = 0
    while at < len(tokens):
        token = tokens[at]
        kind = token.type
        if kind == "blockquote_open":
            walk.path += "q"
        elif kind == "blockquote_close":
            walk.path = walk.path[:-1]
        elif kind == "bullet_list_open":
            walk.lists.append(None)
        elif kind == "ordered_list_open":
            walk.lists.append(int(token.attrs.get("start", 1)))
        elif kind in ("bullet_list_close", "ordered_list_close"):
            walk.lists.pop()
        elif kind == "list_item_open":
            line = token.map[0] if token.map else 0
            _open_item(walk, line, numbers)
            if tokens[at + 1].type == "list_item_close":
                found.append(_leaf(walk, "e", (line, line + 1), starts, last))
        elif kind == "list_item_close":
            walk.path = walk.path[:-1]
            walk.items.pop()
        elif token.map and kind in ("paragraph_open", "heading_open"):
            leaf = _leaf(walk, kind[0], token.map, starts, last)
            level = int(token.tag[1]) if kind == "heading_open" else 0
            found.append(replace(leaf, content=tokens[at + 1].content, level=level))
            at += 2
        elif token.map and kind in ("fence", "code_block"):
            found.append(_code(_leaf(walk, "c", token.map, starts, last), token, starts, last))
        elif token.map and kind == "hr":
            found.append(_leaf(walk, "r", token.map, starts, last))
        elif token.map and kind == "table_open":
            end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
            leaf = _leaf(walk, "t", token.map, starts, last)
            found.append(_table(leaf, tokens[at:end], starts, last))
            at = end
        at += 1
    return found


def _open_item(walk: _Walk, line: int, numbers: dict[tuple[int, int], int]) -> None:
    index = walk.opened.get(line, 0)
    walk.opened[line] = index + 1
    number = walk.lists[-1]
    if number is None:
        marker = BULLETS[(len(walk.lists) - 1) % len(BULLETS)]
    else:
        number = numbers.get((line, index), number)
        walk.lists[-1] = number + 1
        marker = f"{number}."
    walk.pending.append(Marker(len(walk.path), marker))
    walk.path += "w" if len(marker) > 3 else "i"
    walk.items.append(Ancestor(line, index, number or 0))


def _leaf(walk: _Walk, kind: str, lines: Sequence[int], starts: Sequence[int], last: int) -> Leaf:
    source = (starts[lines[0]], max(starts[lines[0]], starts[min(lines[1], last)] - 1))
    markers = tuple(walk.pending)
    walk.pending.clear()
    return Leaf(kind, lines[0], lines[1], walk.path, markers, tuple(walk.items), source, group=source[0])


def _code(leaf: Leaf, token: "Token", starts: Sequence[int], last: int) -> Leaf:
    texts = token.content.split("\n") if token.content else []
    if texts and not texts[-1]:
        texts.pop()
    fenced = token.type == "fence"
    first = leaf.start + (1 if fenced else 0)
    rows = tuple(
        Row((text,), (starts[min(first + i, last)], starts[min(first + i + 1, last)] - 1))
        for i, text in enumerate(texts)
    )
    ended = fenced and leaf.end - leaf.start - 1 > len(rows)
    return replace(leaf, rows=rows, fenced=fenced, ended=ended, info=token.info.strip())


def _table(leaf: Leaf, tokens: "Iterable[Token]", starts: Sequence[int], last: int) -> Leaf:
    rows: list[list[str]] = []
    alignments: list[str] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "th_open":
            alignments.append(str(token.attrs.get("style", "")).removeprefix("text-align:"))
        elif token.type == "inline":
            rows[-1].append(token.content)
    width = len(alignments)
    made = []
    for number, cells in enumerate(rows):
        line = leaf.start + (number + 1 if number else 0)
        source = (starts[min(line, last)], starts[min(line + 1, last)] - 1)
        made.append(Row(tuple((cells + [""] * width)[:width]), source))
    return replace(leaf, rows=tuple(made), alignments=tuple(alignments))
