"""One owner for all coroutines that the window starts: named, kept, cancelled, and never lost silently."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from mirador_desktop.errors import MiradorError

log = logging.getLogger(__name__)


class Tasks:
    """Starts coroutines and keeps them until they end.

    Args:
        on_error: called with one sentence for a task that failed.
    """

    def __init__(self, on_error: Callable[[str], None]) -> None:
        self._on_error = on_error
        self._named: dict[str, asyncio.Task[Any]] = {}
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, name: str, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a coroutine. One of the same name that still runs is cancelled first; after `close` nothing runs."""
        self.cancel(name)
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        if self._closed:
            task.cancel()
        self._named[name] = task
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def cancel(self, name: str) -> None:
        """Cancel a task, if it runs."""
        task = self._named.pop(name, None)
        if task is not None:
            task.cancel()

    async def end(self, names: Iterable[str]) -> None:
        """Cancel tasks by their names, and wait until they have ended."""
        tasks = {task for name in names if (task := self._named.get(name)) is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def runs(self, name: str) -> bool:
        """Whether a task of that name runs."""
        return name in self._named

    async def close(self, patience: float) -> None:
        """Cancel everything and wait until it has ended, at most so many seconds."""
        self._closed = True
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(set(self._running), timeout=patience)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if self._named.get(task.get_name()) is task:
            del self._named[task.get_name()]
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not isinstance(error, MiradorError):
            log.error("Task %s failed", task.get_name(), exc_info=error)
        self._on_error(str(error) or f"Something unexpected happened ({type(error).__name__}).")
