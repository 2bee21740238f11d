"""`python -m tests.benchmarks [NAME…]`: one table of everything that is measured. Takes about eight minutes.

These machines are noisy: the ratios to the floor of the same run say more than the figures.
"""

import os
import sys
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.benchmarks import (
    conversations,
    exchange,
    full_start,
    opening,
    painting,
    retrieval,
    searching,
    settings,
    start,
    streaming,
)
from tests.benchmarks.table import Row, show

PARTS: dict[str, Callable[[], list[Row]]] = {
    "start": start.measure,
    "full start": full_start.measure,
    "streaming": streaming.measure,
    "painting": painting.measure,
    "conversations": conversations.measure,
    "opening": opening.measure,
    "searching": searching.measure,
    "retrieval": retrieval.measure,
    "settings": settings.measure,
    "exchange": exchange.measure,
}


def main(names: list[str]) -> None:
    """Measure the parts that are named, or all."""
    rows: list[Row] = []
    for name in names or PARTS:
        print(f"measuring: {name}", file=sys.stderr)
        rows += PARTS[name]()
    show(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
