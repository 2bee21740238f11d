"""Images that lie beside the conversations of an export, in files whose names begin with their identifiers."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from mirador_desktop.core.conversation import Attachment
from mirador_desktop.exchange import fields
from mirador_desktop.exchange.documents import BROKEN, MOST_FILES, Budget

MOST_BYTES = 30_000_000
"""Of one image."""
_MOST_OF_ONE, _MOST_IN_ALL = 100_000_000, 2_000_000_000
"""Of all images of a conversation, which is in memory at once, and of an import."""
_KEY = re.compile(r"(?:.*/)?(file[-_][A-Za-z0-9]+)")
_KINDS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)


def key_of(pointer: object) -> str:
    """The identifier in what a message names a file by, "" if there is none."""
    match = _KEY.match(fields.text(pointer))
    return match[1] if match is not None else ""


class Images:
    """Finds the files of images in the archive or the folder that is imported, or beside the file that is.

    The files are named "file-AbC123-photo.png", "file_0123abc-sanitized.jpg" or "file-AbC123.dat"; a message names
    them as "file-service://file-AbC123", "sediment://file_0123abc" or by the identifier alone.
    """

    def __init__(self, path: Path, budget: Budget) -> None:
        self._path, self._budget = path, budget
        self._left, self._left_of_one = _MOST_IN_ALL, _MOST_OF_ONE
        self._found: dict[str, Callable[[], IO[bytes]]] | None = None

    def begin(self) -> None:
        """Another conversation begins."""
        self._left_of_one = min(_MOST_OF_ONE, self._left)

    def find(self, key: str, name: str) -> Attachment | None:
        """The image with an identifier (see `key_of`), None if it is not there, is none or is too large. Blocks."""
        if self._found is None:
            self._found = dict(self._files())
        opener = self._found.get(key)
        if opener is None:
            return None
        most = min(MOST_BYTES, self._left_of_one)
        try:
            with opener() as file:
                data = file.read(most + 1)
        except (OSError, *BROKEN):
            return None
        media = next((media for start, media in _KINDS if start.match(data)), "")
        if not media or len(data) > most:
            return None
        self._left -= len(data)
        self._left_of_one -= len(data)
        return Attachment(name[:200] or "Image", media, len(data), data=data)

    def _files(self) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
        archive = self._budget.archive
        if archive is not None:
            for entry in archive.infolist():
                match = _KEY.match(entry.filename.replace("\\", "/"))
                if match is not None and entry.file_size <= MOST_BYTES:
                    yield match[1], lambda entry=entry: archive.open(entry)  # type: ignore[misc]
            return
        left = MOST_FILES
        for folder, folders, names in os.walk(self._path if self._path.is_dir() else self._path.parent):
            for name in names:
                match = _KEY.match(name)
                if match is not None and (file := Path(folder, name)).is_file():
                    yield match[1], lambda file=file: file.open("rb")  # type: ignore[misc]
            left -= len(names)
            if left < 0 or not self._path.is_dir():  # a file may lie among anything: only what is just beside it
                folders.clear()
