"""What every page of the settings is: title, subtitle, a scrolled body, and words by which its settings are found."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from mirador_desktop.gui.theme import Theme

INSET, TOP = 34, 24
"""Margins of a page's text, px at 100 %."""
REACH = 10
"""How far a selection or a card reaches beyond the text at each side, px at 100 %."""


@dataclass(frozen=True)
class Entry:
    """A setting that the search field finds.

    Attributes:
        label: its words on the page.
        more: further words by which it is found.
        widget: what gets the focus.
    """

    label: str
    more: str
    widget: QWidget


class Page(QWidget):
    """A page of the settings.

    What is shown stands in `self.body` (a column, scrolled where it does not fit); buttons beside the title in
    `self.buttons`; what stands at the bottom whatever is scrolled in `self.foot`.

    Attributes:
        title: its name in the navigation.
        entries: what the search field finds here.

    Signals:
        badge_changed: `badge()` is different now.
    """

    title = ""
    badge_changed = Signal()

    def __init__(self, theme: Theme, name: str, subtitle: str, scrolls: bool = True) -> None:
        super().__init__()
        self.theme = theme
        self.entries: list[Entry] = []
        self.setObjectName(name)
        self.setAccessibleName(self.title)
        heading = QLabel(self.title, self)
        heading.setProperty("kind", "pageTitle")
        self.subtitle = QLabel(subtitle, self)
        self.subtitle.setProperty("kind", "subtitle")
        self.subtitle.setWordWrap(True)
        self.subtitle.setTextFormat(Qt.TextFormat.PlainText)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(heading)
        words.addWidget(self.subtitle)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        head = QHBoxLayout()
        head.setContentsMargins(theme.px(INSET), theme.px(TOP), theme.px(INSET), theme.px(14))
        head.addLayout(words, 1)
        head.addLayout(self.buttons)
        inner = QWidget(self)
        inner.setObjectName("settingsBody")
        self.body = QVBoxLayout(inner)
        self.body.setContentsMargins(theme.px(INSET), 0, theme.px(INSET), theme.px(14))
        self.body.setSpacing(theme.px(10))
        self.foot = QVBoxLayout()
        self.foot.setContentsMargins(theme.px(INSET), 0, theme.px(INSET), 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, theme.px(20))
        column.setSpacing(0)
        column.addLayout(head)
        if scrolls:
            area = QScrollArea(self)
            area.setObjectName("settingsScroll")
            area.setWidgetResizable(True)
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            if theme.scale <= 1:  # larger text may need more width than the screen has
                area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setWidget(inner)
            column.addWidget(area, 1)
        else:
            column.addWidget(inner, 1)
        column.addLayout(self.foot)

    def hear(self, listen: Callable[[Callable[..., None]], object], act: Callable[..., None]) -> None:
        """Have a door call `act` for as long as this page is there: `listen` is the door's own method."""

        def call(*values: object) -> None:
            if isValid(self):
                act(*values)

        listen(call)

    def finds(self, widget: QWidget, label: str, more: str = "") -> None:
        """Let the search field find a setting."""
        self.entries.append(Entry(label, more, widget))

    def reveal(self, widget: QWidget) -> None:
        """Scroll to a widget that has just been shown."""
        area = self.findChild(QScrollArea, "settingsScroll")
        if area is not None:
            QTimer.singleShot(0, area, lambda: area.ensureWidgetVisible(widget, 0, 20))

    def badge(self) -> str:
        """What stands beside its name in the navigation: words, or `struck` for something that does not answer."""
        return ""

    def shown(self) -> None:
        """The person has come to this page: show what is so now."""

    def left(self) -> None:
        """The person has gone to another page, or closed the window."""

    def restyle(self) -> None:
        """Colours or sizes have changed. The window is made anew when the scale changes: only colours here."""
