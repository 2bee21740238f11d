"""What has to be said beside the conversation: a banner that stays, and a toast that goes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from mirador_desktop.gui.theme import Theme

_LONG = 6.0
"""What is to stay so many seconds is not lost when another message comes."""
_SHORT = 3.0


class Banner(QFrame):
    """A sentence above the turns, with at most one button; it stays until it is no longer true."""

    def __init__(self, parent: QWidget) -> None:
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


@dataclass(frozen=True, slots=True)
class _Message:
    """What a toast says: for how long, with which button, and until which `time.monotonic()`."""

    words: str
    stay: float
    button: str
    act: Callable[[], None] | None
    end: float

    def says(self, other: "_Message") -> bool:
        """Whether another message says and offers no more: a button that does something else is not the same one."""
        if other.button:
            return other.button == self.button and other.act is self.act
        return other.words == self.words


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
        self.words.setWordWrap(True)
        self._shown: _Message | None = None
        self._later: list[_Message] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._next)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 8, 6)
        row.addWidget(self.words)
        row.addWidget(self.button)
        parent.installEventFilter(self)
        theme.changed.connect(self._theme_changed)
        self.hide()

    def say(self, words: str, stay: float = 4.0, button: str = "", act: Callable[[], None] | None = None) -> None:
        """Show a message for so many seconds. One that it covers comes back after it for the rest of its time."""
        covered = [*self._later, *([self._shown] if self._shown is not None else [])]
        message = _Message(words, stay, button, act, monotonic() + stay)
        self._later = [each for each in covered if (each.button or each.stay >= _LONG) and not message.says(each)]
        self._show(message)

    def take_back(self, act: Callable[[], None]) -> None:
        """Show the message whose button does this no more: it was done, or cannot be done any longer."""
        self._later = [message for message in self._later if message.act is not act]
        if self._shown is not None and self._shown.act is act:
            self._timer.stop()
            self._next()

    def _show(self, message: "_Message") -> None:
        self._shown = message
        self.words.setText(message.words)
        self.setAccessibleName(message.words)
        self.button.setText(message.button)
        self.button.setVisible(bool(message.button))
        self._place()
        self.show()
        self.raise_()
        self._timer.start(max(0, round((message.end - monotonic()) * 1000)))

    def _next(self) -> None:
        """What was shown is over: show again what it had covered, or nothing."""
        self._shown = None
        while self._later:
            message = self._later.pop()
            if not message.button:
                message = replace(message, end=max(message.end, monotonic() + _SHORT))
            if message.end > monotonic():  # what a button does can be too late, a sentence cannot
                self._show(message)
                return
        self.hide()

    def _place(self) -> None:
        metrics = self.words.fontMetrics()
        most = max(160, self._area.width() - self._theme.px(60) - (self.button.sizeHint().width() + 40))
        self.words.setFixedWidth(min(metrics.horizontalAdvance(self.words.text()) + 4, most))
        self.layout().activate()  # type: ignore[union-attr]  # it has one
        self.adjustSize()
        y = max(0, self._area.height() - self.height() - self._theme.px(116))
        self.move((self._area.width() - self.width()) // 2, y)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place when the parent is resized."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _theme_changed(self) -> None:
        if self.isVisible():
            self._place()

    def _clicked(self) -> None:
        shown = self._shown
        self._timer.stop()
        self._next()
        if shown is not None and shown.act is not None:
            shown.act()
