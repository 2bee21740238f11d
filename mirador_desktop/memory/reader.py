"""A second connection that only reads, in a thread of its own: what searches and exports never waits for writing."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import apsw

from mirador_desktop.memory.database import connect

T = TypeVar("T")
_CACHE_KIB = 16 * 1024
"""The index of a large database is larger than SQLite's usual 2 MB, and each page has to be decrypted."""


class Reader:
    """Runs functions with a read-only connection, one after the other.

    A coroutine that is cancelled while its function runs interrupts it, so that the next one need not wait.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: apsw.Connection | None = None
        self._file = (0, 0)
        self._executor: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._use = threading.Lock()  # of the connection: a new thread may begin while the last one ends
        self._running: object = None

    async def run(self, work: Callable[[apsw.Connection], T], key: bytes, file: tuple[int, int]) -> T:
        """Run `work` on the file that is told from others by `file`."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")
        token = object()

        def run() -> T:
            with self._use:
                if self._connection is None or self._file != file:
                    self._leave()
                    self._connection = connect(self._path, key, read_only=True)
                    self._connection.pragma("cache_size", -_CACHE_KIB)
                    self._file = file
                with self._lock:
                    self._running = token
                try:
                    return work(self._connection)
                finally:
                    with self._lock:
                        self._running = None

        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, run)
        except asyncio.CancelledError:
            with self._lock:
                if self._running is token and self._connection is not None:
                    self._connection.interrupt()
            raise

    def close(self) -> None:
        """Close the connection, after what is running; the next `run` opens another. Not for the loop's thread."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown()
        with self.away():
            pass

    @contextmanager
    def away(self) -> Iterator[None]:
        """The connection is closed, and nothing is read until the block ends. Not for the loop's thread."""
        with self._use:
            self._leave()
            yield

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
