"""Paints the cells of the table of models: no widget stands in it, so that hundreds of models are no burden."""

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTableView

from mirador_desktop.core.amounts import size_words, time_words
from mirador_desktop.core.model_rows import Column, Row, Use, context_words, parameter_words
from mirador_desktop.gui.painting import focus_ring, stage_shape
from mirador_desktop.gui.settings.model_columns import COLUMNS, ColumnStyle
from mirador_desktop.gui.settings.page import REACH
from mirador_desktop.gui.theme import Theme

ROW_HEIGHT = 44
DOTS = 26
"""Width of the place where the menu of a row is opened, px at 100 %."""
ROW_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class ModelDelegate(QStyledItemDelegate):
    """Paints a cell by the column it stands in.

    Args:
        rows: gives the rows that are shown.

    Attributes:
        hovered: the row below the mouse, -1 for none.
        current: the selected row, -1 for none.
    """

    def __init__(self, theme: Theme, view: QTableView, rows: Callable[[], Sequence[Row]]) -> None:
        super().__init__(view)
        self._theme, self._view, self._rows = theme, view, rows
        self.hovered = self.current = -1
        self._painters: dict[Column, Callable[[QPainter, QRectF, Row, int], None]] = {
            "name": self._paint_name,
            "can": self._paint_can,
            "memory": self._paint_memory,
            "uses": self._paint_uses,
        }
        self.refresh()

    def refresh(self) -> None:
        """Take the theme's fonts anew."""
        theme = self._theme
        self._strong = theme.font(9.75, QFont.Weight.DemiBold)
        self._plain = theme.font(9.75, QFont.Weight.Medium)
        self._small = theme.font(8.5)
        self._fixed = theme.fixed_font(8)
        self._label = theme.fixed_font(7.75)
        fonts = (self._strong, self._plain, self._small, self._fixed, self._label)
        self._metrics = {id(font): QFontMetrics(font) for font in fonts}

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """All rows are of one height."""
        return QSize(self._theme.px(80), self._theme.px(ROW_HEIGHT))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint the ground of the row, then what the column shows."""
        rows, place = self._rows(), index.row()
        if place >= len(rows):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect)
        if place in (self.current, self.hovered):
            self._ground(painter, box, place)
        style = COLUMNS[index.column()]
        left = self._theme.px(REACH) if index.column() == 0 else 0
        right = 0 if style.key == "uses" else self._theme.px(style.gap)
        box = box.adjusted(left, 0, -right, 0)
        paint = self._painters.get(style.key)
        if paint is not None:
            paint(painter, box, rows[place], place)
        else:
            self._paint_words(painter, box, rows[place], style)

    def dots_box(self, row: int) -> QRectF:
        """Where the menu of a row is opened."""
        model = self._view.model()
        cell = QRectF(self._view.visualRect(model.index(row, len(COLUMNS) - 1)))
        side = self._theme.px(DOTS)
        return QRectF(cell.right() - side - self._theme.px(4), cell.center().y() - side / 2, side, side)

    # ── the row ────────────────────────────────────────────────────────────────────────────────────────

    def _ground(self, painter: QPainter, box: QRectF, place: int) -> None:
        """The part of the row's ground that lies in a cell."""
        c, theme, model = self._theme.colours, self._theme, self._view.model()
        first = self._view.visualRect(model.index(place, 0))
        last = self._view.visualRect(model.index(place, len(COLUMNS) - 1))
        whole = QRectF(first).united(QRectF(last))
        path = QPainterPath()
        path.addRoundedRect(whole, theme.px(8), theme.px(8))
        colour = QColor(c.selected)
        if place != self.current:
            colour.setAlphaF(0.5)
        painter.save()
        painter.setClipRect(box)
        painter.fillPath(path, colour)
        if place == self.current and self._view.hasFocus():
            focus_ring(painter, theme, whole.adjusted(1, 1, -1, -1), theme.px(8))
        painter.restore()

    def _shown(self, words: str, font: QFont, room: float) -> str:
        """The words, shortened where there is no room."""
        metrics = self._metrics[id(font)]
        if len(words) * metrics.averageCharWidth() * 2 < room:
            return words
        return metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(room))

    def _two_lines(self, painter: QPainter, box: QRectF, above: str, below: str, fonts: tuple[QFont, QFont]) -> None:
        c = self._theme.colours
        middle, half = box.center().y(), self._theme.px(18)
        lines = ((above, fonts[0], c.text, middle - half), (below, fonts[1], c.muted, middle + self._theme.px(1)))
        for words, font, colour, top in lines:
            painter.setFont(font)
            painter.setPen(QColor(colour))
            line = QRectF(box.left(), top, box.width(), half)
            painter.drawText(line, _LEFT, self._shown(words, font, box.width()))

    # ── the columns ────────────────────────────────────────────────────────────────────────────────────

    def _paint_name(self, painter: QPainter, box: QRectF, row: Row, place: int) -> None:
        name = row.name.removesuffix(":latest")
        self._two_lines(painter, box, name, ", ".join(row.hosts), (self._strong, self._small))

    def _paint_words(self, painter: QPainter, box: QRectF, row: Row, style: ColumnStyle) -> None:
        c = self._theme.colours
        painter.setFont(self._fixed)
        painter.setPen(QColor(c.text if style.key == "size" else c.muted))
        painter.drawText(box, style.alignment, self._shown(cell_words(row, style.key), self._fixed, box.width()))

    def _paint_can(self, painter: QPainter, box: QRectF, row: Row, place: int) -> None:
        theme, c = self._theme, self._theme.colours
        painter.setFont(self._label)
        metrics, x, high = self._metrics[id(self._label)], box.left(), theme.px(18)
        labels = list(row.labels)
        for number, words in enumerate(labels):
            rest = len(labels) - number
            wide = metrics.horizontalAdvance(words) + theme.px(10)
            more = metrics.horizontalAdvance(f"+{rest}") + theme.px(10)
            if x + wide + (more if rest > 1 else 0) > box.right() + theme.px(14) and number:
                words, wide = f"+{rest}", more
            frame = QRectF(x + 0.5, box.center().y() - high / 2 + 0.5, wide - 1, high - 1)
            painter.setPen(QPen(QColor(c.faint if place == self.current else c.line), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame, theme.px(4), theme.px(4))
            painter.setPen(QColor(c.muted))
            painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, words)
            x += wide + theme.px(4)
            if words.startswith("+"):
                break

    def _paint_memory(self, painter: QPainter, box: QRectF, row: Row, place: int) -> None:
        above, below = row.memory_words(time.time())
        if below:
            self._two_lines(painter, box, above, below, (self._fixed, self._fixed))
            return
        painter.setFont(self._fixed)
        painter.setPen(QColor(self._theme.colours.muted))
        painter.drawText(box, _LEFT, self._shown(above, self._fixed, box.width()))

    def _paint_uses(self, painter: QPainter, box: QRectF, row: Row, place: int) -> None:
        theme, c = self._theme, self._theme.colours
        if place in (self.hovered, self.current):
            dots = self.dots_box(place)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(c.muted))
            for step in (-1, 0, 1):
                centre = dots.center()
                painter.drawEllipse(QRectF(centre.x() + step * theme.px(4.5) - 1.25, centre.y() - 1.25, 2.5, 2.5))
            box = box.adjusted(0, 0, -theme.px(DOTS - 6), 0)
        if not row.uses:
            return
        side = theme.px(9)
        use = row.uses[0]
        shape = QRectF(box.left(), box.center().y() - side / 2, side, side)
        stage_shape(painter, theme, use.place, shape)
        box = box.adjusted(side + theme.px(7), 0, 0, 0)
        painter.setFont(self._plain)
        painter.setPen(QColor(c.text))
        shown = QFontMetrics(self._plain).elidedText(
            use_words(row.uses), Qt.TextElideMode.ElideRight, int(box.width())
        )
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def use_words(uses: tuple[Use, ...]) -> str:
    """The first stage that uses a model, and how many others do: "Deep +1"."""
    if not uses:
        return ""
    first = uses[0].stage
    return f"{first[:1].upper()}{first[1:]}" + (f" +{len(uses) - 1}" if len(uses) > 1 else "")


def cell_words(row: Row, key: Column) -> str:
    """What a cell says, to the eye or to a screen reader."""
    info = row.info
    match key:
        case "name":
            return f"{row.name}, {', '.join(row.hosts)}"
        case "size":
            return size_words(info.size) if info.size else ""
        case "parameters":
            return parameter_words(info.parameters)
        case "quantisation":
            return "" if info.quantisation == "unknown" else info.quantisation
        case "context":
            return context_words(info.context)
        case "can":
            return ", ".join(row.labels)
        case "memory":
            return ", ".join(words for words in row.memory_words(time.time()) if words)
        case "modified":
            return f"{time_words(time.time() - info.modified)} ago" if info.modified else ""
        case "uses":
            return use_words(row.uses)
