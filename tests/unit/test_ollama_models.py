"""The models of an Ollama host: pulled, made, copied, deleted, described; and its errors in sentences."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import aclosing
from typing import Any, TypeVar

import pytest

from mirador_desktop.core.manager import ModelManager, NewModel, PullStep
from mirador_desktop.engines.guide import Guide
from mirador_desktop.engines.ollama import Ollama
from mirador_desktop.engines.ollama_models import explain
from mirador_desktop.errors import EngineError, EngineUnreachable, ModelMissing, ModelRefused, StreamBroken
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import LLAMA_3B, MISTRAL_7B, model, with_faults
from tests.unit.helpers import canned, http

T = TypeVar("T")
GEMMA = model("gemma3:4b", 3.3, "4.3B", "gemma3", pull_seconds=0.2)
SCENARIO = {"models": [LLAMA_3B, MISTRAL_7B], "registry": [GEMMA]}


@pytest.fixture
def sim() -> Iterator[Sim]:
    with Sim(SCENARIO) as running:
        yield running


def work_with(url: str, work: Callable[[ModelManager], Coroutine[Any, Any, T]]) -> T:
    async def main() -> T:
        engine = Ollama("this computer", url)
        try:
            return await work(engine.manager)
        finally:
            await engine.close()

    return asyncio.run(main())


async def pull(manager: ModelManager, name: str, insecure: bool = False) -> list[PullStep]:
    return [step async for step in manager.pull(name, insecure)]


def refusal(url: str, work: Callable[[ModelManager], Coroutine[Any, Any, Any]]) -> EngineError:
    with pytest.raises(EngineError) as caught:
        work_with(url, work)
    return caught.value


def test_a_pull_tells_every_step(sim: Sim) -> None:
    steps = work_with(sim.url, lambda manager: pull(manager, "gemma3:4b"))
    assert steps[0] == PullStep("pulling manifest")
    assert [s.status for s in steps[-3:]] == ["verifying sha256 digest", "writing manifest", "success"]
    weights = [s for s in steps if s.total == 3_300_000_000]
    assert weights[-1].completed == 3_300_000_000
    assert weights[0].digest.startswith("sha256:")
    assert "gemma3:4b" in [m["name"] for m in sim.ask("GET", "/api/tags")[1]["models"]]


def test_closing_a_pull_closes_its_connection(sim: Sim) -> None:
    async def work(manager: ModelManager) -> None:
        async with aclosing(manager.pull("gemma3:4b")) as steps:
            async for step in steps:
                if step.completed:
                    return

    work_with(sim.url, work)
    sim.wait_for(lambda seen: seen[-1]["client_closed"] is not None, "/api/pull")


def test_plain_http_goes_out_as_the_person_said(sim: Sim) -> None:
    refusal(sim.url, lambda manager: pull(manager, "http://127.0.0.1:1/library/words", True))
    assert sim.requests("/api/pull")[-1]["body"] == {"model": "http://127.0.0.1:1/library/words", "insecure": True}


def test_what_the_library_does_not_have(sim: Sim) -> None:
    error = refusal(sim.url, lambda manager: pull(manager, "nothing"))
    assert isinstance(error, ModelMissing)
    assert "The Ollama library has no model nothing" in str(error)


def test_no_network(sim: Sim) -> None:
    sim.change({"server": {"network": False}})
    error = refusal(sim.url, lambda manager: pull(manager, "gemma3:4b"))
    assert "This computer cannot find the Ollama library: is it connected to the internet?" in str(error)


def test_a_name_the_server_refuses(sim: Sim) -> None:
    error = refusal(sim.url, lambda manager: pull(manager, "no such:name/x y"))
    assert isinstance(error, ModelRefused)
    assert "takes no model of the name" in str(error)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"error_line_after": 6, "error": "write: no space left on device"}, "The disk of this computer is full"),
        ({"break_after": 6}, "The connection to this computer broke, or Ollama ended there."),
        ({"status": 500, "error": "something odd"}, "could not do it: something odd"),
        ({"status": 503}, "is busy"),
        ({"status": 401}, "refuses access"),
    ],
)
def test_faults_in_mid_pull(fault: dict[str, Any], words: str) -> None:
    with Sim(with_faults(SCENARIO, {"path": "/api/pull", **fault})) as sim:
        assert words in str(refusal(sim.url, lambda manager: pull(manager, "gemma3:4b")))


def test_a_registry_that_dies_and_one_that_speaks_plain_http() -> None:
    name = "http://127.0.0.1:21500/library/words:latest"
    dying = {**GEMMA, "name": name, "dies_at": 0.3, "retry_seconds": 0.01}
    with Sim({"models": [], "registry": [dying]}) as sim:
        died = refusal(sim.url, lambda manager: pull(manager, name, True))
        assert "The registry 127.0.0.1:21500 does not answer any more (connection refused)" in str(died).replace(
            "connect: ", ""
        )
        assert "retrying goes on from there" in str(died)
        plain = refusal(sim.url, lambda manager: pull(manager, name))
        assert "write http:// before it" in str(plain)


def test_a_server_that_is_not_there() -> None:
    assert isinstance(refusal("http://127.0.0.1:1", lambda manager: pull(manager, "x")), EngineUnreachable)


def test_a_server_that_dies_in_mid_pull(sim: Sim) -> None:
    async def work(manager: ModelManager) -> None:
        async for step in manager.pull("gemma3:4b"):
            if step.completed:
                sim.kill()

    assert isinstance(refusal(sim.url, work), StreamBroken)


def test_a_file_is_sent_once_and_made_into_a_model(sim: Sim) -> None:
    content = b"GGUF" + bytes(2_000_000)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 700_000):
            yield content[start : start + 700_000]

    async def work(manager: ModelManager) -> list[str]:
        assert not await manager.has_blob(digest)
        await manager.upload(digest, chunks())
        assert await manager.has_blob(digest)
        return [step async for step in manager.create(NewModel("mine", files={"mine.gguf": digest}))]

    steps = work_with(sim.url, work)
    assert (steps[0], steps[-1]) == ("parsing GGUF", "success")
    assert "mine:latest" in [m["name"] for m in sim.ask("GET", "/api/tags")[1]["models"]]


def test_a_file_that_changes_while_it_is_sent_is_refused(sim: Sim) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"something else"

    error = refusal(sim.url, lambda manager: manager.upload(f"sha256:{'0' * 64}", chunks()))
    assert "was changed while it was sent" in str(error)


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (500, "write /blobs/x: no space left on device", "The disk of this computer is full. Make room"),
        (500, "something else", "something else"),
        (400, "digest mismatch, expected a, got b", "was changed while it was sent"),
        (400, "no such thing", "no such thing"),
    ],
)
def test_a_file_that_the_host_cannot_keep(status: int, said: str, words: str) -> None:
    digest = f"sha256:{'0' * 64}"

    async def chunks() -> AsyncIterator[bytes]:
        yield b"a file"

    async def main() -> str:
        answer = http(status, json.dumps({"error": said}).encode())
        async with canned({f"/api/blobs/{digest}": answer}) as url:
            engine = Ollama("this computer", url)
            with pytest.raises(EngineError) as caught:
                await engine.manager.upload(digest, chunks())
            await engine.close()
        return str(caught.value)

    assert words in asyncio.run(main())


def test_a_variant_has_its_own_prompt_and_parameters(sim: Sim) -> None:
    new = NewModel("chef", source=LLAMA_3B["name"], system="You are a cook.", parameters={"num_ctx": 2048})

    async def work(manager: ModelManager) -> Any:
        steps = [step async for step in manager.create(new)]
        assert steps[-1] == "success"
        return await manager.show("chef")

    details = work_with(sim.url, work)
    assert details.system == "You are a cook."
    assert "num_ctx" in details.parameters
    assert "FROM" in details.modelfile
    assert ("Made from", "llama3.2:3b") in details.facts
    assert dict(details.info)["general.architecture"] == "llama"


def test_copy_and_delete(sim: Sim) -> None:
    async def work(manager: ModelManager) -> None:
        await manager.copy("llama3.2:3b", "second")
        await manager.delete("llama3.2:3b")

    work_with(sim.url, work)
    names = [m["name"] for m in sim.ask("GET", "/api/tags")[1]["models"]]
    assert "second:latest" in names
    assert "llama3.2:3b" not in names
    assert isinstance(refusal(sim.url, lambda manager: manager.delete("llama3.2:3b")), ModelMissing)
    assert isinstance(refusal(sim.url, lambda manager: manager.copy("llama3.2:3b", "x")), ModelMissing)
    assert isinstance(refusal(sim.url, lambda manager: manager.show("llama3.2:3b")), ModelMissing)


def test_texts_of_others_are_shortened_and_made_harmless(sim: Sim) -> None:
    nasty = {**LLAMA_3B, "license": "x" * 300_000, "system": "a\x1b[31m\x00b", "template": "{{ .Prompt }}\ttab"}
    sim.change({"models": [nasty]})
    details = work_with(sim.url, lambda manager: manager.show("llama3.2:3b"))
    assert details.licence.endswith("… (100,000 more characters)")
    assert details.system == "a\ufffd[31m\ufffdb"
    assert details.template == "{{ .Prompt }}\ttab"


@pytest.mark.parametrize(
    ("said", "model", "words"),
    [
        ("pull model manifest: file does not exist", "hf.co/a/b", "Hugging Face has no model hf.co/a/b"),
        ("pull model manifest: 412: The model you are attempting to pull requires a newer version of Ollama.", "x",
         "needs a newer Ollama than box has"),
        ("pull model manifest: 400: The specified repository is not GGUF or is not compatible with llama.cpp",
         "hf.co/a/b", "not in the GGUF format"),
        ("pull model manifest: 401: unauthorized", "hf.co/a/b", "asks for a sign-in"),
        ("digest mismatch, file must be downloaded again: want x, got y", "x", "does not match its checksum"),
        ("write sha256-1-partial: There is not enough space on the disk.", "x", "The disk of box is full"),
        ("max retries exceeded: unexpected EOF", "x", "does not answer any more (unexpected EOF)"),
        ("Get \"https://r/v2/\": http: server gave HTTP response to HTTPS client", "r/a/b", "no encrypted answer"),
        ("", "x", "it gave no reason"),
    ],
)  # fmt: skip
def test_errors_in_sentences(said: str, model: str, words: str) -> None:
    assert words in str(explain(said, model, "box"))


def test_the_guide_has_no_models_to_change(tmp_path: Any) -> None:
    assert Guide(tmp_path).manager is None
