"""Reads what an Ollama server says: its models, and the lines of an answer."""

import base64
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from mirador_desktop.core.confidence import Aligner, Token, probability
from mirador_desktop.core.engine import Done, LoadedModel, Message, ModelInfo, Piece
from mirador_desktop.errors import (
    EngineBusy,
    EngineDenied,
    EngineError,
    EngineUnreachable,
    ModelMissing,
    ModelRefused,
    StreamBroken,
)

EMBEDDING_FAMILIES = re.compile(r"bert|embed|minilm|gte|e5", re.IGNORECASE)
_HALF = re.compile("[\ud800-\udfff]")
_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)\s*$", re.MULTILINE)


def entries_of(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The models of `/api/tags` and `/api/ps`."""
    models = answer.get("models")
    return [m for m in models if isinstance(m, dict)] if isinstance(models, list) else []


def model_info(engine: str, entry: Mapping[str, Any], shown: Mapping[str, Any], num_ctx: int) -> ModelInfo:
    """Put together what `/api/tags` (`entry`) and `/api/show` (`shown`) say of a model.

    Servers too old to tell capabilities leave it to the family whether a model only makes embeddings. A model
    that really runs elsewhere (`remote_host`, names ending in `-cloud`) gets the capability `remote`, so that
    it is never chosen by itself. The window is the Modelfile's own `num_ctx`, else `num_ctx` or the longest
    context the model was made for, whichever is less.
    """
    name = str(entry.get("name") or entry.get("model") or "")
    details = mapping(entry.get("details"))
    facts = mapping(shown.get("model_info"))
    context = next((int(v) for k, v in facts.items() if k.endswith(".context_length") and whole(v)), 0)
    said = shown.get("capabilities")
    capabilities = {str(c) for c in said} if isinstance(said, list) else set()
    if not capabilities and EMBEDDING_FAMILIES.search(f"{details.get('family', '')} {name}"):
        capabilities.add("embedding")
    if entry.get("remote_host") or shown.get("remote_host") or name.endswith(("-cloud", ":cloud")):
        capabilities |= {"remote", "completion"} if not capabilities else {"remote"}
    own = _NUM_CTX.search(str(shown.get("parameters") or ""))
    return ModelInfo(
        name=name,
        engine=engine,
        size=int(entry["size"]) if whole(entry.get("size")) else 0,
        parameters=str(details.get("parameter_size") or ""),
        quantisation=str(details.get("quantization_level") or ""),
        context=context,
        window=(int(own[1][:9]) if own else 0) or min(num_ctx, context or num_ctx),
        capabilities=frozenset(capabilities),
        modified=_moment(entry.get("modified_at")) or 0.0,
        digest=str(entry.get("digest") or ""),
    )


def loaded_model(engine: str, entry: Mapping[str, Any]) -> LoadedModel:
    """Read one entry of `/api/ps`."""
    return LoadedModel(
        name=str(entry.get("name") or entry.get("model") or ""),
        engine=engine,
        size=int(entry["size"]) if whole(entry.get("size")) else 0,
        size_gpu=int(entry["size_vram"]) if whole(entry.get("size_vram")) else 0,
        expires=_moment(entry.get("expires_at")),
    )


def _moment(text: object) -> float | None:
    """Unix time of a moment as Ollama writes it, None for anything else."""
    try:
        return datetime.fromisoformat(_microseconds(str(text or ""))).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _microseconds(moment: str) -> str:
    """Shorten a fraction of nanoseconds, which `datetime` cannot read, to microseconds."""
    return re.sub(r"(\.\d{6})\d+", r"\1", moment)


def mapping(value: object) -> Mapping[str, Any]:
    """A JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def whole(value: object) -> bool:
    """Whether a value is a number that counts something."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


async def lines_of(chunks: AsyncIterator[bytes]) -> AsyncGenerator[dict[str, Any], None]:
    """The JSON objects of a streamed answer, one a line.

    Only line feeds end a line: U+0085, U+2028 and their like may stand inside a JSON text.

    Raises:
        ValueError: a line is no JSON object.
    """
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield _object(line)
    if rest.strip():
        yield _object(rest)


def _object(line: bytes) -> dict[str, Any]:
    value = json.loads(line.decode("utf-8"))
    if not isinstance(value, dict):
        raise ValueError(f"{type(value).__name__} instead of an object")
    return value


def words_of(body: object) -> str:
    """The words of an error, from the text or the value a server gave for it; "" for a page of HTML."""
    if isinstance(body, str) and body.lstrip().startswith("{"):
        with suppress(ValueError):
            body = json.loads(body)
    if isinstance(body, dict):
        return words_of(body.get("error") or body.get("message") or "")
    text = " ".join(str(body).split())[:500]
    return "" if text.startswith("<") else text


def refusal(engine: str, address: str, status: int, text: str, model: str) -> EngineError:
    """Put a status that is no success into a sentence; 0 stands for an error in a line of an answer."""
    if status in (401, 403):
        return EngineDenied(f"{engine} refuses access ({status}): a token is missing or wrong.")
    if status == 404 and model:
        return ModelMissing(f"{model} is not installed on {engine}.")
    if status == 404:
        return ModelMissing(f"{address} answers, but does not speak Ollama's language (404).")
    if status == 503:
        return EngineBusy(f"{engine} is busy: too many requests are waiting there.")
    if 300 <= status < 400:
        return EngineUnreachable(f"{address} leads elsewhere ({status}): enter the new address.", "foreign")
    if 400 <= status < 500:
        return ModelRefused(f"{engine} refuses the request: {text or status}")
    return StreamBroken(f"{model or engine} failed: {text}" if text else f"{model or engine} failed.")


def without_halves(text: str) -> str:
    """A text that can be written as UTF-8: half surrogate pairs are replaced."""
    return text if text.isascii() else _HALF.sub("\ufffd", text)


def message_of(message: Message) -> dict[str, Any]:
    """A message of a chat as `/api/chat` takes it."""
    sent: dict[str, Any] = {"role": message.role, "content": without_halves(message.content)}
    if message.images:
        sent["images"] = [base64.b64encode(image).decode() for image in message.images]
    return sent


def pieces_of(line: Mapping[str, Any], aligners: Mapping[bool, Aligner]) -> list[Piece]:
    """The tokens of one line. Log-probabilities belong to thoughts if the line carries thoughts.

    Raises:
        TypeError, ValueError, OverflowError: the line's values are not what they should be.
    """
    message = line.get("message")
    if not isinstance(message, dict):
        return []
    thought = without_halves(str(message.get("thinking") or ""))
    text = without_halves(str(message.get("content") or ""))
    entries = line.get("logprobs")
    tokens = [t for e in entries if (t := token_of(e)) is not None] if isinstance(entries, list) else []
    thinking = bool(thought) and not text
    pieces = [] if thinking or not thought else [Piece(thought, True)]
    own = thought if thinking else text
    pieces += [
        Piece(piece, thinking, logprob, others) for piece, logprob, others in aligners[thinking].feed(own, tokens)
    ]
    return pieces


def token_of(entry: object) -> Token | None:
    """Read one entry of a list of log-probabilities, None if it is none; raises as `pieces_of` does."""
    if not isinstance(entry, dict) or not isinstance(entry.get("logprob"), int | float):
        return None
    spelled = entry.get("bytes")
    token = entry.get("token")
    raw = bytes(spelled) if isinstance(spelled, list) else without_halves(str(token or "")).encode()
    top = entry.get("top_logprobs")
    others = (
        tuple((str(t.get("token", "")), probability(t.get("logprob")) or 0.0) for t in top if isinstance(t, dict))
        if isinstance(top, list)
        else ()
    )
    return raw, float(entry["logprob"]), others


def done_of(line: Mapping[str, Any]) -> Done:
    """Read the last line of an answer; raises as `pieces_of` does."""
    return Done(
        "length" if line.get("done_reason") == "length" else "done",
        int(line.get("eval_count") or 0),
        int(line.get("eval_duration") or 0) / 1e9,
        int(line.get("prompt_eval_count") or 0),
    )


def vectors_of(value: object, count: int) -> list[list[float]]:
    """Read so many lists of numbers.

    Raises:
        TypeError, ValueError: it is something else.
    """
    if not isinstance(value, list) or len(value) != count:
        raise ValueError(f"not {count} lists of numbers")
    return [[float(number) for number in each] for each in value]
