"""Streams that end before they begin, and connections that were closed between two questions."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from mirador_desktop.core.host import Access
from mirador_desktop.engines.openai_compatible import OpenAICompatible
from mirador_desktop.errors import StreamBroken
from tests.unit.helpers import chat_request

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
WORD = b'data: {"choices": [{"delta": {"content": "Yes."}, "finish_reason": "stop"}]}\n\n'


def chunked(body: bytes) -> bytes:
    return HEAD + (b"%x\r\n%s\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"


@contextlib.asynccontextmanager
async def server(*answers: bytes | None) -> AsyncIterator[str]:
    """Gives one answer after the other, also over one connection; None closes it without a word."""
    left, writers = list(answers), list[asyncio.StreamWriter]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = next(int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-l"))
                await reader.readexactly(size)
                answer = left.pop(0)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    finally:
        listening.close()
        for writer in writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def ask(*answers: bytes | None, times: int = 1) -> str:
    """What an engine hears from such a server, asked so many times."""

    async def main() -> str:
        async with server(*answers) as url:
            engine = OpenAICompatible("cluster", Access("openai", url))
            try:
                for _ in range(times):
                    text = "".join([getattr(c, "text", "") async for c in engine.chat(chat_request("m"))])
                return text
            finally:
                await engine.close()

    return asyncio.run(main())


def test_a_connection_that_was_closed_between_two_questions_is_made_anew() -> None:
    assert ask(chunked(WORD), None, chunked(WORD), times=2) == "Yes."


def test_a_server_that_always_closes_is_asked_twice_and_no_more() -> None:
    with pytest.raises(StreamBroken, match="The connection to cluster broke"):
        ask(None, None)


def test_nothing_at_all_may_mean_a_question_that_is_too_long() -> None:
    with pytest.raises(StreamBroken, match="before m wrote anything"):
        ask(chunked(b""))


def test_an_error_in_place_of_a_chunk_keeps_its_words() -> None:
    with pytest.raises(StreamBroken, match="m failed: the engine died"):
        ask(chunked(b'data: {"object": "error", "message": "the engine died"}\n\n'))
