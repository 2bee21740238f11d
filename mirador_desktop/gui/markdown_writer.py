"""Writes lines and tables into a document, touching only the characters that differ.

That keeps a selection alive while the end of a text is still changing, and spares the layout.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtGui import QTextBlock, QTextCharFormat, QTextCursor, QTextDocument

from .markdown_model import CODE_LINE, Line, Note, Piece, Run, Table, same, utf16
from .markdown_style import Formats
from .markdown_table import change_runs, insert_table, style_table, update_table

FIRST = 1
"""Where the first piece begins."""


class Writer:
    """The pieces a document is made of, in order, between two empty blocks.

    Attributes:
        pieces: What has been written.
        notes: Per block (by its user state), what it shows.
        has_code: Whether there is or was any code.
    """

    def __init__(self, document: QTextDocument, formats: Formats) -> None:
        self.formats = formats
        self.pieces: list[Piece] = []
        self.notes: dict[int, Note] = {}
        self.has_code = False
        self._lengths: list[int] = []
        self._document = document
        self._cursor = QTextCursor(document)
        self._cursor.setBlockFormat(formats.end[0])
        self._cursor.setBlockCharFormat(formats.end[1])
        # the space above a block only counts when there is a block before it
        self._cursor.insertBlock(*formats.end)

    @contextmanager
    def edit(self) -> Iterator[None]:
        """Have everything written within laid out at once.

        A table cannot be found before the edit in which it was inserted has ended, so each step is one.
        """
        self._cursor.beginEditBlock()
        try:
            yield
        finally:
            self._cursor.endEditBlock()

    def position(self, index: int) -> int:
        """Where a piece begins in the document."""
        if index < len(self.pieces) // 2:
            return FIRST + sum(self._lengths[:index])
        return self._document.characterCount() - 1 - sum(self._lengths[index:])

    def replace(self, index: int, count: int, new: Sequence[Piece], position: int = -1) -> int:
        """Put `new` in the place of `count` pieces; returns the position behind them."""
        at = self.position(index) if position < 0 else position
        common = min(count, len(new))
        for number in range(index, index + common):
            old, piece = self.pieces[number], new[number - index]
            if not same(old, piece):
                self._change(number, at, old, piece)
            at += self._lengths[number]
        self._remove(index + common, count - common, at)
        for number, piece in enumerate(new[common:], index + common):
            length = self._insert(at, piece)
            self.pieces.insert(number, piece)
            self._lengths.insert(number, length)
            at += length
        return at

    def recolour(self, index: int, position: int, runs: tuple[Run, ...]) -> int:
        """Give a line of code other colours; returns the position behind it."""
        old = self.pieces[index]
        if isinstance(old, Line) and old.runs != runs:
            self.pieces[index] = new = Line(
                old.kind, runs, old.path, old.markers, old.top, old.level, old.group, old.language, old.source
            )
            self._style_runs(position, new)
        return position + self._lengths[index]

    def code_positions(self) -> list[int]:
        """Where the blocks of code begin in the document."""
        found = []
        position = FIRST
        for piece, length in zip(self.pieces, self._lengths, strict=True):
            if isinstance(piece, Line) and piece.kind == CODE_LINE and piece.level:
                found.append(position)
            position += length
        return found

    def restyle(self, index: int, position: int) -> int:
        """Write a piece's formats again, as they have changed; returns the position behind it."""
        piece = self.pieces[index]
        if isinstance(piece, Table):
            style_table(self._cursor, position, piece, self.formats)
        else:
            self._cursor.setPosition(position)
            self._cursor.setBlockFormat(self.formats.block(piece, self.formats.right_to_left(piece)))
            self._cursor.setBlockCharFormat(self._first_format(piece))
            self._style_runs(position, piece)
        return position + self._lengths[index]

    def _style_runs(self, position: int, line: Line) -> None:
        for run in line.runs:
            self._cursor.setPosition(position)
            position += utf16(run.text)
            self._cursor.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
            self._cursor.setCharFormat(self.formats.characters(line.kind, line.level, run))

    def _first_format(self, line: Line) -> QTextCharFormat:
        return self.formats.characters(line.kind, line.level, Run("", line.runs[0].style if line.runs else 0))

    def _insert(self, at: int, piece: Piece) -> int:
        cursor = self._cursor
        cursor.setPosition(at)
        follow = cursor.blockFormat(), cursor.blockCharFormat(), cursor.block().userState()
        if isinstance(piece, Table):
            behind = insert_table(cursor, piece, self.formats, self.notes)
            cursor.setPosition(behind)
            cursor.insertBlock(follow[0], follow[1])
            cursor.block().setUserState(follow[2])
            return behind + 1 - at
        cursor.insertBlock(follow[0], follow[1])
        cursor.block().setUserState(follow[2])
        cursor.setPosition(at)
        cursor.setBlockFormat(self.formats.block(piece, self.formats.right_to_left(piece)))
        cursor.setBlockCharFormat(self._first_format(piece))
        self._note(cursor.block(), piece, new=True)
        for run in piece.runs:
            cursor.insertText(run.text, self.formats.characters(piece.kind, piece.level, run))
        return cursor.position() + 1 - at

    def _note(self, block: QTextBlock, line: Line, *, new: bool = False) -> None:
        if new:
            number = len(self.notes) + 1  # never shrinks: a number is given once
            block.setUserState(number)
        else:
            number = block.userState()
        self.notes[number] = line
        self.has_code = self.has_code or line.kind == CODE_LINE

    def _change(self, index: int, at: int, old: Piece, new: Piece) -> None:
        if isinstance(old, Line) and isinstance(new, Line):
            length = self._change_line(at, old, new)
        elif isinstance(old, Table) and isinstance(new, Table) and _alike(old, new):
            length = update_table(self._cursor, at, old, new, self.formats, self.notes) - at
        else:
            self._cursor.setPosition(at)
            self._cursor.setPosition(at + self._lengths[index], QTextCursor.MoveMode.KeepAnchor)
            self._cursor.removeSelectedText()
            length = self._insert(at, new)
        self.pieces[index] = new
        self._lengths[index] = length

    def _change_line(self, at: int, old: Line, new: Line) -> int:
        cursor = self._cursor
        cursor.setPosition(at)
        block = cursor.block()
        self._note(block, new)
        restyled = (old.kind, old.level) != (new.kind, new.level)
        if _frame(old, self.formats) != _frame(new, self.formats):
            cursor.setBlockFormat(self.formats.block(new, self.formats.right_to_left(new)))
            cursor.setBlockCharFormat(self._first_format(new))
        change_runs(cursor, at, () if restyled else old.runs, new, self.formats, block.length() - 1)
        return block.length()

    def _remove(self, index: int, count: int, at: int) -> None:
        if not count:
            return
        self._cursor.setPosition(at)
        self._cursor.setPosition(at + sum(self._lengths[index : index + count]), QTextCursor.MoveMode.KeepAnchor)
        self._cursor.removeSelectedText()
        del self.pieces[index : index + count]
        del self._lengths[index : index + count]


def _frame(line: Line, formats: Formats) -> tuple[object, ...]:
    """What the format of a line's block depends on."""
    runs = line.runs[0].style if line.runs else 0
    return (*(getattr(line, name) for name in _FRAME), formats.right_to_left(line), runs)


_FRAME = ("kind", "path", "markers", "top", "level", "group", "language")


def _alike(old: Table, new: Table) -> bool:
    return (old.first, old.alignments, old.path, old.top) == (
        new.first, new.alignments, new.path, new.top
    ) and len(old.rows) <= len(new.rows)  # fmt: skip
