"""The registry: when it looks, what it offers, who runs a model, and what it says when there is nothing."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.core.engine import EngineState, LoadedModel, ModelInfo
from mirador_desktop.engines.registry import Registry
from mirador_desktop.errors import EngineUnreachable
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import NO_MODELS, ONE_MODEL
from tests.unit.helpers import Machine, Still, run_machine, until

CHAT = ModelInfo("small:1b", "here", 1_000, capabilities=frozenset({"completion"}))
EMBED = ModelInfo("embed:latest", "here", 100, capabilities=frozenset({"embedding"}))
UP = EngineState(True, "1.0", (CHAT, EMBED), (LoadedModel("small:1b", "here", 5),))
EMPTY = EngineState(True, "1.0")
DOWN = EngineState(False, error="Nothing answers at http://127.0.0.1:1.")
GUIDE_UP = EngineState(True, models=(ModelInfo("guide", "guide", capabilities=frozenset({"completion", "stages"})),))


class Clock(selectors.DefaultSelector):
    """Lets the time of a loop pass as soon as there is nothing else to do."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0 if timeout is None or timeout > 0 else timeout)
        if not ready and timeout:
            self.now += timeout
        return ready


def run_fast(work: Callable[[Clock], Coroutine[Any, Any, None]]) -> None:
    """Run with a clock of its own."""
    clock = Clock()

    class Loop(asyncio.SelectorEventLoop):
        def time(self) -> float:
            return clock.now

    with asyncio.Runner(loop_factory=lambda: Loop(clock)) as runner:
        runner.run(work(clock))


def registry_of(*engines: Still, memory: int = 0) -> Registry:
    return Registry(engines, Still("guide", GUIDE_UP, ""), lambda: memory)


# When it looks


def test_every_ten_seconds_while_visible() -> None:
    async def work(clock: Clock) -> None:
        engine = Still("here", UP)
        registry, visible = registry_of(engine), True
        task = asyncio.create_task(registry.watch(lambda: visible))
        await asyncio.sleep(35 - clock.now)
        assert engine.looks == pytest.approx([0, 10, 20, 30])
        visible = False
        await asyncio.sleep(100 - clock.now)
        assert len(engine.looks) == 4
        visible = True
        registry.wake()
        await asyncio.sleep(0.1)
        assert len(engine.looks) == 5
        task.cancel()
        await asyncio.wait({task})

    run_fast(work)


def test_seldom_while_nothing_answers_and_often_again_when_it_does() -> None:
    async def work(clock: Clock) -> None:
        engine = Still("here", DOWN)
        registry = registry_of(engine)
        task = asyncio.create_task(registry.watch(lambda: True))
        await asyncio.sleep(400 - clock.now)
        gaps = [b - a for a, b in pairwise(engine.looks)]
        assert gaps[:5] == pytest.approx([15, 22.5, 33.75, 50.625, 60])
        assert max(gaps) == pytest.approx(60)
        engine.state = UP
        registry.wake()
        await asyncio.sleep(25)
        assert engine.looks[-1] - engine.looks[-2] == pytest.approx(10)
        task.cancel()
        await asyncio.wait({task})

    run_fast(work)


def test_a_look_under_way_serves_everybody() -> None:
    async def main() -> None:
        engine = Still("here", UP)
        engine.hold = asyncio.Event()
        registry = registry_of(engine)
        heard: list[bool] = []
        registry.listen(lambda: heard.append(registry.looked))
        looks = [asyncio.create_task(registry.look()) for _ in range(3)]
        await until(lambda: bool(engine.looks))
        looks[0].cancel()  # whoever gives up does not end it for the others
        engine.hold.set()
        await asyncio.gather(*looks, return_exceptions=True)
        assert len(engine.looks) == 1
        assert heard == [True]
        await registry.ready()
        assert len(engine.looks) == 1
        engine.state = EMPTY
        await registry.look()
        await registry.ready()
        assert len(engine.looks) == 3

    asyncio.run(main())


def test_closing_ends_a_look_and_closes_all() -> None:
    async def main() -> None:
        engine = Still("here", UP)
        engine.hold = asyncio.Event()
        registry = registry_of(engine)
        looking = asyncio.create_task(registry.look())
        await until(lambda: bool(engine.looks))
        await registry.close()
        await asyncio.wait({looking})
        assert looking.cancelled()
        assert engine.closed
        await registry_of(Still("here", UP)).close()

    asyncio.run(main())


def test_what_goes_wrong_unexpectedly_ends_neither_a_look_nor_the_watch() -> None:
    class Odd(Still):
        async def look(self) -> EngineState:
            await super().look()
            raise RuntimeError("unheard of")

    def shout() -> None:
        raise RuntimeError("nobody listens")

    async def work(clock: Clock) -> None:
        odd, here = Odd("odd", UP), Still("here", UP)
        registry = registry_of(odd, here)
        heard: list[int] = []
        registry.listen(shout)
        registry.listen(lambda: heard.append(1))
        task = asyncio.create_task(registry.watch(lambda: True))
        await asyncio.sleep(15 - clock.now)
        assert len(odd.looks) == len(here.looks) == len(heard) == 2
        state = registry.states["odd"]
        assert state is not None
        assert not state.reachable
        assert "unheard of" in state.error
        assert registry.has_models
        task.cancel()
        await asyncio.wait({task})

    run_fast(work)


def test_one_host_that_does_not_answer_holds_up_no_other() -> None:
    async def work(clock: Clock) -> None:
        dead, here = Still("dead", DOWN), Still("here", UP)
        dead.hold = asyncio.Event()
        registry = registry_of(dead, here)
        heard: list[int] = []
        registry.listen(lambda: heard.append(len(registry.models())))
        await registry.ready()
        assert (registry.has_models, registry.looked, heard) == (True, True, [2])
        assert set(registry.states.values()) == {None, UP}
        dead.hold.set()
        await registry.look()
        assert registry.states["dead"] == DOWN
        assert heard == [2, 2]
        await registry.close()

    run_fast(work)


def test_an_engine_that_was_lost_is_left_out_until_the_next_look() -> None:
    async def main() -> None:
        one, two = Still("one", UP), Still("two", UP)
        registry = registry_of(one, two)
        await registry.look()
        assert registry.engine_of("small:1b") is one
        registry.lost(one, EngineUnreachable("Nothing answers."))
        assert registry.engine_of("small:1b") is two
        assert registry.states["one"] == EngineState(False, error="Nothing answers.", trouble="nothing")
        assert len(registry.left_out["one"]) == 2
        await registry.look()
        assert registry.engine_of("small:1b") is one
        assert registry.left_out == {}
        registry.lost(Still("gone", UP), EngineUnreachable("Nothing answers."))
        assert set(registry.states) == {"one", "two"}

    asyncio.run(main())


def test_engines_that_are_replaced_end_when_nothing_runs_on_them() -> None:
    async def main() -> None:
        one, two, three = Still("one", UP), Still("two", UP), Still("three", UP)
        registry = registry_of(one, two)
        await registry.look()
        two.ended.clear()
        two.hold = asyncio.Event()
        looking = asyncio.create_task(registry.look())
        await until(lambda: len(two.looks) == 2)
        registry.set_engines([three, one])
        assert list(registry.states) == ["three", "one"]
        assert (registry.states["three"], registry.states["one"]) == (None, UP)
        await registry.look()
        assert registry.states["three"] == UP, "the look under way did not know it"
        two.hold.set()
        await looking
        assert "two" not in registry.states
        assert not two.closed
        two.ended.set()
        await until(lambda: two.closed)
        three.ended.clear()
        registry.set_engines([])
        assert registry.models() == []
        await registry.look()
        await registry.close()
        assert three.closed

    asyncio.run(main())


# What there is


def looked(*engines: Still, memory: int = 0) -> Registry:
    registry = registry_of(*engines, memory=memory)
    asyncio.run(registry.look())
    return registry


def test_models_of_all_engines_once_each() -> None:
    here = Still("here", UP)
    there = Still("there", EngineState(True, models=(ModelInfo("small:1b", "there"), ModelInfo("big", "there"))))
    registry = looked(here, there)
    assert [(m.name, m.engine) for m in registry.models()] == [
        ("small:1b", "here"),
        ("embed:latest", "here"),
        ("big", "there"),
    ]
    assert registry.engine_of("small:1b") is here
    assert registry.engine_of("embed") is here
    assert registry.engine_of("big") is there
    assert registry.engine_of("none") is None
    assert registry.engine_of("guide") is registry.guide
    assert registry.loaded() == [LoadedModel("small:1b", "here", 5)]
    assert registry.reachable
    assert registry.has_models
    assert not registry.only_guide


def test_before_the_first_look_nothing_is_known() -> None:
    registry = registry_of(Still("here", UP))
    assert not registry.looked
    assert not registry.reachable
    assert registry.models() == []
    assert registry.loaded() == []
    assert registry.engine_of("guide") is None


def test_the_guide_is_offered_only_until_a_model_was_seen() -> None:
    engine = Still("here", EngineState(True, models=(EMBED,)))
    registry = looked(engine)
    assert [m.name for m in registry.models()] == ["embed:latest", "guide"]
    engine.state = UP
    asyncio.run(registry.look())
    assert "guide" not in {m.name for m in registry.models()}
    engine.state = DOWN  # the models are gone, and the guide does not take their place
    asyncio.run(registry.look())
    assert not registry.only_guide
    assert registry.models() == []


def test_what_fits_into_memory() -> None:
    far = Still("there", EMPTY, "http://192.0.2.1:11434")
    registry = looked(Still("here", UP), far, memory=1_200)
    assert registry.fits(ModelInfo("a", "here", 1_000))
    assert not registry.fits(ModelInfo("a", "here", 1_001))
    assert registry.fits(ModelInfo("a", "there", 10**12))
    assert registry.fits(ModelInfo("a", "guide", 10**12))
    assert registry.remote_addresses() == ["http://192.0.2.1:11434"]
    assert looked(Still("here", UP), memory=0).fits(ModelInfo("a", "here", 10**12))


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([DOWN], "Nothing answers at http://127.0.0.1:1. Start Ollama, then retry."),
        ([], "No host is switched on. Switch one on in the settings, then retry."),
        ([DOWN, EMPTY], "Ollama is running and has no model that can answer. Pull one"),
        ([UP], "The guide has nothing on this question."),
    ],
)
def test_why_there_is_nothing(states: list[EngineState], words: str) -> None:
    registry = looked(*(Still(f"engine {n}", state) for n, state in enumerate(states)))
    assert registry.why_nothing().startswith(words)


def test_a_host_that_comes_goes_and_changes(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        registry = machine.registry
        await registry.look()
        assert (registry.reachable, registry.only_guide) == (True, True)
        sim.change({"models": ONE_MODEL["models"]})
        await registry.look()
        assert [m.name for m in registry.models()] == ["llama3.2:3b"]
        sim.kill()
        await registry.look()
        assert (registry.reachable, registry.models()) == (False, [])
        assert registry.why_nothing() == f"Nothing answers at {sim.url}. Start Ollama, then retry."
        sim.restart()
        await registry.ready()
        assert (registry.reachable, registry.has_models) == (True, False)

    with Sim(NO_MODELS) as sim:
        run_machine(sim.url, tmp_path, work)
