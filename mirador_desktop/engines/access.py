"""How a host is reached: what its HTTP client trusts, and that a token goes to its own host and nowhere else."""

import asyncio
import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mirador_desktop.core.host import Access, GiveToken
from mirador_desktop.engines.address import is_near, is_this_computer

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 5.0
"""How long a host may take to accept a connection, and to answer the shortest question."""

_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "transfer-encoding"}
)


async def no_token() -> str:
    """The token of a host that has none."""
    return ""


class Bearer:
    """Signs the requests of one client with the token of its host.

    Libraries put keys, headers and what not from the environment into requests (`OLLAMA_API_KEY`,
    `OPENAI_API_KEY`, `OPENAI_CUSTOM_HEADERS`, …): of all headers only those of HTTP itself go out, and the token.

    Args:
        address: base address of the host. A request to any other place gets no token.
        token: gives it.
    """

    def __init__(self, address: str, token: GiveToken = no_token) -> None:
        self._place = _origin(address)
        self._give = token
        self._known: set[str] = set()

    async def sign(self, request: "httpx.Request") -> None:
        """A hook for `httpx`: called with each request before it is sent."""
        for name in [n for n in request.headers if n.lower() not in _HEADERS]:
            del request.headers[name]
        request.headers["User-Agent"] = "Mirador"
        if _origin(str(request.url)) != self._place:
            return
        if token := await self._give():
            self._known.add(token)
            request.headers["Authorization"] = f"Bearer {token}"

    def without_token(self, words: str) -> str:
        """What a server said, without the token, should it repeat that."""
        for token in self._known:
            words = words.replace(token, "…")
        return words


def _origin(address: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(address)
        return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", "", None


async def client_options(access: Access, bearer: Bearer) -> dict[str, Any]:
    """What an `httpx.AsyncClient` for a host is made with.

    Raises:
        EngineUnreachable: its CA file or accepted certificate cannot be read.
    """
    import httpx

    # At these levels the libraries write headers and whole conversations to the log.
    for name in ("httpx", "httpcore", "openai"):
        logging.getLogger(name).setLevel(logging.WARNING)
    await asyncio.to_thread(_load)
    verify: Any = False  # a plain host needs no context, and nothing leads elsewhere
    if access.address.startswith("https://"):
        from mirador_desktop.engines import certificates

        verify = await asyncio.to_thread(certificates.context, access.ca_file, access.certificate)
    return {
        "verify": verify,
        "follow_redirects": False,
        "trust_env": not is_near(access.address),  # proxies
        "timeout": httpx.Timeout(None, connect=CONNECT_SECONDS),
        "event_hooks": {"request": [bearer.sign]},
    }


@lru_cache(maxsize=1)
def _load() -> None:
    """Import what the first connection would import, 70 ms on the GUI thread."""
    import anyio

    anyio.run(anyio.sleep, 0)


async def listens(address: str) -> bool:
    """Whether anything listens, found out before a library is imported for nothing: that takes 30 MB and more.

    Only asked on this computer: elsewhere a proxy may stand between.
    """
    if not is_this_computer(address):
        return True
    try:
        place = urlsplit(address)
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(place.hostname, place.port)
    except (OSError, ValueError):
        return False
    writer.close()
    return True
