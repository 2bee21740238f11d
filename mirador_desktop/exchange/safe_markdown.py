"""Markdown that others wrote, made harmless inside a Markdown document without changing how it reads.

Raw HTML, pictures and links that lead elsewhere than to http, https and mailto are escaped, so that every program
shows them as text; a block of code that was cut off is closed, so that it does not swallow what follows. Everything
else stays to the letter.
"""

import functools
import re
from typing import TYPE_CHECKING

from mirador_desktop.exchange.render import is_link

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_ROUNDS = 8
_HARMFUL = re.compile(r"[<\[]")


def harmless(text: str) -> str:
    """The text with what could do harm escaped, and with its last block of code closed."""
    if _HARMFUL.search(text):
        for _ in range(_ROUNDS):
            escaped = _escape(text)
            if escaped == text:
                break
            text = escaped
        else:  # something that hides behind what was escaped: now the whole text, also where it need not be
            text = re.sub(r"(?<!\\)((?:\\\\)*)([<\[])", r"\1\\\2", text)
            text = text.replace("<", "&lt;") if _escape(text) != text else text
    return _closed(text)


@functools.cache
def _reader() -> "MarkdownIt":
    """A reader that takes everything for what the most trusting program would."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    reader.validateLink = lambda address: True  # type: ignore[method-assign,assignment]
    return reader


def _escape(text: str) -> str:
    """Escape what the reader finds to be harmful; once more may be needed, because one thing can hide another."""
    lines = text.split("\n")
    starts: list[int] = [0]
    for each in lines:
        starts.append(starts[-1] + len(each) + 1)
    places: set[int] = set()
    env: dict[str, dict[str, dict[str, str]]] = {}
    for token in _reader().parse(text, env):
        if token.map is None or token.type not in ("html_block", "inline"):
            continue
        begin, end = starts[token.map[0]], min(starts[min(token.map[1], len(lines))], len(text))
        if token.type == "html_block":
            places.update(begin + match.start() for match in re.finditer("<", text[begin:end]))
        elif token.children:
            places |= _inline(text, begin, end, token.children)
    references = env.get("references", {}).items()
    bad = {_label(label) for label, reference in references if not is_link(reference.get("href", ""))}
    if bad:
        places |= _definitions(text, bad)
    for place in sorted(places, reverse=True):
        text = f"{text[:place]}\\{text[place:]}"
    return text


def _inline(text: str, begin: int, end: int, children: "list[Token]") -> set[int]:
    """Where harmful things begin in a paragraph, whose tokens know no places: they are sought in their order."""
    places: set[int] = set()
    at = begin
    for child, following in zip(children, [*children[1:], None], strict=True):
        if child.type == "code_inline":
            found = text.find(child.content.split(" ")[0], at, end)
            at = found + len(child.content) if found >= 0 else at
            continue
        if child.type == "html_inline":
            wanted = child.content.split("\n")[0]
        elif child.type == "image":
            wanted = "!["
        elif child.type == "link_open" and child.info == "auto":
            wanted = "<"
        elif child.type == "link_open":
            wanted = "[" + (following.content if following is not None and following.type == "text" else "")
        else:
            continue
        tries = ((wanted, at), (wanted, begin), (wanted[:1], at), (wanted[:1], begin))
        founds = (_unescaped(text, each, start, end) for each, start in tries)
        found = next((place for place in founds if place >= 0), -1)
        if found >= 0 and child.type == "link_open" and is_link(str(child.attrs.get("href", ""))):
            at = found + 1
        elif found >= 0:
            places.add(found + (1 if child.type == "image" else 0))
            at = found + 1
    return places


def _unescaped(text: str, wanted: str, at: int, end: int) -> int:
    """Where something stands that no backslash takes the meaning of; -1 if nowhere."""
    while (found := text.find(wanted, at, end)) >= 0:
        before = found
        while before > 0 and text[before - 1] == "\\":
            before -= 1
        if (found - before) % 2 == 0:
            return found
        at = found + 1
    return -1


def _definitions(text: str, labels: set[str]) -> set[int]:
    """Where the addresses of these labels are defined."""
    found = re.finditer(r"^[ >\t]*(\[)((?:[^\[\]\\]|\\.)+)\]:", text, re.MULTILINE)
    return {match.start(1) for match in found if _label(match[2]) in labels}


def _label(text: str) -> str:
    return " ".join(text.split()).casefold()


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
