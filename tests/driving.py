"""Drives the real program in this process: starts `app.run` with a home of its own and a test server."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from PySide6.QtWidgets import QWidget

from mirador_desktop import app
from mirador_desktop.core.conversation import Turn
from mirador_desktop.gui.main_window import MainWindow

ROOT = Path(__file__).parents[1]
PATIENCE = 20.0
"""Seconds a condition may take to come true."""

W = TypeVar("W", bound=QWidget)
Drive = Callable[[MainWindow], Awaitable[None]]


@contextmanager
def environment(home: Path, ollama: str) -> Iterator[None]:
    """Point the program at a home and a server, without touching a real keyring."""
    changes = {
        "MIRADOR_HOME": str(home),
        "OLLAMA_HOST": ollama,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
    }
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def run(drive: Drive, home: Path, ollama: str) -> int:
    """Start the program, let `drive` use its window, close it; returns the exit code."""

    async def on_ready(window: MainWindow) -> None:
        try:
            await drive(window)
        finally:
            window.close()

    with environment(home, ollama):
        return app.run([], on_ready)


def start_again() -> "subprocess.Popen[bytes]":
    """Start the program once more, in a process of its own, in the environment as it is now."""
    return subprocess.Popen([sys.executable, "-m", "mirador_desktop"], cwd=ROOT)


async def tick(seconds: float = 0.01) -> None:
    """Let the loop run: the smallest step of waiting for a condition."""
    loop = asyncio.get_running_loop()
    turn: asyncio.Future[None] = loop.create_future()
    loop.call_later(seconds, _end, turn)
    await turn


def _end(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_result(None)


async def until(condition: Callable[[], object], what: str = "", patience: float = PATIENCE) -> None:
    """Wait for a condition; fails with its name when it does not come true."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {patience:.0f} s for {what or condition}")
        await tick()


def part(window: QWidget, kind: type[W], name: str) -> W:
    """Find a widget by its object name."""
    found = window.findChild(kind, name)
    assert found is not None, f"there is no {name}"
    return found


def last(window: MainWindow) -> Turn:
    """The last turn that is shown."""
    turn = window.turns.turn(window.turns.turn_ids[-1])
    assert turn is not None
    return turn


async def send(window: MainWindow, question: str) -> Turn:
    """Write a question, press Send, and wait until its turn is shown."""
    before = window.turns.turn_ids[-1:]
    window.composer.text.setPlainText(question)
    window.composer.send.click()
    await until(lambda: window.turns.turn_ids and window.turns.turn_ids[-1:] != before, "the turn")
    return last(window)


async def answered(window: MainWindow, turns: int = 1) -> Turn:
    """Wait until so many turns are shown and the last one has ended and is painted."""
    await until(lambda: len(window.turns.turn_ids) >= turns and last(window).reason is not None, "an answer")
    await settled(window)
    return last(window)


async def settled(window: MainWindow) -> None:
    """Wait until nothing is left to paint."""
    quiet = 0
    while quiet < 5:
        quiet = quiet + 1 if window.look.clock.idle else 0
        await tick()
