"""Daily backups: once a day, seven are kept, under the passphrase that is set here."""

import asyncio
from pathlib import Path

import pytest

from mirador_desktop import backups as module
from mirador_desktop.backups import ENDING, KEPT
from tests.unit.backup_helpers import PASSPHRASE, Home, at_home, fast_and_alone  # noqa: F401 - a fixture


def test_daily_backups_are_made_once_a_day_and_seven_are_kept(tmp_path: Path) -> None:
    async def work(home: Home) -> None:
        await home.add("Here")
        assert not await home.backups.make_daily()
        await home.backups.set_daily(PASSPHRASE)
        assert await home.backups.is_daily()
        for day in range(1, 10):
            (tmp_path / "backups").mkdir(exist_ok=True)
            (tmp_path / "backups" / f"mirador-2020-01-0{day}{ENDING}").write_bytes(b"old")
        assert await home.backups.make_daily()
        assert not await home.backups.make_daily()
        kept = await home.backups.kept()
        assert len(kept) == KEPT
        assert kept[0].size > 3
        assert kept[-1].path.name == f"mirador-2020-01-04{ENDING}"
        await home.backups.restore(kept[0].path, PASSPHRASE)
        assert await home.backups.is_daily()
        await home.backups.set_daily(None)
        assert not await home.backups.is_daily()
        await home.backups.delete_daily()
        assert await home.backups.kept() == []

    at_home(tmp_path, work)


def test_the_daily_run_says_what_fails_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(home: Home) -> None:
        told: list[str] = []
        monkeypatch.setattr(home.backups, "told", told.append)
        monkeypatch.setattr(module, "_HOUR", 0.001)
        (tmp_path / "backups").write_text("in the way")
        await home.add("Here")
        await home.backups.set_daily(PASSPHRASE)
        running = asyncio.create_task(home.backups.run())
        async with asyncio.timeout(20):
            while len(told) < 2:
                await home.store.conversations()
        (tmp_path / "backups").unlink()
        async with asyncio.timeout(20):
            while not await home.backups.kept():
                await home.store.conversations()
        running.cancel()
        await asyncio.wait({running})
        assert "backups" in told[0]

    at_home(tmp_path, work)


def test_daily_backups_stay_as_they_are_set_here(tmp_path: Path) -> None:
    path = tmp_path / f"one{ENDING}"

    async def work(home: Home) -> None:
        await home.add("Here")
        await home.backups.write(path, PASSPHRASE)
        await home.backups.set_daily("another passphrase")
        await home.backups.restore(path, PASSPHRASE)
        assert await home.backups.is_daily()
        assert await home.backups.make_daily()
        await home.backups.set_daily(None)
        await home.backups.restore((await home.backups.kept())[0].path, "another passphrase")
        assert not await home.backups.is_daily()

    at_home(tmp_path, work)


def test_another_passphrase_makes_the_backup_of_today_anew(tmp_path: Path) -> None:
    told: list[str] = []

    async def work(home: Home) -> None:
        await home.add("Here")
        home.backups.made = lambda: told.append("made")
        await home.backups.set_daily(PASSPHRASE)
        assert await home.backups.make_daily()
        assert not await home.backups.make_daily()
        await home.backups.set_daily("another passphrase")
        assert await home.backups.make_daily()
        (only,) = await home.backups.kept()
        await home.backups.restore(only.path, "another passphrase")
        assert await home.titles() == ["Here"]
        assert told == ["made"] * 2

    at_home(tmp_path, work)
