"""What several tests of the pipeline need: a machine on a test server, events and their grammar, canned servers."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from mirador_desktop.core.engine import ChatRequest, Chunk, Done, EngineKind, EngineState, Message
from mirador_desktop.core.events import (
    AnswerFinished,
    Event,
    StageFinished,
    StageStarted,
    StageWaiting,
    StreamToken,
)
from mirador_desktop.core.manager import ModelManager
from mirador_desktop.core.orchestrator import AnswerRequest, Depth, StreamingOrchestrator
from mirador_desktop.core.stages import DEFAULT_PIPELINE, Pipeline
from mirador_desktop.engines.guide import Guide
from mirador_desktop.engines.ollama import Ollama
from mirador_desktop.engines.registry import Registry

T = TypeVar("T")
PATIENCE = 20.0
QUESTION = "Why is my program slow to start?"
GUIDE = """\
# Models
## Get a model
To get a model, pull it from the library. It needs some gigabytes of disk.

1. Open Settings and choose Models.
2. Type `llama3.2` and press Pull.

## Remove a model
Removing a model frees the disk. Open Settings, choose Models and press Delete.
# Confidence
Unsure words are tinted. The tint shows the probability that the model gave a word.

| key | what |
|---|---|
| Ctrl+H | tint |
"""


def guide_in(folder: Path) -> Guide:
    """A guide of one page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "models.md").write_text(GUIDE, encoding="utf-8")
    return Guide(folder)


class Machine:
    """Registry and orchestrator over one Ollama host, as the program puts them together."""

    def __init__(self, url: str, folder: Path, *, memory: int = 0, stall_after: float = 30.0) -> None:
        self.engine = Ollama("this computer", url, busy_pauses=(0.01, 0.02, 0.03), sign_of_life=0.05)
        self.registry = Registry([self.engine], guide_in(folder / "guide"), lambda: memory)
        self.orchestrator = StreamingOrchestrator(self.registry, stall_after=stall_after)

    async def answer(
        self,
        question: str = QUESTION,
        pipeline: Pipeline = DEFAULT_PIPELINE,
        history: tuple[tuple[str, str], ...] = (),
        depth: Depth = "auto",
    ) -> list[Event]:
        """Look, ask, and check the order of what comes."""
        await self.registry.look()
        request = AnswerRequest(question, pipeline, history, depth)
        return checked([event async for event in self.orchestrator.stream(request)])


def run_machine(url: str, folder: Path, work: Callable[[Machine], Coroutine[Any, Any, T]], **more: Any) -> T:
    """Let `work` have a machine, and close it."""

    async def main() -> T:
        machine = Machine(url, folder, **more)
        try:
            return await work(machine)
        finally:
            await machine.registry.close()

    return asyncio.run(main())


def checked(events: Sequence[Event]) -> list[Event]:
    """The same events, after the check that they come in the order that `core.events` promises."""
    assert isinstance(events[-1], AnswerFinished)
    stage = writing = ""
    models: tuple[str, ...] = ()
    seen: list[str] = []
    texts: dict[str, list[str]] = {}
    for event in events[:-1]:
        assert not isinstance(event, AnswerFinished)
        if isinstance(event, StageStarted):
            assert not writing
            assert event.stage not in seen
            assert event.models
            stage, models = event.stage, event.models
            seen.append(stage)
        elif isinstance(event, StageFinished) and event.reason == "skipped":
            assert not event.model
            assert not writing
            assert event.error.endswith(".")
            assert event.stage not in seen
            seen.append(event.stage)
        else:
            assert event.stage == stage
            assert writing in ("", event.model)
            writing = event.model
            if isinstance(event, StreamToken):
                assert (event.confidence is None) == (event.source == "none")
                assert event.confidence is None or 0 <= event.confidence <= 1
                if event.kind == "answer":
                    texts.setdefault(stage, []).append(event.content)
            elif isinstance(event, StageFinished):
                assert event.model in models or event.fallback_for in models
                assert (event.reason == "failed") == bool(event.error)
                assert not event.calibrated
                assert (event.confidence is None) == (event.source == "none")
                writing = ""
    assert not writing
    last = events[-1]
    assert isinstance(last, AnswerFinished)
    assert last.content in "".join(texts.get(last.stage, []))
    assert bool(last.stage) == bool(last.content)
    assert (last.reason == "failed") == bool(last.error)
    return list(events)


def finished(events: Sequence[Event], stage: str = "") -> list[StageFinished]:
    return [e for e in events if isinstance(e, StageFinished) and e.stage == (stage or e.stage)]


def tokens(events: Sequence[Event], stage: str = "", kind: str = "answer") -> list[StreamToken]:
    return [e for e in events if isinstance(e, StreamToken) and e.stage == (stage or e.stage) and e.kind == kind]


def text_of(events: Sequence[Event], stage: str = "") -> str:
    return "".join(e.content for e in tokens(events, stage))


def waiting(events: Sequence[Event]) -> list[StageWaiting]:
    return [e for e in events if isinstance(e, StageWaiting)]


def last_of(events: Sequence[Event]) -> AnswerFinished:
    last = events[-1]
    assert isinstance(last, AnswerFinished)
    return last


def chat_request(model: str = "llama3.2:3b", question: str = QUESTION, **more: Any) -> ChatRequest:
    values: dict[str, Any] = {"temperature": 0.3, "max_tokens": 400, "question": question, **more}
    return ChatRequest(model, (Message("system", "Be brief."), Message("user", question)), **values)


async def until(condition: Callable[[], object], what: str = "") -> None:
    """Wait until a condition holds; fails with its name when it does not."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {what or condition}"
        await asyncio.sleep(0.002)


@asynccontextmanager
async def canned(answers: dict[str, bytes] | None = None, **by_name: bytes) -> AsyncIterator[str]:
    """A server that answers each path with the same bytes; its address."""
    known = {**(answers or {}), **{f"/api/{name}": answer for name, answer in by_name.items()}}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next((int(h[15:]) for h in head.split("\r\n") if h.lower().startswith("content-length:")), 0)
            await reader.readexactly(length)
            writer.write(known.get(head.split()[1], http(404, b"404 page not found", "text/plain")))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


def http(status: int, body: bytes, kind: str = "application/json", *headers: str) -> bytes:
    """A whole HTTP answer that ends with its connection."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Type: {kind}", "Connection: close", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def jsonl(*values: Any) -> bytes:
    """JSON values, one a line, as UTF-8 that nothing but JSON itself requires is escaped in."""
    return b"".join(json.dumps(v, ensure_ascii=False).encode() + b"\n" for v in values)


def line(text: str, **more: Any) -> dict[str, Any]:
    """One line of an answer."""
    return {"message": {"role": "assistant", "content": text}, "done": False, **more}


DONE = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}


class Still:
    """An engine that is told what a look at it finds, and counts the looks."""

    kind: EngineKind = "ollama"
    manager: ModelManager | None = None

    def __init__(self, name: str, state: EngineState, address: str = "http://127.0.0.1:1") -> None:
        self.name, self.state, self.address = name, state, address
        self.looks: list[float] = []
        self.closed = False
        self.ended = asyncio.Event()  # of what runs on it
        self.ended.set()
        self.hold: asyncio.Event | None = None

    async def look(self) -> EngineState:
        self.looks.append(asyncio.get_running_loop().time())
        if self.hold is not None:
            await self.hold.wait()
        return self.state

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        yield Done("nothing")

    async def preload(self, model: str) -> None:
        raise NotImplementedError

    async def unload(self, model: str) -> None:
        raise NotImplementedError

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        raise NotImplementedError

    async def idle(self) -> None:
        await self.ended.wait()

    async def close(self) -> None:
        self.closed = True
