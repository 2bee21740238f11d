"""A measurement: tokens per second as the server counts them, with the options that were asked for."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirador_desktop.engines.ollama import Ollama
from mirador_desktop.engines.registry import Registry
from mirador_desktop.errors import EngineError, EngineUnreachable, StreamBroken
from mirador_desktop.measuring import PROMPT, TOKENS, Measured, measure
from mirador_desktop.settings import ModelOptions
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import LLAMA_3B
from tests.unit.helpers import guide_in

NAME = "llama3.2:3b"


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim({"models": [LLAMA_3B]}) as running:
        yield running


def measured(sim: Sim, folder: Path, options: ModelOptions, model: str = NAME) -> Measured:
    async def main() -> Measured:
        registry = Registry([Ollama("here", sim.url)], guide_in(folder), lambda: 0)
        try:
            await registry.look()
            return await measure(registry, model, options)
        finally:
            await registry.close()

    return asyncio.run(main())


def test_what_was_asked_and_what_came_of_it(sim: Sim, tmp_path: Path) -> None:
    found = measured(sim, tmp_path, ModelOptions(num_ctx=4096, num_gpu=7, keep_alive=30))
    body = sim.requests("/api/chat")[-1]["body"]
    assert body["messages"] == [{"role": "user", "content": PROMPT}]
    assert body["options"] == {"num_ctx": 4096, "num_gpu": 7, "temperature": 0.0, "num_predict": TOKENS}
    assert found.tokens_per_second > 0
    assert 0 < found.tokens <= TOKENS
    assert found.prompt_tokens > 0
    assert found.size > 0


def test_nobody_has_the_model(sim: Sim, tmp_path: Path) -> None:
    with pytest.raises(EngineUnreachable, match="No host that answers has gone:1b"):
        measured(sim, tmp_path, ModelOptions(), "gone:1b")


def test_options_that_the_server_refuses(sim: Sim, tmp_path: Path) -> None:
    sim.change({"faults": [{"path": "/api/chat", "status": 500, "error": "out of memory"}]})
    with pytest.raises(EngineError, match="out of memory"):
        measured(sim, tmp_path, ModelOptions(num_gpu=999))
    sim.change({"faults": []})


def test_a_server_that_counts_nothing_is_no_measure(sim: Sim, tmp_path: Path) -> None:
    sim.change({"models": [{**LLAMA_3B, "text": ""}]})
    with pytest.raises(StreamBroken, match="does not tell how long"):
        measured(sim, tmp_path, ModelOptions())
    sim.change({"models": [LLAMA_3B]})
