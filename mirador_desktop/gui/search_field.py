"""The search field of the sidebar: what is typed, the keys that go through what was found, and the filters."""

from functools import partial

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from mirador_desktop.core.search_query import FILTERS
from mirador_desktop.gui import icons
from mirador_desktop.gui.theme import Theme

_WORDS = "Search conversations"
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
_HELP = "".join(f"<br><b>{f.example}</b> {f.words}" for f in FILTERS)


class SearchField(QLineEdit):
    """Where the person types what to look for.

    Signals:
        stepped: go to the next (1) or the one before (-1) of what was found.
        entered: open it.
        left: the search was given up.
    """

    stepped = Signal(int)
    entered = Signal()
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("searchField")
        self.setAccessibleName(_WORDS)
        self.setAccessibleDescription("Down goes through what was found, Enter opens it, Escape ends the search")
        self.setToolTip(f"<p>Search titles, questions, answers and thoughts (Ctrl+K){_HELP}</p>")
        self.setMaxLength(10_000)
        self.textChanged.connect(lambda text: self.setClearButtonEnabled(bool(text)))
        self._hint = "Ctrl K"
        self.restyle()

    def leave(self) -> None:
        """Give the search up."""
        self.clear()
        self.left.emit()

    def insert_filter(self, text: str) -> None:
        """Put the beginning of a filter at the end, to be completed."""
        before = self.text().rstrip()
        self.setText(f"{before} {text}" if before else text)
        self.setFocus()
        self.end(False)

    def filters(self) -> QMenu:
        """A menu of all filters, for the button beside."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for each in FILTERS:
            menu.addAction(f"{each.example}   {each.words}", partial(self.insert_filter, each.text))
        return menu

    def restyle(self) -> None:
        """Sizes have changed."""
        self.setTextMargins(self._theme.px(22), 0, 0, 0)
        self.setMinimumHeight(self._theme.px(33))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the field with its sign, and what it is for while it is empty."""
        super().paintEvent(event)
        theme, c = self._theme, self._theme.colours
        side = theme.px(14)
        painter = QPainter(self)
        icons.draw(painter, "search", QRectF(theme.px(11), (self.height() - side) / 2, side, side), c.muted)
        if not self.text():
            box = QRectF(self.rect()).adjusted(theme.px(33), 0, -theme.px(12), 0)
            painter.setFont(theme.font(9.5))
            painter.setPen(c.muted)
            words = painter.fontMetrics().elidedText(_WORDS, Qt.TextElideMode.ElideRight, int(box.width()))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, words)
            wide = painter.fontMetrics().horizontalAdvance(words)
            painter.setFont(theme.fixed_font(8))
            if wide + painter.fontMetrics().horizontalAdvance(self._hint) + theme.px(8) < box.width():
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._hint)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Keep Escape from the window while there is something to clear."""
        clears = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and bool(self.text())
        if event.type() == QEvent.Type.ShortcutOverride and clears:
            event.accept()  # before the window takes it to stop an answer
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go through what was found without leaving the field."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape and self.text():
            self.leave()
            return
        if key in _STEPS:
            self.stepped.emit(_STEPS[key])
            return
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
            return
        super().keyPressEvent(event)
