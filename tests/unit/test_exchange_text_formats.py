"""Markdown, web page, plain text and Word: what was said stays what it was, and does nothing."""

import io
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from typing import Any

import docx
import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mirador_desktop.core.conversation import Attachment, Conversation, Folder, Turn
from mirador_desktop.exchange.docx_text import Body
from mirador_desktop.exchange.options import ExportOptions, Format
from mirador_desktop.exchange.parts import printable
from mirador_desktop.exchange.render import highlighter, is_link, to_html
from mirador_desktop.exchange.safe_markdown import harmless
from tests.unit.exchange_helpers import ANSWER, EVERYTHING, HOSTILE, turn_of, words, written

NEW_LINE = "\n"
LOADING = {"script", "img", "iframe", "object", "embed", "link", "video", "audio", "source", "svg", "form", "base"}
hostile = st.lists(
    st.sampled_from(
        [
            "<b>",
            "<script>",
            "</div>",
            "<!--",
            "-->",
            "![x](http://e/p.png)",
            "[a](javascript:x)",
            "[a](http://e)",
            "`",
            *(
                "```",
                "~~~",
                "\n",
                "\n\n",
                "> ",
                "- ",
                "1. ",
                "    ",
                "# ",
                "\\",
                "*",
                "_",
                "[",
                "]",
                "(",
                ")",
                "<",
                ">",
            ),
            "&lt;",
            "<http://e>",
            "<javascript:x>",
            "[r]",
            "\n[r]: javascript:x\n",
            "|",
            "|-|-|\n",
            "| a | b |\n|-|-|\n",
            "<x\ny>",
            "[a\nb](javascript:x)",
            "https://x.y",
            "x",
            "日",
            "\t",
            "\0",
        ]
    ),
    max_size=25,
).map("".join)


def _sample(count: int = 1) -> list[tuple[Conversation, list[Turn]]]:
    found = []
    for number in range(count):
        conversation = Conversation(f"c{number}", f"Title <b>{number}</b> & # _x_", created=1.76e9, tags=["work"])
        first = turn_of(1, conversation, attachments=[Attachment("a<b>.csv", "text/csv", 1234, text="x")])
        found.append((conversation, [first, turn_of(2, conversation, first.id)]))
    return found


def _elements(page: bytes) -> list[Any]:
    """All elements of a page, read by a reader that takes nothing that is not valid."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return list(parser.parse(page.decode()).iter())


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("options", [ExportOptions(), EVERYTHING])
def test_a_page_is_valid_loads_nothing_and_shows_hostile_text(count: int, options: ExportOptions) -> None:
    page = written("html", _sample(count), options)
    elements = _elements(page)
    assert not LOADING & {str(e.tag) for e in elements}
    for element in elements:
        assert not any(name.startswith("on") or name in ("src", "srcset", "background") for name in element.attrib)
        if "href" in element.attrib:
            assert element.attrib["href"].startswith(("http://", "https://", "mailto:", "#c"))
            assert element.attrib["href"].startswith("#") or "noreferrer" in element.attrib["rel"]
    shown = "".join("".join(e.itertext()) for e in elements if e.tag == "body")
    for words_ in (
        "<script>alert(1)</script>",
        "[a](javascript:alert(1))",
        '<div onclick="alert(3)">raw</div>',
        "code <b>",
    ):
        assert words_ in shown
    assert "url(" not in page.decode()
    assert "@import" not in page.decode()
    assert "prefers-color-scheme: dark" in page.decode()


@settings(max_examples=60, deadline=None)
@given(hostile | words)
def test_any_answer_gives_a_valid_page_without_anything_that_loads(text: str) -> None:
    conversation = Conversation("c", text)
    turn = turn_of(1, conversation, text=text, question=text)
    elements = _elements(written("html", [(conversation, [turn])]))
    assert not LOADING & {str(e.tag) for e in elements}


def test_headings_of_answers_stand_below_those_of_the_page_and_skip_no_level() -> None:
    text = to_html("### deep\n\n# top\n\n###### deepest", highlighter(), 2)
    assert re.findall(r"<h(\d)", text) == ["3", "3", "4"]


def test_code_is_coloured_by_classes_and_unknown_languages_are_left_alone() -> None:
    assert '<span class="k">def</span>' in to_html("```python\ndef f(): pass\n```", highlighter())
    assert to_html("```no-such-language\n<b>\n```", highlighter()) == "<pre><code>&lt;b&gt;\n</code></pre>\n"


# Markdown


def _trusting(tables: bool = True) -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": True, "maxNesting": 200}).enable("strikethrough")
    if tables:
        reader.enable("table")
    reader.validateLink = lambda address: True  # type: ignore[method-assign,assignment]
    return reader


def _harm(text: str) -> list[str]:
    """What the most trusting programs would make of it."""
    found = []
    for token in [*_trusting().parse(text), *_trusting(tables=False).parse(text)]:
        found += ["html"] * (token.type == "html_block")
        for child in token.children or ():
            found += ["html"] * (child.type == "html_inline") + ["image"] * (child.type == "image")
            if child.type == "link_open" and not is_link(str(child.attrs["href"])):
                found.append("link")
    return found


@settings(max_examples=400, deadline=None)
@given(hostile)
def test_whatever_a_model_writes_is_harmless_in_markdown(text: str) -> None:
    text = printable(text)
    assert not _harm(harmless(text))


@settings(max_examples=400, deadline=None)
@given(hostile)
def test_nothing_that_a_model_writes_swallows_what_follows(text: str) -> None:
    tokens = _trusting().parse(f"{harmless(printable(text)).strip(NEW_LINE)}\n\nMARKER\n")
    last = [t for t in tokens if t.type == "inline"][-1]
    assert last.content == "MARKER"
    assert last.level == 1


@pytest.mark.parametrize(
    "text",
    [
        "Plain, with `code <b>` and **bold** and [a link](https://example.com) in it.",
        "```html\n<script>alert(1)</script>\n![x](y)\n```\n\n    <b>indented</b>",
        "2 < 3 and a[0] < b[1], C:\\path, 5 * 3 * 2",
        "<https://example.com> and <me@example.com> and &lt;b&gt;",
        "`x<y>` and [spaces](<https://example.com/a b> 'title'), a<b and c<d",
        "- a\n\n  ```\n  code\n  ```\n\n1. b",
        "| a | b |\n|---|---|\n| `<b>` | [x](mailto:a@example.com) |",
    ],
)
def test_what_does_no_harm_stays_to_the_letter(text: str) -> None:
    assert harmless(text) == text


def test_a_good_link_beside_a_bad_one_stays() -> None:
    text = harmless(
        "[good](https://a.example) ![pic](https://b.example/x.png) [bad](javascript:x) [good](https://c.example)"
    )
    assert text == (
        "[good](https://a.example) !\\[pic](https://b.example/x.png) [bad\\](javascript:x) [good](https://c.example)"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # for some readers the address before goes on to "<" or a space, over a backslash and over backticks
        ("see https://x.y<img src=x onerror=a>", "see https://x.y&lt;img src=x onerror=a>"),
        ("www.x.y``<b>``", "www.x.y``&lt;b>``"),
        ("https://x.y\\<b>", "https://x.y&lt;b>"),
        # for some readers a backslash means nothing before "<"
        ("\\<script>alert(1)\\</script>", "&lt;script>alert(1)&lt;/script>"),
        ("\\\\<b> `<b>`", "\\\\&lt;b> `<b>`"),
        # a row of a table, or a paragraph
        ("| a | b |\n|---|---|\n[a\nb](javascript:x)", "| a | b |\n|---|---|\n[a\nb\\](javascript:x)"),
        ("| a | b |\n|---|---|\n<x\ny>", "| a | b |\n|---|---|\n&lt;x\ny>"),
        ("| a | b |\n|---|---|\n| ` | <i> ` |", "| a | b |\n|---|---|\n| ` | &lt;i> ` |"),
        # where only some readers see a link, or where one leads
        ("[x](javascript:alert (1))", "[x\\](javascript:alert (1))"),
        ("text\n[r]: javascript:a\n\n[x][r]", "text\n[r\\]: javascript:a\n\n[x][r]"),
        ("- [r]: javascript:a\n\n[x][r]", "- [r\\]: javascript:a\n\n[x][r]"),
        # a block of code, or the rest of a paragraph that is quoted
        ("> > a\n\t<div> [x](b)\n\nb\n\n    <b>", "> > a\n\t&lt;div> [x\\](b)\n\nb\n\n    <b>"),
        (f"{'> ' * 31}\t|<b>", f"{'> ' * 31}\t|&lt;b>"),
        (f"{'> ' * 120}a\n    <b>", f"{'> ' * 120}a\n    &lt;b>"),
        # deeper than is read
        (f"{'> ' * 120}<b> [x](javascript:a)", f"{'> ' * 120}&lt;b> \\[x](javascript:a)"),
        (f"{'- ' * 60}`<b>` ![x](y)", f"{'- ' * 60}`&lt;b>` !\\[x](y)"),
    ],
)
def test_what_only_some_readers_see_is_harmless_too(text: str, expected: str) -> None:
    assert harmless(text) == expected
    assert not _harm(harmless(text))


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        "<a>",
        "<div>\n",
        "`",
        "``` `",
        "[",
        "![",
        "](",
        "[a]: b\n",
        "[x](javascript:a)",
        "| a |\n|-|\n",
        "<!--\n\n",
    ],
)
def test_what_is_repeated_without_end_takes_no_time(piece: str) -> None:
    harmless(piece * (5_000 // len(piece)))


def test_markdown_of_several_conversations_with_everything() -> None:
    text = written("markdown", _sample(2)).decode()
    assert not _harm(text)
    assert text.count("\n# Title &lt;b\\>") == 1
    assert text.count("> *Thoughts*") == 4
    assert "82 % sure, not calibrated" in text
    assert "*Left out: It was good enough.*" in text
    assert "cut off at its most tokens" in text
    assert "a&lt;b\\>.csv (1 kB)" in text


def test_options_decide_what_is_written() -> None:
    plain = written("text", _sample(), ExportOptions()).decode()
    assert "Quick *answer*" not in plain
    assert "% sure" not in plain
    assert "tok/s" not in plain
    assert "Thoughts" not in plain
    assert "Synthesis (large:14b)" in plain
    assert HOSTILE in plain
    assert "tok/s" in written("text", _sample(), ExportOptions(metadata=True)).decode()
    assert "Thinking" in written("text", _sample(), ExportOptions(stages=True, thoughts=True)).decode()
    assert (
        "Thinking" not in written("text", _sample(), ExportOptions(thoughts=True)).decode()
    )  # of the final answer only


def test_branches_are_named_where_they_are_wanted() -> None:
    conversation = Conversation("c", "T")
    turn = turn_of(1, conversation, position=2, siblings=3)
    assert "(Branch 2 of 3)" in written("text", [(conversation, [turn])]).decode()
    assert "Branch" not in written("text", [(conversation, [turn])], ExportOptions()).decode()


def test_folders_are_named_with_the_metadata() -> None:
    folders = [Folder("p", "Work"), Folder("f", "Reports", "p")]
    text = written("text", [(Conversation("c", "T", created=1.76e9, folder="f"), [])], EVERYTHING, folders).decode()
    assert "in Work / Reports" in text


@pytest.mark.parametrize("kind", ["text", "markdown", "html"])
def test_control_characters_reach_no_terminal(kind: Format) -> None:
    conversation = Conversation("c", "a\x1b[31mb\x9b")
    turn = turn_of(1, conversation, text="x\x1b]0;t\x07y\x00\ud800", question="\x1b[2J\u0085")
    data = written(kind, [(conversation, [turn])]).decode()
    assert not set(data) & {chr(n) for n in (*range(9), 11, 12, *range(14, 32), *range(0x7F, 0xA0))}


# Word


def _document(data: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
    return docx.Document(io.BytesIO(data))


def test_a_word_document_holds_all_as_text() -> None:
    document = _document(written("docx", _sample(2)))
    text = "\n".join(p.text for p in document.paragraphs)
    assert HOSTILE in text
    for words_ in ("[a](javascript:alert(1))", "日本語のテキスト", "x" * 300, "Left out: It was good enough."):
        assert words_ in text
    assert document.tables[0].cell(1, 1).text == "2"
    assert document.core_properties.title == "2 conversations"
    assert [p.style.name for p in document.paragraphs].count("Heading 1") == 2


@settings(max_examples=100, deadline=None)
@given(hostile | st.text())
def test_any_answer_gives_a_readable_word_document(text: str) -> None:
    conversation = Conversation("c", text)
    _document(written("docx", [(conversation, [turn_of(1, conversation, text=text, question=text)])]))


def test_lists_in_word_have_their_numbers_and_code_its_spaces() -> None:
    body = Body()
    xml = body.markdown("3. three\n4. four\n\n1. one\n\n```\n  a\n    b\n```", 1)
    assert body.starts == [3]
    assert '<w:t xml:space="preserve">    b</w:t>' in xml


def test_right_to_left_paragraphs_are_marked_in_word() -> None:
    assert "<w:bidi/>" in Body().markdown("العربية first", 1)
    assert "<w:bidi/>" not in Body().markdown("English العربية", 1)


def test_every_part_of_the_sample_is_what_the_tests_think() -> None:
    assert ANSWER.count("```") == 3
