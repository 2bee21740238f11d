"""Colours of code, and the words of inline Markdown."""

import pytest

from mirador_desktop.gui.markdown_code import LONGEST, full_runs, quick_runs
from mirador_desktop.gui.markdown_inline import runs
from mirador_desktop.gui.markdown_model import BOLD, CODE, COLOUR, ITALIC, LINK, PALETTE, STRIKE, Run, clean


def colours(parts: tuple[Run, ...]) -> list[tuple[str, str]]:
    return [(run.text, PALETTE[run.style >> COLOUR]) for run in parts if run.style]


def test_quick_colours_tell_the_parts_of_a_line() -> None:
    found = colours(quick_runs("def f(x): return 'a # b' + 1  # why", "python"))
    assert found == [
        ("def", "keyword"),
        ("f", "name"),
        ("return", "keyword"),
        ("'a # b'", "string"),
        ("1", "number"),
        ("# why", "comment"),
    ]


@pytest.mark.parametrize("language", ["python", "json", "no such language", "", "html", "rust"])
@pytest.mark.parametrize("lines", [["x = '''a", "b'''"], [""], ["", "", "  "], ["<a href='b'>", "\tlet mut x;"]])
def test_colouring_never_changes_the_text(language: str, lines: list[str]) -> None:
    for line in lines:
        assert "".join(run.text for run in quick_runs(line, language)) == line
    for result in full_runs(lines, language):
        if result is not None:
            assert ["".join(run.text for run in parts) for parts in result] == lines


def test_full_colours_know_strings_over_several_lines() -> None:
    (result,) = (found for found in full_runs(["x = '''a", "def b'''"], "python") if found is not None)
    assert colours(result[1]) == [("def b'''", "string")]


def test_very_long_code_keeps_its_quick_colours() -> None:
    assert list(full_runs(["x" * (LONGEST + 1)], "python")) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain", [("plain", 0, "")]),
        ("**a *b* c**", [("a ", BOLD, ""), ("b", BOLD | ITALIC, ""), (" c", BOLD, "")]),
        ("~~x~~ `y`", [("x", STRIKE, ""), (" ", 0, ""), ("y", CODE, "")]),
        ("[a](http://b)", [("a", LINK, "http://b")]),
        ("<http://b/c>", [("http://b/c", LINK, "http://b/c")]),
        ("![alt](http://b.png)", [("alt", LINK, "http://b.png")]),
        ("![](http://b.png)", [("http://b.png", LINK, "http://b.png")]),
        ("[x](javascript:alert)", [("[x](javascript:alert)", 0, "")]),
        ("<b>&lt;\\*", [("<b><*", 0, "")]),
        ("a  \nb\nc", [("a\u2028b c", 0, "")]),
    ],
)
def test_inline_markdown(source: str, expected: list[tuple[str, int, str]]) -> None:
    assert [tuple(run) for run in runs(source, {})] == expected


def test_cleaning_keeps_the_length() -> None:
    text = "a\x00\ud800\ufdd0\u2029\ufffc\tb\n"
    assert clean(text) == "a\ufffd\ufffd\ufffd\ufffd\ufffd\tb\n"
