"""Records between being read and being kept, so that the database is not held up while a file is read.

They lie in an encrypted file beside the database. Its key is in this process alone, so whatever is left of it after a
crash cannot be read; where the system allows it, the file has no name any more as soon as it is open.
"""

import contextlib
import pickle
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

import apsw

from mirador_desktop.memory.database import connect

R = TypeVar("R")
_NAME = ".importing-"
_PORTION = 20
"""Records that are written and read together."""


class Staging(Generic[R]):
    """Takes records, and gives them back in the same order. Blocks; for one thread at a time.

    Args:
        folder: where the file lies while it is needed.

    Attributes:
        count: how many records there are.

    Raises:
        apsw.Error, OSError: the file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.count = 0
        for old in folder.glob(f"{_NAME}*"):  # of a program that was killed where a file in use keeps its name
            with contextlib.suppress(OSError):
                old.unlink()
        self._path = folder / f"{_NAME}{secrets.token_hex(8)}.db"
        self._portion: list[R] = []
        try:
            self._connection = connect(self._path, secrets.token_bytes(32))
            self._connection.pragma("journal_mode", "off")
            self._connection.pragma("synchronous", "off")
            self._connection.execute("CREATE TABLE records (place INTEGER PRIMARY KEY, data BLOB NOT NULL)")
            self._connection.execute("BEGIN")
        finally:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def add(self, record: R) -> None:
        """Put a record behind the others."""
        self._portion.append(record)
        self.count += 1
        if len(self._portion) == _PORTION:
            self._write()

    def end(self) -> None:
        """There are no more records."""
        self._write()
        self._connection.execute("COMMIT")

    def records(self) -> Iterator[R]:
        """All records."""
        for (data,) in self._connection.execute("SELECT data FROM records ORDER BY place"):
            assert isinstance(data, bytes)
            yield from pickle.loads(data)  # noqa: S301 - this process alone can have written it

    def close(self) -> None:
        """Let go of the records. May be called twice, and does not raise."""
        with contextlib.suppress(apsw.Error):
            self._connection.close(True)
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        data = pickle.dumps(self._portion, pickle.HIGHEST_PROTOCOL)
        self._connection.execute("INSERT INTO records (data) VALUES (?)", (data,))
        self._portion = []
