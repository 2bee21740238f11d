"""A turn as a list of parts in reading order: what Markdown, web page, PDF, Word and plain text have in common."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn
from mirador_desktop.exchange.options import ExportOptions

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
_REASONS = {"length": "cut off at its most tokens", "stopped": "stopped", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a turn.

    Attributes:
        kind: question: text as the person typed it. heading: a stage, with `detail` for its model. answer and
            thinking: Markdown that a model wrote. note: a line about what stands near it.
    """

    kind: Literal["question", "heading", "answer", "thinking", "note"]
    text: str
    detail: str = ""


def printable(text: str) -> str:
    """Text without what documents and terminals cannot hold: control characters, half pairs, no characters."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNPRINTABLE.sub("\ufffd", text)


def line(text: str) -> str:
    """Text as one line."""
    return " ".join(printable(text).split())


def title_of(conversation: Conversation) -> str:
    """The title as one line, never empty."""
    return line(conversation.title) or "Untitled"


def moment(when: float) -> str:
    """A Unix time as local date and time, "" if it is no date; 0 is where none is known."""
    if not when:
        return ""
    try:
        return f"{datetime.fromtimestamp(when, UTC).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, OSError, ValueError):
        return ""


def about_conversation(conversation: Conversation, options: ExportOptions, folder: str) -> str:
    """The line under a title."""
    parts = [moment(conversation.created)]
    if options.metadata:
        if folder:
            parts.append(f"in {line(folder)}")
        parts += [f"#{line(tag)}" for tag in conversation.tags]
        parts += ["pinned"] * conversation.pinned + ["archived"] * conversation.archived
    return " · ".join(part for part in parts if part)


def parts_of(turn: Turn, options: ExportOptions) -> Iterator[Part]:
    """What is written of a turn, in reading order."""
    if options.branches and turn.siblings > 1:
        yield Part("note", f"Branch {turn.position} of {turn.siblings}")
    yield Part("question", printable(turn.question))
    if turn.attachments:
        files = ", ".join(f"{line(each.name)} ({_size(each.size)})" for each in turn.attachments)
        yield Part("note", f"Attached: {files}")
    if options.metadata and (about := " · ".join(each for each in _about_turn(turn) if each)):
        yield Part("note", about)
    if options.stages:
        for stage in turn.stages:
            yield from _stage(stage, options)
        if not turn.final_text:
            yield Part("note", _no_answer(turn))
        return
    final = next((s for s in turn.stages if s.name == turn.final_stage), None)
    best = final.best if final is not None else None
    if final is None or best is None:
        yield Part("note", _no_answer(turn))
        return
    yield from _answer(final.name, best, options)


def _stage(stage: StageRecord, options: ExportOptions) -> Iterator[Part]:
    if stage.skipped:
        yield Part("heading", _name(stage.name))
        yield Part("note", f"Left out: {line(stage.skipped)}")
    for answer in stage.answers:
        yield from _answer(stage.name, answer, options)


def _answer(stage: str, answer: Answer, options: ExportOptions) -> Iterator[Part]:
    model = line(answer.model)
    instead = f" instead of {line(answer.fallback_for)}" if answer.fallback_for and options.metadata else ""
    yield Part("heading", _name(stage), f"{model}{instead}")
    about = list(_about_answer(answer, options))
    if about:
        yield Part("note", " · ".join(about))
    if options.thoughts and answer.thinking.strip():
        yield Part("thinking", printable(answer.thinking).strip("\n"))
    if answer.text:
        yield Part("answer", printable(answer.text).strip("\n"))
    if answer.error:
        yield Part("note", line(answer.error))


def _about_turn(turn: Turn) -> Iterator[str]:
    yield moment(turn.created)
    yield from (turn.intent, turn.complexity, line(turn.pipeline))
    if turn.memories:
        yield _count(turn.memories, "earlier turn")
    if turn.recalled:
        yield _count(len(turn.recalled), "recalled memory", "recalled memories")
    for used in turn.context:
        yield line(used.error) if used.error else f"{line(used.name)} {used.tokens:,} tok"


def _about_answer(answer: Answer, options: ExportOptions) -> Iterator[str]:
    if options.metadata:
        if answer.first_token is not None:
            yield f"{answer.first_token:.2f} s to first token"
        if answer.tokens_per_second is not None:
            yield f"{answer.tokens_per_second:,.0f} tok/s"
        if answer.tokens:
            yield f"{answer.tokens:,} tok"
        if answer.thinking_seconds is not None:
            yield f"{answer.thinking_seconds:.1f} s of thinking"
    if options.confidences and answer.confidence is not None:
        yield f"{answer.confidence * 100:.0f} % sure{'' if answer.calibrated else ', not calibrated'}"
    if options.metadata and answer.reason in _REASONS:
        yield _REASONS[answer.reason]


def _no_answer(turn: Turn) -> str:
    return f"No answer: {line(turn.error)}" if turn.error else "No answer"


def _name(stage: str) -> str:
    name = line(stage)
    return name[:1].upper() + name[1:]


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _size(count: int) -> str:
    return (
        f"{count} bytes" if count < 1000 else f"{count / 1000:.0f} kB" if count < 999_500 else f"{count / 1e6:.1f} MB"
    )
