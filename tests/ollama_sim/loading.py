"""Models in memory: loading, evicting, queueing and unloading, as Ollama's scheduler does."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.ollama_sim.scenario import Model, ServerOptions

FOREVER = 9_223_372_036.0  # seconds: what a negative keep_alive becomes


class Refused(Exception):
    """An answer with a status and words instead of what was asked."""

    def __init__(self, status: int, words: str, content_type: str | None = None) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.content_type = content_type


@dataclass(eq=False)
class Runner:
    """A model in memory."""

    model: Model
    context: int
    slots: asyncio.Semaphore
    users: int = 0
    keep: float = 300.0
    expires: float = 0.0
    last_used: float = 0.0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    died: asyncio.Event = field(default_factory=asyncio.Event)
    loading: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None

    @property
    def size(self) -> int:
        return max(1, self.model.loaded_size + self.model.memory_per_token * (self.context - 4096))


class Scheduler:
    """Who may use which model, and what has to leave for it."""

    def __init__(self, options: ServerOptions) -> None:
        self.options = options
        self.runners: dict[str, Runner] = {}
        self.waiting = 0
        self.loads: list[tuple[str, int]] = []  # every load so far: name and context
        self._turn = asyncio.Lock()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def use(self, model: Model, context: int, keep: float | None) -> AsyncIterator[Runner]:
        """A loaded model and a place in its queue; waits for both."""
        runner = await self._acquire(model, context)
        runner.users += 1
        if runner.timer is not None:
            runner.timer.cancel()
        runner.keep = self.options.keep_alive if keep is None else keep
        try:
            await runner.ready.wait()
            yield runner
        finally:
            self._release(runner)

    async def _acquire(self, model: Model, context: int) -> Runner:
        if self.waiting > self.options.max_queue:
            raise Refused(503, "server busy, please try again.  maximum pending requests exceeded")
        self.waiting += 1
        try:
            async with self._turn:
                return await self._place(model, context)
        finally:
            self.waiting -= 1

    async def _place(self, model: Model, context: int) -> Runner:
        room = self.options.memory
        if room is not None and model.loaded_size > room:
            need, have = model.loaded_size / 2**30, room / 2**30
            raise Refused(
                500, f"model requires more system memory ({need:.1f} GiB) than is available ({have:.1f} GiB)"
            )
        while True:
            runner = self.runners.get(model.name)
            if runner is not None and runner.context == context:
                return runner
            if runner is None and self._fits(model):
                return self._load(model, context)
            if runner is None:
                idle = [each for each in self.runners.values() if not each.users]
                runner = min(idle, key=lambda each: (each.keep, each.last_used), default=None)
            if runner is not None and not runner.users:
                self.drop(runner)
                continue
            async with self._changed:
                await self._changed.wait()

    def _fits(self, model: Model) -> bool:
        if len(self.runners) >= self.options.max_loaded:
            return False
        used = sum(each.size for each in self.runners.values())
        return self.options.memory is None or used + model.loaded_size <= self.options.memory

    def _load(self, model: Model, context: int) -> Runner:
        runner = Runner(model, context, asyncio.Semaphore(self.options.num_parallel))
        self.runners[model.name] = runner
        self.loads.append((model.name, context))

        async def load() -> None:
            await asyncio.sleep(model.load_seconds)
            runner.ready.set()

        runner.loading = asyncio.create_task(load())
        return runner

    def _release(self, runner: Runner) -> None:
        runner.users -= 1
        runner.last_used = time.monotonic()
        self.touch(runner)
        if not runner.users and not runner.ready.is_set() and runner.loading is not None:
            runner.loading.cancel()  # everyone who waited for it has gone
            self.drop(runner)
        asyncio.create_task(self._tell())  # noqa: RUF006

    def touch(self, runner: Runner) -> None:
        """Sets when the model goes if nobody asks again."""
        runner.expires = time.time() + runner.keep
        if runner.timer is not None:
            runner.timer.cancel()
        if not runner.users and runner.keep < FOREVER:
            after = max(runner.keep, self.options.unload_seconds)
            if after <= 0:
                self.drop(runner)
            else:
                runner.timer = asyncio.get_running_loop().call_later(after, self.drop, runner)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def drop(self, runner: Runner) -> None:
        """Takes a model out of memory."""
        if runner.timer is not None:
            runner.timer.cancel()
        if self.runners.get(runner.model.name) is runner:
            del self.runners[runner.model.name]
        asyncio.create_task(self._tell())  # noqa: RUF006

    def kill(self, name: str) -> None:
        """The process that runs a model is gone: its answers end in an error line."""
        runner = self.runners.get(name)
        if runner is not None:
            runner.died.set()
            runner.ready.set()
            self.drop(runner)

    def unload(self, name: str) -> None:
        """What keep_alive 0 asks for: at once if idle, else when the last answer has ended."""
        runner = self.runners.get(name)
        if runner is not None:
            runner.keep = 0.0
            self.touch(runner)
