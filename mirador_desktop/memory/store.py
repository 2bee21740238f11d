"""The encrypted database of conversations, for the rest of the program: one object, coroutines only."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import apsw

from mirador_desktop.core.conversation import Conversation, Turn, TurnOutline
from mirador_desktop.core.search_query import Query
from mirador_desktop.core.search_results import Found
from mirador_desktop.errors import StoreDamaged, StoreError, StoreReadOnly
from mirador_desktop.memory import branches, files, recalled, rows
from mirador_desktop.memory.database import BUSY_MILLISECONDS, checkpoint, connect, open_database
from mirador_desktop.memory.failures import explain
from mirador_desktop.memory.key import KeyPlace, load_key
from mirador_desktop.memory.migrations import MIGRATIONS, Migration, transaction
from mirador_desktop.memory.reader import Reader
from mirador_desktop.memory.search import search
from mirador_desktop.memory.writing import Writer

_log = logging.getLogger(__name__)
T = TypeVar("T")
FILE_NAME = "mirador.db"
_BUSY_STEP = 0.02
_BUSY_STEPS_CLOSING = 15
"""How often another program's lock is waited for when closing: with all calls that are left well under 2 s."""


class Store:
    """Keeps conversations in `folder`/mirador.db, encrypted.

    Every method but `read` runs in the store's own thread, one after the other, and raises a `StoreError` whose
    text names the file. After `open()` was called once, a store that could not be opened, or lost its file, is
    opened again by the next call of any method, until `close()`.

    Attributes:
        path: the database file.
        is_open: whether the database is open now.
        key_place: where the key is, known once the store was opened.
        key_notice: a sentence to show, not empty only if a key file had just to be made.
        made: how many times a database was made because there was none.
        on_saved: called on the loop's thread after something was written that may have to be indexed.
    """

    def __init__(self, folder: Path, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
        self.path = folder / FILE_NAME
        self.key_place: KeyPlace = "keyring"
        self.key_notice = ""
        self.made = 0
        self.on_saved: Callable[[], None] = lambda: None
        self._migrations = migrations
        self._connection: apsw.Connection | None = None
        self._file = (0, 0)
        self._busy_steps = round(BUSY_MILLISECONDS / 1000 / _BUSY_STEP)
        self._executor: ThreadPoolExecutor | None = None
        self._wanted = False
        self._writer = Writer()
        self._key = b""
        self._reader = Reader(self.path)

    @property
    def is_open(self) -> bool:
        """Whether the database is open now; after some errors it is not until the next call."""
        return self._connection is not None

    async def open(self) -> None:
        """Open the database, or make it with its folder and key. Returns at once when it is open."""
        self._wanted = True
        if not self.is_open:
            await self._run(lambda connection: None)

    async def write(self, work: Callable[[apsw.Connection], T]) -> T:
        """Run a function with the connection; it begins its own transaction (`migrations.transaction`)."""
        return await self._run(work)

    async def read(self, work: Callable[[apsw.Connection], T]) -> T:
        """Run a function with a read-only connection in another thread, which never waits for writing.

        Cancelling the task that awaits this interrupts the function.
        """
        await self.open()
        try:
            return await self._reader.run(work, self._key, self._file)
        except (apsw.Error, OSError) as error:
            raise explain(error, self.path) from error

    async def apart(self, work: Callable[[apsw.Connection, bytes], T]) -> T:
        """Run a function that takes long with a read-only connection of its own, and the key, in a thread."""
        await self.open()

        def run() -> T:
            connection = connect(self.path, self._key, read_only=True)
            try:
                return work(connection, self._key)
            except (apsw.Error, OSError) as error:
                raise explain(error, self.path) from error
            finally:
                connection.close()

        return await asyncio.to_thread(run)

    async def replace(self, work: Callable[[Path], T]) -> T:
        """Run a function that puts another file in the place of the database, while nobody here has it open."""

        def run() -> T:
            self._close()
            return self._without_file(work)

        return await asyncio.get_running_loop().run_in_executor(self._pool(), run)

    def hurry(self) -> None:
        """Wait for another program's lock only briefly from now on: the program is being closed."""
        self._busy_steps = _BUSY_STEPS_CLOSING

    async def close(self) -> None:
        """Write everything to the file and close it. Never raises."""
        self._wanted = False
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.get_running_loop().run_in_executor(executor, self._close)
            executor.shutdown(wait=False)

    async def save(self, conversations: Sequence[Conversation] = (), turns: Sequence[Turn] = ()) -> None:
        """Write complete records over what is there, all of them or none.

        The caller does not change the records any more. Turns of a conversation that is neither in the
        database nor among `conversations` are left out. What was marked as deleted stays so.
        """
        await self._run(lambda connection: self._writer.save(connection, conversations, turns))
        if turns:
            self.on_saved()

    async def conversations(self) -> list[Conversation]:
        """All conversations that are not deleted, the one changed last first."""
        sql = f"{rows.READ_CONVERSATIONS} WHERE deleted IS NULL ORDER BY updated DESC, id DESC"
        return await self._run(lambda connection: rows.read_conversations(connection.execute(sql)))

    async def conversation(self, conversation_id: str) -> Conversation | None:
        """One conversation, None if it does not exist or is deleted."""
        sql = f"{rows.READ_CONVERSATIONS} WHERE deleted IS NULL AND id = ?"
        found = await self._run(
            lambda connection: rows.read_conversations(connection.execute(sql, (conversation_id,)))
        )
        return found[0] if found else None

    async def outline(self, leaf: str) -> list[TurnOutline]:
        """The branch that ends at the turn `leaf`, first turn first, without reading any text."""
        return await self._run(lambda connection: branches.outline(connection, leaf))

    async def tail(self, leaf: str, count: int) -> list[Turn]:
        """The last `count` turns of the branch that ends at `leaf`, complete, oldest first."""
        return await self._run(
            lambda connection: recalled.read_turns(connection, branches.tail_ids(connection, leaf, count))
        )

    async def turns(self, ids: Sequence[str]) -> list[Turn]:
        """Complete turns in the given order; those that do not exist are left out."""
        return await self._run(lambda connection: recalled.read_turns(connection, ids))

    async def image(self, turn_id: str, place: int) -> bytes | None:
        """The bytes of the attachment at a place of a turn, None if there are none."""
        sql = "SELECT data FROM attachments WHERE turn = ? AND place = ?"
        found = await self.read(lambda connection: connection.execute(sql, (turn_id, place)).get)
        return bytes(found) if isinstance(found, bytes) else None

    async def siblings(self, turn_id: str) -> list[str]:
        """The turns that follow the same turn as this one, itself included, oldest first."""
        return await self._run(lambda connection: branches.siblings(connection, turn_id))

    async def newest_leaf(self, turn_id: str) -> str:
        """The end of the newest branch that goes through the turn."""
        return await self._run(lambda connection: branches.newest_leaf(connection, turn_id))

    async def set_deleted(self, ids: Sequence[str], when: float | None) -> None:
        """Hide conversations as deleted at a Unix time, until they are purged; None restores them. All or none."""
        sql = "UPDATE conversations SET deleted = ? WHERE id = ?"

        def mark(connection: apsw.Connection) -> None:
            with transaction(connection):
                connection.executemany(sql, [(when, key) for key in ids])

        await self._run(mark)

    async def purge(self, older_than: float) -> int:
        """Delete for good what was marked as deleted before the Unix time `older_than`; says how many.

        Their bytes are overwritten, in the log too. Copies from before a migration that are older than that
        time are deleted as well, because they would still hold them.
        """
        return await self._run(lambda connection: self._purge(connection, older_than))

    async def search(self, query: Query) -> Found:
        """What is found for a query, newest first. Cancelling the task that awaits this stops the search."""
        return await self.read(lambda connection: search(connection, query))

    async def texts(self, ids: Sequence[str]) -> list[Turn]:
        """Turns in the given order without how probable their words were, read beside all writing."""
        return await self.read(lambda connection: rows.read_turns(connection, ids, marks=False))

    async def state(self, name: str) -> Any:
        """What the program has remembered under a name, None if nothing."""
        sql = "SELECT value FROM state WHERE name = ?"
        found = await self._run(lambda connection: connection.execute(sql, (name,)).fetchall())
        return json.loads(str(found[0][0])) if found else None

    async def remember(self, name: str, value: Any) -> None:
        """Remember something (JSON) under a name, in place of what was there."""
        sql, text = "INSERT OR REPLACE INTO state VALUES (?, ?)", json.dumps(value)
        await self._run(lambda connection: connection.execute(sql, (name, text)).fetchall())

    async def counts(self) -> tuple[int, int, int]:
        """How many conversations and turns there are, and the bytes of the database on disk with its log."""
        sql = "SELECT count(*), (SELECT count(*) FROM turns) FROM conversations WHERE deleted IS NULL"
        (found,) = await self._run(lambda connection: connection.execute(sql).fetchall())
        return int(str(found[0])), int(str(found[1])), await asyncio.to_thread(files.size_of, self.path)

    async def erase(self) -> None:
        """Delete the database, every copy of it, and their keys. The next call of any method begins another."""
        await asyncio.get_running_loop().run_in_executor(self._pool(), self._without_file, files.erase)

    async def set_aside(self) -> Path:
        """Rename a database that cannot be read, with its key file, so that a new one can be made.

        Nothing is deleted. Returns the new name.
        """
        return await asyncio.get_running_loop().run_in_executor(self._pool(), self._without_file, files.set_aside)

    def _pool(self) -> ThreadPoolExecutor:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        return self._executor

    async def _run(self, work: Callable[[apsw.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool(), self._guarded, work)

    def _guarded(self, work: Callable[[apsw.Connection], T]) -> T:
        try:
            if self._connection is not None and self._identity() != self._file:
                self._leave()  # what is written to a file that is gone from its place would be lost in silence
            return work(self._connection or self._open())
        except (apsw.Error, OSError) as error:
            explained = explain(error, self.path)
            if isinstance(explained, StoreDamaged | StoreReadOnly) or isinstance(error, apsw.IOError):
                self._leave()
            raise explained from error

    def _open(self) -> apsw.Connection:
        if not self._wanted:
            raise StoreError(f"The database {self.path} is closed.")
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        exists = self.path.exists() and self.path.stat().st_size > 0
        key = load_key(self.path.parent, database_exists=exists)
        self.key_place = key.place
        self.key_notice = self.key_notice or key.notice
        self._key = key.material
        self._writer.forget()
        self._connection = open_database(self.path, key.material, self._migrations)
        self._connection.set_busy_handler(self._wait_for_lock)
        self._file = self._identity()
        self.made += not exists
        return self._connection

    def _wait_for_lock(self, tried: int) -> bool:
        """SQLite's busy handler, in the store's thread: whether to try again."""
        if tried >= self._busy_steps:
            return False
        time.sleep(_BUSY_STEP)
        return True

    def _identity(self) -> tuple[int, int]:
        """What tells the file at the path from another one that was there before."""
        try:
            found = self.path.stat()
        except OSError:
            return (-1, -1)
        return (found.st_dev, found.st_ino)

    def _close(self) -> None:
        keep_log = False
        try:
            if self._connection is not None:
                checkpoint(self._connection)
        except apsw.Error as error:
            _log.warning("The log of the database was kept when closing: %s", error)
            keep_log = True
        self._leave(keep_log=keep_log)

    def _leave(self, *, keep_log: bool = True) -> None:
        """Close the connection, and unless `keep_log` is False, leave the files as they are."""
        self._reader.close()
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep_log)
            connection.close()
        except apsw.Error as error:
            _log.warning("The database was not closed properly: %s", error)

    def _purge(self, connection: apsw.Connection, older_than: float) -> int:
        with transaction(connection):
            connection.execute("DELETE FROM conversations WHERE deleted < ?", (older_than,))
            count = connection.changes()
        self._writer.forget()
        if not checkpoint(connection):
            _log.warning("Another process reads the database; what was deleted stays in its log until later.")
        for copy in self.path.parent.glob(f"{self.path.stem}-before-v*"):
            if copy.stat().st_mtime < older_than:
                copy.unlink()
        return count

    def _without_file(self, work: Callable[[Path], T]) -> T:
        """Do something with the database's files while nobody has them open."""
        self._leave()
        try:
            with self._reader.away():
                return work(self.path)
        except OSError as error:
            raise explain(error, self.path) from error
