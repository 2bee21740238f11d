"""POST /api/pull: progress, pauses, lost connections and dead registries, at a speed the scenario gives."""

import asyncio
import copy
from collections.abc import AsyncGenerator
from contextlib import aclosing

from tests.ollama_sim.chat import Call
from tests.ollama_sim.checks import body_of
from tests.ollama_sim.loading import Refused
from tests.ollama_sim.names import HOME, Name, parse_name
from tests.ollama_sim.scenario import Json, Model
from tests.ollama_sim.state import Download, State, stamp
from tests.ollama_sim.wire import NDJSON, PLAIN_JSON, Broken, compact

_REFUSED = "connect: connection refused"


class PullFailed(Exception):
    """The pull ends in a line with an error."""


async def pull(call: Call) -> None:
    """POST /api/pull."""
    body = body_of(call.request.body, "PullRequest")
    name = parse_name(str(body.get("model") or body.get("name") or ""))
    if name is None:
        raise Refused(400, "invalid model name")
    stream = body.get("stream") is not False
    lines = progress(call.state, name, insecure=bool(body.get("insecure")))
    if not stream:
        try:
            async with aclosing(lines):
                async for _ in lines:
                    pass
        except PullFailed as failed:
            raise Refused(500, str(failed), PLAIN_JSON) from failed
        call.say(200, {"status": "success"})
        return
    await send_lines(call, lines)


async def send_lines(call: Call, lines: AsyncGenerator[Json, None]) -> None:
    """Streams lines of progress; a fault of the scenario counts them instead of tokens."""
    connection, fault = call.connection, call.fault
    connection.start(200, NDJSON)
    count = 0
    async with aclosing(lines):
        try:
            async for line in lines:
                if fault is not None and fault.break_after == count:
                    raise Broken
                if fault is not None and fault.error_line_after == count:
                    raise PullFailed(fault.error or "write: no space left on device")
                if fault is not None and fault.stall_after == count:
                    await asyncio.Event().wait()
                connection.send(compact(line) + b"\n")
                count += 1
        except PullFailed as failed:
            connection.send(compact({"error": str(failed)}) + b"\n")


def _wanted(state: State, name: Name, *, insecure: bool) -> Model:
    """What the registry has under that name, or why not."""
    where = name.manifest("https" if name.scheme == "https" or not insecure else "http")
    names = [(parse_name(model.name), model) for model in state.scenario.registry]
    hosts = {each.host for each, _ in names if each is not None}
    if name.host == HOME and not state.scenario.server.network:
        raise PullFailed(f'pull model manifest: Get "{where}": dial tcp: lookup {HOME}: no such host')
    if name.host != HOME and name.host not in hosts:
        raise PullFailed(f'pull model manifest: Get "{where}": dial tcp {name.host}: {_REFUSED}')
    if name.scheme == "http" and not insecure:
        raise PullFailed(f'pull model manifest: Get "{where}": EOF')
    for each, model in names:
        if each is not None and each.full == name.full:
            return model
    raise PullFailed("pull model manifest: file does not exist")


async def progress(state: State, name: Name, *, insecure: bool) -> AsyncGenerator[Json, None]:
    """The lines of a pull; at its end the model is installed."""
    yield {"status": "pulling manifest"}
    await asyncio.sleep(0)
    source = _wanted(state, name, insecure=insecure)
    here = name.short in state.models
    for index, (digest, size) in enumerate(state.layers(source)):
        line = {"status": f"pulling {digest[:12]}", "digest": f"sha256:{digest}", "total": size}
        if index == 0 and not here:
            download = state.downloads.setdefault(digest, Download(size))
            follow = _follow(download, source, name, digest)
            async with aclosing(follow):
                async for completed in follow:
                    yield {**line, "completed": completed}
        for _ in range(1 if here else 2):
            yield {**line, "completed": size}
            await asyncio.sleep(0 if here else source.progress_seconds)
    yield {"status": "verifying sha256 digest"}
    yield {"status": "writing manifest"}
    if not here:
        fresh = copy.copy(source)
        fresh.name, fresh.modified = name.short, stamp()
        state.install(fresh)
    yield {"status": "success"}


async def _follow(download: Download, source: Model, name: Name, digest: str) -> AsyncGenerator[int, None]:
    """How far a download is, again and again; it moves only while somebody follows it."""
    download.users += 1
    if download.task is None:
        download.error = None
        download.task = asyncio.create_task(_fetch(download, source, name, digest))
    try:
        while download.completed < download.total:
            await asyncio.sleep(source.progress_seconds)
            if download.error is not None:
                raise PullFailed(download.error)
            yield int(download.completed)
    finally:
        download.users -= 1
        if not download.users:
            download.task.cancel()
            download.task = None


async def _fetch(download: Download, source: Model, name: Name, digest: str) -> None:
    loop = asyncio.get_running_loop()
    before = loop.time()
    while download.completed < download.total:
        await asyncio.sleep(source.progress_seconds / 2)
        now = loop.time()
        step = download.total * (now - before) / max(source.pull_seconds, 1e-3)
        before = now
        download.completed = min(download.total, download.completed + max(1.0, step))
        share = download.completed / download.total
        breaks = source.lose_connection_at is not None and share >= source.lose_connection_at
        if breaks and not download.lost_once:
            download.lost_once = True
            await asyncio.sleep(source.standstill_seconds)
            download.completed = download.total / 100
            before = loop.time()
        if source.dies_at is not None and share >= source.dies_at:
            download.completed = download.total * source.dies_at
            await asyncio.sleep(source.retry_seconds)
            where = f"http://{name.host}/data/{name.model}/sha256:{digest}"
            download.error = f'max retries exceeded: Get "{where}": dial tcp {name.host}: {_REFUSED}'
            return
