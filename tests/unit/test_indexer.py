"""The queue of turns to index: who is in it, in which order it is worked through, and what a failure does."""

import asyncio
from pathlib import Path

import apsw
import pytest

from mirador_desktop.core.conversation import Conversation, Turn, new_id
from mirador_desktop.memory import search_index
from mirador_desktop.memory.indexer import Indexer
from mirador_desktop.memory.store import Store
from tests.unit.test_store import chain, without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The turns that reach the index for searching."""
    found: list[str] = []
    real = search_index.put

    def put(connection: apsw.Connection, turn: Turn) -> None:
        found.append(turn.id)
        if turn.question == "spoils":
            raise ValueError("spoiled")
        real(connection, turn)

    monkeypatch.setattr(search_index, "put", put)
    return found


def waiting(connection: apsw.Connection) -> list[str]:
    return [str(key) for (key,) in connection.execute("SELECT turn FROM to_index ORDER BY turn")]


async def opened(folder: Path) -> Store:
    store = Store(folder)
    await store.open()
    return store


async def save(store: Store, turns: list[Turn]) -> None:
    await store.save([Conversation("c", leaf=turns[-1].id)], turns)


def test_ended_turns_are_indexed_once_oldest_first(tmp_path: Path, seen: list[str]) -> None:
    async def body() -> None:
        store = await opened(tmp_path)
        turns = chain(30)
        await save(store, turns)
        await Indexer(store).catch_up(60)
        assert seen == [turn.id for turn in turns]
        assert await store.read(waiting) == []
        await save(store, turns)  # nothing has changed
        await Indexer(store).catch_up(60)
        assert len(seen) == 30
        await store.close()

    asyncio.run(body())


def test_a_turn_is_indexed_when_it_ends_and_again_when_it_is_answered_anew(tmp_path: Path, seen: list[str]) -> None:
    async def body() -> None:
        store = await opened(tmp_path)
        indexer = Indexer(store)
        turn = Turn(new_id(), "c", question="Why?")
        await save(store, [turn])
        await indexer.catch_up(60)
        assert seen == []  # it streams
        turn.reason = "done"
        await save(store, [turn])
        await indexer.catch_up(60)
        assert seen == [turn.id]
        turn.reason = "length"
        await save(store, [turn])
        await indexer.catch_up(60)
        assert seen == [turn.id, turn.id]
        await store.close()

    asyncio.run(body())


def test_what_a_kill_has_cut_off_is_indexed_by_the_next_start(tmp_path: Path, seen: list[str]) -> None:
    async def body() -> None:
        store = await opened(tmp_path)
        first = Indexer(store)
        turn = Turn(new_id(), "c", question="Why?")
        await save(store, [turn])
        await first.catch_up(60)
        assert seen == []
        while new_id()[:12] == turn.id[:12]:  # the next start is at least a millisecond later
            pass
        await Indexer(store).catch_up(60)
        assert seen == [turn.id]
        await store.close()

    asyncio.run(body())


def test_a_deleted_turn_leaves_the_queue(tmp_path: Path, seen: list[str]) -> None:
    async def body() -> None:
        store = await opened(tmp_path)
        await save(store, chain(3))
        assert len(await store.read(waiting)) == 3
        await store.set_deleted(["c"], 1.0)
        assert await store.purge(2.0) == 1
        assert await store.read(waiting) == []
        await Indexer(store).catch_up(60)
        assert seen == []
        await store.close()

    asyncio.run(body())


def test_one_turn_that_cannot_be_indexed_does_not_hold_up_the_others(tmp_path: Path, seen: list[str]) -> None:
    async def body() -> None:
        store = await opened(tmp_path)
        turns = chain(5)
        turns[2].question = "spoils"
        await save(store, turns)
        await Indexer(store).catch_up(60)
        assert seen == [turn.id for turn in turns]
        assert await store.read(waiting) == []
        await store.close()

    asyncio.run(body())


def test_it_runs_behind_the_program_and_wakes_for_what_is_new(tmp_path: Path, seen: list[str]) -> None:
    async def body() -> None:
        store = await opened(tmp_path)
        running = asyncio.create_task(Indexer(store).run())
        turns = chain(12)
        for count in (5, 12):
            await save(store, turns[:count])
            async with asyncio.timeout(30):
                while len(seen) < count:
                    await store.read(waiting)
                assert len(seen) == count
        running.cancel()
        await asyncio.wait({running})
        await store.close()

    asyncio.run(body())
