"""Looks after the engines: which there are, which answer, what is installed where, and who runs a model."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from mirador_desktop.core.computer import needs
from mirador_desktop.core.engine import Engine, EngineState, LoadedModel, ModelInfo
from mirador_desktop.core.listeners import Listeners
from mirador_desktop.core.names import full_name, same_model
from mirador_desktop.engines.address import is_this_computer
from mirador_desktop.errors import EngineError

log = logging.getLogger(__name__)

LOOK_EVERY = 10.0
"""Seconds between two looks while something answers."""
LOOK_SELDOM = 60.0
"""Most seconds between two looks while nothing does."""
_SOON = 0.5
"""Seconds after which a look tells what it has found so far: one host that does not answer holds up no other."""


class Registry:
    """The engines and what the last look at them found; the orchestrator's `ModelSource`.

    Args:
        engines: in order of preference.
        guide: the built-in one. Its model is offered by itself only while no engine has ever offered one, so
            that it is never mixed silently with models.
        memory: bytes of main memory of this computer.

    Attributes:
        engines: those that are used, in order of preference.
        states: what the last look at each found, by its name.
        since: when each began to answer, or not to, in Unix time.
        left_out: the models that each had that does not answer any more.
        next_look: when all are looked at again, in Unix time; None before the first look.
    """

    def __init__(self, engines: Sequence[Engine], guide: Engine, memory: Callable[[], int]) -> None:
        self.engines, self.guide = tuple(engines), guide
        self.states: dict[str, EngineState | None] = {engine.name: None for engine in engines}
        self.since: dict[str, float] = {}
        self.left_out: dict[str, tuple[ModelInfo, ...]] = {}
        self.next_look: float | None = None
        self._guide_state: EngineState | None = None
        self._memory = memory
        self._total: int | None = None
        self._seen_models = False
        self._listeners = Listeners[()]("What a look found could not be shown")
        self._looking: asyncio.Task[None] | None = None
        self._old: set[asyncio.Task[None]] = set()  # looks at engines that were replaced, and their ends
        self._leaving: list[Engine] = []
        self._wake = asyncio.Event()

    def set_engines(self, engines: Sequence[Engine]) -> None:
        """Take other engines. Those that were there before keep their state; the others are closed once idle.

        What runs on an engine that is taken away goes on until it ends. Needs a running loop.
        """
        before, self.engines = self.engines, tuple(engines)
        kept = {e.name for e in engines if e in before}
        self.states = {e.name: self.states.get(e.name) if e.name in kept else None for e in engines}
        self.since = {name: moment for name, moment in self.since.items() if name in kept}
        self.left_out = {name: models for name, models in self.left_out.items() if name in kept}
        for engine in before:
            if engine not in self.engines:
                self._leaving.append(engine)
                self._keep(asyncio.get_running_loop().create_task(self._retire(engine), name=f"retire {engine.name}"))
        if self._looking is not None:  # it does not know the new ones
            self._keep(self._looking)
            self._looking = None
        self._listeners.tell()
        self.wake()

    def lost(self, engine: Engine, error: EngineError) -> None:
        """See `ModelSource.lost`."""
        if engine in self.engines:
            log.info("%s at %s is left out: %s", engine.name, engine.address, error)
            self._take(engine, EngineState(False, error=str(error), trouble=error.trouble))
            self._listeners.tell()
            self.wake()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something was found, or the engines are others."""
        self._listeners.add(listener)

    async def look(self) -> None:
        """Look at all engines now, side by side; a look that is under way serves everybody who asks."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="look at engines")
        await asyncio.shield(self._looking)

    async def ready(self) -> None:
        """Wait for the first look to find a model, or look again where the last one found none."""
        if self.has_models:
            return
        found = asyncio.Event()

        def listener() -> None:
            if self.has_models:
                found.set()

        self._listeners.add(listener)
        looking, waiting = asyncio.ensure_future(self.look()), asyncio.ensure_future(found.wait())
        try:
            await asyncio.wait({looking, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._listeners.remove(listener)
            for each in (looking, waiting):  # the look itself goes on: it is shielded
                each.cancel()

    async def watch(self, visible: Callable[[], bool]) -> None:
        """Look now and then for as long as the program runs: only while `visible()`, seldom while nothing answers."""
        pause = LOOK_EVERY
        while True:
            if visible():
                await self.look()
                pause = LOOK_EVERY if self.reachable else min(pause * 1.5, LOOK_SELDOM)
            self._wake.clear()
            self.next_look = time.time() + pause
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
        looks = {*self._old, *({self._looking} if self._looking is not None else ())}
        for task in looks:
            task.cancel()
        if looks:
            await asyncio.wait(looks)
        for engine in (*self.engines, *self._leaving, self.guide):
            await engine.close()

    # ── what is there ──────────────────────────────────────────────────────────────────────────────────

    @property
    def looked(self) -> bool:
        """Whether the first look is over, or has found a model already."""
        return self.has_models or all(state is not None for state in self.states.values())

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

    def hosts_of(self, model: str) -> list[Engine]:
        """The engines that have a model and answer, the best first: where it is loaded already, then in order."""
        having = [e for e in self.engines if self._has(self.states[e.name], model)]
        return sorted(having, key=lambda e: not self._is_loaded(e, model))  # stable: order among equals

    def engine_of(self, model: str) -> Engine | None:
        """See `ModelSource.engine_of`: the best of `hosts_of`."""
        for engine in self.hosts_of(model):
            return engine
        return self.guide if self._has(self._guide_state, model) else None

    @staticmethod
    def _has(state: EngineState | None, model: str) -> bool:
        return state is not None and any(same_model(m.name, model) for m in state.models)

    def _is_loaded(self, engine: Engine, model: str) -> bool:
        state = self.states[engine.name]
        return state is not None and any(same_model(m.name, model) for m in state.loaded)

    def fits(self, model: ModelInfo) -> bool:
        """See `ModelSource.fits`: what `core.computer.needs` says must be there as main memory.

        Only models on this computer are judged; what other machines have is not known.
        """
        engine = next((e for e in self.engines if e.name == model.engine), None)
        if engine is None or not is_this_computer(engine.address):
            return True
        if self._total is None:
            self._total = self._memory()
        return not self._total or needs(model.size) <= self._total

    def why_nothing(self) -> str:
        """See `ModelSource.why_nothing`; with models there, only the guide can have had nothing to say."""
        if self.has_models:
            return "The guide has nothing on this question. Ask a model instead."
        states = [(e, self.states[e.name]) for e in self.engines]
        if not states:
            return "No host is switched on. Switch one on in the settings, then retry."
        up = [e for e, state in states if state is not None and state.reachable]
        if any(e.kind == "ollama" for e in up):
            return "Ollama is running and has no model that can answer. Pull one, for example: ollama pull llama3.2"
        if up:
            return f"{up[0].name} answers and has no model that can. Start it with a model, then retry."
        errors = " ".join(state.error for _, state in states if state is not None and state.error)
        if all(e.kind == "ollama" for e, _ in states):
            return f"{errors} Start Ollama, then retry.".strip()
        return f"{errors} Start one of these servers, then retry.".strip()

    def _installed(self) -> list[ModelInfo]:
        """Each model once, as the engine has it that would run it."""
        found: dict[str, ModelInfo] = {}
        for engine in self.engines:
            state = self.states[engine.name]
            for model in state.models if state is not None else ():
                name = full_name(model.name)
                if name not in found or (not self._loads(found[name]) and self._is_loaded(engine, name)):
                    found[name] = model
        return list(found.values())

    def _loads(self, model: ModelInfo) -> bool:
        engine = next((e for e in self.engines if e.name == model.engine), None)
        return engine is not None and self._is_loaded(engine, model.name)

    # ── looking ────────────────────────────────────────────────────────────────────────────────────────

    async def _look(self) -> None:
        if self._guide_state is None:
            self._guide_state = await _look_at(self.guide)
        looks = {asyncio.create_task(_look_at(engine)): engine for engine in self.engines}
        waiting = set(looks)
        try:
            pause: float | None = _SOON
            while waiting:
                done, waiting = await asyncio.wait(waiting, timeout=pause)
                pause = None
                for look in done:
                    if looks[look] in self.engines:  # it may have been taken away meanwhile
                        self._take(looks[look], look.result())
                if done:
                    self._listeners.tell()
        finally:
            for look in waiting:
                look.cancel()
            if waiting:
                await asyncio.wait(waiting)
        if not looks:
            self._listeners.tell()

    def _take(self, engine: Engine, state: EngineState) -> None:
        """Take in what a look has found."""
        before = self.states[engine.name]
        if before is None or before.reachable != state.reachable:
            log.info("%s at %s: %s", engine.name, engine.address, state.version or state.error or "answers")
            self.since[engine.name] = time.time()
        if state.reachable:
            self.left_out.pop(engine.name, None)
        elif before is not None and before.reachable:
            self.left_out[engine.name] = before.models
        self.states[engine.name] = state
        self._seen_models = self._seen_models or self.has_models

    async def _retire(self, engine: Engine) -> None:
        await engine.idle()
        await engine.close()
        self._leaving.remove(engine)

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._old.add(task)
        task.add_done_callback(self._old.discard)


async def _look_at(engine: Engine) -> EngineState:
    try:
        return await engine.look()
    except Exception as error:
        log.exception("Unexpected error while looking at %s", engine.name)
        return EngineState(False, error=f"Something unexpected happened at {engine.name}: {error}.")
