"""POST /api/create from another model or from an uploaded file, and the blobs it is uploaded as."""

import hashlib
from collections.abc import AsyncGenerator
from typing import Any

from tests.ollama_sim.chat import Call
from tests.ollama_sim.checks import body_of
from tests.ollama_sim.loading import Refused
from tests.ollama_sim.names import parse_name
from tests.ollama_sim.pull import PullFailed, progress, send_lines
from tests.ollama_sim.scenario import Json, Model
from tests.ollama_sim.state import State, sha, stamp
from tests.ollama_sim.wire import PLAIN_JSON


async def create(call: Call) -> None:
    """POST /api/create."""
    body = body_of(call.request.body, "CreateRequest")
    name = parse_name(str(body.get("model") or body.get("name") or ""))
    if name is None:
        raise Refused(400, "invalid model name", PLAIN_JSON)
    if not body.get("from") and not body.get("files"):
        raise Refused(400, "neither 'from' or 'files' was specified", PLAIN_JSON)
    lines = _from_file(call.state, body) if body.get("files") else _from_model(call.state, body)
    if body.get("stream") is False:
        try:
            async for _ in lines:
                pass
        except PullFailed as failed:
            raise Refused(500, str(failed), PLAIN_JSON) from failed
        call.say(200, {"status": "success"})
        return
    await send_lines(call, lines)


def _changed(model: Model, body: Json) -> Model:
    """The model with what the request says of it."""
    values: dict[str, Any] = {**vars(model), "name": str(body["model"]), "digest": None, "modified": stamp()}
    values["parameters"] = {**model.parameters, **(body.get("parameters") or {})}
    for field in ("system", "template", "license"):
        if body.get(field):
            values[field] = body[field]
    return Model(**values)


async def _from_model(state: State, body: Json) -> AsyncGenerator[Json, None]:
    source = parse_name(str(body["from"]))
    if source is None:
        raise PullFailed("invalid model name")
    if source.short not in state.models:
        async for line in progress(state, source, insecure=False):
            if line != {"status": "success"}:
                yield line
    model = _changed(state.models[source.short], body)
    model.parent = source.short
    for digest, _ in state.layers(state.models[source.short])[:3]:
        yield {"status": f"using existing layer sha256:{digest}"}
    for part in ("parameters", "config"):
        yield {"status": f"creating new layer sha256:{sha(part, model.name, body)}"}
    state.install(model)
    yield {"status": "writing manifest"}
    yield {"status": "success"}


async def _from_file(state: State, body: Json) -> AsyncGenerator[Json, None]:
    yield {"status": "parsing GGUF"}
    digest = str(next(iter(body["files"].values())))
    if digest not in state.blobs:
        raise PullFailed(f"open /models/blobs/{digest.replace(':', '-')}: no such file or directory")
    model = _changed(Model(str(body["model"]), size=12_194_368, parameter_size="3.02M"), body)
    yield {"status": f"using existing layer {digest}"}
    for part in ("template", "system", "parameters", "config"):
        yield {"status": f"creating new layer sha256:{sha(part, model.name, body)}"}
    state.install(model)
    yield {"status": "writing manifest"}
    yield {"status": "success"}


async def blob(call: Call) -> None:
    """HEAD and POST /api/blobs/DIGEST."""
    digest = call.request.path.rsplit("/", 1)[-1]
    if call.request.method == "POST":
        came = f"sha256:{hashlib.sha256(call.request.body).hexdigest()}"
        if came != digest:
            raise Refused(400, f"digest mismatch, expected {digest!r}, got {came!r}", PLAIN_JSON)
        call.state.blobs.add(digest)
        call.connection.whole(201, b"", None)
    else:
        call.connection.whole(200 if digest in call.state.blobs else 404, b"", None)
