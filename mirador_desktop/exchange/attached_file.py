"""The text of files that are attached to a question: plain text of any kind, PDF and Word.

`main` is what a process of its own runs on PDF and Word files, so that one that is made to use up memory or time
costs nothing but that process.
"""

import contextlib
import json
import sys
import zipfile
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
_MOST_UNPACKED = 300_000_000
_MOST_CONTROLS = 0.02
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


def decode(data: bytes) -> tuple[str, str]:
    """The text of a file, and a note where its encoding was guessed.

    Raises:
        AttachmentError: it is no text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode("utf-16"), ""
    if b"\x00" in data:
        raise AttachmentError("it is not a text file")
    try:
        text, note = data.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        text, note = data.decode("cp1252", "replace"), "read as Windows-1252"
    controls = sum(c < " " and c not in "\t\n\r\f\x1b" for c in text[:100_000])
    if controls > _MOST_CONTROLS * min(len(text), 100_000):
        raise AttachmentError("it is not a text file")
    return text.replace("\r\n", "\n").replace("\r", "\n"), note


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


def word_text(path: Path) -> Iterator[str]:
    """The paragraphs and tables of a Word file as Markdown, in their order.

    Raises:
        AttachmentError: it is broken, or unpacks to too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_UNPACKED:
                raise AttachmentError("it unpacks to far more than a document does")
    except zipfile.BadZipFile as error:
        raise AttachmentError("it is not a Word file that can be read") from error
    from docx import Document
    from docx.table import Table

    try:
        document = Document(str(path))
    except (KeyError, ValueError, SyntaxError) as error:  # lxml's errors are SyntaxErrors
        raise AttachmentError(f"it is not a Word file that can be read ({error})") from error
    for part in document.iter_inner_content():
        if isinstance(part, Table):
            for row in part.rows:
                yield "| " + " | ".join(" ".join(cell.text.split()) for cell in row.cells) + " |\n"
            yield "\n"
        elif part.text.strip():
            style = (part.style.name or "") if part.style is not None else ""
            level = style.removeprefix("Heading ")
            mark = "#" * int(level) + " " if style.startswith("Heading ") and level.isdigit() else ""
            mark = mark or ("- " if style.startswith("List") else "")
            yield f"{mark}{part.text.strip()}\n\n"


def main(path: Path) -> int:
    """Print what is in a PDF or Word file, as one JSON object: `text` and `note`, or `error`."""
    _limit_memory()
    try:
        parts: list[str] = []
        length, cut = 0, False
        for part in pdf_text(path) if path.suffix.lower() == ".pdf" else word_text(path):
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
