"""Pipelines as TOML: how they are kept, exported and taken from others.

Reading believes nothing: whatever stands in a file, there comes a pipeline within its limits
(`core.limits`) or a `PipelineError` that names each key that is wrong and what is expected. Keys that are
not known are left alone. Writing into an existing text keeps its comments and unknown keys.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mirador_desktop.core.limits import (
    MOST_SOURCES,
    MOST_STAGES,
    PIPELINE,
    SOURCE,
    STAGE,
    Rule,
    Wrong,
    wrong_in,
    wrong_together,
)
from mirador_desktop.core.stages import ContextSource, ModelStage, Pipeline
from mirador_desktop.errors import PipelineError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import Table

MOST_BYTES = 512 * 1024
"""Longest file that is read."""
_SHOWN = 3
_WIDTH = 110
_WORDS = re.compile(r"[^ ]+ *| +")
_NEEDED = {"name": (PIPELINE, STAGE), "kind": (SOURCE,)}
_LISTS = {"models", "fallback_models"}


def read(data: bytes | str, place: str = "The file") -> Pipeline:
    """Read a pipeline.

    Args:
        place: the file's name, for the error.

    Raises:
        PipelineError: the text is no pipeline; the sentence names keys and what is expected.
    """
    if len(data) > MOST_BYTES:
        raise PipelineError(f"{place} is too long for a pipeline: more than {MOST_BYTES // 1024} KB.")
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        values = tomllib.loads(text)
    except UnicodeDecodeError:
        raise PipelineError(f"{place} is not a text in UTF-8.") from None
    except (ValueError, RecursionError) as error:
        raise PipelineError(f"{place} is not TOML: {error}.") from None
    wrong: list[Wrong] = []
    main = _values(values, PIPELINE, "", wrong)
    sources = _tables(values, "context", MOST_SOURCES, wrong)
    stages = _tables(values, "stages", MOST_STAGES, wrong)
    context = [_values(t, SOURCE, f"context.{i}.", wrong) for i, t in enumerate(sources, start=1)]
    steps = [_values(t, STAGE, f"stages.{i}.", wrong) for i, t in enumerate(stages, start=1)]
    if not wrong:
        pipeline = Pipeline(
            main.pop("name"),
            tuple(ModelStage(**step) for step in steps),
            context=tuple(ContextSource(**source) for source in context),
            **main,
        )
        wrong = wrong_together(pipeline)
        if not wrong:
            return pipeline
    more = f" And {len(wrong) - _SHOWN} more." if len(wrong) > _SHOWN else ""
    raise PipelineError(f"{place}: {'; '.join(str(w) for w in wrong[:_SHOWN])}.{more}")


def _values(table: Mapping[str, Any], rules: Mapping[str, Rule], prefix: str, wrong: list[Wrong]) -> dict[str, Any]:
    """What a table says, as far as it is what the rules expect."""
    good: dict[str, Any] = {}
    for key, rule in rules.items():
        value: Any = table.get(key)
        if value is None and not _is_needed(key, rules):
            continue
        if isinstance(value, str) and key == "role_prompt":
            value = value.replace("\r\n", "\n")
        if not rule.good(value):
            wrong.append(Wrong(prefix + key, value, rule.expected))
        elif key in _LISTS:
            good[key] = tuple(value)
        else:
            good[key] = float(value) if key in ("temperature", "confidence_threshold") else value
    return good


def _is_needed(key: str, rules: Mapping[str, Rule]) -> bool:
    return any(rules is each for each in _NEEDED.get(key, ()))


def _tables(values: Mapping[str, Any], key: str, most: int, wrong: list[Wrong]) -> list[Mapping[str, Any]]:
    found = values.get(key, [])
    if isinstance(found, list) and len(found) <= most and all(isinstance(each, dict) for each in found):
        return found
    wrong.append(Wrong(key, found, f"at most {most} tables [[{key}]]"))
    return []


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────


def write(pipeline: Pipeline, text: str = "") -> str:
    """Write a pipeline as TOML.

    Args:
        text: what the file says now; its comments and unknown keys are kept where that is possible.

    Raises:
        PipelineError: the pipeline is outside its limits.
    """
    wrong = wrong_in(pipeline)
    if wrong:
        raise PipelineError(f"{'; '.join(str(w) for w in wrong[:_SHOWN])}.")
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    if text:
        try:
            if read(text) == pipeline:
                return text
            written = _fill(tomlkit.parse(text), pipeline)
            if read(written) == pipeline:
                return written
        except (TOMLKitError, PipelineError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
            pass  # a form that cannot be changed in place: it is written anew
    return _fill(tomlkit.document(), pipeline)


def _fill(document: "TOMLDocument", pipeline: Pipeline) -> str:
    """Bring a document to what the pipeline is."""
    import tomlkit
    from tomlkit.items import AoT

    _put(document, pipeline, PIPELINE, Pipeline("", ()))
    parts: tuple[tuple[str, Sequence[ContextSource | ModelStage], Mapping[str, Rule], object], ...] = (
        ("context", pipeline.context, SOURCE, ContextSource("")),
        ("stages", pipeline.stages, STAGE, ModelStage("")),
    )
    for key, items, rules, plain in parts:
        before = document.get(key)
        tables = list(before) if isinstance(before, AoT) else []
        if len(tables) == len(items) and all(t.get("name", "") == i.name for t, i in zip(tables, items, strict=True)):
            for table, item in zip(tables, items, strict=True):
                _put(table, item, rules, plain)
            continue
        names = [item.name for item in items]
        array = tomlkit.aot()
        for place, item in enumerate(items):
            table = _table_for(item.name, names, tables, place)
            _put(table, item, rules, plain)
            array.append(table)
        if key in document:
            del document[key]
        if items:
            document.append(key, array)
    return tomlkit.dumps(document)


def _table_for(name: str, names: list[str], tables: list[Any], place: int) -> "Table":
    """The table that spoke of an item: by its name, or at its place where that was renamed; else a new one."""
    import tomlkit

    for table in tables:
        if table.get("name", "") == name:
            tables[tables.index(table)] = tomlkit.table()
            return table  # type: ignore[no-any-return]  # tomlkit's own type
    if len(tables) == len(names) and tables[place].get("name", "") not in names:
        return tables[place]  # type: ignore[no-any-return]
    return tomlkit.table()


def _put(table: Any, item: object, rules: Mapping[str, Rule], plain: object) -> None:
    """Bring the keys of a table to what `item` is; what is empty and does not stand there stays away."""
    import tomlkit.items

    for key in rules:
        value = getattr(item, key)
        if key in table:
            if (tuple(table[key]) if key in _LISTS else table[key]) == value:
                continue
        elif value in ((), "") and value == getattr(plain, key) and not _is_needed(key, rules):
            continue
        if key == "role_prompt" and len(value) > _WIDTH:
            table[key] = tomlkit.items.String(
                tomlkit.items.StringType.MLB, value, _lines(value), tomlkit.items.Trivia()
            )
        else:
            table[key] = list(value) if key in _LISTS else value


def _lines(text: str) -> str:
    """The inside of a string of several lines: long ones go on behind a backslash."""
    lines = [""]
    for line in text.split("\n"):
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        for word in _WORDS.findall(escaped):  # each with the spaces behind it: only they may end a line
            if len(lines[-1]) + len(word) > _WIDTH and lines[-1].endswith(" ") and not word.isspace():
                lines[-1] += "\\"
                lines.append("")
            lines[-1] += word
        lines.append("")
    return "\n" + "\n".join(lines[:-1])
