"""Files that are attached to a question: read, measured, and refused with a sentence where they cannot be."""

import asyncio
import json
import stat
import subprocess
import sys
from pathlib import Path

from mirador_desktop.core.attachments import text_tokens
from mirador_desktop.core.conversation import Attachment
from mirador_desktop.errors import AttachmentError
from mirador_desktop.exchange.attached_file import COMMAND, DOCUMENTS, MOST_BYTES, media_of, shortened
from mirador_desktop.exchange.text_encoding import decode

PATIENCE = 60.0
"""Seconds a PDF or Word file may take."""


async def attach(path: Path) -> Attachment:
    """Read a file with text in it: plain text of any kind, PDF, Word.

    Raises:
        AttachmentError: a sentence about the file that says why it cannot be attached.
    """
    try:
        size = await asyncio.to_thread(_size, path)
        if path.suffix.lower() in DOCUMENTS:
            text, note = await _read_apart(path)
        else:
            text, note = await asyncio.to_thread(_read_text, path)
        if not text.strip():
            raise AttachmentError("it holds no text")
    except OSError as error:
        raise AttachmentError(f"{path.name} cannot be attached: {error.strerror or error}.") from error
    except AttachmentError as error:
        raise AttachmentError(f"{path.name} cannot be attached: {error}.") from error
    return Attachment(path.name, media_of(path), size, text_tokens(path.name, text), note, text)


def attach_text(name: str, text: str) -> Attachment:
    """Text that was pasted or dropped, as a file of that name."""
    kept, note = shortened(text)
    return Attachment(name, "text/plain", len(text.encode("utf-8", "replace")), text_tokens(name, kept), note, kept)


def _size(path: Path) -> int:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # a pipe or a device may never end
        raise AttachmentError("it is not a file")
    if found.st_size > MOST_BYTES:
        raise AttachmentError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    return found.st_size


def _read_text(path: Path) -> tuple[str, str]:
    text, guessed = decode(path.read_bytes())
    kept, cut = shortened(text)
    return kept, ", ".join(note for note in (guessed, cut) if note)


async def _read_apart(path: Path) -> tuple[str, str]:
    """Read a file in another process, which is ended when it takes too long."""
    output = await asyncio.to_thread(_output_of, path)
    try:
        found = json.loads(output)
    except ValueError:
        raise AttachmentError("it needs too much memory or is broken") from None
    if "error" in found:
        raise AttachmentError(str(found["error"]))
    return str(found["text"]), str(found["note"])


def _output_of(path: Path) -> bytes:
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "mirador_desktop"]
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # on Windows: no console flashes up
    try:
        done = subprocess.run(  # noqa: S603  # this program, without a shell
            [*program, COMMAND, str(path.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            creationflags=hidden,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AttachmentError(f"reading it took longer than {PATIENCE:.0f} s") from None
    return done.stdout
