"""The bar that finds words in the conversation that is shown: over its upper right corner."""

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from mirador_desktop.gui.parts import IconButton
from mirador_desktop.gui.theme import Theme

_WIDTH, _MARGIN = 380, 14


class FindBar(QWidget):
    """Field, count and buttons.

    Signals:
        typed: what to find, as it is typed.
        stepped: go to the next (1) or the one before (-1).
        closed: the person is done.
    """

    typed = Signal(str)
    stepped = Signal(int)
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._behind = theme, parent
        self.setObjectName("findBar")
        self.setAccessibleName("Find in this conversation")
        self.field = QLineEdit(self)
        self.field.setObjectName("findField")
        self.field.setAccessibleName("Find in this conversation")
        self.field.setPlaceholderText("Find in this conversation")
        self.field.setMaxLength(1000)
        self.field.textChanged.connect(self.typed)
        self.field.installEventFilter(self)
        self.count = QLabel(self)
        self.count.setObjectName("findCount")
        self.count.setProperty("kind", "small")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 6)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addWidget(self.count)
        for icon, words, name, act in (
            ("chevron-up", "Previous match (Shift+Enter)", "findPrevious", lambda: self.stepped.emit(-1)),
            ("chevron-down", "Next match (Enter)", "findNext", lambda: self.stepped.emit(1)),
            ("close", "Close (Esc)", "findClose", self.closed.emit),
        ):
            button = IconButton(theme, icon, words, self)
            button.setObjectName(name)
            button.clicked.connect(act)
            button.installEventFilter(self)
            row.addWidget(button)
        parent.installEventFilter(self)
        self.hide()

    def open(self, text: str = "") -> None:
        """Show the bar, with what to find if that is known."""
        if text:
            self.field.setText(text)
        self.place()
        self.show()
        self.raise_()
        self.field.setFocus()
        self.field.selectAll()

    def show_count(self, number: int, count: int, more: bool) -> None:
        """Say which of how many is shown, from 0 (-1 for none); `more` while it is being looked for others."""
        if not self.field.text().strip():
            words = ""
        elif not count:
            words = "…" if more else "No match"
        else:
            shown = f"{count:,}{'+' if more else ''}"
            words = f"{number + 1:,} of {shown}" if number >= 0 else shown
        if words != self.count.text():
            self.count.setText(words)
            self.count.setAccessibleName(f"Matches: {words}" if words else "")

    def place(self) -> None:
        """Take the corner, as wide as there is room."""
        theme, parent = self._theme, self._behind
        width = min(theme.px(_WIDTH), parent.width() - 2 * _MARGIN)
        height = self.sizeHint().height()
        self.setGeometry(parent.width() - width - _MARGIN - theme.px(6), theme.px(4), width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of what is behind; Enter and Escape work on the whole bar."""
        if watched is self._behind:
            if event.type() == QEvent.Type.Resize and self.isVisible():
                self.place()
            return False
        if not isinstance(event, QKeyEvent) or event.type() == QEvent.Type.KeyRelease:
            return False
        if event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # before the window takes it to stop an answer
            else:
                self.closed.emit()
            return True
        entered = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and watched is self.field
        if entered and event.type() == QEvent.Type.KeyPress:
            self.stepped.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            return True
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the surface it stands on."""
        theme, c = self._theme, self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(c.line))
        painter.setBrush(QColor(c.raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.px(10), theme.px(10))
        painter.end()
