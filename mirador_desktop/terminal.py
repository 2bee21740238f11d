"""The same answer without a window: `ask`, and a conversation over standard input."""

import argparse
import asyncio
import contextlib
import io
import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from typing import IO, Any, Protocol

from mirador_desktop.assistant import Ask, Assistant, QuestionAsked
from mirador_desktop.core.events import AnswerFinished, Event, StageFinished, StageStarted, StageWaiting, StreamToken
from mirador_desktop.core.stages import FIRST_QUESTION, GUIDE_PIPELINE

DONE, FAILED, USAGE, NO_ENGINE, STOPPED = 0, 1, 2, 3, 130
_SHAPES = "▶◆●■▲★"
_COLOURS = (214, 75, 79, 141, 211, 80)  # of the 256-colour palette, near those of the window
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Machine(Protocol):
    """What the terminal needs of `machine.Machine`."""

    @property
    def assistant(self) -> Assistant:
        """What answers."""
        ...

    @property
    def keeper(self) -> Any:
        """What keeps."""
        ...

    @property
    def indexer(self) -> Any:
        """What makes it possible to find it again."""
        ...

    @property
    def problems(self) -> list[str]:
        """Sentences about what is wrong in the settings."""
        ...

    async def close(self) -> None:
        """Keep and close everything."""
        ...


Compose = Callable[[Callable[[str], None]], Machine]


def ask(compose: Compose, options: argparse.Namespace) -> int:
    """Answer one question; returns the exit code."""
    question = " ".join(options.question)
    if question == "-":
        question = sys.stdin.read()
    question = question.strip()
    if not question:
        return _refuse("There is no question.")
    return asyncio.run(_with_machine(compose, lambda machine: _ask(machine, question, options)))


async def _ask(machine: Machine, question: str, options: argparse.Namespace) -> int:
    pipeline = await machine.assistant.find_pipeline(options.pipeline)
    if pipeline is None:
        names = [f"“{p.name}”" for p in machine.assistant.pipelines]
        return _refuse(f"There is no pipeline “{options.pipeline}”: choose {', '.join(names[:-1])} or {names[-1]}.")
    asked = Ask(question, pipeline=pipeline, depth=options.depth, memory=not options.no_memory)
    return await _answer(machine, asked, _JsonLines(sys.stdout) if options.json else _Words(sys.stdout))


def talk(compose: Compose) -> int:
    """Answer the questions on standard input, one a line, in one conversation; returns the exit code.

    With nothing to read the guide is asked a first question.
    """
    return asyncio.run(_with_machine(compose, _talk))


async def _talk(machine: Machine) -> int:
    code, conversation, parent, asked = DONE, "", "", False
    while True:
        if sys.stdin is not None and sys.stdin.isatty():
            print("\n> ", end="", flush=True, file=sys.stderr)  # noqa: T201
        line = await asyncio.to_thread(_read_line)
        if line == "":
            break
        if not line.strip():
            continue
        asked = True
        show = _Words(sys.stdout)
        code = await _answer(machine, Ask(line.strip(), conversation, parent), show)
        if show.turn is not None:
            conversation, parent = show.turn.conversation, show.turn.id
    if not asked:
        print(f"> {FIRST_QUESTION}\n")  # noqa: T201
        await _answer(machine, Ask(FIRST_QUESTION, pipeline=GUIDE_PIPELINE), _Words(sys.stdout))
        return DONE
    return code


def _read_line() -> str:
    try:
        return sys.stdin.readline() if sys.stdin is not None else ""
    except (OSError, ValueError):  # closed
        return ""


def _refuse(words: str) -> int:
    print(words, file=sys.stderr)  # noqa: T201
    return USAGE


async def _with_machine(compose: Compose, work: Callable[[Machine], Any]) -> int:
    def kept(why_not: str) -> None:
        if why_not:
            print(f"This is not being kept. {why_not}", file=sys.stderr)  # noqa: T201

    machine = compose(kept)
    for problem in machine.problems:
        print(problem, file=sys.stderr)  # noqa: T201
    running = {asyncio.create_task(each.run()) for each in (machine.keeper, machine.indexer)}
    try:
        return int(await work(machine))
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        await machine.close()


async def _answer(machine: Machine, asked: Ask, show: "_Words | _JsonLines") -> int:
    """Ask and show; Ctrl+C stops as the window's Stop does, and so does a reader who has gone."""
    gone = False

    def event(event: QuestionAsked | Event) -> None:
        nonlocal gone
        if not gone:
            try:
                show.event(event)
            except BrokenPipeError:
                gone = True
                sys.stdout = io.StringIO()  # the interpreter flushes it at the end
                task.cancel()

    task = asyncio.create_task(machine.assistant.ask(asked, event))
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return FAILED if gone else STOPPED
    finally:
        with contextlib.suppress(NotImplementedError):
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
    end = show.end
    if end is None or end.reason == "failed":
        print(end.error if end is not None else "No answer came.", file=sys.stderr)  # noqa: T201
        return FAILED if machine.assistant.has_models else NO_ENGINE
    return DONE


class _Words:
    """Stages as text: coloured on a terminal, plain elsewhere."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._colour = out.isatty() and not os.environ.get("NO_COLOR")
        self._places: dict[str, int] = {}
        self._line = ""  # what the line at the cursor holds
        self._writing: tuple[str, str, str] | None = None
        self._told = False
        self.turn: Any = None
        self.end: AnswerFinished | None = None

    def event(self, event: QuestionAsked | Event) -> None:
        """Show an event."""
        if isinstance(event, QuestionAsked):
            self.turn = event.turn
            self._places = {stage.name: place for place, stage in enumerate(event.turn.stages)}
        elif isinstance(event, StreamToken):
            self._token(event)
        elif isinstance(event, StageWaiting):
            if sys.stderr.isatty():
                print(self._dim(event.text), file=sys.stderr)  # noqa: T201
        elif isinstance(event, StageFinished):
            self._finished(event)
        elif isinstance(event, AnswerFinished):
            self.end = event
        elif isinstance(event, StageStarted):
            self._context()
        self._out.flush()

    def _context(self) -> None:
        """Say once, before the first stage, what was left out of the context."""
        if self.turn is not None and not self._told:
            self._told = True
            for each in self.turn.context:
                if each.error:
                    self._write(self._dim(f"{each.error}.") + "\n\n")

    def _token(self, token: StreamToken) -> None:
        if token.kind == "thinking" and not self._colour:
            return
        place = (token.stage, token.model, token.kind)
        if place != self._writing:
            self._break()
            self._writing = place
            thinking = ", thinking" if token.kind == "thinking" else ""
            self._write(self._heading(token.stage, f"{token.model}{thinking}") + "\n")
        words = _CONTROL.sub("", token.content)
        self._write(self._dim(words) if token.kind == "thinking" else words)

    def _finished(self, event: StageFinished) -> None:
        self._break()
        self._writing = None
        if event.reason == "skipped":
            self._write(
                self._dim(f"{self._shape(event.stage)}{event.stage.capitalize()} left out: {event.error}") + "\n\n"
            )
        elif event.reason == "failed":
            self._write(self._dim(f"{event.model} failed: {event.error}") + "\n\n")
        else:
            parts = []
            if event.fallback_for:
                parts.append(f"for {event.fallback_for}")
            if event.first_token is not None:
                parts.append(f"{event.first_token:.2f} s to first token")
            if event.tokens_per_second is not None:
                parts.append(f"{event.tokens_per_second:,.0f} tok/s")
            parts.append(f"{event.tokens:,} tok")
            if event.confidence is not None:
                parts.append(f"{event.confidence * 100:.0f} % sure, not calibrated")
            if event.reason != "done":
                parts.append({"length": "cut off at its most tokens", "stopped": "stopped"}.get(event.reason, ""))
            self._write(self._dim("(" + " · ".join(parts) + ")") + "\n\n")

    def _heading(self, stage: str, words: str) -> str:
        heading = f"{self._shape(stage)}{stage.capitalize()}"
        if self._colour:
            colour = _COLOURS[min(self._places.get(stage, 0), len(_COLOURS) - 1)]
            return f"\x1b[1;38;5;{colour}m{heading}\x1b[0m {self._dim(words)}"
        return f"{heading} ({words})"

    def _shape(self, stage: str) -> str:
        return f"{_SHAPES[min(self._places.get(stage, 0), len(_SHAPES) - 1)]} " if self._colour else ""

    def _dim(self, words: str) -> str:
        words = _CONTROL.sub("", words)
        return f"\x1b[2m{words}\x1b[0m" if self._colour else words

    def _break(self) -> None:
        if self._line:
            self._write("\n")

    def _write(self, words: str) -> None:
        self._out.write(words)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", words)
        self._line = plain.rpartition("\n")[2] if "\n" in plain else self._line + plain


class _JsonLines:
    """Events as JSON, one object a line."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._begun = time.monotonic()
        self._told = False
        self.turn: Any = None
        self.end: AnswerFinished | None = None

    def event(self, event: QuestionAsked | Event) -> None:
        """Print an event, unless it is only for people to look at."""
        if not isinstance(event, QuestionAsked) and not self._told:
            self._told = True
            self._print(self._question())  # only now it is known what was recalled
            if self.turn is not None and self.turn.context:
                sources = [_part(each, "name tokens error age") for each in self.turn.context]
                self._print({"event": "context", "sources": sources})
        line = self._line(event)
        if line is not None:
            self._print(line)

    def _question(self) -> dict[str, Any]:
        memories = [_part(memory, "id kind title created why tokens") for memory in self.turn.recalled]
        return {"event": "question", **_part(self.turn, "intent complexity pipeline depth"), "memories": memories}

    def _print(self, line: dict[str, Any]) -> None:
        seconds = round(time.monotonic() - self._begun, 4)
        self._out.write(json.dumps({"event": line.pop("event"), "t": seconds, **line}, ensure_ascii=False) + "\n")
        self._out.flush()

    def _line(self, event: QuestionAsked | Event) -> dict[str, Any] | None:
        if isinstance(event, QuestionAsked):
            self.turn = event.turn
        if isinstance(event, StageStarted):
            return {"event": "stage_started", "stage": event.stage, "models": list(event.models)}
        if isinstance(event, StreamToken):
            return {"event": "token", **_part(event, "stage model kind content confidence source")}
        if isinstance(event, StageFinished):
            names = "stage model reason tokens first_token tokens_per_second confidence calibrated"
            optional = {name: value for name in ("fallback_for", "error") if (value := getattr(event, name))}
            return {"event": "stage_finished", **_part(event, names), **optional}
        if isinstance(event, AnswerFinished):
            self.end = event
            return {"event": "answer_finished", **_part(event, "stage content confidence reason")}
        return None


def _part(record: object, names: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names.split()}
