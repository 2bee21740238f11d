"""From the inline Markdown of a paragraph, heading or cell to runs of styled text.

HTML stays text, images become links to where they are, and nothing is looked up anywhere. The parser is only
imported when the first text arrives.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from mirador_desktop.exchange.nesting import read_deep

from .markdown_model import BOLD, CODE, ITALIC, LINK, STRIKE, Run

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_SPECIAL = frozenset("\\`*_~[]<>&!\n")
_LONGEST = 8000
"""Longer headings and cells are shown as they are: parsing could take long, and nobody means them so."""
_DEEPEST = 60
"""Levels of lists and quotes; what is deeper is shown as code."""
_OPENING = {"strong_open": BOLD, "em_open": ITALIC, "s_open": STRIKE}
_CLOSING = {"strong_close": BOLD, "em_close": ITALIC, "s_close": STRIKE}


@cache
def parser() -> "MarkdownIt":
    """The one parser of the program."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    read_deep(reader, _DEEPEST)
    return reader.enable(["strikethrough", "table"])


def runs(content: str, references: Mapping[str, Any]) -> tuple[Run, ...]:
    """Parse inline Markdown, given the link definitions of the whole text."""
    if len(content) > _LONGEST or _SPECIAL.isdisjoint(content):
        return (Run(content),) if content else ()
    tokens: list[Token] = []
    md = parser()
    md.inline.parse(content, md, {"references": references}, tokens)
    return tuple(_joined(_runs(tokens)))


def _runs(tokens: "Sequence[Token]") -> Iterator[Run]:
    depth = {BOLD: 0, ITALIC: 0, STRIKE: 0}
    style, href = 0, ""
    for token in tokens:
        kind = token.type
        if kind in ("text", "text_special"):
            if token.content:
                yield Run(token.content, style, href)
        elif kind == "code_inline":
            yield Run(token.content, style | CODE, href)
        elif kind == "softbreak":
            yield Run(" ", style, href)
        elif kind == "hardbreak":
            yield Run("\u2028", style, href)
        elif kind in _OPENING:
            depth[_OPENING[kind]] += 1
            style |= _OPENING[kind]
        elif kind in _CLOSING:
            flag = _CLOSING[kind]
            depth[flag] -= 1
            if not depth[flag]:
                style &= ~flag
        elif kind == "link_open":
            href = str(token.attrs.get("href", ""))
            style |= LINK
        elif kind == "link_close":
            href = ""
            style &= ~LINK
        elif kind == "image":
            address = str(token.attrs.get("src", ""))
            alt = "".join(run.text for run in _runs(token.children or ()))
            # inside a link, the link is what a click means
            yield Run(alt or address or "image", style | LINK, href or address)


def _joined(parts: Iterator[Run]) -> Iterator[Run]:
    last: Run | None = None
    for run in parts:
        if last is not None and last[1:] == run[1:]:
            last = Run(last.text + run.text, last.style, last.href)
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last
