"""The connection to one Ollama host: the only place that imports `ollama`, and where its errors become sentences."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mirador_desktop.engines import ollama_wire as wire
from mirador_desktop.engines.address import is_this_computer
from mirador_desktop.engines.ollama_library import import_ollama
from mirador_desktop.errors import EngineError, EngineUnreachable, StreamBroken

if TYPE_CHECKING:
    import httpx
    import ollama

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
"""How long a host may take to accept a connection, and to answer the shortest question."""


class _Raw(dict[str, Any]):
    """A response as it came: the library's own classes drop the bytes that half characters need."""


class OllamaConnection:
    """Requests to one host. Every method raises an `EngineError` and nothing else.

    Args:
        name: of the host, for sentences.
        address: base address, as `host_url` makes it.
    """

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address = name, address
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
        """Whether anything listens, found out before the library is imported for nothing: that takes 30 MB.

        Only asked on this computer: elsewhere a proxy may stand between.
        """
        if self._client is not None or not is_this_computer(self.address):
            return True
        place = urlsplit(self.address)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(place.hostname, place.port)
        except (OSError, ValueError):
            return False
        writer.close()
        return True

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
                plain = self.address.startswith("http://")
                # In a thread: an SSL context costs 20 ms. A plain host needs none, and may not redirect.
                try:
                    client: ollama.AsyncClient = await asyncio.to_thread(
                        module.AsyncClient,
                        host=self.address,
                        follow_redirects=False,
                        verify=not plain,
                        trust_env=not is_this_computer(self.address),
                    )
                except Exception as error:
                    raise EngineUnreachable(f"{self.address} cannot be asked: {error}.") from error
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
        if isinstance(error, ConnectionError | httpx.ConnectError | httpx.ConnectTimeout):
            return EngineUnreachable(nothing_at(self.address))
        if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
            return EngineUnreachable(f"{self.address} is not the address of an Ollama host.")
        if isinstance(error, httpx.TransportError):
            return StreamBroken(f"The connection to {self.name} broke.")
        if isinstance(error, AttributeError | TypeError | ValueError | OverflowError):
            return StreamBroken(f"{self.name} sent something that is not an answer.")
        log.error("Unexpected error from %s", self.address, exc_info=error)
        return StreamBroken(f"Something unexpected happened while talking to {self.name}: {error}")

    def refusal(self, status: int, text: str, model: str) -> EngineError:
        """See `ollama_wire.refusal`."""
        return wire.refusal(self.name, self.address, status, text, model)


def nothing_at(address: str) -> str:
    """The sentence for an address where nothing listens."""
    return f"Nothing answers at {address}."
