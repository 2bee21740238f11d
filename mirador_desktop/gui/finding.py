"""Search over all conversations (Ctrl+K) and in the one that is shown (Ctrl+F): what each key and row does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QTextEdit, QWidget

from mirador_desktop.core.search_query import Filter, parse
from mirador_desktop.core.search_results import Found
from mirador_desktop.errors import StoreError
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.session import Session
from mirador_desktop.gui.tasks import Tasks

if TYPE_CHECKING:
    from mirador_desktop.assistant import Assistant
    from mirador_desktop.gui.conversation_finder import ConversationFinder
    from mirador_desktop.gui.find_bar import FindBar
    from mirador_desktop.gui.search_results import Entry


class Finding(QObject):
    """Searches as the person types, shows what is found, and goes there."""

    def __init__(
        self, window: MainWindow, assistant: Assistant, session: Session, tasks: Tasks, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._assistant, self._session, self._tasks = window, assistant, session, tasks
        self._found: Found | None = None
        self._bar: FindBar | None = None
        self._finder: ConversationFinder | None = None
        self._before: QWidget | None = None
        sidebar = window.sidebar
        sidebar.searched.connect(self.search)
        sidebar.search.left.connect(self._leave)
        sidebar.list.found_opened.connect(self._open)
        sidebar.list.left.connect(sidebar.search.leave)
        session.listed.connect(lambda _: self.search(sidebar.search.text()) if sidebar.searching else None)
        session.changed.connect(self._conversation_changed)

    # ── all conversations ──────────────────────────────────────────────────────────────────────────────

    def focus_search(self) -> None:
        """Bring the search field up."""
        self._window.show_sidebar()
        field = self._window.sidebar.search
        field.setFocus()
        field.selectAll()

    def search(self, text: str) -> None:
        """Show what is found for a text in place of the conversations; nothing typed ends the search."""
        if text.strip():
            self._tasks.start("search", self._search(text))
            return
        self._tasks.cancel("search")
        if self._found is not None:
            self._found = None
            if self._bar is None or self._bar.isHidden():
                self._window.turns.set_highlight(None)
        self._window.sidebar.leave_search()

    async def _search(self, text: str) -> None:
        try:
            found = await self._assistant.search(text)
        except StoreError:
            found = Found(parse(text))  # the banner says why
        if found != self._found or not self._window.sidebar.list.shows_results:
            self._found = found
            self._window.sidebar.show_found(found)

    def _leave(self) -> None:
        self.search("")
        self._window.composer.text.setFocus()

    def _open(self, entry: Entry | Filter) -> None:
        if isinstance(entry, Filter):
            self._window.sidebar.search.insert_filter(entry.text)
        else:
            self._tasks.start("open", self._go(entry))

    async def _go(self, entry: Entry) -> None:
        from mirador_desktop.gui.conversation_finder import Text, reveal
        from mirador_desktop.gui.markdown_find import Highlight

        turns, hit = self._window.turns, entry.hit
        pattern = self._found.query.pattern if self._found is not None else None
        if self._bar is not None and self._bar.isVisible():
            self.close_bar()
        colour = self._window.theme.colours.focus
        turns.set_highlight(Highlight(pattern, True, colour) if pattern is not None else None)
        if hit is None:
            self._session.open(entry.found.conversation)
            return
        if not await self.show_turn(entry.found.conversation.id, hit.turn):
            self._window.toast.say("This is not there any more", 5)
            self.search(self._window.sidebar.search.text())
            return
        stage, place = (-1, 0) if hit.kind in ("question", "file") else hit.place
        await reveal(turns, Text(hit.turn, stage, place, hit.kind == "thought"), 0)

    async def show_turn(self, conversation_id: str, turn_id: str) -> bool:
        """Show a turn of a conversation, on whatever branch it is; False if it is gone."""
        session, view, assistant = self._session, self._window.turns, self._assistant
        shown = session.conversation is not None and session.conversation.id == conversation_id
        if not shown or turn_id not in view.turn_ids:
            conversation = await assistant.open(conversation_id)
            if conversation is None:
                return False
            if all(outline.id != turn_id for outline in await assistant.outline(conversation.leaf)):
                if not await assistant.turns([turn_id]):
                    return False
                await assistant.show_branch(conversation, turn_id)
            session.cancel_edit()
            await session.show(conversation_id)
        if turn_id not in view.turn_ids:
            return False
        if view.turn(turn_id) is None:
            view.provide(await assistant.turns([turn_id]))
        view.show_turn(turn_id)
        return True

    # ── this conversation ──────────────────────────────────────────────────────────────────────────────

    def open_bar(self) -> None:
        """Find in the conversation that is shown, beginning with what is selected in it."""
        if not self._window.turns.turn_ids:
            return
        focused = QApplication.focusWidget()
        bar, _ = self._made()
        if focused is None or not bar.isAncestorOf(focused):
            self._before = focused
        selected = focused.textCursor().selectedText() if isinstance(focused, QTextEdit) else ""
        bar.open(selected if 0 < len(selected) <= 100 and "\u2029" not in selected else "")
        self._typed(bar.field.text())

    def close_bar(self) -> None:
        """Close the bar and give the focus back."""
        bar, finder = self._made()
        finder.stop()
        had = bar.isAncestorOf(QApplication.focusWidget() or bar.window())
        bar.hide()
        before, self._before = self._before, None
        if had:
            there = before is not None and before.isVisible()
            (before if there and before is not None else self._window.composer.text).setFocus()

    def next(self) -> None:
        """Go to the next place, or open the bar."""
        self._step(1)

    def previous(self) -> None:
        """Go to the place before, or open the bar."""
        self._step(-1)

    def _step(self, step: int) -> None:
        bar, finder = self._made()
        if bar.isHidden():
            self.open_bar()
        else:
            finder.refresh()
            finder.step(step)

    def _made(self) -> tuple[FindBar, ConversationFinder]:
        if self._bar is None or self._finder is None:
            from mirador_desktop.gui.conversation_finder import ConversationFinder
            from mirador_desktop.gui.find_bar import FindBar

            self._bar = FindBar(self._window.theme, self._window.turns)
            self._finder = ConversationFinder(
                self._window.turns, self._assistant.texts, lambda: self._session.answers, self._tasks, self
            )
            self._bar.typed.connect(self._typed)
            self._bar.stepped.connect(self._step)
            self._bar.closed.connect(self.close_bar)
            self._finder.changed.connect(self._show_count)
        return self._bar, self._finder

    def _typed(self, text: str) -> None:
        _, finder = self._made()
        finder.find(text)

    def _show_count(self) -> None:
        bar, finder = self._made()
        bar.show_count(finder.at, finder.count, finder.looking)

    def _conversation_changed(self) -> None:
        if self._bar is None or self._finder is None or self._bar.isHidden():
            return
        if not self._window.turns.turn_ids:
            self.close_bar()
        else:
            self._finder.refresh()
