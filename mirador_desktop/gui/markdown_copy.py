"""Copying from an answer: a selection as clean text, and the button that copies a block of code."""

from typing import Any

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QTextBlock,
    QTextCursor,
    QTextTable,
)
from PySide6.QtWidgets import QToolButton, QWidget

from .markdown_decor import code_lines
from .markdown_model import CODE_END, CODE_LINE
from .markdown_style import KIND, MARKERS, Formats

_PLAIN = {0x2028: "\n", 0x2029: "\n", 0xFDD0: "\n", 0xFDD1: "\n", 0xFFFC: None}


def plain_text(selection: QTextCursor) -> str:
    """The selected text as one would type it: cells apart by tabs, list items with their markers."""
    if not selection.hasSelection():
        return ""
    start, end = selection.selectionStart(), selection.selectionEnd()
    columns = _columns(selection)
    document = selection.document()
    block = document.findBlock(start)
    several = not (block.contains(start) and block.contains(end))
    parts: list[str] = []
    before: tuple[int, int] | None = None
    kind = None
    while block.isValid() and block.position() < end:
        cell = _cell(block)
        shown = _shown(block, start, end, several)
        if shown is None or (cell is not None and columns is not None and cell[1] not in columns):
            block = block.next()
            continue
        if parts:
            if cell is not None and before is not None:
                parts.append("\t" if cell[0] == before[0] else "\n")
            else:
                look = block.blockFormat()
                close = look.property(MARKERS) or kind == look.property(KIND) == CODE_LINE
                parts.append("\n" if close else "\n\n")
        parts.append(shown)
        before, kind = cell, block.blockFormat().property(KIND)
        block = block.next()
    return "".join(parts)


def _columns(selection: QTextCursor) -> range | None:
    if not selection.hasComplexSelection():
        return None
    numbers: Any = selection.selectedTableCells()  # the stubs know no result
    _, _, first, count = numbers
    return range(first, first + count)


def _cell(block: QTextBlock) -> tuple[int, int] | None:
    """Row and column; the rows of all parts of a table follow each other, so the row alone would repeat."""
    table: QTextTable | None = QTextCursor(block).currentTable()
    if table is None:
        return None
    cell = table.cellAt(block.position())
    return table.cellAt(cell.row(), 0).firstPosition(), cell.column()


def _shown(block: QTextBlock, start: int, end: int, several: bool) -> str | None:
    """The selected text of a block, None if it is there for spacing only."""
    if block.userState() < 1 or block.blockFormat().property(KIND) == CODE_END:
        return None
    begin = block.position()
    cursor = QTextCursor(block)
    cursor.setPosition(max(start, begin))
    cursor.setPosition(min(end, begin + block.length() - 1), QTextCursor.MoveMode.KeepAnchor)
    text = cursor.selectedText().translate(_PLAIN)
    markers = block.blockFormat().property(MARKERS)
    if markers and several and start <= begin:
        column, marker = str(markers).split("\n")[-1].split("\t")
        text = f"{'  ' * int(column)}{marker} {text}"
    return text


class CopyCode(QToolButton):
    """The button at the top right of a block of code, seen when the mouse or the focus is there.

    There is one for all blocks of an answer; the arrow keys take it from one to the next.

    Signals:
        moved: The person asks for the next (1) or previous (-1) block.
    """

    moved = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("copyCode")
        self.setAccessibleName("Copy code")
        self.setToolTip("Copy code")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self._copy)
        self.block: QTextBlock | None = None
        self.hovered = False
        self._formats: Formats | None = None
        self._word = "Copy"
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(1500)
        self._timer.timeout.connect(self._forget)
        self.hide()

    def place(self, block: QTextBlock, area: QRectF, formats: Formats) -> None:
        """Stand at the top right of a block of code."""
        if block != self.block:
            self._forget()
        self.block = block
        self._formats = formats
        px = formats.style.px
        size = int(px(58)), int(px(20))
        self.setGeometry(int(area.right() - size[0] - px(5)), int(area.top() + px(4)), *size)
        self.show()
        self.update()

    def _copy(self) -> None:
        if self.block is None or not self.block.isValid():
            return
        lines = [line for line in code_lines(self.block) if line.blockFormat().property(KIND) == CODE_LINE]
        QGuiApplication.clipboard().setText("\n".join(line.text() for line in lines))
        self._word = "Copied"
        self._timer.start()
        self.update()

    def _forget(self) -> None:
        self._word = "Copy"
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the next or previous block with the arrow keys; Enter copies."""
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Right):
            self.moved.emit(1)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Left):
            self.moved.emit(-1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the word, with a ring while it has the focus; nothing while it is not wanted."""
        if self._formats is None or not (self.hovered or self.hasFocus() or self.underMouse()):
            return
        style = self._formats.style
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(style.line if self.underMouse() else style.raised))
        painter.drawRoundedRect(area, 5, 5)
        if self.hasFocus():
            pen = painter.pen()
            pen.setStyle(Qt.PenStyle.SolidLine)
            pen.setColor(QColor("#6CA8FF" if style.dark else "#2563EB"))
            pen.setWidth(2)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, 5, 5)
        font = QFont(self._formats.font)
        font.setPointSizeF(style.point_size * 8.5 / 10.5)
        painter.setFont(font)
        painter.setPen(QColor(style.text if self.underMouse() else style.muted))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._word)
