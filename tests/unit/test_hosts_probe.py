"""The test of a host: what it says of every kind of server, and of none."""

import asyncio
import json
from typing import Any

import pytest

from mirador_desktop.core.host import Access, Finding, HostKind
from mirador_desktop.engines import probe as probing
from mirador_desktop.engines.host_factory import HostFactory
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import NO_MODELS, ONE_MODEL, THREE_MODELS, TOO_OLD
from tests.unit.helpers import canned, http

FACTORY = HostFactory(lambda: 8192)
MODELS = http(200, json.dumps({"data": [{"id": "a", "owned_by": "vllm"}]}).encode())


def examine(url: str, kind: HostKind = "ollama", token: str = "") -> Finding:
    async def give() -> str:
        return token

    return asyncio.run(FACTORY.test(Access(kind, FACTORY.base_address(url, kind)), give))


def of_canned(answers: dict[str, bytes], kind: HostKind = "ollama") -> Finding:
    async def none() -> str:
        return ""

    async def main() -> Finding:
        async with canned(answers) as url:
            return await FACTORY.test(Access(kind, FACTORY.base_address(url, kind)), none)

    return asyncio.run(main())


def test_ollama_with_version_latency_and_models() -> None:
    with Sim(THREE_MODELS) as sim:
        found = examine(sim.url)
        assert (found.good, found.version, found.models, found.advice) == (True, "0.24.0", 5, "")
        assert found.words == f"Ollama 0.24.0 answers in {max(1, round(found.latency * 1000))} ms and has 5 models."
        assert examine(sim.url, token="x").words.endswith("It asks for no token.")
        other = examine(sim.url, "openai")
        assert (other.good, other.better_kind, other.models) == (True, "ollama", 5)
        sim.change({"server": {"token": "secret"}})
        assert examine(sim.url, token="secret").words.endswith("The token is accepted.")
        denied = examine(sim.url)
        assert (denied.good, denied.words) == (False, "It asks for a token (401).")
        sim.change({"server": {"token": None}, "faults": [{"path": "/api/version", "status": 403}]})
        assert examine(sim.url).words == "It refuses access (403)."
        sim.change({"faults": [{"path": "/api/version", "stall_before_headers": True}]})
    with Sim(NO_MODELS) as sim:
        assert "no models yet" in examine(sim.url).advice


@pytest.mark.parametrize(
    ("version", "good", "advice"),
    [
        ("0.1.13", False, "Update Ollama there"),
        ("0.5.7", True, "nor which of its models can think or see"),
        ("0.12.10", True, "does not tell how sure its models are. Update"),
        ("0.12.11", True, ""),
        ("0.13.0-rc1", True, ""),
        ("0.0.0", True, ""),
        ("dev", True, ""),
    ],
)
def test_old_versions(version: str, good: bool, advice: str) -> None:
    with Sim({**TOO_OLD, "server": {"version": version}}) as sim:
        found = examine(sim.url)
        assert (found.good, found.version) == (good, version)
        assert advice in found.advice
        assert bool(advice) == bool(found.advice)


def test_an_openai_compatible_server() -> None:
    with Sim({**ONE_MODEL, "server": {"only_openai": True, "owned_by": "vllm"}}) as sim:
        found = examine(sim.url, "openai")
        assert found.good
        assert found.words.startswith("An OpenAI-compatible server (vLLM) answers in ")
        assert found.words.endswith("has 1 model.")
        wrong = examine(sim.url)
        assert (wrong.good, wrong.better_kind) == (False, "openai")
        assert wrong.words == "This is not Ollama but an OpenAI-compatible server (vLLM)."
        sim.change({"server": {"token": "secret"}})
        assert examine(sim.url, "openai").words == "It asks for a token (401)."
        guessed = examine(sim.url)
        assert (guessed.good, guessed.better_kind) == (False, "openai")
    found = of_canned({"/v1/models": MODELS, "/version": http(200, b'{"version": "0.9.1"}')}, "openai")
    assert "(vLLM) 0.9.1 answers" in found.words


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"/": http(200, b"<html><title>My &amp;\n router</title></html>", "text/html", "Server: nginx/1.25")},
         "This is not Ollama but a web page, “My & router” (404)."),
        ({"/api/version": http(200, b"<title>Login</title>", "text/html", "Server: nginx/1.25\x07")},
         "This is not Ollama but a web page, “Login”, from nginx/1.25 (200)."),
        ({"/api/version": http(502, b"<html>Bad gateway</html>", "text/html", "Server: nginx")},
         "A server answers, but fails (502), from nginx."),
        ({"/api/version": http(301, b"", "text/html", "Location: https://other.example/")},
         "It leads to https://other.example/ (301)."),
        ({}, "This is not Ollama but something else (404)."),
        ({"/api/version": http(200, b"[" * 100_000)}, "This is not Ollama but something else (200)."),
    ],
)  # fmt: skip
def test_something_else_is_named_by_its_own_words(answers: dict[str, bytes], words: str) -> None:
    found = of_canned(answers)
    assert (found.good, found.words) == (False, words)
    assert found.advice


def test_ollama_without_its_other_door() -> None:
    found = of_canned({"/api/version": http(200, b'{"version": "0.1.20"}')}, "openai")
    assert (found.good, found.better_kind) == (False, "ollama")
    assert "This is Ollama 0.1.20" in found.words


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:1", "Nothing answers at http://127.0.0.1:1."),
        ("http://no-such-name.invalid", "The name no-such-name.invalid is not known."),
        ("http://foo[bar", "is not an address that can be asked."),
    ],
)
def test_nothing_there(url: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    found = examine(url)
    assert not found.good
    assert words in found.words


def test_a_server_that_says_nothing_or_no_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "CONNECT_SECONDS", 0.3)
    with Sim({**ONE_MODEL, "faults": [{"path": "/api/version", "stall_before_headers": True}]}) as sim:
        assert "does not answer within" in examine(sim.url).words

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        await writer.drain()
        writer.close()

    async def main() -> Any:
        server = await asyncio.start_server(speak, "127.0.0.1", 0)

        async def none() -> str:
            return ""

        port = server.sockets[0].getsockname()[1]
        found = await FACTORY.test(Access("ollama", f"http://127.0.0.1:{port}"), none)
        server.close()
        return found

    assert "does not speak HTTP" in asyncio.run(main()).words
