"""From the start of the process to the painted window, and memory at rest, against a bare PySide6 window."""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.table import Row
from tests.driving import ROOT

_BARE = """
import asyncio, os, sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
from qasync import QEventLoop

class Window(QMainWindow):
    seen = False
    def paintEvent(self, event):
        super().paintEvent(event)
        if not self.seen:
            self.seen = True
            print(time.time(), flush=True)

async def main():
    window = Window()
    window.resize(1320, 860)
    window.show()
    await asyncio.Event().wait()

app = QApplication([])
with asyncio.Runner(loop_factory=lambda: QEventLoop(app)) as runner:
    runner.run(main())
"""

_MIRADOR = """
import asyncio, time
from mirador_desktop import app
import mirador_desktop.gui.main_window as module

original = module.MainWindow.__init__
def init(self, *arguments):
    original(self, *arguments)
    self.painted.connect(lambda: print(time.time(), flush=True))
module.MainWindow.__init__ = init

async def ready(window):
    print(time.time(), flush=True)
    await asyncio.Event().wait()

app.run([], ready)
"""


_FIGURES = (
    ("process start to painted window", 1000, "ms", "≤ 1.5"),
    ("memory at rest, resident", 1, "MiB", "≤ 2"),
    ("memory at rest, own pages only", 1, "MiB", ""),
)


def start(home: Path, code: str = _MIRADOR) -> tuple[float, float, float, float]:
    """Start a program, Mirador unless told otherwise.

    Returns:
        Seconds to its first paint; at rest MiB resident, and MiB of its own; seconds until it had read all (Mirador
        only, else 0).
    """
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
        "MIRADOR_HOME": str(home),
        "OLLAMA_HOST": "127.0.0.1:1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }
    begun = time.time()
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        painted = float(process.stdout.readline())
        ready = float(process.stdout.readline()) - begun if code == _MIRADOR else 0.0
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)  # it comes to rest
        return painted - begun, *_memory(process.pid), ready
    finally:
        process.kill()
        process.wait()


def _memory(pid: int) -> tuple[float, float]:
    import psutil

    memory = psutil.Process(pid).memory_full_info()
    return memory.rss / 2**20, memory.uss / 2**20


def measure(runs: int = 11) -> list[Row]:
    """Start both in turn."""
    bare, own = [], []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        start(home, _BARE)  # warm the disk cache, and make home and database once
        start(home)
        for _ in range(runs):
            bare.append(start(home, _BARE))
            own.append(start(home))
    rows = []
    for i, (what, factor, unit, goal) in enumerate(_FIGURES):
        floor = statistics.median(each[i] for each in bare) * factor
        found = statistics.median(each[i] for each in own) * factor
        ratio = statistics.median(b[i] / a[i] for a, b in zip(bare, own, strict=True))  # pair by pair
        rows.append(Row(what, f"{found:.0f} {unit}", f"bare window {floor:.0f} {unit}", ratio, goal))
    return rows
