"""Takes turns whose words are new or changed into the indexes, in small slices, for as long as the program runs."""

import asyncio
import logging
import time
from collections.abc import Callable

import apsw

from mirador_desktop.core.conversation import Turn, new_id
from mirador_desktop.errors import StoreError
from mirador_desktop.memory import recall_index, rows, search_index
from mirador_desktop.memory.migrations import transaction
from mirador_desktop.memory.store import Store

_log = logging.getLogger(__name__)
SLICE = 0.01
"""Seconds that one slice may take in the store's thread, where records are written too."""
_PAUSE = 0.25
"""Seconds between two slices while an answer streams."""
_RETRY = 2.0
_AT_ONCE = 8

# A turn of this process that has not ended is still being written; one of an earlier process was cut off.
_NEXT = """
    SELECT q.turn FROM to_index q LEFT JOIN turns t ON t.id = q.turn
    WHERE t.reason IS NOT NULL OR t.id IS NULL OR q.turn < ? ORDER BY q.turn LIMIT ?"""


class Indexer:
    """Works through the queue `to_index`, which the database fills by itself whenever a turn is added or ends.

    A slice is one transaction: after a kill the queue still holds what was not indexed.

    Args:
        busy: whether an answer streams now; then it goes slowly.
        remember: whether turns become memories; if not, they can only be searched for.

    Attributes:
        on_indexed: called when nothing is left to index, after something was.
    """

    def __init__(
        self,
        store: Store,
        busy: Callable[[], bool] = lambda: False,
        remember: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store, self._busy, self._remember = store, busy, remember
        self.on_indexed: Callable[[], None] = lambda: None
        self._began = new_id()[:12]  # the time alone: it sorts before all that are made from now on
        self._news = asyncio.Event()
        store.on_saved = self._news.set

    async def run(self) -> None:
        """Index for ever; what fails is tried again."""
        worked = False
        while True:
            self._news.clear()
            began = time.monotonic()
            try:
                await self._store.open()
                more = await self._store.write(self._slice)
            except StoreError as error:
                _log.warning("Nothing is indexed right now: %s", error)
                await asyncio.sleep(_RETRY)
                continue
            if not more:
                if worked:
                    self.on_indexed()
                worked = False
                await self._news.wait()
            else:
                worked = True
                await asyncio.sleep(_PAUSE if self._busy() else time.monotonic() - began)

    async def catch_up(self, seconds: float) -> None:
        """Index what waits, for at most so many seconds. May raise a StoreError."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and await self._store.write(self._slice):
            pass

    def _slice(self, connection: apsw.Connection) -> bool:
        """Index some turns; whether there are more."""
        began = time.monotonic()
        with transaction(connection):
            while time.monotonic() - began < SLICE:
                found = connection.execute(_NEXT, (self._began, _AT_ONCE))
                ids = [str(key) for (key,) in found]
                if not ids:
                    return False
                for turn in rows.read_turns(connection, ids, marks=False):
                    _put(connection, turn, self._remember())
                    if time.monotonic() - began > SLICE:
                        ids = ids[: ids.index(turn.id) + 1]
                        break
                connection.executemany("DELETE FROM to_index WHERE turn = ?", [(key,) for key in ids])
        return True


def _put(connection: apsw.Connection, turn: Turn, remember: bool) -> None:
    """Index one turn; one that cannot be indexed is left out, and does not hold up the others."""
    try:
        with connection:  # a savepoint
            search_index.put(connection, turn)
            if remember:
                recall_index.put(connection, turn)
    except apsw.Error:
        raise
    except Exception:
        _log.exception("A turn could not be indexed.")
