"""Context providers: what they give, what they refuse, what is cut, and that none of them holds up an answer."""

import asyncio
import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.context import Quoted, estimate_tokens, fitted
from mirador_desktop.core.prompts import CUT, quote
from mirador_desktop.core.stages import ContextSource, ModelStage, Pipeline
from mirador_desktop.errors import ContextError
from mirador_desktop.providers import Gathered, Providers
from mirador_desktop.providers.door import words_of
from mirador_desktop.providers.files import decode
from mirador_desktop.providers.table import table


def gathered(
    folder: Path, *sources: ContextSource, budget: int = 1500, seconds: float = 5.0, clipboard: str | None = None
) -> Gathered:
    """What a pipeline with these sources gets."""
    providers = Providers(folder / "cache", seconds)
    if clipboard is not None:
        providers.clipboard = lambda: clipboard
    return asyncio.run(providers.gather(of(*sources, budget=budget)))


def of(*sources: ContextSource, budget: int = 1500) -> Pipeline:
    return Pipeline("p", (ModelStage("a"),), context=sources, context_tokens=budget)


def text(found: Gathered) -> str:
    return "\n\n".join(section.text for section in found.sections)


def errors(found: Gathered) -> list[str]:
    return [each.error for each in found.used]


def total(found: Gathered) -> int:
    return sum(estimate_tokens(quote(s.title, s.text)) for s in found.sections)


def source(kind: str, value: object = "", name: str = "") -> ContextSource:
    return ContextSource(kind, str(value), name)


# Files


def test_a_text_file_with_its_age(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("One.\n> Two.\n", "utf-8")
    os.utime(path, (time.time() - 7200, time.time() - 7200))
    found = gathered(tmp_path, source("file", path))
    assert found.sections == (Quoted("From the file notes.txt", "One.\n> Two.\n"),)
    (used,) = found.used
    assert (used.name, used.error) == ("notes.txt", "")
    assert 7190 < (used.age or 0) < 7300
    assert used.tokens == total(found)


def test_what_is_longer_than_the_budget_is_cut_visibly(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("begin " + "words and more " * 90_000 + "the end", "utf-8")
    found = gathered(tmp_path, source("file", tmp_path / "long.txt"), source("time"), budget=500)
    assert total(found) <= 500
    assert text(found).startswith("begin")
    assert CUT in text(found)
    assert "the end" in text(found)
    assert len(found.sections) == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("gone.txt", "gone.txt is not there any more and was left out"),
        ("folder", "folder is no file and was left out"),
        ("pipe", "pipe is no file and was left out"),
        ("empty.txt", "empty.txt is empty and was left out"),
        ("picture.png", "picture.png is no text and was left out"),
    ],
)
def test_files_that_give_nothing(tmp_path: Path, value: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.txt").write_text(" \n", "utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    found = gathered(tmp_path, source("file", tmp_path / value))
    assert errors(found) == [words]
    assert found.sections == ()


def test_paths_must_be_whole(tmp_path: Path) -> None:
    assert "needs its whole path" in errors(gathered(tmp_path, source("file", "../x")))[0]
    assert "somebody unknown" in errors(gathered(tmp_path, source("file", "~nobody-here/x")))[0]


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_none(data: bytes) -> None:
    try:
        decode(data)
    except ContextError:
        assert b"\0" in data


def test_other_encodings() -> None:
    assert decode("Größe".encode("utf-16")) == "Größe"
    assert decode("Größe".encode("cp1252")) == "Größe"
    assert decode("Größe".encode("utf-8-sig")) == "Größe"


# Folders


def test_a_folder_in_order_without_what_is_hidden_or_leads_out(tmp_path: Path) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_text("secret", "utf-8")
    root = tmp_path / "docs"
    (root / "b").mkdir(parents=True)
    (root / ".git").mkdir()
    for name, words in (("c.md", "third"), ("a.md", "first"), ("b/x.md", "second"), (".env", "secret")):
        (root / name).write_text(words, "utf-8")
    (root / ".git" / "config").write_text("secret", "utf-8")
    (root / "binary").write_bytes(b"\0\1secret")
    (root / "link.md").symlink_to(outside)
    (root / "up").symlink_to(tmp_path)
    (root / "loop").symlink_to(root / "loop")
    (root / "hidden").symlink_to(root / ".env")
    found = gathered(tmp_path, source("folder", root))
    assert text(found) == "--- a.md ---\nfirst\n\n--- c.md ---\nthird\n\n--- b/x.md ---\nsecond"
    assert found.sections[0].title == "From the folder docs, 3 files"


def test_a_large_folder_gives_its_first_files_and_says_so(tmp_path: Path) -> None:
    root = tmp_path / "many"
    root.mkdir()
    for number in range(150):
        (root / f"{number:03}.txt").write_text(f"file {number} " * 50, "utf-8")
    found = gathered(tmp_path, source("folder", root), budget=600)
    assert 300 < total(found) <= 600
    assert text(found).startswith("--- 000.txt ---\nfile 0")
    assert "files left out here" in text(found)
    assert "of 150 files" in text(found)


def test_folders_that_give_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x", "utf-8")
    assert "holds no text files" in errors(gathered(tmp_path, source("folder", tmp_path / "empty")))[0]
    assert "is no folder" in errors(gathered(tmp_path, source("folder", tmp_path / "file")))[0]
    assert "is not there" in errors(gathered(tmp_path, source("folder", tmp_path / "gone")))[0]


# Tables


def test_a_table(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text('day;price\n1;"2,5"\n\n2;a|b\n', "utf-8")
    found = gathered(tmp_path, source("csv", tmp_path / "m.csv", "market data"))
    assert found.sections[0].title == "From the file market data, a table of 2 rows"
    assert text(found) == "| day | price |\n| --- | --- |\n| 1 | 2,5 |\n| 2 | a\\|b |"


def test_a_long_table_is_cut_by_rows(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n * n}\n" for n in range(1, 10_001))
    (tmp_path / "m.csv").write_text(f"n,square\n{rows}", "utf-8")
    found = gathered(tmp_path, source("csv", tmp_path / "m.csv"), budget=400)
    lines = text(found).splitlines()
    assert "a table of 10,000 rows" in found.sections[0].title
    assert lines[2] == "| 1 | 1 |"
    assert lines[-1] == "| 10000 | 100000000 |"
    (cut,) = [line for line in lines if "left out" in line]
    shown = len(lines) - 3
    assert cut == f"[… {10_000 - shown:,} of 10,000 rows left out here …]"
    assert 250 < total(found) <= 400


@given(st.text(max_size=300), st.integers(0, 200))
def test_any_text_is_a_table_within_its_room_or_none(words: str, room: int) -> None:
    try:
        section = table(words, "t")
    except ContextError:
        return
    assert section.text
    for kept in fitted([section], room):
        assert estimate_tokens(quote(kept.title, kept.text)) <= room


def test_tables_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("\n\n", "utf-8")
    (tmp_path / "odd.csv").write_text('a,"' + "x" * 200_000, "utf-8")
    assert "is empty" in errors(gathered(tmp_path, source("csv", tmp_path / "empty.csv")))[0]
    assert "is no table" in errors(gathered(tmp_path, source("csv", tmp_path / "odd.csv")))[0]


# Clipboard, time, nothing


def test_clipboard_and_time(tmp_path: Path) -> None:
    found = gathered(tmp_path, source("clipboard"), source("time"), clipboard="copied")
    assert found.sections[0] == Quoted("From the clipboard", "copied")
    assert found.sections[1].text.startswith("It is ")
    assert [u.age for u in found.used] == [None, None]
    assert errors(gathered(tmp_path, source("clipboard"), clipboard=" ")) == [
        "clipboard holds no text and was left out"
    ]
    assert "in the window only" in errors(gathered(tmp_path, source("clipboard")))[0]
    moment = datetime(2024, 5, 14, 15, 4, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert words_of(moment) == "It is Tuesday, 2024-05-14, 15:04 (UTC+05:30)."


def test_what_nothing_is_filled_in_for_is_left_out_silently(tmp_path: Path) -> None:
    assert gathered(tmp_path, source("csv", " ", "market data"), source("url")) == Gathered()
    assert gathered(tmp_path) == Gathered()


def test_one_that_does_not_fit_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("word " * 900, "utf-8")
    many = [source("file", tmp_path / "a.txt", f"number {n}") for n in range(12)]
    found = gathered(tmp_path, *many, budget=100)
    assert all("did not fit into 100 tokens" in each.error for each in found.used)
    assert total(found) <= 100
