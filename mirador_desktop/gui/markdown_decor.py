"""What is painted around the text: backgrounds of code, tints of rows, bars of quotes, markers and rules.

Painted by hand for the visible blocks only; made with Qt's own frames and lists it costs several times more.
"""

from collections.abc import Iterator
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QTextBlock, QTextCursor, QTextDocument, QTextTable

from .markdown_model import CODE_END, CODE_LINE, RULE, TICKED, UNTICKED
from .markdown_style import FIRST_ROW, GROUP, KIND, LANGUAGE, MARKERS, OPENS, PATH, Formats


class Shown(NamedTuple):
    """A block in sight and where it is."""

    block: QTextBlock
    rect: QRectF


def block_rect(block: QTextBlock) -> QRectF:
    """Where a block is; of lines with a fixed height, Qt's own rectangle leaves out the end of the last."""
    rect = block.document().documentLayout().blockBoundingRect(block)
    rect.setHeight(max(1, block.layout().lineCount()) * block.blockFormat().lineHeight())
    return rect


def shown_blocks(document: QTextDocument, first: QTextBlock, bottom: float) -> list[Shown]:
    """The blocks from `first` down to `bottom`."""
    found = []
    block = first
    while block.isValid():
        rect = block_rect(block)
        if rect.top() > bottom:
            break
        found.append(Shown(block, rect))
        block = block.next()
    return found


def paint_decor(painter: QPainter, shown: list[Shown], formats: Formats, width: float) -> None:
    """Paint what belongs behind and beside the text of these blocks."""
    rows: set[tuple[int, int]] = set()
    for block, rect in shown:
        look = block.blockFormat()
        kind = look.property(KIND)
        if kind is None:
            table = QTextCursor(block).currentTable()
            if table is not None:
                _paint_row(painter, table, block, rows, formats, width)
            continue
        path = look.property(PATH) or ""
        if kind in (CODE_LINE, CODE_END):
            _paint_code(painter, block, rect, path, formats, width)
        elif kind == RULE:
            y = round(rect.bottom() - formats.style.px(6)) + 0.5
            painter.setPen(QPen(QColor(formats.style.line), 1))
            painter.drawLine(QPointF(formats.inset(path), y), QPointF(width, y))
        if "q" in path:
            _paint_bars(painter, block, rect, path, formats, width)
        markers = look.property(MARKERS)
        if markers:
            _paint_markers(painter, block, rect, path, markers, formats, width)


def code_rect(block: QTextBlock, formats: Formats, width: float) -> QRectF | None:
    """Where the whole code block is that `block` is a line of, None if it is not code."""
    group = block.blockFormat().property(GROUP)
    if group is None:
        return None
    lines = list(code_lines(block))
    first, last = block_rect(lines[0]), block_rect(lines[-1])
    left = formats.inset(lines[0].blockFormat().property(PATH) or "")
    top = first.top() - _head(lines[0], formats)
    return QRectF(left, top, width - left, last.bottom() - top)


def code_lines(block: QTextBlock) -> Iterator[QTextBlock]:
    """All blocks of the code that `block` belongs to, the padding at its end included."""
    group = block.blockFormat().property(GROUP)
    before = block.previous()
    while before.isValid() and before.blockFormat().property(GROUP) == group:
        block, before = before, before.previous()
    while block.isValid() and block.blockFormat().property(GROUP) == group:
        yield block
        block = block.next()


def _head(block: QTextBlock, formats: Formats) -> float:
    """Height of what stands above the first line of code."""
    look = block.blockFormat()
    if not look.property(OPENS):
        return 0
    return formats.style.px(28 if look.property(LANGUAGE) else 8)


def _paint_code(
    painter: QPainter, block: QTextBlock, rect: QRectF, path: str, formats: Formats, width: float
) -> None:
    look = block.blockFormat()
    left = formats.inset(path)
    head = _head(block, formats)
    opens, ends = bool(look.property(OPENS)), look.property(KIND) == CODE_END
    area = QRectF(left, rect.top() - head, width - left, rect.height() + head)
    painter.save()
    painter.setClipRect(area)
    # corners that are not this line's are rounded out of sight
    radius = 7.0
    whole = area.adjusted(0, 0 if opens else -2 * radius, 0, 0 if ends else 2 * radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(formats.style.raised))
    painter.drawRoundedRect(whole, radius, radius)
    language = look.property(LANGUAGE)
    if opens and language:
        font = QFont(formats.fixed_font)
        font.setPointSizeF(formats.style.point_size * 8 / 10.5)
        painter.setFont(font)
        painter.setPen(QColor(formats.style.muted))
        px = formats.style.px
        label = QRectF(left + px(12), area.top() + px(5), area.width() - px(80), px(20))
        painter.drawText(label, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, str(language))
    painter.restore()


def _paint_bars(
    painter: QPainter, block: QTextBlock, rect: QRectF, path: str, formats: Formats, width: float
) -> None:
    before = block.previous()
    above = (before.blockFormat().property(PATH) or "") if before.isValid() else ""
    right = block.blockFormat().layoutDirection() == Qt.LayoutDirection.RightToLeft
    for column, container in enumerate(path[:8]):
        if container != "q":
            continue
        top = rect.top()
        if above[: column + 1] == path[: column + 1]:
            top -= block.blockFormat().topMargin() + _head(block, formats)  # no gap within a quote
        x = formats.inset(path[:column])
        area = QRectF(width - x - 3 if right else x, top, 3, rect.bottom() - top)
        painter.fillRect(area, QColor(formats.style.line))


def _paint_markers(
    painter: QPainter,
    block: QTextBlock,
    rect: QRectF,
    path: str,
    markers: str,
    formats: Formats,
    width: float,
) -> None:
    right = block.blockFormat().layoutDirection() == Qt.LayoutDirection.RightToLeft
    for marker in markers.split("\n"):
        column, text = marker.split("\t")
        x = formats.inset(path[: int(column)])
        room = formats.inset(path[: int(column) + 1]) - x
        if right:
            x = width - x - room
        line = QRectF(x, rect.top(), room, formats.line_height)
        if text in (TICKED, UNTICKED):
            _paint_box(painter, line, text == TICKED, formats)
            continue
        painter.setFont(formats.font)
        painter.setPen(QColor(formats.style.text if text[-1] == "." else formats.style.muted))
        # on the base line of the text, which a fixed line height puts at four fifths
        painter.drawText(
            QPointF(x + (formats.style.px(8) if right else 0), round(line.top() + line.height() * 0.8)), text
        )


def _paint_box(painter: QPainter, line: QRectF, ticked: bool, formats: Formats) -> None:
    px = formats.style.px
    size = px(12)
    box = QRectF(
        round(line.left() + px(1)) + 0.5, round(line.top() + line.height() * 0.8 - px(10.5)) + 0.5, size, size
    )
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(formats.style.muted), 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 3, 3)
    if ticked:
        painter.setPen(QPen(QColor(formats.style.text), 1.6))
        points = ((0.22, 0.52), (0.43, 0.73), (0.8, 0.28))
        painter.drawPolyline([QPointF(box.left() + x * size, box.top() + y * size) for x, y in points])
    painter.restore()


def _paint_row(
    painter: QPainter,
    table: QTextTable,
    block: QTextBlock,
    done: set[tuple[int, int]],
    formats: Formats,
    width: float,
) -> None:
    row = table.cellAt(block.position()).row()
    key = table.firstPosition(), row
    look = table.format()
    if key in done or not (int(look.property(FIRST_ROW) or 0) + row) % 2:
        return
    done.add(key)
    cells = QRectF()
    for column in range(table.columns()):
        cell = table.cellAt(row, column).firstCursorPosition().block()
        cells = cells.united(block_rect(cell))
    left = look.leftMargin()
    padding = look.cellPadding()
    area = QRectF(left, cells.top() - padding, width - left, cells.height() + 2 * padding)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(formats.style.raised))
    painter.drawRoundedRect(area, 5, 5)
    painter.restore()
