"""What the window does with memory: shows what was recalled, does what the person wants with it, offers notes."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint

from mirador_desktop.core.conversation import MemoryUsed, Turn, new_id
from mirador_desktop.errors import StoreError
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.memories_used import MemoriesUsed
from mirador_desktop.gui.popover import Popover
from mirador_desktop.gui.session import Session
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.turn_view import TurnView

if TYPE_CHECKING:
    from mirador_desktop.remembering import Changed, Choice, Memories, Undo

_UNDO_SECONDS = 8.0
_LEARNED: "dict[str, Choice]" = {"open": "opened", "pin": "kept", "leave out": "thrown out", "forget": "thrown out"}


class Remembering(QObject):
    """Connects what shows memories with the door to them.

    Args:
        show_turn: shows a turn of a conversation; False if it is gone.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        memories: "Memories",
        tasks: Tasks,
        show_turn: Callable[[str, str], Awaitable[bool]],
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._memories, self._tasks = window, session, memories, tasks
        self._show_turn = show_turn
        self._changes = 0
        """Counts what may have changed what turns show of their memories."""
        self._all_changed = 0
        """The last change of which it is not known what it changed: that of the list of conversations."""
        self._touched: dict[str, int] = {}
        """Memories that were changed, forgotten or brought back after that, and the last change of each."""
        self._known: dict[str, int] = {}
        """Turns that show what is known since this change. Those of before the start are read with what is known."""
        self._start = new_id()
        self._stale: dict[str, Turn] = {}
        """Turns whose memories are to be read next."""
        self._describes = False
        self._offers: dict[str, list[str]] = {}
        """Notes that were offered for a turn and not answered yet."""
        session.view.needed.connect(self._reads)
        session.view.made.connect(self._connect)
        session.changed.connect(self._shown)
        session.listed.connect(self._listed)
        session.asked.connect(self._offer)
        memories.changed.add(self._changed)
        window.inspector.memories.acted.connect(lambda action, memory: self.act(action, memory, session.last_turn))

    def _connect(self, view: TurnView) -> None:
        view.show_memories.connect(lambda: self._popover(view))
        view.kept_note.connect(lambda note: self._tasks.start(f"keep {note}", self._keep(view.turn.id, note)))
        view.declined_note.connect(lambda note: self._tasks.start(f"decline {note}", self._decline(note)))
        view.offer_notes(self._offers.get(view.turn.id, ()))
        self._reads([view.turn.id])
        self._bring_up_to_date([view.turn])

    def _popover(self, view: TurnView) -> None:
        """Show the memories of a turn where there may be no inspector."""
        frame = Popover(self._window.theme, "memoriesPopover", "Memory used", self._window)
        shown = MemoriesUsed(self._window.theme, frame)
        shown.show_turn(view.turn)
        shown.setMinimumWidth(shown.wanted_width())
        frame.add_scrolled(shown)

        def act(action: str, memory: MemoryUsed) -> None:
            frame.close()
            self.act(action, memory, view.turn)

        shown.acted.connect(act)
        frame.open_at(view.mapToGlobal(view.memories_corner() + QPoint(0, 4)))
        if shown.rows:
            shown.rows[0].setFocus()

    # ── what has changed ───────────────────────────────────────────────────────────────────────────────

    def _changed(self, identifiers: Sequence[str]) -> None:
        self._changes += 1
        self._touched.update(dict.fromkeys(identifiers, self._changes))
        self._look_again()

    def _listed(self) -> None:
        """Conversations may have been deleted, brought back or renamed, and what was said in them with them."""
        self._changes += 1
        self._all_changed = self._changes
        self._touched.clear()
        self._look_again()

    def _reads(self, ids: Sequence[str]) -> None:
        """Turns are read for the first time; one asked since the start may have been held without being shown."""
        for turn in ids:
            if turn < self._start:
                self._known.setdefault(turn, self._changes)

    def _shown(self) -> None:
        """Other turns may be shown."""
        self._reads([key for key in self._session.view.turn_ids if self._session.view.turn(key) is not None])
        self._look_again()

    def _look_again(self) -> None:
        """Have what shows memories now show what is known of them; other turns follow when their views are made."""
        view, last = self._session.view, self._session.last_turn
        turns = [view.turn(key) for key in view.turn_ids if view.view_of(key) is not None]
        self._bring_up_to_date([turn for turn in (*turns, last) if turn is not None])

    def _bring_up_to_date(self, turns: Sequence[Turn]) -> None:
        """Read the memories of those turns that may show what is over, together with others that wait."""
        self._stale.update((turn.id, turn) for turn in turns if self._is_stale(turn))
        if self._stale and not self._describes:
            self._describes = True
            self._tasks.start("describe memories", self._describe())

    def _is_stale(self, turn: Turn) -> bool:
        known = self._known.get(turn.id, 0)
        changes = (self._touched.get(memory.id, 0) for memory in turn.recalled)
        return bool(turn.recalled) and max(self._all_changed, *changes) > known

    async def _describe(self) -> None:
        try:
            while self._stale:
                turns = list(self._stale.values())
                self._stale.clear()
                self._known.update(dict.fromkeys((turn.id for turn in turns), self._changes))
                await self._describe_now(turns)
        except StoreError:
            self._known.update(dict.fromkeys(self._known, 0))  # read when seen again; the banner says why
        finally:
            self._describes = False

    async def _describe_now(self, turns: Sequence[Turn]) -> None:
        before = [[replace(memory) for memory in turn.recalled] for turn in turns]
        await self._memories.describe([memory for turn in turns for memory in turn.recalled])
        changed = [turn for turn, old in zip(turns, before, strict=True) if turn.recalled != old]
        for turn in changed:
            self._session.view.refresh(turn.id)
        if changed:
            self._session.answer_moved.emit()

    # ── what is done ───────────────────────────────────────────────────────────────────────────────────

    def go_to(self, conversation: str, turn: str) -> None:
        """Show where a memory comes from."""
        self._tasks.start("go to memory", self._go_to(conversation, turn))

    async def _go_to(self, conversation: str, turn: str) -> None:
        if not turn or not await self._show_turn(conversation, turn):
            self._window.toast.say("The conversation it comes from does not exist any more", 5)

    def act(self, action: str, memory: MemoryUsed, turn: Turn | None) -> None:
        """Do something with a memory that was recalled for a turn: "open", or one of `memories_used.ACTIONS`."""
        name = f"memory {memory.id}"
        if not self._tasks.runs(name):
            self._tasks.start(name, self._act(action, memory, turn))

    async def _act(self, action: str, memory: MemoryUsed, turn: Turn | None) -> None:
        conversation, source = memory.conversation, memory.turn
        whole = await self._memories.get(memory.id)
        if whole is None:
            self._changed([memory.id])
            if action != "open":
                self._window.toast.say("This memory does not exist any more", 5)
                return
        unlearn = None
        if turn is not None and action in _LEARNED:
            unlearn = await self._memories.choose(turn.id, memory.id, _LEARNED[action])
        if whole is not None and action == "forget":
            self._say(await self._memories.forget([whole]), unlearn)
        elif action in ("pin", "unpin"):
            self._say(await self._memories.pin(memory.id, action == "pin"), unlearn)
        elif action == "leave out" and turn is not None:
            self._say(await self._memories.leave_out(turn.conversation, memory.id), unlearn)
        elif action == "open" and not (source and await self._show_turn(conversation, source)):
            if whole is not None and whole.kind == "note":
                self._show_in_list(memory.id)
            else:
                self._window.toast.say("The conversation it comes from does not exist any more", 5)

    def _show_in_list(self, identifier: str) -> None:
        """Show a note that stands in no conversation."""
        from mirador_desktop.gui.settings.memories_panel import MemoriesPanel

        MemoriesPanel(self._window.theme, self._memories, self._tasks, self.go_to, self._window, identifier).open()

    def _say(self, changed: "Changed", unlearn: "Undo | None") -> None:
        take_back = changed.undo
        if take_back is None:
            self._window.toast.say(changed.words, 4)
            return

        async def undo() -> None:
            await take_back()
            if unlearn is not None:
                await unlearn()

        self._offer_undo(changed.words, undo)

    def _offer_undo(self, words: str, undo: Callable[[], Coroutine[object, object, None]]) -> None:
        def start() -> None:
            self._tasks.start("undo memory", undo())

        self._window.toast.say(words, _UNDO_SECONDS, "Undo", start)

    # ── notes ──────────────────────────────────────────────────────────────────────────────────────────

    def _offer(self, turn: Turn, memory: bool) -> None:
        if memory:
            self._tasks.start(f"offer {turn.id}", self._offer_notes(turn))

    async def _offer_notes(self, turn: Turn) -> None:
        self._show_offers(turn.id, await self._memories.proposals(turn))

    def _show_offers(self, turn: str, notes: Sequence[str]) -> None:
        if notes:
            self._offers.setdefault(turn, []).extend(notes)
            if (view := self._session.view.view_of(turn)) is not None:
                view.offer_notes(notes)

    async def _keep(self, turn: str, note: str) -> None:
        self._answered(note)
        kept = await self._memories.add_note(note, turn)

        async def undo() -> None:
            await self._memories.forget([kept])
            self._show_offers(turn, [note])

        self._offer_undo(f"Kept: “{note}”", undo)

    async def _decline(self, note: str) -> None:
        self._answered(note)
        await self._memories.decline(note)

    def _answered(self, note: str) -> None:
        for turn, notes in self._offers.items():
            self._offers[turn] = [other for other in notes if other != note]
