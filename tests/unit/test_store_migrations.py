"""Older and newer databases: copies before a migration, migrations that fail, and files that are too new."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.errors import StoreDamaged, StoreError, StoreFull, StoreTooNew
from mirador_desktop.memory import database
from mirador_desktop.memory.key import load_key
from mirador_desktop.memory.migrations import MIGRATIONS, Migration
from mirador_desktop.memory.store import Store
from tests.unit.test_store import chain, with_store, without_keyring

NEWEST = len(MIGRATIONS)
NEXT = f"mirador-before-v{NEWEST + 1}.db"
ADD = "ALTER TABLE conversations ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'"


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


def raw(folder: Path, name: str = "mirador.db") -> apsw.Connection:
    return database.connect(folder / name, load_key(folder, database_exists=True).material)


def ask(folder: Path, sql: str, name: str = "mirador.db") -> object:
    connection = raw(folder, name)
    try:
        return connection.execute(sql).get
    finally:
        connection.close()


def contents(folder: Path, but: str = "-shm") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(but)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A database of the newest version with a conversation of three turns."""
    turns = chain(3)
    with_store(tmp_path, lambda store: store.save([Conversation("c", "Title", leaf=turns[-1].id)], turns))
    return tmp_path


def fill(connection: apsw.Connection) -> None:
    connection.execute("UPDATE conversations SET colour = 'red'")


def test_each_migration_is_done_once_after_a_copy(folder: Path) -> None:
    later: tuple[Migration, ...] = (*MIGRATIONS, ADD, fill)
    found = with_store(folder, lambda store: store.conversations(), migrations=later)
    assert [each.title for each in found] == ["Title"]
    assert ask(folder, "SELECT colour FROM conversations") == "red"
    assert ask(folder, "PRAGMA user_version") == NEWEST + 2
    ask(folder, "UPDATE conversations SET colour = 'blue'")
    with_store(folder, lambda store: store.conversations(), migrations=later)
    assert ask(folder, "SELECT colour FROM conversations") == "blue"

    last = f"mirador-before-v{NEWEST + 2}.db"
    assert {NEXT, last} <= set(contents(folder))
    assert ask(folder, "PRAGMA user_version", NEXT) == NEWEST
    assert ask(folder, "SELECT count(*) FROM turns", NEXT) == 3
    assert ask(folder, "SELECT colour FROM conversations", last) == "grey"
    assert not any(b"Title" in data for data in contents(folder).values())


def test_a_new_database_needs_no_copy(tmp_path: Path) -> None:
    with_store(tmp_path, lambda store: store.conversations(), migrations=(*MIGRATIONS, ADD, fill))
    assert set(contents(tmp_path)) == {"mirador.db", "mirador.key"}


def raises(error: Exception) -> Callable[[apsw.Connection], None]:
    def step(connection: apsw.Connection) -> None:
        connection.execute("CREATE TABLE half_way (x)")
        raise error

    return step


@pytest.mark.parametrize(
    ("step", "kind", "words"),
    [
        ("CREATE TABLE half_way (x); DELETE FROM turns; SELECT nonsense", StoreError, f"left at version {NEWEST}"),
        ("CREATE TABLE half_way (x); UPDATE turns SET conversation = 'x'", StoreError, "not be whole"),
        (raises(ValueError("odd")), StoreError, "odd"),
        (raises(apsw.FullError("full")), StoreFull, "disk is full"),
    ],
)
def test_a_migration_that_fails_changes_nothing(
    folder: Path, step: Migration, kind: type[StoreError], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        with_store(folder, lambda store: store.conversations(), migrations=(*MIGRATIONS, step))
    assert "mirador.db" in str(caught.value)
    assert ask(folder, "PRAGMA user_version") == NEWEST
    assert ask(folder, "SELECT count(*) FROM sqlite_schema WHERE name = 'half_way'") == 0
    turns = chain(3)
    assert with_store(folder, lambda store: store.tail(turns[-1].id, 9)) == turns


def test_a_copy_that_fails_stops_the_migration(folder: Path) -> None:
    (folder / NEXT).mkdir()
    with pytest.raises(StoreError, match=NEXT.removesuffix(".db")):
        with_store(folder, lambda store: store.conversations(), migrations=(*MIGRATIONS, ADD))
    assert ask(folder, "PRAGMA user_version") == NEWEST
    assert sorted(path.name for path in folder.iterdir()) == [NEXT, "mirador.db", "mirador.key"]


def test_two_programs_that_migrate_at_once(folder: Path) -> None:
    async def main() -> None:
        stores = [Store(folder, (*MIGRATIONS, ADD, fill)) for _ in range(2)]
        await asyncio.gather(*(store.open() for store in stores))
        assert [len(await store.conversations()) for store in stores] == [1, 1]
        for store in stores:
            await store.close()

    asyncio.run(main())
    assert ask(folder, "PRAGMA user_version") == NEWEST + 2


# Too new


def refused(folder: Path) -> None:
    """Opening says that the file is too new, twice, and leaves everything as it is."""
    before = contents(folder)
    for _ in range(2):
        with pytest.raises(StoreTooNew, match=rf"mirador\.db is of version 99.* up to {NEWEST}\."):
            with_store(folder, lambda store: store.conversations())
    assert contents(folder) == before


def test_a_newer_database_is_not_touched(folder: Path) -> None:
    ask(folder, "PRAGMA user_version = 99")
    refused(folder)
    assert set(contents(folder, but="nothing")) == {"mirador.db", "mirador.key"}


def test_a_newer_database_that_is_in_use_is_not_touched(folder: Path) -> None:
    connection = raw(folder)
    connection.execute("SELECT * FROM turns").fetchall()
    connection.pragma("user_version", 99)  # in the log only
    assert (folder / "mirador.db-wal").stat().st_size
    refused(folder)
    assert connection.execute("SELECT count(*) FROM turns").get == 3
    connection.close()


def test_a_newer_database_with_a_log_left_behind_is_not_touched(folder: Path, tmp_path: Path) -> None:
    connection = raw(folder)
    connection.pragma("user_version", 99)
    left = tmp_path / "left"
    left.mkdir()
    for name in ("mirador.db", "mirador.db-wal", "mirador.key"):
        shutil.copy(folder / name, left)
    connection.close()
    refused(left)
    assert set(contents(left, but="nothing")) == {"mirador.db", "mirador.db-wal", "mirador.key"}


def test_a_log_left_behind_is_read_when_the_version_fits(folder: Path, tmp_path: Path) -> None:
    connection = raw(folder)
    connection.execute("UPDATE conversations SET title = 'from the log'")
    left = tmp_path / "left"
    left.mkdir()
    for name in ("mirador.db", "mirador.db-wal", "mirador.key"):
        shutil.copy(folder / name, left)
    connection.close()
    found = with_store(left, lambda store: store.conversations())
    assert [each.title for each in found] == ["from the log"]


def test_an_empty_file_beside_a_log_is_damaged(folder: Path) -> None:
    (folder / "mirador.db").write_bytes(b"")
    (folder / "mirador.db-wal").write_bytes(b"precious")
    with pytest.raises(StoreDamaged, match=r"mirador\.db is empty"):
        with_store(folder, lambda store: store.conversations())
    assert (folder / "mirador.db-wal").read_bytes() == b"precious"
