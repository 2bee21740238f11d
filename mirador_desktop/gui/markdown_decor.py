"""What is painted around the text: backgrounds of code, tints of rows, bars of quotes, markers and rules.

Painted by hand for the visible blocks only; made with Qt's own frames and lists it costs several times more.
"""

from collections.abc import Iterator, Mapping
from math import ceil
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QTextBlock, QTextDocument

from .markdown_model import CODE_END, CODE_LINE, RULE, TICKED, UNTICKED, CellNote, Line, Note
from .markdown_style import GROUP, Formats


class Shown(NamedTuple):
    """A block in sight, where it is, and what it shows."""

    block: QTextBlock
    rect: QRectF
    note: Note | None


def shown_blocks(document: QTextDocument, first: QTextBlock, bottom: float, notes: Mapping[int, Note]) -> list[Shown]:
    """The blocks from `first` down to `bottom`."""
    bounding_rect = document.documentLayout().blockBoundingRect
    found = []
    block = first
    while block.isValid():
        rect = bounding_rect(block)
        if rect.top() > bottom:
            break
        found.append(Shown(block, rect, notes.get(block.userState())))
        block = block.next()
    return found


def paint_decor(painter: QPainter, shown: list[Shown], formats: Formats, width: float) -> None:
    """Paint what belongs behind and beside the text of these blocks."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_rows(painter, shown, formats, width)
    before: Line | None = None
    area: QRectF | None = None  # of the code that goes on
    code: Line | None = None
    for _, rect, note in shown:
        if not isinstance(note, Line):
            before = None
            continue
        if note.kind in (CODE_LINE, CODE_END):
            top = rect.top() - head(note, formats)
            if area is None or code is None or code.group != note.group:
                area = QRectF(formats.inset(note.path), top, 0, 0)
                area.setRight(width)
                code = note
                # begun out of sight: its upper corners are there too
                area.setTop(top if note.level else top - 20)
            if note.kind == CODE_END:
                area.setBottom(rect.top() + formats.style.px(8))
                _paint_code(painter, area, code, formats)
                area = None
            else:
                area.setBottom(rect.top() + rect.height() + 40)
        elif note.kind == RULE:
            y = round(rect.top() + formats.style.px(7)) + 0.5
            painter.setPen(QPen(QColor(formats.style.line), 1))
            painter.drawLine(QPointF(formats.inset(note.path), y), QPointF(width, y))
        if "q" in note.path:
            _paint_bars(painter, rect, note, before, formats)
        if note.markers:
            _paint_markers(painter, rect, note, formats, width)
        before = note
    if area is not None and code is not None:  # goes on out of sight
        _paint_code(painter, area, code, formats)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def code_rect(block: QTextBlock, notes: Mapping[int, Note], formats: Formats, width: float) -> QRectF | None:
    """Where the whole code block is that `block` is a line of, None if it is not code."""
    note = notes.get(block.userState())
    if not isinstance(note, Line) or note.kind not in (CODE_LINE, CODE_END):
        return None
    lines = list(code_lines(block))
    layout = block.document().documentLayout()
    top = layout.blockBoundingRect(lines[0]).top()
    opening = notes.get(lines[0].userState())
    if isinstance(opening, Line):
        top -= head(opening, formats)
    left = formats.inset(note.path)
    last = layout.blockBoundingRect(lines[-1])
    return QRectF(left, top, width - left, last.top() + formats.style.px(8) - top)


def code_lines(block: QTextBlock) -> Iterator[QTextBlock]:
    """All blocks of the code that `block` belongs to, the padding at its end included."""
    group = block.blockFormat().property(GROUP)
    before = block.previous()
    while before.isValid() and before.blockFormat().property(GROUP) == group:
        block, before = before, before.previous()
    while block.isValid() and block.blockFormat().property(GROUP) == group:
        yield block
        block = block.next()


def head(line: Line, formats: Formats) -> float:
    """Height of what stands above the first line of code."""
    if line.kind != CODE_LINE or not line.level:
        return 0
    return formats.style.px(28 if line.language else 8)


def _paint_code(painter: QPainter, area: QRectF, line: Line, formats: Formats) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(formats.style.raised))
    painter.drawRoundedRect(area, 7, 7)
    if line.level and line.language:
        font = QFont(formats.fixed_font)
        font.setPointSizeF(formats.style.point_size * 8 / 10.5)
        painter.setFont(font)
        painter.setPen(QColor(formats.style.muted))
        px = formats.style.px
        label = QRectF(area.left() + px(12), area.top() + px(5), area.width() - px(80), px(20))
        painter.drawText(label, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, line.language)


def _paint_bars(painter: QPainter, rect: QRectF, line: Line, before: Line | None, formats: Formats) -> None:
    above = before.path if before is not None else ""
    height = ceil(rect.height() / formats.line_height) * formats.line_height
    for column, container in enumerate(line.path[:8]):
        if container != "q":
            continue
        top = rect.top()
        if above[: column + 1] == line.path[: column + 1]:  # no gap within a quote
            top -= formats.style.px(line.top) + head(line, formats)
        area = QRectF(formats.inset(line.path[:column]), top, 3, rect.top() + height - top)
        painter.fillRect(area, QColor(formats.style.line))


def _paint_markers(painter: QPainter, rect: QRectF, line: Line, formats: Formats, width: float) -> None:
    style = formats.style
    right = formats.right_to_left(line)
    # on the base line of the text, which a fixed line height puts at four fifths
    base = round(rect.top() + formats.line_height * 0.8)
    for column, text in line.markers:
        x = formats.inset(line.path[:column])
        if right:
            x = width - formats.inset(line.path[: column + 1]) + style.px(8)
        if text in (TICKED, UNTICKED):
            _paint_box(painter, QPointF(x, base), text == TICKED, formats)
            continue
        painter.setFont(formats.font)
        painter.setPen(QColor(style.text if text[-1] == "." else style.muted))
        painter.drawText(QPointF(x, base), text)


def _paint_box(painter: QPainter, corner: QPointF, ticked: bool, formats: Formats) -> None:
    px = formats.style.px
    size = px(12)
    box = QRectF(round(corner.x() + px(1)) + 0.5, corner.y() - px(10.5) + 0.5, size, size)
    painter.setPen(QPen(QColor(formats.style.muted), 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 3, 3)
    if ticked:
        painter.setPen(QPen(QColor(formats.style.text), 1.6))
        points = ((0.22, 0.52), (0.43, 0.73), (0.8, 0.28))
        painter.drawPolyline([QPointF(box.left() + x * size, box.top() + y * size) for x, y in points])


def _paint_rows(painter: QPainter, shown: list[Shown], formats: Formats, width: float) -> None:
    """Tint every second row of tables."""
    rows: dict[tuple[int, int], tuple[float, float, str]] = {}
    for _, rect, note in shown:
        if isinstance(note, CellNote) and note.row % 2:
            key = note.table, note.row
            top, height, _ = rows.get(key, (rect.top(), 0.0, ""))
            rows[key] = top, max(height, rect.height()), note.path
    padding = formats.cell_padding
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(formats.style.raised))
    for top, height, path in rows.values():
        left = formats.inset(path)
        lines = ceil(height / formats.line_height)
        area = QRectF(left, top - padding, width - left, lines * formats.line_height + 2 * padding)
        painter.drawRoundedRect(area, 5, 5)
