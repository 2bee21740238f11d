"""Parts of tables in a document: a few rows each, because a table is laid out as a whole with every change."""

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QTextBlockFormat,
    QTextCursor,
    QTextLength,
    QTextTable,
    QTextTableFormat,
)

from .markdown_model import BOLD, PARAGRAPH, Cell, CellNote, Line, Note, Run, Table, utf16
from .markdown_style import Formats

_ALIGNMENTS = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "right": Qt.AlignmentFlag.AlignRight,
    "center": Qt.AlignmentFlag.AlignHCenter,
}
Notes = dict[int, Note]


def change_runs(
    cursor: QTextCursor, at: int, old: tuple[Run, ...], line: Line, formats: Formats, length: int
) -> None:
    """Change the text of a block at `at`, `length` units long, from `old` runs to those of a line."""
    new = line.runs
    keep = 0
    index = 0
    while index < len(old) and index < len(new) and old[index] == new[index]:
        keep += utf16(old[index].text)
        index += 1
    rest = new[index:]
    if index < len(old) and rest and old[index][1:] == rest[0][1:]:
        # the same style: only the characters behind what both have in common
        common = _common(old[index].text, rest[0].text)
        keep += utf16(rest[0].text[:common])
        rest = (rest[0]._replace(text=rest[0].text[common:]), *rest[1:])
    if keep < length:
        cursor.setPosition(at + keep)
        cursor.setPosition(at + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
    else:
        cursor.setPosition(at + keep)
    for run in rest:
        if run.text:
            cursor.insertText(run.text, formats.characters(line.kind, line.level, run))


def _common(one: str, other: str) -> int:
    if other.startswith(one):
        return len(one)
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def insert_table(cursor: QTextCursor, piece: Table, formats: Formats, notes: Notes) -> int:
    """Insert a table at the beginning of a block; returns the position of the empty block behind it."""
    cursor.setBlockFormat(formats.gap(piece.top))
    cursor.setBlockCharFormat(formats.end[1])
    cursor.block().setUserState(0)
    made = cursor.insertTable(len(piece.rows), len(piece.widths), _format(piece, formats))
    for row in range(len(piece.rows)):
        _fill_row(cursor, made, row, piece, formats, notes)
    # without a block between them, the space above what follows would not count
    behind = made.lastPosition() + 1
    cursor.setPosition(behind)
    cursor.setBlockFormat(formats.gap(0))
    cursor.setBlockCharFormat(formats.end[1])
    cursor.block().setUserState(0)
    return behind


def update_table(cursor: QTextCursor, at: int, old: Table, new: Table, formats: Formats, notes: Notes) -> int:
    """Change a table that has the same columns and at most as many rows; returns the position behind it."""
    cursor.setPosition(at + 1)
    table = cursor.currentTable()
    assert table is not None  # the block before a table belongs to its piece
    if old.widths != new.widths:
        table.setFormat(_format(new, formats))
    for row, cells in enumerate(new.rows):
        if row >= len(old.rows):
            table.appendRows(1)
            _fill_row(cursor, table, row, new, formats, notes)
        elif old.rows[row] != cells:
            for column, cell in enumerate(cells):
                first = table.cellAt(row, column).firstCursorPosition()
                block = first.block()
                note = notes[block.userState()]
                if isinstance(note, CellNote):
                    notes[block.userState()] = note._replace(source=cell.source)
                if old.rows[row][column].runs != cell.runs:
                    line = _line(cell, new.first + row)
                    before = _line(old.rows[row][column], new.first + row).runs
                    change_runs(cursor, first.position(), before, line, formats, block.length() - 1)
    return table.lastPosition() + 2


def style_table(cursor: QTextCursor, at: int, piece: Table, formats: Formats) -> None:
    """Write all formats of a table again."""
    cursor.setPosition(at)
    cursor.setBlockFormat(formats.gap(piece.top))
    cursor.setBlockCharFormat(formats.end[1])
    cursor.setPosition(at + 1)
    table = cursor.currentTable()
    assert table is not None
    table.setFormat(_format(piece, formats))
    for row, cells in enumerate(piece.rows):
        for column, cell in enumerate(cells):
            _dress(cursor, table, row, column, piece, formats)
            position = cursor.position()
            line = _line(cell, piece.first + row)
            for run in line.runs:
                cursor.setPosition(position)
                position += utf16(run.text)
                cursor.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
                cursor.setCharFormat(formats.characters(PARAGRAPH, 0, run))


def _fill_row(cursor: QTextCursor, table: QTextTable, row: int, piece: Table, formats: Formats, notes: Notes) -> None:
    # a table is known by the number of its first cell
    first = table.cellAt(0, 0).firstCursorPosition().block().userState()
    for column, cell in enumerate(piece.rows[row]):
        _dress(cursor, table, row, column, piece, formats)
        number = len(notes) + 1
        cursor.block().setUserState(number)
        if not row and not column:
            first = number
        notes[number] = CellNote(first, piece.first + row, piece.path, cell.source)
        for run in _line(cell, piece.first + row).runs:
            cursor.insertText(run.text, formats.characters(PARAGRAPH, 0, run))


def _dress(cursor: QTextCursor, table: QTextTable, row: int, column: int, piece: Table, formats: Formats) -> None:
    """Set the format of a cell and its block, and leave the cursor at its beginning."""
    cursor.setPosition(table.cellAt(row, column).firstPosition())
    block = QTextBlockFormat()
    block.setLineHeight(formats.line_height, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
    alignment = _ALIGNMENTS.get(piece.alignments[column])
    if alignment is not None:
        block.setAlignment(alignment)
    cursor.setBlockFormat(block)
    cursor.setBlockCharFormat(formats.characters(PARAGRAPH, 0, Run("", BOLD if not piece.first + row else 0)))


def _line(cell: Cell, row: int) -> Line:
    """The text of a cell as a line; the header, row 0, is bold."""
    runs = cell.runs if row else tuple(run._replace(style=run.style | BOLD) for run in cell.runs)
    return Line(PARAGRAPH, runs, "", (), 0, 0, 0, "", cell.source)


def _format(piece: Table, formats: Formats) -> QTextTableFormat:
    made = QTextTableFormat()
    made.setBorder(0)
    made.setCellSpacing(0)
    made.setCellPadding(formats.cell_padding)
    made.setLeftMargin(formats.inset(piece.path))
    made.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
    kind = QTextLength.Type.PercentageLength
    made.setColumnWidthConstraints([QTextLength(kind, width) for width in piece.widths])
    return made
