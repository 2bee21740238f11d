"""The keeper: writes what changed and only that, holds it while the store fails, and reports in one sentence."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.core.confidence import Marks
from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn
from mirador_desktop.errors import StoreError
from mirador_desktop.memory import keeper as keeper_module
from mirador_desktop.memory.keeper import Keeper, snapshot
from mirador_desktop.memory.store import Store
from tests.unit.helpers import until
from tests.unit.test_store import chain, without_keyring


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)
    monkeypatch.setattr(keeper_module, "INTERVAL", 0.005)
    monkeypatch.setattr(keeper_module, "RETRY", 0.005)


class Watched(Store):
    """A store that notes what it is given, waits for `gate`, and fails with `error` if there is one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.saved: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def save(self, conversations: Sequence[Conversation] = (), turns: Sequence[Turn] = ()) -> None:
        self.saved.append([*(each.id for each in conversations), *(each.id for each in turns)])
        await self.gate.wait()
        if self.error:
            raise self.error
        await super().save(conversations, turns)


def keeping(folder: Path, work: Callable[[Watched, Keeper, list[str]], Coroutine[Any, Any, None]]) -> None:
    """Give `work` a store and a keeper that is not running, and the list of its reports."""

    async def main() -> None:
        store, states = Watched(folder), list[str]()
        keeper = Keeper(store, states.append)
        try:
            await work(store, keeper, states)
        finally:
            await store.close()

    asyncio.run(main())


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_what_changed_is_written_and_only_that(tmp_path: Path) -> None:
    async def work(store: Watched, keeper: Keeper, states: list[str]) -> None:
        turns = chain(2)
        conversation = Conversation("c", leaf=turns[1].id)
        task = asyncio.create_task(keeper.run())
        for turn in turns:
            keeper.keep(conversation, turn)
        await until(lambda: len(store.saved) == 1)
        assert store.saved[0] == ["c", turns[0].id, turns[1].id]
        turns[1].stages[0].answers[0].text += "!"
        keeper.keep(turn=turns[1])
        await until(lambda: len(store.saved) == 2)
        assert store.saved[1] == [turns[1].id]
        assert await keeper.flush()
        assert await store.turns([turn.id for turn in turns]) == turns
        assert len(store.saved) == 2
        assert states == []
        await ended(task)

    keeping(tmp_path, work)


def test_a_flush_without_the_task_opens_the_store(tmp_path: Path) -> None:
    async def work(store: Watched, keeper: Keeper, states: list[str]) -> None:
        assert await keeper.flush()
        assert not store.is_open
        keeper.keep(Conversation("c"))
        assert keeper.dirty
        assert await keeper.flush()
        assert [each.id for each in await store.conversations()] == ["c"]

    keeping(tmp_path, work)


def test_changes_while_writing_are_written_after_it(tmp_path: Path) -> None:
    async def work(store: Watched, keeper: Keeper, states: list[str]) -> None:
        (turn,) = chain(1)
        answer = turn.stages[0].answers[0]
        store.gate.clear()
        keeper.keep(Conversation("c"), turn)
        first = asyncio.create_task(keeper.flush())
        await until(lambda: len(store.saved) == 1)
        answer.text = "newer"
        answer.marks.append(5, 0.5)
        answer.alternatives[0] = (("older", 0.25),)
        keeper.keep(turn=turn)
        store.gate.set()
        assert not await first
        (back,) = await store.turns([turn.id])
        assert back.stages[0].answers[0] == Answer("model", "hello", reason="done")
        assert await keeper.flush()
        assert await store.turns([turn.id]) == [turn]
        assert store.saved == [["c", turn.id], [turn.id]]

    keeping(tmp_path, work)


def test_while_the_store_fails_everything_is_held_and_said_once(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.write_text("in the way")

    async def work(store: Watched, keeper: Keeper, states: list[str]) -> None:
        (turn,) = chain(1)
        task = asyncio.create_task(keeper.run())
        await until(lambda: bool(states))
        assert "cannot be used as the data folder" in states[0]
        keeper.keep(Conversation("c"), turn)
        assert not await keeper.flush()
        turn.question = "changed in the meantime"
        attempts = len(states)
        folder.unlink()
        await until(lambda: states[-1] == "")
        await until(lambda: not keeper.dirty)
        assert await keeper.flush()
        assert await store.turns([turn.id]) == [turn]
        assert (attempts, len(states)) == (1, 2)
        await ended(task)

    keeping(folder, work)


def test_a_store_that_fails_in_between(tmp_path: Path) -> None:
    async def work(store: Watched, keeper: Keeper, states: list[str]) -> None:
        task = asyncio.create_task(keeper.run())
        await until(lambda: store.is_open)
        store.error = StoreError("no more")
        keeper.keep(Conversation("c"))
        await until(lambda: len(store.saved) >= 3)
        assert states == ["no more"]
        store.error = StoreError("another reason")
        await until(lambda: states[-1] == "another reason")
        store.error = None
        await until(lambda: states[-1] == "")
        assert await keeper.flush()
        assert [each.id for each in await store.conversations()] == ["c"]
        await ended(task)

    keeping(tmp_path, work)


def test_a_failed_flush_is_tried_again_by_the_task(tmp_path: Path) -> None:
    async def work(store: Watched, keeper: Keeper, states: list[str]) -> None:
        task = asyncio.create_task(keeper.run())
        await until(lambda: store.is_open)
        store.error = StoreError("once")
        keeper.keep(Conversation("c"))
        assert not await keeper.flush()
        store.error = None
        await until(lambda: states[-1] == "" and not keeper.dirty)
        await ended(task)

    keeping(tmp_path, work)


def test_an_unknown_error_is_logged_and_does_not_end_the_keeping(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(store: Watched, keeper: Keeper, states: list[str]) -> None:
        store.error = RuntimeError("strange")
        keeper.keep(Conversation("c"))
        assert not await keeper.flush()
        assert states == ["Conversations cannot be kept right now: RuntimeError: strange."]
        assert "Traceback" in caplog.text
        store.error = None
        assert await keeper.flush()
        assert states[-1] == ""

    keeping(tmp_path, work)


def test_a_window_that_fails_does_not_end_the_keeping(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        def fail(state: str) -> None:
            raise RuntimeError("no window")

        store = Watched(tmp_path)
        store.error = StoreError("no")
        keeper = Keeper(store, fail)
        keeper.keep(Conversation("c"))
        assert not await keeper.flush()
        assert "no window" in caplog.text
        await store.close()

    asyncio.run(main())


def test_a_cancelled_writing_is_written_again(tmp_path: Path) -> None:
    async def work(store: Watched, keeper: Keeper, states: list[str]) -> None:
        store.gate.clear()
        keeper.keep(Conversation("c"))
        task = asyncio.create_task(keeper.run())
        await until(lambda: bool(store.saved))
        await ended(task)
        assert keeper.dirty
        store.gate.set()
        assert await keeper.flush()
        assert [each.id for each in await store.conversations()] == ["c"]

    keeping(tmp_path, work)


def test_what_was_deleted_is_not_written(tmp_path: Path) -> None:
    async def work(store: Watched, keeper: Keeper, states: list[str]) -> None:
        (turn,) = chain(1)
        keeper.keep(Conversation("c"), turn)
        keeper.keep(Conversation("d"), Turn("e", "d"))
        keeper.forget("c")
        keeper.keep(Conversation("c"), turn)
        assert await keeper.flush()
        assert store.saved == [["d", "e"]]
        keeper.keep(Conversation("d"), Turn("f", "d"))
        store.gate.clear()
        store.error = StoreError("no")
        writing = asyncio.create_task(keeper.flush())
        await until(lambda: len(store.saved) == 2)
        keeper.forget("d")  # while it is being written, without success
        store.gate.set()
        assert await writing
        keeper.remember("c")
        store.error = None
        keeper.keep(Conversation("c"), turn)
        assert await keeper.flush()
        assert store.saved[2:] == [["c", turn.id]]

    keeping(tmp_path, work)


def test_a_newer_database_is_reported_and_not_touched(tmp_path: Path) -> None:
    async def work(store: Watched, keeper: Keeper, states: list[str]) -> None:
        await store.open()
        await store._run(lambda connection: connection.pragma("user_version", 99))
        await store.close()
        before = (tmp_path / "mirador.db").read_bytes()
        task = asyncio.create_task(keeper.run())
        keeper.keep(Conversation("c"))
        await until(lambda: bool(states))
        assert not await keeper.flush()
        assert not await keeper.flush()
        assert len(states) == 1
        assert "made by a newer Mirador" in states[0]
        await ended(task)
        assert (tmp_path / "mirador.db").read_bytes() == before

    keeping(tmp_path, work)


def test_a_snapshot_of_three_long_answers_is_quick() -> None:
    marks = Marks()
    for _ in range(32_000):
        marks.append(4, 0.5)
    others = (("one", 0.25), ("other", 0.125))
    answers = [
        Answer(
            "m", "text" * 32_000, marks=Marks(bytes(marks)), alternatives=dict.fromkeys(range(0, 32_000, 5), others)
        )
        for _ in range(3)
    ]
    turn = Turn("t", "c", stages=[StageRecord("s", answers=[answer]) for answer in answers])
    times = []
    for _ in range(9):
        began = time.perf_counter()
        copied = snapshot(turn)
        times.append(time.perf_counter() - began)
    assert copied == turn
    assert min(times) < 0.002
    answers[0].marks.append(1, 1.0)
    answers[0].alternatives.clear()
    assert copied != turn
    assert copied.stages[0].answers[0].marks == marks
