"""The sidebar: name, new conversation, search, conversations, state of the engines, settings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from mirador_desktop.gui import icons
from mirador_desktop.gui.parts import IconButton
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.core.conversation import Conversation
    from mirador_desktop.gui.conversation_list import ConversationList
    from mirador_desktop.gui.pull_progress import PullProgress


class EngineButton(QPushButton):
    """Which engine answers, as a dot and words; a click looks again."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._healthy, self._struck = theme, False, False
        self.setObjectName("engineState")
        self.setProperty("kind", "flat")
        self.setProperty("quiet", "true")
        self.set_state("Looking for engines…", False, False, "")

    def set_state(self, words: str, healthy: bool, struck: bool, more: str) -> None:
        """Show a state: a full dot is healthy, a ring has no models, a struck ring does not answer."""
        self._healthy, self._struck = healthy, struck
        self.setText(words)
        self.setToolTip(more or words)
        self.setAccessibleName(f"Engine: {words}. Look again")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button with its dot."""
        super().paintEvent(event)
        theme, c = self._theme, self._theme.colours
        side = theme.px(11)
        box = QRectF(theme.px(6), (self.height() - side) / 2, side, side)
        painter = QPainter(self)
        if self._healthy:
            icons.draw(painter, "circle", box, c.healthy)
        else:
            grown = box.adjusted(-2, -2, 2, 2)
            icons.draw(painter, "struck" if self._struck else "ring", grown, c.error if self._struck else c.warning)
        painter.end()


class Sidebar(QWidget):
    """Everything at the left of the window.

    Signals:
        new: the person wants a new conversation.
        searched: the text to look for; empty when the search is over.
        look_again: look at the engines now.
        settings: the settings button was pressed.
    """

    new = Signal()
    searched = Signal(str)
    look_again = Signal()
    settings = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("sidebar")
        self.setAccessibleName("Conversations and engines")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        brand = QLabel("Mirador", self)
        brand.setProperty("kind", "brand")
        new = IconButton(theme, "plus", "New conversation (Ctrl+N)", self)
        new.setObjectName("newConversation")
        new.clicked.connect(self.new)
        self.search = _Search(theme, self)
        self.search.textChanged.connect(self._typed)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(120)
        self._pause.timeout.connect(lambda: self.searched.emit(self.search.text().strip()))
        self._empty_title = QLabel(self)
        self._empty_title.setProperty("kind", "strong")
        self._empty_title.setObjectName("emptyTitle")
        self._empty_title.setWordWrap(True)
        self._empty_text = QLabel(self)
        self._empty_text.setProperty("kind", "small")
        self._empty_text.setWordWrap(True)
        self.engine = EngineButton(theme, self)
        self.engine.clicked.connect(self.look_again)
        self.gear = IconButton(theme, "gear", "Settings (Ctrl+,)", self)
        self.gear.setObjectName("openSettings")
        self.gear.clicked.connect(self.settings)

        head = QHBoxLayout()
        head.addWidget(brand)
        head.addStretch()
        head.addWidget(new)
        foot = QHBoxLayout()
        foot.setSpacing(4)
        foot.addWidget(self.engine, 1)
        foot.addWidget(self.gear)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.search)
        column.addSpacing(8)
        column.addWidget(self._empty_title)
        column.addWidget(self._empty_text, 1)
        column.addLayout(foot)
        self._empty_text.setAlignment(Qt.AlignmentFlag.AlignTop)

    @cached_property
    def list(self) -> ConversationList:
        """The conversations, made once they are known: they are read behind the first paint."""
        from mirador_desktop.gui.conversation_list import ConversationList

        entries = ConversationList(self._theme, self)
        self._column.insertWidget(self._column.indexOf(self._empty_text) + 1, entries, 1)
        QWidget.setTabOrder(self.search, entries)
        return entries

    @cached_property
    def pulls(self) -> PullProgress:
        """How far pulls are, made once they are known."""
        from mirador_desktop.gui.pull_progress import PullProgress

        pulls = PullProgress(self._theme, self)
        self._column.insertWidget(self._column.count() - 1, pulls)
        QWidget.setTabOrder(pulls, self.engine)
        return pulls

    def show_conversations(self, conversations: Sequence[Conversation], chosen: str) -> None:
        """Show these conversations, or why there are none."""
        self.list.show_conversations(conversations, chosen)
        searching = self.search.text().strip()
        self.list.setVisible(bool(conversations))
        for label in (self._empty_title, self._empty_text):
            label.setVisible(not conversations)
        if searching:
            self._empty_title.setText(f"Nothing found for “{searching}”")
            self._empty_text.setText("Titles, questions and answers were searched. Esc shows all conversations.")
        else:
            self._empty_title.setText("No conversations yet")
            self._empty_text.setText("Your first question starts one.")
        self._column.setStretchFactor(self._empty_text, 0 if conversations else 1)

    def _typed(self) -> None:
        self._pause.start()


class _Search(QLineEdit):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("searchField")
        self.setAccessibleName("Search conversations")
        self.textChanged.connect(lambda text: self.setClearButtonEnabled(bool(text)))
        self._hint = "Ctrl K"
        self.restyle()

    def restyle(self) -> None:
        self.setTextMargins(self._theme.px(22), 0, 0, 0)
        self.setMinimumHeight(self._theme.px(33))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme, c = self._theme, self._theme.colours
        side = theme.px(14)
        painter = QPainter(self)
        icons.draw(painter, "search", QRectF(theme.px(11), (self.height() - side) / 2, side, side), c.muted)
        if not self.text():
            box = QRectF(self.rect()).adjusted(theme.px(33), 0, -theme.px(12), 0)
            painter.setFont(theme.font(9.5))
            painter.setPen(c.muted)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, "Search conversations")
            wide = painter.fontMetrics().horizontalAdvance("Search conversations")
            painter.setFont(theme.fixed_font(8))
            if wide + painter.fontMetrics().horizontalAdvance(self._hint) + theme.px(8) < box.width():
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._hint)
        painter.end()

    def event(self, event: QEvent) -> bool:
        clears = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and bool(self.text())
        if event.type() == QEvent.Type.ShortcutOverride and clears:
            event.accept()  # before the window takes it to stop an answer
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        super().keyPressEvent(event)
