"""Text that is nested deeply: every format and the window keep all of it, and none takes long or fails."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import html5lib
import pypdf
import pytest

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.exchange.options import ExportOptions, Format
from mirador_desktop.exchange.pdf import PdfWriter
from mirador_desktop.exchange.render import parser
from mirador_desktop.exchanging import pdf_command
from mirador_desktop.gui.markdown_inline import parser as window_parser
from tests.unit.exchange_helpers import turn_of, written

STEPS = "\n".join(f"{'  ' * level}- step {level}" for level in range(300))
DEEP = {
    "outline": "\n".join(f"{'  ' * level}- step {level}" for level in range(14)),
    "list": f"{'- ' * 11}THE END",
    "quote": f"{'> ' * 21}THE END",
    "steps": STEPS,
    "endless list": f"{'- ' * 5000}THE END",
    "endless quote": f"{'> ' * 5000}THE END",
    "both": f"{'> - ' * 2500}THE END\n\nAfter",
    "code": f"{'> ' * 200}```\n{'> ' * 200}<b>THE END</b>\n{'> ' * 200}```\n\nAfter",
    "emphasis": f"{'*a ' * 5000}THE END{'*' * 5000}",
    "brackets": f"{'[' * 5000}THE END{'](https://e.example)' * 5000}",
}
deep = pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)


def _words(text: str) -> list[str]:
    """What must be found again."""
    found = [f"step {level}" for level in range(300) if f"step {level}\n" in f"{text}\n"]
    return found + [word for word in ("THE END", "After") if word in text]


def _one(text: str) -> tuple[Conversation, list[Turn]]:
    conversation = Conversation("c", "T")
    return conversation, [turn_of(1, conversation, text=text, question="Q")]


def _shown(kind: Format, text: str) -> str:
    data = written(kind, [_one(text)], ExportOptions())
    if kind == "docx":
        data = zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml")
    if kind == "html":
        html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(data.decode())
    return data.decode()


@deep
@pytest.mark.parametrize("kind", ["html", "docx", "markdown", "text"])
def test_no_format_loses_what_is_nested_deeply(kind: Format, text: str) -> None:
    shown = _shown(kind, text)
    assert [word for word in _words(text) if word not in shown] == []


def test_no_page_loses_what_is_nested_deeply(tmp_path: Path) -> None:
    text = "\n\n---\n\n".join(DEEP[name] for name in ("outline", "list", "quote", "steps", "both"))
    conversation, turns = _one(text)
    with (tmp_path / "a.pdf").open("wb") as out:
        writer = PdfWriter(out, ExportOptions(), [conversation], {}, pdf_command())
        writer.begin()
        writer.conversation(conversation)
        writer.turn(turns[0])
        writer.end()
    reader = pypdf.PdfReader(tmp_path / "a.pdf")
    boxes = [page.mediabox.width for page in reader.pages]
    places: list[tuple[float, str]] = []

    def place(words: str, matrix: list[float], at: list[float], *_: Any) -> None:
        places.append((at[4] * matrix[0] + matrix[4], words))

    shown = "".join("".join(page.extract_text(visitor_text=place).splitlines()[:-1]) for page in reader.pages)
    shown = "".join(shown.split())
    assert [word for word in _words(text) if word.replace(" ", "") not in shown] == []
    assert all(x < boxes[0] - 40 for x, words in places if words.strip())


@deep
def test_the_window_loses_nothing_that_is_nested_deeply(text: str) -> None:
    def contents(tokens: list[Any]) -> Iterator[str]:
        for token in tokens:
            yield token.content

    for reader in (window_parser(), parser()):
        shown = "\n".join(contents(reader.parse(text)))
        assert [word for word in _words(text) if word not in shown] == []


def test_fourteen_levels_are_still_a_list_everywhere() -> None:
    for reader in (window_parser(), parser(), parser(32)):
        tokens = reader.parse(DEEP["outline"])
        assert [t.content for t in tokens if t.type == "inline"] == [f"step {level}" for level in range(14)]
