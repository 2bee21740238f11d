"""Blocking work in a thread that nobody has to wait for: a hung disk or plug-in holds up neither answer nor exit."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(name: str, work: Callable[[], T], seconds: float) -> T:
    """Run `work` in a thread of its own.

    Raises:
        TimeoutError: it has not come back in time. The thread goes on by itself and ends with the program.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(result: Any, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)

    def run() -> None:
        result: Any = None
        failure: BaseException | None = None
        try:
            result = work()
        except BaseException as error:
            # A StopIteration cannot be put into a future, and nothing that ends a program may end this one.
            wrong = isinstance(error, StopIteration) or not isinstance(error, Exception)
            failure = RuntimeError(f"it ended with {type(error).__name__}") if wrong else error
        with contextlib.suppress(RuntimeError):  # the loop has gone: nobody waits any more
            loop.call_soon_threadsafe(finish, result, failure)

    threading.Thread(target=run, name=name, daemon=True).start()
    async with asyncio.timeout(seconds):
        return await done
