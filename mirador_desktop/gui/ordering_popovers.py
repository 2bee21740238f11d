"""What the person is asked to keep conversations in order: which folder, which tags, which branch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint

from mirador_desktop.gui.folder_acts import Act
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.session import Session
from mirador_desktop.gui.tasks import Tasks

if TYPE_CHECKING:
    from mirador_desktop.assistant import Assistant
    from mirador_desktop.gui.tags_popover import TagsPopover
    from mirador_desktop.order import Done, Order


class OrderingPopovers(QObject):
    """Opens the popovers that ask, and has done what is chosen in them.

    Args:
        do: does what the person wants.
        run: runs what changes something, and offers to undo it.
        show_turn: shows a turn of a conversation; False if it is gone.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        assistant: Assistant,
        order: Order,
        tasks: Tasks,
        do: Callable[[Act], object],
        run: Callable[[Callable[[], Coroutine[Any, Any, Done]]], object],
        show_turn: Callable[[str, str], Awaitable[bool]],
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._assistant, self._order = window, session, assistant, order
        self._tasks, self._do, self._run, self._show_turn = tasks, do, run, show_turn
        self._list, bar = window.sidebar.list, window.title_bar
        bar.edit_tags.connect(self._edit_shown_tags)
        bar.show_branches.connect(lambda: tasks.start("branch tree", self._show_branches()))

    def _beside_list(self) -> QPoint:
        """Where something about the current row is shown."""
        box = self._list.visualRect(self._list.currentIndex())
        y = min(max(box.bottom(), 0), self._list.viewport().height())
        return self._list.viewport().mapToGlobal(QPoint(self._window.theme.px(16), y))

    def choose_folder(self, ids: Sequence[str]) -> None:
        """Ask which folder conversations shall be moved to."""
        from mirador_desktop.gui.folder_picker import FolderPicker

        folders, moved, do = self._list.folders, set(ids), self._do
        can_leave = any(c.id in moved and c.folder in folders for c in self._list.conversations)
        picker = FolderPicker(self._window.theme, folders, can_leave, self._window)
        picker.chosen.connect(lambda folder: do(Act("move", tuple(ids), folder)))
        picker.named.connect(lambda name: do(Act("new folder", tuple(ids), value=name)))
        picker.open_at(self._beside_list())

    # ── tags ───────────────────────────────────────────────────────────────────────────────────────────

    def _edit_shown_tags(self) -> None:
        button = self._window.title_bar.tag_button
        if self._session.conversation is not None:
            self.edit_tags((self._session.current,), button.mapToGlobal(QPoint(0, button.height() + 4)))

    def edit_tags(self, ids: Sequence[str], where: QPoint | None = None) -> None:
        """Show the tags of conversations, to be changed; at a point of the screen, else beside the list."""
        self._tasks.start("tags", self._open_tags(ids, where or self._beside_list()))

    async def _open_tags(self, ids: Sequence[str], where: QPoint) -> None:
        from mirador_desktop.gui.tags_popover import TagsPopover

        order, used = self._order, list(await self._order.tags())
        popover = TagsPopover(self._window.theme, await self._tags_of(ids), used, len(ids), self._window)

        def change(work: Callable[[], Coroutine[Any, Any, Done]]) -> None:
            self._run(lambda: self._changed(popover, ids, work))

        popover.added.connect(lambda tag: change(lambda: order.add_tags(ids, [tag])))
        popover.removed.connect(lambda tag: change(lambda: order.remove_tags(ids, [tag])))
        popover.open_at(where)

    async def _changed(
        self, popover: TagsPopover, ids: Sequence[str], work: Callable[[], Coroutine[Any, Any, Done]]
    ) -> Done:
        from shiboken6 import isValid

        done = await work()
        tags = await self._tags_of(ids)
        if isValid(popover):
            popover.show_tags(tags)
        return done

    async def _tags_of(self, ids: Sequence[str]) -> list[str]:
        """All tags that any of these conversations has."""
        known = [await self._assistant.open(each) for each in ids]
        return sorted({tag for c in known if c is not None for tag in c.tags}, key=str.casefold)

    # ── branches ───────────────────────────────────────────────────────────────────────────────────────

    async def _show_branches(self) -> None:
        from mirador_desktop.gui.branch_tree import BranchTree, nodes_of

        shown = self._session.conversation
        if shown is None:
            return
        turns = await self._order.tree(shown.id)
        branches = await self._order.branches(shown.id)
        nodes = await asyncio.to_thread(nodes_of, turns, shown.leaf)
        if shown is not self._session.conversation or not nodes:
            return
        tree = BranchTree(self._window.theme, nodes, branches, self._window)
        tree.chosen.connect(partial(self._go, shown.id))
        tree.open_below(self._window.title_bar.branches)

    def _go(self, conversation: str, turn: str) -> None:
        self._tasks.start("open", self._go_to(conversation, turn))

    async def _go_to(self, conversation: str, turn: str) -> None:
        if not await self._show_turn(conversation, turn):
            self._window.toast.say("This question is not there any more", 5)
