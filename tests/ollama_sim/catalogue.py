"""What models there are: tags, ps, show, copy, delete and the version."""

from typing import Any

from tests.ollama_sim.chat import Call
from tests.ollama_sim.checks import body_of
from tests.ollama_sim.loading import Refused
from tests.ollama_sim.names import parse_name
from tests.ollama_sim.scenario import Json, Model
from tests.ollama_sim.state import stamp


def _details(model: Model, parent: str = "") -> Json:
    return {
        "parent_model": parent,
        "format": "gguf",
        "family": model.family,
        "families": [model.family],
        "parameter_size": model.parameter_size,
        "quantization_level": model.quantization,
    }


async def version(call: Call) -> None:
    """GET /api/version."""
    call.say(200, {"version": call.state.scenario.server.version})


async def tags(call: Call) -> None:
    """GET /api/tags: the newest first."""
    models = sorted(call.state.models.values(), key=lambda each: str(each.modified), reverse=True)
    listed = [
        {
            "name": model.name,
            "model": model.name,
            "modified_at": model.modified,
            "size": model.size,
            "digest": model.digest,
            "details": _details(model),
        }
        for model in models
    ]
    call.say(200, {"models": listed})


async def ps(call: Call) -> None:
    """GET /api/ps: what is in memory."""
    runners = [each for each in call.state.scheduler.runners.values() if each.ready.is_set()]
    for runner in runners:
        if runner.users:
            call.state.scheduler.touch(runner)
    runners.sort(key=lambda each: -each.expires)
    listed = [
        {
            "name": runner.model.name,
            "model": runner.model.name,
            "size": runner.size,
            "digest": runner.model.digest,
            "details": _details(runner.model),
            "expires_at": stamp(runner.expires),
            "size_vram": 0,
            "context_length": runner.context,
        }
        for runner in runners
    ]
    call.say(200, {"models": listed})


def _parameters(model: Model) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in model.parameters.items():
        rows += [(name, each) for each in (value if isinstance(value, list) else [value])]
    return rows


async def show(call: Call) -> None:
    """POST /api/show."""
    body = body_of(call.request.body, "ShowRequest")
    name = str(body.get("model") or body.get("name") or "")
    if not name:
        raise Refused(400, "model is required")
    state, model = call.state, call.state.model(name)
    blob = f"/models/blobs/sha256-{state.layers(model)[0][0]}"
    lines = ["# Modelfile", f"FROM {blob}", f"TEMPLATE {model.template}"]
    lines += [f"SYSTEM {model.system}"] if model.system else []
    lines += [f"PARAMETER {key} {value}" for key, value in _parameters(model)]
    value: Json = {"license": model.license} if model.license else {}
    value["modelfile"] = "\n".join(lines) + "\n"
    if model.parameters:
        value["parameters"] = "\n".join(f"{key:<30} {said}" for key, said in _parameters(model))
    value["template"] = model.template
    if model.system:
        value["system"] = model.system
    value["details"] = _details(model, model.parent or blob)
    value["model_info"] = _info(model, verbose=bool(body.get("verbose")))
    value["tensors"] = [
        {"name": f"blk.{i}.attn_q.weight", "type": "Q4_K", "shape": [model.embedding_length] * 2} for i in range(2)
    ]
    if state.scenario.server.show_capabilities:
        value["capabilities"] = model.capabilities
    value["modified_at"] = model.modified
    call.say(200, value)


def _info(model: Model, *, verbose: bool) -> Json:
    units = {"K": 1e3, "M": 1e6, "B": 1e9}
    number, unit = model.parameter_size[:-1], model.parameter_size[-1:]
    count = int(float(number) * units[unit]) if unit in units else 0
    return {
        "general.architecture": model.family,
        "general.file_type": 15,
        "general.parameter_count": count,
        f"{model.family}.block_count": 28,
        f"{model.family}.context_length": model.context_length,
        f"{model.family}.embedding_length": model.embedding_length,
        f"{model.family}.feed_forward_length": model.embedding_length * 4,
        f"{model.family}.attention.head_count": 16,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": ["the", "a", "of"] if verbose else None,
    }


async def copy(call: Call) -> None:
    """POST /api/copy."""
    body = body_of(call.request.body, "CopyRequest")
    state = call.state
    target = parse_name(str(body.get("destination", "")))
    model = state.model(str(body.get("source", "")), 'model "{}" not found')
    if target is None:
        raise Refused(400, f'destination "{body.get("destination", "")}" is invalid')
    fresh = Model(**{**vars(model), "name": target.short, "modified": stamp()})
    state.install(fresh)
    call.connection.whole(200, b"", None)


async def delete(call: Call) -> None:
    """DELETE /api/delete."""
    body = body_of(call.request.body, "DeleteRequest")
    model = call.state.model(str(body.get("model") or body.get("name") or ""))
    call.state.scheduler.unload(model.name)
    del call.state.models[model.name]
    call.connection.whole(200, b"", None)
