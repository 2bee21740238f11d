"""The store: branches, conversations, search, opening. Also helpers of the other tests of the store."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import keyring.core
import pytest
from keyring.backends import fail

from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn, TurnOutline
from mirador_desktop.core.search_query import parse
from mirador_desktop.errors import StoreError
from mirador_desktop.memory.store import Store

T = TypeVar("T")


def without_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may write into the keyring of the person who runs it."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())  # type: ignore[no-untyped-call]
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


def with_store(folder: Path, work: Callable[[Store], Coroutine[Any, Any, T]], **arguments: Any) -> T:
    """Open a store, let `work` have it, close it."""

    async def main() -> T:
        store = Store(folder, **arguments)
        try:
            await store.open()
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(main())


def chain(count: int, conversation: str = "c", text: str = "hello") -> list[Turn]:
    """Turns of which each follows the one before."""
    ids = [f"{number:032x}" for number in range(1, count + 1)]
    return [
        Turn(key, conversation, parent, f"question {key[-4:]}", reason="done", stages=[stage(text)])
        for key, parent in zip(ids, ["", *ids], strict=False)
    ]


def stage(text: str) -> StageRecord:
    return StageRecord("quick", answers=[Answer("model", text, reason="done")])


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


# Branches


def test_branches_siblings_and_the_newest_leaf(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        rows = [("1", ""), ("2", "1"), ("3", "1"), ("4", "3"), ("5", "3"), ("6", "2"), ("7", ""), ("8", "6")]
        other = Turn("9", "other", "", "")
        turns = [Turn(key, "c", parent, "ab", stages=[stage("cde")]) for key, parent in rows]
        await store.save([Conversation("c", leaf="5"), Conversation("other", leaf="9")], [*turns, other])

        assert await store.outline("5") == [TurnOutline("1", 5), TurnOutline("3", 5), TurnOutline("5", 5)]
        assert [turn.id for turn in await store.tail("8", 3)] == ["2", "6", "8"]
        assert [turn.id for turn in await store.tail("8", 99)] == ["1", "2", "6", "8"]
        assert await store.tail("8", 0) == await store.tail("missing", 5) == []
        assert await store.outline("missing") == await store.outline("") == []
        assert await store.siblings("4") == await store.siblings("5") == ["4", "5"]
        assert await store.siblings("7") == ["1", "7"]
        assert await store.siblings("missing") == []
        assert [await store.newest_leaf(key) for key in "1278"] == ["5", "8", "7", "8"]
        assert await store.newest_leaf("missing") == "missing"
        places = {turn.id: (turn.position, turn.siblings) for turn in await store.turns(list("123456789"))}
        assert list(places.values()) == [(1, 2), (1, 2), (2, 2), (1, 2), (2, 2), (1, 1), (2, 2), (1, 1), (1, 1)]
        assert {c.id: c.turns for c in await store.conversations()} == {"c": 3, "other": 1}
        await store.save([Conversation("c", leaf="8")])
        assert {c.id: c.turns for c in await store.conversations()} == {"c": 4, "other": 1}
        await store.save(turns=[Turn("91", "other", "9")])  # not on the shown branch
        assert {c.id: c.turns for c in await store.conversations()} == {"c": 4, "other": 1}

    with_store(tmp_path, work)


def test_a_circle_of_turns_ends(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await store.save([Conversation("c", leaf="b")], [Turn("a", "c", "b"), Turn("b", "c", "a")])
        assert [each.id for each in await store.outline("b")] == ["a", "b"]
        assert await store.newest_leaf("a") in {"a", "b"}

    with_store(tmp_path, work)


def test_ten_thousand_turns(tmp_path: Path) -> None:
    turns = chain(10_000, text="hello world " * 20)
    leaf = turns[-1].id

    async def work(store: Store) -> None:
        await store.save([Conversation("c", leaf=leaf)], turns)
        began = time.perf_counter()
        outline = await store.outline(leaf)
        tail = await store.tail(leaf, 20)
        newest = await store.newest_leaf(turns[0].id)
        took = time.perf_counter() - began
        assert [each.id for each in outline] == [turn.id for turn in turns]
        assert outline[0].characters == len(turns[0].question) + 240
        assert tail == turns[-20:]
        assert newest == leaf
        assert took < 1.0, "usually under 0.1 s"

    with_store(tmp_path, work)


# Conversations


def test_conversations_newest_first_and_deleted_ones_hidden(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await store.save([Conversation(key, updated=at) for key, at in (("a", 1.0), ("b", 3.0), ("c", 2.0))])
        assert [each.id for each in await store.conversations()] == ["b", "c", "a"]
        await store.set_deleted(["b"], 100.0)
        await store.save([Conversation("b", "changed", updated=9.0)])  # does not bring it back
        assert [each.id for each in await store.conversations()] == ["c", "a"]
        assert await store.conversation("b") is None
        assert await store.conversation("missing") is None
        assert (await store.search(parse("changed"))).conversations == ()
        assert await store.purge(100.0) == 0
        await store.set_deleted(["b"], None)
        assert await store.conversation("b") == Conversation("b", "changed", updated=9.0)
        await store.set_deleted(["b"], 100.0)
        await store.set_deleted(["a"], 300.0)
        assert await store.purge(200.0) == 1
        await store.set_deleted(["b"], None)
        await store.set_deleted(["a"], None)
        assert [each.id for each in await store.conversations()] == ["c", "a"]

    with_store(tmp_path, work)


# Opening and closing


def test_opening_twice_and_closing_twice(tmp_path: Path) -> None:
    async def main() -> None:
        store = Store(tmp_path / "new" / "folder")
        await store.close()
        with pytest.raises(StoreError, match=r"mirador\.db is closed"):
            await store.conversations()
        assert not store.is_open
        await store.open()
        await store.open()
        assert store.key_place == "file"
        assert "mirador.key" in store.key_notice
        await store.close()
        await store.close()
        assert not store.is_open
        await store.open()
        assert await store.conversations() == []
        await store.close()
        again = Store(tmp_path / "new" / "folder")
        await again.open()
        assert again.key_notice == ""
        await again.close()

    asyncio.run(main())
