"""The text of PDF and Word files that are attached to a question.

`main` is what a process of its own runs on PDF and Word files, so that one that is made to use up memory or time
costs nothing but that process.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mirador_desktop.errors import AttachmentError

COMMAND = "read-attachment"
"""The command of the program that runs `main`."""
MOST_CHARACTERS = 400_000
"""What is kept of a text: about 115,000 tokens, near the longest window that models on such machines are run with."""
MOST_BYTES = 100_000_000
"""Larger files are refused: what is kept of them would be next to nothing."""
_MEMORY = 2_000_000_000
MEDIA = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".html": "text/html",
}
DOCUMENTS = (".pdf", ".docx")


def media_of(path: Path) -> str:
    """The media type by the file's ending, `text/plain` for what is not known."""
    return MEDIA.get(path.suffix.lower(), "text/plain")


def shortened(text: str) -> tuple[str, str]:
    """At most `MOST_CHARACTERS` of a text, and a note that says what was left out, "" if nothing was."""
    if len(text) <= MOST_CHARACTERS:
        return text, ""
    return text[:MOST_CHARACTERS], f"cut after {MOST_CHARACTERS:,} of {len(text):,} characters"


def pdf_text(path: Path) -> Iterator[str]:
    """The pages of a PDF, one after the other.

    Raises:
        AttachmentError: it is protected, broken, or holds no text.
    """
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise AttachmentError("it is protected by a password")
        found = False
        for number, page in enumerate(reader.pages, start=1):
            text = page.extract_text().strip()
            if text:
                found = True
                yield f"[page {number}]\n{text}\n\n"
    except PyPdfError as error:
        raise AttachmentError(f"it is not a PDF that can be read ({error})") from error
    if not found:
        raise AttachmentError("it holds no text; it may be scanned. Attach its pages as images")


def _parts(path: Path) -> Iterator[str]:
    if path.suffix.lower() == ".pdf":
        return pdf_text(path)
    from mirador_desktop.exchange.word_file import word_text  # what it needs is slow to import

    return word_text(path)


def main(path: Path) -> int:
    """Print what is in a PDF or Word file, as one JSON object: `text` and `note`, or `error`."""
    _limit_memory()
    try:
        parts: list[str] = []
        length, cut = 0, False
        for part in _parts(path):
            if length > MOST_CHARACTERS:
                cut = True
                break
            parts.append(part)
            length += len(part)
        text = "".join(parts).strip()
        note = f"cut after its first {MOST_CHARACTERS:,} characters" if cut or len(text) > MOST_CHARACTERS else ""
        found: dict[str, Any] = {"text": text[:MOST_CHARACTERS], "note": note}
    except AttachmentError as error:
        found = {"error": str(error)}
    except (OSError, MemoryError, RecursionError) as error:
        found = {"error": f"it cannot be read ({getattr(error, 'strerror', None) or type(error).__name__})"}
    except Exception as error:  # whatever a broken file makes these libraries raise
        found = {"error": f"it is broken ({type(error).__name__}: {error})"[:300]}
    sys.stdout.buffer.write(json.dumps(found).encode())
    return 0


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
