"""A dialog over the settings: a title, what it asks or shows, and buttons below."""

from collections.abc import Awaitable, Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from mirador_desktop.errors import MiradorError
from mirador_desktop.gui.settings.widgets import button, label
from mirador_desktop.gui.theme import Theme


class Panel(QDialog):
    """Opened with `open()`; deletes itself when it is closed. Its content stands in `self.body`.

    Attributes:
        error: a sentence about what was wrong with the last try.
    """

    def __init__(self, theme: Theme, title: str, words: str, parent: QWidget, wide: int = 460) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(24), theme.px(20), theme.px(24), theme.px(18))
        column.setSpacing(theme.px(12))
        column.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)
        heading = QLabel(title, self)
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setProperty("kind", "title")
        heading.setWordWrap(True)
        heading.setMinimumWidth(theme.px(wide - 48))
        column.addWidget(heading)
        self.words = label(words, "muted", wraps=True)
        self.words.setVisible(bool(words))
        column.addWidget(self.words)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.px(8))
        column.addLayout(self.body, 1)
        self.error = label("", "error", wraps=True)
        self.error.hide()
        column.addWidget(self.error)
        self._row = QHBoxLayout()
        self._row.setSpacing(theme.px(8))
        self._row.addStretch()
        column.addLayout(self._row)

    def event(self, event: QEvent) -> bool:
        """Grow where words need more lines than there is room for."""
        kind = event.type()  # after it is deleted by an event, there is nothing left to ask
        done = super().event(event)
        if kind != QEvent.Type.LayoutRequest:
            return done
        layout = self.layout()
        if layout is not None and layout.hasHeightForWidth():
            needed = layout.totalMinimumHeightForWidth(self.width())
            if needed > self.height():
                self.resize(self.width(), needed)
        return done

    def add_button(self, words: str, act: Callable[[], object], kind: str = "", name: str = "") -> QPushButton:
        """A button at the lower right."""
        made = button(self.theme, words, act, kind, name)
        self._row.addWidget(made)
        return made

    def add_left(self, widget: QWidget) -> None:
        """Something at the lower left."""
        self._row.insertWidget(0, widget)

    def fail(self, words: str) -> None:
        """Say what was wrong; "" takes it away."""
        self.error.setText(words)
        self.error.setVisible(bool(words))


async def close_when_done(panel: Panel, act: Awaitable[object], yes: QPushButton) -> None:
    """Wait for what a panel's button does, and close the panel; where it fails, say so in it and give `yes` back.

    Raises:
        MiradorError: it failed when the panel was closed already: the window says it.
    """
    try:
        await act
    except MiradorError as error:
        if not isValid(panel):
            raise
        panel.fail(str(error))
        yes.setEnabled(True)
    else:
        if isValid(panel):
            panel.accept()
