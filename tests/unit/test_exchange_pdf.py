"""PDF: pages with numbers, code that is not cut, text that can be found, bookmarks. Written by the child process."""

import sys
from pathlib import Path
from typing import Any

import pypdf
import pytest

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.errors import ExchangeError
from mirador_desktop.exchange.options import ExportOptions
from mirador_desktop.exchange.pdf import PdfWriter
from mirador_desktop.exchanging import pdf_command
from tests.unit.exchange_helpers import EVERYTHING, turn_of

LONG = "".join(f"{number:05d}" for number in range(1000))


def _pdf(
    path: Path, conversations: list[tuple[Conversation, list[Turn]]], options: ExportOptions = EVERYTHING
) -> pypdf.PdfReader:
    with path.open("wb") as out:
        writer = PdfWriter(out, options, [c for c, _ in conversations], {}, pdf_command())
        writer.begin()
        for conversation, turns in conversations:
            writer.conversation(conversation)
            for turn in turns:
                writer.turn(turn)
            writer.end_conversation()
        writer.end()
    return pypdf.PdfReader(path, strict=True)


def _text(reader: pypdf.PdfReader) -> str:
    """All text but the numbers of the pages."""
    found = []
    for number, page in enumerate(reader.pages, start=1):
        lines = page.extract_text().splitlines()
        assert lines[-1] == str(number)
        found += lines[:-1]
    return "\n".join(found)


def test_everything_can_be_found_and_code_is_not_cut(tmp_path: Path) -> None:
    conversation = Conversation("c", "Title <b>bold</b>", created=1.76e9)
    text = f"Office flags.\n\n```\n{LONG}\n```\n\n| {'y' * 300} | b |\n|---|---|\n| <script> | 2 |\n\nThe end."
    reader = _pdf(tmp_path / "a.pdf", [(conversation, [turn_of(1, conversation, text=text)])])
    found = _text(reader)
    assert "Title <b>bold</b>" in found
    assert "<script>alert(1)</script>" in found
    assert LONG in "".join(found.split())
    assert "y" * 300 in "".join(found.split())
    assert "Office flags." in found
    assert "The end." in found
    assert reader.metadata is not None
    assert reader.metadata.title == "Title <b>bold</b>"


def test_a_long_answer_goes_over_pages_with_numbers_and_loses_no_line(tmp_path: Path) -> None:
    conversation = Conversation("c", "T")
    lines = [f"Line {number} of many." for number in range(400)]
    text = "\n\n".join([*lines[:200], "```\n" + "\n".join(lines[200:]) + "\n```"])
    reader = _pdf(tmp_path / "a.pdf", [(conversation, [turn_of(1, conversation, text=text)])], ExportOptions())
    assert len(reader.pages) > 5
    assert [line for line in _text(reader).splitlines() if line.startswith("Line ")] == lines


def test_each_conversation_has_a_bookmark_and_begins_a_page(tmp_path: Path) -> None:
    conversations = [
        (c, [turn_of(1, c, text="Short.", question="Q?")])
        for c in (Conversation(str(n), f"Talk {n} 日本 (x) \\") for n in range(3))
    ]
    reader = _pdf(tmp_path / "a.pdf", conversations, ExportOptions())
    outline: list[Any] = reader.outline
    assert [each.title for each in outline] == ["Talk 0 日本 (x) \\", "Talk 1 日本 (x) \\", "Talk 2 日本 (x) \\"]
    assert [reader.get_destination_page_number(each) for each in outline] == [0, 1, 2]


def test_japanese_arabic_and_ligatures_are_found_as_they_are_typed(tmp_path: Path) -> None:
    conversation = Conversation("c", "T")
    reader = _pdf(
        tmp_path / "a.pdf",
        [(conversation, [turn_of(1, conversation, text="日本語の本日 文字 office fluff Σμύρνη Жизнь прекрасна")])],
    )
    found = _text(reader)
    assert "office fluff" in found
    assert "Σμύρνη" in found
    assert "Жизнь прекрасна" in found
    fonts = {str(font) for page in reader.pages for font in page["/Resources"]["/Font"].values()}  # type: ignore[index]
    if "日" not in found and "⽇" not in found:
        pytest.skip(f"no font here has Japanese: {len(fonts)} fonts")
    assert "日本語の本日" in "".join(found.split())
    assert "⽇" not in found


def test_a_child_that_cannot_write_says_why(tmp_path: Path) -> None:
    conversation = Conversation("c", "T")
    path = tmp_path / "a.pdf"
    with path.open("wb") as out:
        command = [sys.executable, "-c", "import sys; print('The disk is full', file=sys.stderr); sys.exit(1)"]
        writer = PdfWriter(out, EVERYTHING, [conversation], {}, command)

        def write() -> None:
            writer.begin()
            for _ in range(10_000):
                writer.conversation(conversation)
            writer.end()

        with pytest.raises(ExchangeError, match=r"^The PDF could not be written: The disk is full\.$"):
            write()
        writer.abort()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_is_told_whatever_the_child_says(tmp_path: Path) -> None:
    with open("/dev/full", "wb", buffering=0) as out:
        command = [sys.executable, "-c", "import sys; print('QPainter: oh', file=sys.stderr); sys.exit(1)"]
        writer = PdfWriter(out, EVERYTHING, [Conversation("c")], {}, command)
        writer.begin()
        with pytest.raises(ExchangeError, match=r"^The PDF could not be written: No space left on device\.$"):
            writer.end()
        writer.abort()


def test_a_program_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    with (tmp_path / "a.pdf").open("wb") as out:
        writer = PdfWriter(out, EVERYTHING, [Conversation("c")], {}, [str(tmp_path / "nothing")])
        with pytest.raises(ExchangeError, match="could not be written"):
            writer.begin()
        writer.abort()


def test_what_is_aborted_leaves_no_process(tmp_path: Path) -> None:
    with (tmp_path / "a.pdf").open("wb") as out:
        writer = PdfWriter(out, EVERYTHING, [Conversation("c")], {}, pdf_command())
        writer.begin()
        child = writer._child
        assert child is not None
        writer.interrupt()
        writer.abort()
        assert child.returncode is not None
