"""Splits streamed Markdown into its blocks, and forgets those that can no longer change.

CommonMark is decided line by line: once a later block has begun on a whole line, everything before it is
final. So only the last block is parsed again with each frame. The containers it stands in are represented by
stubs, lines that open the same list items again without their text; a long block of code, table or paragraph
is cut inside, and its own opening becomes the stub.
"""

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .markdown_blocks import Ancestor, Leaf, leaves
from .markdown_inline import parser

if TYPE_CHECKING:
    from markdown_it.token import Token

LONG = 3000
"""A paragraph is cut at the first space after so many characters: laying out a longer one takes too long."""
_REACH = 1000
"""How far to look for that space."""
TABLE_ROWS = 8
_PATIENCE = 16_000
"""When a block that cannot be cut grows beyond this, it is parsed again only after a tenth more has come."""
_UNDECIDED = re.compile(r"[ >]*(?:[-=*+_#`~|: ]*|\d{1,9}[.)]?)[ \t]*\Z")
_OPENER = re.compile(r"[ >]*(?:[-+*]|\d{1,9}[.)])")


@dataclass(slots=True)
class Scanner:
    """The state between the blocks that are final and the one that is still growing.

    Attributes:
        references: Link definitions; those given at the start come before those found.
        found: The definitions found so far, in the same form.
    """

    references: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    _stub: str = ""
    _numbers: dict[tuple[int, int], int] = field(default_factory=dict)
    _continued: int = -1
    _cut: Leaf | None = None
    _tail: str = ""
    _base: int = 0
    _parsed: int = 0

    def feed(self, text: str) -> None:
        """Take the next part of the (cleaned) source."""
        self._tail += text

    @property
    def ready(self) -> bool:
        """Whether a step is worth its time."""
        grown = len(self._tail) - self._parsed
        return grown > 0 and (self._parsed < _PATIENCE or grown * 10 >= self._parsed)

    def step(self, *, last: bool = False) -> tuple[list[Leaf], list[Leaf]]:
        """Return the blocks that have become final, and those that still may change.

        `last` says that nothing more will come for now, so that an undecided line is shown as it is.
        """
        closed: list[Leaf] = []
        while True:
            more, still_open, again = self._step(last)
            closed += more
            if not again:
                self._parsed = len(self._tail)
                return closed, still_open

    def _step(self, last: bool) -> tuple[list[Leaf], list[Leaf], bool]:
        text = self._stub + self._tail
        whole = text.rfind("\n") + 1
        if not last and whole >= len(self._stub) and _UNDECIDED.match(text, whole):
            # "-" below a text would make it a heading for a moment
            text = text[:whole]
        lines = text.split("\n")
        starts = [self._base - len(self._stub)]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        env: dict[str, Any] = {"references": dict(self.references)}
        tokens: list[Token] = []
        md = parser()
        md.block.parse(text, md, env, tokens)
        found = leaves(tokens, self._numbers, starts)
        found = self._without_stub(found, self._stub.count("\n"))
        complete = len(lines) - 1
        for index, leaf in enumerate(found):
            if leaf.kind == "p" and len(leaf.content) > LONG:
                cut = self._inside_paragraph(leaf, lines, starts)
                if cut is not None:
                    piece, position, stub, ancestors = cut
                    self._move(position, stub, ancestors, env, leaf.start + 1, stub.count("\n"))
                    self._continued = stub.count("\n")
                    return [*found[:index], piece], [], True
        for index in range(len(found) - 1, 0, -1):
            leaf = found[index]
            if leaf.start >= complete or _after_definition(env, leaf.start):
                continue
            stubs = self._stubs(leaf, lines)
            if stubs is not None:
                stub = "".join(line + "\n" for line in stubs)
                self._move(starts[leaf.start], stub, leaf.ancestors, env, leaf.start, len(stubs))
                return found[:index], found[index:], leaf.kind in "ct" and len(leaf.rows) > TABLE_ROWS
        closed, rest = self._inside_block(found, lines, starts, env, complete)
        return closed, rest, False

    def _without_stub(self, found: list[Leaf], stub_lines: int) -> list[Leaf]:
        if self._continued < 0:
            return [leaf for leaf in found if leaf.start >= stub_lines]
        kept = [leaf for leaf in found if leaf.start >= self._continued]
        if kept and kept[0].start == self._continued:
            leaf = replace(kept[0], continued=True, markers=())
            if self._cut is not None:
                leaf = replace(leaf, skipped=self._cut.skipped, group=self._cut.group)
            elif leaf.kind in "ph":
                leaf = replace(leaf, content=leaf.content[1:], source=(self._base, leaf.source[1]))
            kept[0] = leaf
        return kept

    def _inside_block(
        self, found: list[Leaf], lines: list[str], starts: list[int], env: dict[str, Any], complete: int
    ) -> tuple[list[Leaf], list[Leaf]]:
        """Cut the code or table at the end behind its last whole line or group of rows."""
        leaf = found[0] if len(found) == 1 else None
        if leaf is None or leaf.ended or not (leaf.kind == "t" or leaf.fenced):
            return [], found
        head = 1 if leaf.kind == "c" else 2
        final = min(complete, leaf.end) - leaf.start - head
        if leaf.kind == "t":
            final = final // TABLE_ROWS * TABLE_ROWS
        stubs = self._stubs(leaf, lines)
        if final <= 0 or stubs is None:
            return [], found
        first, second = leaf.split(final)
        opening = lines[leaf.start : leaf.start + head]
        stub = "".join(line + "\n" for line in [*stubs, *opening])
        self._move(starts[leaf.start + head + final], stub, leaf.ancestors, env, leaf.start, len(stubs))
        self._continued, self._cut = len(stubs), second
        return [first], [second]

    def _inside_paragraph(
        self, leaf: Leaf, lines: list[str], starts: list[int]
    ) -> tuple[Leaf, int, str, tuple[Ancestor, ...]] | None:
        """Cut a long paragraph: the part before, where the rest begins, and what stands for the part before."""
        space = re.compile(r"\s+(?=\S)").search(leaf.content, LONG, LONG + _REACH + 1)
        if space is not None:
            cut = space.end()
        elif len(leaf.content) > LONG + _REACH:
            cut = LONG + _REACH
        else:
            return None
        stubs = self._stubs(leaf, lines)
        if stubs is None:
            return None
        before = leaf.content[:cut]
        row = before.count("\n")
        column = cut - (before.rfind("\n") + 1)
        parts = leaf.content.split("\n")
        shift = 1 if leaf.continued else 0

        def prefix(number: int) -> int:
            line = lines[leaf.start + number].rstrip()
            return len(line) - len(parts[number].rstrip()) if line.endswith(parts[number].rstrip()) else -1

        if prefix(row) < 0 or prefix(0) < 0 or "\t" in lines[leaf.start]:
            return None
        position = starts[leaf.start + row] + prefix(row) + column
        opening = lines[leaf.start][: prefix(0) - shift]
        piece = replace(leaf, content=before.rstrip(), source=(leaf.source[0], position))
        return piece, position, "".join(line + "\n" for line in stubs) + opening + "x", leaf.ancestors

    def _stubs(self, leaf: Leaf, lines: list[str]) -> list[str] | None:
        """Lines that open again what was opened before the leaf's own line; None if that cannot be told."""
        opened: dict[int, int] = {}
        for ancestor in leaf.ancestors:
            if ancestor.line < leaf.start:
                opened[ancestor.line] = ancestor.place + 1
        # an item that begins with this leaf has nothing on its own line, and must not get anything there
        waiting = {ancestor.line for ancestor in leaf.ancestors[len(leaf.ancestors) - len(leaf.markers) :]}
        stubs = []
        for number, count in opened.items():
            line = _opening(lines[number], count)
            if line is None:
                return None
            stubs.append(line.rstrip() if number in waiting else line + "#")
        return stubs

    def _move(
        self,
        position: int,
        stub: str,
        ancestors: tuple[Ancestor, ...],
        env: dict[str, Any],
        line: int,
        own: int,
    ) -> None:
        """Let the tail begin at `position`; `own` is the number of the line in which the last block begins."""
        for label, reference in env["references"].items():
            if label not in self.references and reference["map"][1] <= line:
                # the lines it was found in mean nothing any more
                self.references[label] = self.found[label] = {**reference, "map": (-1, -1)}
        earlier = sorted({ancestor.line for ancestor in ancestors if ancestor.line < line})
        numbers = {}
        for ancestor in ancestors:
            new = earlier.index(ancestor.line) if ancestor.line < line else own
            numbers[new, ancestor.place] = ancestor.number
        self._tail = self._tail[position - self._base :]
        self._base, self._stub, self._numbers = position, stub, numbers
        self._continued, self._cut = -1, None
        self._parsed = 0


def _after_definition(env: dict[str, Any], line: int) -> bool:
    """Whether a link definition ends right before: the next line could turn out to be its title."""
    return any(reference["map"][1] == line for reference in env["references"].values())


def _opening(line: str, count: int) -> str | None:
    """The part of a line that opens its first `count` list items."""
    if "\t" in line:
        return None
    at = 0
    for _ in range(count):
        match = _OPENER.match(line, at)
        if match is None:
            return None
        at = match.end()
        rest = line[at:]
        spaces = len(rest) - len(rest.lstrip(" "))
        if not rest.strip():
            return line[:at] + " "
        at += spaces if spaces < 5 else 1
    return line[:at]
