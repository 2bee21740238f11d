"""Colours of code: by a quick pattern while it streams, by Pygments when the block is complete."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from .markdown_model import COLOUR, PALETTE, Run

LONGEST = 60_000
"""Longer blocks keep their quick colours."""
_KEYWORDS = [
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "def",
    "default",
    "del",
    "do",
    "elif",
    "else",
    "enum",
    "except",
    "export",
    "extends",
    "false",
    "False",
    "final",
    "finally",
    "fn",
    "for",
    "from",
    "func",
    "function",
    "if",
    "impl",
    "import",
    "in",
    "interface",
    "is",
    "lambda",
    "let",
    "match",
    "mut",
    "new",
    "nil",
    "None",
    "not",
    "null",
    "or",
    "package",
    "pass",
    "private",
    "pub",
    "public",
    "raise",
    "return",
    "self",
    "static",
    "struct",
    "switch",
    "this",
    "throw",
    "trait",
    "true",
    "True",
    "try",
    "type",
    "use",
    "var",
    "void",
    "while",
    "with",
    "yield",
]
_COMMENTS = {
    **dict.fromkeys(("c", "cpp", "c++", "cs", "csharp", "css", "go", "java", "javascript", "js", "kotlin"), "//"),
    **dict.fromkeys(("php", "rust", "rs", "scala", "swift", "ts", "tsx", "typescript", "jsx", "zig"), "//"),
    **dict.fromkeys(("sql", "lua", "haskell", "hs", "ada"), "--"),
    **dict.fromkeys(("text", "txt", "plain", "output", "json", "markdown", "md", "html", "xml"), ""),
}
_PLAIN = frozenset(("", "text", "txt", "plain", "plaintext", "output"))
_KEYWORD, _STRING, _COMMENT, _NUMBER, _NAME = (index << COLOUR for index in range(1, len(PALETTE)))


@lru_cache(maxsize=16)
def _pattern(comment: str) -> "re.Pattern[str]":
    start = rf"(?P<comment>(?:^|(?<=\s)){re.escape(comment)}.*)|" if comment else ""
    return re.compile(
        start + r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
        rf"|(?P<keyword>\b(?:{'|'.join(_KEYWORDS)})\b)|(?P<number>\b\d[\w.]*)|(?P<name>\b\w+(?=\())"
    )


def quick_runs(line: str, language: str) -> tuple[Run, ...]:
    """Colour one line of code on its own."""
    language = language.lower()
    if language in _PLAIN or len(line) > 2000:
        return (Run(line),) if line else ()
    parts = []
    at = 0
    for match in _pattern(_COMMENTS.get(language, "#")).finditer(line):
        if match.start() > at:
            parts.append(Run(line[at : match.start()]))
        parts.append(Run(match[0], PALETTE.index(match.lastgroup or "") << COLOUR))
        at = match.end()
    if at < len(line):
        parts.append(Run(line[at:]))
    return tuple(parts)


def full_runs(lines: list[str], language: str) -> Iterator[list[tuple[Run, ...]] | None]:
    """Colour a whole block with Pygments: yields None between small steps, then the runs of all lines.

    Yields nothing more than Nones when there is nothing to colour or the language is unknown.
    """
    lexer = _lexer(language)
    if lexer is None or sum(map(len, lines)) > LONGEST:
        return
    yield None
    done: list[tuple[Run, ...]] = []
    current: list[Run] = []
    for number, (_, token, value) in enumerate(lexer.get_tokens_unprocessed("\n".join(lines))):
        if number % 16 == 15:
            yield None
        style = _style(token)
        first, *more = value.split("\n")
        _add(current, first, style)
        for text in more:
            done.append(tuple(current))
            current = []
            _add(current, text, style)
    done.append(tuple(current))
    if len(done) == len(lines):
        yield done


def _add(current: list[Run], text: str, style: int) -> None:
    if not text:
        return
    if current and (current[-1].style == style or text.isspace()):
        current[-1] = Run(current[-1].text + text, current[-1].style)
    else:
        current.append(Run(text, style))


@lru_cache(maxsize=256)
def _style(token: Any) -> int:
    name = str(token)
    for prefix, style in (
        ("Token.Comment", _COMMENT),
        ("Token.Keyword", _KEYWORD),
        ("Token.Operator.Word", _KEYWORD),
        ("Token.Literal.String", _STRING),
        ("Token.Literal.Number", _NUMBER),
        ("Token.Name.Function", _NAME),
        ("Token.Name.Class", _NAME),
        ("Token.Name.Decorator", _NAME),
        ("Token.Name.Tag", _KEYWORD),
        ("Token.Name.Builtin", _NAME),
    ):
        if name.startswith(prefix):
            return style
    return 0


@lru_cache(maxsize=32)
def _lexer(language: str) -> Any:
    """The lexer for a language, None if there is none worth using."""
    if language.lower() in _PLAIN:
        return None
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
