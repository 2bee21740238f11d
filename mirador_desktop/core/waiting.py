"""Work in threads that a coroutine waits for: it ends at its next step when it is not wanted any more."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """Whoever wanted something does not want it any more."""


class Stop:
    """Ends work in another thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """End it at its next step."""
        self._event.set()

    def check(self) -> None:
        """A step of the work. Raises `Stopped` if it shall end."""
        if self._event.is_set():
            raise Stopped


async def finished(work: Awaitable[T], interrupt: Callable[[], None]) -> T:
    """Wait for work in a thread; when that is cancelled, interrupt the work and wait for its end all the same."""
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        interrupt()
        await asyncio.wait({running})
        if not running.cancelled():
            running.exception()
        raise
