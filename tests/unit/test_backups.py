"""Backups: what is in them, who can open them, and that bringing one back loses nothing, whatever happens."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from mirador_desktop import backups as module
from mirador_desktop.backups import ENDING, KEPT, Backups, check, file_name
from mirador_desktop.core.conversation import Conversation, Turn, new_id
from mirador_desktop.errors import BackupError, StoreError
from mirador_desktop.library import Library
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.store import Store
from tests.unit.test_store import without_keyring

PASSPHRASE = "correct horse battery"


@pytest.fixture(autouse=True)
def _fast_and_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)
    real = hashlib.scrypt

    def quick(password: bytes, *, n: int, **more: Any) -> bytes:
        assert n == 1 << 17
        return real(password, n=1 << 4, **more)

    monkeypatch.setattr(hashlib, "scrypt", quick)


class Home:
    """A library with backups."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "data")
        self.keeper = Keeper(self.store, lambda state: None)
        self.library = Library(self.store, self.keeper)
        self.backups = Backups(self.library, self.store, self.keeper, folder / "backups")

    async def add(self, question: str) -> Conversation:
        turn = Turn(new_id(), new_id(), question=question, reason="done")
        conversation = Conversation(turn.conversation, question, leaf=turn.id)
        self.keeper.keep(conversation, turn)
        await self.keeper.flush()
        return conversation

    async def titles(self) -> list[str]:
        return sorted(c.title for c in await self.library.conversations())


def at_home(folder: Path, work: Callable[[Home], Awaitable[None]]) -> None:
    async def main() -> None:
        home = Home(folder)
        await home.store.open()
        try:
            await work(home)
        finally:
            await home.keeper.flush()
            await home.store.close()

    asyncio.run(main())


def test_a_backup_brings_back_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / f"one{ENDING}"

    async def work(home: Home) -> None:
        await home.add("Secret of the harbour")
        steps: list[tuple[int, int]] = []
        await home.backups.write(path, PASSPHRASE, lambda done, pages: steps.append((done, pages)))
        assert steps[-1][0] == steps[-1][1] > 0
        assert b"harbour" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
        await home.add("Later")
        old = await home.backups.restore(path, PASSPHRASE)
        assert await home.titles() == ["Secret of the harbour"]
        assert old.exists()
        await home.add("Goes on")
        assert await home.titles() == ["Goes on", "Secret of the harbour"]

    at_home(tmp_path / "here", work)

    async def elsewhere(home: Home) -> None:
        await home.add("Of this computer")
        await home.backups.restore(path, PASSPHRASE)
        assert await home.titles() == ["Secret of the harbour"]

    at_home(tmp_path / "there", elsewhere)
    assert not [p for p in tmp_path.rglob("*") if p.name.startswith(".")]


def damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "passphrase", "words"),
    [
        (lambda path: None, "wrong passphrase", "passphrase does not open"),
        (lambda path: None, "short", "at least 8 characters"),
        (damaged, PASSPHRASE, "damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-5000]), PASSPHRASE, "damaged"),
        (lambda path: path.write_bytes(b"nothing of the kind at all"), PASSPHRASE, "not a backup"),
        (lambda path: path.write_bytes(b""), PASSPHRASE, "not a backup"),
        (lambda path: path.unlink(), PASSPHRASE, "No such file"),
    ],
)
def test_what_cannot_be_brought_back_changes_nothing(
    tmp_path: Path, spoil: Callable[[Path], object], passphrase: str, words: str
) -> None:
    path = tmp_path / f"one{ENDING}"

    async def work(home: Home) -> None:
        for number in range(30):
            await home.add(f"Number {number} " + "x" * 2000)
        await home.backups.write(path, PASSPHRASE)
        spoil(path)
        await home.add("Later")
        with pytest.raises(BackupError, match=words):
            await home.backups.restore(path, passphrase)
        assert "Later" in await home.titles()
        assert len(await home.titles()) == 31
        assert not [p for p in (tmp_path / "data").iterdir() if "restor" in p.name]

    at_home(tmp_path, work)


def test_a_backup_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / f"one{ENDING}"

    async def work(home: Home) -> None:
        await home.add("Here")

        def grow(connection: apsw.Connection) -> None:
            connection.pragma("user_version", 99)

        await home.store.write(grow)
        await home.backups.write(path, PASSPHRASE)
        await home.store.write(lambda connection: connection.pragma("user_version", 3))
        with pytest.raises(BackupError, match="newer Mirador"):
            await home.backups.restore(path, PASSPHRASE)

    at_home(tmp_path, work)


def test_nothing_is_replaced_while_another_program_writes(tmp_path: Path) -> None:
    path = tmp_path / f"one{ENDING}"

    async def work(home: Home) -> None:
        await home.add("Here")
        await home.backups.write(path, PASSPHRASE)
        other = Store(tmp_path / "data")
        await other.open()
        await other.conversations()
        await home.add("Later")
        held = await other.write(lambda connection: connection.execute("BEGIN; SELECT * FROM turns").fetchall())
        await home.add("Latest")
        assert held
        with pytest.raises(BackupError, match="Another Mirador uses"):
            await home.backups.restore(path, PASSPHRASE)
        assert await home.titles() == ["Here", "Later", "Latest"]
        await other.close()

    at_home(tmp_path, work)


def test_a_folder_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    async def work(home: Home) -> None:
        await home.add("Here")
        with pytest.raises(BackupError, match=r"^one\S+ could not be written: No such file or directory\.$"):
            await home.backups.write(tmp_path / "no" / f"one{ENDING}", PASSPHRASE)

    at_home(tmp_path, work)


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


def test_passphrases_are_checked() -> None:
    check(PASSPHRASE, PASSPHRASE)
    with pytest.raises(BackupError, match="at least 8"):
        check("short", "short")
    with pytest.raises(BackupError, match="not the same"):
        check(PASSPHRASE, PASSPHRASE.title())
    assert file_name().endswith(ENDING)


def test_the_store_says_when_it_cannot_be_read(tmp_path: Path) -> None:
    async def main() -> None:
        home = Home(tmp_path)
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "mirador.db").write_bytes(b"x" * 9000)
        with pytest.raises(StoreError):
            await home.backups.write(tmp_path / f"one{ENDING}", PASSPHRASE)
        await home.store.close()

    asyncio.run(main())


def test_what_was_deleted_and_brought_back_is_kept_again(tmp_path: Path) -> None:
    path = tmp_path / f"one{ENDING}"

    async def work(home: Home) -> None:
        kept = await home.add("First")
        await home.backups.write(path, PASSPHRASE)
        await home.library.delete(kept)
        later = await home.add("Only since then")
        home.library.keep(later)
        await home.backups.restore(path, PASSPHRASE)
        home.keeper.keep(kept, Turn(new_id(), kept.id, kept.leaf, question="And then?", reason="done"))
        later.title = "Written late"
        home.keeper.keep(later)  # as by something that was still running
        await home.keeper.flush()
        assert await home.titles() == ["First"]
        assert (await home.store.counts())[1] == 2

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


def test_a_passphrase_is_the_same_however_the_system_writes_it(tmp_path: Path) -> None:
    path = tmp_path / f"one{ENDING}"

    async def work(home: Home) -> None:
        await home.add("Here")
        await home.backups.write(path, "caf\u00e9 au lait")
        await home.backups.restore(path, "cafe\u0301 au lait")

    at_home(tmp_path, work)


def test_cancelled_it_ends_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out" / f"one{ENDING}"
    path.parent.mkdir()

    async def work(home: Home) -> None:
        for number in range(400):
            await home.add(f"Number {number} " + "x" * 20_000)
        await home.backups.write(path, PASSPHRASE)
        before = path.read_bytes()
        loop = asyncio.get_running_loop()
        steps: list[int] = []

        def stop(done: int, pages: int) -> None:
            steps.append(done)
            loop.call_soon_threadsafe(task.cancel)
            while not task.cancelling():
                pass

        for act in (home.backups.write, home.backups.restore):
            steps.clear()
            task = asyncio.ensure_future(act(path, PASSPHRASE, stop))
            with pytest.raises(asyncio.CancelledError):
                await task
            assert len(steps) == 1
        assert path.read_bytes() == before
        assert [p.name for p in path.parent.iterdir()] == [path.name]
        assert len(await home.titles()) == 400
        assert not [p for p in (tmp_path / "data").iterdir() if "restor" in p.name]

    at_home(tmp_path, work)


def test_what_a_killed_backup_has_left_is_deleted(tmp_path: Path) -> None:
    left = tmp_path / "backups" / f".{'a' * 16}.tmp"

    async def work(home: Home) -> None:
        left.parent.mkdir()
        left.write_bytes(b"half")
        running = asyncio.ensure_future(home.backups.run())
        while left.exists():
            await home.store.conversations()
        running.cancel()
        left.write_bytes(b"half")
        await home.backups.delete_daily()
        assert not left.exists()

    at_home(tmp_path, work)
