"""The bytes of the database: encrypted, private, and really gone when deleted."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn
from mirador_desktop.errors import StoreError
from mirador_desktop.memory import database
from mirador_desktop.memory.key import load_key
from mirador_desktop.memory.store import Store
from tests.unit.test_store import with_store, without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


def plainly(path: Path, key: bytes, *, read_only: bool = False, immutable: bool = False) -> apsw.Connection:
    """In place of `database.connect`: without encryption, so that a test can search all bytes of the files."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(database.BUSY_MILLISECONDS)
    return connection


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def secrets_of(number: int) -> list[Turn]:
    """Turns of many sizes with the word SECRET in every text."""
    word = f"SECRET{number}-"
    return [
        Turn(
            f"{number:08x}{size:08x}",
            f"c{number}",
            f"{number:08x}{size - 1:08x}" if size else "",
            word * (size * 7 % 90 + 1),
            error=word,
            stages=[StageRecord("s", skipped=word, answers=[Answer("m", word * (size * size % 900), word * size)])],
        )
        for size in range(60)
    ]


async def fill(store: Store) -> None:
    for number in (1, 2, 3):
        turns = secrets_of(number)
        for at in range(0, 60, 10):
            await store.save([Conversation(f"c{number}", f"SECRET{number}-title")], turns[at : at + 10])
        for turn in turns:
            turn.stages[0].answers[0].text += "more" * 50  # rewritten, as while streaming
        await store.save(turns=turns)
    await store.set_deleted(["c2"], 100.0)


def test_no_text_is_in_the_files(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await fill(store)
        assert (tmp_path / "mirador.db-wal").stat().st_size
        files = all_bytes(tmp_path)
        assert len(files) > 1_000_000
        assert b"SECRET" not in files
        assert b"CREATE TABLE" not in files

    with_store(tmp_path, work)
    assert b"SECRET" not in all_bytes(tmp_path)


@pytest.mark.parametrize("checkpointed", [False, True])
def test_deleted_text_is_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpointed: bool) -> None:
    monkeypatch.setattr(database, "connect", plainly)

    async def work(store: Store) -> None:
        await fill(store)
        if checkpointed:
            assert await store._run(database.checkpoint)
        assert all_bytes(tmp_path).count(b"SECRET2") > 1000
        assert await store.purge(200.0) == 1
        after = all_bytes(tmp_path)
        assert b"SECRET2" not in after
        assert after.count(b"SECRET1") > 1000
        assert after.count(b"SECRET3") > 1000
        assert len(await store.turns([turn.id for turn in secrets_of(1)])) == 60

    with_store(tmp_path, work)


def test_without_secure_deletion_the_search_would_find_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "connect", plainly)

    async def work(store: Store) -> None:
        await fill(store)
        await store._run(lambda connection: connection.pragma("secure_delete", False))
        await store.purge(200.0)
        assert b"SECRET2" in all_bytes(tmp_path)

    with_store(tmp_path, work)


def test_secure_deletion_is_on_and_old_copies_go_too(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        names = ("secure_delete", "foreign_keys", "journal_mode", "cipher")
        values = await store._run(lambda connection: [connection.pragma(name) for name in names])
        assert values == [1, 1, "wal", "chacha20"]
        old, new = tmp_path / "mirador-before-v1.db", tmp_path / "mirador-before-v2.db"
        for copy, at in ((old, 50.0), (new, 300.0)):
            copy.write_bytes(b"")
            os.utime(copy, (at, at))
        await store.purge(200.0)
        assert not old.exists()
        assert new.exists()

    with_store(tmp_path, work)


def test_purging_while_another_process_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 20)

    async def work(store: Store) -> None:
        await store.save([Conversation("c", "SECRET")])
        await store.set_deleted(["c"], 1.0)
        reader = database.connect(tmp_path / "mirador.db", load_key(tmp_path, database_exists=True).material)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM conversations").fetchall()
        assert await store.purge(2.0) == 1
        assert "stays in its log until later" in caplog.text
        reader.close()
        assert await store.purge(2.0) == 0
        assert (tmp_path / "mirador.db-wal").stat().st_size == 0

    with_store(tmp_path, work)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_only_the_person_can_read_the_files(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await store.save([Conversation("c")])
        for path in (tmp_path / "new").iterdir():
            assert path.stat().st_mode & 0o077 == 0, path
        assert (tmp_path / "new").stat().st_mode & 0o077 == 0

    with_store(tmp_path / "new", work)


def test_everything_is_deleted_while_somebody_reads(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        async def read() -> None:
            while True:
                with suppress(StoreError):  # there is no file just now
                    await store.read(lambda connection: connection.execute("SELECT count(*) FROM turns").fetchall())

        readers = [asyncio.create_task(read()) for _ in range(3)]
        for _ in range(20):
            await store.save([Conversation("c", "SECRET")])
            await store.erase()
            assert await store.conversations() == []  # in another file, which a reader may have begun
        assert not any(reader.done() for reader in readers)
        for reader in readers:
            reader.cancel()
        await asyncio.wait(readers)

    with_store(tmp_path, work)
