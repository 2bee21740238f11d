"""What can go wrong with the database file, and in which words it is told."""

import asyncio
import errno
import os
from pathlib import Path

import apsw
import pytest

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.errors import (
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreKeyMissing,
    StoreLocked,
    StoreReadOnly,
)
from mirador_desktop.memory.failures import explain
from mirador_desktop.memory.key import load_key
from mirador_desktop.memory.store import Store
from tests.unit.test_store import chain, with_store, without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


def test_a_full_disk(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await store.save([Conversation("c", "kept")])
        pages = await store._run(lambda connection: connection.pragma("page_count"))
        await store._run(lambda connection: connection.pragma("max_page_count", pages + 2))
        large = Turn("t", "c", question="x" * 100_000)
        for _ in range(2):
            with pytest.raises(StoreFull, match=r"disk is full.*mirador\.db"):
                await store.save([Conversation("c", "not kept")], [large])
        assert [each.title for each in await store.conversations()] == ["kept"]
        await store._run(lambda connection: connection.pragma("max_page_count", 1_000_000))
        await store.save([Conversation("c", "kept again")], [large])
        assert [each.title for each in await store.conversations()] == ["kept again"]

    with_store(tmp_path, work)


def test_a_folder_that_is_a_file_until_it_is_not(tmp_path: Path) -> None:
    async def main() -> None:
        blocked = tmp_path / "data"
        blocked.write_text("a file")
        store = Store(blocked / "mirador")
        with pytest.raises(StoreReadOnly, match="is a file"):
            await store.open()
        with pytest.raises(StoreReadOnly):
            await store.conversations()
        blocked.unlink()
        assert await store.conversations() == []  # opened by itself
        await store.close()

    asyncio.run(main())


def test_a_database_that_is_a_folder(tmp_path: Path) -> None:
    load_key(tmp_path, database_exists=False)
    (tmp_path / "mirador.db").mkdir()
    with pytest.raises(StoreError, match=r"mirador\.db"):
        with_store(tmp_path, lambda store: store.conversations())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreReadOnly):
        with_store(tmp_path, lambda store: store.conversations())


def test_a_database_that_cannot_be_written_is_opened_again(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await store.save([Conversation("c")])
        await store._run(lambda connection: connection.pragma("query_only", True))
        with pytest.raises(StoreReadOnly, match="Check the permissions"):
            await store.save([Conversation("d")])
        assert not store.is_open
        await store.save([Conversation("d")])
        assert len(await store.conversations()) == 2

    with_store(tmp_path, work)


def test_a_file_that_is_something_else_is_left_alone_and_set_aside(tmp_path: Path) -> None:
    load_key(tmp_path, database_exists=False)
    garbage = b"this is not a database " * 1000
    (tmp_path / "mirador.db").write_bytes(garbage)
    key = (tmp_path / "mirador.key").read_bytes()

    async def main() -> None:
        store = Store(tmp_path)
        for _ in range(2):
            with pytest.raises(StoreDamaged, match="set it aside"):
                await store.open()
        assert sorted(os.listdir(tmp_path)) == ["mirador.db", "mirador.key"]
        assert (tmp_path / "mirador.db").read_bytes() == garbage
        (tmp_path / "mirador.db-wal").write_bytes(b"log")
        first = await store.set_aside()
        assert first.name.startswith("mirador-damaged-20")
        assert first.read_bytes() == garbage
        assert (tmp_path / f"{first.name}-wal").read_bytes() == b"log"
        assert first.with_suffix(".key").read_bytes() == key
        await store.save([Conversation("c")])
        second = await store.set_aside()  # in the same second, perhaps
        assert second != first
        assert second.exists()
        assert await store.conversations() == []
        await store.close()

    asyncio.run(main())


def test_setting_aside_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "no", str(self))

    async def work(store: Store) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", refuse)
            with pytest.raises(StoreReadOnly):
                await store.set_aside()

    with_store(tmp_path, work)


def test_two_set_aside_in_one_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(store: Store) -> None:
        names = set()
        for _ in range(20):
            await store.save([Conversation("c")])
            names.add(await store.set_aside())
        assert len(names) == 20

    with_store(tmp_path, work)


def test_damage_inside_the_file(tmp_path: Path) -> None:
    turns = chain(200, text="hello " * 300)
    with_store(tmp_path, lambda store: store.save([Conversation("c")], turns))
    path = tmp_path / "mirador.db"
    with path.open("r+b") as file:
        for at in range(200_000, path.stat().st_size, 20_000):
            file.seek(at)
            file.write(b"damage")
    before = path.read_bytes()

    async def work(store: Store) -> None:
        with pytest.raises(StoreDamaged, match=r"mirador\.db"):
            await store.turns([turn.id for turn in turns])
        assert not store.is_open

    with_store(tmp_path, work)
    assert path.read_bytes() == before


def test_a_key_that_is_gone(tmp_path: Path) -> None:
    with_store(tmp_path, lambda store: store.save([Conversation("c", "Title")]))
    key = tmp_path / "mirador.key"
    kept = key.rename(tmp_path / "elsewhere")
    with pytest.raises(StoreKeyMissing, match=r"mirador\.key is missing"):
        with_store(tmp_path, lambda store: store.conversations())
    assert not key.exists()
    kept.rename(key)
    assert [each.title for each in with_store(tmp_path, lambda store: store.conversations())] == ["Title"]


def test_closing_never_raises(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work(store: Store) -> None:
        await store.save([Conversation("c")])
        connection = store._connection
        assert connection is not None
        connection.close()

    with_store(tmp_path, work)
    assert "when closing" in caplog.text
    assert [each.id for each in with_store(tmp_path, lambda store: store.conversations())] == ["c"]


def extended(kind: type[apsw.Error], code: int) -> apsw.Error:
    error = kind("words")
    error.extendedresult = code  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (OSError(errno.ENOSPC, "full", "/x/key"), StoreFull, "/x/key"),
        (PermissionError(errno.EACCES, "no", "/x/key"), StoreReadOnly, "/x/key cannot be opened for writing"),
        (OSError(errno.EROFS, "read only"), StoreReadOnly, "/data/mirador.db cannot be opened"),
        (OSError(errno.EIO, "broken"), StoreError, "/data/mirador.db cannot be used right now: broken"),
        (apsw.CantOpenError("x"), StoreReadOnly, "/data/mirador.db"),
        (apsw.LockedError("x"), StoreLocked, "/data/mirador.db"),
        (extended(apsw.IOError, apsw.SQLITE_IOERR_DATA), StoreDamaged, "/data/mirador.db"),
        (extended(apsw.IOError, apsw.SQLITE_IOERR_WRITE), StoreError, "The disk reports an error"),
        (apsw.SQLError("no such table"), StoreError, "no such table"),
        (StoreFull("as it is"), StoreFull, "^as it is$"),
    ],
)
def test_errors_in_words(error: Exception, kind: type[StoreError], words: str) -> None:
    explained = explain(error, Path("/data/mirador.db"))
    assert type(explained) is kind
    with pytest.raises(kind, match=words):
        raise explained
