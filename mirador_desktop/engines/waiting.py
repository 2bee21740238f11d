"""Waiting for the first word of an answer: never given up while the server lives; and counting what runs."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from mirador_desktop.core.engine import Wait
from mirador_desktop.errors import EngineUnreachable

T = TypeVar("T")


async def patiently(
    stream: AsyncGenerator[T, None],
    why_waiting: Callable[[], Awaitable[Wait | None]],
    address: str,
    sign_of_life: float,
) -> AsyncGenerator[T | Wait, None]:
    """Yield what a stream yields, and before its first item why there is none yet.

    Loading a model can take minutes without a byte, and a time-out would abort it. So the server is asked for a
    sign of life (`why_waiting`, None for none) every `sign_of_life` seconds.

    Raises:
        EngineUnreachable: it gave none three times in a row.
    """
    first = asyncio.ensure_future(anext(stream, None))
    try:
        why: Wait | None = None
        silent, pause = 0, min(0.4, sign_of_life)
        while not (await asyncio.wait({first}, timeout=pause))[0]:
            pause = sign_of_life
            now = await why_waiting()
            silent = silent + 1 if now is None else 0
            if silent == 3:
                raise EngineUnreachable(f"{address} does not answer any more.", "timeout")
            if now is not None and now != why:
                why = now
                yield now
        item = first.result()
    finally:
        first.cancel()
        await asyncio.wait({first})
    while item is not None:
        yield item
        item = await anext(stream, None)


class Running:
    """How many requests of an engine run."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """One more, for as long as the block lasts."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def ended(self) -> None:
        """Wait until none runs."""
        await self._none.wait()
