"""POST /api/chat and /api/generate: answers in Ollama's own format, and loading by asking nothing."""

import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from tests.ollama_sim import checks
from tests.ollama_sim.answers import NO_RUNNER, Ask, Count, ErrorLine, NoDone, Piece, pieces
from tests.ollama_sim.loading import Refused, Runner
from tests.ollama_sim.scenario import Fault, Json
from tests.ollama_sim.state import Seen, State, stamp
from tests.ollama_sim.wire import NDJSON, PLAIN_JSON, Broken, Connection, Request, compact


@dataclass
class Call:
    """One request on its way through the server."""

    state: State
    connection: Connection
    request: Request
    seen: Seen
    fault: Fault | None

    @property
    def say(self) -> Callable[..., None]:
        return self.connection.json


def _shape_chat(text: str, thinking: str | None) -> Json:
    message = {"role": "assistant", "content": text}
    if thinking:
        message["thinking"] = thinking
    return {"message": message}


def _shape_generate(text: str, thinking: str | None) -> Json:
    return {"response": text, **({"thinking": thinking} if thinking else {})}


def read_ask(state: State, body: Json, name: str, prompt: str, messages: int) -> Ask:
    """The question in a checked body."""
    options = dict(body.get("options") or {})
    if body.get("format") not in (None, "", "json") and not isinstance(body["format"], dict):
        written = compact(body["format"]).decode().replace('"', '\\"')
        raise Refused(500, f'invalid format: "{written}"; expected "json" or a valid JSON Schema object', PLAIN_JSON)
    with_logprobs = bool(body.get("logprobs")) and state.scenario.server.logprobs
    return Ask(
        model=state.model(name),
        prompt=prompt,
        options=options,
        think=body.get("think"),
        logprobs=with_logprobs,
        top=body.get("top_logprobs") if with_logprobs else None,
        form=body.get("format"),
        truncate=body.get("truncate") is not False,
        shift=body.get("shift") is not False,
        messages=messages,
    )


async def chat(call: Call) -> None:
    """POST /api/chat."""
    body = checks.body_of(call.request.body, "ChatRequest")
    messages = body.get("messages") or []
    texts = [str(each.get("content", "")) for each in messages]
    await _serve(call, body, "chat", "\n".join(texts), len(messages), _shape_chat)


async def generate(call: Call) -> None:
    """POST /api/generate."""
    body = checks.body_of(call.request.body, "GenerateRequest")
    prompt = str(body.get("prompt") or "")
    whole = f"{body.get('system') or ''}\n{prompt}" if prompt else ""
    await _serve(call, body, "generate", whole, 1 if prompt else 0, _shape_generate)


async def _serve(
    call: Call, body: Json, task: str, prompt: str, messages: int, shape: Callable[[str, str | None], Json]
) -> None:
    state = call.state
    keep = checks.keep_alive(body.get("keep_alive"))
    name = str(body.get("model") or "")
    if not name:
        raise Refused(400, "model is required")
    checks.check_top_logprobs(body)
    model = state.model(name)
    if not messages and keep == 0:
        state.scheduler.unload(model.name)
        call.say(200, _last(name, shape, {"done_reason": "unload"}))
        return
    checks.check_ability(body, model, state.full_name(name), task)
    checks.check_options(body.get("options") or {})
    ask = read_ask(state, body, name, prompt, messages)
    count = Count()
    context = context_of(state, ask)
    async with state.scheduler.use(model, context, keep) as runner:
        if not messages:
            call.say(200, _last(name, shape, {"done_reason": "load"}))
            return
        async with runner.slots:
            count.loaded = time.perf_counter()
            if body.get("stream") is False:
                await _whole(call, ask, runner, count, name, shape)
            else:
                await _stream(call, ask, runner, count, name, shape, with_context=task == "generate")


def context_of(state: State, ask: Ask) -> int:
    """The context this request wants: another one than before loads the model again."""
    wanted = ask.option("num_ctx", state.scenario.server.default_context)
    return max(4, min(wanted, ask.model.context_length))


def _last(name: str, shape: Callable[[str, str | None], Json], more: Json) -> Json:
    return {"model": name, "created_at": stamp(), **shape("", None), "done": True, **more}


def described(ask: Ask, piece: Piece) -> list[Json]:
    """The log-probabilities of a chunk."""
    return [token.described(ask.top) for token in piece.tokens] if ask.logprobs else []


async def _stream(
    call: Call,
    ask: Ask,
    runner: Runner,
    count: Count,
    name: str,
    shape: Callable[[str, str | None], Json],
    *,
    with_context: bool,
) -> None:
    connection = call.connection

    def send(value: Any) -> None:
        if connection.status is None:
            connection.start(200, NDJSON)
        connection.send(value if isinstance(value, bytes) else compact(value) + b"\n")

    call.state.active += 1
    try:
        stream = pieces(call.state, ask, runner, call.fault, count, call.seen, connection)
        async with aclosing(stream):
            async for piece in stream:
                if piece.raw is not None:
                    send(piece.raw + b"\n" if piece.raw else b"")
                    continue
                said = ("", piece.text) if piece.thinking else (piece.text, None)
                line: Json = {"model": name, "created_at": stamp(), **shape(*said), "done": False}
                if listed := described(ask, piece):
                    line["logprobs"] = listed
                send(line)
        more: Json = {"done_reason": count.reason}
        if with_context and not call.seen.body.get("raw"):
            more["context"] = list(range(4000, 4000 + count.prompt_tokens + count.tokens))
        send(_last(name, shape, more | count.metrics()))
    except ErrorLine as error:
        send({"error": str(error)})
    except NoDone:
        send(b"")
    finally:
        call.state.active -= 1


async def _whole(
    call: Call, ask: Ask, runner: Runner, count: Count, name: str, shape: Callable[[str, str | None], Json]
) -> None:
    text, thoughts, listed = "", "", list[Json]()
    call.state.active += 1
    try:
        stream = pieces(call.state, ask, runner, call.fault, count, call.seen, call.connection)
        async with aclosing(stream):
            async for piece in stream:
                if piece.raw:
                    raise Broken
                text += "" if piece.thinking else piece.text
                thoughts += piece.text if piece.thinking else ""
                listed += described(ask, piece)
    except ErrorLine as error:
        raise Refused(500, str(error) or NO_RUNNER) from error
    except NoDone:
        raise Broken from None
    finally:
        call.state.active -= 1
    value = {"model": name, "created_at": stamp(), **shape(text, thoughts or None), "done": True}
    value["done_reason"] = count.reason
    if listed:
        value["logprobs"] = listed
    call.say(200, value | count.metrics())
