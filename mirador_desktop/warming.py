"""Pre-warming: loads the models of a pipeline before they are needed, in their order, and never one too many.

`core.memory_plan` says what stays in memory together. What is learned about each host, and how long each model took
to load, is remembered between runs.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from mirador_desktop.core.computer import Computer, needs
from mirador_desktop.core.engine import Engine, EngineList, LoadedModel, ModelInfo
from mirador_desktop.core.listeners import Listeners
from mirador_desktop.core.memory_plan import DEFAULT_MOST, HostRoom, Learned, Plan, Wanted, make_plan
from mirador_desktop.core.names import full_name, same_model
from mirador_desktop.core.stages import Pipeline
from mirador_desktop.core.state import StateStore
from mirador_desktop.errors import EngineError, StoreError
from mirador_desktop.preferences import Preferences

log = logging.getLogger(__name__)

AGAIN_AFTER = 60.0
"""Seconds after which a model that could not be loaded is tried again."""
_SIZES, _SECONDS = "host_memory", "load_times"


class Shelf(EngineList, Protocol):
    """The engines, and which of them has a model."""

    def models(self) -> Sequence[ModelInfo]:
        """All models of all engines that answer."""
        ...

    def engine_of(self, model: str) -> Engine | None:
        """The engine that runs a model, or None if nobody has it."""
        ...


class Warmer:
    """Keeps the models of the chosen pipeline in memory, as far as they fit.

    Args:
        chosen: gives a pipeline's stages the models that would answer now.
        computer: gives what this computer has, nothing while that is not known.
        most_models: finds out how many models the server at an address on this computer keeps, None if unknown.

    Attributes:
        load_seconds: how long each model took to load the last time, by its name.
        loading: the model that is being loaded now, "" for none.
        problems: why models could not be loaded, by their names.
    """

    def __init__(
        self,
        shelf: Shelf,
        memory: StateStore,
        preferences: Preferences,
        chosen: Callable[[Pipeline], Pipeline],
        computer: Callable[[], Computer],
        most_models: Callable[[str], Awaitable[int | None]],
    ) -> None:
        self.load_seconds: dict[str, float] = {}
        self.loading = ""
        self.problems: dict[str, str] = {}
        self._failed_at: dict[str, float] = {}
        self._shelf, self._memory, self._preferences = shelf, memory, preferences
        self._chosen, self._computer, self._most_models = chosen, computer, most_models
        self._learned: dict[str, Learned] = {}
        self._most: dict[str, int | None] = {}
        self._here: Callable[[str], bool] | None = None
        self._limits: asyncio.Task[None] | None = None
        self._before: dict[str, tuple[LoadedModel, ...]] = {}
        self._let_go: set[str] = set()
        self._answering = 0
        self._wanted: Pipeline | None = None
        self._missed = False  # whether something was wanted during an answer
        self._task: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None
        self._unsaved = False
        self._listeners = Listeners[()]("What is loaded could not be shown")
        shelf.listen(self._observe)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something is different."""
        self._listeners.add(listener)

    async def prepare(self) -> None:
        """Read what was remembered."""
        try:
            sizes, seconds = await self._memory.state(_SIZES), await self._memory.state(_SECONDS)
        except StoreError as error:
            log.info("What was learned about memory is not known: %s", error)
            sizes = seconds = None
        if isinstance(sizes, dict):
            self._learned |= {str(k): Learned.from_json(v) for k, v in sizes.items()}
            for address, loaded in self._before.items():  # looks that came before this
                self._learned.setdefault(address, Learned()).observe((), loaded, time.time())
        if isinstance(seconds, dict):
            kept = {str(k): float(v) for k, v in seconds.items() if isinstance(v, int | float)}
            for name, value in kept.items():
                self.load_seconds.setdefault(name, value)
        self._listeners.tell()

    # ── the plan ───────────────────────────────────────────────────────────────────────────────────────

    def plan(self, pipeline: Pipeline) -> Plan:
        """What is loaded before a question to a pipeline, and what when its stage comes."""
        infos = {m.name: m for m in self._shelf.models()}
        wanted: list[Wanted] = []
        rooms: dict[str, HostRoom] = {}
        for stage in self._chosen(pipeline).stages:
            for model in stage.models:
                engine = self._shelf.engine_of(model)
                if engine is None or engine.kind != "ollama":  # others load by themselves, or have nothing to load
                    continue
                info = infos.get(model) or infos.get(full_name(model))
                rooms.setdefault(engine.name, self._room(engine))
                seen = self._learned_of(engine).needs.get(full_name(model), 0)
                loaded = self._is_loaded(engine, model)
                need = seen or (needs(info.size) if info is not None else 0)
                seconds = self.load_seconds.get(model)
                wanted.append(Wanted(stage.name, model, engine.name, need, loaded, seconds))
        return make_plan(wanted, rooms)

    def fits_beside(self, model: str) -> bool:
        """Whether a model can be used without another one having to leave memory for it, as far as is known.

        What is to stay in memory for the pipeline that is wanted counts as if it were there already. Where a server
        does not tell how many models it keeps, Ollama's own number is tried, or one more than were seen together
        where that were more: such a model is small, and where another one leaves for it after all, that is learned.
        """
        engine = self._shelf.engine_of(model)
        if engine is None or engine.kind != "ollama" or self._is_loaded(engine, model):
            return engine is not None
        info = next((m for m in self._shelf.models() if same_model(m.name, model)), None)
        room = self._room(engine)
        stays = self.plan(self._wanted).stays if self._wanted is not None else ()
        there = {full_name(each.model): each.need for each in stays if each.host == engine.name} | dict(room.loaded)
        together = room.learned.together
        tried = together + 1 if together > DEFAULT_MOST else DEFAULT_MOST
        known = replace(room, most=tried) if room.most is None else room
        return known.fits([needs(info.size) if info is not None else 0, *there.values()])

    def _room(self, engine: Engine) -> HostRoom:
        most = self._most.get(engine.address)
        room = 0
        if engine.address in self._most:  # on this computer
            machine = self._computer()
            room = machine.room if machine.unified or not machine.gpu else machine.gpu
        state = self._shelf.states.get(engine.name)
        loaded = {full_name(m.name): m.size for m in state.loaded} if state is not None else {}
        return HostRoom(self._learned_of(engine), room, most, loaded)

    def _learned_of(self, engine: Engine) -> Learned:
        return self._learned.setdefault(engine.address, Learned())

    async def find_limits(self, here: Callable[[str], bool]) -> None:
        """Find out how many models the servers on this computer keep, now and whenever one begins to answer.

        Args:
            here: says whether an address is on this computer.
        """
        self._here = here
        for engine in self._shelf.engines:
            if engine.kind == "ollama" and here(engine.address):
                self._most[engine.address] = await self._most_models(engine.address)
        self._listeners.tell()

    # ── loading ────────────────────────────────────────────────────────────────────────────────────────

    def want(self, pipeline: Pipeline, *, asked_for: bool = False) -> None:
        """Load what stays, in order, unless that is switched off; what is loading for something else is cancelled.

        Args:
            asked_for: the person has pressed a button for it.
        """
        if not asked_for and not self._preferences.current.prewarm:
            return
        self._wanted = pipeline
        if not asked_for and self._answering:
            self._missed = True  # it is loaded when the answer has ended
            return
        if asked_for:
            self._failed_at.clear()
        to_load = [w.model for w in self.plan(pipeline).to_load]
        runs = self._task is not None and not self._task.done()
        if runs and self.loading and any(same_model(self.loading, model) for model in to_load):
            return  # it goes on, and looks at the plan of what is wanted now after each model
        self.cancel()
        if any(self._may_try(model) for model in to_load):
            self._task = asyncio.create_task(self._warm(), name="warm")

    def asked(self, pipeline: Pipeline) -> None:
        """A question goes to a pipeline: nothing else is loaded before it; what it needs goes on loading."""
        self._answering += 1
        needed = [model for stage in self._chosen(pipeline).stages for model in stage.models]
        if self.loading and not any(same_model(self.loading, model) for model in needed):
            self.cancel()

    def answered(self) -> None:
        """An answer has ended: what was wanted meanwhile is loaded now."""
        self._answering = max(0, self._answering - 1)
        if self._missed and not self._answering and self._wanted is not None:
            self._missed = False
            self.want(self._wanted)

    def cancel(self) -> None:
        """Load nothing any more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def unload(self, model: str) -> None:
        """Ask every host that has a model in memory to drop it. Raises an EngineError."""
        if self.loading and same_model(self.loading, model):
            self.cancel()
        self._let_go.add(full_name(model))
        for engine in self._shelf.engines:
            state = self._shelf.states.get(engine.name)
            for loaded in state.loaded if state is not None else ():
                if same_model(loaded.name, model):
                    await engine.unload(loaded.name)
        await self._shelf.look()

    async def load(self, model: str) -> None:
        """Load one model because the person wants it. Raises an EngineError."""
        engine = self._shelf.engine_of(model)
        if engine is not None:
            await self._load(engine, model)

    def note(self, model: str, seconds: float) -> None:
        """Remember how long a model took to load."""
        self.load_seconds[model] = seconds
        self._save()
        self._listeners.tell()

    async def close(self) -> None:
        """Cancel what is loading, and remember what was learned."""
        self.cancel()
        if self._limits is not None:
            self._limits.cancel()
        if self._saving is not None:
            self._saving.cancel()
        if self._unsaved:
            await self._remember()

    async def _warm(self) -> None:
        tried: Counter[str] = Counter()
        while not self._answering and self._wanted is not None:
            to_load = [w.model for w in self.plan(self._wanted).to_load]
            for model in to_load:
                if tried[model] > 1:  # the server has driven it out again, and again: leave it be for a while
                    self._failed_at[model] = time.monotonic()
            model = next((name for name in to_load if self._may_try(name)), "")
            engine = self._shelf.engine_of(model) if model else None
            if engine is None:
                return
            tried[model] += 1
            try:
                await self._load(engine, model)
            except EngineError as error:
                log.info("%s was not loaded before it is needed: %s", model, error)
                self.problems[model] = str(error)
                self._failed_at[model] = time.monotonic()
                self._listeners.tell()

    async def _load(self, engine: Engine, model: str) -> None:
        begun = time.monotonic()
        self.loading = model
        self._listeners.tell()
        try:
            await engine.preload(model)
            self.problems.pop(model, None)
            self.note(model, time.monotonic() - begun)
        finally:
            if self.loading == model:  # else another one is loaded instead already
                self.loading = ""
            self._listeners.tell()
        await self._shelf.look()
        if not self._is_loaded(engine, model):  # the server has taken it and dropped it again
            self._failed_at[model] = time.monotonic()

    def _is_loaded(self, engine: Engine, model: str) -> bool:
        state = self._shelf.states.get(engine.name)
        return state is not None and any(same_model(m.name, model) for m in state.loaded)

    def _may_try(self, model: str) -> bool:
        failed = self._failed_at.get(model)
        return failed is None or time.monotonic() - failed > AGAIN_AFTER

    # ── learning ───────────────────────────────────────────────────────────────────────────────────────

    def _observe(self) -> None:
        """Learn from the look that has just ended."""
        options = self._preferences.current.models
        leave_at_once = {full_name(name) for name, each in options.items() if each.keep_alive == 0}
        news = began = False
        for engine in self._shelf.engines:
            state = self._shelf.states.get(engine.name)
            if engine.kind != "ollama" or state is None or not state.reachable:
                self._before.pop(engine.address, None)
                continue
            began = began or engine.address not in self._before
            before = self._before.get(engine.address, ())
            let_go = self._let_go | leave_at_once
            news = self._learned_of(engine).observe(before, state.loaded, time.time(), let_go) or news
            self._before[engine.address] = state.loaded
        if not self.loading:
            self._let_go.clear()
        if news:
            self._save()
            self._listeners.tell()
        if began and self._here is not None and (self._limits is None or self._limits.done()):
            self._limits = asyncio.create_task(self.find_limits(self._here), name="limits of servers")

    def _save(self) -> None:
        self._unsaved = True
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._remember_soon(), name="remember loads")

    async def _remember_soon(self) -> None:
        while self._unsaved:
            await asyncio.sleep(0.5)  # several things are learned at once
            await self._remember()

    async def _remember(self) -> None:
        self._unsaved = False
        try:
            await self._memory.remember(_SIZES, {k: v.to_json() for k, v in self._learned.items()})
            await self._memory.remember(_SECONDS, dict(self.load_seconds))
        except StoreError as error:
            log.info("What was learned about memory is not kept: %s", error)
