"""The OpenAI-compatible engine against the test server: a look, answers, what a server lacks, what goes wrong."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from mirador_desktop.core.engine import Chunk, Done, Piece, Wait
from mirador_desktop.core.host import Access
from mirador_desktop.engines.address import openai_url
from mirador_desktop.engines.openai_compatible import OpenAICompatible
from mirador_desktop.errors import (
    EngineBusy,
    EngineDenied,
    EngineError,
    EngineUnreachable,
    ModelMissing,
    ModelRefused,
    StreamBroken,
)
from tests.ollama_sim.client import Sim
from tests.ollama_sim.sample_texts import MIDDLE, SMALL, THOUGHTS
from tests.ollama_sim.scenarios import DEEPSEEK, LLAMA_3B, NOMIC, ONE_MODEL, THREE_MODELS
from tests.unit.helpers import canned, chat_request, http, until
from tests.unit.test_ollama_engine import pieces, play, text_of

T = TypeVar("T")
NAME = "llama3.2:3b"
CHAT = "/v1/chat/completions"
HTML = http(404, b"<html><body>Not here</body></html>", "text/html")


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim({**ONE_MODEL, "server": {"only_openai": True}}) as running:
        yield running


def with_engine(url: str, work: Callable[[OpenAICompatible], Coroutine[Any, Any, T]], token: str = "") -> T:
    async def give() -> str:
        return token

    async def main() -> T:
        engine = OpenAICompatible(
            "cluster", Access("openai", openai_url(url)), give, busy_pauses=(0.01, 0.02), sign_of_life=0.05
        )
        try:
            return await work(engine)
        finally:
            await engine.close()
            await engine.close()

    return asyncio.run(main())


async def collect(engine: OpenAICompatible, **request: Any) -> list[Chunk]:
    return [chunk async for chunk in engine.chat(chat_request(**request))]


async def until_it_fails(engine: OpenAICompatible, **request: Any) -> tuple[str, EngineError]:
    chunks: list[Chunk] = []

    async def read() -> None:
        async for chunk in engine.chat(chat_request(**request)):
            chunks.append(chunk)  # noqa: PERF401  # what came before the error counts

    with pytest.raises(EngineError) as caught:
        await read()
    assert not any(isinstance(chunk, Done) for chunk in chunks)
    assert str(caught.value)
    return text_of(chunks), caught.value


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

    with_engine(sim.url, work)
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

    with_engine(sim.url, work)


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

    with_engine(sim.url, work)


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

    with_engine(sim.url, work)
    play(sim, does_not_know=[])


def test_a_refusal_without_words_tries_without_extras() -> None:
    refusals = iter([b"", b"", b""])

    async def main() -> None:
        async with canned({CHAT: http(400, next(refusals))}) as url:
            engine = OpenAICompatible("cluster", Access("openai", f"{url}/v1"))
            _, error = await until_it_fails(engine)
            assert isinstance(error, ModelRefused)
            assert str(error) == "cluster refuses the request: 400"
            await engine.close()

    asyncio.run(main())


def test_a_server_without_done_after_the_last_chunk(sim: Sim) -> None:
    play(sim, ends_with_done=False)
    assert text_of(with_engine(sim.url, collect)) == SMALL
    play(sim, ends_with_done=True)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"error_line_after": 5}, StreamBroken, "unexpected EOF"),
        ({"error_line_after": 0}, StreamBroken, "unexpected EOF"),
        ({"break_after": 5}, StreamBroken, "connection to cluster broke"),
        ({"reset_after": 5}, StreamBroken, "connection to cluster broke"),
        ({"end_without_done_after": 5}, StreamBroken, "closed the stream too early"),
        ({"garbage_after": 5}, StreamBroken, "not an answer"),
        ({"status": 500}, StreamBroken, f"{NAME} failed: an error was encountered"),
        ({"status": 503}, EngineBusy, "too many requests are waiting"),
        ({"status": 429, "error": "slow down"}, EngineBusy, "too many requests are waiting"),
        ({"status": 404}, ModelMissing, f"{NAME} is not installed on cluster"),
        ({"status": 400, "error": "no such model"}, ModelRefused, "refuses the request: no such model"),
        ({"status": 403}, EngineDenied, "refuses access"),
        ({"status": 400, "error": "This model's maximum context length is 2048 tokens. However"}, ModelRefused,
         f"too long for {NAME}: cluster runs it with 2048 tokens"),
    ],
)  # fmt: skip
def test_a_fault_ends_in_its_error_after_what_came_before(
    sim: Sim, fault: dict[str, Any], kind: type[EngineError], words: str
) -> None:
    play(sim, faults=[fault])

    async def work(engine: OpenAICompatible) -> None:
        written, error = await until_it_fails(engine)
        assert type(error) is kind
        assert words in str(error)
        assert SMALL.startswith(written)
        assert bool(written) == (5 in fault.values())

    with_engine(sim.url, work)
    play(sim)


def test_a_limit_that_a_refusal_told_is_remembered(sim: Sim) -> None:
    play(sim, faults=[{"status": 400, "error": "maximum context length is 2048 tokens", "first": 1}])

    async def work(engine: OpenAICompatible) -> None:
        await until_it_fails(engine)
        assert [m.window for m in (await engine.look()).models] == [2048]

    with_engine(sim.url, work)


def test_a_busy_server_is_asked_again(sim: Sim) -> None:
    play(sim, faults=[{"status": 503, "first": 2}])
    chunks = with_engine(sim.url, collect)
    assert [c.why for c in chunks if isinstance(c, Wait)] == ["busy", "busy"]
    assert text_of(chunks) == SMALL


def test_a_load_is_waited_for_and_a_dead_server_is_not(sim: Sim) -> None:
    play(sim, {**LLAMA_3B, "load_seconds": 0.6})
    chunks = with_engine(sim.url, collect)
    assert chunks[0] == Wait("queued", f"cluster prepares the answer of {NAME}")
    play(sim, faults=[{"stall_before_headers": True}, {"path": "/v1/models", "status": 500}])
    with Sim({"models": [{**LLAMA_3B, "load_seconds": 60}]}) as mortal:

        async def work(engine: OpenAICompatible) -> None:
            task = asyncio.create_task(until_it_fails(engine))
            await until(lambda: bool(mortal.requests(CHAT)))
            mortal.kill()
            _, error = await task
            assert isinstance(error, StreamBroken)
            _, error = await until_it_fails(engine)
            assert isinstance(error, EngineUnreachable)
            assert str(error) == f"Nothing answers at {mortal.url}/v1."
            assert (await engine.look()).trouble == "nothing"

        with_engine(mortal.url, work)


def test_stopping_closes_the_connection(sim: Sim) -> None:
    play(sim, {**LLAMA_3B, "never_ends": True})

    async def work(engine: OpenAICompatible) -> None:
        before = len(bodies(sim))
        stream = engine.chat(chat_request(max_tokens=100_000))
        assert isinstance(await anext(stream), Piece)
        idle = asyncio.create_task(engine.idle())
        await asyncio.sleep(0)
        assert not idle.done()
        await stream.aclose()
        await idle
        await asyncio.to_thread(
            sim.wait_for, lambda seen: len(seen) > before and seen[-1]["client_closed"] is not None, CHAT
        )

    with_engine(sim.url, work)
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

    with_engine(sim.url, work)

    async def main() -> None:
        for answer in (b"{}", b'{"data": [{"embedding": ["x"]}]}', b'{"data": [1]}'):
            async with canned({"/v1/embeddings": http(200, answer)}) as url:
                engine = OpenAICompatible("cluster", Access("openai", f"{url}/v1"))
                with pytest.raises(StreamBroken):
                    await engine.embed("e", ["a"])
                await engine.close()

    asyncio.run(main())


@pytest.mark.parametrize("address", ["http://foo[bar:1/v1", "tcp://127.0.0.1:1/v1", "http://a b:1/v1", "://x/v1"])
def test_an_impossible_address_is_an_engine_error(address: str) -> None:
    async def main() -> None:
        engine = OpenAICompatible("cluster", Access("openai", address))
        state = await engine.look()
        assert not state.reachable
        assert state.error.endswith(".")
        await until_it_fails(engine)
        await engine.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([{"choices": [{"delta": {"content": "x"}, "finish_reason": "content_filter"}]}], "content filter"),
        ([{"choices": [{"delta": {}, "finish_reason": "error"}]}], "failed in the middle"),
        ([{"error": {"message": "out of memory"}}], "out of memory"),
        ([{"error": "odd"}], "odd"),
        ([[1]], "not an answer"),
        ([{"usage": {"completion_tokens": "many"}}], "not an answer"),
        ([], "too early"),
    ],
)
def test_events_that_are_no_answer(events: list[Any], words: str) -> None:
    data = b"".join(b"data: " + json.dumps(e).encode() + b"\n\n" for e in events) + b"data: [DONE]\n\n"

    async def main() -> None:
        async with canned({CHAT: http(200, data, "text/event-stream")}) as url:
            engine = OpenAICompatible("cluster", Access("openai", f"{url}/v1"))
            _, error = await until_it_fails(engine)
            assert words in str(error)
            await engine.close()

    asyncio.run(main())
