"""Markdown that others wrote, made harmless inside a Markdown document without changing how it reads.

Raw HTML, pictures and links that lead elsewhere than to http, https and mailto are escaped, so that every program
shows them as text; a block of code that was cut off is closed, so that it does not swallow what follows. Everything
else, and what stands in code, stays to the letter.

Readers differ in what they know of tables, and so in where a paragraph and a piece of code end: the text is read with
tables and without, and what is not code in either is escaped. "<" becomes an entity: some readers know no backslash
before it, and others take one for a part of the address before.
"""

import functools
import re
from typing import TYPE_CHECKING

from mirador_desktop.exchange.nesting import is_deeper, read_deep
from mirador_desktop.exchange.render import is_link

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_Changes = dict[int, tuple[int, str]]
"""By place: so many characters there become something else."""
_BLANK = re.compile(r"[\s>]*")
_CELL = re.compile(r"(?:[^|\\]|\\.?)+")
_ROUNDS = 8
_GOOD = r"(?:https?:|mailto:)"
_ADDRESS = r"(?:https?://|ftp://|www\.)[^ \t\n<]*"
_SIGNS = (
    r"\\[^<]"
    rf"|<(?:{_GOOD}[^\s<>]*|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>"
    rf"|\](?:\([\s>]*<?|:[\s>]*<)(?={_GOOD})"
    r"|(?P<code>`+)"
    r"|(?P<html>\\?<)(?=[a-z/!?])"
    r"|!(?P<image>\[)"
    rf"|(?P<link>\])(?=\(|:[\s>]*(?!<?{_GOOD}|[\s>])\S*?[:&])"
)
"""What has a meaning in text that is no code; what may stay has no name. Some readers take a "definition" of a link
for one wherever it stands."""
_READINGS = (re.compile(_SIGNS, re.IGNORECASE), re.compile(f"{_ADDRESS}|{_SIGNS}", re.IGNORECASE))
"""For some readers an address that stands by itself is a link, to which also backticks belong."""
_EVERYTHING = re.compile(r"\\[^<]|(?P<html>\\?<)|(?P<bracket>\[)")


def harmless(text: str) -> str:
    """The text with what could do harm escaped, and with its last block of code closed."""
    if "<" in text or "[" in text:
        for _ in range(_ROUNDS):  # one thing can hide another
            escaped = _escape(text)
            if escaped == text:
                break
            text = escaped
        else:  # something that hides behind what was escaped: now the whole text, also where it need not be
            text = _changed(text, _everything(text, 0, len(text)))
    return _closed(text)


@functools.cache
def _reader(tables: bool = True) -> "MarkdownIt":
    """A reader that takes everything for what the most trusting program would."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": True}).enable(
        ["table", "strikethrough"] if tables else "strikethrough"
    )
    read_deep(reader)
    reader.validateLink = lambda address: True  # type: ignore[method-assign,assignment]
    return reader


def _escape(text: str) -> str:
    """Escape what either reading finds to be harmful."""
    changes: _Changes = {}
    last = text.rfind(">")
    starts = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
    for tables in (True, False):
        env: dict[str, dict[str, dict[str, str]]] = {}
        row = -1
        for token in _reader(tables).parse(text, env):
            if token.map is None:
                continue
            begin, end = starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
            if token.type == "tr_open":
                row = token.map[0]
                for cell in _CELL.finditer(text, begin, end):
                    changes |= _harm(text, cell.start(), cell.end(), last)
            elif token.type == "html_block":
                changes |= _harm(text, begin, end, end)
            elif token.type == "inline" and token.map[0] != row:
                changes |= _harm(text, begin, end, last)
            elif token.type == "code_block" and is_deeper(token):
                changes |= _everything(text, begin, end)
            elif token.type == "code_block":
                # Behind a quote, others go on with its paragraph; and they count tabs in quotes otherwise.
                before = starts[max(token.map[0] - 1, 0)]
                if _BLANK.fullmatch(text, before, begin) is None or (token.level and "\t" in text[begin:end]):
                    changes |= _harm(text, begin, end, end)
        references = env.get("references", {}).items()
        bad = {_label(label) for label, reference in references if not is_link(reference.get("href", ""))}
        if bad:
            changes |= _definitions(text, bad)
    return _changed(text, changes)


def _harm(text: str, begin: int, end: int, last: int) -> _Changes:
    """What is harmful in a piece of text, in which all code ends that begins in it.

    Args:
        last: where HTML can end at last: what begins behind that is none.
    """
    changes: _Changes = {}
    for signs in _READINGS:
        at = begin
        while found := signs.search(text, at, end):
            at = found.end()
            kind = found.lastgroup
            if kind == "code":
                closing = re.compile(f"(?<!`){found[0]}(?!`)").search(text, at, end)
                at = closing.end() if closing is not None else at
            elif kind == "html" and at <= last:
                changes[found.start()] = (len(found[0]), "&lt;")
            elif kind in ("image", "link"):
                changes[found.start(kind)] = (1, f"\\{found[kind]}")
    return changes


def _everything(text: str, begin: int, end: int) -> _Changes:
    """All that could be harmful in a piece of text, whether it is code or not."""
    changes: _Changes = {}
    for found in _EVERYTHING.finditer(text, begin, end):
        if found["html"]:
            changes[found.start()] = (len(found[0]), "&lt;")
        elif found["bracket"]:
            changes[found.start()] = (1, "\\[")
    return changes


def _definitions(text: str, labels: set[str]) -> _Changes:
    """Where the addresses of these labels are defined."""
    found = re.finditer(r"(?<!\\)\[((?:[^\[\]\\]|\\.)+)\]:", text, re.DOTALL)
    return {match.end() - 2: (1, "\\]") for match in found if _label(match[1]) in labels}


def _label(text: str) -> str:
    return " ".join(re.sub(r"\n[ >\t]*", " ", text).split()).casefold()


def _changed(text: str, changes: _Changes) -> str:
    parts = list[str]()
    at = 0
    for place, (length, instead) in sorted(changes.items()):
        if place >= at:  # else the sign went with the backslash before it, which one reading does not see
            parts += (text[at:place], instead)
            at = place + length
    return "".join([*parts, text[at:]])


def _closed(text: str) -> str:
    """The text with a fence after it, if its last block of code has none."""
    if "```" not in text and "~~~" not in text:
        return text
    tokens = _reader().parse(text)
    last = next((token for token in reversed(tokens) if token.nesting >= 0), None)
    if last is None or last.type != "fence" or last.map is None or last.level:  # lists and quotes end by themselves
        return text
    lines = text.split("\n")
    closing = lines[min(last.map[1], len(lines)) - 1].strip()
    if last.map[1] - last.map[0] > 1 and set(closing) == {last.markup[0]} and len(closing) >= len(last.markup):
        return text
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}{last.markup}"
