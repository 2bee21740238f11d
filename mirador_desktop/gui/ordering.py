"""What the window does to keep conversations in order: folders, pins, archive, copies, and undo for all of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from mirador_desktop.core.conversation import Conversation, Folder, Turn
from mirador_desktop.errors import StoreError
from mirador_desktop.gui.folder_acts import Act, ids_of
from mirador_desktop.gui.folder_rows import Listing
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.ordering_popovers import OrderingPopovers
from mirador_desktop.gui.session import Session
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.preferences import Preferences

if TYPE_CHECKING:
    from mirador_desktop.assistant import Assistant
    from mirador_desktop.order import Done, Order
    from mirador_desktop.settings import Settings

_MOST_UNDO = 20
_TOLD = 6.0
"""Seconds that something done is told, with its undo."""


@dataclass(slots=True, eq=False)
class _Step:
    """Something that can be undone, until a `time.monotonic()` where it has an end."""

    done: Done
    end: float = float("inf")
    offer: Callable[[], None] = lambda: None
    """What the message's button does."""


class Ordering(QObject):
    """Connects the list, its menus and the title bar with the door to order.

    Args:
        show_turn: shows a turn of a conversation; False if it is gone.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        assistant: Assistant,
        order: Order,
        preferences: Preferences,
        tasks: Tasks,
        show_turn: Callable[[str, str], Awaitable[bool]],
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._assistant, self._order = window, session, assistant, order
        self._preferences, self._tasks = preferences, tasks
        self._steps: deque[_Step] = deque(maxlen=_MOST_UNDO)
        self._one_by_one = asyncio.Lock()
        self._numbers = count()
        self._opened = False
        self._counted = ""
        self.asking = OrderingPopovers(window, session, assistant, order, tasks, self.do, self.run, show_turn)
        self._list = entries = window.sidebar.list
        entries.set_sort(preferences.current.sort)
        entries.opened.connect(session.open)
        entries.renamed.connect(self.rename)
        entries.pinned.connect(lambda given, on: self.do(Act("pin", ids_of(given), value=on)))
        entries.deleted.connect(lambda given: self.do(Act("delete", ids_of(given))))
        entries.wanted.connect(self.do)
        entries.tag_wanted.connect(self.show_tagged)
        entries.folded.connect(lambda ids: tasks.start("open folders", order.remember_open(ids)))
        bar = window.title_bar
        bar.tag_chosen.connect(self.show_tagged)
        bar.remember.connect(lambda: self.do(Act("remember", (session.current,), value=True)))
        session.listed.connect(self._listed)
        session.changed.connect(self._show_shown)
        session.continue_wanted.connect(lambda turn: self.start(lambda: self._continue(turn)))
        preferences.listen(self._settings_changed)
        window.shortcut("Ctrl+Shift+N", lambda: self.do(Act("new folder")))

    # ── what is shown ──────────────────────────────────────────────────────────────────────────────────

    def _listed(self, listing: Listing) -> None:
        if listing.open is not None and not self._opened:
            self._opened = True
            self._list.set_open(listing.open)
        self._window.sidebar.show_conversations(listing.conversations, self._session.current, listing.folders)

    def _show_shown(self) -> None:
        """Show in title bar and composer what is known of the conversation that is shown."""
        self._window.title_bar.show_order(self._session.conversation)
        self._show_recalls()
        if self._session.current != self._counted:  # the number of another conversation is not said of this one
            self._counted = self._session.current
            self._window.title_bar.show_branch_count(0)
        self._tasks.start("count branches", self._count_branches())

    def _show_recalls(self) -> None:
        shown, on = self._session.conversation, self._preferences.current.memory
        self._window.composer.set_recalls(on and (shown is None or shown.memory))

    async def _count_branches(self) -> None:
        shown, branches = self._session.conversation, 0
        if shown is not None:
            try:
                branches = await self._order.branches(shown.id)
            except StoreError:
                branches = 0  # the banner says why
        if shown is self._session.conversation:
            self._window.title_bar.show_branch_count(branches)

    def titled(self) -> None:
        """A title was written: show it."""
        self._session.refresh_list()
        self._session.changed.emit()

    def show_tagged(self, tag: str) -> None:
        """Show all conversations with a tag."""
        self._window.show_sidebar()
        tag = tag.partition('"')[0] or tag  # in a search it would end the name; its beginning is found too
        self._window.sidebar.search_for(f'tag:"{tag}"' if " " in tag else f"tag:{tag}")

    def _settings_changed(self, before: Settings) -> None:
        if before.sort != self._preferences.current.sort:
            self._list.set_sort(self._preferences.current.sort)
        self._show_recalls()

    # ── what is done ───────────────────────────────────────────────────────────────────────────────────

    def rename(self, conversation: Conversation, title: str) -> None:
        """Give a conversation the person's own title."""
        self.run(lambda: self._order.rename(conversation.id, title), quiet=True)

    def do(self, act: Act) -> None:
        """Do what the person wants."""
        order, ids, folder = self._order, act.ids, act.folder
        match act.what:
            case "pin":
                self.run(lambda: self._pin(ids, bool(act.value)))
            case "archive":
                self.run(lambda: order.archive(ids, bool(act.value)))
            case "remember":
                self.run(lambda: order.remember(ids, bool(act.value)))
            case "move":
                self.run(lambda: self._move(ids, folder))
            case "delete":
                self.start(lambda: self._delete(ids))
            case "duplicate":
                self.start(lambda: self._duplicate(ids[0]))
            case "export":
                self._list.export_wanted.emit(list(ids))
            case "choose folder":
                self.asking.choose_folder(ids)
            case "edit tags":
                self.asking.edit_tags(ids)
            case "new folder":
                self.start(lambda: self._new_folder(folder, ids, act.value))
            case "rename folder" if folder is not None:
                self.run(lambda: order.rename_folder(folder, str(act.value)), quiet=True)
            case "move folder" if folder is not None:
                self.run(lambda: order.move_folder(folder, act.value.id if act.value is not None else ""))
            case "delete folder" if folder is not None:
                self.run(lambda: order.delete_folder(folder))
            case "sort":
                self._preferences.change(sort=act.value)
            case "undo":
                self.undo()

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something after what was begun before."""

        async def do() -> None:
            async with self._one_by_one:
                await work()

        self._tasks.start(f"order {next(self._numbers)}", do())

    def run(self, work: Callable[[], Coroutine[Any, Any, Done]], quiet: bool = False) -> None:
        """Do something, and offer to undo it; `quiet` for what is seen at once where it was done."""

        async def do() -> None:
            self._did(await work(), quiet=quiet)

        self.start(do)

    def _did(self, done: Done, end: float = float("inf"), quiet: bool = False) -> None:
        """Show what was done, and offer to undo it."""
        if not done.count:
            return
        step = _Step(done, end)
        step.offer = lambda: self.start(lambda: self._undo(step))
        self._steps.append(step)
        self._told()
        if not quiet:
            stay = end - monotonic() if end < float("inf") else _TOLD
            self._window.toast.say(done.words, stay, "Undo", step.offer)

    def _told(self) -> None:
        """What can be undone has changed, and what is shown with it."""
        self._offer_undo()
        self._session.refresh_list()
        self._session.changed.emit()

    def _offer_undo(self) -> None:
        """Tell the list what would be undone."""
        self._list.undo_words = next((s.done.words for s in reversed(self._steps) if s.end > monotonic()), "")

    # ── undo ───────────────────────────────────────────────────────────────────────────────────────────

    def undo(self) -> None:
        """Undo what was done last, of the last 20 things."""
        self.start(lambda: self._undo(None))

    async def _undo(self, step: _Step | None) -> None:
        for old in [each for each in self._steps if each.end <= monotonic()]:
            self._steps.remove(old)
        step = step or (self._steps[-1] if self._steps else None)
        if step is None or step not in self._steps:
            self._window.toast.say(
                "There is nothing to undo" if step is None else "This cannot be undone any more", 3
            )
            self._told()
            return
        self._steps.remove(step)
        self._window.toast.take_back(step.offer)
        await step.done.undo()
        shown = self._session.conversation
        if shown is not None and await self._assistant.open(shown.id) is None:  # what was undone had made it
            self._session.new()
        self._purge_later()
        self._told()
        self._window.toast.say(f"Undone: {step.done.words}", 3)

    def forget(self) -> None:
        """Everything was deleted or replaced: there is nothing to go back to."""
        self._steps.clear()
        self._offer_undo()

    # ── conversations ──────────────────────────────────────────────────────────────────────────────────

    async def _move(self, ids: Sequence[str], folder: Folder | None) -> Done:
        """What is moved out of the archive is no longer archived."""
        back = await self._order.archive(ids, False)
        return _both(back, await self._order.move(ids, folder))

    async def _pin(self, ids: Sequence[str], pinned: bool) -> Done:
        """What is pinned out of the archive is no longer archived: the archive has no place for it at the top."""
        if not pinned:
            return await self._order.pin(ids, False)
        back = await self._order.archive(ids, False)
        return _both(back, await self._order.pin(ids, True))

    async def _delete(self, ids: Sequence[str]) -> None:
        from mirador_desktop.library import UNDO_SECONDS

        end = monotonic() + UNDO_SECONDS
        self._session.leave(ids)
        done = await self._order.delete(ids)
        self._session.leave(ids)  # one of them may have been opened meanwhile
        self._did(done, end)
        self._purge_later()

    def _purge_later(self) -> None:
        from mirador_desktop.library import UNDO_SECONDS

        QTimer.singleShot(round(UNDO_SECONDS * 1000) + 500, self, self._purge)

    def _purge(self) -> None:
        self._tasks.start("purge", self._assistant.purge())
        self._offer_undo()

    async def _duplicate(self, conversation: str) -> None:
        _, done = await self._order.duplicate(conversation)
        self._did(done)

    async def _continue(self, turn: Turn) -> None:
        made, done = await self._order.continue_from(turn)
        self._session.open(made)
        self._did(done)

    # ── folders ────────────────────────────────────────────────────────────────────────────────────────

    async def _new_folder(self, parent: Folder | None, ids: Sequence[str], name: str | None) -> None:
        """Make a folder, with conversations or without; one without a name gets it in place."""
        inside = parent.id if parent is not None else ""
        taken = {f.name.casefold() for f in await self._order.folders() if f.parent == inside}
        names = (f"New folder {number}" if number > 1 else "New folder" for number in count(1))
        free = next(each for each in names if each.casefold() not in taken)
        folder, done = await self._order.add_folder(name or free, inside)
        if ids:
            moved = await self._move(ids, folder)
            done = _both(done, moved)
        self._did(done, quiet=not ids)
        if name:
            return
        self._window.show_sidebar()
        if self._window.sidebar.searching:
            self._window.sidebar.search.clear()
            self._window.sidebar.leave_search()
        await self._session.list_now()
        self._list.rename_folder(folder.id)


def _both(first: Done, second: Done) -> Done:
    """Two things done as one; the words are those of the second, if it has changed anything."""
    from mirador_desktop.order import Done

    if not first.count or not second.count:
        return second if second.count else first

    async def undo() -> None:
        await second.undo()
        await first.undo()

    return Done(second.words, undo, max(first.count, second.count))
