"""The sidebar: name, new conversation, search, conversations, state of the engines, settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QVBoxLayout, QWidget

from mirador_desktop.gui import icons
from mirador_desktop.gui.elided import ElidedButton
from mirador_desktop.gui.parts import IconButton
from mirador_desktop.gui.search_field import SearchField
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.core.conversation import Conversation, Folder
    from mirador_desktop.core.search_results import Found
    from mirador_desktop.gui.conversation_list import ConversationList
    from mirador_desktop.gui.pull_progress import PullProgress


class EngineButton(ElidedButton):
    """Which engine answers, as a dot and words; a click looks again."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__("", parent)
        self._theme, self._healthy, self._struck = theme, False, False
        self.setObjectName("engineState")
        self.setProperty("kind", "flat")
        self.setProperty("quiet", "true")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_state("Looking for engines…", False, False, "")

    def set_state(self, words: str, healthy: bool, struck: bool, more: str) -> None:
        """Show a state: a full dot is healthy, a ring has no models, a struck ring does not answer."""
        self._healthy, self._struck = healthy, struck
        self.setText(words.replace("&", "&&"))
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

    Attributes:
        entries: what else the menu of the list offers: words, and what they do.

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
        self.more = IconButton(theme, "dots", "New folder, and how the list is sorted", self)
        self.more.setObjectName("listMenu")
        self.more.clicked.connect(self._show_menu)
        self.entries: list[tuple[str, Callable[[], None]]] = []
        self.search = SearchField(theme, self)
        self.search.textChanged.connect(self._typed)
        self.search.stepped.connect(lambda step: self.list.step(step) if self.searching else None)
        self.search.entered.connect(self._entered)
        self.filters = IconButton(theme, "filter", "Filters of the search", self)
        self.filters.setObjectName("searchFilters")
        self.filters.clicked.connect(self._show_filters)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(40)
        self._pause.timeout.connect(self._tell)
        self._conversations: Sequence[Conversation] = ()
        self._folders: Sequence[Folder] = ()
        self._open = ""
        self._enter = False  # was pressed before the search for what was typed has ended
        self._empty_title = QLabel(self)
        self._empty_title.setProperty("kind", "strong")
        self._empty_title.setObjectName("emptyTitle")
        self._empty_title.setWordWrap(True)
        self._empty_text = QLabel(self)
        self._empty_text.setProperty("kind", "small")
        self._empty_text.setWordWrap(True)
        self._empty_text.setContentsMargins(0, 0, 0, 8)
        self.engine = EngineButton(theme, self)
        self.engine.clicked.connect(self.look_again)
        self.gear = IconButton(theme, "gear", "Settings (Ctrl+,)", self)
        self.gear.setObjectName("openSettings")
        self.gear.clicked.connect(self.settings)

        head = QHBoxLayout()
        head.addWidget(brand)
        head.addStretch()
        head.addWidget(self.more)
        head.addWidget(new)
        foot = QHBoxLayout()
        foot.setSpacing(4)
        foot.addWidget(self.engine, 1)
        foot.addWidget(self.gear)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(6)
        column.addLayout(head)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.search, 1)
        row.addWidget(self.filters)
        column.addLayout(row)
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
        return entries

    @cached_property
    def pulls(self) -> PullProgress:
        """How far pulls are, made once they are known."""
        from mirador_desktop.gui.pull_progress import PullProgress

        pulls = PullProgress(self._theme, self)
        self._column.insertWidget(self._column.count() - 1, pulls)
        return pulls

    @property
    def searching(self) -> bool:
        """Whether the person searches."""
        return bool(self.search.text().strip())

    def show_conversations(
        self, conversations: Sequence[Conversation], chosen: str, folders: Sequence[Folder] | None = None
    ) -> None:
        """Show these conversations, or why there are none; during a search, when it is over."""
        self._conversations, self._open = conversations, chosen
        self._folders = self._folders if folders is None else folders
        if self.searching and self.list.shows_results:
            return
        self.list.leave_results()
        self.list.show_conversations(conversations, chosen, self._folders)
        archived = bool(conversations) and all(c.archived for c in conversations)
        title = "All is archived" if archived else "No conversations yet"
        text = "The archive below has all conversations." if archived else "Your first question starts one."
        self.list.setVisible(bool(conversations) or bool(self._folders))
        self._show_or_say(bool(conversations) and not archived, title, text)

    def show_found(self, found: Found) -> None:
        """Show the answer to a search, if it is still the one that is asked for."""
        if found.query.text != self.search.text():
            return
        self.list.show_results(found)
        self.list.setVisible(True)
        self._show_or_say(
            bool(found.conversations),
            f"Nothing found for “{_shortened(self.search.text().strip())}”",
            "Titles, questions, answers, thoughts and files were searched. Esc shows all conversations. "
            "A search can have:",
        )
        enter, self._enter = self._enter, False
        if enter and found.conversations:
            self.list.open_current()

    def leave_search(self) -> None:
        """Give the list of conversations back."""
        self._enter = False
        self.list.leave_results()
        self.show_conversations(self._conversations, self._open)

    def _show_or_say(self, anything: bool, title: str, text: str) -> None:
        self._empty_title.setText(title)
        self._empty_text.setText(text)
        for label in (self._empty_title, self._empty_text):
            label.setVisible(not anything)
        self._column.setStretchFactor(self._empty_text, 0 if anything or not self.list.isHidden() else 1)

    def _typed(self) -> None:
        self._enter = False
        self._pause.start()

    def _tell(self) -> None:
        self.searched.emit(self.search.text())

    def _entered(self) -> None:
        """Enter before the search was begun or has ended opens the first that it will find."""
        if self._pause.isActive():
            self._pause.stop()
            self._tell()
        if not self.searching:
            return
        if self.list.shows_results and self.list.shown_text == self.search.text():
            self.list.open_current()
        else:
            self._enter = True

    def search_for(self, text: str) -> None:
        """Search for something as if it was typed."""
        self.search.setText(text)
        self.search.setFocus()

    def menu(self) -> QMenu:
        """The menu of the list."""
        from mirador_desktop.gui.folder_menus import add_common

        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_common(menu, self.list.sorting, self.list.wanted.emit)
        if self.entries:
            menu.addSeparator()
        for words, act in self.entries:
            menu.addAction(words, act)
        return menu

    def _show_menu(self) -> None:
        self.menu().popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def _show_filters(self) -> None:
        self.search.filters().popup(self.filters.mapToGlobal(QPoint(0, self.filters.height())))


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
