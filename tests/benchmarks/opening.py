"""Opening the settings window, against an empty window; and how often models are loaded for an answer."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QDialog, QWidget

from mirador_desktop.gui.main_window import MainWindow
from tests import driving
from tests.benchmarks.table import Row
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim

_PAGES = ("Hosts", "Models", "Pipelines", "Memory", "Appearance", "Privacy")


def measure() -> list[Row]:
    """Both tables."""
    return [*_opening(), *_loads()]


# ── opening ────────────────────────────────────────────────────────────────────────────────────────────


def _painted(widget: QWidget) -> None:
    """Lay a window out and paint it whole. Events must not be processed here: a coroutine is running."""
    widget.grab()


def _opening() -> list[Row]:
    first: dict[str, float] = {}
    again: dict[str, list[float]] = {}
    floors: list[float] = []

    async def drive(window: MainWindow) -> None:
        from mirador_desktop.gui.desk import Desk
        from mirador_desktop.gui.settings.dialog import SettingsDialog

        desk = next(d for d in window.findChildren(Desk))
        for _ in range(7):
            begun = time.perf_counter()
            bare = QDialog(window)
            bare.setObjectName("settingsDialog")
            bare.resize(1120, 760)
            bare.show()
            _painted(bare)
            floors.append((time.perf_counter() - begun) * 1000)
            bare.close()
            bare.deleteLater()
            await driving.tick()
        for page in _PAGES:
            for _ in range(5):
                begun = time.perf_counter()
                desk.settings.open(page)
                dialog = desk.settings._dialog
                assert isinstance(dialog, SettingsDialog)
                _painted(dialog)
                passed = (time.perf_counter() - begun) * 1000
                if page not in first and len(first) == 0:
                    first[page] = passed  # the very first one makes the window
                else:
                    again.setdefault(page, []).append(passed)
                dialog.close()
                await driving.tick(0.05)

    firsts: list[float] = []
    for _ in range(5):
        first.clear()
        with Sim(scenarios.THREE_MODELS) as sim, tempfile.TemporaryDirectory() as home:
            driving.run(drive, Path(home), sim.url)
        firsts += first.values()
    floor = statistics.median(floors)
    rows = [_row("settings: first opening, to the painted window", firsts, floor)]
    rows += [_row(f"settings: opening again at {page}", again[page], floor) for page in _PAGES]
    return rows


def _row(what: str, times: list[float], floor: float) -> Row:
    middle = statistics.median(times)
    measured = f"{middle:.0f} ms (at most {max(times):.0f})"
    return Row(what, measured, f"empty window {floor:.0f} ms", middle / floor, "at most 100 ms")


# ── loads ──────────────────────────────────────────────────────────────────────────────────────────────


def _loads() -> list[Row]:
    rows = []
    for room in (1, 2, 3):
        counts: list[dict[str, int]] = []

        async def drive(window: MainWindow, counts: list[dict[str, int]] = counts) -> None:
            seen = 0
            for number in (1, 2):
                await driving.send(window, f"Question {number}")
                await driving.answered(window, number)
                loads = [load["model"] for load in sim.loads()]
                counts.append({name: loads[seen:].count(name) for name in set(loads[seen:])})
                seen = len(loads)

        scenario: dict[str, Any] = {
            "models": [scenarios.LLAMA_3B, scenarios.QWEN_7B, scenarios.QWEN_14B],
            "server": {"max_loaded": room},
        }
        with Sim(scenario) as sim, tempfile.TemporaryDirectory() as home:
            driving.run(drive, Path(home), sim.url)
        words = "; ".join(f"{sum(c.values())} loads, most of one model {max(c.values(), default=0)}" for c in counts)
        floor = "three models, one load each"
        most = max(max(c.values(), default=0) for c in counts)
        rows.append(Row(f"room for {room}: loads of two answers", words, floor, float(most), "1 load a model"))
    return rows
