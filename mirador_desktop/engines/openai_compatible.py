"""An OpenAI-compatible server as an engine: vLLM, llama.cpp, LM Studio, a cluster behind one address.

What servers do differently, and what is done about it here: fields that one does not know are left out from then on
(`stream_options`, `logprobs`, `max_tokens` against `max_completion_tokens`); spellings of tokens may be missing;
thoughts come as `reasoning_content` or as `reasoning`; an error may be an event in the middle of a stream; the end
of a stream is believed only after a `finish_reason`. Nothing can be loaded, unloaded or asked for its memory.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from mirador_desktop.core.confidence import Aligner
from mirador_desktop.core.engine import ChatRequest, Chunk, EngineKind, EngineState, ModelInfo, Wait
from mirador_desktop.core.host import Access, GiveToken
from mirador_desktop.core.manager import ModelManager
from mirador_desktop.engines import certificates
from mirador_desktop.engines import openai_wire as wire
from mirador_desktop.engines.access import CONNECT_SECONDS, no_token
from mirador_desktop.engines.ollama import ALTERNATIVES
from mirador_desktop.engines.ollama_wire import mapping, without_halves
from mirador_desktop.engines.openai_connection import OpenAIConnection, Refused
from mirador_desktop.engines.trouble import late, nothing_at
from mirador_desktop.engines.waiting import patiently
from mirador_desktop.errors import EngineBusy, EngineError, EngineUnreachable, StreamBroken

log = logging.getLogger(__name__)

_WINDOW = 8192
"""Tokens that a model is taken to be run with where its server does not tell."""


class OpenAICompatible:
    """The `Engine` that talks to one OpenAI-compatible server.

    Args:
        name: shown to the person.
        access: where it is (the base address ends with the version), and what is trusted there.
        token: gives its bearer token.
        busy_pauses: seconds to wait after each 429 or 503 before asking again.
        sign_of_life: seconds between two looks at a server that has not sent the first byte yet.
    """

    kind: EngineKind = "openai"
    manager: ModelManager | None = None

    def __init__(
        self,
        name: str,
        access: Access,
        token: GiveToken = no_token,
        *,
        busy_pauses: Sequence[float] = (1.0, 3.0, 9.0),
        sign_of_life: float = 5.0,
    ) -> None:
        self.name, self.address = name, access.address
        self._accepted = access.certificate
        self._busy_pauses = tuple(busy_pauses)
        self._sign_of_life = sign_of_life
        self._connection = OpenAIConnection(name, access, token)
        self._refused: set[str] = set()  # fields of a request that this server does not take
        self._thinks: set[str] = set()  # models whose thoughts have been seen
        self._windows: dict[str, int] = {}  # as servers told them when they refused a question

    async def look(self) -> EngineState:
        """See `Engine.look`."""
        try:
            if not await self._connection.listens():
                return EngineState(False, error=nothing_at(self.address), trouble="nothing")
            await self._connection.client()
            begun = time.monotonic()
            async with asyncio.timeout(CONNECT_SECONDS):
                entries = wire.entries_of(await self._get("models"))
            latency = time.monotonic() - begun
            if entries is None:
                raise EngineUnreachable(f"{self.address} answers, but is no OpenAI-compatible server.", "foreign")
            models = [self._info(entry) for entry in await self._with_details(entries)]
        except TimeoutError:
            return EngineState(False, error=str(late(self.address)), trouble="timeout")
        except EngineError as error:
            why = await certificates.changed(self.address, self._accepted, error)
            return EngineState(False, error=str(why), trouble=why.trouble)
        return EngineState(True, "", tuple(models), (), latency)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """See `Engine.chat`."""
        pauses = iter(self._busy_pauses)
        while True:
            body = self._body(request)
            try:
                async with aclosing(self._chat_once(request.model, body)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except Refused as refused:
                field = wire.refused_field(refused.status, refused.words, body)
                if field and field not in self._refused:
                    log.info("%s does not take %s", self.name, field)
                    self._refused.add(field)
                    continue
                if limit := wire.limit_of(refused.words):
                    self._windows[request.model] = limit
                error = self._connection.refusal(refused.status, refused.words, request.model)
                pause = next(pauses, None) if isinstance(error, EngineBusy) else None
                if pause is None:
                    raise error from refused
                yield Wait("busy", f"{self.name} is busy, asking again in {pause:g} s")
                await asyncio.sleep(pause)

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        """See `Engine.embed`."""
        if not texts:
            return []
        body = {"model": model, "input": [without_halves(text) for text in texts], "encoding_format": "float"}
        try:
            answer = await self._connection.post("embeddings", model, body)
            vectors = wire.vectors_of(answer, len(texts))
        except Refused as refused:
            raise self._connection.refusal(refused.status, refused.words, model) from refused
        except (TypeError, ValueError) as error:
            raise self._connection.translate(error, model) from error
        return vectors

    async def preload(self, model: str) -> None:
        """See `Engine.preload`: such servers load models by themselves."""

    async def unload(self, model: str) -> None:
        """See `Engine.unload`: such servers keep models as they like."""

    async def idle(self) -> None:
        """See `Engine.idle`."""
        await self._connection.running.ended()

    async def close(self) -> None:
        """See `Engine.close`."""
        await self._connection.close()

    # ── one answer ─────────────────────────────────────────────────────────────────────────────────────

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        """A request without the fields that this server has refused."""
        length = "max_completion_tokens" if "max_tokens" in self._refused else "max_tokens"
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [wire.message_of(message) for message in request.messages],
            "stream": True,
            length: request.max_tokens,
            "temperature": request.temperature,
            "stream_options": {"include_usage": True},
            "logprobs": True,
            "top_logprobs": ALTERNATIVES,
        }
        if not request.think and request.model in self._thinks:  # vLLM, llama.cpp
            body["chat_template_kwargs"] = {"enable_thinking": False}
        refused = self._refused | ({"top_logprobs"} if "logprobs" in self._refused else set())
        return {name: value for name, value in body.items() if name not in refused}

    async def _chat_once(self, model: str, body: Mapping[str, Any]) -> AsyncGenerator[Chunk, None]:
        aligners = {True: Aligner(), False: Aligner()}
        end, tokens, prompt_tokens, seconds, came = "", 0, 0, 0.0, False
        stream = self._connection.events("chat/completions", model, body)
        waits = patiently(stream, lambda: self._why_waiting(model), self.address, self._sign_of_life)
        try:
            async with aclosing(stream), aclosing(waits):
                async for event in waits:
                    if isinstance(event, Wait):
                        yield event
                        continue
                    if words := wire.error_in(event):
                        raise self._connection.refusal(0, words, model)
                    came = True
                    part = wire.part_of(event, aligners)
                    for piece in part.pieces:
                        if piece.thinking:
                            self._thinks.add(model)
                        yield piece
                    end = part.reason or end
                    tokens, prompt_tokens = part.tokens or tokens, part.prompt_tokens or prompt_tokens
                    seconds = part.seconds or seconds
        except (TypeError, ValueError, OverflowError) as error:
            raise self._connection.translate(error, model) from error
        except StreamBroken:
            if not end:  # after the end nothing that was still to come matters
                raise
        if not end and not came:  # llama-cpp-python does that with a question that is too long
            raise StreamBroken(
                f"{self.name} closed the stream before {model} wrote anything. The question may be too long for it."
            )
        if not end:
            raise StreamBroken(f"{model} stopped in the middle: the server closed the stream too early.")
        yield wire.done_of(model, end, tokens, prompt_tokens, seconds)

    async def _why_waiting(self, model: str) -> Wait | None:
        """Ask for a sign of life; None if there is none."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._connection.get("models")
        except Refused:  # it lives
            pass
        except (TimeoutError, EngineError):
            return None
        return Wait("queued", f"{self.name} prepares the answer of {model}")

    # ── what is there ──────────────────────────────────────────────────────────────────────────────────

    async def _get(self, path: str) -> Any:
        try:
            return await self._connection.get(path)
        except Refused as refused:
            raise self._connection.refusal(refused.status, refused.words, "") from refused

    async def _with_details(self, entries: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The same models with what LM Studio and llama.cpp tell elsewhere; as they are where they do not."""
        makers = {entry.get("owned_by") for entry in entries}
        parts = urlsplit(self.address)
        root = f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}"
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if "organization_owner" in makers:
                    rich = wire.entries_of(await self._connection.get(f"{root}/api/v0/models")) or []
                    more = {entry["id"]: entry for entry in rich}
                    return [{**entry, **more.get(entry["id"], {})} for entry in entries]
                if makers == {"llamacpp"}:
                    props = mapping(await self._connection.get(f"{root}/props"))
                    window = mapping(props.get("default_generation_settings")).get("n_ctx")
                    return [{**entry, "loaded_context_length": window} for entry in entries]
        except (Refused, EngineError, TimeoutError):
            log.info("%s tells no more of its models", self.name)
        return entries

    def _info(self, entry: Mapping[str, Any]) -> ModelInfo:
        name = str(entry["id"])
        info = wire.model_info(self.name, entry, self._windows.get(name, _WINDOW))
        if name in self._thinks and "completion" in info.capabilities:
            return replace(info, capabilities=info.capabilities | {"thinking"})
        return info
