"""Writes down which pulls are unfinished, so that they can be offered again after a restart or a crash."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from mirador_desktop.core.pull import Pull, read_pull, record_of
from mirador_desktop.core.state import StateStore
from mirador_desktop.errors import StoreError

log = logging.getLogger(__name__)

_NAME = "pulls"


class PullMemory:
    """Keeps the list in a store, which may be locked or closed: then it is tried again with the next change.

    Args:
        items: the list as it is now.
        offer: called with what earlier sessions left over, once that could be read.
    """

    def __init__(
        self, store: StateStore, items: Callable[[], Sequence[Pull]], offer: Callable[[list[Pull]], None]
    ) -> None:
        self._store, self._items, self._offer = store, items, offer
        self._reading = asyncio.Lock()
        self._writing: asyncio.Task[None] | None = None
        self._changed = self._known = False
        self._written = 0.0

    @property
    def age(self) -> float:
        """Seconds since the list was written down."""
        return time.monotonic() - self._written

    async def restore(self) -> None:
        """Read what earlier sessions left over, once."""
        async with self._reading:
            if self._known:
                return
            try:
                remembered = await self._store.state(_NAME)
            except StoreError as error:
                log.warning("Unfinished pulls are not known: %s", error)
                return
            self._known = True
        values = remembered if isinstance(remembered, list) else []
        if left := [pull for pull in map(read_pull, values) if pull is not None]:
            self._offer(left)

    def remember(self) -> None:
        """Write the list down soon."""
        self._changed = True
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write(), name="remember pulls")

    async def close(self) -> None:
        """Write the list down for the last time."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
        self._changed = self._changed or bool(self._items())
        await self._write()

    async def _write(self) -> None:
        """What a store still knows that could not be read before is read first, so that it is not lost."""
        await self.restore()
        while self._changed and self._known:
            self._changed, self._written = False, time.monotonic()
            try:
                await self._store.remember(_NAME, [record_of(p) for p in self._items() if p.worth_remembering])
            except StoreError as error:
                log.warning("Unfinished pulls cannot be remembered: %s", error)
                self._changed = True
                return
