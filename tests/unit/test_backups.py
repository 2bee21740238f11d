"""Backups: what is in them, who can open them, and that bringing one back loses nothing, whatever happens."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from mirador_desktop.backups import ENDING, check, file_name
from mirador_desktop.core.conversation import Turn, new_id
from mirador_desktop.errors import BackupError, StoreError
from mirador_desktop.memory import backup
from mirador_desktop.memory.migrations import MIGRATIONS
from mirador_desktop.memory.store import Store
from tests.unit.backup_helpers import PASSPHRASE, Home, at_home, fast_and_alone  # noqa: F401 - a fixture


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


def test_a_backup_that_cannot_be_brought_to_this_version_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / f"one{ENDING}"

    async def work(home: Home) -> None:
        await home.add("Here")
        await home.store.write(lambda connection: connection.pragma("user_version", 1))  # it is not of that version
        await home.backups.write(path, PASSPHRASE)
        await home.store.write(lambda connection: connection.pragma("user_version", len(MIGRATIONS)))
        with pytest.raises(BackupError, match=r"could not be read: .* could not be brought to version 2"):
            await home.backups.restore(path, PASSPHRASE)
        assert sorted(each.name for each in (tmp_path / "data").glob("*.db*")) == [
            "mirador.db", "mirador.db-shm", "mirador.db-wal",
        ]  # fmt: skip
        assert not [*(tmp_path / "data").glob(".restoring*")]
        await home.store.close()
        await home.store.open()
        assert await home.titles() == ["Here"]

    at_home(tmp_path, work)


def test_a_backup_of_an_older_program_is_brought_to_this_version(tmp_path: Path) -> None:
    old = Store(tmp_path / "old", migrations=MIGRATIONS[:1])
    path = tmp_path / f"one{ENDING}"

    async def make() -> None:
        await old.open()
        await old.write(
            lambda c: c.execute(
                "INSERT INTO conversations VALUES ('c', 'Old', 1, 0, 1.0, 1.0, '', 0, NULL)"
            ).fetchall()
        )
        await old.apart(lambda connection, _: backup.write(connection, path, backup.key_of(PASSPHRASE)))
        await old.close()

    asyncio.run(make())

    async def work(home: Home) -> None:
        await home.backups.restore(path, PASSPHRASE)
        assert await home.titles() == ["Old"]
        assert not [*(tmp_path / "data").glob(".restoring*")]

    at_home(tmp_path, work)


def test_what_was_replaced_is_kept_until_the_restored_database_opens(tmp_path: Path) -> None:
    path = tmp_path / f"one{ENDING}"

    async def work(home: Home) -> None:
        await home.add("Here")
        await home.backups.write(path, PASSPHRASE)
        replaced = await home.backups.restore(path, PASSPHRASE)
        await home.store.close()
        (tmp_path / "data" / "mirador.db").write_bytes(b"no database" * 1000)
        told = asyncio.Event()
        home.backups.told = lambda words: told.set()
        running = asyncio.ensure_future(home.backups.run())
        await told.wait()
        running.cancel()
        assert replaced.exists()

    at_home(tmp_path, work)


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes")
def test_a_backup_goes_where_a_link_leads_and_replaces_files_only(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    os.mkfifo(tmp_path / "pipe")

    async def work(home: Home) -> None:
        await home.add("Here")
        await home.backups.write(tmp_path / "link", PASSPHRASE)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").stat().st_size > 1000
        for wrong in ("pipe", "data"):
            with pytest.raises(BackupError, match="is not a file that can be replaced"):
                await home.backups.write(tmp_path / wrong, PASSPHRASE)

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
    left = tmp_path / "backups" / f".mirador-{'a' * 16}.tmp"

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


def test_what_changes_while_the_backup_takes_its_place_is_not_written_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(home: Home) -> None:
        path = tmp_path / f"kept{ENDING}"
        await home.add("Here")
        await home.backups.write(path, PASSPHRASE)
        await home.add("Later")
        (later,) = [c for c in await home.library.conversations() if c.title == "Later"]
        assert await home.library.open(later.id) is not None
        replace, writing = home.store.replace, list[asyncio.Task[bool]]()

        async def meanwhile(swap: Any) -> Path:
            later.title = "Its title"
            home.keeper.keep(later)
            writing.append(asyncio.create_task(home.keeper.flush()))
            return await replace(swap)

        monkeypatch.setattr(home.store, "replace", meanwhile)
        await home.backups.restore(path, PASSPHRASE)
        await asyncio.gather(*writing)
        assert [c.title for c in await home.store.conversations()] == ["Here"]

    at_home(tmp_path, work)
