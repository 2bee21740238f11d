"""Offers to keep what the person has said of themselves as a note: visible, and only kept on yes."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from mirador_desktop.gui.theme import Theme


class NoteOffer(QWidget):
    """One line: what would be kept, Keep and No.

    Signals:
        kept: the person wants it kept.
        declined: the person does not.
    """

    kept = Signal()
    declined = Signal()

    def __init__(self, theme: Theme, note: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self.note = theme, note
        self.setObjectName("noteOffer")
        self.setAccessibleName(f"Keep as a note: {note}")
        self._words = QLabel(self)
        self._words.setProperty("kind", "small")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setToolTip(f"Notes are sent along with later questions they fit. {note}")
        self._yes = QPushButton("Keep", self)
        self._yes.setObjectName("keepNote")
        self._yes.setAccessibleName(f"Keep “{note}” as a note")
        self._yes.clicked.connect(self.kept)
        self._no = QPushButton("No", self)
        self._no.setObjectName("declineNote")
        self._no.setAccessibleName(f"Do not keep “{note}”")
        self._no.clicked.connect(self.declined)
        for button in (self._yes, self._no):
            button.setProperty("kind", "flat")
            button.setProperty("quiet", "meta")

    def set_width(self, width: int) -> int:
        """Lay it out at this width; returns the height, px."""
        theme, height = self._theme, self._theme.px(28)
        right = width
        for button in (self._no, self._yes):
            hint = button.sizeHint()
            right -= hint.width()
            button.setGeometry(right, (height - hint.height()) // 2, hint.width(), hint.height())
        room = right - theme.px(10)
        words = f"Keep “{self.note}” as a note for later questions?"
        self._words.setText(self._words.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room))
        self._words.setGeometry(0, 0, room, height)
        self.resize(width, height)
        return height
