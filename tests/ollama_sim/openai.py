"""The OpenAI-compatible door under /v1: models, embeddings and chat with server-sent events."""

import time
from contextlib import aclosing
from typing import Any

from tests.ollama_sim import checks
from tests.ollama_sim.answers import Count, ErrorLine, NoDone, pieces
from tests.ollama_sim.chat import Call, context_of, described, read_ask
from tests.ollama_sim.embed import numbers
from tests.ollama_sim.loading import Refused, Runner
from tests.ollama_sim.scenario import Json
from tests.ollama_sim.wire import EVENTS, PLAIN_JSON, Broken, compact

_RENAMED = {"temperature": "temperature", "seed": "seed", "top_p": "top_p", "stop": "stop",
            "max_tokens": "num_predict", "max_completion_tokens": "num_predict"}  # fmt: skip


async def models(call: Call) -> None:
    """GET /v1/models."""
    options = call.state.scenario.server
    more = {"max_model_len": options.max_model_len} if options.max_model_len is not None else {}
    listed = [
        {"id": model.name, "object": "model", "created": int(time.time()), "owned_by": options.owned_by, **more}
        for model in call.state.models.values()
    ]
    call.say(200, {"object": "list", "data": listed}, PLAIN_JSON)


async def embeddings(call: Call) -> None:
    """POST /v1/embeddings."""
    body = checks.body_of(call.request.body, "EmbedRequest")
    name = str(body.get("model") or "")
    vectors, metrics = await numbers(call, name, body)
    data = [{"object": "embedding", "embedding": each, "index": i} for i, each in enumerate(vectors)]
    used = int(metrics.get("prompt_eval_count", 0))
    usage = {"prompt_tokens": used, "total_tokens": used}
    call.say(200, {"object": "list", "data": data, "model": name, "usage": usage}, PLAIN_JSON)


async def chat(call: Call) -> None:
    """POST /v1/chat/completions."""
    body = checks.body_of(call.request.body, "ChatRequest")
    name, messages = str(body.get("model") or ""), body.get("messages") or []
    for unknown in call.state.scenario.server.does_not_know:
        if unknown in body:
            hint = " Use 'max_completion_tokens' instead." if unknown == "max_tokens" else ""
            raise Refused(400, f"Unsupported parameter: '{unknown}' is not supported.{hint}", PLAIN_JSON)
    if not messages:
        raise Refused(400, "[] is too short - 'messages'", PLAIN_JSON)
    model = call.state.model(name)
    options = {to: body[name] for name, to in _RENAMED.items() if body.get(name) is not None}
    if isinstance(options.get("stop"), str):
        options["stop"] = [options["stop"]]
    kind = body.get("response_format") or {}
    form = {"json_object": "json", "json_schema": kind.get("json_schema", {}).get("schema")}
    plain = {**body, "options": options, "format": form.get(kind.get("type", ""))}
    checks.check_ability(plain, model, call.state.full_name(name), "chat")
    checks.check_options(options)
    prompt = "\n".join(str(each.get("content", "")) for each in messages)
    ask = read_ask(call.state, plain, name, prompt, len(messages))
    async with call.state.scheduler.use(model, context_of(call.state, ask), None) as runner, runner.slots:
        answer = _Answer(call, body, name)
        count = Count()
        count.loaded = time.perf_counter()
        call.state.active += 1
        try:
            await answer.give(ask, runner, count)
        finally:
            call.state.active -= 1


class _Answer:
    """One answer in OpenAI's form, as events or whole."""

    def __init__(self, call: Call, body: Json, name: str) -> None:
        self.call = call
        self.body = body
        self.streamed = bool(body.get("stream"))
        self.options = call.state.scenario.server
        self.head = {"id": f"chatcmpl-{len(call.state.seen)}", "created": int(time.time()), "model": name,
                     "system_fingerprint": "fp_ollama"}  # fmt: skip

    def _event(self, value: Any) -> None:
        if self.call.connection.status is None:
            self.call.connection.start(200, EVENTS)
        data = value if isinstance(value, bytes) else compact(value)
        self.call.connection.send(b"data: " + data + b"\n\n")

    def _chunk(self, choices: list[Json], **more: Any) -> None:
        kind = {"object": "chat.completion.chunk"}
        self._event({**self.head, **kind, "choices": choices, **more})

    async def give(self, ask: Any, runner: Runner, count: Count) -> None:
        """Sends the whole answer."""
        call, text, thoughts, listed = self.call, "", "", list[Json]()
        stream = pieces(call.state, ask, runner, call.fault, count, call.seen, call.connection)
        try:
            async with aclosing(stream):
                async for piece in stream:
                    if piece.raw is not None:
                        if self.streamed:
                            self._event(piece.raw)
                        continue
                    text += "" if piece.thinking else piece.text
                    thoughts += piece.text if piece.thinking else ""
                    tokens = self._spelled(described(ask, piece))
                    listed += tokens
                    if self.streamed:
                        thought = {"content": "", self.options.reasoning: piece.text}
                        self._said(thought if piece.thinking else {"content": piece.text}, tokens)
        except ErrorLine as error:
            if not self.streamed:
                raise Refused(500, str(error), PLAIN_JSON) from error
            self._event({"error": {"message": str(error), "type": "api_error", "param": None, "code": None}})
            return
        except NoDone:
            if self.streamed:
                return
            raise Broken from None
        usage = {"prompt_tokens": count.prompt_tokens, "completion_tokens": count.tokens,
                 "total_tokens": count.prompt_tokens + count.tokens}  # fmt: skip
        if not self.streamed:
            message = {"role": "assistant", "content": text, **({"reasoning": thoughts} if thoughts else {})}
            choice: Json = {"index": 0, "message": message, "finish_reason": count.reason}
            if listed:
                choice["logprobs"] = {"content": listed}
            whole = {**self.head, "object": "chat.completion", "choices": [choice], "usage": usage}
            call.say(200, whole, PLAIN_JSON)
            return
        end = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": count.reason}
        self._chunk([end])
        if (self.body.get("stream_options") or {}).get("include_usage"):
            self._chunk([], usage=usage)
        if self.options.ends_with_done:
            self._event(b"[DONE]")

    def _spelled(self, listed: list[Json]) -> list[Json]:
        if self.options.spells_tokens:
            return listed
        top = [[{**other, "bytes": None} for other in each.get("top_logprobs", [])] for each in listed]
        return [{**each, "bytes": None, "top_logprobs": others} for each, others in zip(listed, top, strict=True)]

    def _said(self, said: Json, listed: list[Json]) -> None:
        choice: Json = {"index": 0, "delta": {"role": "assistant", **said}, "finish_reason": None}
        if listed:
            choice["logprobs"] = {"content": listed}
        self._chunk([choice])
