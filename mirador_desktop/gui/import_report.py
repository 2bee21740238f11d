"""What became of imported files, in words that can be read and copied."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mirador_desktop.core.amounts import count_words

if TYPE_CHECKING:
    from mirador_desktop.exchange.imported import ImportReport
    from mirador_desktop.importing import Looked


def recognised_words(looked: "Looked") -> str:
    """What a file was recognised as, and what it holds."""
    report = looked.report
    words = (
        f"{looked.path.name}: {report.program or 'Nothing'}, {count_words(looked.conversations, 'conversation')} "
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
        blocks.append("\n".join([path.name, *lines]) if len(reports) > 1 or refused else "\n".join(lines))
    return "\n\n".join([*blocks, *refused])


def summary_words(reports: Sequence[tuple[Path, "ImportReport"]]) -> str:
    """What was added, in one line."""
    conversations = sum(report.conversations for _, report in reports)
    turns = sum(report.turns for _, report in reports)
    if not conversations and not turns:
        back = sum(len(report.restored) for _, report in reports)
        return f"{count_words(back, 'conversation')} brought back" if back else "Nothing was new"
    return f"{count_words(conversations, 'conversation')} and {count_words(turns, 'turn')} added"
