"""The database's files as a whole: their size, deleting all of them, setting a damaged one aside."""

from datetime import UTC, datetime
from pathlib import Path

from mirador_desktop.memory.key import FILE_NAME as KEY_FILE
from mirador_desktop.memory.key import destroy_key


def size_of(path: Path) -> int:
    """Bytes on disk of the database at `path` with its log."""
    return sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*"))


def erase(path: Path) -> None:
    """Delete the database at `path`, every copy of it, and their key."""
    destroy_key(path.parent)  # first: whatever remains then cannot be read
    for pattern in (f"{path.name}*", f"{path.stem}-before-*", f"{path.stem}-damaged-*"):
        for each in path.parent.glob(pattern):
            each.unlink()


def set_aside(path: Path) -> Path:
    """Rename a database that cannot be read, with its log and key file; returns its new name."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    target, number = path.with_name(f"{path.stem}-damaged-{stamp}.db"), 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.stem}-damaged-{stamp}-{number}.db")
    # The log first: beside a new database, SQLite would delete it.
    pairs = [(path.with_name(f"{path.name}{end}"), f"{target.name}{end}") for end in ("-wal", "-shm")]
    pairs += [(path, target.name), (path.with_name(KEY_FILE), f"{target.stem}.key")]
    for each, name in pairs:
        if each.exists():
            each.rename(each.with_name(name))
    return target
