"""A model for the side, such as one for embeddings, is loaded only where it drives nothing out."""

from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.core.stages import DEFAULT_PIPELINE
from tests.ollama_sim.client import Sim
from tests.unit.warming_helpers import GB, SMALL, THREE_MODELS, Bench, bench

NAMES = [f"m{number}:1b" for number in range(4)]
NOMIC: dict[str, Any] = {"name": "nomic-embed-text:latest", "size": GB // 4, "capabilities": ["embedding"]}


@pytest.mark.parametrize(("room", "fits"), [(64 * GB, True), (2 * GB, False)])
def test_a_model_for_the_side_leaves_room_for_what_is_wanted(tmp_path: Path, room: int, fits: bool) -> None:
    scenario = {"models": [*THREE_MODELS["models"], NOMIC]}

    async def work(made: Bench, sim: Sim) -> None:
        await made.registry.look()
        await made.warmer.find_limits(lambda address: True)
        assert made.warmer.fits_beside(NOMIC["name"]), "nothing is there, nothing is wanted"
        made.warmer.want(DEFAULT_PIPELINE)
        assert made.warmer.fits_beside(NOMIC["name"]) is fits, "it is not loaded yet, but wanted"
        await made.idle()
        assert made.warmer.fits_beside(NOMIC["name"]) is fits

    bench(tmp_path, work, scenario=scenario, most=4, room=room)


def test_a_model_for_the_side_is_tried_once_where_the_server_keeps_one(tmp_path: Path) -> None:
    async def work(made: Bench, sim: Sim) -> None:
        await made.start()
        assert made.warmer.fits_beside(NOMIC["name"]), "nothing says that it does not fit"
        engine = made.registry.engine_of(NOMIC["name"])
        assert engine is not None
        await engine.embed(NOMIC["name"], ["a text"])
        await made.registry.look()
        await made.warmer.load(SMALL)
        assert not made.warmer.fits_beside(NOMIC["name"]), "it has driven out the other one"

    bench(tmp_path, work, scenario={"models": [*THREE_MODELS["models"], NOMIC]}, max_loaded=1)


def test_a_model_for_the_side_is_tried_where_the_server_keeps_more_than_ollama_does_by_itself(tmp_path: Path) -> None:
    async def work(made: Bench, sim: Sim) -> None:
        await made.registry.look()
        await made.warmer.find_limits(lambda address: True)
        for model in NAMES[:3]:
            await made.warmer.load(model)
        assert not made.warmer.fits_beside(NOMIC["name"]), "three are what Ollama keeps"
        await made.warmer.load(NAMES[3])
        assert made.warmer.fits_beside(NOMIC["name"]), "but it keeps four, and perhaps one more"

    more = [{**THREE_MODELS["models"][0], "name": name, "size": GB} for name in NAMES]
    bench(tmp_path, work, scenario={"models": [*more, NOMIC]}, max_loaded=8)
