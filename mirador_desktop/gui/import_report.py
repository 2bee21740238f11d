"""What became of imported files, in words that can be read and copied."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mirador_desktop.core.amounts import count_words

if TYPE_CHECKING:
    from mirador_desktop.exchange.imported import ImportReport
    from mirador_desktop.importing import Looked


_LONG = 60
"""Characters of a file's name that are shown."""


def short_name(path: Path) -> str:
    """The name of a file, cut in the middle where it is long: a name has no place where a line could be broken."""
    name = path.name
    return name if len(name) <= _LONG else f"{name[: _LONG * 2 // 3]}…{name[-_LONG // 3 :]}"


def refused_words(path: Path, why: str) -> str:
    """Why a file cannot be read, with its name."""
    return why.replace(path.name, short_name(path)) if path.name in why else f"{short_name(path)}: {why}"


def few(lines: Sequence[str], most: int = 6) -> str:
    """The first lines, and how many follow."""
    left = len(lines) - most
    return "\n".join([*lines[:most], f"and {count_words(left, 'more file')}"] if left > 1 else lines)


def recognised_words(looked: "Looked") -> str:
    """What a file was recognised as, and what it holds."""
    report = looked.report
    words = (
        f"{short_name(looked.path)}: {report.program}, {count_words(looked.conversations, 'conversation')} "
        f"with {count_words(looked.turns, 'turn')}"
    )
    if report.skipped_count:
        words += f"; {count_words(report.skipped_count, 'part')} cannot be read"
    return f"{words}."


def report_words(reports: Sequence[tuple[Path, "ImportReport"]], refused: Sequence[str]) -> str:
    """The whole report."""
    blocks = []
    for path, report in reports:
        lines = report.lines()
        blocks.append("\n".join([short_name(path), *lines]) if len(reports) > 1 or refused else "\n".join(lines))
    return "\n\n".join([*blocks, *refused])


def summary_words(reports: Sequence[tuple[Path, "ImportReport"]]) -> str:
    """What was added, in one line."""
    conversations = sum(report.conversations for _, report in reports)
    turns = sum(report.turns for _, report in reports)
    if not conversations and not turns:
        back = sum(len(report.restored) for _, report in reports)
        return f"{count_words(back, 'conversation')} brought back" if back else "Nothing was new"
    return f"{count_words(conversations, 'conversation')} and {count_words(turns, 'turn')} added"
