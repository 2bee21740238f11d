"""Ollama against the test server: a look, probabilities, thinking, waiting, embeddings."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest

from mirador_desktop.core.engine import Done, ModelInfo, Wait
from mirador_desktop.engines.ollama import ALTERNATIVES, Ollama
from mirador_desktop.errors import ModelMissing
from tests.ollama_sim.client import Sim
from tests.ollama_sim.sample_texts import MIDDLE, SMALL, THOUGHTS
from tests.ollama_sim.scenarios import DEEPSEEK, LLAMA_3B, NOMIC, THREE_MODELS, TOO_OLD
from tests.unit.engine_helpers import NAME, collect, first_piece, pieces, play, text_of, with_ollama
from tests.unit.helpers import chat_request, until


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim(THREE_MODELS) as running:
        yield running


# Looking


def test_a_look_tells_what_is_there(sim: Sim) -> None:
    play(sim, *THREE_MODELS["models"])
    sim.ask("POST", "/api/chat", {"model": NAME, "messages": []})

    async def work(engine: Ollama) -> None:
        state = await engine.look()
        assert state.reachable
        assert (state.version, state.error) == ("0.24.0", "")
        assert 0 < state.latency < 5
        found = {m.name: m for m in state.models}
        assert set(found) == {
            NAME, "mistral:7b", "qwen2.5:7b", "qwen2.5:14b", "nomic-embed-text:latest"
        }  # fmt: skip
        assert found[NAME] == ModelInfo(
            NAME, "this computer", 2_000_000_000, "3.2B", "Q4_K_M", 32768, 8192,
            frozenset({"completion", "tools"}), found[NAME].modified, found[NAME].digest,
        )  # fmt: skip
        assert abs(found[NAME].modified - time.time()) < 400
        assert len(found[NAME].digest) == 64
        assert not found["nomic-embed-text:latest"].can_chat
        assert found["nomic-embed-text:latest"].window == 2048
        (loaded,) = state.loaded
        assert (loaded.name, loaded.engine, loaded.size_gpu) == (NAME, "this computer", 0)
        assert loaded.expires is not None
        assert 0 < loaded.expires - time.time() < 400
        before = len(sim.requests("/api/show"))
        await engine.look()
        assert len(sim.requests("/api/show")) == before, "details are asked for once"

    with_ollama(sim.url, work)


def test_a_server_too_old_for_capabilities_and_probabilities() -> None:
    async def work(engine: Ollama) -> None:
        state = await engine.look()
        assert state.version == "0.5.7"
        assert {m.name: m.can_chat for m in state.models if "embed" in m.name} == {"nomic-embed-text:latest": False}
        assert sum(m.can_chat for m in state.models) == 4
        chunks = await collect(engine)
        assert text_of(chunks) == SMALL
        assert all(piece.logprob is None for piece in pieces(chunks))

    with Sim(TOO_OLD) as old:
        with_ollama(old.url, work)


def test_a_model_that_changed_is_described_anew(sim: Sim) -> None:
    async def work(engine: Ollama) -> None:
        play(sim, {**LLAMA_3B, "digest": "1"})
        assert [m.context for m in (await engine.look()).models] == [32768]
        play(sim, {**LLAMA_3B, "digest": "2", "context_length": 4096})
        assert [(m.context, m.window) for m in (await engine.look()).models] == [(4096, 4096)]

    with_ollama(sim.url, work)


def test_a_model_whose_details_fail_is_still_listed(sim: Sim) -> None:
    async def work(engine: Ollama) -> None:
        for status in (404, 400, 500):
            play(sim, {**LLAMA_3B, "digest": str(status)}, faults=[{"path": "/api/show", "status": status}])
            (info,) = (await engine.look()).models
            assert (info.name, info.capabilities, info.can_chat) == (NAME, frozenset(), True)

    with_ollama(sim.url, work)


# Answering


def test_an_answer_comes_with_probabilities_and_alternatives(sim: Sim) -> None:
    play(sim)

    async def work(engine: Ollama) -> None:
        await engine.look()
        chunks = await collect(engine, temperature=0.2, max_tokens=2000)
        assert text_of(chunks) == SMALL
        assert all(p.logprob is not None and p.logprob < 0 for p in pieces(chunks))
        assert {len(p.alternatives) for p in pieces(chunks)} == {ALTERNATIVES}
        assert all(0 <= chance <= 1 for p in pieces(chunks) for _, chance in p.alternatives)
        end = chunks[-1]
        assert isinstance(end, Done)
        assert (end.reason, end.tokens) == ("done", len(pieces(chunks)))
        assert end.seconds > 0
        assert end.prompt_tokens > 0

    with_ollama(sim.url, work)
    body = sim.requests("/api/chat")[-1]["body"]
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert body["options"] == {"num_ctx": 8192, "temperature": 0.2, "num_predict": 2000}
    assert (body["stream"], body["logprobs"], body["top_logprobs"]) == (True, True, ALTERNATIVES)
    assert not {"think", "keep_alive", "format"} & set(body)


def test_an_answer_that_reaches_its_limit_says_so(sim: Sim) -> None:
    play(sim)

    async def work(engine: Ollama) -> None:
        chunks = await collect(engine, max_tokens=5)
        assert chunks[-1] == Done("length", 5, *(getattr(chunks[-1], n) for n in ("seconds", "prompt_tokens")))
        assert len(pieces(chunks)) == 5

    with_ollama(sim.url, work)


@pytest.mark.parametrize(
    "more",
    [
        {"hold_back": [1, 3, 2]},
        {"hold_back": 4, "split_characters": True},
        {"split_characters": True},
        {"text": "Zwölf Boxkämpfer — 日本語 🙂👩‍🚀 naïve café", "split_characters": True, "hold_back": [2, 1]},
    ],
)
def test_text_held_back_and_split_characters_lose_nothing(sim: Sim, more: dict[str, Any]) -> None:
    play(sim, {**LLAMA_3B, **more})

    async def work(engine: Ollama) -> None:
        chunks = await collect(engine, max_tokens=2000)
        assert text_of(chunks) == more.get("text", SMALL)
        assert all(piece.logprob is not None for piece in pieces(chunks))

    with_ollama(sim.url, work)


def test_half_a_character_in_the_middle_is_no_harm(sim: Sim) -> None:
    play(sim, faults=[{"half_character_after": 10}])

    async def work(engine: Ollama) -> None:
        assert text_of(await collect(engine)).replace("🙂", "") == SMALL

    with_ollama(sim.url, work)


# Thinking


def test_thinking_is_asked_for_only_where_a_model_can(sim: Sim) -> None:
    play(sim, LLAMA_3B, DEEPSEEK)

    async def work(engine: Ollama) -> None:
        await engine.look()
        await collect(engine)
        await collect(engine, think=False)
        thought = await collect(engine, model="deepseek-r1:8b", max_tokens=2000)
        assert text_of(thought, thinking=True) == THOUGHTS
        assert text_of(thought) == MIDDLE
        assert all(p.logprob is not None for kind in (True, False) for p in pieces(thought, thinking=kind))
        plain = await collect(engine, model="deepseek-r1:8b", max_tokens=2000, think=False)
        assert text_of(plain, thinking=True) == ""

    before = len(sim.requests("/api/chat"))
    with_ollama(sim.url, work)
    assert [r["body"].get("think") for r in sim.requests("/api/chat")[before:]] == [None, None, True, False]


# Waiting


def test_a_model_being_loaded_is_reported_and_never_given_up(sim: Sim) -> None:
    play(sim, {**LLAMA_3B, "load_seconds": 0.6})

    async def work(engine: Ollama) -> None:
        chunks = await collect(engine)
        assert chunks[0] == Wait("loading", f"Loading {NAME}") or chunks[0] == Wait(
            "queued", f"{NAME} is busy with another request or reads the prompt"
        )
        assert sum(isinstance(c, Wait) for c in chunks) <= 2, "the same is not said twice"
        assert text_of(chunks) == SMALL

    before = len(sim.loads())
    with_ollama(sim.url, work)
    assert len(sim.loads()) == before + 1


def test_a_request_behind_another_is_reported_as_queued(sim: Sim) -> None:
    play(sim, {**LLAMA_3B, "never_ends": True, "token_seconds": 0.002})

    async def work(engine: Ollama) -> None:
        first = asyncio.create_task(collect(engine, max_tokens=10**6))
        await until(lambda: any(r["tokens"] > 3 and not r["ended"] for r in sim.requests("/api/chat")))
        async with aclosing(engine.chat(chat_request(max_tokens=3))) as second:
            assert await anext(second) == Wait("queued", f"{NAME} is busy with another request or reads the prompt")
            first.cancel()
            await asyncio.wait({first})
            await first_piece(second)

    with_ollama(sim.url, work)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_busy_server_is_asked_again_with_growing_pauses(sim: Sim, times: int) -> None:
    play(sim, faults=[{"status": 503, "first": times}])

    async def work(engine: Ollama) -> None:
        chunks = await collect(engine)
        pauses = ("0.01", "0.02", "0.03")[:times]
        expected = [Wait("busy", f"this computer is busy, asking again in {p} s") for p in pauses]
        assert chunks[:times] == expected
        assert text_of(chunks) == SMALL

    with_ollama(sim.url, work)


# Embedding


def test_embeddings(sim: Sim) -> None:
    play(sim, LLAMA_3B, NOMIC)

    async def work(engine: Ollama) -> None:
        await engine.look()
        vectors = await engine.embed("nomic-embed-text", ["a cat", "a dog \ud83d", "a cat"])
        assert [len(v) for v in vectors] == [768] * 3
        assert vectors[0] == vectors[2] != vectors[1]
        assert await engine.embed("nomic-embed-text", []) == []
        with pytest.raises(ModelMissing):
            await engine.embed("none", ["a"])
        await engine.idle()

    with_ollama(sim.url, work)
