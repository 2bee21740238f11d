"""Backups of conversations, memory and attachments: on demand, daily, and brought back."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw

from mirador_desktop.atomic import UNFINISHED
from mirador_desktop.core.waiting import Stop, finished
from mirador_desktop.errors import BackupError, MiradorError
from mirador_desktop.library import Library
from mirador_desktop.memory import backup
from mirador_desktop.memory.backup import ENDING, LEAST, BackupKey, Progress
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.store import Store

__all__ = ["ENDING", "LEAST", "Backup", "Backups"]

log = logging.getLogger(__name__)

KEPT = 7
"""Daily backups that are kept."""
_HOUR = 3600.0
_NAME = "mirador-%Y-%m-%d"
_STATE = "daily backup"


@dataclass(frozen=True, slots=True)
class Backup:
    """A daily backup that is there. `size` is in bytes, `made` a Unix time."""

    path: Path
    size: int
    made: float


class Backups:
    """Writes and restores backups.

    Args:
        folder: where daily backups go.

    Attributes:
        told: called with a sentence when a daily backup failed.
        made: called when a daily backup was made.
    """

    def __init__(self, library: Library, store: Store, keeper: Keeper, folder: Path) -> None:
        self._library, self._store, self._keeper, self.folder = library, store, keeper, folder
        self.told: Callable[[str], None] = lambda words: log.warning("%s", words)
        self.made: Callable[[], object] = lambda: None
        self._lock = asyncio.Lock()
        self._news = asyncio.Event()

    async def write(self, path: Path, passphrase: str, progress: Progress = lambda done, pages: None) -> None:
        """Write a backup now. `progress` is called from another thread. Raises `BackupError` or `StoreError`."""
        key = await asyncio.to_thread(backup.key_of, passphrase)
        await self._write(path, key, progress)

    async def restore(self, path: Path, passphrase: str, progress: Progress = lambda done, pages: None) -> Path:
        """Put a backup in the place of everything that is kept now; returns where that lies until the next start.

        Whether there is a daily backup, and under which passphrase, stays as it is set here. Raises `BackupError` or
        `StoreError`; then all is as it was, and so it is when this is cancelled, until the backup takes its place.
        """
        async with self._lock:
            await self._store.open()
            daily = await self._store.state(_STATE)
            restored = self._store.path.with_name(f".restoring-{secrets.token_hex(4)}.db")
            try:
                await self._apart(
                    lambda connection, key, step: backup.unpack(path, passphrase, restored, key, step), progress
                )
                return await finished(self._put(restored, daily), lambda: None)
            finally:
                await asyncio.to_thread(backup.remove, restored)

    async def _put(self, restored: Path, daily: Any) -> Path:
        async with self._keeper.paused():  # a title, say, may just be written for what is not here any more
            old = await self._store.replace(lambda current: backup.swap(current, restored))
            await self._library.begin_anew()
        await self._store.remember(_STATE, daily)
        self._store.on_saved()
        return old

    async def _apart(self, work: Callable[[apsw.Connection, bytes, Progress], None], progress: Progress) -> None:
        """Do what takes long in a thread of its own. Cancelling ends it at its next step, and waits for that."""
        stop = Stop()

        def step(done: int, pages: int) -> None:
            stop.check()
            progress(done, pages)

        await finished(self._store.apart(lambda connection, key: work(connection, key, step)), stop.set)

    # ── daily ──────────────────────────────────────────────────────────────────────────────────────────

    async def is_daily(self) -> bool:
        """Whether a backup is made each day."""
        return await self._store.state(_STATE) is not None

    async def set_daily(self, passphrase: str | None) -> None:
        """Make a backup each day that Mirador runs, under this passphrase; None ends that. What is there stays.

        The database, which is encrypted itself, keeps the key that is made of the passphrase, not the passphrase.
        """
        if passphrase is None:
            await self._store.remember(_STATE, None)
            return
        key = await asyncio.to_thread(backup.key_of, passphrase)
        await self._store.remember(_STATE, {"key": key.material.hex(), "salt": key.salt.hex()})
        self._news.set()

    async def kept(self) -> list[Backup]:
        """The daily backups there are, the newest first."""
        return await asyncio.to_thread(self._kept)

    async def run(self) -> None:
        """Make a backup when there is none of today, for as long as the program runs."""
        try:
            await self._store.open()  # else what a restore has replaced may be the only one that is good
            await asyncio.to_thread(self._delete_replaced)
        except MiradorError as error:
            log.warning("What a restore has replaced is left: %s", error)
        while True:
            self._news.clear()
            try:
                await self.make_daily()
            except MiradorError as error:
                self.told(str(error))
            except Exception:
                log.exception("The daily backup failed")
            try:
                async with asyncio.timeout(_HOUR):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def make_daily(self) -> bool:
        """Make today's backup if it is wanted and not there under today's passphrase; whether it was made."""
        state = await self._store.state(_STATE)
        path = self.folder / f"{datetime.now().astimezone().strftime(_NAME)}{ENDING}"
        if state is None:
            return False
        key = BackupKey(bytes.fromhex(state["key"]), bytes.fromhex(state["salt"]))
        if await asyncio.to_thread(backup.has_salt, path, key):
            return False
        try:
            await asyncio.to_thread(self.folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BackupError(f"The folder {self.folder} could not be made: {error.strerror or error}.") from error
        await self._write(path, key, lambda done, pages: None)
        for old in (await self.kept())[KEPT:]:
            await asyncio.to_thread(old.path.unlink, missing_ok=True)
        self.made()
        return True

    async def delete_daily(self) -> None:
        """Delete all daily backups: everything shall be gone. Raises `BackupError` for one that cannot be deleted."""
        async with self._lock:  # one that is being written is deleted too
            unfinished = await asyncio.to_thread(lambda: [*self.folder.glob(UNFINISHED)])
            for path in (*unfinished, *(each.path for each in await self.kept())):
                try:
                    await asyncio.to_thread(path.unlink, missing_ok=True)
                except OSError as error:
                    raise BackupError(f"{path} could not be deleted: {error.strerror or error}.") from error

    async def _write(self, path: Path, key: BackupKey, progress: Progress) -> None:
        async with self._lock:
            began = time.monotonic()
            await self._keeper.flush()
            await self._apart(lambda connection, _, step: backup.write(connection, path, key, step), progress)
            log.info("A backup was written in %.1f s", time.monotonic() - began)

    def _delete_replaced(self) -> None:
        """Delete what a restore has kept aside until now, and what was left by a program that was killed."""
        path = self._store.path
        places = (path.parent, f"{path.stem}-before-restore.db*"), (path.parent, ".restoring-*")
        for folder, pattern in (*places, (self.folder, UNFINISHED)):
            for each in folder.glob(pattern):
                try:
                    each.unlink()
                except OSError as error:
                    log.warning("%s could not be deleted: %s", each, error)

    def _kept(self) -> list[Backup]:
        found = []
        for path in self.folder.glob(f"mirador-????-??-??{ENDING}"):
            try:
                known = path.stat()
            except OSError:
                continue
            found.append(Backup(path, known.st_size, known.st_mtime))
        return sorted(found, key=lambda each: each.path.name, reverse=True)


def file_name() -> str:
    """A name for a backup that is made now."""
    return f"Mirador {datetime.now().astimezone():%Y-%m-%d}{ENDING}"


def check(passphrase: str, again: str) -> None:
    """Raise a `BackupError` for a passphrase that is too short, or not written the same twice."""
    if len(passphrase) < LEAST:
        raise BackupError(f"A passphrase needs at least {LEAST} characters.")
    if passphrase != again:
        raise BackupError("The two passphrases are not the same.")
