"""The start with 100,000 turns, indexed and remembered, against the start with an empty database."""

import asyncio
import statistics
import tempfile
from pathlib import Path

import apsw

from mirador_desktop.memory.indexer import Indexer
from mirador_desktop.memory.migrations import transaction
from mirador_desktop.memory.store import Store
from tests.benchmarks.searching import TURNS, fill
from tests.benchmarks.start import start
from tests.benchmarks.table import Row

_FIGURES = (("to the painted window", 0, 1000, "ms"), ("until all is read", 3, 1000, "ms"), ("at rest", 1, 1, "MiB"))


async def _prepare(home: Path, turns: int) -> None:
    store = Store(home / "data")

    def all_of_them(connection: apsw.Connection) -> None:
        with transaction(connection):
            fill(connection, turns)

    await store.open()
    await store.write(all_of_them)
    await Indexer(store).catch_up(3600)
    await store.close()


def measure(turns: int = TURNS, runs: int = 7) -> list[Row]:
    """Start with both in turn."""
    empty, full = [], []
    with tempfile.TemporaryDirectory() as folder:
        homes = [Path(folder) / name for name in ("empty", "full")]
        for home in homes:
            start(home)  # makes home, key and database, and warms the disk cache
        asyncio.run(_prepare(homes[1], turns))
        for _ in range(runs):
            empty.append(start(homes[0]))
            full.append(start(homes[1]))
    rows = []
    for what, place, factor, unit in _FIGURES:
        floor = statistics.median(each[place] for each in empty) * factor
        found = statistics.median(each[place] for each in full) * factor
        ratio = statistics.median(f[place] / e[place] for e, f in zip(empty, full, strict=True))
        words = f"start with {turns:,} turns, {what}"
        rows.append(Row(words, f"{found:.0f} {unit}", f"empty database {floor:.0f} {unit}", ratio, "≤ 1.2"))
    return rows
