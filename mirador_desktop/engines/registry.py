"""Looks after the engines: which answer, what is installed where, and who runs a model."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from mirador_desktop.core.engine import Engine, EngineState, LoadedModel, ModelInfo
from mirador_desktop.engines.address import is_this_computer

log = logging.getLogger(__name__)

LOOK_EVERY = 10.0
"""Seconds between two looks while something answers."""
LOOK_SELDOM = 60.0
"""Most seconds between two looks while nothing does."""
_OVERHEAD = 1.2  # memory a model takes, in sizes of its file: weights, caches and buffers


class Registry:
    """The engines and what the last look at them found; the orchestrator's `ModelSource`.

    Args:
        engines: in order of preference.
        guide: the built-in one. Its model is offered by itself only while no engine has ever offered one, so
            that it is never mixed silently with models.
        memory: bytes of main memory of this computer.
    """

    def __init__(self, engines: Sequence[Engine], guide: Engine, memory: Callable[[], int]) -> None:
        self.engines, self.guide = tuple(engines), guide
        self.states: dict[str, EngineState | None] = {engine.name: None for engine in engines}
        self._guide_state: EngineState | None = None
        self._memory = memory
        self._total: int | None = None
        self._seen_models = False
        self._listeners: list[Callable[[], None]] = []
        self._looking: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every look."""
        self._listeners.append(listener)

    async def look(self) -> None:
        """Look at all engines now, side by side; a look that is under way serves everybody who asks."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="look at engines")
        await asyncio.shield(self._looking)

    async def ready(self) -> None:
        """Wait for the first look, or look again where the last one found no model."""
        if not self.has_models:
            await self.look()

    async def watch(self, visible: Callable[[], bool]) -> None:
        """Look now and then for as long as the program runs: only while `visible()`, seldom while nothing answers."""
        pause = LOOK_EVERY
        while True:
            if visible():
                await self.look()
                pause = LOOK_EVERY if self.reachable else min(pause * 1.5, LOOK_SELDOM)
            self._wake.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def wake(self) -> None:
        """Look again right now: the window has become visible, or the person asked to retry."""
        self._wake.set()

    async def close(self) -> None:
        """Close all connections."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})
        for engine in (*self.engines, self.guide):
            await engine.close()

    # ── what is there ──────────────────────────────────────────────────────────────────────────────────

    @property
    def looked(self) -> bool:
        """Whether the first look is over."""
        return all(state is not None for state in self.states.values())

    @property
    def reachable(self) -> bool:
        """Whether any engine answers."""
        return any(state is not None and state.reachable for state in self.states.values())

    @property
    def has_models(self) -> bool:
        """Whether an engine (not the guide) can answer now."""
        return any(m.can_chat for m in self._installed())

    @property
    def only_guide(self) -> bool:
        """Whether the guide answers, because no model was seen since the start."""
        return not self.has_models and not self._seen_models

    def models(self) -> Sequence[ModelInfo]:
        """See `ModelSource.models`."""
        installed = self._installed()
        if self.only_guide and self._guide_state is not None:
            return [*installed, *self._guide_state.models]
        return installed

    def loaded(self) -> list[LoadedModel]:
        """What is in the memory of all engines."""
        return [m for state in self.states.values() if state is not None for m in state.loaded]

    def remote_addresses(self) -> list[str]:
        """Addresses of the engines that answer and are not on this computer."""
        answering = [e for e in self.engines if (s := self.states[e.name]) is not None and s.reachable]
        return [e.address for e in answering if not is_this_computer(e.address)]

    def engine_of(self, model: str) -> Engine | None:
        """See `ModelSource.engine_of`. A name without a tag means `latest`."""
        for engine in (*self.engines, self.guide):
            state = self._guide_state if engine is self.guide else self.states[engine.name]
            if state is not None and any(m.name in (model, f"{model}:latest") for m in state.models):
                return engine
        return None

    def fits(self, model: ModelInfo) -> bool:
        """See `ModelSource.fits`: a model needs about 1.2 times its file in main memory.

        Only models on this computer are judged; what other machines have is not known.
        """
        engine = next((e for e in self.engines if e.name == model.engine), None)
        if engine is None or not is_this_computer(engine.address):
            return True
        if self._total is None:
            self._total = self._memory()
        return not self._total or model.size * _OVERHEAD <= self._total

    def why_nothing(self) -> str:
        """See `ModelSource.why_nothing`; with models there, only the guide can have had nothing to say."""
        if self.has_models:
            return "The guide has nothing on this question. Ask a model instead."
        states = [(e, self.states[e.name]) for e in self.engines]
        if any(state is not None and state.reachable for _, state in states):
            return "Ollama is running and has no model that can answer. Pull one, for example: ollama pull llama3.2"
        errors = " ".join(state.error for _, state in states if state is not None and state.error)
        return f"{errors} Start Ollama, then retry.".strip()

    def _installed(self) -> list[ModelInfo]:
        seen: dict[str, ModelInfo] = {}
        for state in self.states.values():
            for model in state.models if state is not None else ():
                seen.setdefault(model.name, model)
        return list(seen.values())

    async def _look(self) -> None:
        if self._guide_state is None:
            self._guide_state = await _look_at(self.guide)
        found = await asyncio.gather(*(_look_at(engine) for engine in self.engines))
        for engine, state in zip(self.engines, found, strict=True):
            before = self.states[engine.name]
            if before is None or before.reachable != state.reachable:
                log.info("%s at %s: %s", engine.name, engine.address, state.version or state.error)
            self.states[engine.name] = state
        self._seen_models = self._seen_models or self.has_models
        for listener in self._listeners:
            try:
                listener()
            except Exception:  # what shows the engines must not end the looking
                log.exception("What a look found could not be shown")


async def _look_at(engine: Engine) -> EngineState:
    try:
        return await engine.look()
    except Exception as error:
        log.exception("Unexpected error while looking at %s", engine.name)
        return EngineState(False, error=f"Something unexpected happened at {engine.name}: {error}.")
