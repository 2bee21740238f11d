"""Opens the encrypted file: the key, the settings of SQLite, and the look at its version beforehand."""

import os
import shutil
import tempfile
from pathlib import Path

import apsw

from mirador_desktop.errors import StoreDamaged, StoreTooNew
from mirador_desktop.memory import search_index
from mirador_desktop.memory.migrations import Migration, migrate, version_of

BUSY_MILLISECONDS = 2000


def connect(path: Path, key: bytes, *, read_only: bool = False, immutable: bool = False) -> apsw.Connection:
    """Connect to the file with its key; the caller closes it.

    The key is given raw, so that opening needs no key derivation. `immutable` reads the file alone: no lock,
    no log, and no file is made beside it.
    """
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
    name = str(path)
    if immutable:
        flags |= apsw.SQLITE_OPEN_URI
        name = f"{path.absolute().as_uri()}?immutable=1"
    elif not read_only:
        # SQLite gives its other files the permissions of this one.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = apsw.Connection(name, flags=flags)
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    connection.pragma("cipher", "chacha20")
    connection.pragma("key", f"raw:{key.hex()}")
    search_index.add_functions(connection)
    return connection


def open_database(path: Path, key: bytes, migrations: tuple[Migration, ...]) -> apsw.Connection:
    """Open or make the database at `path`, brought to the version of `migrations`.

    Raises `StoreTooNew` without changing the file if a newer program wrote it, `StoreDamaged`, and errors of
    SQLite and the operating system.
    """
    _refuse_newer(path, key, len(migrations))
    connection = connect(path, key)
    try:
        version_of(connection)  # a wrong key or a damaged file shows before anything is written
        if connection.pragma("journal_mode") != "wal":
            connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "normal")
        connection.pragma("secure_delete", True)
        search_index.add_functions(connection)  # whoever connected
        connection.pragma("foreign_keys", False)  # tables may be made anew in a migration; it checks them
        migrate(connection, migrations, path, lambda target: connect(target, key))
        connection.pragma("foreign_keys", True)
    except BaseException:
        connection.close()
        raise
    return connection


def checkpoint(connection: apsw.Connection) -> bool:
    """Move everything from the log into the file and empty the log; False if another process reads it."""
    (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() or (1, 0, 0)
    return not busy


def _refuse_newer(path: Path, key: bytes, newest: int) -> None:
    log = path.with_name(path.name + "-wal")
    if not path.exists() or not path.stat().st_size:
        if log.exists() and log.stat().st_size:  # SQLite would delete it
            raise StoreDamaged(
                f"{path} is empty, but {log} is not. Put {path.name} back from a backup, or set both aside."
            )
        return
    version = _look(path, log, key)
    if version > newest:
        raise StoreTooNew(
            f"{path} is of version {version}, made by a newer Mirador; this one reads up to {newest}. "
            "Update Mirador. The file is left as it is."
        )


def _look(path: Path, log: Path, key: bytes) -> int:
    """Read the version and leave no trace, whatever state the file was left in."""
    if not log.exists() or not log.stat().st_size:
        try:
            return _read_version(connect(path, key, read_only=True, immutable=True))
        except apsw.NotADBError:
            pass  # damaged, or torn by a process that writes it just now: the look with locks tells
    elif not path.with_name(path.name + "-shm").exists():
        with tempfile.TemporaryDirectory(prefix="mirador-") as folder:  # to read a log makes an index beside it
            copy = Path(folder) / path.name
            shutil.copyfile(path, copy)
            shutil.copyfile(log, copy.with_name(log.name))
            return _read_version(connect(copy, key))
    return _read_version(connect(path, key, read_only=True))


def _read_version(connection: apsw.Connection) -> int:
    try:
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        return version_of(connection)
    finally:
        connection.close()
