"""An Ollama host as an engine: what is there, and how its models answer.

What a real server does, and what is done about it here: text held back (`Aligner`), a stream that ends
without `done`, an error line on a 200, a broken connection (`StreamBroken`), 503 (asked again after growing
pauses), minutes without a byte while a model is loaded (no time-out: the server is asked for a sign of life
instead, so that a load is never aborted), servers too old for log-probabilities or capabilities. The same
`num_ctx` is sent for a model all the time, because any other value makes the server load it again.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from mirador_desktop.core.confidence import Aligner
from mirador_desktop.core.engine import (
    ChatRequest,
    Chunk,
    EngineKind,
    EngineState,
    LoadedModel,
    ModelInfo,
    Wait,
)
from mirador_desktop.engines import ollama_wire as wire
from mirador_desktop.engines.ollama_connection import CONNECT_SECONDS, OllamaConnection, nothing_at
from mirador_desktop.errors import (
    EngineBusy,
    EngineError,
    EngineUnreachable,
    ModelMissing,
    ModelRefused,
    StreamBroken,
)

log = logging.getLogger(__name__)

ALTERNATIVES = 4
"""How many of the most probable tokens are asked for at each place."""
_SHOWN_AT_ONCE = 6


class Ollama:
    """The `Engine` that talks to one Ollama host.

    Args:
        name: shown to the person.
        address: base address, as `host_url` makes it.
        num_ctx: window in tokens that is sent for every model (less where a model was made for less, or its
            Modelfile sets another).
        busy_pauses: seconds to wait after each 503 before asking again.
        sign_of_life: seconds between two looks at a server that has not sent the first byte yet.
    """

    kind: EngineKind = "ollama"

    def __init__(
        self,
        name: str,
        address: str,
        *,
        num_ctx: int = 8192,
        busy_pauses: Sequence[float] = (1.0, 3.0, 9.0),
        sign_of_life: float = 5.0,
    ) -> None:
        self.name, self.address = name, address
        self._num_ctx = num_ctx
        self._busy_pauses = tuple(busy_pauses)
        self._sign_of_life = sign_of_life
        self.connection = OllamaConnection(name, address)
        self._shown: dict[tuple[str, str], ModelInfo] = {}
        self._windows: dict[str, int] = {}

    async def look(self) -> EngineState:
        """See `Engine.look`."""
        try:
            if not await self.connection.listens():
                return EngineState(False, error=nothing_at(self.address))
            await self.connection.client()
            begun = time.monotonic()
            async with asyncio.timeout(CONNECT_SECONDS):
                version = str((await self.connection.get("/api/version")).get("version", ""))
            latency = time.monotonic() - begun
            async with asyncio.timeout(CONNECT_SECONDS * 4):
                entries = wire.entries_of(await self.connection.get("/api/tags"))
                loaded = await self._loaded()
            at_once = asyncio.Semaphore(_SHOWN_AT_ONCE)
            models = await asyncio.gather(*(self._model(entry, at_once) for entry in entries))
        except TimeoutError:
            return EngineState(False, error=f"{self.address} does not answer within {CONNECT_SECONDS:.0f} s.")
        except EngineError as error:
            return EngineState(False, error=str(error))
        return EngineState(True, version, tuple(models), loaded, latency)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """See `Engine.chat`."""
        pauses = iter(self._busy_pauses)
        while True:
            try:
                async with aclosing(self._chat_once(request)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except EngineBusy:
                pause = next(pauses, None)
                if pause is None:
                    raise
                yield Wait("busy", f"{self.name} is busy, asking again in {pause:g} s")
                await asyncio.sleep(pause)

    async def preload(self, model: str) -> None:
        """See `Engine.preload`."""
        await self.connection.post("/api/chat", model, self._body(model) | {"messages": [], "stream": False})

    async def unload(self, model: str) -> None:
        """See `Engine.unload`."""
        await self.connection.post(
            "/api/chat", model, {"model": model, "messages": [], "stream": False, "keep_alive": 0}
        )

    async def close(self) -> None:
        """See `Engine.close`."""
        await self.connection.close()

    # ── one answer ─────────────────────────────────────────────────────────────────────────────────────

    async def _chat_once(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        body = self._body(request.model)
        body["options"] |= {"temperature": request.temperature, "num_predict": request.max_tokens}
        body |= {
            "messages": [{"role": m.role, "content": wire.without_halves(m.content)} for m in request.messages],
            "stream": True,
            "logprobs": True,
            "top_logprobs": ALTERNATIVES,
        }
        if self._can_think(request.model):
            body["think"] = request.think
        aligners = {True: Aligner(), False: Aligner()}
        done = False
        async with aclosing(self._lines(request.model, body)) as lines:
            async for line in lines:
                if isinstance(line, Wait):
                    yield line
                    continue
                try:
                    pieces = wire.pieces_of(line, aligners)
                    end = wire.done_of(line) if line.get("done") is True else None
                except (TypeError, ValueError, OverflowError) as error:
                    raise self.connection.translate(error, request.model) from error
                for piece in pieces:
                    yield piece
                if end is not None:
                    done = True
                    yield end
                    break
        if not done:
            raise StreamBroken(f"{request.model} stopped in the middle: the server closed the stream too early.")

    async def _lines(self, model: str, body: Mapping[str, Any]) -> AsyncGenerator[Mapping[str, Any] | Wait, None]:
        """Yield the lines of a streamed answer, and before the first one why there is none yet."""
        async with aclosing(self.connection.lines("/api/chat", model, body)) as stream:
            first = asyncio.ensure_future(anext(stream, None))
            try:
                why: Wait | None = None
                silent, pause = 0, min(0.4, self._sign_of_life)
                while not (await asyncio.wait({first}, timeout=pause))[0]:
                    pause = self._sign_of_life
                    now = await self._why_waiting(model)
                    silent = silent + 1 if now is None else 0
                    if silent == 3:
                        raise EngineUnreachable(f"{self.address} does not answer any more.")
                    if now is not None and now != why:
                        why = now
                        yield now
                line = first.result()
            finally:
                first.cancel()
                await asyncio.wait({first})
            while line is not None:
                yield line
                line = await anext(stream, None)

    async def _why_waiting(self, model: str) -> Wait | None:
        """Ask for a sign of life; None if there is none."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                loaded = await self._loaded()
        except (TimeoutError, EngineError):
            return None
        if any(wire.same_model(m.name, model) for m in loaded):
            return Wait("queued", f"{model} is busy with another request or reads the prompt")
        return Wait("loading", f"Loading {model}")

    def _body(self, model: str) -> dict[str, Any]:
        window = self._windows.get(wire.full_name(model), self._num_ctx)
        return {"model": model, "options": {"num_ctx": window}}

    def _can_think(self, model: str) -> bool:
        full = wire.full_name(model)
        return any("thinking" in info.capabilities for (name, _), info in self._shown.items() if name == full)

    # ── requests ───────────────────────────────────────────────────────────────────────────────────────

    async def _model(self, entry: Mapping[str, Any], at_once: asyncio.Semaphore) -> ModelInfo:
        """Describe an installed model; `/api/show` is asked once for each version of it."""
        name, digest = str(entry.get("name") or entry.get("model") or ""), str(entry.get("digest", ""))
        known = self._shown.get((name, digest))
        if known is None:
            try:
                async with at_once, asyncio.timeout(CONNECT_SECONDS):
                    shown = await self.connection.post("/api/show", name, {"model": name})
            except (ModelMissing, ModelRefused, StreamBroken) as error:  # deleted meanwhile, or broken on disk
                log.warning("No details of %s: %s", name, error)
                return wire.model_info(self.name, entry, {}, self._num_ctx)
            known = wire.model_info(self.name, entry, shown, self._num_ctx)
            for old in [key for key in self._shown if key[0] == name]:
                del self._shown[old]
            self._shown[name, digest] = known
            self._windows[name] = known.window
        return known

    async def _loaded(self) -> tuple[LoadedModel, ...]:
        try:
            entries = wire.entries_of(await self.connection.get("/api/ps"))
        except ModelMissing:  # a server from before /api/ps
            return ()
        return tuple(wire.loaded_model(self.name, entry) for entry in entries)
