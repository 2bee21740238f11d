"""What has to be said beside the conversation: a banner that stays, and a toast that goes."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from mirador_desktop.gui.theme import Theme


class Banner(QFrame):
    """A sentence above the turns, with at most one button; it stays until it is no longer true."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAccessibleName("Notice")
        self.words = QLabel(self)
        self.words.setObjectName("bannerText")
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton(self)
        self.button.setObjectName("bannerButton")
        self.button.clicked.connect(self._clicked)
        self._act: Callable[[], None] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        self.hide()

    def say(self, words: str, button: str = "", act: Callable[[], None] | None = None) -> None:
        """Show a sentence; an empty one hides the banner."""
        self.words.setText(words)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self._act = act
        self.setVisible(bool(words))

    def _clicked(self) -> None:
        if self._act is not None:
            self._act()


class Toast(QFrame):
    """A short message at the bottom of its parent, with at most one button; it goes by itself."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._area = theme, parent
        self.setObjectName("toast")
        self.words = QLabel(self)
        self.words.setObjectName("toastText")
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QPushButton(self)
        self.button.setObjectName("toastButton")
        self.button.clicked.connect(self._clicked)
        self._act: Callable[[], None] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 8, 6)
        row.addWidget(self.words)
        row.addWidget(self.button)
        parent.installEventFilter(self)
        self.hide()

    def say(self, words: str, stay: float = 4.0, button: str = "", act: Callable[[], None] | None = None) -> None:
        """Show a message for so many seconds."""
        room = max(200, self._area.width() - self._theme.px(220))
        self.words.setText(self.words.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room))
        self.words.setToolTip(words)
        self.setAccessibleName(words)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self._act = act
        self._place()
        self.show()
        self.raise_()
        self._timer.start(round(stay * 1000))

    def _place(self) -> None:
        self.layout().activate()  # type: ignore[union-attr]  # it has one
        self.adjustSize()
        y = self._area.height() - self.height() - self._theme.px(116)
        self.move((self._area.width() - self.width()) // 2, y)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place when the parent is resized."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _clicked(self) -> None:
        act, self._act = self._act, None
        self.hide()
        if act is not None:
            act()
