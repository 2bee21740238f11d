"""One question in, persisted events out: the only door to the machine, for the window, the terminal and scripts."""

import asyncio
import logging
import re
import textwrap
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from mirador_desktop.core.analysis import analyse
from mirador_desktop.core.attachments import Picture, sections_of
from mirador_desktop.core.context import Quoted
from mirador_desktop.core.conversation import Attachment, Conversation, StageRecord, Turn, new_id
from mirador_desktop.core.engine import ModelInfo, ModelSource
from mirador_desktop.core.events import AnswerFinished, Event
from mirador_desktop.core.listeners import Listeners
from mirador_desktop.core.names import same_model
from mirador_desktop.core.orchestrator import AnswerRequest, Depth, StreamingOrchestrator
from mirador_desktop.core.recorder import TurnRecorder
from mirador_desktop.core.stages import DEFAULT_PIPELINE, GUIDE_PIPELINE, Pipeline
from mirador_desktop.errors import StoreError
from mirador_desktop.library import Library
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.store import Store
from mirador_desktop.pipelines import Pipelines
from mirador_desktop.providers import Providers
from mirador_desktop.remembering import Memories, section, used

log = logging.getLogger(__name__)

_TITLE_LENGTH = 60
_MOST_HISTORY = 12
_MOST_PICTURES = 4
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
        memory: whether earlier turns of the conversation, and memories of others, are sent along.
        begins: the conversation is a new one, so that nothing has to be read before the question is shown.
        attachments: files that belong to the question.
    """

    question: str
    conversation: str = ""
    parent: str = ""
    pipeline: Pipeline = DEFAULT_PIPELINE
    depth: Depth = "auto"
    memory: bool = True
    begins: bool = False
    attachments: tuple[Attachment, ...] = ()


class Assistant(Library):
    """Asks and keeps; finds again what was kept (`Library`).

    Args:
        source: what is installed where.
        ready: waits until the engines have been looked at.
        pipelines: what there is to choose from; None for the default one and the guide alone.
        providers: what collects the context of a pipeline; None for no context at all.
        memories: what was said before; None for no memory.

    Attributes:
        busy: told True when something begins to be answered, and False when nothing is any more.
        ended: told each turn whose answer has ended, whatever happened.
    """

    def __init__(
        self,
        source: ModelSource,
        orchestrator: StreamingOrchestrator,
        store: Store,
        keeper: Keeper,
        ready: Callable[[], Awaitable[None]],
        pipelines: Pipelines | None = None,
        providers: Providers | None = None,
        memories: Memories | None = None,
    ) -> None:
        super().__init__(store, keeper)
        self._source, self._orchestrator = source, orchestrator
        self._ready, self._pipelines, self._providers, self._memories = ready, pipelines, providers, memories
        self._answering = 0
        self._was_asked, self._is_quiet = asyncio.Event(), asyncio.Event()
        self.busy = Listeners[bool]("Whether something is answered could not be told")
        self.ended = Listeners[Turn]("The end of an answer could not be told")

    @property
    def answering(self) -> bool:
        """Whether a question is being answered now."""
        return self._answering > 0

    async def asked(self) -> None:
        """Wait for the next question."""
        self._was_asked.clear()
        await self._was_asked.wait()

    async def quiet(self) -> None:
        """Wait until nothing is being answered."""
        if self._answering:
            self._is_quiet.clear()
            await self._is_quiet.wait()

    @property
    def pipelines(self) -> Sequence[Pipeline]:
        """All that can be asked now, the default one first, the guide last."""
        return (DEFAULT_PIPELINE, GUIDE_PIPELINE) if self._pipelines is None else self._pipelines.all()

    async def find_pipeline(self, name: str) -> Pipeline | None:
        """A pipeline by its name (capitals make no difference), from the files where they were not read yet."""
        if self._pipelines is not None and not self._pipelines.looked:
            await self._pipelines.reload()
        return next((p for p in self.pipelines if p.name.casefold() == name.strip().casefold()), None)

    async def ask(self, ask: Ask, on_event: Callable[[QuestionAsked | Event], None]) -> Turn:
        """Answer a question; every event is kept and passed on as it comes.

        Cancelling the task that awaits this stops the answer: the connections are closed, what was streamed is
        kept, and the events that end it are still passed on before `CancelledError` is raised again. The last
        event is `AnswerFinished`, whatever happened.
        """
        if ask.conversation and not ask.begins and ask.conversation not in self._session.conversations:
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

        self._answering += 1
        self._was_asked.set()
        if self._answering == 1:
            self.busy.tell(True)
        try:
            earlier = await self._earlier(ask) if ask.memory else []
            history = tuple((t.question, text) for t in earlier if (text := t.final_text))
            turn.memories = len(history)
            context = await self._gather(ask.pipeline, turn)
            files = sections_of(turn.attachments)
            files += sections_of((a for t in reversed(earlier) for a in t.attachments), earlier=True)
            pictures = await self._pictures([*earlier, turn])
            await self._ready()
            memories = await self._recall(ask, conversation, turn, earlier)
            sections = (*memories, *files, *context)
            request = AnswerRequest(ask.question, ask.pipeline, history, ask.depth, sections, pictures)
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
            self._answering -= 1
            if not self._answering:
                self._is_quiet.set()
                self.busy.tell(False)
            self.ended.tell(turn)
        return turn

    async def _gather(self, pipeline: Pipeline, turn: Turn) -> tuple[Quoted, ...]:
        """Collect the pipeline's context; what each source gave is kept with the turn."""
        if self._providers is None or not pipeline.context:
            return ()
        gathered = await self._providers.gather(pipeline)
        turn.context = list(gathered.used)
        self._keeper.keep(turn=turn)
        return gathered.sections

    async def _recall(
        self, ask: Ask, conversation: Conversation, turn: Turn, earlier: Sequence[Turn]
    ) -> tuple[Quoted, ...]:
        """What was said in other conversations and helps here; what was recalled is kept with the turn."""
        if self._memories is None or not ask.memory or not conversation.memory:
            return ()
        found = await self._memories.recall(turn, [each.id for each in earlier])
        turn.recalled = [used(each) for each in found]
        self._keeper.keep(turn=turn)
        return tuple(section(each) for each in found)

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
            attachments=list(ask.attachments),
        )
        self._session.turns[turn.id] = turn
        conversation.leaf, conversation.updated = turn.id, now
        conversation.turns += 1
        return conversation, turn

    async def _earlier(self, ask: Ask) -> list[Turn]:
        """The turns of the branch before this question, oldest first."""
        if not ask.parent:
            return []
        try:
            return await self.tail(ask.parent, _MOST_HISTORY)
        except StoreError as error:
            log.warning("Earlier turns are not sent along: %s", error)
            return []

    async def attachments(self, turn: Turn) -> tuple[Attachment, ...]:
        """The files of a turn with their bytes, to be attached to another question."""
        found = []
        for place, each in enumerate(turn.attachments):
            missing = each.is_image and each.data is None
            found.append(replace(each, data=await self._store.image(turn.id, place)) if missing else each)
        return tuple(found)

    async def _pictures(self, turns: Sequence[Turn]) -> tuple[Picture, ...]:
        """The last images of a branch."""
        found: list[Picture] = []
        for turn in reversed(turns):
            try:
                images = [a for a in await self.attachments(turn) if a.is_image]
            except StoreError as error:
                log.warning("Images are not sent along: %s", error)
                continue
            found[:0] = [Picture(a.name, a.media, a.data) for a in images if a.data]
            if len(found) >= _MOST_PICTURES:
                break
        return tuple(found[-_MOST_PICTURES:])

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

    def readers(self, pipeline: Pipeline) -> list[ModelInfo]:
        """The models that would read a question in a pipeline now."""
        names = {name for stage in self.chosen(pipeline).stages for name in stage.models}
        return [m for m in self._source.models() if any(same_model(m.name, name) for name in names)]

    def chosen(self, pipeline: Pipeline) -> Pipeline:
        """A pipeline with the models that would answer now."""
        return self._orchestrator.resolve(pipeline)


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
