"""What Ollama checks in a request before it answers, with the words it uses."""

import base64
import binascii
import json
import re
from typing import Any

from tests.ollama_sim.loading import FOREVER, Refused
from tests.ollama_sim.scenario import Json, Model

_CHAT: dict[str, tuple[type | tuple[type, ...], str]] = {
    "model": (str, "string"),
    "messages": (list, "[]api.Message"),
    "stream": (bool, "bool"),
    "logprobs": (bool, "bool"),
    "top_logprobs": (int, "int"),
    "options": (dict, "map[string]interface {}"),
    "tools": (list, "api.Tools"),
    "truncate": (bool, "bool"),
    "shift": (bool, "bool"),
    "prompt": (str, "string"),
    "raw": (bool, "bool"),
    "system": (str, "string"),
    "insecure": (bool, "bool"),
    "source": (str, "string"),
    "destination": (str, "string"),
    "dimensions": (int, "int"),
    "verbose": (bool, "bool"),
}
_FLOATS = {"temperature", "top_p", "min_p", "typical_p", "repeat_penalty", "presence_penalty",
           "frequency_penalty"}  # fmt: skip
_INTS = {"num_ctx", "num_predict", "seed", "top_k", "num_keep", "num_batch", "num_gpu", "main_gpu",
         "num_thread", "repeat_last_n"}  # fmt: skip
_BOOLS = {"use_mmap"}
_KINDS = {str: "string", int: "number", float: "number", bool: "bool", list: "array", dict: "object"}
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def body_of(raw: bytes, kind: str) -> Json:
    """The request's JSON, checked field by field as Go does it."""
    if not raw.strip():
        raise Refused(400, "missing request body")
    try:
        body = json.loads(raw)
    except ValueError as bad:
        words = "unexpected EOF" if getattr(bad, "pos", 0) >= len(raw.rstrip()) - 1 else "invalid character"
        raise Refused(400, words) from bad
    if not isinstance(body, dict):
        raise Refused(400, f"json: cannot unmarshal {_kind(body)} into Go value of type api.{kind}")
    for name, value in body.items():
        if name in _CHAT and value is not None and not _fits(value, _CHAT[name][0]):
            raise _misfit(value, f"{kind}.{name}", _CHAT[name][1])
    for message in body.get("messages") or []:
        _check_message(message, kind)
    _check_think(body.get("think"))
    return body


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "null")


def _fits(value: Any, wanted: type | tuple[type, ...]) -> bool:
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def _misfit(value: Any, where: str, wanted: str) -> Refused:
    return Refused(400, f"json: cannot unmarshal {_kind(value)} into Go struct field {where} of type {wanted}")


def _check_message(message: Any, kind: str) -> None:
    if not isinstance(message, dict):
        raise _misfit(message, f"{kind}.messages", "api.Message")
    for name in ("role", "content"):
        if not isinstance(message.get(name, ""), str):
            raise _misfit(message[name], f"{kind}.messages.{name}", "string")
    for image in message.get("images") or []:
        try:
            base64.b64decode(image, validate=True)
        except (binascii.Error, TypeError) as bad:
            raise Refused(400, "illegal base64 data at input byte 0") from bad


def _check_think(think: Any) -> None:
    if think is None or isinstance(think, bool) or think in ("high", "medium", "low"):
        return
    if isinstance(think, str):
        raise Refused(400, f'invalid think value: "{think}" (must be "high", "medium", "low", true, or false)')
    raise Refused(400, 'think must be a boolean or string ("high", "medium", "low", true, or false)')


def keep_alive(value: Any) -> float | None:
    """Seconds from keep_alive; None where none was given."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Refused(400, f"Unsupported type: '{_kind(value)}'")
    if isinstance(value, int | float):
        return FOREVER if value < 0 else float(value)
    text = value.lstrip("+-")
    if text == "0":
        return 0.0
    parts = _PART.findall(text)
    if "".join(number + unit for number, unit in parts) != text or not parts:
        trouble = "missing unit in" if re.fullmatch(r"[\d.]+", text) else "invalid"
        raise Refused(400, f'time: {trouble} duration "{value}"')
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    return FOREVER if value.startswith("-") else seconds


def check_options(options: Json) -> None:
    """Unknown options pass, wrong types do not."""
    for name, value in options.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        wanted = ""
        if name in _FLOATS and not number:
            wanted = "float32"
        elif name in _INTS and not number:
            wanted = "integer"
        elif name in _BOOLS and not isinstance(value, bool):
            wanted = "boolean"
        elif name == "stop" and not isinstance(value, list):
            wanted = "array"
        if wanted:
            raise Refused(500, f'option "{name}" must be of type {wanted}')


def check_ability(body: Json, model: Model, full_name: str, task: str) -> None:
    """Whether the model can do what is asked."""
    asked = str(body["model"])
    if "completion" not in model.capabilities:
        raise Refused(400, f'"{asked}" does not support {task}')
    if body.get("think") and "thinking" not in model.capabilities:
        raise Refused(400, f'"{asked}" does not support thinking')
    if body.get("tools") and "tools" not in model.capabilities:
        raise Refused(400, f"{full_name} does not support tools")


def check_top_logprobs(body: Json) -> None:
    """How many alternatives may be asked for."""
    top = body.get("top_logprobs")
    if top is not None and not 0 <= top <= 20:
        raise Refused(400, "top_logprobs must be between 0 and 20")
