"""Vectors: found exactly, kept up to date, and refused where they make no sense."""

import math
import random
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.memory import recall_keeping as keeping
from mirador_desktop.memory import vectors
from mirador_desktop.memory.recall import Recall
from mirador_desktop.memory.store import Store
from mirador_desktop.memory.vectors import VectorRefused, Vectors
from tests.unit.recall_helpers import NOW, ids, remember, turn
from tests.unit.test_store import with_store, without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


def some(seed: int, size: int = 32) -> list[float]:
    chance = random.Random(seed)
    return [chance.gauss(0, 1) for _ in range(size)]


def cosine(one: list[float], other: list[float]) -> float:
    return sum(map(float.__mul__, one, other)) / math.hypot(*one) / math.hypot(*other)


async def filled(store: Store, count: int = 40) -> list[int]:
    await remember(store, *(turn(f"t{n:02}", f"Word{n}.", of=f"c{n}") for n in range(count)))
    numbers = [each.number for each in await store.read(lambda c: vectors.missing(c, "m", 100))]
    await store.write(lambda c: vectors.put(c, "m", [(number, [some(number)]) for number in numbers]))
    return numbers


def test_the_most_similar_are_found(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        numbers = await filled(store)
        held, query = Vectors(), some(1000)
        found = await store.read(lambda c: held.search(c, "m", query, 5))
        best = sorted((cosine(query, some(number)) for number in numbers), reverse=True)[:5]
        assert [value for _, value in found] == pytest.approx(best, abs=0.01)
        assert [cosine(query, some(number)) for number, _ in found] == pytest.approx(best, abs=0.01)
        assert await store.read(lambda c: held.search(c, "other", query, 5)) == []
        held.unload()
        assert await store.read(lambda c: held.search(c, "m", query, 5)) == found

    with_store(tmp_path, work)


def test_what_is_held_follows_the_table(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        numbers = await filled(store, 10)
        held = Vectors()

        async def best(query: list[float]) -> int:
            return (await store.read(lambda c: held.search(c, "m", query, 1)))[0][0]

        assert await best(some(numbers[3])) == numbers[3]
        await store.write(lambda c: keeping.forget(c, ["t09", "t05"]))
        left = await store.read(lambda c: held.search(c, "m", some(1), 100))
        assert len(left) == 8
        await remember(store, turn("new", "Word.", of="cn"))
        (wanted,) = await store.read(lambda c: vectors.missing(c, "m", 100))
        await store.write(lambda c: vectors.put(c, "m", [(wanted.number, [some(77)])]))
        assert await best(some(77)) == wanted.number
        await store.write(lambda c: vectors.put(c, "m", [(wanted.number, [some(78)])]))
        assert await best(some(78)) == wanted.number
        assert await store.write(lambda c: vectors.keep_only(c, "another")) == 9
        assert await store.read(lambda c: held.search(c, "m", some(1), 3)) == []

    with_store(tmp_path, work)


@pytest.mark.parametrize(
    "wrong", [[], [0.0] * 32, [math.nan] * 32, [math.inf] * 32, [1.0] * 31, [1.0] * 10_000, ["x"] * 32, [None] * 32]
)
def test_what_is_no_vector_is_refused_and_nothing_is_kept(tmp_path: Path, wrong: Any) -> None:
    async def work(store: Store) -> None:
        numbers = await filled(store, 3)
        with pytest.raises(VectorRefused) as caught:
            await store.write(lambda c: vectors.put(c, "m", [(numbers[0], [some(5)]), (numbers[1], [wrong])]))
        assert str(caught.value).endswith(".")
        with pytest.raises(VectorRefused):
            await store.read(lambda c: Vectors().scan(c, "m", wrong))
        assert await store.read(lambda c: vectors.counted(c, "m")) == (3, 3)
        found = await store.read(lambda c: Vectors().search(c, "m", some(numbers[0]), 1))
        assert found[0][0] == numbers[0]

    with_store(tmp_path, work)


def test_vectors_of_memories_that_are_gone_are_left_out(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        assert await store.write(lambda c: vectors.put(c, "m", [(99, [some(1)])])) == 0

    with_store(tmp_path, work)


def test_meaning_finds_what_shares_no_word(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        numbers = await filled(store, 60)
        target = numbers[7]
        recall = Recall(store, Vectors())
        near = [a + 0.1 * b for a, b in zip(some(target), some(5000), strict=True)]
        found = await recall.find("unrelated wording", now=NOW, vector=near, model="m")
        memory = await store.read(lambda c: keeping.read_memories(c, [target]))
        assert ids(found)[0] == memory[target].id
        assert "similar in meaning" in found[0].why
        assert await recall.find("unrelated wording", now=NOW) == []
        for wrong in ([1.0] * 31, [math.nan] * 32):
            assert len(await recall.find("word7", now=NOW, vector=wrong, model="m")) == 1
        assert await recall.find("unrelated wording", now=NOW, vector=near, model="not prepared") == []

    with_store(tmp_path, work)


def test_passages_are_read_for_what_is_promising(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        numbers = await filled(store, 5)
        await store.write(lambda c: vectors.put(c, "m", [(numbers[0], [some(1), some(2), some(3)])]))
        scan = await store.read(lambda c: Vectors().scan(c, "m", some(3)))
        assert scan is not None
        passages = await store.read(lambda c: scan.passages(c, numbers))
        assert passages == {numbers[0]: pytest.approx(1.0, abs=0.01)}
        assert scan.of(10**9) is None

    with_store(tmp_path, work)


def test_what_is_embedded_is_bounded() -> None:
    assert vectors.texts_of("Short.") == ("Short.",)
    assert vectors.texts_of("Ann: Short.") == ("Short.",)
    assert vectors.texts_of("") == ("…",)
    long = vectors.texts_of("A sentence of some words. " * 2000)
    assert len(long) <= 1 + vectors.MOST_PASSAGES
    assert sum(map(len, long)) < 10_000


@given(
    st.one_of(
        st.lists(st.floats(-1, 2), min_size=1, max_size=300),
        st.lists(st.floats(0.001, 1.999), min_size=1, max_size=2000),
    ),
    st.integers(1, 60),
)
def test_the_smallest_places_are_those_of_sorting(values: list[float], limit: int) -> None:
    found = vectors.smallest_places(array("d", values), limit)
    assert [values[place] for place in found] == sorted(values)[:limit]
