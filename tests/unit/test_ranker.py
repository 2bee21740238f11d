"""The ranker: a few choices change little, consistent ones change the order, and it can be reset."""

from pathlib import Path

import pytest

from mirador_desktop.core.memories import Features
from mirador_desktop.memory import ranker
from mirador_desktop.memory.store import Store
from tests.unit.test_store import with_store, without_keyring

OLD: Features = {"words": 0.9, "recent": 0.05}
NEW: Features = {"words": 0.6, "recent": 1.0}


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


def test_without_choices_the_defaults_hold() -> None:
    assert ranker.fit([]) == pytest.approx(ranker.DEFAULTS)


def test_one_choice_changes_little() -> None:
    weights = ranker.fit([(NEW, OLD, 1.0)])
    assert all(abs(weights[name] - ranker.DEFAULTS[name]) < 0.15 for name in weights)
    assert ranker.score(OLD, weights) > ranker.score(NEW, weights)


def test_consistent_choices_change_the_order() -> None:
    weights = ranker.fit([(NEW, OLD, 1.0)] * 20)
    assert ranker.score(NEW, weights) > ranker.score(OLD, weights)
    assert weights["recent"] > ranker.DEFAULTS["recent"]


def test_contradictory_choices_cancel_out() -> None:
    weights = ranker.fit([(NEW, OLD, 1.0), (OLD, NEW, 1.0)] * 20)
    balance = ranker.score(NEW, weights) - ranker.score(OLD, weights)
    assert abs(balance) < 0.1


def test_what_was_thrown_out_goes_down_and_opening_counts_half() -> None:
    away = ranker.fit([(OLD, NEW, 1.0)] * 10)
    assert away["recent"] < ranker.DEFAULTS["recent"]
    half, full = ranker.fit([(NEW, OLD, 0.5)]), ranker.fit([(NEW, OLD, 1.0)])
    assert ranker.DEFAULTS["recent"] < half["recent"] < full["recent"]


def test_choices_are_kept_bounded_and_reset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker, "_KEPT", 30)

    async def work(store: Store) -> None:
        for _ in range(20):
            await store.write(lambda c: ranker.choose(c, "kept", NEW, [OLD, OLD]))
        weights = await store.read(ranker.weights)
        assert ranker.score(NEW, weights) > ranker.score(OLD, weights)
        assert len((await store.state("recall choices"))["choices"]) == 30
        await store.write(lambda c: ranker.choose(c, "thrown out", NEW, []))
        await store.write(lambda c: ranker.choose(c, "thrown out", NEW, [OLD]))
        assert (await store.read(ranker.weights))["recent"] < weights["recent"]
        await store.write(ranker.reset)
        assert await store.read(ranker.weights) == ranker.DEFAULTS

    with_store(tmp_path, work)


def test_a_choice_that_is_taken_back_leaves_no_trace(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        first = await store.write(lambda c: ranker.choose(c, "kept", NEW, [OLD]))
        before = await store.state("recall choices")
        second = await store.write(lambda c: ranker.choose(c, "thrown out", NEW, [OLD, OLD]))
        assert await store.state("recall choices") != before
        await store.write(lambda c: ranker.take_back(c, second))
        assert await store.state("recall choices") == before
        await store.write(lambda c: ranker.take_back(c, [*second, *first]))
        assert await store.state("recall choices") is None
        assert await store.read(ranker.weights) == ranker.DEFAULTS

    with_store(tmp_path, work)
