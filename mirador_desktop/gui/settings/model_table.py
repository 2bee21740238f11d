"""The table of all models: sorted, filtered, with a menu for each row."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QMenu, QTableView, QWidget

from mirador_desktop.core.model_rows import Column, Row
from mirador_desktop.gui import icons
from mirador_desktop.gui.settings.model_columns import COLUMNS, widths
from mirador_desktop.gui.settings.model_delegate import ROW_HEIGHT, ROW_ROLE, ModelDelegate
from mirador_desktop.gui.settings.model_table_model import ModelTableModel
from mirador_desktop.gui.settings.page import REACH
from mirador_desktop.gui.theme import Theme


class _Header(QHeaderView):
    """The titles; the sorted one has an arrow."""

    def __init__(self, theme: Theme, model: ModelTableModel, parent: QTableView) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme, self._rows = theme, model
        self.setSectionsClickable(True)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(0)
        self.setFixedHeight(theme.px(28))
        self.setStyleSheet("QHeaderView { background: transparent; border: none; }")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """Draw a title, and the line below it."""
        theme, c, style = self._theme, self._theme.colours, COLUMNS[section]
        last = section == len(COLUMNS) - 1
        left = theme.px(REACH) if section == 0 else 0
        right = theme.px(REACH) if last else theme.px(style.gap)
        painter.save()
        painter.setFont(theme.font(8.25))
        painter.setPen(QColor(c.muted))
        box = rect.adjusted(left, 0, -right, 0)
        painter.drawText(box, style.alignment, style.title)
        if self._rows.column == style.key:
            side = theme.px(12)
            wide = QFontMetrics(painter.font()).horizontalAdvance(style.title)
            x = box.right() - wide - side - theme.px(2) if style.right else box.left() + wide + theme.px(5)
            arrow = QRect(x, rect.center().y() - side // 2 + 1, side, side)
            painter.save()
            painter.translate(arrow.toRectF().center())
            if self._rows.downwards:
                painter.rotate(180)
            icons.draw(painter, "chevron-down", QRectF(-side / 2, -side / 2, side, side), c.muted)
            painter.restore()
        painter.setPen(QPen(QColor(c.line), 1))
        painter.drawLine(rect.left() + left, rect.bottom(), rect.right() - (right if last else 0), rect.bottom())
        painter.restore()


class ModelTable(QTableView):
    """Shows the models.

    Signals:
        menu_wanted: the menu of a row, at a place on the screen.
        show_wanted, rename_wanted, delete_wanted: Enter, F2 or Delete were pressed on a row.
    """

    menu_wanted = Signal(object, QPoint)
    show_wanted = Signal(object)
    rename_wanted = Signal(object)
    delete_wanted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows = ModelTableModel(self)
        self.setObjectName("modelTable")
        self.setAccessibleName("Installed models")
        self.setModel(self.rows)
        self._delegate = ModelDelegate(theme, self, lambda: self.rows.rows)
        self.setItemDelegate(self._delegate)
        header = _Header(theme, self.rows, self)
        header.sectionClicked.connect(lambda section: self.sort(COLUMNS[section].key))
        self.setHorizontalHeader(header)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(theme.px(ROW_HEIGHT))
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        # The delegate paints the ground of a row, with rounded corners; the style would paint square ones below.
        self.setStyleSheet(
            "QTableView { selection-background-color: transparent; } QTableView::item { border: none; }"
        )
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.selectionModel().selectionChanged.connect(self._selected)
        self.rows.modelReset.connect(self._selected)
        self.doubleClicked.connect(lambda index: self.show_wanted.emit(index.data(ROW_ROLE)))

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Take the rows; the selected model stays selected."""
        self._keeping(lambda: self.rows.set_rows(rows))

    def filter(self, words: str, host: str) -> None:
        """Show only rows that match."""
        self._keeping(lambda: self.rows.set_filter(words, host))

    def sort(self, column: Column) -> None:
        """Sort by a column, or the other way round."""
        self._keeping(lambda: self.rows.set_order(column))
        self.horizontalHeader().viewport().update()

    def current(self) -> Row | None:
        """The selected row."""
        index = self.currentIndex()
        row: Row | None = index.data(ROW_ROLE) if index.isValid() else None
        return row

    def select(self, name: str) -> None:
        """Select a model."""
        place = next((i for i, row in enumerate(self.rows.rows) if row.name == name), None)
        if place is not None:
            self.selectRow(place)

    def tick(self) -> None:
        """Let the time left count down."""
        self.viewport().update()

    def restyle(self) -> None:
        """Colours have changed."""
        self._delegate.refresh()
        self.viewport().update()

    def sort_menu(self, parent: QMenu) -> QMenu:
        """A menu that sorts, for who has no mouse."""
        menu = QMenu("Sort by", parent)
        for style in COLUMNS:
            action = menu.addAction(style.title)
            action.triggered.connect(lambda _=False, key=style.key: self.sort(key))
            action.setCheckable(True)
            action.setChecked(self.rows.column == style.key)
        return menu

    def _keeping(self, change: Callable[[], object]) -> None:
        before = self.current()
        change()
        if before is not None and self.current() is None:
            self.select(before.name)

    # ── events ─────────────────────────────────────────────────────────────────────────────────────────

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the columns what there is."""
        super().resizeEvent(event)
        reach = self._theme.px(REACH)
        wide = widths(self.width() - 2 * reach, self._theme.scale)
        wide[0] += reach
        wide[-1] += self.viewport().width() - sum(wide)  # a scroll bar stands where the row reaches beyond the text
        for place, width in enumerate(wide):
            self.setColumnHidden(place, not width)
            self.setColumnWidth(place, width)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show the menu's dots on the row below the mouse."""
        self._hover(self.rowAt(int(event.position().y())))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """No row is below the mouse any more."""
        self._hover(-1)
        super().leaveEvent(event)

    def _selected(self) -> None:
        selected = self.selectionModel().selectedRows()
        self._delegate.current = selected[0].row() if selected else -1
        self.viewport().update()

    def _hover(self, row: int) -> None:
        if row != self._delegate.hovered:
            self._delegate.hovered = row
            self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on the dots opens the menu."""
        super().mousePressEvent(event)
        row = self.rowAt(int(event.position().y()))
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            dots = self._delegate.dots_box(row)
            if dots.contains(event.position()):
                self._open_menu(row, dots.bottomLeft().toPoint())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of the row at that place, or of the selected one for the keyboard."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            row = self.currentIndex().row()
            where = self.visualRect(self.currentIndex()).center()
        else:
            row, where = self.rowAt(event.pos().y()), event.pos()
        if row >= 0:
            self.selectRow(row)
            self._open_menu(row, where)

    def _open_menu(self, row: int, where: QPoint) -> None:
        self.menu_wanted.emit(self.rows.rows[row], self.viewport().mapToGlobal(where))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter shows, F2 renames, Delete deletes; Esc is for the window."""
        row = self.current()
        signal = {
            Qt.Key.Key_Return: self.show_wanted,
            Qt.Key.Key_Enter: self.show_wanted,
            Qt.Key.Key_F2: self.rename_wanted,
            Qt.Key.Key_Delete: self.delete_wanted,
        }.get(Qt.Key(event.key()))
        if row is not None and signal is not None:
            signal.emit(row)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The focus is on a row: on the first one where none is selected."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.rows.rows:
            self.selectRow(0)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The ring goes."""
        super().focusOutEvent(event)
        self.viewport().update()
