"""The left side of the settings: the search field, the pages with their badges, and what a search found."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QVBoxLayout, QWidget

from mirador_desktop.gui import icons
from mirador_desktop.gui.painting import focus_ring
from mirador_desktop.gui.settings.page import Entry
from mirador_desktop.gui.settings.widgets import button, label
from mirador_desktop.gui.theme import Theme

_BY_KEY = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)
WIDTH = 212
"""Of the navigation, px at 100 %."""


class Row(QAbstractButton):
    """A page, or something that was found on one."""

    def __init__(self, theme: Theme, words: str, more: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._more, self._badge = theme, more, ""
        self._ring = False
        self.setText(words)
        self.setCheckable(True)
        self.setAutoExclusive(not more)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedHeight(theme.px(46 if more else 34))
        self.set_badge("")

    def sizeHint(self) -> QSize:
        """As wide as there is room for."""
        return QSize(self._theme.px(80), self._theme.px(46 if self._more else 34))

    def set_badge(self, badge: str) -> None:
        """Show words, or a struck ring for `struck`, at the right."""
        self._badge = badge
        said = {"": "", "struck": ", something does not answer"}.get(badge, f", {badge}")
        self.setAccessibleName(f"{self.text()}{said}{f', on the page {self._more}' if self._more else ''}")
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A ring is shown where the keyboard has brought the focus, not where the window has just been opened."""
        self._ring = event.reason() in _BY_KEY
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw words, badge, and what shows that it is chosen or has the focus."""
        theme, c = self._theme, self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        if self.isChecked() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(c.selected))
            painter.setOpacity(1.0 if self.isChecked() else 0.5)
            painter.drawRoundedRect(box, theme.px(8), theme.px(8))
            painter.setOpacity(1.0)
        if self.hasFocus() and self._ring:
            focus_ring(painter, theme, box.adjusted(1, 1, -1, -1), theme.px(8))
        inside = box.adjusted(theme.px(10), 0, -theme.px(10), 0)
        if self._badge == "struck":
            side = theme.px(14)
            mark = QRectF(inside.right() - side, (self.height() - side) / 2, side, side)
            icons.draw(painter, "struck", mark, c.error)
            inside.setRight(mark.left() - 4)
        elif self._badge:
            painter.setFont(theme.fixed_font(8))
            painter.setPen(QColor(c.muted))
            right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(inside, right, self._badge)
            inside.setRight(inside.right() - painter.fontMetrics().horizontalAdvance(self._badge) - 8)
        font = theme.font(9.75)
        font.setWeight(font.Weight.Medium)
        painter.setFont(font)
        painter.setPen(QColor(c.text))
        words = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, int(inside.width()))
        if not self._more:
            painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter, words)
        else:
            upper, lower = QRectF(inside), QRectF(inside)
            upper.setBottom(self.height() / 2 + 2)
            lower.setTop(self.height() / 2 + 2)
            painter.drawText(upper, Qt.AlignmentFlag.AlignBottom, words)
            painter.setFont(theme.font(8.5))
            painter.setPen(QColor(c.muted))
            painter.drawText(lower, Qt.AlignmentFlag.AlignTop, self._more)
        painter.end()


class Search(QLineEdit):
    """The search field. Down goes into what was found, Esc empties it.

    Signals:
        down: the person goes on to what was found.
    """

    down = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("settingsSearch")
        self.setAccessibleName("Search settings")
        self.setPlaceholderText("Search settings")
        self.setMinimumHeight(theme.px(34))
        self.setTextMargins(theme.px(22), 0, 0, 0)
        self.textChanged.connect(lambda text: self.setClearButtonEnabled(bool(text)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the glass too."""
        super().paintEvent(event)
        side = self._theme.px(14)
        painter = QPainter(self)
        box = QRectF(self._theme.px(11), (self.height() - side) / 2, side, side)
        icons.draw(painter, "search", box, self._theme.colours.muted)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Esc empties the field before it closes the window."""
        clears = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and bool(self.text())
        if event.type() == QEvent.Type.ShortcutOverride and clears:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down:
            self.down.emit()
        else:
            super().keyPressEvent(event)


class Navigation(QWidget):
    """Search, pages, and a foot.

    Signals:
        chosen: the place of a page the person wants.
        found: the place of a page, and of one of its entries.
        searched: the words in the search field have changed.
        open_file: the person wants to see settings.toml.
    """

    chosen = Signal(int)
    found = Signal(int, int)
    searched = Signal(str)
    open_file = Signal()

    def __init__(self, theme: Theme, titles: Sequence[str]) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("settingsNavigation")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(theme.px(WIDTH))
        self.search = Search(theme)
        self.search.textChanged.connect(self.searched)
        self.search.returnPressed.connect(self._take_first)
        self.search.down.connect(self._go_down)
        self.rows = [Row(theme, title, "", self) for title in titles]
        self._results = QVBoxLayout()
        self._results.setSpacing(2)
        self._nothing = label("", "small", wraps=True)
        self._nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(14), theme.px(14), theme.px(14), theme.px(14))
        column.setSpacing(2)
        column.addWidget(self.search)
        column.addSpacing(theme.px(14))
        for place, row in enumerate(self.rows):
            row.clicked.connect(lambda _=False, place=place: self.chosen.emit(place))
            column.addWidget(row)
        column.addWidget(self._nothing)
        column.addLayout(self._results)
        column.addStretch()
        column.addWidget(label("Changes apply at once.", "small"))
        file = button(theme, "settings.toml  ›", self.open_file.emit, "flat", "openSettingsFile", 24)
        file.setProperty("quiet", "true")
        file.setAccessibleName("Open settings.toml")
        column.addWidget(file, 0, Qt.AlignmentFlag.AlignLeft)

    def choose(self, place: int) -> None:
        """Show which page is open."""
        self.rows[place].setChecked(True)

    def show_found(self, words: str, found: Sequence[tuple[int, int, Entry]]) -> None:
        """Show what a search found, or the pages again when there are no words."""
        while (item := self._results.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for row in self.rows:
            row.setVisible(not words)
        self._nothing.setText(f"Nothing found for “{words}”. Esc shows all pages." if words and not found else "")
        self._nothing.setVisible(bool(words) and not found)
        for page, place, entry in found[:9]:
            row = Row(self._theme, entry.label, self.rows[page].text(), self)
            row.clicked.connect(lambda _=False, page=page, place=place: self.found.emit(page, place))
            self._results.addWidget(row)
            row.show()

    def _found(self) -> list[Row]:
        items = (self._results.itemAt(i) for i in range(self._results.count()))
        return [w for item in items if item is not None and isinstance(w := item.widget(), Row)]

    def _take_first(self) -> None:
        if found := self._found():
            found[0].click()

    def _go_down(self) -> None:
        (self._found() or self.rows)[0].setFocus(Qt.FocusReason.TabFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down go through the rows."""
        rows: list[Row] = self._found() or self.rows
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            now = next((i for i, row in enumerate(rows) if row.hasFocus()), -1)
            step = now + (1 if event.key() == Qt.Key.Key_Down else -1)
            if step < 0:
                self.search.setFocus(Qt.FocusReason.TabFocusReason)
            elif step < len(rows):
                rows[step].setFocus(Qt.FocusReason.TabFocusReason)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            for row in rows:
                if row.hasFocus():
                    row.click()
                    break
        else:
            super().keyPressEvent(event)
