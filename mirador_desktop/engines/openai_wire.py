"""Reads what an OpenAI-compatible server says: its models, the chunks of an answer, what it refuses.

vLLM, llama.cpp, LM Studio, Ollama's /v1 and others agree on the names of fields and on little else: any field may
be missing or null.
"""

import base64
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mirador_desktop.core.confidence import Aligner
from mirador_desktop.core.engine import Done, Message, ModelInfo, Piece
from mirador_desktop.engines.ollama_wire import EMBEDDING_FAMILIES, mapping, token_of, whole, without_halves
from mirador_desktop.errors import (
    EngineBusy,
    EngineDenied,
    EngineError,
    EngineUnreachable,
    ModelMissing,
    ModelRefused,
    StreamBroken,
)

_OTHER_WORK = re.compile(r"whisper|\btts\b|dall-e|stable-?diffusion|\bflux\b|rerank|moderation", re.IGNORECASE)
_SEES = re.compile(
    r"llava|vision|pixtral|moondream|minicpm-?v|internvl|gemma-?3(?!n|.*\b(270m|1b))|[-_]vl\b|\d-?vl\b|gpt-4o|gpt-4\.1",
    re.IGNORECASE,
)
"""Families that see, for servers that do not tell it: most of those that speak OpenAI's protocol."""
_SIZE = re.compile(r"(?<![A-Za-z0-9.])((?:\d{1,2}x)?\d{1,4}(?:\.\d{1,2})?[bm])(?![A-Za-z0-9])", re.IGNORECASE)
_CONTEXT = ("max_model_len", "max_context_length", "context_length", "context_window")
_LIMIT = re.compile(
    r"(?:maximum context length (?:is|of)|n_ctx[\"']?\s*[:=]|context size \()\s*(\d{2,8})", re.IGNORECASE
)
_VAGUE = re.compile(r"^bad request\W*$|^invalid request\W*$|extra inputs|unknown (field|parameter)", re.IGNORECASE)

EXTRAS = ("stream_options", "logprobs", "max_tokens", "temperature", "chat_template_kwargs")
"""Fields of a request that some servers refuse; an answer is possible without each."""


def entries_of(answer: object) -> list[Mapping[str, Any]] | None:
    """The models of `/v1/models`, None if it is no such list."""
    data = mapping(answer).get("data")
    if not isinstance(data, list):
        return None
    return [m for m in data if isinstance(m, dict) and isinstance(m.get("id"), str) and m["id"]]


def message_of(message: Message) -> dict[str, Any]:
    """A message of a chat; with images its content is a list of parts, which hold them as data addresses."""
    text = without_halves(message.content)
    if not message.images:
        return {"role": message.role, "content": text}
    parts: list[dict[str, Any]] = [{"type": "text", "text": text}]
    for image in message.images:
        address = f"data:{_media_of(image)};base64,{base64.b64encode(image).decode()}"
        parts.append({"type": "image_url", "image_url": {"url": address}})
    return {"role": message.role, "content": parts}


def _media_of(image: bytes) -> str:
    kinds = {b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
    return next((media for start, media in kinds.items() if image.startswith(start)), "image/png")


def model_info(engine: str, entry: Mapping[str, Any], default_window: int) -> ModelInfo:
    """Read one entry of `/v1/models`, or of LM Studio's richer list.

    What is not told is 0 or "". The window is what the server really runs the model with, where it says so (vLLM,
    LM Studio, newer llama.cpp); what a model was made for is no more than an upper bound of it.
    """
    name = str(entry.get("id") or "")
    meta = mapping(entry.get("meta"))
    trained = meta.get("n_ctx_train")
    told = next((int(entry[k]) for k in _CONTEXT if whole(entry.get(k)) and entry[k]), 0)
    context = told or (trained if isinstance(trained, int) and whole(trained) else 0)
    runs = next((int(v) for v in (entry.get("loaded_context_length"), meta.get("n_ctx"), entry.get("max_model_len"))
                 if whole(v) and v), 0)  # fmt: skip
    parameters = meta.get("n_params")
    return ModelInfo(
        name=name,
        engine=engine,
        size=int(meta["size"]) if whole(meta.get("size")) else 0,
        parameters=f"{parameters / 1e9:.3g}B" if whole(parameters) and parameters else _named_size(name),
        quantisation=str(entry.get("quantization") or "")[:40],
        context=context,
        window=runs or min(default_window, context or default_window),
        capabilities=_capabilities(name, str(entry.get("type") or "")),
    )


def _named_size(name: str) -> str:
    """The number of parameters that a name tells, as in `Llama-3.1-70B-Instruct`."""
    found = _SIZE.search(name.rpartition("/")[2])
    return found[1].upper().replace("X", "x") if found else ""


def _capabilities(name: str, kind: str) -> frozenset[str]:
    if kind.startswith("embed") or (not kind and EMBEDDING_FAMILIES.search(name)):
        return frozenset({"embedding"})
    if _OTHER_WORK.search(name):
        return frozenset({"other"})
    sees = kind == "vlm" or (not kind and _SEES.search(name))
    return frozenset({"completion", "vision"}) if sees else frozenset({"completion"})


@dataclass(frozen=True, slots=True)
class Part:
    """What one chunk of an answer brought.

    Attributes:
        reason: why the answer ends here, "" if it goes on.
        tokens, prompt_tokens: as counted, 0 where the chunk does not tell.
        seconds: time spent generating, 0 where the chunk does not tell.
    """

    pieces: tuple[Piece, ...] = ()
    reason: str = ""
    tokens: int = 0
    prompt_tokens: int = 0
    seconds: float = 0.0


def error_in(chunk: object) -> str:
    """The words of an error that stands where a chunk should, as vLLM sent it for long; "" if it is none."""
    said = mapping(chunk)
    if "choices" in said or not (said.get("object") == "error" or "message" in said or "detail" in said):
        return ""
    return words_of(dict(said)) or "it gave no reason"


def part_of(chunk: object, aligners: Mapping[bool, Aligner]) -> Part:
    """Read one chunk. Its log-probabilities belong to thoughts if it carries thoughts and no text.

    Raises:
        TypeError, ValueError, OverflowError: its values are not what they should be.
    """
    if not isinstance(chunk, dict):
        raise TypeError(f"{type(chunk).__name__} instead of an object")
    usage, timings = mapping(chunk.get("usage")), mapping(chunk.get("timings"))
    predicted = timings.get("predicted_ms")
    counted = (
        int(usage.get("completion_tokens") or timings.get("predicted_n") or 0),
        int(usage.get("prompt_tokens") or 0),
        max(0.0, predicted / 1000) if isinstance(predicted, int | float) else 0.0,
    )
    choices = chunk.get("choices")
    choice = mapping(choices[0]) if isinstance(choices, list) and choices else {}
    reason = choice.get("finish_reason")
    delta = mapping(choice.get("delta"))
    thought = _text(delta.get("reasoning_content")) or _text(delta.get("reasoning"))
    text = _text(delta.get("content"))
    entries = mapping(choice.get("logprobs")).get("content")
    tokens = [t for e in entries if (t := token_of(e)) is not None] if isinstance(entries, list) else []
    thinking = bool(thought) and not text
    pieces = [] if thinking or not thought else [Piece(thought, True)]
    pieces += [
        Piece(piece, thinking, logprob, others)
        for piece, logprob, others in aligners[thinking].feed(thought if thinking else text, tokens)
    ]
    return Part(tuple(pieces), reason if isinstance(reason, str) else "", *counted)


def _text(value: object) -> str:
    """The text of a field: a text, or a list of parts that hold texts."""
    if isinstance(value, list):
        return "".join(_text(mapping(part).get("text")) for part in value)
    return without_halves(value) if isinstance(value, str) else ""


def done_of(model: str, reason: str, tokens: int, prompt_tokens: int, seconds: float) -> Done:
    """Turn the reason of an end into the end.

    Raises:
        StreamBroken: the server cut the answer off.
    """
    if reason == "content_filter":
        raise StreamBroken(f"{model} was stopped by the server's content filter.")
    if reason == "error":
        raise StreamBroken(f"{model} failed in the middle of its answer.")
    return Done("length" if reason == "length" else "done", tokens, seconds, prompt_tokens)


def vectors_of(answer: object, count: int) -> list[list[float]]:
    """Read the answer of `/v1/embeddings`.

    Raises:
        TypeError, ValueError: it is something else.
    """
    data = mapping(answer).get("data")
    if not isinstance(data, list) or len(data) != count:
        raise ValueError(f"not {count} embeddings")
    entries = [mapping(entry) for entry in data]
    entries.sort(key=lambda entry: int(entry.get("index") or 0))
    if not all(isinstance(entry.get("embedding"), list) for entry in entries):
        raise ValueError("an embedding without numbers")
    return [[float(number) for number in entry["embedding"]] for entry in entries]


# ── what is refused ────────────────────────────────────────────────────────────────────────────────────


def words_of(body: object) -> str:
    """The words of an error, from the text or the value a server gave for it; "" for a page of HTML."""
    if isinstance(body, str) and body.lstrip().startswith(("{", "[")):
        with suppress(ValueError, RecursionError):
            body = json.loads(body)
    for _ in range(6):
        if isinstance(body, list) and body:
            body = body[0]
        elif isinstance(body, dict) and isinstance(body.get("loc"), list) and body.get("msg"):  # FastAPI
            body = f"{body['loc'][-1] if body['loc'] else 'body'}: {body['msg']}"
        elif isinstance(body, dict):
            body = next((body[k] for k in ("error", "message", "detail", "msg") if body.get(k)), "")
    text = " ".join(body.split())[:500] if isinstance(body, str) else ""
    return "" if text.startswith("<") else text


def limit_of(words: str) -> int:
    """The window in tokens that the words of a refusal tell of, 0 if they tell none."""
    found = _LIMIT.search(words)
    return int(found[1]) if found else 0


def refused_field(status: int, words: str, sent: Mapping[str, Any]) -> str:
    """Which of the `EXTRAS` that were sent a server refuses, "" if it refuses something else.

    A 400 or 422 that does not say what is wrong may mean any of them: one after the other is left out.
    """
    there = [name for name in EXTRAS if name in sent]
    if status not in (400, 404, 405, 422, 500, 501):
        return ""
    low = words.lower()
    for name in there:
        said = {"logprobs": "logprob", "max_tokens": "max_completion_tokens"}.get(name, name)
        if said in low:
            return name
        if name in low and re.search(r"unsupported|not supported|unknown|unrecognized|not permitted|extra", low):
            return name
    if status not in (400, 422) or (words and not _VAGUE.search(words)):
        return ""
    return next((name for name in there if name in ("stream_options", "logprobs", "chat_template_kwargs")), "")


def refusal(engine: str, address: str, status: int, words: str, model: str) -> EngineError:
    """Put a status that is no success into a sentence; 0 stands for an error in the middle of an answer."""
    if status == 401:
        return EngineDenied(f"{engine} refuses access (401): a token is missing or wrong.")
    if status == 403:
        return EngineDenied(f"{engine} refuses access (403): this token may not do that.")
    if status == 404 and model and words:
        return ModelMissing(f"{model} is not installed on {engine}.")
    if status == 404:
        return EngineUnreachable(f"{address} answers, but is no OpenAI-compatible server (404).", "foreign")
    if status in (429, 503):
        return EngineBusy(f"{engine} is busy: too many requests are waiting there.")
    if 300 <= status < 400:
        return EngineUnreachable(f"{address} leads elsewhere ({status}): enter the new address.", "foreign")
    if 400 <= status < 500 and limit_of(words):
        return ModelRefused(f"The question is too long for {model}: {engine} runs it with {limit_of(words)} tokens.")
    if 400 <= status < 500:
        return ModelRefused(f"{engine} refuses the request: {words or status}")
    what = model or engine
    return StreamBroken(f"{what} failed: {words}" if words else f"{what} failed{f' ({status})' if status else ''}.")
