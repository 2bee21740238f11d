"""Pre-warming against a server with room for one, two and three models: each is loaded once, none is driven out."""

from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.core.stages import DEFAULT_PIPELINE, ModelStage, Pipeline
from mirador_desktop.engines.ollama import Ollama
from mirador_desktop.machine import _options_of
from tests.driving import until
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import QWEN_14B
from tests.unit.pull_helpers import Memory
from tests.unit.warming_helpers import LARGE, MIDDLE, SMALL, THREE_MODELS, Bench, bench


async def _two_questions(made: Bench, sim: Sim) -> None:
    await made.start()
    await made.ask()
    made.warmer.want(DEFAULT_PIPELINE)  # the person goes on writing
    await made.idle()
    await made.ask()


def test_room_for_one_loads_each_model_once_an_answer(tmp_path: Path) -> None:
    loads = bench(tmp_path, _two_questions, max_loaded=1)
    assert loads == [SMALL, MIDDLE, LARGE] * 2


@pytest.mark.parametrize("most", [None, 2])
def test_room_for_two(tmp_path: Path, most: int | None) -> None:
    loads = bench(tmp_path, _two_questions, max_loaded=2, most=most)
    assert loads[:3] == [SMALL, MIDDLE, LARGE]
    assert sorted(loads[3:]) == sorted({SMALL, MIDDLE, LARGE} & set(loads[3:]))  # none twice in the second answer


@pytest.mark.parametrize("most", [None, 3])
def test_room_for_three_loads_each_model_once_for_good(tmp_path: Path, most: int | None) -> None:
    assert bench(tmp_path, _two_questions, max_loaded=3, most=most) == [SMALL, MIDDLE, LARGE]


def test_what_is_known_to_fit_is_loaded_at_the_start(tmp_path: Path) -> None:
    async def work(made: Bench, sim: Sim) -> None:
        await made.start()
        assert {m.name for m in made.registry.loaded()} == {SMALL, MIDDLE, LARGE}
        assert not made.warmer.plan(DEFAULT_PIPELINE).to_load

    assert bench(tmp_path, work, most=3) == [SMALL, MIDDLE, LARGE]


def test_memory_that_is_too_small_for_all_is_not_overfilled(tmp_path: Path) -> None:
    sizes = {m["name"]: m.get("memory") or m["size"] * 11 // 10 for m in THREE_MODELS["models"]}
    room = (sizes[SMALL] + sizes[MIDDLE]) * 12 // 10

    async def work(made: Bench, sim: Sim) -> None:
        await made.start()
        assert {m.name for m in made.registry.loaded()} == {SMALL, MIDDLE}
        assert [w.model for w in made.warmer.plan(DEFAULT_PIPELINE).later] == [LARGE]

    assert bench(tmp_path, work, most=3, room=room) == [SMALL, MIDDLE]


def test_a_wrong_guess_is_made_once(tmp_path: Path) -> None:
    """The server has less memory than the computer seems to have: what it drives out is learned and remembered."""
    memory = Memory()

    async def start(made: Bench, sim: Sim) -> None:
        await made.start()
        assert SMALL in {m.name for m in made.registry.loaded()}  # what comes first is there in the end

    sizes = [m["size"] * 11 // 10 for m in THREE_MODELS["models"]]
    first = bench(tmp_path, start, memory=memory, most=3, scenario=_memory(max(sizes)))
    assert first == [SMALL, MIDDLE, LARGE, SMALL, MIDDLE]
    assert memory.values["host_memory"]

    def moved(made: Bench) -> None:  # the next server has another port, but is the same one
        (known,) = memory.values["host_memory"].values()
        memory.values["host_memory"] = {made.registry.engines[0].address: known}

    async def again(made: Bench, sim: Sim) -> None:
        moved(made)
        await made.start()
        await made.ask()

    assert bench(tmp_path, again, memory=memory, most=3, scenario=_memory(max(sizes))) == [SMALL, MIDDLE, LARGE]


def _memory(size: int) -> dict[str, Any]:
    return {**THREE_MODELS, "server": {**THREE_MODELS.get("server", {}), "memory": size}}


def test_a_model_of_another_program_counts_and_nothing_goes_round_in_circles(tmp_path: Path) -> None:
    """With it, the pipeline's models do not fit together, and the server would rather unload one of them."""
    other = {**QWEN_14B, "name": "other:14b", "load_seconds": 0.0}
    sizes = [m["size"] * 11 // 10 for m in THREE_MODELS["models"]]
    room = sum(sizes) + sizes[1]
    scenario = {"models": [*THREE_MODELS["models"], other], "server": {"memory": room}}
    pipeline = Pipeline(
        "Three", tuple(ModelStage(m["name"].replace(":", " "), (m["name"],)) for m in THREE_MODELS["models"])
    )

    async def work(made: Bench, sim: Sim) -> None:
        sim.ask("POST", "/api/chat", {"model": "other:14b", "messages": [], "stream": False, "keep_alive": -1})
        await made.registry.look()
        await made.warmer.prepare()
        await made.warmer.find_limits(lambda address: True)
        for _ in range(5):
            made.warmer.want(pipeline)
            await made.idle()
        assert SMALL in {m.name for m in made.registry.loaded()}

    assert bench(tmp_path, work, most=4, room=room, scenario=scenario) == ["other:14b", SMALL, MIDDLE]
    # Where the computer seems to have more, it is tried once, and then left be.
    loads = bench(tmp_path / "more", work, most=4, scenario=scenario)
    assert max(loads.count(name) for name in loads) <= 2


def test_what_is_loading_for_something_else_is_cancelled(tmp_path: Path) -> None:
    slow = [{**m, "load_seconds": 30.0} if m["name"] == SMALL else m for m in THREE_MODELS["models"]]
    other = Pipeline("Other", (ModelStage("answer", (LARGE,)),))

    async def work(made: Bench, sim: Sim) -> None:
        await made.registry.look()
        made.warmer.want(DEFAULT_PIPELINE)
        await until(lambda: made.warmer.loading == SMALL)
        made.warmer.want(DEFAULT_PIPELINE)  # the same again changes nothing
        assert made.warmer.loading == SMALL
        made.warmer.want(other)
        await until(lambda: made.warmer.loading == LARGE)
        await made.idle()
        assert {m.name for m in made.registry.loaded()} >= {LARGE}

    assert bench(tmp_path, work, scenario={**THREE_MODELS, "models": slow}) == [SMALL, LARGE]


def test_a_question_lets_go_on_what_it_needs_and_stops_the_rest(tmp_path: Path) -> None:
    slow = [{**m, "load_seconds": 0.4} for m in THREE_MODELS["models"]]
    other = Pipeline("Other", (ModelStage("answer", (LARGE,)),))

    async def work(made: Bench, sim: Sim) -> None:
        await made.registry.look()
        made.warmer.want(other)
        await until(lambda: made.warmer.loading == LARGE)
        await made.ask(other)  # waits for the load that runs
        made.warmer.want(DEFAULT_PIPELINE)
        await until(lambda: made.warmer.loading == SMALL)
        await made.ask(other)
        assert made.warmer.loading == ""

    loads = bench(tmp_path, work, scenario={**THREE_MODELS, "models": slow})
    assert loads.count(LARGE) == 1


def test_a_model_that_cannot_be_loaded_is_not_tried_again_and_again(tmp_path: Path) -> None:
    async def work(made: Bench, sim: Sim) -> None:
        sim.change({"faults": [{"on": "load", "status": 500, "error": "unable to load model"}]})
        await made.start()
        made.warmer.want(DEFAULT_PIPELINE)
        await made.idle()
        assert "unable to load model" in made.warmer.problems[SMALL]
        assert len(sim.requests("/api/chat")) == 1
        made.warmer.want(DEFAULT_PIPELINE, asked_for=True)  # the person presses the button
        await made.idle()
        assert len(sim.requests("/api/chat")) == 2

    bench(tmp_path, work)


def test_it_can_be_switched_off_and_models_unloaded(tmp_path: Path) -> None:
    async def work(made: Bench, sim: Sim) -> None:
        made.preferences.change(prewarm=False)
        await made.start()
        assert not made.registry.loaded()
        await made.warmer.load(SMALL)
        assert [m.name for m in made.registry.loaded()] == [SMALL]
        assert made.warmer.load_seconds[SMALL] > 0
        await made.warmer.unload(SMALL)
        assert not made.registry.loaded()
        assert made.warmer._learned[made.registry.engines[0].address].too_much == []

    bench(tmp_path, work)


def test_a_store_that_does_not_answer_changes_nothing(tmp_path: Path) -> None:
    memory = Memory()
    memory.locked = True

    async def work(made: Bench, sim: Sim) -> None:
        await made.start()
        assert [m.name for m in made.registry.loaded()] == [SMALL]

    bench(tmp_path, work, memory=memory)


def test_options_go_along_so_that_nothing_is_loaded_twice(tmp_path: Path) -> None:
    """A model is loaded with the same window before the question as for it."""
    assert bench(tmp_path, _two_questions, most=3).count(SMALL) == 1


def test_another_pipeline_with_the_same_first_model_goes_on_with_its_own(tmp_path: Path) -> None:
    slow = [{**m, "load_seconds": 0.3} for m in THREE_MODELS["models"]]
    one = Pipeline("One", (ModelStage("first", (SMALL,)), ModelStage("then", (MIDDLE,))))
    other = Pipeline("Other", (ModelStage("first", (SMALL,)), ModelStage("then", (LARGE,))))

    async def work(made: Bench, sim: Sim) -> None:
        await made.registry.look()
        await made.warmer.prepare()
        await made.warmer.find_limits(lambda address: True)
        made.warmer.want(one)
        await until(lambda: made.warmer.loading == SMALL)
        made.warmer.want(other)
        await made.idle()

    assert bench(tmp_path, work, most=3, scenario={**THREE_MODELS, "models": slow}) == [SMALL, LARGE]


def test_what_is_wanted_during_an_answer_is_loaded_behind_it(tmp_path: Path) -> None:
    one, other = (Pipeline(name, (ModelStage("answer", (name,)),)) for name in (SMALL, LARGE))

    async def work(made: Bench, sim: Sim) -> None:
        await made.registry.look()
        made.warmer.asked(one)
        made.warmer.want(other)
        assert not made.warmer.loading
        made.warmer.answered()
        await made.idle()
        assert [m.name for m in made.registry.loaded()] == [LARGE]

    bench(tmp_path, work)


def test_another_window_holds_from_the_next_question_on(tmp_path: Path) -> None:
    one = Pipeline("One", (ModelStage("answer", (SMALL,)),))

    async def work(made: Bench, sim: Sim) -> None:
        made.registry.engines = (Ollama("here", sim.url, options_of=_options_of(made.preferences)),)
        await made.registry.look()
        made.preferences.change_model(SMALL, num_ctx=4096)
        await made.ask(one)
        await made.ask(one)
        assert [load["context"] for load in sim.loads()] == [4096]

    bench(tmp_path, work)


def test_a_server_that_begins_to_answer_is_asked_for_its_limit_anew(tmp_path: Path) -> None:
    limits = [1, 3]

    async def work(made: Bench, sim: Sim) -> None:
        async def most_models(address: str) -> int | None:
            return limits.pop(0)

        made.warmer._most_models = most_models
        await made.start()
        assert len(made.warmer.plan(DEFAULT_PIPELINE).stays) == 1
        sim.kill()
        await made.registry.look()
        sim.restart()
        await made.registry.look()
        await until(lambda: len(made.warmer.plan(DEFAULT_PIPELINE).stays) == 3)

    bench(tmp_path, work)
