"""An answer token by token: which words, at which pace, in which chunks, and what goes wrong in it."""

import asyncio
import itertools
import json
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.ollama_sim.loading import Refused, Runner
from tests.ollama_sim.scenario import Fault, Json, Model
from tests.ollama_sim.state import Seen, State
from tests.ollama_sim.wire import Broken, Connection
from tests.ollama_sim.words import Token, cut, generated, seeded, weigh

NO_RUNNER = "an error was encountered while running the model: unexpected EOF"
_HALVES = (b"\xf0\x9f", b"\x99\x82")


class ErrorLine(Exception):
    """The stream ends in a line with an error."""


class NoDone(Exception):
    """The stream ends without its last line."""


@dataclass
class Ask:
    """A question as both kinds of endpoint understand it."""

    model: Model
    prompt: str
    options: Json = field(default_factory=dict)
    think: bool | str | None = None
    logprobs: bool = False
    top: int | None = None
    form: Any = None  # format: "json" or a schema
    truncate: bool = True
    shift: bool = True
    messages: int = 1

    def option(self, name: str, default: int) -> int:
        value: Any = self.options.get(name, self.model.parameters.get(name, default))
        return int(value)

    @property
    def thinks(self) -> bool:
        return "thinking" in self.model.capabilities and self.think is not False

    @property
    def stops(self) -> list[str]:
        stops: Any = self.options.get("stop", self.model.parameters.get("stop", []))
        return list(stops)


@dataclass
class Piece:
    """What one chunk carries."""

    text: str = ""
    thinking: bool = False
    tokens: list[Token] = field(default_factory=list)
    raw: bytes | None = None  # a line as it is


@dataclass
class Count:
    """The numbers of the last line, filled as the answer goes."""

    began: float = field(default_factory=time.perf_counter)
    loaded: float = 0.0
    prompt_tokens: int = 0
    first: float = 0.0
    tokens: int = 0
    reason: str = "stop"

    def metrics(self) -> Json:
        now = time.perf_counter()
        numbers = {
            "total_duration": now - self.began,
            "load_duration": self.loaded - self.began,
            "prompt_eval_count": self.prompt_tokens,
            "prompt_eval_duration": max(self.first - self.loaded, 1e-6),
            "eval_count": self.tokens,
            "eval_duration": now - self.first if self.tokens > 1 else 0,
        }
        whole = {name: int(n * 1e9) if "duration" in name else int(n) for name, n in numbers.items()}
        return {name: n for name, n in whole.items() if n}


def _script(state: State, ask: Ask) -> tuple[str | None, str]:
    """Thoughts and text of this answer."""
    model, turn = ask.model, state.asked[ask.model.name]
    state.asked[model.name] += 1
    chooser = seeded(model.name, ask.prompt, ask.options.get("seed"))
    wanted = ask.option("num_predict", -1)
    text, thoughts = model.text, model.thinking
    for each in model.answers:
        if each["when"] in ask.prompt:
            text, thoughts = each["text"], each.get("thinking", thoughts)
            break
    else:
        if ask.form:
            text = text if isinstance(text, str) and text.lstrip().startswith("{") else _as_json(ask.form)
    if isinstance(text, list):
        text = text[turn % len(text)]
    if text is None:
        text = generated(ask.prompt, max(40, min(600, wanted * 8 // 10 if wanted > 0 else 220)), chooser)
    if thoughts is None and "thinking" in model.capabilities:
        thoughts = generated(ask.prompt, 30, chooser)
    return thoughts, text


def _as_json(form: Any) -> str:
    """The least JSON that fits a schema."""

    def fill(schema: Any) -> Any:
        if "enum" in schema:
            return schema["enum"][0]
        kinds = {"string": "text", "integer": 1, "number": 0.5, "boolean": True, "null": None}
        if schema.get("type") == "array":
            return [fill(schema.get("items", {"type": "string"}))]
        if schema.get("type") == "object" or "properties" in schema:
            return {name: fill(each) for name, each in schema.get("properties", {}).items()}
        return kinds.get(schema.get("type", "string"), "text")

    return json.dumps(fill(form) if isinstance(form, dict) else {"answer": "text"})


def _tokens(state: State, ask: Ask, fault: Fault | None) -> Iterator[Token]:
    """The tokens of an answer, without end for a model that never ends."""
    if fault is not None and fault.empty_answer:
        return
    thoughts, text = _script(state, ask)
    model, place = ask.model, itertools.count()
    half = model.split_characters

    def token(data: bytes, *, thinking: bool = False) -> Token:
        if ask.logprobs:
            return weigh(model, data, next(place), thinking=thinking)
        return Token(data, thinking=thinking)

    if thoughts and (ask.thinks or model.think_false_leaks):
        for data in cut(thoughts, split_characters=half):
            yield token(data, thinking=ask.thinks)
        if ask.thinks:
            yield Token(b"</think>", thinking=True, silent=True)
    pieces: Iterator[bytes] = iter(cut(text, split_characters=half))
    if model.never_ends:
        pieces = itertools.cycle(cut(text + " ", split_characters=half))
    at = fault.half_character_after if fault is not None else None
    for index, data in enumerate(pieces):
        if index == at:
            yield from map(token, _HALVES)
        yield token(data)


def _prompt_tokens(ask: Ask, context: int) -> tuple[int, int | None]:
    """Tokens of the prompt, cut at the context, and how many may follow it."""
    count = len(ask.prompt) // 4 + 4 * ask.messages + 1
    if count > context and not ask.truncate:
        raise Refused(400, "the input length exceeds the context length", "application/json")
    count = min(count, context)
    return count, None if ask.shift else max(1, context - count)


def _held(text: str, stops: list[str]) -> bool:
    """Whether the end of a text could be the beginning of a stop string."""
    return any(text.endswith(stop[:n]) for stop in stops for n in range(1, len(stop)))


async def _trouble(fault: Fault, count: int, runner: Runner, connection: Connection) -> AsyncIterator[Piece]:
    """What a fault does after so many tokens."""
    if fault.error_line_after == count:
        raise ErrorLine(fault.error or NO_RUNNER)
    if count in (fault.break_after, fault.reset_after):
        if fault.reset_after == count:
            connection.reset_on_close()
        raise Broken
    if fault.end_without_done_after == count:
        raise NoDone
    if fault.die_after == count:
        os._exit(1)
    if fault.garbage_after == count:
        yield Piece(raw=b'{"model":"oops","message":{"cont\x00<html>')
    if fault.stall_after == count:
        yield Piece(raw=b"")
        await runner.died.wait()


async def pieces(
    state: State,
    ask: Ask,
    runner: Runner,
    fault: Fault | None,
    count: Count,
    seen: Seen,
    connection: Connection,
) -> AsyncGenerator[Piece, None]:
    """The chunks of an answer, each at its time."""
    count.prompt_tokens, room = _prompt_tokens(ask, runner.context)
    limit = ask.option("num_predict", -1)
    limit = min(n for n in (limit if limit > 0 else 10**9, room or 10**9))
    group = ask.model.hold_back
    groups = itertools.cycle(group if isinstance(group, list) else [group])
    pending, text, size = Piece(), b"", next(groups)
    await asyncio.sleep(ask.model.first_token_seconds)
    count.first = time.perf_counter()

    def flush() -> Piece:
        nonlocal pending, text, size
        done, pending = pending, Piece()
        done.text, text, size = text.decode(errors="ignore"), b"", next(groups)
        seen.tokens += len(done.tokens)
        return done

    async def hit() -> AsyncIterator[Piece]:
        if runner.died.is_set():
            raise ErrorLine(NO_RUNNER)
        if fault is not None and fault.strikes(count.tokens):
            if pending.tokens:
                yield flush()
            async for piece in _trouble(fault, count.tokens, runner, connection):
                yield piece

    for token in _tokens(state, ask, fault):
        async for piece in hit():
            yield piece
        if count.tokens >= limit:
            count.reason = "length"
            break
        pace = ask.model.token_seconds * (1 + state.scenario.server.contention * max(0, state.active - 1))
        await asyncio.sleep(pace if count.tokens else 0)
        count.tokens += 1
        if token.silent:
            if pending.tokens:
                yield flush()
            continue
        if pending.tokens and pending.thinking != token.thinking:
            yield flush()
        pending.thinking = token.thinking
        pending.tokens.append(token)
        text += token.data
        shown = text.decode(errors="ignore")
        ends = [at for at in (shown.find(stop) for stop in ask.stops) if at >= 0]
        if ends:
            text = shown[: min(ends)].encode()
            break
        whole = len(shown.encode()) == len(text)
        if not _held(shown, ask.stops) and len(pending.tokens) >= size and (whole or ask.logprobs):
            kept = text[len(shown.encode()) :]
            yield flush()
            text = kept
    else:
        async for piece in hit():
            yield piece
    if text:
        yield flush()
