"""The queue of pulls: two at a time, paused, resumed, and not forgotten when the program ends."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any

from mirador_desktop.core.engine import Engine, EngineList
from mirador_desktop.core.listeners import Listeners
from mirador_desktop.core.manager import ModelManager, PullStep
from mirador_desktop.core.pull import Pull
from mirador_desktop.core.pull_memory import PullMemory
from mirador_desktop.core.pull_names import parse_pull, short_name
from mirador_desktop.core.state import StateStore
from mirador_desktop.core.transfer import SILENT_AFTER, Transfer
from mirador_desktop.errors import EngineUnreachable, MiradorError

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Pulls that run at the same time, on all hosts together."""
TELL_EVERY = 0.1
"""Seconds between two tellings of progress."""
REMEMBER_EVERY = 10.0
"""Seconds after which the bytes of a running pull are written down, so that a crash hardly loses the count."""
SHOW_DONE = 8.0
"""Seconds a finished pull stays in the list."""
KEPT = (
    "Ollama cannot be asked to delete an unfinished part: it does that itself the next time it is started, "
    "unless OLLAMA_NOPRUNE is set there."
)
"""What becomes of the part of a cancelled pull."""

DeleteParts = Callable[[str, Sequence[str]], Awaitable[bool]]


async def _cannot_delete(address: str, digests: Sequence[str]) -> bool:
    return False


class Pulls:
    """All pulls of this session, and those that earlier ones did not finish.

    Args:
        hosts: where to.
        store: remembers what is unfinished.
        expected: bytes of a model as far as the catalogue knows, 0 for unknown.
        delete_parts: deletes unfinished layers of a host, by its address and their digests; tells whether it did.
        show_done: seconds a finished pull stays in the list.

    Attributes:
        items: in the order in which they were asked for.
    """

    def __init__(
        self,
        hosts: EngineList,
        store: StateStore,
        expected: Callable[[str], int] = lambda name: 0,
        delete_parts: DeleteParts = _cannot_delete,
        *,
        show_done: float = SHOW_DONE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.items: list[Pull] = []
        self._hosts, self._expected, self._delete_parts = hosts, expected, delete_parts
        self._show_done, self._clock = show_done, clock
        self._listeners = Listeners[()]("A change of the pulls could not be shown")
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._owned: set[asyncio.Task[None]] = set()
        self._ticking = False
        self._telling: asyncio.TimerHandle | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self._memory = PullMemory(store, lambda: self.items, self._offer)
        self._closed = False

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when something has changed, ten times a second at most; returns what ends that."""
        return self._listeners.add(listener)

    @property
    def active(self) -> list[Pull]:
        """Those that run or wait for their turn."""
        return [p for p in self.items if p.running or p.state == "waiting"]

    @property
    def unfinished(self) -> list[Pull]:
        """Those that an earlier session left over."""
        return [p for p in self.items if p.offered]

    @property
    def share(self) -> float | None:
        """How far those are that run, all bytes together; None while none runs."""
        running = [p.transfer for p in self.items if p.running]
        total = sum(t.total for t in running)
        if not running:
            return None
        return sum(t.share * t.total for t in running) / total if total else 0.0

    def now(self) -> float:
        """The clock that `Transfer` wants."""
        return self._clock()

    def choices(self) -> list[str]:
        """The names of the hosts that can pull, those that answer first."""
        able = [e for e in self._hosts.engines if e.manager is not None]
        return [e.name for e in sorted(able, key=lambda e: not self._answers(e))]

    def starts_in(self, pull: Pull) -> float | None:
        """Seconds until a waiting pull will begin, as far as that can be told."""
        waiting = [p for p in self.items if p.state == "waiting"]
        lefts = sorted(left for p in self.items if p.running and (left := p.transfer.left(self.now())) is not None)
        place = waiting.index(pull) if pull in waiting else len(lefts)
        return lefts[place] if place < len(lefts) else None

    # ── what the person does ───────────────────────────────────────────────────────────────────────────

    def add(self, text: str, host: str = "") -> Pull:
        """Pull what a person typed or pasted. One that is in the list already is gone on with.

        Args:
            host: the name of an engine, "" for the first one that answers.

        Raises:
            ModelRefused: nothing can be called that.
            EngineUnreachable: there is no host that could pull.
        """
        wanted = parse_pull(text)
        names = self.choices()
        if not names:
            raise EngineUnreachable("No host that can pull models is set up. Add an Ollama host first.")
        host = host if host in names else names[0]
        same = [p for p in self.items if p.host == host and short_name(p.name) == short_name(wanted.name)]
        for old in same:
            if old.state != "done":
                old.insecure = old.insecure or wanted.insecure
                self.resume(old)
                return old
            self.items.remove(old)
        engine = next(e for e in self._hosts.engines if e.name == host)
        transfer = Transfer(self._expected(wanted.name))
        pull = Pull(wanted.name, host, engine.address, wanted.insecure, transfer=transfer)
        self.items.append(pull)
        self._changed()
        return pull

    def pause(self, pull: Pull) -> None:
        """Stop for now: the host keeps what has come."""
        if pull.running or pull.state == "waiting":
            pull.state = "paused"
            self._stop(pull)

    def resume(self, pull: Pull) -> None:
        """Go on, or try again."""
        if pull.state in ("paused", "failed", "cancelled"):
            pull.state, pull.error, pull.status, pull.offered = "waiting", "", "", False
            self._changed()

    def cancel(self, pull: Pull) -> None:
        """Stop. Where something has come, the pull stays in the list until the person says what becomes of it."""
        pull.state, pull.offered = "cancelled", False
        if not pull.transfer.completed:
            self._remove(pull)
        self._stop(pull)

    def keep_part(self, pull: Pull) -> None:
        """Forget a cancelled pull; its host keeps what has come, and goes on from there another time."""
        self._remove(pull)
        self._tell()

    async def delete_part(self, pull: Pull) -> str:
        """Forget a cancelled pull and delete what has come, where that is possible; returns what became of it."""
        self._remove(pull)
        self._tell()
        engine = next((e for e in self._hosts.engines if e.name == pull.host), None)
        digests = pull.transfer.digests
        if engine is not None and digests and await self._delete_parts(engine.address, digests):
            return f"The part of {pull.name} was deleted."
        return f"{KEPT} So the part of {pull.name} stays on {pull.host} until then."

    def _remove(self, pull: Pull) -> None:
        if pull in self.items:
            self.items.remove(pull)

    async def restore(self) -> None:
        """Offer what earlier sessions did not finish. Does nothing where the store does not answer."""
        await self._memory.restore()

    def _offer(self, left: list[Pull]) -> None:
        here = {(p.host, short_name(p.name)) for p in self.items}
        left = [p for p in left if (p.host, short_name(p.name)) not in here]
        for pull in left:
            pull.transfer.expected = self._expected(pull.name)
        self.items[:0] = left
        self._tell()

    async def close(self) -> None:
        """Stop everything, and write down what is unfinished."""
        self._closed = True
        for timer in (*self._timers, *([self._telling] if self._telling else [])):
            timer.cancel()
        for task in self._owned:
            task.cancel()
        if self._owned:
            await asyncio.wait(set(self._owned))
        await self._memory.close()

    # ── one pull ───────────────────────────────────────────────────────────────────────────────────────

    def _start_next(self) -> None:
        while not self._closed and len(self._tasks) < AT_ONCE:
            pull = next((p for p in self.items if p.state == "waiting"), None)
            if pull is None:
                return
            pull.state = "pulling"
            self._tasks[pull.id] = self._own(self._run(pull), f"pull {pull.name}")
            if not self._ticking:
                self._ticking = True
                self._own(self._tick(), "watch pulls")

    def _own(self, work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._owned.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._owned.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("Task %s failed", task.get_name(), exc_info=error)
        done = [key for key, each in self._tasks.items() if each is task]
        for key in done:
            del self._tasks[key]
        if done and not self._closed:
            self._changed()

    def _stop(self, pull: Pull) -> None:
        """End the task of a pull, whose state says why. The next one begins at once."""
        task = self._tasks.pop(pull.id, None)
        if task is not None:
            task.cancel()
        self._changed()

    async def _run(self, pull: Pull) -> None:
        try:
            manager = self._manager(pull)
            pull.transfer.begin(self.now())
            async with aclosing(manager.pull(pull.name, pull.insecure)) as steps:
                async for step in steps:
                    self._take(pull, step)
        except MiradorError as error:
            log.warning("Pulling %s to %s failed: %s", pull.name, pull.host, error)
            self._fail(pull, str(error))
        except Exception as error:
            log.exception("Pulling %s to %s failed", pull.name, pull.host)
            self._fail(pull, f"Something unexpected happened: {error}")
        else:
            pull.transfer.finish()
            pull.state = "done"
            self._later(self._show_done, lambda: self._forget(pull))
            self._own(self._hosts.look(), "look after a pull")

    def _fail(self, pull: Pull, error: str) -> None:
        if pull.running:  # not if the person has just paused it
            pull.state, pull.error = "failed", error

    def _take(self, pull: Pull, step: PullStep) -> None:
        first = not pull.transfer.announced
        gained = pull.transfer.take(step, self.now())
        pull.status = step.status
        if gained and pull.state == "still":
            pull.state = "pulling"
        if first and pull.transfer.announced:
            self._changed()
        else:
            self._tell()

    def _manager(self, pull: Pull) -> ModelManager:
        engines = self._hosts.engines
        engine = next((e for e in engines if e.name == pull.host), None)
        engine = engine or next((e for e in engines if pull.address and e.address == pull.address), None)
        if engine is None or engine.manager is None:
            raise EngineUnreachable(f"{pull.host} is not among the hosts any more. Add it again, or cancel.")
        pull.host, pull.address = engine.name, engine.address
        return engine.manager

    def _answers(self, engine: Engine) -> bool:
        state = self._hosts.states.get(engine.name)
        return state is not None and state.reachable

    async def _tick(self) -> None:
        """While something runs: notice what stands still, and let the listeners count seconds."""
        while any(p.running for p in self.items):
            await asyncio.sleep(0.5)
            for pull in self.items:
                if pull.running:
                    pull.state = "still" if pull.transfer.silent(self.now()) >= SILENT_AFTER else "pulling"
            if self._memory.age >= REMEMBER_EVERY:
                self._memory.remember()
            self._tell()
        self._ticking = False

    def _forget(self, pull: Pull) -> None:
        if pull.state == "done" and pull in self.items:
            self.items.remove(pull)
            self._tell()

    # ── telling and remembering ────────────────────────────────────────────────────────────────────────

    def _changed(self) -> None:
        self._start_next()
        self._memory.remember()
        self._tell()

    def _tell(self) -> None:
        if self._telling is None and not self._closed:
            self._telling = asyncio.get_running_loop().call_later(TELL_EVERY, self._tell_now)

    def _tell_now(self) -> None:
        self._telling = None
        self._listeners.tell()

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        def now() -> None:
            self._timers.discard(timer)
            act()

        timer = asyncio.get_running_loop().call_later(seconds, now)
        self._timers.add(timer)
