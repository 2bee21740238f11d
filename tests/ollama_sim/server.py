"""The server itself: which path goes where, what is refused before, and what is noted of each request."""

import asyncio
import json
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.ollama_sim import catalogue, chat, create, embed, inspection, openai, pull
from tests.ollama_sim.chat import Call
from tests.ollama_sim.loading import Refused
from tests.ollama_sim.scenario import Scenario
from tests.ollama_sim.state import Seen, State
from tests.ollama_sim.wire import JSON, Broken, Connection, Request

Handler = Callable[[Call], Awaitable[None]]
_LOCAL = {"localhost", "127.0.0.1", "0.0.0.0"}
_WORDS = {
    401: "unauthorized",
    403: "you are not allowed to do this",
    404: "model not found",
    500: "an error was encountered while running the model: unexpected EOF",
    503: "server busy, please try again.  maximum pending requests exceeded",
}


async def _root(call: Call) -> None:
    call.connection.whole(200, b"Ollama is running", "text/plain; charset=utf-8")


ROUTES: dict[str, dict[str, Handler]] = {
    "/": {"GET": _root, "HEAD": _root},
    "/api/version": {"GET": catalogue.version, "HEAD": catalogue.version},
    "/api/tags": {"GET": catalogue.tags, "HEAD": catalogue.tags},
    "/api/ps": {"GET": catalogue.ps},
    "/api/show": {"POST": catalogue.show},
    "/api/copy": {"POST": catalogue.copy},
    "/api/delete": {"DELETE": catalogue.delete},
    "/api/chat": {"POST": chat.chat},
    "/api/generate": {"POST": chat.generate},
    "/api/embed": {"POST": embed.embed},
    "/api/embeddings": {"POST": embed.embeddings},
    "/api/pull": {"POST": pull.pull},
    "/api/create": {"POST": create.create},
    "/api/blobs": {"HEAD": create.blob, "POST": create.blob},
    "/v1/models": {"GET": openai.models},
    "/v1/embeddings": {"POST": openai.embeddings},
    "/v1/chat/completions": {"POST": openai.chat},
}


class Server:
    """Listens, routes, notes."""

    def __init__(self, scenario: Scenario) -> None:
        self.state = State(scenario)

    async def listen(self, port: int, certificate: Path | None = None) -> int:
        """Starts to listen; the port it got. With a certificate (PEM, with its key) it speaks TLS."""
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            lambda: Connection(self.handle, self.state.connections), "127.0.0.1", port, backlog=256, ssl=context
        )
        number: int = self._listening.sockets[0].getsockname()[1]
        return number

    async def handle(self, connection: Connection, request: Request) -> None:
        """Answers one request."""
        path = urlsplit(request.path).path
        if path.startswith("/sim/"):
            inspection.handle(self.state, connection, request, path)
            return
        if self.state.scenario.server.refuse:
            raise Broken
        seen = Seen(request.method, path, _body(request), sorted(request.headers))
        self.state.seen.append(seen)
        connection.on_head = lambda: _first_byte(seen)
        try:
            await self._answer(connection, request, path, seen)
            seen.completed = not connection.lost
        except asyncio.CancelledError:
            seen.client_closed = time.time()
            raise
        finally:
            seen.status = connection.status
            seen.ended = time.time()
            connection.on_head = None

    async def _answer(self, connection: Connection, request: Request, path: str, seen: Seen) -> None:
        if not _allowed(request.headers.get("origin")):
            connection.whole(403, b"", None)
            return
        hidden = self.state.scenario.server.only_openai and not path.startswith("/v1/")
        methods = None if hidden else ROUTES.get("/api/blobs" if path.startswith("/api/blobs/") else path)
        if methods is None:
            connection.whole(404, b"404 page not found", "text/plain")
            return
        handler = methods.get(request.method)
        if handler is None:
            connection.whole(405, b"405 method not allowed", "text/plain")
            return
        wrap = _openai_error if path.startswith("/v1/") else _error
        try:
            self._check_token(request)
            fault = self.state.fault(path, seen.body, _kind(path, seen.body))
            if fault is not None:
                await asyncio.sleep(fault.delay)
                if fault.stall_before_headers:
                    await asyncio.Event().wait()
                if fault.status is not None:
                    raise Refused(fault.status, fault.error or _WORDS.get(fault.status, "something failed"))
            await handler(Call(self.state, connection, request, seen, fault))
        except Refused as refused:
            connection.json(refused.status, wrap(refused), refused.content_type or JSON)

    def _check_token(self, request: Request) -> None:
        token = self.state.scenario.server.token
        if token is not None and request.headers.get("authorization") != f"Bearer {token}":
            raise Refused(401, "unauthorized")


def _first_byte(seen: Seen) -> None:
    seen.first_byte = time.time()


def _error(refused: Refused) -> Any:
    return {"error": refused.words}


def _openai_error(refused: Refused) -> Any:
    kinds = {400: "invalid_request_error", 404: "not_found_error"}
    kind = kinds.get(refused.status, "api_error")
    return {"error": {"message": refused.words, "type": kind, "param": None, "code": None}}


def _body(request: Request) -> Any:
    try:
        return json.loads(request.body) if request.body else None
    except ValueError:
        return request.body.decode(errors="replace")


def _kind(path: str, body: Any) -> str:
    """Whether a request wants an answer, only a model loaded, or something else."""
    asked = body if isinstance(body, dict) else {}
    if path in ("/api/chat", "/v1/chat/completions"):
        return "answer" if asked.get("messages") else "load"
    if path == "/api/generate":
        return "answer" if asked.get("prompt") else "load"
    return "other"


def _allowed(origin: str | None) -> bool:
    if not origin:
        return True
    parts = urlsplit(origin)
    return parts.scheme in ("app", "file", "tauri") or parts.hostname in _LOCAL
