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
from dataclasses import replace
from typing import Any

from mirador_desktop.core.confidence import Aligner
from mirador_desktop.core.engine import ChatRequest, Chunk, EngineKind, EngineState, LoadedModel, ModelInfo, Wait
from mirador_desktop.core.host import Access, GiveToken
from mirador_desktop.core.manager import ModelManager
from mirador_desktop.core.names import full_name, same_model
from mirador_desktop.engines import certificates
from mirador_desktop.engines import ollama_wire as wire
from mirador_desktop.engines.access import no_token
from mirador_desktop.engines.ollama_connection import CONNECT_SECONDS, OllamaConnection
from mirador_desktop.engines.ollama_models import OllamaModels
from mirador_desktop.engines.options import OptionsOf, keep_alive, no_options
from mirador_desktop.engines.trouble import late, nothing_at
from mirador_desktop.engines.waiting import patiently
from mirador_desktop.errors import EngineBusy, EngineError, ModelMissing, ModelRefused, StreamBroken

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
        access: what is trusted there, None for what the system trusts.
        token: gives its bearer token.
        options_of: how a model is run: `num_ctx`, `num_gpu`, `num_thread`, `num_batch`, and `keep_alive` in
            minutes (-1 always, 0 until the answer has ended).
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
        access: Access | None = None,
        token: GiveToken = no_token,
        options_of: OptionsOf = no_options,
        busy_pauses: Sequence[float] = (1.0, 3.0, 9.0),
        sign_of_life: float = 5.0,
    ) -> None:
        self.name, self.address = name, address
        self._num_ctx = num_ctx
        self._busy_pauses = tuple(busy_pauses)
        self._sign_of_life = sign_of_life
        self._accepted = access.certificate if access is not None else ""
        self._options_of = options_of
        self.connection = OllamaConnection(name, address, access, token)
        self._shown: dict[tuple[str, str], ModelInfo] = {}
        self._described: dict[str, ModelInfo] = {}  # the same by their full names

    @property
    def manager(self) -> ModelManager:
        """See `Engine.manager`."""
        return OllamaModels(self.connection)

    async def look(self) -> EngineState:
        """See `Engine.look`."""
        try:
            if not await self.connection.listens():
                return EngineState(False, error=nothing_at(self.address), trouble="nothing")
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
            return EngineState(False, error=str(late(self.address, CONNECT_SECONDS)), trouble="timeout")
        except EngineError as error:
            why = await certificates.changed(self.address, self._accepted, error)
            return EngineState(False, error=str(why), trouble=why.trouble)
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
        body = self._body(model) | {"messages": [], "stream": False}
        if body.get("keep_alive") == 0:  # that would unload it: the answer it is loaded for will say so
            del body["keep_alive"]
        await self.connection.post("/api/chat", model, body)

    async def unload(self, model: str) -> None:
        """See `Engine.unload`."""
        await self.connection.post(
            "/api/chat", model, {"model": model, "messages": [], "stream": False, "keep_alive": 0}
        )

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        """See `Engine.embed`."""
        if not texts:
            return []
        body = self._body(model) | {"input": [wire.without_halves(text) for text in texts]}
        with self.connection.running.one():
            answer = await self.connection.post("/api/embed", model, body)
        try:
            return wire.vectors_of(answer.get("embeddings"), len(texts))
        except (TypeError, ValueError) as error:
            raise self.connection.translate(error, model) from error

    async def idle(self) -> None:
        """See `Engine.idle`."""
        await self.connection.running.ended()

    async def close(self) -> None:
        """See `Engine.close`."""
        await self.connection.close()

    # ── one answer ─────────────────────────────────────────────────────────────────────────────────────

    async def _chat_once(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        body = self._body(request.model)
        if request.options is not None:
            body["options"] = {"num_ctx": body["options"]["num_ctx"], **request.options}
        body["options"] |= {"temperature": request.temperature, "num_predict": request.max_tokens}
        body |= {
            "messages": [wire.message_of(message) for message in request.messages],
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
        stream = self.connection.lines("/api/chat", model, body)
        waits = patiently(stream, lambda: self._why_waiting(model), self.address, self._sign_of_life)
        async with aclosing(stream), aclosing(waits):
            async for item in waits:
                yield item

    async def _why_waiting(self, model: str) -> Wait | None:
        """Ask for a sign of life; None if there is none."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                loaded = await self._loaded()
        except (TimeoutError, EngineError):
            return None
        if any(same_model(m.name, model) for m in loaded):
            return Wait("queued", f"{model} is busy with another request or reads the prompt")
        return Wait("loading", f"Loading {model}")

    def _body(self, model: str) -> dict[str, Any]:
        """What every request about a model begins with: the same each time, or it would be loaded again."""
        own = dict(self._options_of(model))
        kept = own.pop("keep_alive", None)
        body = {"model": model, "options": {**own, "num_ctx": self._window(model)}}
        return body if kept is None else body | {"keep_alive": keep_alive(kept)}

    def _window(self, model: str) -> int:
        """The window in tokens that a model is run with, as the settings are now."""
        known, wanted = self._described.get(full_name(model)), self._options_of(model).get("num_ctx")
        if wanted is None:
            return self._num_ctx if known is None else known.window
        return wanted if known is None else min(wanted, known.context or wanted)

    def _can_think(self, model: str) -> bool:
        full = full_name(model)
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
        self._described[full_name(name)] = known
        return replace(known, window=self._window(name))

    async def _loaded(self) -> tuple[LoadedModel, ...]:
        try:
            entries = wire.entries_of(await self.connection.get("/api/ps"))
        except ModelMissing:  # a server from before /api/ps
            return ()
        return tuple(wire.loaded_model(self.name, entry) for entry in entries)
