"""Backups: the database in one file that a passphrase opens.

A backup is an encrypted SQLite database like `mirador.db` itself (SQLite3 Multiple Ciphers, ChaCha20-Poly1305 for
each page). Its key is scrypt of the passphrase with N = 2¹⁷, r = 8, p = 1, as OWASP advises, and of the 16 bytes that
the file begins with, its salt.
"""

import hashlib
import os
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import apsw

from mirador_desktop.atomic import temporary_beside
from mirador_desktop.errors import BackupError, StoreError
from mirador_desktop.memory.database import connect, open_database
from mirador_desktop.memory.failures import explain
from mirador_desktop.memory.migrations import MIGRATIONS, version_of

ENDING = ".miradorbackup"
LEAST = 8
"""Characters that a passphrase must have."""
_PAGES = 500
_SALT = 16
Progress = Callable[[int, int], None]
"""Called with pages done and pages in all."""


@dataclass(frozen=True, slots=True)
class BackupKey:
    """What opens a backup; made of a passphrase, which cannot be found again from it."""

    material: bytes
    salt: bytes

    @property
    def pragma(self) -> str:
        """As SQLite3 Multiple Ciphers takes key and salt."""
        return f"raw:{self.material.hex()}{self.salt.hex()}"


def key_of(passphrase: str, salt: bytes | None = None) -> BackupKey:
    """The key for a passphrase; without a salt for a new one. Takes about half a second and 128 MB."""
    if len(passphrase) < LEAST:
        raise BackupError(f"A passphrase needs at least {LEAST} characters.")
    salt = secrets.token_bytes(_SALT) if salt is None else salt
    written = unicodedata.normalize("NFC", passphrase)  # systems differ in how they write "é"
    material = hashlib.scrypt(
        written.encode("utf-8", "replace"), salt=salt, n=1 << 17, r=8, p=1, maxmem=1 << 28, dklen=32
    )
    return BackupKey(material, salt)


def write(source: apsw.Connection, path: Path, key: BackupKey, progress: Progress = lambda done, pages: None) -> None:
    """Copy a database, as it is at one moment, into a backup at `path`, whole or not at all.

    Args:
        source: a connection of its own: a transaction keeps the moment while others go on writing.

    Raises:
        BackupError: the file cannot be written.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        raise BackupError(f"{path} is not a file that can be replaced.")
    temporary = temporary_beside(path)
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        target = _open(temporary, key)
        try:
            target.pragma("journal_mode", "off")  # half a file is thrown away
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            _copy(source, target, progress)
        finally:
            target.close()
            if source.in_transaction:
                source.execute("ROLLBACK")
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except (apsw.Error, OSError) as error:
        raise BackupError(f"{path.name} could not be written: {_why(error, path)}") from error
    finally:
        temporary.unlink(missing_ok=True)


def has_salt(path: Path, key: BackupKey) -> bool:
    """Whether the backup at `path` is there and was made with this key."""
    try:
        with path.open("rb") as file:
            return file.read(_SALT) == key.salt
    except OSError:
        return False


def unpack(path: Path, passphrase: str, target: Path, key: bytes, progress: Progress) -> None:
    """Make the database at `target`, encrypted with `key`, from the backup at `path`, and look through all of it.

    It is brought to this program's version too: what could fail has been done before it takes the other one's place.

    Raises:
        BackupError: it is no backup, the passphrase is another one, it is damaged, or too new. What is left of
            `target` then is for the caller to `remove`.
    """
    try:
        with path.open("rb") as file:
            salt = file.read(_SALT)
        if len(salt) < _SALT:
            raise BackupError(f"{path.name} is not a backup of Mirador.")
        source = _open(path, key_of(passphrase, salt), read_only=True)
        try:
            version = _version(source, path)
            if version > len(MIGRATIONS):
                raise BackupError(f"{path.name} was made by a newer Mirador. Update Mirador, and try again.")
            copy = connect(target, key)
            try:
                _copy(source, copy, progress)
                found = copy.execute("PRAGMA quick_check(1)").get
                if found != "ok" or version == 0:
                    raise BackupError(f"{path.name} is damaged.")
            finally:
                copy.close()
        finally:
            source.close()
        if version < len(MIGRATIONS):
            open_database(target, key, MIGRATIONS).close()
    except (apsw.Error, OSError, StoreError) as error:
        raise BackupError(f"{path.name} could not be read: {_why(error, path)}") from error


def swap(path: Path, restored: Path) -> Path:
    """Put a restored database in the place of the one at `path`, which nobody has open; returns the old one's name.

    At every moment there is a complete database at `path`.
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise BackupError("Another Mirador uses the conversations. Close it, and try again.")
    log.unlink(missing_ok=True)
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    old = path.with_name(f"{path.stem}-before-restore.db")
    old.unlink(missing_ok=True)
    try:
        os.link(path, old)
    except OSError:  # a file system without hard links
        import shutil

        shutil.copyfile(path, old)
    os.replace(restored, path)
    return old


def _open(path: Path, key: BackupKey, *, read_only: bool = False) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
    name = str(path)
    if read_only:  # no lock, no log and nothing beside it: it may lie on a disk that cannot be written
        flags |= apsw.SQLITE_OPEN_URI
        name = f"{path.absolute().as_uri()}?immutable=1"
    connection = apsw.Connection(name, flags=flags)
    connection.pragma("cipher", "chacha20")
    connection.pragma("key", key.pragma)
    return connection


def _copy(source: apsw.Connection, target: apsw.Connection, progress: Progress) -> None:
    with target.backup("main", source, "main") as copying:
        while not copying.done:
            copying.step(_PAGES)
            progress(copying.page_count - copying.remaining, copying.page_count)


def _version(source: apsw.Connection, path: Path) -> int:
    try:
        return version_of(source)
    except apsw.NotADBError:
        raise BackupError(f"The passphrase does not open {path.name}, or it is not a backup of Mirador.") from None


def _why(error: Exception, path: Path) -> str:
    if isinstance(error, apsw.CorruptError):
        return "it is damaged."
    if isinstance(error, OSError):
        return f"{error.strerror or error}."
    return str(error if isinstance(error, StoreError) else explain(error, path))


def remove(path: Path) -> None:
    """Delete a database that did not take its place, and what SQLite and migrations have put beside it."""
    for each in path.parent.glob(f"{path.stem}*"):
        each.unlink(missing_ok=True)
