"""The store: what goes in comes out, branches, deletion marks and search. Also helpers of the other store tests."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import keyring.core
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keyring.backends import fail

from mirador_desktop.core.confidence import Marks
from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn, TurnOutline, new_id
from mirador_desktop.errors import StoreError
from mirador_desktop.memory.rows import clean
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


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until a condition holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.001)


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


# Records

texts = st.text(st.characters(exclude_categories=()), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
maybe = st.none() | numbers
counts = st.integers(0, 2**40)
reasons = st.sampled_from(["done", "length", "stopped", "failed", "skipped", None])
tokens = st.lists(st.tuples(st.integers(0, 300), st.none() | st.floats(0, 1)), max_size=5)


@st.composite
def all_marks(draw: st.DrawFn) -> Marks:
    marks = Marks()
    for characters, confidence in draw(tokens):
        marks.append(characters, confidence)
    return marks


alternatives = st.dictionaries(
    st.integers(0, 10**6), st.lists(st.tuples(texts, st.floats(0, 1)), max_size=3).map(tuple), max_size=3
)
answers = st.builds(
    Answer,
    model=texts,
    text=texts,
    thinking=texts,
    marks=all_marks(),
    alternatives=alternatives,
    reason=reasons,
    error=texts,
    fallback_for=texts,
    tokens=counts,
    first_token=maybe,
    tokens_per_second=maybe,
    confidence=maybe,
    source=st.sampled_from(["logprobs", "agreement", "none"]),
    calibrated=st.booleans(),
    thinking_seconds=maybe,
    started=maybe,
    ended=maybe,
)
stages = st.builds(
    StageRecord,
    name=texts,
    threshold=numbers,
    skipped=texts,
    folded=st.none() | st.booleans(),
    answers=st.lists(answers, max_size=3),
)
turns = st.builds(
    Turn,
    id=st.just("0" * 32),
    conversation=st.just("c"),
    question=texts,
    created=numbers,
    intent=texts,
    complexity=texts,
    pipeline=texts,
    depth=texts,
    memories=counts,
    first_token=maybe,
    reason=reasons,
    final_stage=texts,
    error=texts,
    stages=st.lists(stages, max_size=3),
)
conversations = st.builds(
    Conversation,
    id=st.just("c"),
    title=texts,
    title_by_person=st.booleans(),
    pinned=st.booleans(),
    created=numbers,
    updated=numbers,
    leaf=texts,
)


def cleaned(record: Any) -> Any:
    """What is expected back: without half surrogates, and with what was cut off marked as stopped."""
    if isinstance(record, str):
        return clean(record)
    if isinstance(record, list | tuple):
        return type(record)(cleaned(each) for each in record)
    if isinstance(record, dict):
        return {key: cleaned(each) for key, each in record.items()}
    if isinstance(record, Conversation | Turn | StageRecord | Answer):
        changed = {name: cleaned(getattr(record, name)) for name in record.__slots__}
        if isinstance(record, Turn | Answer):
            changed["reason"] = record.reason or "stopped"
        return replace(record, **changed)
    return record


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Store, asyncio.Runner]]:
    store = Store(tmp_path)
    with asyncio.Runner() as runner:
        runner.run(store.open())
        yield store, runner
        runner.run(store.close())


@given(conversation=conversations, first=turns, second=turns)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_records_come_back_as_they_were(
    running: tuple[Store, asyncio.Runner], conversation: Conversation, first: Turn, second: Turn
) -> None:
    store, runner = running
    for turn in (first, second, second):  # the second time over the first: nothing of it stays
        runner.run(store.save([conversation], [turn]))
        assert runner.run(store.turns([turn.id])) == [cleaned(turn)]
        assert runner.run(store.conversation("c")) == cleaned(conversation)


def test_not_a_number_is_kept_as_none_or_zero(tmp_path: Path) -> None:
    nan = float("nan")

    async def work(store: Store) -> None:
        turn = Turn("t", "c", created=nan, stages=[StageRecord("s", nan, answers=[Answer("m", confidence=nan)])])
        await store.save([Conversation("c", created=nan)], [turn])
        (back,) = await store.turns(["t"])
        assert (back.created, back.stages[0].threshold, back.stages[0].answers[0].confidence) == (0, 0, None)

    with_store(tmp_path, work)


def test_many_alternatives_come_back(tmp_path: Path) -> None:
    many = dict.fromkeys(range(0, 9000, 3), (("a", 0.5), ("\ud800", 0.25)))

    async def work(store: Store) -> None:
        answer = Answer("m", alternatives={**many})
        await store.save([Conversation("c")], [Turn("t", "c", stages=[StageRecord("s", answers=[answer])])])
        (back,) = await store.turns(["t"])
        assert back.stages[0].answers[0].alternatives == cleaned(many)

    with_store(tmp_path, work)


def test_records_survive_closing_and_opening(tmp_path: Path) -> None:
    turns = chain(3)
    with_store(tmp_path, lambda store: store.save([Conversation("c", "Title", leaf=turns[-1].id)], turns))
    assert with_store(tmp_path, lambda store: store.turns([turn.id for turn in turns])) == turns
    assert with_store(tmp_path, lambda store: store.conversations()) == [
        Conversation("c", "Title", leaf=turns[-1].id, turns=3)
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mirador.db", "mirador.key"]


def test_turns_may_come_in_any_order_and_missing_ones_are_left_out(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        turns = chain(3)
        await store.save([Conversation("c", leaf=turns[-1].id)], [turns[2], turns[0], turns[1]])
        assert await store.turns([turns[1].id, "missing", turns[0].id]) == [turns[1], turns[0]]
        assert await store.turns([]) == []
        found = await store.conversation("c")
        assert found is not None
        assert found.turns == 3

    with_store(tmp_path, work)


def test_a_turn_without_its_conversation_is_left_out(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await store.save([Conversation("c")], [Turn("t", "gone"), Turn("u", "c")])
        assert [turn.id for turn in await store.turns(["t", "u"])] == ["u"]

    with_store(tmp_path, work)


def test_answers_that_are_gone_from_a_turn_are_deleted(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        two = StageRecord("deep", answers=[Answer("a", reason="done"), Answer("b", reason="done")])
        turn = Turn("t", "c", reason="done", stages=[stage("x"), two])
        await store.save([Conversation("c")], [turn])
        less = replace(turn, stages=[replace(two, answers=two.answers[:1])])
        await store.save(turns=[less])
        assert await store.turns(["t"]) == [less]

    with_store(tmp_path, work)


def test_answers_written_by_another_store_are_written_again_when_they_are_gone(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        turn = chain(1)[0]
        other = Store(tmp_path)
        await other.open()
        await store.save([Conversation("c")], [turn])
        await other.save(turns=[replace(turn, stages=[])])
        await other.close()
        await store.save(turns=[turn])
        assert await store.turns([turn.id]) == [turn]

    with_store(tmp_path, work)


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
        await store.mark_deleted("b", 100.0)
        await store.save([Conversation("b", "changed", updated=9.0)])  # does not bring it back
        assert [each.id for each in await store.conversations()] == ["c", "a"]
        assert await store.conversation("b") is None
        assert await store.conversation("missing") is None
        assert await store.search("changed") == []
        assert await store.purge(100.0) == 0
        await store.restore("b")
        assert await store.conversation("b") == Conversation("b", "changed", updated=9.0)
        await store.mark_deleted("b", 100.0)
        await store.mark_deleted("a", 300.0)
        assert await store.purge(200.0) == 1
        await store.restore("b")
        await store.restore("a")
        assert [each.id for each in await store.conversations()] == ["c", "a"]

    with_store(tmp_path, work)


def test_search_finds_all_words_in_any_case(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        for key, title, question, text in (
            ("a", "Übergröße", "How large is the 100% moon?", "As large as it LOOKS."),
            ("b", "Moon", "nothing", "under_score"),
            ("c", "", "", ""),
        ):
            turn = Turn(new_id(), key, "", question, stages=[stage(text)])
            await store.save([Conversation(key, title, updated=ord(key))], [turn])

        async def found(text: str, limit: int = 50) -> str:
            return "".join(each.id for each in await store.search(text, limit))

        assert await found("moon") == "ba"
        assert await found("moon", 1) == "b"
        assert await found("MOON looks ÜBERGRÖSSE") == "a"
        assert await found("moon missing") == ""
        assert await found("100%") == "a"
        assert await found("%") == "a"
        assert await found("r_s") == "b"
        assert await found("\ud800") == ""
        assert await found("' OR 1 --") == ""
        assert await found("  ") == "cba"

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
