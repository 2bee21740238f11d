"""The connection to one OpenAI-compatible server: the only place that imports `openai`."""

import asyncio
import importlib
import logging
import time
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from mirador_desktop.core.host import Access, GiveToken
from mirador_desktop.engines import access as reach
from mirador_desktop.engines import openai_wire as wire
from mirador_desktop.engines.access import Bearer, no_token
from mirador_desktop.engines.trouble import is_certificate, unreachable
from mirador_desktop.engines.waiting import Running
from mirador_desktop.errors import EngineError, EngineUnreachable, StreamBroken

if TYPE_CHECKING:
    import openai

log = logging.getLogger(__name__)


_AT_ONCE = 1.0  # seconds


class Refused(Exception):
    """A status that is no success, with its words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


class OpenAIConnection:
    """Requests to one server. Methods raise `Refused` for a status, else an `EngineError` and nothing else.

    Args:
        name: of the host, for sentences.
        access: where it is, and what is trusted there.
        token: gives its bearer token.

    Attributes:
        running: the requests whose answers take long.
    """

    def __init__(self, name: str, access: Access, token: GiveToken = no_token) -> None:
        self.name, self.address = name, access.address
        self.running = Running()
        self._access = access
        self._bearer = Bearer(access.address, token)
        self._client: openai.AsyncOpenAI | None = None
        self._connecting = asyncio.Lock()

    async def listens(self) -> bool:
        """Whether anything listens; see `access.listens`."""
        return self._client is not None or await reach.listens(self.address)

    async def get(self, path: str) -> Any:
        """GET a path below the base address, or a whole address of the same host, and the JSON that comes back."""
        client = await self.client()
        try:
            return await client.get(path, cast_to=object)
        except Exception as error:
            raise self.translate(error, "") from error

    async def post(self, path: str, model: str, body: Mapping[str, Any]) -> Any:
        """POST JSON about a model, and the JSON that comes back."""
        client = await self.client()
        with self.running.one():
            try:
                return await client.post(path, body=dict(body), cast_to=object)
            except Exception as error:
                raise self.translate(error, model) from error

    async def events(self, path: str, model: str, body: Mapping[str, Any]) -> AsyncGenerator[object, None]:
        """POST JSON and yield the events that come back as plain values, without any time-out."""
        client = await self.client()
        from openai import AsyncStream

        with self.running.one():
            try:
                # Plain values, not the library's classes: servers leave fields out that those need.
                async def ask() -> "AsyncStream[object]":
                    return await client.post(
                        path, body=dict(body), cast_to=object, stream=True, stream_cls=AsyncStream[object]
                    )

                begun = time.monotonic()
                try:
                    stream = await ask()
                except Exception as error:
                    if not _was_closed(error) or time.monotonic() - begun > _AT_ONCE:
                        raise
                    stream = await ask()
                async with stream:
                    async for event in stream:
                        yield event
            except Exception as error:
                raise self.translate(error, model) from error

    async def client(self) -> "openai.AsyncOpenAI":
        """The server's one client, made in a thread at first use."""
        async with self._connecting:
            if self._client is None:
                # The import takes over a second.
                await asyncio.to_thread(importlib.import_module, "openai")
                options = await reach.client_options(self._access, self._bearer)
                try:
                    self._client = await asyncio.to_thread(self._make, options)
                except Exception as error:
                    raise EngineUnreachable(f"{self.address} cannot be asked: {error}.", "foreign") from error
            assert self._client is not None
            return self._client

    def _make(self, options: Mapping[str, Any]) -> "openai.AsyncOpenAI":
        import httpx
        import openai

        return openai.AsyncOpenAI(
            base_url=self.address,
            api_key="none",  # whatever stands here is taken out by Bearer
            http_client=httpx.AsyncClient(**options),
            max_retries=0,
            timeout=options["timeout"],
        )

    async def close(self) -> None:
        """Close all connections; the next request makes new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def translate(self, error: Exception, model: str) -> Exception:
        """Put what the libraries raise into a sentence, or into a `Refused`."""
        import httpx
        import openai

        if isinstance(error, EngineError | Refused):
            return error
        if isinstance(error, openai.APIStatusError):
            return Refused(error.status_code, self._words(error.body or error.response.text))
        connecting = isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout)
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) or connecting or is_certificate(error):
            return unreachable(self.address, error, self._access.certificate)
        if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol) or isinstance(
            error.__cause__, httpx.InvalidURL | httpx.UnsupportedProtocol
        ):
            return EngineUnreachable(f"{self.address} is not the address of a server.", "foreign")
        if isinstance(error, httpx.TransportError | openai.APIConnectionError):
            return StreamBroken(f"The connection to {self.name} broke.")
        if isinstance(error, openai.APIError) and type(error) is openai.APIError:  # in the middle of a stream
            words = self._words(error.body) or self._words(error.message)
            return self.refusal(0, words, model)
        if isinstance(error, openai.APIError | AttributeError | TypeError | ValueError | OverflowError):
            return StreamBroken(f"{self.name} sent something that is not an answer.")
        log.error("Unexpected error from %s: %s", self.address, type(error).__name__)
        words = self._bearer.without_token(str(error))
        return StreamBroken(f"Something unexpected happened while talking to {self.name}: {words}")

    def refusal(self, status: int, words: str, model: str) -> EngineError:
        """See `openai_wire.refusal`."""
        return wire.refusal(self.name, self.address, status, words, model)

    def _words(self, body: object) -> str:
        return self._bearer.without_token(wire.words_of(body))


def _was_closed(error: Exception) -> bool:
    """Whether a connection that was kept open broke before anything came: the server may have closed it meanwhile."""
    import httpx

    return isinstance(error.__cause__, httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError)
