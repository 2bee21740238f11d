"""The list of pipelines at the left of their page: presets, the person's own, and files that cannot be read."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mirador_desktop.core.amounts import count_words
from mirador_desktop.exchange.pipeline_folder import Entry
from mirador_desktop.gui.painting import focus_ring
from mirador_desktop.gui.settings.page import REACH
from mirador_desktop.gui.theme import Theme

ENTRY = Qt.ItemDataRole.UserRole
_MORE = Qt.ItemDataRole.UserRole + 1
WIDTH, ROW, HEADING = 184, 44, 32


class PipelineList(QListWidget):
    """Names with a second line, 44 high.

    Signals:
        chosen: the entry the person went to.
    """

    chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[tuple[str, str]] = []
        self.setObjectName("pipelineList")
        self.setAccessibleName("Pipelines")
        self.setItemDelegate(_Painter(theme, self))
        self.setFixedWidth(theme.px(WIDTH if theme.scale <= 1.25 else WIDTH * 0.75))
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setStyleSheet("#pipelineList { background: transparent; outline: none; border: none; }")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.viewport().setAutoFillBackground(False)
        self.currentItemChanged.connect(self._moved)

    def show_entries(self, entries: Sequence[Entry], default: str, chosen: str) -> None:
        """Show these, with the one of the name `chosen` as chosen; the signal is not sent."""
        rows = [(entry.name, words_of(entry, default)) for entry in entries]
        if rows == self._rows:  # the same words: only what stands behind them is new
            items = [item for row in range(self.count()) if (item := self.item(row)).data(ENTRY) is not None]
            for item, entry in zip(items, entries, strict=True):
                item.setData(ENTRY, entry)
            self.blockSignals(True)
            self.choose(chosen)
            self.blockSignals(False)
            self.viewport().update()
            return
        self._rows = rows
        self.blockSignals(True)
        self.clear()
        heading = False
        for entry in entries:
            if entry.preset is None and not heading:
                heading = True
                item = QListWidgetItem("YOURS")
                item.setFlags(Qt.ItemFlag.NoItemFlags)
                self.addItem(item)
            more = words_of(entry, default)
            item = QListWidgetItem(entry.name)
            item.setData(ENTRY, entry)
            item.setData(_MORE, more)
            item.setToolTip(entry.name)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.name}, {more}")
            self.addItem(item)
            if entry.name == chosen:
                self.setCurrentItem(item)
        self.blockSignals(False)
        self.viewport().update()

    def names(self) -> list[str]:
        """What is listed, without the heading."""
        items = [self.item(row) for row in range(self.count())]
        return [item.text() for item in items if item.data(ENTRY) is not None]

    def choose(self, name: str) -> None:
        """Go to an entry, as a click does."""
        for row in range(self.count()):
            if self.item(row).data(ENTRY) is not None and self.item(row).text() == name:
                self.setCurrentRow(row)

    def _moved(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(ENTRY) is not None:
            self.chosen.emit(item.data(ENTRY))


def words_of(entry: Entry, default: str) -> str:
    """The second line of an entry: "3 stages · default"."""
    pipeline = entry.pipeline
    if pipeline is None:
        return "cannot be read"
    words = count_words(len(pipeline.stages), "stage")
    if len(pipeline.stages) == 1 and (pipeline.stages[0].choose == "several" or len(pipeline.stages[0].models) > 1):
        words += ", side by side"
    if pipeline.name == default:
        words += " · default"
    return f"{words} · changed" if entry.changed else words


class _Painter(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QListWidget) -> None:
        super().__init__(parent)
        self._theme, self._list = theme, parent

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        high = ROW if index.data(ENTRY) is not None else HEADING
        return QSize(self._theme.px(WIDTH), self._theme.px(high + (2 if high == ROW else 0)))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, c = self._theme, self._theme.colours
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect)
        text = box.adjusted(theme.px(REACH), theme.px(4), -theme.px(4), 0)
        if index.data(ENTRY) is None:
            font = theme.font(7.25, QFont.Weight.DemiBold)
            font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.6)
            painter.setFont(font)
            painter.setPen(QColor(c.muted))
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, index.data())
            painter.restore()
            return
        row = box.adjusted(0, 0, 0, -theme.px(2))
        chosen = index.row() == self._list.currentRow()
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(c.selected))
            painter.drawRoundedRect(row, theme.px(8), theme.px(8))
            if self._list.hasFocus() and self._list.window().property("keyboard"):
                focus_ring(painter, theme, row.adjusted(1, 1, -1, -1), theme.px(8))
        half = theme.px(20)
        painter.setFont(theme.font(9.75, QFont.Weight.Medium))
        painter.setPen(QColor(c.text))
        line = text.adjusted(0, 0, 0, half - text.height())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, _cut(painter, index.data(), line.width()))
        painter.setFont(theme.font(8.5))
        painter.setPen(QColor(c.warning if index.data(ENTRY).pipeline is None else c.muted))
        line.translate(0, theme.px(17))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, _cut(painter, index.data(_MORE), line.width()))
        painter.restore()


def _cut(painter: QPainter, text: str, width: float) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(width))
