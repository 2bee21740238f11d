"""Adds to a PDF that Qt has written what Qt leaves out: bookmarks, and the searchable text of some characters.

A PDF may be changed by appending to it (ISO 32000-1, 7.5.6): new versions of objects, a table of where they stand,
and a trailer that leads to the table before. Nothing that Qt wrote is touched.

Qt tells for each glyph one character that has it. Where several have (日 stands for itself and for the radical ⽇, an
Arabic letter has a code of its own for each form, ﬁ is a ligature, a tab looks like a space), it may name the one
that nobody types; the compatible character is put in its place (Unicode's NFKC).
"""

import mmap
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_TABLE = re.compile(rb"xref\s+0 (\d+)\s+")
_ROOT = re.compile(rb"/Root (\d+) 0 R")
_INFO = re.compile(rb"/Info \d+ 0 R")
_PAGES = re.compile(rb"/Pages (\d+) 0 R")
_KIDS = re.compile(rb"/Kids\s*\[(.*?)\]", re.DOTALL)
_TO_UNICODE = re.compile(rb"/ToUnicode (\d+) 0 R")
_STREAM = re.compile(rb"<< /Length \d+ >>\s*stream\n(.*?)endstream", re.DOTALL)
_MAPPED = re.compile(rb"(?<=begincmap)(.*)(?=endcmap)", re.DOTALL)
_LIST = re.compile(rb"\[(.*?)\]", re.DOTALL)
_CODE = re.compile(rb"<([0-9A-Fa-f]{4,})>")
_ENTRY = 20
_COMPATIBLE = ((0x09, 0x09), (0xB5, 0xB5), (0x2E80, 0x2FDF), (0xF900, 0xFAFF), (0xFB00, 0xFDFF), (0xFE70, 0xFEFF))
"""Codes that text is not typed with: tab (for the space), the micro sign (for the letter of Greek), radicals, doubled
ideographs, ligatures and forms of Arabic letters."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A title and the page it leads to, the first one being 0."""

    title: str
    page: int


def update(path: Path, bookmarks: Sequence[Bookmark]) -> None:
    """Append bookmarks and better searchable text; a file of another form than Qt's stays as it is.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("r+b") as file:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            added = _additions(data, bookmarks)
        if added:
            file.seek(0, 2)
            file.write(added)


def _additions(data: mmap.mmap, bookmarks: Sequence[Bookmark]) -> bytes:
    end = len(data)
    start = _START.search(data[max(end - 100, 0) : end])
    table = _TABLE.match(data, int(start[1])) if start is not None else None
    if start is None or table is None:
        return b""
    size = int(table[1])
    trailer = data[table.end() + size * _ENTRY : end]
    root = _ROOT.search(trailer)
    if root is None:
        return b""

    def object_at(number: int, most: int) -> bytes:
        place = table.end() + number * _ENTRY
        offset = int(data[place : place + 10])
        found = data[offset : offset + most]
        body = found.partition(b"obj")[2]
        return body.partition(b"endobj")[0].strip()

    catalog = object_at(int(root[1]), 10_000)
    pages = _PAGES.search(catalog)
    kids = _KIDS.search(object_at(int(pages[1]), end)) if pages is not None else None
    if kids is None or not catalog.endswith(b">>"):
        return b""
    page_objects = [int(each) for each in re.findall(rb"(\d+) 0 R", kids[1])]

    objects: dict[int, bytes] = {}
    for number in sorted({int(match[1]) for match in _TO_UNICODE.finditer(data)}):
        stream = _STREAM.match(object_at(number, 4_000_000))
        if stream is not None:
            mended = _MAPPED.sub(lambda match: _LIST.sub(_mend, match[1]), stream[1])
            if mended != stream[1]:
                objects[number] = b"<< /Length %d >>\nstream\n%sendstream" % (len(mended), mended)
    if bookmarks:
        first = size
        count = len(bookmarks)
        objects[first] = b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>" % (
            *(first + 1, first + count, count),
        )
        for place, each in enumerate(bookmarks, start=1):
            beside = (b"/Prev %d 0 R " % (first + place - 1) if place > 1 else b"") + (
                b"/Next %d 0 R " % (first + place + 1) if place < count else b""
            )
            page = page_objects[min(each.page, len(page_objects) - 1)]
            title = ("\ufeff" + each.title).encode("utf-16-be", "replace").hex().encode()
            objects[first + place] = b"<< /Title <%s> /Parent %d 0 R %s/Dest [%d 0 R /Fit] >>" % (
                *(title, first, beside, page),
            )
        mode = b" /PageMode /UseOutlines" if count > 1 else b""
        objects[int(root[1])] = catalog[:-2] + b" /Outlines %d 0 R%s\n>>" % (first, mode)
    return _appended(objects, end, int(start[1]), size, root[0], _INFO.search(trailer))


def _mend(match: "re.Match[bytes]") -> bytes:
    return _CODE.sub(_compatible, match[0])


def _compatible(match: "re.Match[bytes]") -> bytes:
    text = bytes.fromhex(match[1].decode()).decode("utf-16-be", "replace")
    if not any(low <= ord(c) <= high for c in text for low, high in _COMPATIBLE):
        return match[0]
    mended = unicodedata.normalize("NFKC", text).strip() or " "
    return b"<%s>" % mended.encode("utf-16-be").hex().upper().encode()


def _appended(
    objects: dict[int, bytes], end: int, before: int, size: int, root: bytes, info: "re.Match[bytes] | None"
) -> bytes:
    if not objects:
        return b""
    parts = [b"\n"]
    at = end + 1
    table = [b"xref\n0 1\n0000000000 65535 f \n"]
    for number in sorted(objects):
        part = b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
        table.append(b"%d 1\n%010d 00000 n \n" % (number, at))
        parts.append(part)
        at += len(part)
    trailer = b"trailer\n<< /Size %d %s %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        *(max(size, max(objects) + 1), root, info[0] if info is not None else b"", before, at),
    )
    return b"".join((*parts, *table, trailer))
