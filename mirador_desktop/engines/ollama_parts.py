"""Deletes unfinished layers of an Ollama on this computer, for which its protocol has no word.

An unfinished layer is `blobs/sha256-…-partial` with a small file for each of its pieces, `…-partial-0` and so on;
Ollama deletes them by itself when it is started. Here only files of layers named by their digest are touched, only in
the models folder, and only when nobody writes to them any more.
"""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from mirador_desktop.engines.address import is_this_computer
from mirador_desktop.engines.computer import models_folder

_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")
_QUIET = 1.5
"""Seconds in which nothing may be written, so that no other program is pulling the same layer."""


async def delete_parts(address: str, digests: Sequence[str]) -> bool:
    """Delete the unfinished layers with these digests; returns whether all of them are gone.

    Args:
        address: of the host; anything but this computer is left alone.
    """
    if not is_this_computer(address):
        return False
    before = await asyncio.to_thread(_found, models_folder(), digests)
    if not before:
        return False
    await asyncio.sleep(_QUIET)
    return await asyncio.to_thread(_delete, models_folder(), digests, before)


def _found(folder: Path, digests: Sequence[str]) -> dict[Path, int]:
    """The files of these layers, with the moment each was last written."""
    files: dict[Path, int] = {}
    for digest in digests:
        named = _DIGEST.fullmatch(digest)
        if named is None:
            continue
        try:
            for file in (folder / "blobs").glob(f"sha256-{named[1]}-partial*"):
                if file.is_file() and not file.is_symlink():
                    files[file] = file.stat().st_mtime_ns
        except OSError:
            continue
    return files


def _delete(folder: Path, digests: Sequence[str], before: dict[Path, int]) -> bool:
    if _found(folder, digests) != before:
        return False
    try:
        for file in before:
            file.unlink(missing_ok=True)
    except OSError:
        return False
    return True
