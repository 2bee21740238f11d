"""What a pipeline may be: the range of each value, and what is wrong with one that is outside."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_args
from unicodedata import category

from mirador_desktop.core.stages import GUIDE_PIPELINE, Choice, ContextSource, ModelStage, Pipeline

MOST_STAGES = 6
"""As many as there are colours and shapes."""
MOST_MODELS = 8
MOST_SOURCES = 12
MOST_TOKENS = 131_072
CHOICES: tuple[str, ...] = get_args(Choice)
_KIND = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TOKENS_OF_CONTEXT = (100, 100_000)
_LINES = {ord("\n"): None, ord("\t"): None}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value must be.

    Attributes:
        good: whether a value is that. It may get anything.
        expected: the words for it: "expected is …".
    """

    good: Callable[[Any], bool]
    expected: str


def _text(most: int, lines: bool = False) -> Callable[[Any], bool]:
    """A text without what no file can hold or no line can show: control characters, halves of characters."""
    refused = {"Cc", "Cs"} if lines else {"Cc", "Cs", "Zl", "Zp"}

    def good(value: Any) -> bool:
        if not isinstance(value, str) or len(value) > most:
            return False
        if value.isascii() and value.isprintable():
            return True
        return not any(category(c) in refused for c in (value.translate(_LINES) if lines else value))

    return good


def _name(value: Any) -> bool:
    return (
        isinstance(value, str) and 0 < len(value) <= 60 and value.isprintable() and value == " ".join(value.split())
    )


def _stage_name(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= 40
        and value == " ".join(value.lower().split())
        and all(c.isalnum() or c in " -&" for c in value)
    )


def _models(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) <= MOST_MODELS
        and all(isinstance(m, str) and 0 < len(m) <= 200 and m.isprintable() and " " not in m for m in value)
        and len(set(value)) == len(value)
    )


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int | float) and not isinstance(v, bool) and low <= v <= high


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda v: type(v) is int and low <= v <= high


_MODELS = f"a list of at most {MOST_MODELS} different names of models"
PIPELINE: dict[str, Rule] = {
    "name": Rule(_name, "a name of 1 to 60 characters"),
    "description": Rule(_text(300), "a line of at most 300 characters"),
    "context_tokens": Rule(_whole(*_TOKENS_OF_CONTEXT), "a whole number from 100 to 100000"),
}
STAGE: dict[str, Rule] = {
    "name": Rule(_stage_name, "1 to 40 lower-case letters, digits and spaces"),
    "models": Rule(_models, _MODELS),
    "choose": Rule(lambda v: v in CHOICES, ", ".join(f'"{c}"' for c in CHOICES[:-1]) + f' or "{CHOICES[-1]}"'),
    "fallback_models": Rule(_models, _MODELS),
    "role_prompt": Rule(_text(20_000, lines=True), "a text of at most 20000 characters"),
    "max_tokens": Rule(_whole(1, MOST_TOKENS), f"a whole number from 1 to {MOST_TOKENS}"),
    "temperature": Rule(_number(0, 2), "a number from 0 to 2"),
    "confidence_threshold": Rule(_number(0, 1), "a number from 0 to 1"),
    "think": Rule(lambda v: isinstance(v, bool), "true or false"),
}
SOURCE: dict[str, Rule] = {
    "kind": Rule(
        lambda v: isinstance(v, str) and bool(_KIND.fullmatch(v)),
        '"file", "folder", "csv", "url", "clipboard", "time" or the name of a plug-in',
    ),
    "value": Rule(_text(2000), "a line of at most 2000 characters"),
    "name": Rule(_text(80), "a line of at most 80 characters"),
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value that is not what it must be.

    Attributes:
        key: where: `name`, `stages`, `stages.2.max_tokens` (stages count from 1), `context.1.value`.
        value: what is there.
        expected: what must be there.
    """

    key: str
    value: Any
    expected: str

    def __str__(self) -> str:
        shown = repr(self.value)
        return f"{self.key} is {shown if len(shown) <= 60 else shown[:59] + '…'}, expected is {self.expected}"


def wrong_in(pipeline: Pipeline) -> list[Wrong]:
    """All that is wrong in a pipeline; an empty list for one that can be kept and run."""
    found = _wrong(pipeline, PIPELINE, "")
    for place, source in enumerate(pipeline.context, start=1):
        found += _wrong(source, SOURCE, f"context.{place}.")
    for place, stage in enumerate(pipeline.stages, start=1):
        found += _wrong(stage, STAGE, f"stages.{place}.")
    return found + wrong_together(pipeline)


def wrong_together(pipeline: Pipeline) -> list[Wrong]:
    """What is wrong only beside other values."""
    found = []
    if pipeline.name.casefold() == GUIDE_PIPELINE.name.casefold():
        found.append(Wrong("name", pipeline.name, "another name than that of Mirador's own guide"))
    if not 1 <= len(pipeline.stages) <= MOST_STAGES:
        found.append(Wrong("stages", len(pipeline.stages), f"1 to {MOST_STAGES} stages"))
    if len(pipeline.context) > MOST_SOURCES:
        found.append(Wrong("context", len(pipeline.context), f"at most {MOST_SOURCES} sources"))
    names = [stage.name for stage in pipeline.stages]
    for place, name in enumerate(names):
        if name in names[:place]:
            found.append(Wrong(f"stages.{place + 1}.name", name, "a name that no other stage of the pipeline has"))
    return found


def _wrong(part: Pipeline | ModelStage | ContextSource, rules: dict[str, Rule], prefix: str) -> list[Wrong]:
    return [
        Wrong(prefix + key, value, rule.expected)
        for key, rule in rules.items()
        if not rule.good(value := getattr(part, key))
    ]


def free_name(wanted: str, taken: Sequence[str]) -> str:
    """`wanted`, or the first of `wanted 2`, `wanted 3` … that nobody has (capitals make no difference)."""
    known = {name.casefold() for name in taken}
    if wanted.casefold() not in known:
        return wanted
    return next(n for i in range(2, len(known) + 3) if (n := f"{wanted[:54]} {i}").casefold() not in known)
