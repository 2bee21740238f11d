"""HTTP/1.1 as far as the test server needs it: requests in, plain or chunked answers out.

Everything is written by hand on an asyncio protocol, so that a fault is exact: a connection that
breaks in mid-answer, one that stays open and says nothing, one that is closed by the client.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

JSON = "application/json; charset=utf-8"
PLAIN_JSON = "application/json"
NDJSON = "application/x-ndjson"
EVENTS = "text/event-stream"
WHOLE_BODY = 2048  # bytes up to which Go's server sends a body with its length instead of in chunks


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Broken(Exception):
    """The answer ends here on purpose: the connection is dropped."""


def compact(value: Any) -> bytes:
    """JSON without spaces, as Go writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class Connection(asyncio.Protocol):
    """One client: reads its requests one after the other and hands each to the server."""

    def __init__(
        self, handle: Callable[["Connection", Request], Awaitable[None]], all_open: set["Connection"]
    ) -> None:
        self._handle = handle
        self._all_open = all_open
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._chunked = False
        self._head_only = False
        self.status: int | None = None
        self.lost = False
        self.on_head: Callable[[], None] | None = None  # told when the first byte of an answer goes out
        self.worker: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._all_open.add(self)
        self.worker = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._all_open.discard(self)
        if self.worker is not None:
            self.worker.cancel()

    async def _serve(self) -> None:
        try:
            while not self.lost:
                request = await self._read_request()
                self.status, self._chunked, self._head_only = None, False, request.method == "HEAD"
                await self._handle(self, request)
                self.finish()
                if request.headers.get("connection", "").lower() == "close":
                    self.transport.close()
                    return
        except Broken:
            self.transport.abort()
        except ValueError:
            self.whole(400, b"400 Bad Request", "text/plain")
            self.transport.close()

    async def _read_until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            await self._wait()
        at = self._buffer.index(mark)
        data = bytes(self._buffer[:at])
        del self._buffer[: at + len(mark)]
        return data

    async def _read_exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            await self._wait()
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    async def _wait(self) -> None:
        self._arrived.clear()
        await self._arrived.wait()

    async def _read_request(self) -> Request:
        first, *rest = (await self._read_until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _version = first.split(" ", 2)
        headers = {}
        for line in rest:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(await self._read_until(b"\r\n"), 16):
                body += await self._read_exactly(size)
                await self._read_exactly(2)
            await self._read_until(b"\r\n")
        elif length := int(headers.get("content-length", "0")):
            body = await self._read_exactly(length)
        return Request(method, path, headers, body)

    def _head(self, status: int, content_type: str | None, length: int | None) -> None:
        self.status = status
        if self.on_head is not None:
            self.on_head()
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Date: {formatdate(usegmt=True)}"]
        if content_type is not None:
            lines.append(f"Content-Type: {content_type}")
        self._chunked = length is None
        lines.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
        self.transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def whole(self, status: int, body: bytes, content_type: str | None) -> None:
        """A complete answer; long ones go out in chunks, as from Go's server."""
        if len(body) > WHOLE_BODY:
            self.start(status, content_type or JSON)
            self.send(body)
            return
        self._head(status, content_type, len(body))
        if not self._head_only:
            self.transport.write(body)

    def json(self, status: int, value: Any, content_type: str = JSON) -> None:
        """A complete answer in JSON."""
        self.whole(status, compact(value), content_type)

    def start(self, status: int, content_type: str) -> None:
        """The headers of a streamed answer."""
        self._head(status, content_type, None)

    def send(self, data: bytes) -> None:
        """A piece of a streamed answer, at once."""
        if data and not self._head_only:
            self.transport.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def finish(self) -> None:
        """Ends a streamed answer properly."""
        if self._chunked and not self.lost and not self._head_only:
            self.transport.write(b"0\r\n\r\n")
        self._chunked = False

    def reset_on_close(self) -> None:
        """Makes the end of this connection a reset instead of an orderly one."""
        sock: socket.socket = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
