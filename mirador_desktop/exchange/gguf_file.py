"""A GGUF file on this computer: checked, hashed and read in pieces, none of it on the caller's thread for long."""

import asyncio
import contextlib
import hashlib
import os
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from mirador_desktop.core.gguf import Header, read_header
from mirador_desktop.errors import ModelRefused

PIECE = 1 << 20
"""Bytes that are read at once. Hashing so many takes a millisecond, in which Python's lock is free."""

_LET_GO = 16 * PIECE


async def check(path: Path) -> tuple[Header, int]:
    """Read the header of a file; also returns the file's size in bytes.

    Raises:
        ModelRefused: it cannot be read, or no model can be made of it.
    """
    return await asyncio.to_thread(_check, path)


async def digest(path: Path, on_progress: Callable[[int], None]) -> str:
    """SHA-256 of a file as `sha256:…`. Cancelling ends it within a piece.

    Args:
        on_progress: called in this thread with the bytes hashed so far, ten times a second at most.

    Raises:
        ModelRefused: the file cannot be read.
    """
    stop, done = threading.Event(), [0]
    work = asyncio.get_running_loop().run_in_executor(None, _digest, path, stop, done)
    try:
        while not (await asyncio.wait({work}, timeout=0.1))[0]:
            on_progress(done[0])
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({work})
        raise
    on_progress(done[0])
    return work.result()


async def pieces(path: Path, on_progress: Callable[[int], None]) -> AsyncGenerator[bytes, None]:
    """The bytes of a file, piece by piece; tells after each how many have been taken.

    Raises:
        ModelRefused: the file cannot be read.
    """
    try:
        file = await asyncio.to_thread(path.open, "rb")
        try:
            taken = 0
            while piece := await asyncio.to_thread(file.read, PIECE):
                yield piece
                taken += len(piece)
                on_progress(taken)
        finally:
            await asyncio.to_thread(file.close)
    except OSError as error:
        raise _unreadable(path, error) from error


def _check(path: Path) -> tuple[Header, int]:
    try:
        if path.is_dir():
            raise ModelRefused(f"{path.name} is a folder. Choose the .gguf file inside it.")
        if not path.is_file():
            raise ModelRefused(f"{path} is not a file.")
        size = path.stat().st_size
        with path.open("rb") as file:
            return read_header(file, size), size
    except OSError as error:
        raise _unreadable(path, error) from error


def _digest(path: Path, stop: threading.Event, done: list[int]) -> str:
    hashing = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            room = bytearray(PIECE)
            view = memoryview(room)
            while not stop.is_set() and (count := file.readinto(room)):
                hashing.update(view[:count])
                done[0] += count
                if done[0] % _LET_GO == 0:
                    _let_go(file.fileno(), done[0])
    except OSError as error:
        raise _unreadable(path, error) from error
    return f"sha256:{hashing.hexdigest()}"


def _let_go(descriptor: int, count: int) -> None:
    """Tell the system that these bytes are not needed again soon.

    Else a large file drives everything else out of its cache, loaded models among it, and reading slows down.
    """
    advise = getattr(os, "posix_fadvise", None)  # Linux only
    if advise is not None:
        with contextlib.suppress(OSError):
            advise(descriptor, 0, count, os.POSIX_FADV_DONTNEED)


def _unreadable(path: Path, error: OSError) -> ModelRefused:
    return ModelRefused(f"{path} cannot be read: {error.strerror or error}.")
