"""Exporting 10,000 turns in each format, and importing them again: seconds, and memory above that of the program.

Each is a process of its own, so that what it takes at most is its own. The floor is the same with 100 turns.
"""

import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mirador_desktop.exchange.options import KINDS, Format
from mirador_desktop.exchanging import Exchange
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.store import Store
from tests import driving
from tests.benchmarks.conversations import _fill
from tests.benchmarks.table import Row

_MANY, _FEW = 10_000, 100
_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes of what `ru_maxrss` counts."""


def measure() -> list[Row]:
    """Export and import, one process each."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        made = {conversation.title: conversation.id for conversation in _fill(home, (_FEW, _MANY))}
        for kind in KINDS:
            few, many = (
                _child(home, kind, home / f"{count}-{kind}", made[f"{count} turns"]) for count in (_FEW, _MANY)
            )
            size = (home / f"{_MANY}-{kind}").stat().st_size / 1e6
            rows.append(_row(f"export of {_MANY:,} turns, {KINDS[kind].label} ({size:.0f} MB)", few, many))
        for kind in KINDS:
            if KINDS[kind].whole:
                few, many = (
                    _child(home / f"import-{kind}-{count}", kind, home / f"{count}-{kind}", "")
                    for count in (_FEW, _MANY)
                )
                rows.append(_row(f"import of {_MANY:,} turns, {KINDS[kind].label}", few, many))
    return rows


def _row(what: str, few: dict[str, float], many: dict[str, float]) -> Row:
    return Row(
        what,
        f"{many['seconds']:.1f} s, {many['mb']:.0f} MB",
        f"{_FEW} turns {few['seconds']:.2f} s, {few['mb']:.0f} MB",
        many["mb"] / max(few["mb"], 1.0),
        "memory flat",
    )


def _child(home: Path, kind: Format, path: Path, conversation: str) -> dict[str, float]:
    environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    arguments = [sys.executable, "-m", "tests.benchmarks.exchange", str(home), kind, str(path), conversation]
    done = subprocess.run(arguments, cwd=driving.ROOT, env=environment, capture_output=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


async def _work(home: Path, kind: Format, path: Path, conversation: str) -> dict[str, float]:
    """What a child does: one export, or without a conversation one import."""
    store = Store(home / "data")
    await store.open()
    exchange = Exchange(store, Keeper(store, lambda why_not: None))
    before = _most()
    begun = time.perf_counter()
    if conversation:
        await exchange.export(path, kind, [conversation])
    else:
        await exchange.import_file(path)
    seconds = time.perf_counter() - begun
    await store.close()
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _UNIT / 1e6  # the writer of PDFs
    return {"seconds": seconds, "mb": _most() - before + children}


def _most() -> float:
    """Megabytes that this process has had at most. What Linux tells as `ru_maxrss` may be that of the parent."""
    try:
        found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    if found is not None:
        return int(found[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / 1e6


if __name__ == "__main__":
    home_, kind_, path_, conversation_ = sys.argv[1:]
    print(json.dumps(asyncio.run(_work(Path(home_), kind_, Path(path_), conversation_))))  # type: ignore[arg-type]
