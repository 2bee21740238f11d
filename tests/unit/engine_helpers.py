"""What the tests of engines share: an engine on the test server, what it plays, and what came of a question."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

import pytest

from mirador_desktop.core.engine import Chunk, Done, Engine, Piece
from mirador_desktop.core.host import Access
from mirador_desktop.engines.address import openai_url
from mirador_desktop.engines.ollama import Ollama
from mirador_desktop.engines.openai_compatible import OpenAICompatible
from mirador_desktop.errors import EngineError
from tests.ollama_sim.client import Sim
from tests.ollama_sim.sample_texts import SMALL
from tests.ollama_sim.scenarios import LLAMA_3B
from tests.unit.helpers import chat_request, http

T = TypeVar("T")
NAME = "llama3.2:3b"
HTML = http(404, b"<html><body>Not here</body></html>", "text/html")


def play(sim: Sim, *models: dict[str, Any], faults: list[dict[str, Any]] | None = None, **server: Any) -> None:
    """Set what the running server plays; what was asked before stays in its record."""
    sim.change({"models": list(models or [LLAMA_3B]), "faults": faults or [], "server": server})


def with_ollama(url: str, work: Callable[[Ollama], Coroutine[Any, Any, T]], **more: Any) -> T:
    """Let `work` have an Ollama host, and close it twice."""
    engine = Ollama("this computer", url, **{"busy_pauses": (0.01, 0.02, 0.03), "sign_of_life": 0.05, **more})
    return _run(engine, work)


def with_openai(url: str, work: Callable[[OpenAICompatible], Coroutine[Any, Any, T]]) -> T:
    """Let `work` have an OpenAI-compatible server, and close it twice."""
    access = Access("openai", openai_url(url))
    return _run(OpenAICompatible("cluster", access, busy_pauses=(0.01, 0.02), sign_of_life=0.05), work)


E = TypeVar("E", bound=Engine)


def _run(engine: E, work: Callable[[E], Coroutine[Any, Any, T]]) -> T:
    async def main() -> T:
        try:
            return await work(engine)
        finally:
            await engine.close()
            await engine.close()

    return asyncio.run(main())


async def read(chunks: AsyncGenerator[Chunk, None]) -> list[Chunk]:
    """All of an answer."""
    async with aclosing(chunks):
        return [chunk async for chunk in chunks]


async def collect(engine: Engine, **request: Any) -> list[Chunk]:
    """All that is answered to a question."""
    return await read(engine.chat(chat_request(**request)))


def pieces(chunks: list[Chunk], *, thinking: bool = False) -> list[Piece]:
    """The pieces of the answer, or of the thoughts."""
    return [chunk for chunk in chunks if isinstance(chunk, Piece) and chunk.thinking is thinking]


def text_of(chunks: list[Chunk], *, thinking: bool = False) -> str:
    """The answer, or the thoughts."""
    return "".join(piece.text for piece in pieces(chunks, thinking=thinking))


async def until_it_fails(engine: Engine, **request: Any) -> tuple[str, EngineError]:
    """What was written, and the error it ended with: one sentence that a person can read."""
    chunks: list[Chunk] = []

    async def read_all() -> None:
        async for chunk in engine.chat(chat_request(**request)):
            chunks.append(chunk)  # noqa: PERF401  # what came before the error counts

    with pytest.raises(EngineError) as caught:
        await read_all()
    assert not any(isinstance(chunk, Done) for chunk in chunks)
    sentence = str(caught.value)
    assert sentence
    assert len(sentence) < 600
    assert "\n" not in sentence
    return text_of(chunks), caught.value


async def ends_in(engine: Engine, fault: dict[str, Any], kind: type[EngineError], words: str) -> None:
    """An answer ends in an error, after what came before the fault and nothing else."""
    written, error = await until_it_fails(engine)
    assert type(error) is kind
    assert words in str(error)
    assert SMALL.startswith(written)
    assert bool(written) == (5 in fault.values())


async def first_piece(chunks: AsyncGenerator[Chunk, None]) -> Piece:
    """The first words, after however much waiting: a busy computer waits where another does not."""
    while True:
        chunk = await anext(chunks)
        if isinstance(chunk, Piece):
            return chunk
