"""What the window does with the assistant: opens conversations, asks, stops, and branches.

Widgets only show and signal; every coroutine they need is started here.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from mirador_desktop.core.conversation import Conversation, Turn, new_id
from mirador_desktop.core.events import AnswerFinished, Event, StageFinished, StreamToken
from mirador_desktop.core.stages import DEFAULT_PIPELINE, Pipeline
from mirador_desktop.errors import StoreError
from mirador_desktop.gui.conversation_view import ConversationView
from mirador_desktop.gui.folder_rows import Listing
from mirador_desktop.gui.pictures import thumbnail
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.turn_view import TurnView

if TYPE_CHECKING:
    from mirador_desktop.assistant import Ask, Assistant, QuestionAsked
    from mirador_desktop.core.conversation import Attachment
    from mirador_desktop.core.orchestrator import Depth
    from mirador_desktop.order import Order

_TAIL = 8
"""Turns that are read before a conversation is shown; the others follow."""


class Session(QObject):
    """The conversation that is shown, and the answers that stream, in it and elsewhere.

    Attributes:
        conversation: the one that is shown, None for a new one.
        editing: the turn whose question is being changed, or None.

    Signals:
        changed: another conversation is shown, or its title, or whether it answers.
        listed: what the sidebar shows (`Listing`).
        answer_moved: the last turn of what is shown has changed: show its timeline.
        loads_changed: other models may be in memory now.
        asked: the turn of a question that was just asked in what is shown, and whether memory is on for it.
        begun: a question goes to this pipeline.
        ended: an answer has ended, whatever happened.
        edit_begun: a question to be put into the composer, and its attachments.
        said: a message for the person, seconds to show it, a button's name and what it does.
        copied: a text for the clipboard.
        continue_wanted: a turn that another conversation shall go on from.
    """

    changed = Signal()
    listed = Signal(object)
    answer_moved = Signal()
    loads_changed = Signal()
    asked = Signal(object, bool)
    begun = Signal(object)
    ended = Signal()
    edit_begun = Signal(str, object)
    said = Signal(str, float, str, object)
    copied = Signal(str)
    continue_wanted = Signal(object)

    def __init__(
        self, assistant: "Assistant", order: "Order", tasks: Tasks, view: ConversationView, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._assistant, self._order, self._tasks, self.view = assistant, order, tasks, view
        self._listing = Listing([], [])
        self.conversation: Conversation | None = None
        self.editing: Turn | None = None
        self._pending = ""
        self._answering: dict[str, Turn | None] = {}
        self._clock = QTimer(self)
        self._clock.setInterval(100)
        self._clock.timeout.connect(self.answer_moved)
        view.needed.connect(self._load)
        view.made.connect(self._connect)

    # ── what is shown ──────────────────────────────────────────────────────────────────────────────────

    @property
    def current(self) -> str:
        """Identifier of the conversation that is shown; a new one has it before its first question."""
        return self.conversation.id if self.conversation is not None else self._pending

    @property
    def answers(self) -> bool:
        """Whether an answer streams in the conversation that is shown."""
        return self.current in self._answering

    @property
    def last_turn(self) -> Turn | None:
        """The last turn of what is shown, if it is at hand."""
        ids = self.view.turn_ids
        return self.view.turn(ids[-1]) if ids else None

    def seconds_into(self, turn: Turn) -> float | None:
        """Seconds since a turn was asked, None if its answer has ended."""
        return time.time() - turn.created if turn.reason is None and self.answers else None

    def new(self) -> None:
        """Show an empty conversation."""
        self._tasks.cancel("open")
        self.conversation, self.editing, self._pending = None, None, ""
        self.view.show_turns([])
        self.changed.emit()
        self.answer_moved.emit()

    def open(self, conversation: Conversation) -> None:
        """Show a conversation."""
        if self.conversation is not None and conversation.id == self.conversation.id:
            return
        self.editing = None
        self._tasks.start("open", self.show(conversation.id))

    async def show(self, conversation_id: str) -> None:
        """Read a conversation and show the end of its branch; what is before follows."""
        conversation = await self._assistant.open(conversation_id)
        if conversation is None:
            return
        turns = await self._assistant.tail(conversation.leaf, _TAIL)
        self.conversation, self._pending = conversation, ""
        self.view.show_turns(turns)
        self.changed.emit()
        self.answer_moved.emit()
        if len(turns) == _TAIL:
            await self._painted()
            outlines = await self._assistant.outline(conversation.leaf)
            shown = {t.id for t in turns}
            self.view.put_before([o for o in outlines if o.id not in shown])

    async def _painted(self) -> None:
        """Wait until what is in sight is painted: reading on would take the time it needs."""
        clock = self.view.look.clock
        for _ in range(30):
            if clock.idle:
                break
            await asyncio.sleep(clock.interval)

    def _load(self, ids: list[str]) -> None:
        self._tasks.start(f"turns {ids[0]}", self._provide(ids))

    async def _provide(self, ids: list[str]) -> None:
        self.view.provide(await self._assistant.turns(ids))

    def refresh_list(self) -> None:
        """Show the conversations."""
        self._tasks.start("list", self._list())

    async def _list(self) -> None:
        """Read what the sidebar shows; where it cannot be read, the banner says why."""
        before, conversations = self._listing, list[Conversation]()
        folders, opened = before.folders, before.open
        with suppress(StoreError):
            conversations = await self._assistant.conversations()
            folders = await self._order.folders()
            opened = await self._order.open_folders() if opened is None else opened
        self._listing = Listing(conversations, folders, opened)
        self.listed.emit(self._listing)

    async def list_now(self) -> None:
        """Show the conversations, and return when they are shown."""
        self._tasks.cancel("list")
        await self._list()

    # ── asking ─────────────────────────────────────────────────────────────────────────────────────────

    def ask(
        self,
        question: str,
        pipeline: Pipeline = DEFAULT_PIPELINE,
        depth: "Depth" = "auto",
        memory: bool = True,
        attachments: "tuple[Attachment, ...]" = (),
    ) -> None:
        """Ask a question after the last turn, or in place of the one that is being edited."""
        parent = self.view.turn_ids[-1] if self.view.turn_ids else ""
        if self.editing is not None:
            parent = self.editing.parent
            self.view.cut_from(self.editing.id)
            self.editing = None
        self._ask(question, parent, pipeline, depth, memory, attachments)

    def ask_again(self, turn: Turn, depth: "Depth | None" = None) -> None:
        """Ask a turn's question again, as another branch."""
        self._with_attachments(turn, lambda attachments: self._ask_again(turn, depth, attachments))

    def _with_attachments(self, turn: Turn, act: "Callable[[tuple[Attachment, ...]], None]") -> None:
        """Do something with a turn's attachments once they are at hand, unless an answer streams then."""

        async def read() -> None:
            attachments = await self._assistant.attachments(turn)
            if not self.answers and turn.conversation == self.current:
                act(attachments)

        if turn.attachments:
            self._tasks.start("attachments", read())
        elif not self.answers:
            act(())

    def _ask_again(self, turn: Turn, depth: "Depth | None", attachments: "tuple[Attachment, ...]") -> None:
        pipeline = next((p for p in self._assistant.pipelines if p.name == turn.pipeline), DEFAULT_PIPELINE)
        self.editing = None
        self.view.cut_from(turn.id)
        chosen = depth or (turn.depth if turn.depth in ("quick", "full") else "auto")
        self._ask(turn.question, turn.parent, pipeline, chosen, True, attachments)  # type: ignore[arg-type]

    def _ask(
        self,
        question: str,
        parent: str,
        pipeline: Pipeline,
        depth: "Depth",
        memory: bool,
        attachments: "tuple[Attachment, ...]",
    ) -> None:
        from mirador_desktop.assistant import Ask

        if self.conversation is None:
            self._pending = new_id()
        conversation = self.current
        self._answering[conversation] = None
        begins = self.conversation is None
        asked = Ask(question, conversation, parent, pipeline, depth, memory, begins, attachments)
        task = self._tasks.start(f"answer {conversation}", self._assistant.ask(asked, self._receiver(asked)))
        task.add_done_callback(lambda task: self._answered(conversation))
        self._clock.start()
        self.begun.emit(pipeline)
        self.changed.emit()

    def _receiver(self, ask: "Ask") -> "Callable[[QuestionAsked | Event], None]":
        conversation = ask.conversation
        turn: Turn | None = None
        writing: set[tuple[str, str]] = set()

        def receive(event: "QuestionAsked | Event") -> None:
            nonlocal turn
            if turn is None:
                turn = event.turn  # type: ignore[union-attr]  # the first one is QuestionAsked
                self._answering[conversation] = turn
                if conversation == self.current:
                    self.conversation, self._pending = event.conversation, ""  # type: ignore[union-attr]
                    self.view.append(turn)
                    self.changed.emit()
                    self.asked.emit(turn, ask.memory and self.conversation.memory)
                self._tasks.start(f"branches {turn.id}", self._find_branches(turn))
                self.refresh_list()
                return
            self.view.receive(turn.id, event)  # type: ignore[arg-type]
            # While a model writes, no other one is being loaded: a good moment to see which stay together.
            if isinstance(event, StreamToken) and (event.stage, event.model) not in writing:
                writing.add((event.stage, event.model))
                self.loads_changed.emit()
            if isinstance(event, StageFinished | AnswerFinished):
                self.loads_changed.emit()
                if conversation == self.current:
                    self.answer_moved.emit()

        return receive

    def _answered(self, conversation: str) -> None:
        self._answering.pop(conversation, None)
        self.ended.emit()
        if not self._answering:
            self._clock.stop()
        self.refresh_list()
        self.changed.emit()
        self.answer_moved.emit()

    async def _find_branches(self, turn: Turn) -> None:
        await self._assistant.siblings(turn)
        self.view.refresh(turn.id)

    def stop(self) -> None:
        """Stop the answer in the conversation that is shown: its connections are closed, its text is kept."""
        self._tasks.cancel(f"answer {self.current}")

    async def stop_all(self) -> None:
        """Stop all answers, and wait until they have ended."""
        names = [f"answer {conversation}" for conversation in self._answering]
        await self._tasks.end(names)

    # ── turns ──────────────────────────────────────────────────────────────────────────────────────────

    def _connect(self, view: TurnView) -> None:
        turn = view.turn
        view.edit.connect(lambda: self.edit(turn))
        view.regenerate.connect(lambda: self.ask_again(turn))
        view.retry.connect(lambda: self.ask_again(turn))
        view.go_deeper.connect(lambda: self.ask_again(turn, "full"))
        view.branch.connect(lambda step: self._tasks.start("open", self._step(turn, step)))
        view.folded.connect(lambda stage, folded: self._assistant.fold(turn, stage, folded))
        view.copied.connect(self.copied)
        view.continue_here.connect(lambda: self.continue_wanted.emit(turn))
        if any(a.is_image for a in turn.attachments):
            self._tasks.start(f"pictures {turn.id}", self._show_pictures(view))

    async def _show_pictures(self, view: TurnView) -> None:
        attachments = await self._assistant.attachments(view.turn)
        small = await asyncio.to_thread(lambda: [thumbnail(a.data) if a.data else None for a in attachments])
        view.show_pictures(small)

    def edit(self, turn: Turn | None = None) -> None:
        """Put a turn's question (or the last one's) into the composer, to be asked as another branch."""
        turn = turn or self.last_turn
        if turn is not None:
            self._with_attachments(turn, lambda attachments: self._edit(turn, attachments))

    def _edit(self, turn: Turn, attachments: "tuple[Attachment, ...]") -> None:
        self.editing = turn
        self.edit_begun.emit(turn.question, attachments)

    def cancel_edit(self) -> None:
        """Leave editing."""
        self.editing = None

    def regenerate(self) -> None:
        """Ask the last question again."""
        if (turn := self.last_turn) is not None:
            self.ask_again(turn)

    async def _step(self, turn: Turn, step: int) -> None:
        """Show the branch beside the one through `turn`."""
        if self.conversation is None:
            return
        conversation = self.conversation
        order = await self._assistant.siblings(turn)
        place = order.index(turn.id) + step
        if 0 <= place < len(order):
            await self._assistant.show_branch(conversation, order[place])
            await self.show(conversation.id)
            if order[place] in self.view.turn_ids:
                self.view.show_turn(order[place])

    # ── order ──────────────────────────────────────────────────────────────────────────────────────────

    def leave(self, ids: Sequence[str]) -> None:
        """Let go of conversations that are being deleted: their answers are stopped."""
        for conversation in ids:
            self._tasks.cancel(f"answer {conversation}")
        if self.current in ids:
            self.new()
