"""Lists in lists and quotes in quotes: down to a depth they are read, and what is deeper is kept as plain text.

A reader of Markdown calls itself for each level, so it needs an end; markdown-it drops what is beyond it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block.state_block import StateBlock
    from markdown_it.token import Token

DEEPEST = 100
"""Levels that are read: a quote is one, a list two."""


def read_deep(reader: "MarkdownIt", deepest: int = DEEPEST) -> None:
    """Let a reader go down to `deepest` levels; what is deeper becomes a block of code (`is_deeper`)."""
    reader.options["maxNesting"] = deepest
    reader.block.ruler.before("table", "deeper", _deeper)


def is_deeper(token: "Token") -> bool:
    """Whether a block of code is none, but what is deeper than is read."""
    return "deeper" in token.meta


def _deeper(state: "StateBlock", first: int, end: int, silent: bool) -> bool:
    if silent or state.level < state.md.options["maxNesting"] - 2:  # a list goes two levels down at once
        return False
    after = first + 1
    while after < end and (state.isEmpty(after) or state.sCount[after] >= state.blkIndent):
        after += 1
    state.line = after
    token = state.push("code_block", "code", 0)
    token.content = state.getLines(first, after, state.blkIndent, False).rstrip("\n") + "\n"
    token.map = [first, after]
    token.meta = {"deeper": True}
    return True
