"""The OpenAI-compatible engine against the test server: a look, answers, what a server lacks, stopping."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from mirador_desktop.core.engine import Done, Wait
from mirador_desktop.core.host import Access
from mirador_desktop.engines.openai_compatible import OpenAICompatible
from mirador_desktop.errors import (
    EngineUnreachable,
    ModelMissing,
    StreamBroken,
)
from tests.ollama_sim.client import Sim
from tests.ollama_sim.sample_texts import MIDDLE, SMALL, THOUGHTS
from tests.ollama_sim.scenarios import DEEPSEEK, LLAMA_3B, NOMIC, ONE_MODEL, THREE_MODELS
from tests.unit.engine_helpers import (
    HTML,
    NAME,
    collect,
    first_piece,
    pieces,
    play,
    text_of,
    until_it_fails,
    with_openai,
)
from tests.unit.helpers import canned, chat_request, http, until

CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim({**ONE_MODEL, "server": {"only_openai": True}}) as running:
        yield running


def bodies(sim: Sim) -> list[dict[str, Any]]:
    return [each["body"] for each in sim.requests(CHAT)]


# Looking


def test_a_look_tells_what_is_there(sim: Sim) -> None:
    play(sim, *THREE_MODELS["models"], max_model_len=4096)

    async def work(engine: OpenAICompatible) -> None:
        state = await engine.look()
        assert (state.reachable, state.version, state.error, state.loaded) == (True, "", "", ())
        assert 0 < state.latency < 5
        found = {m.name: m for m in state.models}
        assert (found[NAME].context, found[NAME].window, found[NAME].size) == (4096, 4096, 0)
        assert found[NAME].can_chat
        assert not found["nomic-embed-text:latest"].can_chat

    with_openai(sim.url, work)
    play(sim, max_model_len=None)


@pytest.mark.parametrize(
    ("answer", "trouble", "words"),
    [
        (HTML, "foreign", "answers, but is no OpenAI-compatible server (404)."),
        (http(200, b"<html>Welcome</html>", "text/html"), "foreign", "is no OpenAI-compatible server."),
        (http(200, b"[1]"), "foreign", "is no OpenAI-compatible server."),
        (http(200, b"{}"), "foreign", "is no OpenAI-compatible server."),
        (http(200, b"{"), "", "sent something that is not an answer"),
        (http(502, b"<html>Bad gateway</html>", "text/html"), "", "cluster failed (502)."),
        (http(301, b"", "text/html", "Location: https://other/"), "foreign", "leads elsewhere (301)"),
        (http(401, b'{"detail": "no"}'), "denied", "refuses access (401)"),
        (http(403, b""), "denied", "refuses access (403)"),
        (b"SSH-2.0-OpenSSH\r\n", "", "connection to cluster broke"),
    ],
)
def test_another_kind_of_server_is_named(answer: bytes, trouble: str, words: str) -> None:
    async def main() -> None:
        async with canned({"/v1/models": answer}) as url:
            engine = OpenAICompatible("cluster", Access("openai", f"{url}/v1"))
            state = await engine.look()
            await engine.close()
        assert (state.reachable, state.trouble) == (False, trouble)
        assert words in state.error

    asyncio.run(main())


def test_details_of_lm_studio_and_llama_cpp() -> None:
    studio = {"data": [{"id": "a", "owned_by": "organization_owner"}, {"id": "b", "owned_by": "organization_owner"}]}
    rich = {"data": [
        {"id": "a", "type": "vlm", "max_context_length": 32768, "loaded_context_length": 6000, "quantization": "Q4"},
        {"id": "b", "type": "embeddings"},
    ]}  # fmt: skip
    llama = {"data": [{"id": "x.gguf", "owned_by": "llamacpp", "meta": {"n_ctx_train": 131072, "size": 5000,
             "n_params": 7_600_000_000}}]}  # fmt: skip
    props = {"default_generation_settings": {"n_ctx": 4096}}

    async def main() -> None:
        answers = {"/lm/v1/models": studio, "/lm/api/v0/models": rich, "/v1/models": llama, "/props": props}
        async with canned({path: http(200, json.dumps(value).encode()) for path, value in answers.items()}) as url:
            engine = OpenAICompatible("cluster", Access("openai", f"{url}/lm/v1"))
            one, two = (await engine.look()).models
            assert (one.context, one.window, one.quantisation) == (32768, 6000, "Q4")
            assert one.capabilities == {"completion", "vision"}
            assert not two.can_chat
            await engine.close()
            engine = OpenAICompatible("cluster", Access("openai", f"{url}/v1"))
            (one,) = (await engine.look()).models
            assert (one.context, one.window, one.size, one.parameters) == (131072, 4096, 5000, "7.6B")
            await engine.close()

    asyncio.run(main())


# Answering


@pytest.mark.parametrize("spells", [True, False])
def test_an_answer_comes_with_probabilities_and_numbers(sim: Sim, spells: bool) -> None:
    play(sim, spells_tokens=spells)

    async def work(engine: OpenAICompatible) -> None:
        await engine.look()
        chunks = await collect(engine, temperature=0.2, max_tokens=2000)
        assert text_of(chunks) == SMALL
        assert all(p.logprob is not None and p.logprob < 0 for p in pieces(chunks))
        assert all(p.alternatives for p in pieces(chunks))
        end = chunks[-1]
        assert isinstance(end, Done)
        assert (end.reason, end.tokens) == ("done", len(pieces(chunks)))
        assert end.prompt_tokens > 0
        assert isinstance((await collect(engine, max_tokens=3))[-1], Done)
        assert (await collect(engine, max_tokens=3))[-1] == Done("length", 3, 0.0, end.prompt_tokens)

    with_openai(sim.url, work)


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_thoughts_are_told_apart(sim: Sim, field: str) -> None:
    play(sim, DEEPSEEK, reasoning=field)

    async def work(engine: OpenAICompatible) -> None:
        chunks = await collect(engine, model="deepseek-r1:8b", max_tokens=2000)
        assert text_of(chunks, thinking=True) == THOUGHTS
        assert text_of(chunks) == MIDDLE
        assert all(p.logprob is not None for p in pieces(chunks))
        assert [m.capabilities for m in (await engine.look()).models] == [{"completion", "thinking"}]
        await collect(engine, model="deepseek-r1:8b", think=False)
        assert bodies(sim)[-1]["chat_template_kwargs"] == {"enable_thinking": False}

    with_openai(sim.url, work)


@pytest.mark.parametrize(
    ("unknown", "gone", "instead"),
    [
        (["stream_options"], {"stream_options"}, set()),
        (["logprobs"], {"logprobs", "top_logprobs"}, set()),
        (["top_logprobs"], {"logprobs", "top_logprobs"}, set()),
        (["max_tokens"], {"max_tokens"}, {"max_completion_tokens"}),
        (["temperature"], {"temperature"}, set()),
        (["stream_options", "logprobs", "max_tokens"], {"stream_options", "logprobs", "max_tokens"}, set()),
    ],
)
def test_what_a_server_does_not_know_is_left_out_from_then_on(
    sim: Sim, unknown: list[str], gone: set[str], instead: set[str]
) -> None:
    play(sim, does_not_know=unknown)

    async def work(engine: OpenAICompatible) -> None:
        before = len(bodies(sim))
        assert text_of(await collect(engine)) == SMALL
        asked = bodies(sim)[before:]
        assert len(asked) == 1 + len(unknown)
        assert not gone & set(asked[-1])
        assert instead <= set(asked[-1])
        await collect(engine)
        assert len(bodies(sim)) == before + len(asked) + 1, "it is remembered"

    with_openai(sim.url, work)
    play(sim, does_not_know=[])


def test_a_server_without_done_after_the_last_chunk(sim: Sim) -> None:
    play(sim, ends_with_done=False)
    assert text_of(with_openai(sim.url, collect)) == SMALL
    play(sim, ends_with_done=True)


def test_a_load_is_waited_for_and_a_dead_server_is_not(sim: Sim) -> None:
    play(sim, {**LLAMA_3B, "load_seconds": 0.6})
    chunks = with_openai(sim.url, collect)
    assert chunks[0] == Wait("queued", f"cluster prepares the answer of {NAME}")
    play(sim, faults=[{"stall_before_headers": True}, {"path": "/v1/models", "status": 500}])
    with Sim({"models": [{**LLAMA_3B, "load_seconds": 60}]}) as mortal:

        async def work(engine: OpenAICompatible) -> None:
            task = asyncio.create_task(until_it_fails(engine))
            await until(lambda: bool(mortal.requests(CHAT)))
            mortal.kill()
            _, error = await task
            assert isinstance(error, StreamBroken | EngineUnreachable)
            _, error = await until_it_fails(engine)
            assert isinstance(error, EngineUnreachable)
            assert str(error) == f"Nothing answers at {mortal.url}/v1."
            assert (await engine.look()).trouble == "nothing"

        with_openai(mortal.url, work)


def test_stopping_closes_the_connection(sim: Sim) -> None:
    play(sim, {**LLAMA_3B, "never_ends": True})

    async def work(engine: OpenAICompatible) -> None:
        before = len(bodies(sim))
        stream = engine.chat(chat_request(max_tokens=100_000))
        await first_piece(stream)
        idle = asyncio.create_task(engine.idle())
        await asyncio.sleep(0)
        assert not idle.done()
        await stream.aclose()
        await idle
        await asyncio.to_thread(
            sim.wait_for, lambda seen: len(seen) > before and seen[-1]["client_closed"] is not None, CHAT
        )

    with_openai(sim.url, work)
    play(sim)


def test_embeddings(sim: Sim) -> None:
    play(sim, LLAMA_3B, NOMIC)

    async def work(engine: OpenAICompatible) -> None:
        vectors = await engine.embed("nomic-embed-text", ["a cat", "a dog \ud83d", "a cat"])
        assert [len(v) for v in vectors] == [768] * 3
        assert vectors[0] == vectors[2] != vectors[1]
        assert await engine.embed("nomic-embed-text", []) == []
        with pytest.raises(ModelMissing):
            await engine.embed("none", ["a"])
        await engine.preload(NAME)
        await engine.unload(NAME)

    with_openai(sim.url, work)

    async def main() -> None:
        for answer in (b"{}", b'{"data": [{"embedding": ["x"]}]}', b'{"data": [1]}'):
            async with canned({"/v1/embeddings": http(200, answer)}) as url:
                engine = OpenAICompatible("cluster", Access("openai", f"{url}/v1"))
                with pytest.raises(StreamBroken):
                    await engine.embed("e", ["a"])
                await engine.close()

    asyncio.run(main())
