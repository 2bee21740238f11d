"""The page Models: 500 models in the table, and the window's thread while a file of 8 GB is hashed.

Run with `python -m tests.benchmarks settings`.
"""

import asyncio
import gc
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from mirador_desktop.core.engine import EngineState, LoadedModel, ModelInfo
from mirador_desktop.core.model_rows import Row, Use, rows_of
from mirador_desktop.exchange import gguf_file
from mirador_desktop.gui.settings.model_table import ModelTable
from mirador_desktop.gui.theme import Theme
from tests.benchmarks.table import Row as Line

MODELS = 500
FRAME = 16.0
"""Milliseconds of a frame."""
_CAN = (frozenset({"completion"}), frozenset({"completion", "tools"}), frozenset({"completion", "tools", "thinking"}))


def _rows() -> list[Row]:
    models = tuple(
        ModelInfo(
            f"family-{number % 40}/model{number}:{number % 70 + 1}b", "this computer", number * 37_000_000 + 1,
            f"{number % 70 + 1}B", "Q4_K_M", 2048 << number % 7, 8192, _CAN[number % 3], 1.7e9 + number,
        )
        for number in range(MODELS)
    )  # fmt: skip
    loaded = tuple(LoadedModel(m.name, m.engine, m.size, m.size, time.time() + 240) for m in models[::25])
    states = {
        "this computer": EngineState(True, models=models, loaded=loaded),
        "workstation": EngineState(True, models=models[::3]),
    }
    return rows_of(
        states, lambda name: (Use("Progressive", "deep", 1),) if name.endswith("7b") else (), lambda name: 4.0
    )


def _took(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


def measure_table() -> list[Line]:
    """Showing, filtering, sorting and scrolling 500 models."""
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    place = QWidget()
    table = ModelTable(Theme("dark"), place)
    place.resize(900, 620)
    table.resize(880, 600)
    place.show()
    application.processEvents()
    making = _took(_rows)
    rows = _rows()

    def show() -> None:
        table.show_rows(rows)
        table.viewport().repaint()

    shown = _took(show)
    again = statistics.median(_took(lambda: table.show_rows(_rows())) for _ in range(5))
    words = ["m", "mo", "model1", "model12", "model12 tools", ""] * 3

    def filtered(text: str) -> None:
        table.filter(text, "")
        table.viewport().repaint()

    filtering = [_took(lambda text=text: filtered(text)) for text in words]  # type: ignore[misc]

    def sorted_by(column: str) -> None:
        table.sort(column)  # type: ignore[arg-type]
        table.viewport().repaint()

    sorting = [_took(lambda c=c: sorted_by(c)) for c in ("size", "context", "memory", "uses", "name")]  # type: ignore[misc]
    application.processEvents()
    bar, frames = table.verticalScrollBar(), []
    for step in range(400):
        begun = time.perf_counter()
        bar.setValue(step * 53 % bar.maximum())
        table.viewport().repaint()
        frames.append((time.perf_counter() - begun) * 1000)
    frames.sort()
    p99 = frames[round(len(frames) * 0.99) - 1]
    place.close()
    return [
        Line(f"{MODELS} models: rows made, shown and painted", f"{making + shown:.0f} ms", goal="≤ 100 ms"),
        _frame("a look that found the same", again),
        _frame("filter by a letter more, worst", max(filtering)),
        _frame("sort, worst", max(sorting)),
        _frame("scrolling, p99", p99),
    ]


def _frame(what: str, milliseconds: float) -> Line:
    """A line for something that should fit into a frame."""
    measured = f"{milliseconds:.1f} ms"
    return Line(f"{MODELS} models: {what}", measured, f"one frame {FRAME:.0f} ms", milliseconds / FRAME, "≤ 1")


def measure_hashing(size: int = 8_000_000_000, runs: int = 3) -> list[Line]:
    """The longest time between two ticks of a timer on the window's thread while a large file is hashed."""
    from qasync import QEventLoop

    application = QApplication.instance() or QApplication([])
    gaps: list[float] = []
    last = [0.0]

    def tick() -> None:
        now = time.perf_counter()
        gaps.append((now - last[0]) * 1000)
        last[0] = now

    async def worst_while(work: Callable[[], Awaitable[object]]) -> float:
        gaps.clear()
        last[0] = time.perf_counter()
        await work()
        return max(gaps)

    async def main() -> tuple[float, float, float]:
        timer = QTimer()
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.setInterval(1)
        timer.timeout.connect(tick)
        gc.collect()
        gc.freeze()  # as the program does after its start: a full collection takes 30 ms
        timer.start()
        idle, busy, took = [], [], 0.0
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "large.gguf"
            with path.open("wb") as file:
                file.truncate(size)
            for _ in range(runs):
                begun = time.perf_counter()
                busy.append(await worst_while(lambda: gguf_file.digest(path, lambda done: None)))
                took = time.perf_counter() - begun
                idle.append(await worst_while(partial(asyncio.sleep, took)))
        timer.stop()
        gc.unfreeze()
        return statistics.median(idle), statistics.median(busy), took

    loop = QEventLoop(application)
    with loop:
        idle, busy, took = loop.run_until_complete(main())
    return [
        Line(
            f"hashing {size / 1e9:.0f} GB ({took:.0f} s): longest gap of the window's thread, median of {runs} runs",
            f"{busy:.1f} ms",
            f"doing nothing as long {idle:.1f} ms",
            busy / idle,
            "≤ 16 ms",
        )
    ]


def measure() -> list[Line]:
    """All of it."""
    return [*measure_table(), *measure_hashing()]
