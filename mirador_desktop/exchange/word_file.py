"""The text of a Word file as Markdown, read from its XML in the order in which it is shown.

Deleted text of tracked changes is left out, inserted text is text; content controls, text boxes and tables in tables
are read like all else. Headers stand before the text, footers and notes after it. Only the process that reads a
file imports this.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml import parse_xml
from lxml.etree import iterwalk

from mirador_desktop.errors import AttachmentError

_MOST_UNPACKED = 300_000_000
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_P, _TABLE, _ROW, _CELL, _TEXT = f"{_W}p", f"{_W}tbl", f"{_W}tr", f"{_W}tc", f"{_W}t"
_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_NOT_SHOWN = frozenset(
    (f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr",
     "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback")
)  # fmt: skip
"""What has gone, and what only says again what stands beside it."""
_AROUND = {"header": "[header]", "footer": "[footer]", "footnotes": "[note]", "endnotes": "[note]"}
"""Parts beside the document by the ends of their relationships, with what their text begins with."""


def word_text(path: Path) -> Iterator[str]:
    """The paragraphs and tables of a Word file.

    Raises:
        AttachmentError: it is broken, or unpacks to too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_UNPACKED:
                raise AttachmentError("it unpacks to far more than a document does")
    except zipfile.BadZipFile as error:
        raise AttachmentError("it is not a Word file that can be read") from error
    try:
        document = Document(str(path))
        styles = {style.style_id: style.name or "" for style in document.styles}
        around = _parts_around(document)
    except (KeyError, ValueError, SyntaxError) as error:  # lxml's errors are SyntaxErrors
        raise AttachmentError("it is not a Word file that can be read") from error
    yield from around["header"]
    for block in _blocks(document.element.body):
        if block.tag == _TABLE:
            yield from _table(block)
        elif text := _text(block):
            yield f"{_mark(block, styles)}{text}\n\n"
    for kind in ("footnotes", "endnotes", "footer"):
        yield from around[kind]


def _parts_around(document: Any) -> dict[str, dict[str, None]]:
    """The text of headers, footers and notes, each once: a document often has the same header three times."""
    found: dict[str, dict[str, None]] = {kind: {} for kind in _AROUND}
    for relation in document.part.rels.values():
        kind = relation.reltype.rpartition("/")[2]
        if kind in _AROUND and not relation.is_external:
            part = relation.target_part
            element = parse_xml(part.blob) if getattr(part, "element", None) is None else part.element
            for block in _blocks(element):
                if text := _text(block):
                    found[kind][f"{_AROUND[kind]} {text}\n\n"] = None
    return found


def _blocks(element: Any) -> Iterator[Any]:
    """The outermost paragraphs and tables in an element, in order."""
    walk = iterwalk(element, events=("start",))
    for _, each in walk:
        if each is element:
            continue
        if each.tag in (_P, _TABLE):
            yield each
            walk.skip_subtree()
        elif each.tag in _NOT_SHOWN:
            walk.skip_subtree()


def _text(element: Any) -> str:
    """All text in an element; a paragraph in it, as in a text box, is a line."""
    said: list[str] = []
    walk = iterwalk(element, events=("start", "end"))
    for event, each in walk:
        if event == "end":
            if each.tag == _P and each is not element:
                said.append("\n")
        elif each.tag == _TEXT:
            said.append(each.text or "")
        elif each.tag in _SIGNS:
            said.append(_SIGNS[each.tag])
        elif each.tag in _NOT_SHOWN:
            walk.skip_subtree()
    return "".join(said).strip()


def _table(table: Any) -> Iterator[str]:
    """The rows of a table; those of a table in one of its cells are words of that cell."""
    row: list[str] = []
    walk = iterwalk(table, events=("start", "end"), tag=(_TABLE, _ROW, _CELL))
    for event, each in walk:
        if event == "start" and each.tag == _CELL:
            row.append(" ".join(_text(each).split()).replace("|", "\\|"))
            walk.skip_subtree()
        elif event == "end" and each.tag == _ROW:
            yield f"| {' | '.join(row)} |\n"
            row = []
    yield "\n"


def _mark(paragraph: Any, styles: dict[str, str]) -> str:
    """What a paragraph begins with in Markdown: it is a heading, a part of a list, or neither."""
    properties = paragraph.find(f"{_W}pPr")
    if properties is None:
        return ""
    style = properties.find(f"{_W}pStyle")
    name = styles.get(style.get(f"{_W}val"), "") if style is not None else ""
    level = name.removeprefix("Heading ")
    if name.startswith("Heading ") and level.isdigit():
        return "#" * int(level) + " "
    if name == "Title":
        return "# "
    return "- " if name.startswith("List") or properties.find(f"{_W}numPr") is not None else ""
