"""The store: records come back as they went in, whatever is in them."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirador_desktop.core.conversation import Answer, ContextUsed, Conversation, StageRecord, Turn
from mirador_desktop.memory.rows import clean
from mirador_desktop.memory.store import Store
from tests.unit import record_strategies
from tests.unit.record_strategies import counts
from tests.unit.test_store import chain, stage, with_store, without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


texts = st.text(st.characters(exclude_categories=()), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
maybe = st.none() | numbers
reasons = st.sampled_from([*record_strategies.REASONS, None])
stages = record_strategies.stages(texts, texts, numbers, reasons)
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
    context=st.lists(st.builds(ContextUsed, texts, counts, texts, maybe), max_size=3),
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
    folder=texts,
    tags=st.lists(texts, max_size=3),
    archived=st.booleans(),
    memory=st.booleans(),
)


def cleaned(record: Any) -> Any:
    """What is expected back: without half surrogates, and with what was cut off marked as stopped."""
    if isinstance(record, str):
        return clean(record)
    if isinstance(record, list | tuple):
        return type(record)(cleaned(each) for each in record)
    if isinstance(record, dict):
        return {key: cleaned(each) for key, each in record.items()}
    if isinstance(record, Conversation | Turn | StageRecord | Answer | ContextUsed):
        changed = {name: cleaned(getattr(record, name)) for name in record.__slots__}
        if isinstance(record, Turn | Answer):
            changed["reason"] = record.reason or "stopped"
        if isinstance(record, Turn) and record.reason is None and not record.final_stage:
            written = [cleaned(s.name) for s in record.stages if any(a.text for a in s.answers)]
            changed["final_stage"] = written[-1] if written else ""
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
