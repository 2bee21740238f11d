"""Runs a question through the stages of a pipeline and yields what happens as events."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Literal

from mirador_desktop.core.answering import GrowingAnswer
from mirador_desktop.core.attachments import Picture, unseen
from mirador_desktop.core.context import Quoted, Section, compile_messages
from mirador_desktop.core.engine import ChatRequest, Chunk, Engine, ModelInfo, ModelSource, Wait
from mirador_desktop.core.events import (
    QUICK_ONLY,
    RANK,
    AnswerFinished,
    Event,
    Reason,
    StageFinished,
    StageStarted,
    StageWaiting,
)
from mirador_desktop.core.names import same_model
from mirador_desktop.core.selection import assign, stand_ins
from mirador_desktop.core.stages import ModelStage, Pipeline
from mirador_desktop.errors import EngineDenied, EngineError, EngineUnreachable, ModelMissing, StreamBroken

log = logging.getLogger(__name__)

Depth = Literal["auto", "quick", "full"]

NOTHING_MORE = "There is nothing more to say on this without a model."
MOST_STAND_INS = 2
"""How many models of similar size are tried for one that fails, after the named ones: loading each takes time."""

_PATIENCE = 2.0  # seconds for an engine to show that it lives


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """A question with all that belongs to it.

    Attributes:
        history: earlier questions of the conversation with their final answers, oldest first.
        context: what the sources of the pipeline's context gave, memories and attached files; every stage is
            sent it.
        pictures: attached images, for the models that can see.
        depth: `quick` runs the first stage only; `full` and `auto` run all of them (`auto` will skip stages
            once confidence is calibrated, so that there is a ground for it).
    """

    question: str
    pipeline: Pipeline
    history: tuple[tuple[str, str], ...] = ()
    depth: Depth = "auto"
    context: tuple[Quoted, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(slots=True)
class _Progress:
    """What has come of an answer so far."""

    sections: list[Section] = field(default_factory=list)
    finals: dict[str, tuple[str, float | None, Reason]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    nothing_more: bool = False


class StreamingOrchestrator:
    """Asks the models of each stage in order, replaces those that fail, and passes on every token.

    Args:
        source: what is installed where.
        stall_after: seconds without a byte after the first token until a model counts as stalled. Before the
            first token there is no limit as long as its engine lives: loading a model can take minutes.
    """

    def __init__(self, source: ModelSource, *, stall_after: float = 30.0) -> None:
        self._source = source
        self.stall_after = stall_after
        self._sizes: dict[str, int] = {}

    def resolve(self, pipeline: Pipeline) -> Pipeline:
        """Give every stage its models, from what is installed now."""
        return assign(pipeline, self._source.models(), self._source.fits)

    async def stream(self, request: AnswerRequest) -> AsyncGenerator[Event, None]:
        """Yield the events of one answer, `AnswerFinished` last.

        Never raises because of an engine. Closing the generator, or cancelling the task that iterates it,
        closes all connections.
        """
        self._sizes |= {m.name: m.size for m in self._source.models()}
        pipeline = self.resolve(request.pipeline)
        progress = _Progress()
        for place, stage in enumerate(pipeline.stages):
            why_not = self._why_skipped(place, stage, pipeline, request, progress)
            if why_not:
                yield StageFinished(stage.name, "", "skipped", error=why_not)
                continue
            yield StageStarted(stage.name, stage.models)
            async with aclosing(self._stage(stage, request, progress)) as events:
                async for event in events:
                    yield event
        yield self._finish(progress)

    def _why_skipped(
        self, place: int, stage: ModelStage, pipeline: Pipeline, request: AnswerRequest, progress: _Progress
    ) -> str:
        if place and request.depth == "quick":
            return QUICK_ONLY
        if progress.nothing_more:
            return NOTHING_MORE
        if stage.name in pipeline.left_out:
            return pipeline.left_out[stage.name]
        if not stage.models:
            progress.errors.append(self._source.why_nothing())
            return progress.errors[-1]
        return ""

    def _finish(self, progress: _Progress) -> AnswerFinished:
        if not progress.finals:
            error = next(iter(progress.errors), "") or "No model wrote anything."
            if not self._source.models():  # since then it was noticed that nothing answers at all
                error = self._source.why_nothing()
            return AnswerFinished("", "", None, "failed", error)
        stage, (text, confidence, reason) = list(progress.finals.items())[-1]
        if progress.nothing_more:
            return AnswerFinished(stage, text, confidence, "failed", self._source.why_nothing())
        if all(how == "failed" for _, _, how in progress.finals.values()):  # nothing came to its end
            return AnswerFinished(stage, text, confidence, "failed", next(iter(progress.errors), ""))
        return AnswerFinished(stage, text, confidence, "length" if reason == "length" else "done")

    # ── one stage ──────────────────────────────────────────────────────────────────────────────────────

    async def _stage(
        self, stage: ModelStage, request: AnswerRequest, progress: _Progress
    ) -> AsyncGenerator[Event, None]:
        """Ask the stage's models one after the other, each with whoever stands in for it."""
        before = tuple(progress.sections)
        answered: set[str] = set()
        for wanted in stage.models:
            if wanted in answered:  # it has stood in for one before it
                continue
            tried: list[str] = []
            gone: list[Engine | None] = []
            model = wanted
            while True:
                tried.append(model)
                engine = self._source.engine_of(model)
                answer = GrowingAnswer(stage.name, model, wanted if model != wanted else "")
                async with aclosing(self._model(stage, model, request, before, answer)) as events:
                    async for event in events:
                        yield event
                self._take(answer, progress)
                yield answer.finished()
                if answer.reason != "failed":
                    answered.add(model)
                    break
                elsewhere = self._source.engine_of(model)
                if engine is not None and elsewhere not in (None, engine, *gone):
                    assert elsewhere is not None
                    gone.append(engine)
                    instead = answer.fallback_for
                    yield StageWaiting(
                        stage.name, model, "fallback", f"{model} is asked at {elsewhere.name}", instead
                    )
                    continue
                if len(tried) > MOST_STAND_INS + len(stage.fallback_models):
                    break
                others = stand_ins(
                    wanted, stage.fallback_models, self._source.models(), self._source.fits, self._sizes,
                    {*tried, *answered, *stage.models},
                )  # fmt: skip
                if answer.engine_gone:  # none of its other models can answer either
                    gone.append(engine)
                model = next((m for m in others if self._source.engine_of(m) not in gone), "")
                if not model:
                    break
                yield StageWaiting(stage.name, model, "fallback", f"{model} stands in for {wanted}", wanted)

    def _take(self, answer: GrowingAnswer, progress: _Progress) -> None:
        """Keep what a model wrote for the stages after this one."""
        text = answer.text
        if answer.error:
            progress.errors.append(answer.error)
        if not text.strip():
            return
        complete = answer.reason == "done"
        progress.sections.append(Section(answer.stage, answer.model, text, complete))
        known = progress.finals.get(answer.stage)
        if known is None or RANK[answer.reason] >= RANK[known[2]]:
            progress.finals[answer.stage] = (text, answer.marks.mean, answer.reason)
        progress.nothing_more = answer.nothing

    # ── one model ──────────────────────────────────────────────────────────────────────────────────────

    async def _model(
        self,
        stage: ModelStage,
        model: str,
        request: AnswerRequest,
        before: tuple[Section, ...],
        answer: GrowingAnswer,
    ) -> AsyncGenerator[Event, None]:
        """Stream one model's answer into `answer`; how it ended is in `answer.reason`."""
        engine, info = self._source.engine_of(model), _find(self._source, model)
        try:
            if engine is None:
                nowhere = not self._source.models()
                raise ModelMissing(self._source.why_nothing() if nowhere else f"{model} is not installed.")
            window = info.window if info is not None else ModelInfo(model, "").window
            # A window about as long as the answer may be still leaves half of it for the prompt.
            room = max(window - stage.max_tokens, window // 2)
            sees = info is not None and info.can_see
            context = request.context if sees else (*unseen(request.pictures), *request.context)
            messages = compile_messages(
                stage.role_prompt, request.question, request.history, (*context, *before), room
            )
            if sees and request.pictures:
                images = tuple(picture.data for picture in request.pictures)
                messages = (*messages[:-1], replace(messages[-1], images=images))
            chat = ChatRequest(
                model,
                messages,
                stage.temperature,
                stage.max_tokens,
                stage.name,
                request.question,
                stage.think,
            )
            async with aclosing(self._ask(engine, chat, answer)) as events:
                async for event in events:
                    yield event
            if answer.reason == "length" and not answer.text.strip() and answer.thought:
                yield StageWaiting(
                    stage.name,
                    model,
                    "queued",
                    f"{model} used all its tokens for thinking, asking it to answer now",
                    answer.fallback_for,
                )
                async with aclosing(self._ask(engine, replace(chat, think=False), answer)) as events:
                    async for event in events:
                        yield event
            if answer.reason == "done" and not answer.text.strip():
                raise StreamBroken(f"{model} ended without writing anything.")
        except EngineError as error:
            answer.fail(str(error))
            if engine is not None:
                answer.engine_gone = await self._is_gone(engine, error)
        except Exception as error:
            log.exception("Unexpected error while asking %s", model)
            answer.fail(f"Something unexpected happened while asking {model}: {error}")

    async def _is_gone(self, engine: Engine, error: EngineError) -> bool:
        """Whether an engine cannot answer at all any more, after this error; then others are asked from now on."""
        if isinstance(error, StreamBroken):  # it may be the model alone
            try:
                async with asyncio.timeout(_PATIENCE):
                    state = await engine.look()
            except TimeoutError:
                return False
            if not state.reachable:
                error = EngineUnreachable(state.error)
        if not isinstance(error, EngineUnreachable | EngineDenied):
            return False
        self._source.lost(engine, error)
        return True

    async def _ask(self, engine: Engine, chat: ChatRequest, answer: GrowingAnswer) -> AsyncGenerator[Event, None]:
        chunks: asyncio.Queue[Chunk | None] = asyncio.Queue()
        reading = asyncio.create_task(self._read(engine, chat, chunks), name=f"read {chat.model}")
        answer.begin()
        try:
            while (chunk := await chunks.get()) is not None:
                event = answer.take(chunk)
                if event is not None:
                    yield event
            await reading  # raises what went wrong
        finally:
            reading.cancel()
            await asyncio.wait({reading})

    async def _read(self, engine: Engine, chat: ChatRequest, chunks: "asyncio.Queue[Chunk | None]") -> None:
        """Put an engine's chunks into a queue, None at the end; fails when the stream stands still.

        A task of its own, so that a time-out can never hit whoever consumes the events.
        """
        clock = asyncio.get_running_loop().time
        slack = self.stall_after / 8  # the timer is moved at most this often: it costs more than a token
        armed = 0.0
        try:
            async with asyncio.timeout(None) as limit, aclosing(engine.chat(chat)) as stream:
                async for chunk in stream:
                    chunks.put_nowait(chunk)
                    if isinstance(chunk, Wait):
                        limit.reschedule(None)
                        armed = 0.0
                    elif (now := clock()) - armed > slack:
                        limit.reschedule(now + self.stall_after + slack)
                        armed = now
        except TimeoutError:
            raise StreamBroken(f"{chat.model} stood still for {self.stall_after:.0f} s.") from None
        finally:
            chunks.put_nowait(None)


def _find(source: ModelSource, model: str) -> ModelInfo | None:
    return next((m for m in source.models() if same_model(m.name, model)), None)
