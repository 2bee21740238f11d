"""The scanner: what it makes of a text must not depend on how the text arrives."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirador_desktop.gui.markdown_blocks import Leaf, leaves
from mirador_desktop.gui.markdown_compose import Composer
from mirador_desktop.gui.markdown_inline import parser
from mirador_desktop.gui.markdown_model import Line, Piece, Table
from mirador_desktop.gui.markdown_scanner import LONG, Scanner

CORPUS = (
    "# Title\n\nText with **bold** and `code`.\nSecond line\n\nSetext\n======\n\nother\n---\n",
    "1. one\n2. two\n   - deep\n   - deeper\n     - deepest\n\n     para in deepest\n3. three\n\n   para\n4. four\n",
    "> quote\n> more\nlazy\n>\n> > inner\n>\n> - list\n>   - nested\n> - two\n\nafter\n",
    "| a | b |\n|:--|--:|\n" + "".join(f"| {i} | `x{i}` |\n" for i in range(20)) + "\nend\n",
    "- item\n\n  ```py\n  def f():\n      return 1\n\n  x = 2\n  ```\n- next\n",
    "```\nunclosed\n  code\n\n| no | table |\n",
    "    indented\n\n    more\n\npara\n\n***\n\n- [ ] open\n- [x] done\n",
    "- - - a\n    - b\n  - c\n- d\n",
    "10. ten\n11. eleven\n\n    - in\n    - it\n\n12) other list\n",
    "[ref]: https://example.org\n'title'\n\nuse [ref] here\n\n- a [ref]\n",
    "-\n  foo\n-\n\n  bar\n- > q\n  > r\n\n  s\n",
)


def streamed(text: str, cuts: list[int]) -> list[Piece]:
    scanner, composer = Scanner(), Composer()
    made: list[Piece] = []
    bounds = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    for start, end in pairwise(bounds):
        scanner.feed(text[start:end])
        closed, still_open = scanner.step(last=end == len(text))
        for leaf in closed:
            made += composer.compose(leaf, {})
        if end == len(text):
            for leaf in still_open:
                made += composer.compose(leaf, {})
            break
    return made


def whole(text: str) -> list[Piece]:
    """What one parse of everything gives, with nothing cut."""
    tokens: list[Any] = []
    env: dict[str, Any] = {}
    parser().block.parse(text, parser(), env, tokens)
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    found: list[Leaf] = leaves(tokens, {}, starts)
    composer = Composer()
    return [piece for leaf in found for piece in composer.compose(leaf, {})]


def plain(pieces: list[Piece]) -> list[object]:
    """Without places in the source of padding, which may end a character sooner or later."""
    found: list[object] = []
    for piece in pieces:
        if isinstance(piece, Line):
            source = piece.source[0] if piece.kind != "e" else 0
            found.append((piece.kind, piece.runs, piece.path, piece.markers, piece.top, piece.level, source))
        else:
            assert isinstance(piece, Table)
            rows = [[cell.runs for cell in row] for row in piece.rows]
            found.append((rows, piece.widths, piece.alignments, piece.first, piece.path, piece.top))
    return found


@pytest.mark.parametrize("text", CORPUS)
def test_character_by_character_equals_one_parse(text: str) -> None:
    assert plain(streamed(text, list(range(len(text))))) == plain(whole(text))


WORDS = st.sampled_from(
    ["a", "word", "**bold**", "*it*", "`c`", "[l](http://x/y)", "<b>", "&amp;", "\\*", "12.", "!"]
)
SENTENCE = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
PREFIX = st.sampled_from(
    [
        "",
        "",
        "",
        "- ",
        "  - ",
        "    - ",
        "1. ",
        "3) ",
        "   ",
        "  ",
        "> ",
        "> - ",
        ">   ",
        "# ",
        "- > ",
        "- - ",
        "      ",
    ]
)
SPECIAL = st.sampled_from(
    ["", "", "", ">", "---", "===", "```", "```py", "~~~", "|a|b|", "|-|-|", "  ```", "-", "1.", "    code", "***"]
)
LINE = st.one_of(st.builds(str.__add__, PREFIX, SENTENCE), SPECIAL)
MARKDOWN = st.lists(LINE, max_size=14).map("\n".join)


@settings(max_examples=400, deadline=None)
@given(MARKDOWN, st.lists(st.integers(0, 10_000), max_size=30))
def test_any_split_gives_what_one_parse_gives(text: str, cuts: list[int]) -> None:
    assert plain(streamed(text, cuts)) == plain(whole(text))


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.lists(st.integers(0, 60), max_size=8))
def test_any_text_is_taken(text: str, cuts: list[int]) -> None:
    streamed(text.replace("\r", "\n"), cuts)


def test_long_paragraphs_are_cut_at_a_space_wherever_the_text_was_split() -> None:
    text = "- start\n\n  " + "some words and more " * 600 + "\n\nend\n"
    pieces = streamed(text, list(range(0, len(text), 37)))
    assert plain(pieces) == plain(streamed(text, []))
    assert all(len(piece.text) <= LONG + 1000 for piece in pieces if isinstance(piece, Line))
    joined = " ".join(piece.text for piece in pieces if isinstance(piece, Line))
    assert joined.split() == text.replace("- ", "").split()


def test_what_is_final_is_handed_out_only_once() -> None:
    scanner = Scanner()
    scanner.feed("".join(f"- item {i}\n" for i in range(100)))
    closed, still_open = scanner.step()
    assert [leaf.content for leaf in closed] == [f"item {i}" for i in range(99)]
    scanner.feed("more\n\n")
    assert scanner.step()[0] == []
    assert [leaf.content for leaf in still_open] == ["item 99"]
