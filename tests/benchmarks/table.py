"""The table that benchmarks print: what was measured, the floor of the same run, their ratio, the goal."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line.

    Attributes:
        floor: what no program can beat here, or a peer, with its name; measured in the same run.
        ratio: measured over floor, None where there is none.
        goal: what the ratio (or, without one, the figure) should be.
    """

    what: str
    measured: str
    floor: str = ""
    ratio: float | None = None
    goal: str = ""


def show(rows: Iterable[Row]) -> None:
    """Print the table as Markdown."""
    print("| what | measured | floor or peer, same run | ratio | goal |\n|---|---|---|---|---|")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        print(f"| {row.what} | {row.measured} | {row.floor} | {ratio} | {row.goal} |", flush=True)
