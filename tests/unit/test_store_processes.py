"""Processes that use the database together, hold it, or are killed while they write it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.errors import StoreLocked
from mirador_desktop.memory import database
from mirador_desktop.memory.store import Store
from tests.unit.test_store import with_store, without_keyring

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


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
