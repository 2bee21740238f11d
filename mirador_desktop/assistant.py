"""One question in, persisted events out: the only door to the machine, for the window, the terminal and scripts."""

import asyncio
import logging
import re
import textwrap
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from mirador_desktop.core.analysis import analyse
from mirador_desktop.core.conversation import Conversation, StageRecord, Turn, TurnOutline, new_id
from mirador_desktop.core.engine import ModelSource
from mirador_desktop.core.events import AnswerFinished, Event
from mirador_desktop.core.orchestrator import AnswerRequest, Depth, StreamingOrchestrator
from mirador_desktop.core.recorder import TurnRecorder
from mirador_desktop.core.stages import DEFAULT_PIPELINE, GUIDE_PIPELINE, Pipeline
from mirador_desktop.errors import StoreDamaged, StoreError, StoreKeyMissing
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.store import Store

log = logging.getLogger(__name__)

UNDO_SECONDS = 10.0
"""How long a deleted conversation can be brought back."""
_TITLE_LENGTH = 60
_MOST_HISTORY = 12
_MOST_IN_SESSION = 50


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """The first thing passed on: the records that the events will fill."""

    conversation: Conversation
    turn: Turn


@dataclass(frozen=True, slots=True)
class Ask:
    """A question with what the person chose for it.

    Attributes:
        conversation: identifier of the conversation it belongs to, "" for a new one.
        parent: the turn it follows, "" to begin a branch at the root.
        memory: whether earlier turns of the conversation are sent along.
    """

    question: str
    conversation: str = ""
    parent: str = ""
    pipeline: Pipeline = DEFAULT_PIPELINE
    depth: Depth = "auto"
    memory: bool = True


@dataclass(slots=True)
class _Session:
    """Records made or changed since the start: shown also while they cannot be kept."""

    conversations: dict[str, Conversation] = field(default_factory=dict)
    turns: dict[str, Turn] = field(default_factory=dict)


class Assistant:
    """Asks, keeps, and finds again.

    Methods that read conversations raise `StoreError` only for what cannot be known without the store.

    Args:
        source: what is installed where.
        ready: waits until the engines have been looked at.
    """

    pipelines: Sequence[Pipeline] = (DEFAULT_PIPELINE, GUIDE_PIPELINE)

    def __init__(
        self,
        source: ModelSource,
        orchestrator: StreamingOrchestrator,
        store: Store,
        keeper: Keeper,
        ready: Callable[[], Awaitable[None]],
    ) -> None:
        self._source, self._orchestrator = source, orchestrator
        self._store, self._keeper = store, keeper
        self._ready = ready
        self._session = _Session()

    # ── asking ─────────────────────────────────────────────────────────────────────────────────────────

    async def ask(self, ask: Ask, on_event: Callable[[QuestionAsked | Event], None]) -> Turn:
        """Answer a question; every event is kept and passed on as it comes.

        Cancelling the task that awaits this stops the answer: the connections are closed, what was streamed is
        kept, and the events that end it are still passed on before `CancelledError` is raised again. The last
        event is `AnswerFinished`, whatever happened.
        """
        if ask.conversation and ask.conversation not in self._session.conversations:
            await self._find_conversation(ask.conversation)
        self._forget_old_turns()
        conversation, turn = self._begin(ask)
        recorder = TurnRecorder(turn)
        on_event(QuestionAsked(conversation, turn))
        self._keeper.keep(conversation, turn)

        def deliver(event: Event) -> None:
            recorder.apply(event)
            self._keeper.keep(turn=turn)
            on_event(event)

        try:
            history = await self._history(ask) if ask.memory else ()
            turn.memories = len(history)
            await self._ready()
            request = AnswerRequest(ask.question, ask.pipeline, history, ask.depth)
            async with aclosing(self._orchestrator.stream(request)) as events:
                async for event in events:
                    deliver(event)
        except asyncio.CancelledError:
            for event in recorder.stop():
                on_event(event)
            raise
        except Exception as error:
            log.exception("An answer failed")
            deliver(AnswerFinished("", "", None, "failed", f"Something unexpected happened: {error}"))
        finally:
            conversation.updated = time.time()
            self._keeper.keep(conversation, turn)
        return turn

    async def _find_conversation(self, conversation_id: str) -> None:
        """Read a kept conversation into the session, so that a question in it does not begin it anew."""
        try:
            await self.open(conversation_id)
        except StoreError as error:
            log.warning("The conversation is begun anew: %s", error)

    def _begin(self, ask: Ask) -> tuple[Conversation, Turn]:
        now, reading = time.time(), analyse(ask.question)
        conversation = self._session.conversations.get(ask.conversation)
        if conversation is None:
            conversation = Conversation(ask.conversation or new_id(), title_of(ask.question), created=now)
            self._session.conversations[conversation.id] = conversation
        turn = Turn(
            new_id(),
            conversation.id,
            ask.parent,
            ask.question,
            now,
            reading.intent,
            reading.complexity,
            ask.pipeline.name,
            ask.depth,
            stages=[StageRecord(s.name, s.confidence_threshold) for s in ask.pipeline.stages],
        )
        self._session.turns[turn.id] = turn
        conversation.leaf, conversation.updated = turn.id, now
        conversation.turns += 1
        return conversation, turn

    async def _history(self, ask: Ask) -> tuple[tuple[str, str], ...]:
        """Earlier questions of the branch with their final answers, oldest first."""
        if not ask.parent:
            return ()
        try:
            turns = await self.tail(ask.parent, _MOST_HISTORY)
        except StoreError as error:
            log.warning("Earlier turns are not sent along: %s", error)
            return ()
        return tuple((t.question, text) for t in turns if (text := t.final_text))

    def _forget_old_turns(self) -> None:
        """Let go of turns that are safe in the store."""
        if not self._keeper.dirty:
            finished = [t.id for t in self._session.turns.values() if t.reason is not None]
            for turn in finished[:-_MOST_IN_SESSION]:
                del self._session.turns[turn]

    @property
    def has_models(self) -> bool:
        """Whether a model (not the guide) can answer now."""
        return any(m.can_chat and "stages" not in m.capabilities for m in self._source.models())

    def chosen(self, pipeline: Pipeline) -> Pipeline:
        """A pipeline with the models that would answer now."""
        return self._orchestrator.resolve(pipeline)

    # ── finding again ──────────────────────────────────────────────────────────────────────────────────

    async def conversations(self) -> list[Conversation]:
        """All conversations, the one changed last first; those of this session even without a store."""
        await self._keeper.flush()
        known = self._session.conversations
        try:
            stored = await self._store.conversations()
        except StoreError:
            if not known:
                raise
            stored = []
        for place, found in enumerate(stored):
            if found.id in known:
                known[found.id].turns = found.turns  # of the shown branch, as the store has counted them
                stored[place] = known[found.id]
        unkept = [c for c in known.values() if all(c.id != s.id for s in stored) and c.leaf]
        return sorted([*unkept, *stored], key=lambda c: -c.updated)

    async def search(self, text: str) -> list[Conversation]:
        """Conversations that contain all words of `text`, newest first."""
        await self._keeper.flush()
        return await self._store.search(text)

    async def open(self, conversation_id: str) -> Conversation | None:
        """One conversation, None if it does not exist."""
        conversation = self._session.conversations.get(conversation_id)
        if conversation is None:
            conversation = await self._store.conversation(conversation_id)
            if conversation is not None:
                self._session.conversations[conversation_id] = conversation
        return conversation

    async def tail(self, leaf: str, count: int) -> list[Turn]:
        """The last `count` turns of the branch that ends at `leaf`, complete, oldest first."""
        recent: list[Turn] = []
        while leaf in self._session.turns and len(recent) < count:
            recent.insert(0, self._session.turns[leaf])
            leaf = recent[0].parent
        if leaf and len(recent) < count:
            recent[:0] = await self._store.tail(leaf, count - len(recent))
        return recent

    async def outline(self, leaf: str) -> list[TurnOutline]:
        """The whole branch that ends at `leaf`, without texts, oldest first."""
        recent: list[TurnOutline] = []
        while leaf in self._session.turns:
            turn = self._session.turns[leaf]
            texts = sum(len(a.text) for s in turn.stages for a in s.answers)
            recent.insert(0, TurnOutline(turn.id, len(turn.question) + texts))
            leaf = turn.parent
        return [*(await self._store.outline(leaf)), *recent] if leaf else recent

    async def turns(self, ids: Sequence[str]) -> list[Turn]:
        """Complete turns in the given order; those that do not exist are left out."""
        missing = [i for i in ids if i not in self._session.turns]
        stored = {t.id: t for t in await self._store.turns(missing)} if missing else {}
        found = (self._session.turns.get(i) or stored.get(i) for i in ids)
        return [turn for turn in found if turn is not None]

    async def siblings(self, turn: Turn) -> list[str]:
        """The branches at a turn's place, itself included, oldest first; sets its position among them."""
        ids = {
            t.id
            for t in self._session.turns.values()
            if (t.conversation, t.parent) == (turn.conversation, turn.parent)
        }
        try:
            await self._keeper.flush()
            ids |= set(await self._store.siblings(turn.id))
        except StoreError as error:
            log.warning("Branches are not known: %s", error)
        order = sorted(ids | {turn.id})
        turn.position, turn.siblings = order.index(turn.id) + 1, len(order)
        return order

    async def show_branch(self, conversation: Conversation, turn_id: str) -> None:
        """Make the newest branch through a turn the one that is shown."""
        await self._keeper.flush()
        leaf = turn_id
        while newer := [t.id for t in self._session.turns.values() if t.parent == leaf]:
            leaf = max(newer)
        try:
            leaf = max(leaf, await self._store.newest_leaf(leaf)) if leaf == turn_id else leaf
        except StoreError as error:
            log.warning("The branch is followed in this session only: %s", error)
        conversation.leaf = leaf
        self._keeper.keep(conversation)

    # ── order ──────────────────────────────────────────────────────────────────────────────────────────

    def rename(self, conversation: Conversation, title: str) -> None:
        """Give a conversation the person's own title."""
        conversation.title, conversation.title_by_person = title, True
        self._keep(conversation)

    def pin(self, conversation: Conversation, pinned: bool) -> None:
        """Keep a conversation at the top of the list, or not any more."""
        conversation.pinned = pinned
        self._keep(conversation)

    def fold(self, turn: Turn, stage: str, folded: bool) -> None:
        """Remember that the person folded or opened a stage's panel."""
        for record in turn.stages:
            if record.name == stage:
                record.folded = folded
        self._session.turns.setdefault(turn.id, turn)
        self._keeper.keep(turn=turn)

    async def delete(self, conversation: Conversation) -> None:
        """Delete a conversation; `restore` brings it back within `UNDO_SECONDS`, after which `purge` ends it."""
        await self._keeper.flush()
        await self._store.mark_deleted(conversation.id, time.time())
        self._session.conversations.pop(conversation.id, None)
        self._keeper.forget(conversation.id)  # an answer that is still streaming must not bring it back

    async def restore(self, conversation: Conversation) -> None:
        """Bring a deleted conversation back."""
        await self._store.restore(conversation.id)
        self._keeper.remember(conversation.id)
        self._keep(conversation)
        for turn in self._session.turns.values():  # what was streamed meanwhile was not kept
            if turn.conversation == conversation.id:
                self._keeper.keep(turn=turn)

    async def purge(self) -> None:
        """Delete for good what was deleted over `UNDO_SECONDS` ago: its bytes are overwritten."""
        await self._store.purge(time.time() - UNDO_SECONDS)
        gone = {t.conversation for t in self._session.turns.values()} - set(self._session.conversations)
        for turn in [t.id for t in self._session.turns.values() if t.conversation in gone]:
            del self._session.turns[turn]

    @property
    def can_start_afresh(self) -> bool:
        """Whether nothing is being kept because the database cannot be read, so that another may be begun."""
        return isinstance(self._keeper.error, StoreDamaged | StoreKeyMissing)

    async def start_afresh(self) -> str:
        """Set a database that cannot be read aside under a new name, which is returned, and begin another."""
        aside = await self._store.set_aside()
        await self._keeper.flush()
        return str(aside)

    def _keep(self, conversation: Conversation) -> None:
        self._session.conversations[conversation.id] = conversation
        self._keeper.keep(conversation)


def title_of(question: str) -> str:
    """Make a title from a question: its first line without Markdown, cut between words."""
    line = next((line for line in question.splitlines() if line.strip()), "")
    line = " ".join(re.sub(r"[`*_#>]+", "", line).split())
    if len(line) <= _TITLE_LENGTH:
        return line.rstrip(" .:;,") or "Untitled"
    return (
        textwrap.shorten(line, _TITLE_LENGTH, placeholder="…")
        if " " in line[:_TITLE_LENGTH]
        else line[: _TITLE_LENGTH - 1] + "…"
    )
