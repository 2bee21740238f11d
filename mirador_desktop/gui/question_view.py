"""The question of a turn: plain text that can be selected."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QTextOption
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from mirador_desktop.gui.markdown_find import Finder, Highlight


class QuestionView(QTextEdit):
    """The question: plain text that can be selected and breaks anywhere if it must."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("question")
        self.setAccessibleName("Question")
        self.setReadOnly(True)
        self.setAcceptRichText(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.document().setDocumentMargin(0)
        self.setPlainText(text)
        self._finder = Finder(self.document())

    def set_highlight(self, highlight: Highlight | None) -> None:
        """Highlight what was searched for, or nothing."""
        if self._finder.show(highlight):
            self.viewport().update()

    def go_to(self, number: int) -> QRectF | None:
        """Show one of the highlighted places as the one that was gone to; where it is, None if nowhere."""
        self.viewport().update()
        return self._finder.go(number)

    def is_settled(self) -> bool:
        """Its text is always there at once."""
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what was searched for, and the text."""
        if self._finder.highlight is not None:
            painter = QPainter(self.viewport())
            self._finder.paint(painter, self.document().begin(), event.rect().bottom())
            painter.end()
        super().paintEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show a ring when the keyboard gave the focus."""
        super().focusInEvent(event)
        self._ring(bool(self.window().property("keyboard")))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the ring."""
        super().focusOutEvent(event)
        self._ring(False)

    def _ring(self, on: bool) -> None:
        if on != (self.property("ring") == "true"):
            self.setProperty("ring", "true" if on else "false")
            self.style().unpolish(self)
            self.style().polish(self)

    def set_width(self, width: int, least: int) -> int:
        """Lay the text out at this width; returns the height, px."""
        self.ensurePolished()
        frame = self.contentsMargins()
        margins = QSize(frame.left() + frame.right(), frame.top() + frame.bottom())
        self.resize(width, max(least, self.height()))
        inner = width - margins.width() if margins.width() else self.viewport().width()
        self.document().setTextWidth(inner)
        around = self.height() - self.viewport().height()
        height = max(least, round(self.document().size().height()) + around)
        self.resize(width, height)
        return height
