"""The connection to one Ollama host: the only place that imports `ollama`, and where its errors become sentences."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from mirador_desktop.core.host import Access, GiveToken
from mirador_desktop.engines import access as reach
from mirador_desktop.engines import ollama_wire as wire
from mirador_desktop.engines.access import CONNECT_SECONDS, Bearer, no_token
from mirador_desktop.engines.ollama_library import import_ollama
from mirador_desktop.engines.trouble import is_certificate, nothing_at, unreachable
from mirador_desktop.engines.waiting import Running
from mirador_desktop.errors import EngineError, EngineUnreachable, StreamBroken

__all__ = ["CONNECT_SECONDS", "OllamaConnection", "nothing_at"]

if TYPE_CHECKING:
    import httpx
    import ollama

log = logging.getLogger(__name__)


class _Raw(dict[str, Any]):
    """A response as it came: the library's own classes drop the bytes that half characters need."""


class OllamaConnection:
    """Requests to one host. Every method raises an `EngineError` and nothing else.

    Args:
        name: of the host, for sentences.
        address: base address, as `host_url` makes it.
        access: what is trusted there, None for what the system trusts.
        token: gives its bearer token.

    Attributes:
        running: the requests whose answers take long.
    """

    def __init__(self, name: str, address: str, access: Access | None = None, token: GiveToken = no_token) -> None:
        self.name, self.address = name, address
        self.running = Running()
        self._access = access or Access("ollama", address)
        self._bearer = Bearer(address, token)
        self._client: ollama.AsyncClient | None = None
        self._connecting = asyncio.Lock()

    async def get(self, path: str) -> Mapping[str, Any]:
        """GET, and the JSON object that comes back."""
        return await self._ask("GET", path, "")

    async def post(self, path: str, model: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """POST JSON about a model ("" for none), and the JSON object that comes back ({} for an empty answer)."""
        return await self._ask("POST", path, model, json=body)

    async def lines(self, path: str, model: str, body: Mapping[str, Any]) -> AsyncGenerator[Mapping[str, Any], None]:
        """POST JSON and yield the JSON lines that come back, without any time-out. A line of an error raises."""
        with self.running.one():
            try:
                client = await self.client()
                async with client.stream("POST", path, json=body) as response:
                    if response.status_code != 200:
                        await response.aread()
                        raise self.refusal(response.status_code, wire.words_of(response.text), model)
                    async with aclosing(wire.lines_of(response.aiter_bytes())) as lines:
                        async for line in lines:
                            if error := line.get("error"):
                                raise self.refusal(0, wire.words_of(error), model)
                            yield line
            except Exception as error:
                raise self.translate(error, model) from error

    async def send(
        self, method: str, path: str, model: str, content: AsyncIterable[bytes] | Mapping[str, Any] | None = None
    ) -> int:
        """Send bytes (without any time-out) or JSON, and return the status of the answer where it is a success."""
        with self.running.one():
            try:
                client = await self.client()
                how: dict[str, Any] = {"json": content} if isinstance(content, Mapping) else {"content": content}
                response = await client.request(method, path, **how)
                if response.status_code >= 300:
                    raise self.refusal(response.status_code, wire.words_of(response.text), model)
            except Exception as error:
                raise self.translate(error, model) from error
            return response.status_code

    async def listens(self) -> bool:
        """Whether anything listens; see `access.listens`."""
        return self._client is not None or await reach.listens(self.address)

    async def client(self) -> "httpx.AsyncClient":
        """The HTTP client inside the library's, with its headers."""
        client = await self._connect()
        inside: httpx.AsyncClient = client._client
        return inside

    async def close(self) -> None:
        """Close all connections; the next request makes new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()  # type: ignore[no-untyped-call]

    async def _ask(self, method: str, path: str, model: str, **body: Any) -> Mapping[str, Any]:
        try:
            client = await self._connect()
            answer: _Raw = await client._request(_Raw, method, path, **body)
            return answer
        except Exception as error:
            raise self.translate(error, model) from error

    async def _connect(self) -> "ollama.AsyncClient":
        """Make the host's one client. The import takes 250 ms, so it happens in a thread, at first use."""
        async with self._connecting:
            if self._client is None:
                module = await asyncio.to_thread(import_ollama)
                options = await reach.client_options(self._access, self._bearer)
                try:
                    client: ollama.AsyncClient = await asyncio.to_thread(
                        module.AsyncClient, host=self.address, **options
                    )
                except Exception as error:
                    raise EngineUnreachable(f"{self.address} cannot be asked: {error}.", "foreign") from error
                self._client = client
            return self._client

    def translate(self, error: Exception, model: str) -> EngineError:
        """Put what the libraries raise into a sentence."""
        import httpx
        import ollama

        if isinstance(error, EngineError):
            return error
        if isinstance(error, ollama.ResponseError):
            return self.refusal(error.status_code, wire.words_of(error.error), model)
        if isinstance(error, ConnectionError | httpx.ConnectError | httpx.ConnectTimeout) or is_certificate(error):
            return unreachable(self.address, error, self._access.certificate)
        if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
            return EngineUnreachable(f"{self.address} is not the address of an Ollama host.", "foreign")
        if isinstance(error, httpx.TransportError):
            return StreamBroken(f"The connection to {self.name} broke.")
        if isinstance(error, AttributeError | TypeError | ValueError | OverflowError):
            return StreamBroken(f"{self.name} sent something that is not an answer.")
        log.error("Unexpected error from %s", self.address, exc_info=error)
        words = self._bearer.without_token(str(error))
        return StreamBroken(f"Something unexpected happened while talking to {self.name}: {words}")

    def refusal(self, status: int, text: str, model: str) -> EngineError:
        """See `ollama_wire.refusal`."""
        return wire.refusal(self.name, self.address, status, self._bearer.without_token(text), model)
