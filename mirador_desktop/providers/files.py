"""Text files and folders as context."""

import os
import stat
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from mirador_desktop.core.context import Quoted, estimate_tokens
from mirador_desktop.core.prompts import CUT, quote
from mirador_desktop.errors import ContextError

MOST_BYTES = 400_000
"""Most bytes of one file that are read: its beginning and its end, far more than a budget takes."""
MOST_FILES = 200
MOST_LOOKED_AT = 5000
"""How many names of a folder are looked at."""
_MOST_OF_FOLDER = 1_000_000


def whole_path(value: str) -> Path:
    """The path that the person entered.

    Raises:
        ContextError: it depends on where the program was started.
    """
    try:
        path = Path(value.strip()).expanduser()
    except RuntimeError:
        raise ContextError("begins with the home folder of somebody unknown") from None
    if not path.is_absolute() or "\0" in value:
        raise ContextError("needs its whole path, from the root or from ~")
    return path


def read_bytes(path: Path, most: int = MOST_BYTES) -> tuple[bytes, bool, float]:
    """The bytes of a regular file, whether its middle was left out, and its age in seconds.

    Raises:
        ContextError: it cannot be read.
    """
    try:
        # A pipe would hold up the opening until somebody writes to it.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            os.close(handle)
            raise ContextError("is no file")
        with os.fdopen(handle, "rb") as file:
            age = max(0.0, time.time() - facts.st_mtime)
            if facts.st_size <= most:
                return file.read(most) or b"", False, age  # None from what has nothing yet, as in /proc
            head = file.read(most * 2 // 3)
            file.seek(-(most // 3), os.SEEK_END)
            return head + b"\n" + CUT.encode() + b"\n" + file.read(most // 3), True, age
    except (OSError, ValueError) as error:
        raise ContextError(_why(error)) from error


def decode(data: bytes) -> str:
    """Bytes as text: UTF-8, UTF-16 with its mark, or the usual single-byte one.

    Raises:
        ContextError: this is no text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise ContextError("is no text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if CUT.encode() in data:  # perhaps within a character
            return data.decode("utf-8", "replace")
        return data.decode("cp1252", "replace")


def read_file(value: str, label: str) -> tuple[list[Quoted], float]:
    """A text file, and its age in seconds."""
    data, _, age = read_bytes(whole_path(value))
    text = decode(data)
    if not text.strip():
        raise ContextError("is empty")
    return [Quoted(f"From the file {label}", text)], age


def read_folder(value: str, label: str) -> list[Quoted]:
    """The text files of a folder and of those in it, in the order of their names.

    Left out are hidden files, what is no text, and links that lead out of the folder.
    """
    try:
        root = whole_path(value).resolve(strict=True)
        if not root.is_dir():
            raise ContextError("is no folder")
        with os.scandir(root):  # os.walk would hide that it may not be read
            pass
    except (OSError, RuntimeError) as error:
        raise ContextError(_why(error)) from error
    found: list[tuple[str, str]] = []
    room = _MOST_OF_FOLDER
    for path in _files(root):
        try:
            data, _, _ = read_bytes(path, min(MOST_BYTES, room))
            text = decode(data)
        except ContextError:
            continue
        if text.strip():
            found.append((path.relative_to(root).as_posix(), text.strip()))
            room -= len(data)
        if len(found) >= MOST_FILES or room < 1000:
            break
    if not found:
        raise ContextError("holds no text files")
    title = f"From the folder {label}, {len(found)} {'file' if len(found) == 1 else 'files'}"
    return [Quoted(title, _joined(found, len(found)), partial(_fit, title, found))]


def _joined(found: Sequence[tuple[str, str]], count: int) -> str:
    """Texts one after the other under their names, with words for those of `count` that are not there."""
    parts = [f"--- {name} ---\n{text}" for name, text in found]
    if len(found) < count:
        parts.append(f"[… {count - len(found):,} of {count:,} files left out here …]")
    return "\n\n".join(parts)


def _fit(title: str, found: Sequence[tuple[str, str]], tokens: int) -> str:
    """The first files whole, as many as fit in so many tokens, and the beginning of the next."""
    low, high = 0, len(found)
    while low < high:
        middle = (low + high + 1) // 2
        if estimate_tokens(quote(title, _joined(found[:middle], len(found)))) <= tokens:
            low = middle
        else:
            high = middle - 1
    left = tokens - estimate_tokens(quote(title, _joined(found[:low], len(found)))) - 20
    if low < len(found) and left > 40:
        name, text = found[low]
        part = text[: left * 2]  # at two characters a token it fits in every language but the densest
        while part and estimate_tokens(quote(title, f"{name}\n{part}")) > left:
            part = part[: len(part) * 4 // 5]
        if part:
            return _joined([*found[:low], (name, f"{part}\n{CUT}")], len(found))
    return _joined(found[:low], len(found))


def _files(root: Path) -> Iterator[Path]:
    looked = 0
    for place, folders, names in os.walk(root):
        folders[:] = sorted(n for n in folders if not n.startswith("."))
        for name in sorted(names):
            looked += 1
            if looked > MOST_LOOKED_AT:
                return
            path = Path(place, name)
            if name.startswith("."):
                continue
            if path.is_symlink():
                try:
                    inside = path.resolve(strict=True).relative_to(root)
                except (OSError, ValueError, RuntimeError):
                    continue
                if any(part.startswith(".") for part in inside.parts):
                    continue
            yield path


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "is not there any more"
    if isinstance(error, PermissionError):
        return "may not be read"
    return f"cannot be read ({getattr(error, 'strerror', None) or error})"
