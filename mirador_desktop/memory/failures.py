"""What can go wrong with the database file, in sentences that name the file and say what to do."""

import errno
from pathlib import Path

import apsw

from mirador_desktop.errors import (
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
)

_DAMAGED_READS = frozenset((apsw.SQLITE_IOERR_SHORT_READ, apsw.SQLITE_IOERR_DATA, apsw.SQLITE_IOERR_CORRUPTFS))
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))


def explain(error: Exception, path: Path) -> StoreError:
    """Turn an error of SQLite or of the operating system into the `StoreError` a person can act on.

    A `StoreError` is returned as it is. `path` is the database file; an `OSError` that names another file
    is told with that name.
    """
    if isinstance(error, StoreError):
        return error
    if isinstance(error, OSError):
        return _explain_os(error, path)
    if isinstance(error, apsw.FullError):
        return StoreFull(_full(path))
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return StoreLocked(
            f"Another program holds {path}. Close it, or wait until it is done: it is tried again by itself."
        )
    if isinstance(error, apsw.CorruptError | apsw.NotADBError | apsw.FormatError):
        return StoreDamaged(_damaged(path))
    if isinstance(error, apsw.IOError) and getattr(error, "extendedresult", 0) in _DAMAGED_READS:
        return StoreDamaged(_damaged(path))
    if isinstance(error, apsw.ReadOnlyError | apsw.CantOpenError | apsw.PermissionsError):
        return StoreReadOnly(_read_only(path))
    if isinstance(error, apsw.IOError):
        return StoreError(f"The disk reports an error for {path} ({error}). Check that it is connected and whole.")
    return StoreError(f"The database {path} cannot be used right now: {error}.")


def _explain_os(error: OSError, path: Path) -> StoreError:
    named = Path(error.filename) if isinstance(error.filename, str) else path
    if error.errno in _FULL:
        return StoreFull(_full(named))
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return StoreReadOnly(_read_only(named))
    if isinstance(error, FileExistsError | NotADirectoryError):
        return StoreReadOnly(f"{path.parent} cannot be used as the data folder, because {named} is a file.")
    return StoreError(f"{named} cannot be used right now: {error.strerror or error}.")


def _full(path: Path) -> str:
    return f"The disk is full, so {path} cannot be written. Free some space; it is tried again by itself."


def _read_only(path: Path) -> str:
    return f"{path} cannot be opened for writing. Check the permissions of the file and of {path.parent}."


def _damaged(path: Path) -> str:
    return (
        f"{path} is not a Mirador database of this installation, or it is damaged. It is left as it is; "
        "set it aside to start with a new one."
    )
