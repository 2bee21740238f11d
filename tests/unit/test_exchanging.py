"""The door to exporting: whole files or none, progress, cancelling, what is chosen."""

import asyncio
import io
from dataclasses import replace
from pathlib import Path

import pytest

from mirador_desktop.errors import ExchangeError
from mirador_desktop.exchange.options import KINDS, ExportOptions, Format
from mirador_desktop.exchanging import Exchange
from mirador_desktop.memory.store import Store
from tests.unit.exchange_helpers import turn_of
from tests.unit.exchanging_helpers import save, talk, with_exchange
from tests.unit.test_store import without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_format_is_written_whole_with_progress(tmp_path: Path, kind: Format) -> None:
    path = tmp_path / f"out{KINDS[kind].suffix}"
    progress: list[tuple[int, int]] = []

    async def work(exchange: Exchange, store: Store) -> None:
        await save(store, talk("a", 45), talk("b", 2))
        done = await exchange.export(path, kind, on_progress=lambda *figures: progress.append(figures))
        assert (done.conversations, done.turns) == (2, 47)

    with_exchange(tmp_path / "data", work)
    assert progress == [(20, 47), (40, 47), (45, 47), (47, 47)]
    assert path.stat().st_size > 1000
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["data", path.name])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_cancelled_export_leaves_what_was_there(tmp_path: Path, kind: Format) -> None:
    path = tmp_path / "out"
    path.write_text("before")

    async def work(exchange: Exchange, store: Store) -> None:
        await save(store, talk("a", 200))
        reached = asyncio.Event()
        task = asyncio.ensure_future(exchange.export(path, kind, on_progress=lambda done, total: reached.set()))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with_exchange(tmp_path / "data", work)
    assert path.read_text() == "before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "out"]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    async def work(exchange: Exchange, store: Store) -> None:
        with pytest.raises(ExchangeError, match="no conversation to export"):
            await exchange.export(tmp_path / "x.md", "markdown")
        await save(store, talk("a"))
        with pytest.raises(ExchangeError, match="is a folder"):
            await exchange.export(tmp_path, "markdown")
        with pytest.raises(ExchangeError, match="There is no folder"):
            await exchange.export(tmp_path / "gone" / "x.md", "markdown")
        with pytest.raises(ExchangeError, match="needs a file"):
            await exchange.export(io.BytesIO(), "pdf")
        with pytest.raises(ExchangeError, match="no conversation to export"):
            await exchange.export(tmp_path / "x.md", "markdown", ["nothing"])

    with_exchange(tmp_path / "data", work)
    assert not (tmp_path / "x.md").exists()


def test_chosen_conversations_come_in_their_order_and_prefixes_find_one(tmp_path: Path) -> None:
    async def work(exchange: Exchange, store: Store) -> None:
        await save(store, talk("aa"), talk("ab"), talk("b"))
        assert await exchange.find("b") == "b"
        assert await exchange.find("ab") == "ab"
        for prefix, why in (
            ("a", "Several"),
            ("x", "no conversation"),
            ("", "no conversation"),
            ("%", "no conversation"),
        ):
            with pytest.raises(ExchangeError, match=why):
                await exchange.find(prefix)
        out = io.BytesIO()
        await exchange.export(out, "text", ["b", "aa", "b"])
        text = out.getvalue().decode()
        assert text.index("Talk b") < text.index("Talk aa")
        assert "Talk ab" not in text

    with_exchange(tmp_path, work)


def test_branches_are_left_out_unless_they_are_wanted(tmp_path: Path) -> None:
    async def work(exchange: Exchange, store: Store) -> None:
        conversation, turns = talk("a", 2)
        other = replace(turn_of(9, conversation, turns[0].id, question="The other way"), id="a-000009")
        await save(store, (conversation, [*turns, other]))
        for options, there in ((ExportOptions(), False), (ExportOptions(branches=True), True)):
            out = io.BytesIO()
            await exchange.export(out, "text", options=options)
            assert ("The other way" in out.getvalue().decode()) is there

    with_exchange(tmp_path, work)


def test_a_preview_is_the_beginning(tmp_path: Path) -> None:
    async def work(exchange: Exchange, store: Store) -> None:
        await save(store, talk("a", 30))
        assert (await exchange.preview("text", ["a"], most=3)).count("Question\n") == 3
        assert (await exchange.preview("pdf", ["a"], most=2)).startswith("<!DOCTYPE html>")

    with_exchange(tmp_path, work)


def test_the_first_page_is_a_picture(tmp_path: Path) -> None:
    async def work(exchange: Exchange, store: Store) -> None:
        await save(store, talk("a", 45))
        picture = await exchange.picture(None)
        assert picture.startswith(b"\x89PNG")
        assert int.from_bytes(picture[16:20]) == 1588
        with pytest.raises(ExchangeError, match="no conversation to export"):
            await exchange.picture(["nothing"])

    with_exchange(tmp_path / "data", work)
