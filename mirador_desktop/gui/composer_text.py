"""The field in which a question is written: plain text that grows with its lines."""

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

LONG_TEXT = 10_000
"""Characters of a pasted text from which on it is attached as a file: no one wants to scroll through it."""
MOST_LINES = 9
"""How many lines it grows to, with text of the usual size."""


class ComposerText(QPlainTextEdit):
    """The question's text.

    Signals:
        submitted: Enter was pressed.
        recalled: Up was pressed in an empty text.
        resized: it wants another height.
        focused: it got or lost the focus.
        given: files, an image, or a text so long that it is better a file, were pasted or dropped (`QMimeData`).

    Attributes:
        most_lines: how many lines it grows to.
    """

    submitted = Signal()
    recalled = Signal()
    resized = Signal()
    focused = Signal(bool)
    given = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("composerText")
        self.setAccessibleName("Your question")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.most_lines = MOST_LINES
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self.resized)
        self.resized.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """As high as its lines, up to a point."""
        lines = max(1, min(round(self.document().size().height()), self.most_lines))
        return QSize(200, lines * self.fontMetrics().lineSpacing() + 6)

    def minimumSizeHint(self) -> QSize:
        """The same: it is never squeezed."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sends, Shift+Enter begins a line, Up in an empty text edits the last question."""
        modified = event.modifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not modified:
            self.submitted.emit()
        elif event.key() == Qt.Key.Key_Up and not self.toPlainText():
            self.recalled.emit()
        else:
            super().keyPressEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text, files and images can be pasted and dropped."""
        return source.hasText() or source.hasImage() or source.hasUrls()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste as plain text; what is better a file is given away."""
        files = any(url.isLocalFile() for url in source.urls())
        if files or (source.hasImage() and not source.hasText()) or len(source.text()) > LONG_TEXT:
            self.given.emit(source)
        else:
            self.insertPlainText(source.text().replace("\x00", ""))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tell the frame."""
        super().focusInEvent(event)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell the frame."""
        super().focusOutEvent(event)
        self.focused.emit(False)
