"""Where documents to import lie: a file, a zip archive, a folder; each is opened within limits."""

import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from mirador_desktop.errors import ExchangeError

MOST_BYTES = 4_000_000_000
"""Bytes that are read for one import at most, unpacked. Files are read as streams: this bounds the time."""
MOST_FILES = 100_000
_PACKED = 200
"""How many times smaller than its content a large file in an archive may be. Text packs to a fifth or a tenth."""
_LARGE = 50_000_000
_ENDINGS = (".json", ".jsonl")
BROKEN = (zipfile.BadZipFile, NotImplementedError, ValueError, RuntimeError, EOFError)
"""What `zipfile` raises beside `OSError`."""


class Budget:
    """What may still be read, and who wants to know how far it is; `archive` is to be closed in the end.

    Args:
        total: bytes there are in all; progress is told against it.
        on_progress: called with the bytes read and `total`; what it raises ends the reading.
    """

    def __init__(self, on_progress: Callable[[int, int], None], total: int = 0) -> None:
        self.total = total
        self.archive: zipfile.ZipFile | None = None
        self._read = 0
        self._on_progress = on_progress

    def take(self, count: int) -> None:
        """Count bytes that were read.

        Raises:
            ExchangeError: they are too many.
        """
        self._read += count
        if self._read > MOST_BYTES:
            raise ExchangeError(f"The file is too large: more than {MOST_BYTES // 10**9} GB.")
        self._on_progress(self._read, max(self.total, self._read))


class _Counted(io.RawIOBase):
    """A stream whose bytes are counted."""

    def __init__(self, inner: BinaryIO, budget: Budget) -> None:
        self._inner, self._budget = inner, budget

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._inner.read(size)
        self._budget.take(len(data))
        return data

    def close(self) -> None:
        self._inner.close()
        super().close()


@dataclass(frozen=True)
class Document:
    """Something that may hold conversations.

    Attributes:
        name: its path below what was chosen, with slashes.
        folder: the path of the folder it lies in, "" at the top.
        open: opens it for reading.
        alone: whether it was chosen itself; others in the same place may be something else altogether.
        above: the whole path of the folder that was chosen, or in which the chosen file lies; "" in an archive.
    """

    name: str
    open: Callable[[], BinaryIO] = field(repr=False)
    alone: bool = False
    above: str = ""

    @property
    def folder(self) -> str:
        """The path of the folder it lies in, "" at the top."""
        parent = str(PurePosixPath(self.name).parent)
        return "" if parent == "." else parent


def documents(path: Path, budget: Budget) -> Iterator[Document]:
    """All documents of what was chosen, in the order of their names. Blocks.

    Raises:
        ExchangeError: it cannot be read, or is not to be.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            yield from _of_folder(path, budget)
        elif not stat.S_ISREG(mode):
            raise ExchangeError(f"{path.name} is neither a file nor a folder.")
        elif _begins_as_archive(path) or zipfile.is_zipfile(path):
            yield from _of_archive(path, budget)
        else:
            budget.total = path.stat().st_size
            above = path.resolve().parent.as_posix()
            yield Document(path.name, lambda: _opened(path, budget), alone=True, above=above)
    except OSError as error:
        raise ExchangeError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _begins_as_archive(path: Path) -> bool:
    """Whether it is an archive by its first bytes; one that was not loaded whole has no end by which to know it."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _opened(path: Path, budget: Budget) -> BinaryIO:
    try:
        return _Counted(path.open("rb"), budget)  # type: ignore[return-value]
    except OSError as error:
        raise ExchangeError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _of_folder(path: Path, budget: Budget) -> Iterator[Document]:
    found: list[Path] = []
    for folder, folders, names in os.walk(path):
        folders.sort()
        found += (Path(folder, name) for name in sorted(names) if name.lower().endswith(_ENDINGS))
        if len(found) > MOST_FILES:
            raise ExchangeError(f"{path.name} holds more than {MOST_FILES:,} files.")
    found = [each for each in found if each.is_file()]
    budget.total = sum(each.stat().st_size for each in found)
    above = path.resolve().as_posix()
    for each in found:
        name = each.relative_to(path).as_posix()
        yield Document(name, lambda each=each: _opened(each, budget), above=above)  # type: ignore[misc]


def _of_archive(path: Path, budget: Budget) -> Iterator[Document]:
    try:
        archive = budget.archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise ExchangeError(
            f"{path.name} is a broken archive, which may not have been downloaded to its end: {error}."
        ) from error
    entries = [e for e in archive.infolist() if e.filename.lower().endswith(_ENDINGS) and not e.is_dir()]
    if len(entries) > MOST_FILES:
        raise ExchangeError(f"{path.name} holds more than {MOST_FILES:,} files.")
    budget.total = sum(each.file_size for each in entries)
    if budget.total > MOST_BYTES:
        raise ExchangeError(f"{path.name} holds more than {MOST_BYTES // 10**9} GB.")
    for entry in sorted(entries, key=lambda each: each.filename):
        if entry.flag_bits & 1:
            raise ExchangeError(f"{path.name} is protected by a password: unpack it first.")
        if entry.file_size > _LARGE and entry.file_size > _PACKED * max(entry.compress_size, 1):
            raise ExchangeError(f"{path.name} was not read: {entry.filename[:200]} is packed beyond belief.")
        name = entry.filename.replace("\\", "/")
        yield Document(name, lambda entry=entry: _entry(archive, entry, budget))  # type: ignore[misc]


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> BinaryIO:
    try:
        return _Counted(archive.open(entry), budget)  # type: ignore[arg-type,return-value]
    except BROKEN as error:
        raise ExchangeError(f"{entry.filename[:200]} in the archive cannot be read: {error}.") from error
