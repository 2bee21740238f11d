"""Files are written whole or not at all: whoever writes a file of Mirador's, or of the person's, does it with this.

There is the old file or the new one, whatever happens meanwhile: a full disk, a crash, the power. It stands beside
`errors`: every room may use it, and it uses none.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

UNFINISHED = f".mirador-{'?' * 16}.tmp"
"""What a file is called while it is written, as a pattern."""
_LEFT = 3600.0
"""Seconds without a change after which nobody writes such a file any more."""


def temporary_beside(path: Path) -> Path:
    """A new name in the folder of `path`. What others who were killed left there is deleted. Blocks."""
    with contextlib.suppress(OSError):
        for each in path.parent.glob(UNFINISHED):
            if time.time() - each.stat().st_mtime > _LEFT:
                each.unlink()
    return path.with_name(UNFINISHED.replace("?" * 16, secrets.token_hex(8)))


def write_whole(path: Path, data: bytes, private: bool = True) -> None:
    """Put `data` in the place of a file. Blocks.

    Where `path` is a link, the file that it leads to is replaced and the link stays.

    Args:
        private: whether only this person may read it; else it is as readable as their other new files.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    path = Path(os.path.realpath(path))
    with _written_beside(path, data, private) as temporary:
        temporary.replace(path)


@contextlib.contextmanager
def being_written(path: Path) -> Iterator[BinaryIO]:
    """A file to write to piece by piece, which takes the place of `path` in the end unless something raises. Blocks.

    Until then it has another name in the same folder: its attribute `name`.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    path = Path(os.path.realpath(path))
    temporary = temporary_beside(path)
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_new(path: Path, data: bytes) -> bool:
    """Write a file that only this person may read, unless there is one already: False then. Blocks.

    Raises:
        OSError: it cannot be written.
    """
    with _written_beside(path, data, private=True) as temporary:
        try:
            os.link(temporary, path)  # unlike a renaming, it fails where there is one already
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            if path.exists():
                return False
            os.rename(temporary, path)
    return True


@contextlib.contextmanager
def _written_beside(path: Path, data: bytes, private: bool) -> Iterator[Path]:
    """A file in the same folder that holds `data` and is on the disk; it is gone in the end unless it was renamed."""
    temporary = temporary_beside(path)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(temporary, flags, 0o600 if private else 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
