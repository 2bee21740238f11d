"""Markdown that models wrote, read so that it can do no harm: raw HTML stays text, and nothing is loaded.

Pictures become links, and links lead to http, https and mailto only: everything else stays as it was typed. What is
nested too deeply stands as a block of code.
"""

import functools
from collections.abc import Callable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from mirador_desktop.exchange.nesting import DEEPEST, read_deep

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_SCHEMES = ("http:", "https:", "mailto:")
_MOST_HIGHLIGHTED = 50_000
"""Characters of a block of code; colouring takes about 2 ms a thousand, and some lexers are quadratic."""


def is_link(address: str) -> bool:
    """Whether an address may be followed from a document."""
    return address.strip().lower().startswith(_SCHEMES)


@functools.cache
def parser(deepest: int = DEEPEST) -> "MarkdownIt":
    """The reader of Markdown for documents; see `nesting` for what is deeper."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    read_deep(reader, deepest)
    reader.validateLink = is_link  # type: ignore[method-assign,assignment]
    return reader


Highlight = Callable[[str, str], str]
"""Code and the name of its language to HTML."""


def to_html(text: str, highlight: Highlight, above: int = 2, deepest: int = DEEPEST) -> str:
    """Markdown as HTML.

    Args:
        above: the level of the heading it stands under. Its own headings begin below that and skip no level, which
            HTML forbids.
        deepest: levels of lists (two each) and quotes; what is deeper stands as a block of code.
    """
    reader = parser(deepest)
    tokens = reader.parse(text)
    level = above
    for token in tokens:
        if token.type == "heading_open":
            level = min(int(token.tag[1]) + above, level + 1, 6)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"
        if token.type in ("heading_open", "paragraph_open", "list_item_open", "th_open", "td_open"):
            token.attrSet("dir", "auto")
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("rel", "noreferrer noopener")
    env: MutableMapping[str, Any] = {"highlight": highlight}
    return str(_renderer().render(tokens, reader.options, env))


@functools.cache
def _renderer() -> Any:
    from markdown_it.renderer import RendererHTML

    class Renderer(RendererHTML):
        def fence(self, tokens: "Sequence[Token]", idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
            return _code(tokens[idx], env)

        def code_block(self, tokens: "Sequence[Token]", idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
            return _code(tokens[idx], env)

    return Renderer()


def _code(token: "Token", env: MutableMapping[str, Any]) -> str:
    language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
    inner = env["highlight"](token.content, language)
    # A line break right after <pre> is not shown: one more keeps an empty first line.
    return f"<pre><code>{chr(10) if inner.startswith(chr(10)) else ''}{inner}</code></pre>\n"


def highlighter(**options: Any) -> Highlight:
    """What colours code by Pygments; options go to its HTML formatter."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter

    formatter = HtmlFormatter(nowrap=True, **options)

    def colour(code: str, language: str) -> str:
        from markdown_it.common.utils import escapeHtml

        lexer = _lexer(language) if language and len(code) <= _MOST_HIGHLIGHTED else None
        if lexer is None:
            return escapeHtml(code)
        return str(highlight(code, lexer, formatter))

    return colour


@functools.lru_cache(maxsize=64)
def _lexer(name: str) -> Any:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
