"""Words that end in "…" where there is no room for all of them. `text()` always has all of them."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter, QWidget

from mirador_desktop.core.direction import right_to_left

_LEAST = 3
"""Characters of a button's words that are shown at least."""


class ElidedLabel(QLabel):
    """A line of text.

    Args:
        least: how many characters (of average width) it has room for at least.
        mode: where it is shortened.
    """

    def __init__(
        self, parent: QWidget | None, least: int, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._least, self._mode = least, mode

    def minimumSizeHint(self) -> QSize:
        """A few characters."""
        hint = super().minimumSizeHint()
        return QSize(min(self._least * self.fontMetrics().averageCharWidth(), hint.width()), hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as much as there is room for."""
        box = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), self._mode, box.width())
        painter = QPainter(self)
        direction = Qt.LayoutDirection.RightToLeft if right_to_left(shown) else Qt.LayoutDirection.LeftToRight
        painter.setLayoutDirection(direction)  # the words decide how they are read, not the language of the window
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(box, QStyle.visualAlignment(direction, self.alignment()), shown)
        painter.end()


class ElidedButton(QPushButton):
    """A button whose words are shortened before those of a plain button beside it are cut."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Its icon, and a few characters."""
        metrics, words = self.fontMetrics(), self._wide()
        least = min(words, metrics.averageCharWidth() * _LEAST + metrics.horizontalAdvance("…"))
        return self.sizeHint() - QSize(words - least, 0)

    def shown_text(self) -> str:
        """The words as there is room for them now."""
        room = self._wide() - max(0, self.sizeHint().width() - self.width())
        flags = Qt.TextFlag.TextShowMnemonic.value
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room, flags)

    def _wide(self) -> int:
        """Width of all words, px."""
        return self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, self.text()).width()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button with as many of its words as there is room for."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self.shown_text()
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.end()


def shorten(say: Callable[[int], None], steps: int, parts: Sequence[QWidget], gap: int, room: int) -> int:
    """Say as much as there is room for; returns how much room is left, px.

    Args:
        say: sets the words of `parts`: all of them at step 0, fewer at each further one. It shows and hides nothing:
            Qt lays out anew at once then, in the middle of this.
        steps: how many there are; the last is taken where none fits.
        parts: what stands side by side; those that are hidden take no room.
        gap: between two of them, px.
        room: for all of them, px.
    """
    left = room
    for step in range(steps):
        say(step)
        shown = [part.sizeHint().width() for part in parts if not part.isHidden()]
        left = room - sum(shown) - gap * (len(shown) - 1)
        if left >= 0:
            break
    return left
