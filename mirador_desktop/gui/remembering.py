"""What the window does with memory: shows what was recalled, does what the person wants with it, offers notes."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint

from mirador_desktop.core.conversation import MemoryUsed, Turn
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.memories_used import MemoriesUsed
from mirador_desktop.gui.popover import Popover
from mirador_desktop.gui.session import Session
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.turn_view import TurnView

if TYPE_CHECKING:
    from mirador_desktop.remembering import Changed, Memories

_UNDO_SECONDS = 8.0


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
        session.view.made.connect(self._connect)
        session.asked.connect(self._offer)
        window.inspector.memories.acted.connect(lambda action, memory: self.act(action, memory, session.last_turn))

    def _connect(self, view: TurnView) -> None:
        view.show_memories.connect(lambda: self._popover(view))
        view.kept_note.connect(lambda note: self._tasks.start(f"keep {note}", self._keep(view, note)))
        view.declined_note.connect(lambda note: self._tasks.start(f"decline {note}", self._decline(view, note)))

    def _popover(self, view: TurnView) -> None:
        """Show the memories of a turn where there may be no inspector."""
        frame = Popover(self._window.theme, "memoriesPopover", "Memory used", self._window)
        shown = MemoriesUsed(self._window.theme, frame)
        shown.show_turn(view.turn)
        shown.setMinimumWidth(shown.wanted_width())
        frame.column.addWidget(shown)

        def act(action: str, memory: MemoryUsed) -> None:
            frame.close()
            self.act(action, memory, view.turn)

        shown.acted.connect(act)
        frame.open_at(view.mapToGlobal(view.memories_corner() + QPoint(0, 4)))
        if shown.rows:
            shown.rows[0].setFocus()

    def go_to(self, conversation: str, turn: str) -> None:
        """Show where a memory comes from."""
        self._tasks.start("go to memory", self._go_to(conversation, turn))

    async def _go_to(self, conversation: str, turn: str) -> None:
        if not turn or not await self._show_turn(conversation, turn):
            self._window.toast.say("The conversation it comes from does not exist any more", 5)

    # ── what is done ───────────────────────────────────────────────────────────────────────────────────

    def act(self, action: str, memory: MemoryUsed, turn: Turn | None) -> None:
        """Do something with a memory that was recalled for a turn."""
        self._tasks.start(f"memory {memory.id}", self._act(action, memory, turn))

    async def _act(self, action: str, memory: MemoryUsed, turn: Turn | None) -> None:
        learned = {"open": "opened", "pin": "kept", "leave out": "thrown out", "forget": "thrown out"}[action]
        if turn is not None:
            await self._memories.choose(turn.id, memory.id, learned)  # type: ignore[arg-type]  # one of the three
        if action == "open":
            await self._go_to(memory.conversation, memory.turn)
            return
        if action == "pin":
            self._say(await self._memories.pin(memory.id, True))
        elif action == "leave out" and turn is not None:
            self._say(await self._memories.leave_out(turn.conversation, memory.id))
        elif action == "forget" and (whole := await self._memories.get(memory.id)) is not None:
            self._say(await self._memories.forget([whole]))
            memory.kind = memory.title = memory.text = ""
            self._session.answer_moved.emit()

    def _say(self, changed: "Changed") -> None:
        if changed.undo is None:
            self._window.toast.say(changed.words, 4)
            return
        self._offer_undo(changed.words, changed.undo)

    def _offer_undo(self, words: str, undo: "Callable[[], Awaitable[None]]") -> None:
        async def run() -> None:
            await undo()

        def start() -> None:
            self._tasks.start("undo memory", run())

        self._window.toast.say(words, _UNDO_SECONDS, "Undo", start)

    # ── notes ──────────────────────────────────────────────────────────────────────────────────────────

    def _offer(self, turn: Turn) -> None:
        self._tasks.start(f"offer {turn.id}", self._offer_notes(turn))

    async def _offer_notes(self, turn: Turn) -> None:
        found = await self._memories.proposals(turn)
        view = self._session.view.view_of(turn.id)
        if found and view is not None:
            view.offer_notes(found)

    async def _keep(self, view: TurnView, note: str) -> None:
        kept = await self._memories.add_note(note, view.turn.id)

        async def undo() -> None:
            await self._memories.forget([kept])

        self._offer_undo(f"Kept: “{note}”", undo)

    async def _decline(self, view: TurnView, note: str) -> None:
        await self._memories.decline(note)
