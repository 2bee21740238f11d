"""What goes wrong with an OpenAI-compatible server: an EngineError with a sentence, always."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from mirador_desktop.core.engine import Wait
from mirador_desktop.core.host import Access
from mirador_desktop.engines.openai_compatible import OpenAICompatible
from mirador_desktop.errors import (
    EngineBusy,
    EngineDenied,
    EngineError,
    ModelMissing,
    ModelRefused,
    StreamBroken,
)
from tests.ollama_sim.client import Sim
from tests.ollama_sim.sample_texts import SMALL
from tests.ollama_sim.scenarios import ONE_MODEL
from tests.unit.engine_helpers import NAME, collect, ends_in, play, text_of, until_it_fails, with_openai
from tests.unit.helpers import canned, http

CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim({**ONE_MODEL, "server": {"only_openai": True}}) as running:
        yield running


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

    with_openai(sim.url, lambda engine: ends_in(engine, fault, kind, words))
    play(sim)


def test_a_limit_that_a_refusal_told_is_remembered(sim: Sim) -> None:
    play(sim, faults=[{"status": 400, "error": "maximum context length is 2048 tokens", "first": 1}])

    async def work(engine: OpenAICompatible) -> None:
        await until_it_fails(engine)
        assert [m.window for m in (await engine.look()).models] == [2048]

    with_openai(sim.url, work)


def test_a_busy_server_is_asked_again(sim: Sim) -> None:
    play(sim, faults=[{"status": 503, "first": 2}])
    chunks = with_openai(sim.url, collect)
    assert [c.why for c in chunks if isinstance(c, Wait)] == ["busy", "busy"]
    assert text_of(chunks) == SMALL


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
        ([], "before llama3.2:3b wrote anything"),
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
