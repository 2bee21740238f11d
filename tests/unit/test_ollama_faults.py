"""What goes wrong with an Ollama host, or with what is no Ollama host: an EngineError with a sentence, always."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from mirador_desktop.core.engine import Done
from mirador_desktop.engines.ollama import Ollama
from mirador_desktop.errors import (
    EngineBusy,
    EngineDenied,
    EngineError,
    EngineUnreachable,
    ModelMissing,
    ModelRefused,
    StreamBroken,
)
from tests.ollama_sim.client import ROOT, Sim
from tests.ollama_sim.scenarios import LLAMA_3B, NOMIC, ONE_MODEL
from tests.unit.engine_helpers import HTML, NAME, collect, ends_in, play, text_of, until_it_fails, with_ollama
from tests.unit.helpers import DONE, canned, http, jsonl, line, until


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim(ONE_MODEL) as running:
        yield running


def with_canned(
    work: Callable[[Ollama], Coroutine[Any, Any, None]], answers: dict[str, bytes] | None = None, **by_name: bytes
) -> None:
    """Let `work` talk to a server that answers with fixed bytes."""

    async def main() -> None:
        async with canned(answers, **by_name) as url:
            engine = Ollama("this computer", url, busy_pauses=(0.01,), sign_of_life=0.05)
            await work(engine)
            await engine.close()

    asyncio.run(main())


# The gallery


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"error_line_after": 5}, StreamBroken, "unexpected EOF"),
        ({"error_line_after": 0}, StreamBroken, "unexpected EOF"),
        ({"break_after": 5}, StreamBroken, "connection to this computer broke"),
        ({"reset_after": 5}, StreamBroken, "connection to this computer broke"),
        ({"end_without_done_after": 5}, StreamBroken, "closed the stream too early"),
        ({"garbage_after": 5}, StreamBroken, "not an answer"),
        ({"break_after": 0}, StreamBroken, "broke"),
        ({"status": 500}, StreamBroken, f"{NAME} failed: an error was encountered"),
        ({"status": 503}, EngineBusy, "too many requests are waiting"),
        ({"status": 404}, ModelMissing, f"{NAME} is not installed on this computer"),
        ({"status": 400, "error": "no such thing"}, ModelRefused, "refuses the request: no such thing"),
        ({"status": 418, "error": " "}, ModelRefused, "refuses the request: 418"),
        ({"status": 403}, EngineDenied, "refuses access"),
    ],
)
def test_a_fault_ends_in_its_error_after_what_came_before(
    sim: Sim, fault: dict[str, Any], kind: type[EngineError], words: str
) -> None:
    play(sim, faults=[fault])

    with_ollama(sim.url, lambda engine: ends_in(engine, fault, kind, words))


def test_what_a_server_refuses(sim: Sim) -> None:
    play(sim, LLAMA_3B, NOMIC)

    async def work(engine: Ollama) -> None:
        assert isinstance((await until_it_fails(engine, model="none"))[1], ModelMissing)
        _, error = await until_it_fails(engine, model="nomic-embed-text")
        assert isinstance(error, ModelRefused)
        assert "does not support chat" in str(error)
        with pytest.raises(ModelMissing):
            await engine.preload("none")

    with_ollama(sim.url, work)


def test_a_missing_token(sim: Sim) -> None:
    play(sim, token="secret")

    async def work(engine: Ollama) -> None:
        state = await engine.look()
        assert not state.reachable
        assert state.error == "This computer refuses access (401): a token is missing or wrong."
        assert isinstance((await until_it_fails(engine))[1], EngineDenied)

    with_ollama(sim.url, work)
    play(sim, token=None)


def test_a_server_that_dies_before_the_first_byte() -> None:
    async def work(engine: Ollama) -> None:
        task = asyncio.create_task(until_it_fails(engine))
        await until(lambda: bool(mortal.requests("/api/chat")))
        mortal.kill()
        written, error = await task
        assert written == ""
        assert isinstance(error, StreamBroken)
        _, error = await until_it_fails(engine)
        assert isinstance(error, EngineUnreachable)
        assert str(error) == f"Nothing answers at {mortal.url}."
        state = await engine.look()
        assert (state.reachable, state.error) == (False, str(error))

    with Sim({"models": [{**LLAMA_3B, "load_seconds": 60}]}) as mortal:
        with_ollama(mortal.url, work)


def test_a_server_that_gives_no_sign_of_life_is_given_up(sim: Sim) -> None:
    stuck = {"status": 500, "path": "/api/ps"}
    play(sim, faults=[stuck, {"stall_before_headers": True}])

    async def work(engine: Ollama) -> None:
        _, error = await until_it_fails(engine)
        assert isinstance(error, EngineUnreachable)
        assert "does not answer any more" in str(error)

    with_ollama(sim.url, work)


@pytest.mark.parametrize("path", ["/api/version", "/api/tags", "/api/ps", "/api/show"])
def test_a_look_at_a_server_that_says_nothing_ends(sim: Sim, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr("mirador_desktop.engines.ollama.CONNECT_SECONDS", 0.2)
    play(sim, {**LLAMA_3B, "digest": path}, faults=[{"path": path, "stall_before_headers": True}])

    async def work(engine: Ollama) -> None:
        assert "does not answer within" in (await engine.look()).error

    with_ollama(sim.url, work)


# What is no Ollama host


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (HTML, "answers, but does not speak Ollama's language (404)."),
        (http(200, b"<html>Welcome</html>", "text/html"), "sent something that is not an answer"),
        (http(200, b"[1]"), "sent something that is not an answer"),
        (http(200, b'"text"'), "sent something that is not an answer"),
        (http(200, b""), "sent something that is not an answer"),
        (http(502, b"<html>Bad gateway</html>", "text/html"), "This computer failed."),
        (http(301, b"", "text/html", "Location: https://other/"), "leads elsewhere (301): enter the new address."),
        (b"SSH-2.0-OpenSSH\r\n", "connection to this computer broke"),
        (b"", "connection to this computer broke"),
    ],
)
def test_another_kind_of_server_is_named(answer: bytes, words: str) -> None:
    async def work(engine: Ollama) -> None:
        state = await engine.look()
        assert not state.reachable
        assert words in state.error
        _, error = await until_it_fails(engine)
        assert not isinstance(error, EngineBusy)

    with_canned(work, version=answer, chat=answer, ps=answer)


def test_a_server_from_before_ps_and_show() -> None:
    tags = http(200, b'{"models": [{"name": "old:1b", "size": 5}, 7, {}]}')

    async def work(engine: Ollama) -> None:
        state = await engine.look()
        assert state.reachable
        assert [m.name for m in state.models] == ["old:1b", ""]
        assert state.loaded == ()

    with_canned(work, version=http(200, b"{}"), tags=tags)


@pytest.mark.parametrize(
    "address",
    ["http://foo[bar:11434", "tcp://127.0.0.1:1", "http://127.0.0.1:1", "://x:1", "http://a b:1", "http://:0"],
)
def test_an_impossible_address_is_an_engine_error(address: str) -> None:
    async def work(engine: Ollama) -> None:
        state = await engine.look()
        assert not state.reachable
        assert state.error.endswith(".")
        await until_it_fails(engine)

    with_ollama(address, work)


def test_a_stale_certificate_file_is_no_obstacle(sim: Sim) -> None:
    play(sim)
    code = (
        "import asyncio; from mirador_desktop.engines.ollama import Ollama\n"
        f"engine = Ollama('here', {sim.url!r})\n"
        "print(asyncio.run(engine.look()).reachable)"
    )
    environment = {**os.environ, "SSL_CERT_FILE": "/none/cert.pem", "SSL_CERT_DIR": "/none"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True"


# Lines that are not what they should be


@pytest.mark.parametrize("bad", [[1], "text", 5, None, True, {"error": ["a"]}, {"error": {"message": "out of it"}}])
def test_a_line_of_another_kind_ends_the_answer(bad: Any) -> None:
    async def work(engine: Ollama) -> None:
        written, error = await until_it_fails(engine)
        assert written == "Hello"
        assert isinstance(error, StreamBroken)

    with_canned(work, chat=http(200, jsonl(line("Hello"), bad, DONE), "application/x-ndjson"))


def test_json_nested_without_end_is_an_engine_error(caplog: pytest.LogCaptureFixture) -> None:
    async def work(engine: Ollama) -> None:
        _, error = await until_it_fails(engine)
        assert "Something unexpected happened while talking to this computer" in str(error)
        assert "Unexpected error" in caplog.text

    with_canned(work, chat=http(200, b'{"a":' + b"[" * 100_000 + b"\n"))


@pytest.mark.parametrize(
    "bad",
    [
        line("x", logprobs=[{"token": "x", "logprob": -1, "bytes": [300]}]),
        line("x", logprobs=[{"token": "x", "logprob": -1, "bytes": ["a"]}]),
        line("x", logprobs=[{"token": "x", "logprob": -(10**400)}]),
        line("x", logprobs=[{"token": "x", "logprob": -1, "top_logprobs": [{"token": "y", "logprob": "z"}]}]),
        {"done": True, "eval_count": "many"},
        {"done": True, "eval_duration": [1]},
    ],
)
def test_wrong_values_are_an_engine_error(bad: Any) -> None:
    async def work(engine: Ollama) -> None:
        _, error = await until_it_fails(engine)
        assert "not an answer" in str(error)

    with_canned(work, chat=http(200, jsonl(bad, DONE)))


def test_lines_without_a_message_and_odd_characters_do_no_harm() -> None:
    odd = "line\x85one\u2028two\x0bthree"
    body = jsonl(
        {"done": False},
        {"message": None},
        {"message": []},
        line("", logprobs=[]),
        line(odd),
        line("y", logprobs=[5, {"token": "y"}, {"logprob": True}]),
    )
    body += b'{"message": {"content": "\\ud83d!"}}\r\n\n  \n' + json.dumps(line("é")).encode() + b"\n"
    body += json.dumps({**DONE, "eval_count": None}).encode()  # no line feed at the end

    async def work(engine: Ollama) -> None:
        chunks = await collect(engine)
        assert text_of(chunks) == f"{odd}y\ufffd!é"
        assert chunks[-1] == Done("done")

    with_canned(work, chat=http(200, body))


def test_a_huge_line_and_a_question_with_half_a_character() -> None:
    text = "word 🙂 " * 200_000

    async def work(engine: Ollama) -> None:
        assert text_of(await collect(engine, question="\ud83d why?")) == text

    with_canned(work, chat=http(200, jsonl(line(text), DONE)))
