"""The database as a file: encrypted, really deleted, full, locked, damaged, killed, and used by two at once."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn
from mirador_desktop.errors import (
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreKeyMissing,
    StoreLocked,
    StoreReadOnly,
)
from mirador_desktop.memory import database
from mirador_desktop.memory.failures import explain
from mirador_desktop.memory.key import load_key
from mirador_desktop.memory.store import Store
from tests.unit.test_store import chain, with_store, without_keyring

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


def raw(folder: Path) -> apsw.Connection:
    return database.connect(folder / "mirador.db", load_key(folder, database_exists=True).material)


@contextmanager
def process(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Python code in a process of its own; it is killed at the end if it still runs."""
    command = [sys.executable, "-c", code, *arguments]
    child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with child:
        try:
            yield child
        finally:
            child.kill()


def line_of(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


# What is in the bytes


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
    await store.mark_deleted("c2", 100.0)


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
        await store.mark_deleted("c", 1.0)
        reader = raw(tmp_path)
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


# What can go wrong


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


HOLD = """
import sys
from pathlib import Path
from mirador_desktop.memory import database
from mirador_desktop.memory.key import load_key
folder = Path(sys.argv[1])
connection = database.connect(folder / "mirador.db", load_key(folder, database_exists=True).material)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_database_that_another_process_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 20)

    async def work(store: Store) -> None:
        await store.save([Conversation("c")])
        with process(HOLD, str(tmp_path)) as child:
            assert line_of(child) == "held"
            with pytest.raises(StoreLocked, match=r"Another program holds .*mirador\.db"):
                await store.save([Conversation("d")])
            assert len(await store.conversations()) == 1
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
        for at in range(20_000, path.stat().st_size, 20_000):
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


# Processes

WRITE = """
import asyncio, sys
from pathlib import Path
from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn
from mirador_desktop.memory.store import Store

async def main(folder, name, count):
    store = Store(Path(folder))
    await store.open()
    await store.save([Conversation(name)])
    for number in range(int(count)):
        text = f"{number} " * (number % 50 * 100)
        turn = Turn(f"{name}-{number}", name, stages=[StageRecord("s", answers=[Answer("m", text)])])
        await store.save([Conversation(name, str(number))], [turn])
        print(number, flush=True)
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_process_killed_at_any_moment_leaves_a_database_that_opens(tmp_path: Path) -> None:
    for number in range(6):
        name = f"run{number}"
        with process(WRITE, str(tmp_path), name, "1000000") as child:
            for _ in range(number * 17 % 40 + 1):
                last = int(line_of(child))
            deadline = time.perf_counter() + number * 0.0007  # another moment in the writing each time
            while time.perf_counter() < deadline:
                pass
            child.send_signal(signal.SIGKILL)
            child.wait(10)

        async def check(store: Store, name: str = name, last: int = last) -> None:
            assert await store._run(lambda connection: connection.execute("PRAGMA integrity_check").get) == "ok"
            turns = await store.turns([f"{name}-{at}" for at in range(last + 1)])
            assert len(turns) == last + 1, "what was reported as written is there"
            assert turns[-1].stages[0].answers[0].text == f"{last} " * (last % 50 * 100)
            found = await store.conversation(name)
            assert found is not None
            assert int(found.title) >= last

        with_store(tmp_path, check)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_process_killed_while_it_makes_the_database(tmp_path: Path) -> None:
    for number in range(6):
        folder = tmp_path / str(number)
        with process(WRITE, str(folder), "c", "5") as child:
            deadline = time.monotonic() + 30
            while not folder.exists() and child.poll() is None:
                assert time.monotonic() < deadline
            until = time.perf_counter() + number * 0.002
            while time.perf_counter() < until:
                pass
            child.send_signal(signal.SIGKILL)
            child.wait(10)
        with_store(folder, lambda store: store.save([Conversation("d")]))


def test_processes_that_make_and_write_one_database_at_once(tmp_path: Path) -> None:
    folder = str(tmp_path / "data")
    with process(WRITE, folder, "a", "60") as one, process(WRITE, folder, "b", "60") as two:
        assert [child.wait(60) for child in (one, two)] == [0, 0]

    async def check(store: Store) -> None:
        assert {each.id: each.title for each in await store.conversations()} == {"a": "59", "b": "59"}
        assert len(await store.turns([f"{name}-{at}" for name in "ab" for at in range(60)])) == 120

    with_store(tmp_path / "data", check)
