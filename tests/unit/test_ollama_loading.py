"""Ollama against the test server: models are loaded once and in one way, unloaded, and stopped in time."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from mirador_desktop.engines.ollama import Ollama
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import LLAMA_3B, THREE_MODELS, model
from tests.unit.engine_helpers import NAME, collect, first_piece, play, read, with_ollama
from tests.unit.helpers import chat_request, until


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim(THREE_MODELS) as running:
        yield running


# Loading and stopping


def test_the_same_window_is_sent_all_the_time(sim: Sim) -> None:
    small = {**LLAMA_3B, "name": "tiny:1b", "context_length": 2048}
    own = {**LLAMA_3B, "name": "own:1b", "parameters": {"num_ctx": 3000}}
    play(sim, LLAMA_3B, small, own)
    before, loads = len(sim.requests("/api/chat")), len(sim.loads())

    async def work(engine: Ollama) -> None:
        await engine.look()
        for name in (NAME, "tiny:1b", "own:1b"):
            await engine.preload(name)
            await collect(engine, model=name)
            await collect(engine, model=name, max_tokens=7)

    with_ollama(sim.url, work)
    sent = [(r["body"]["model"], r["body"]["options"]["num_ctx"]) for r in sim.requests("/api/chat")[before:]]
    assert sent == [(NAME, 8192)] * 3 + [("tiny:1b", 2048)] * 3 + [("own:1b", 3000)] * 3
    assert len(sim.loads()) == loads + 3


def test_preload_and_unload(sim: Sim) -> None:
    play(sim)

    async def work(engine: Ollama) -> None:
        await engine.preload(NAME)
        assert [m.name for m in (await engine.look()).loaded] == [NAME]
        await engine.unload(NAME)
        assert (await engine.look()).loaded == ()

    with_ollama(sim.url, work)


def closed_in_time(sim: Sim, before: int, when: float) -> None:
    sim.wait_for(lambda seen: len(seen) > before and seen[-1]["client_closed"] is not None, "/api/chat")
    assert sim.requests("/api/chat")[-1]["client_closed"] - when < 0.1


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_stopping_closes_the_connection_within_100_ms(sim: Sim, how: str) -> None:
    play(sim, {**model("endless:1b", 1, "1B", "llama", never_ends=True), "token_seconds": 0.002})
    before = len(sim.requests("/api/chat"))

    async def work(engine: Ollama) -> None:
        chunks = engine.chat(chat_request("endless:1b", max_tokens=10**6))
        if how == "close":
            await first_piece(chunks)
            when = time.time()
            await chunks.aclose()
        else:
            task = asyncio.create_task(read(chunks))
            await until(lambda: any(r["tokens"] > 3 for r in sim.requests("/api/chat")[before:]))
            when = time.time()
            task.cancel()
            await asyncio.wait({task})
        closed_in_time(sim, before, when)

    with_ollama(sim.url, work)


def test_stopping_while_a_model_is_loaded_closes_the_connection_too(sim: Sim) -> None:
    play(sim, {**LLAMA_3B, "load_seconds": 30})
    before = len(sim.requests("/api/chat"))

    async def work(engine: Ollama) -> None:
        task = asyncio.create_task(collect(engine))
        await until(lambda: len(sim.requests("/api/chat")) > before)
        when = time.time()
        task.cancel()
        await asyncio.wait({task})
        closed_in_time(sim, before, when)

    with_ollama(sim.url, work)


# How models are run


def test_options_go_into_every_request_about_a_model(sim: Sim) -> None:
    play(sim)
    options = {"num_ctx": 4096, "num_gpu": 5, "num_thread": 3, "num_batch": 64, "keep_alive": 30}

    async def work(engine: Ollama) -> None:
        assert [m.window for m in (await engine.look()).models] == [4096]
        before = len(sim.requests("/api/chat"))
        await engine.preload(NAME)
        await collect(engine)
        options["keep_alive"] = -1
        await collect(engine)
        options["keep_alive"] = 0
        await collect(engine)
        await engine.preload(NAME)
        load, first, always, never, again = (each["body"] for each in sim.requests("/api/chat")[before:])
        wanted = {"num_ctx": 4096, "num_gpu": 5, "num_thread": 3, "num_batch": 64}
        assert load["options"] == wanted
        assert first["options"] == {**wanted, "temperature": 0.3, "num_predict": 400}
        assert [b.get("keep_alive") for b in (load, first, always, never, again)] == ["30m", "30m", -1, 0, None]
        options["num_ctx"] = 100_000
        assert [m.window for m in (await engine.look()).models] == [32768], "not more than it was made for"
        assert len(sim.loads()) >= 1

    with_ollama(sim.url, work, options_of=lambda model: dict(options) if model == NAME else {})
