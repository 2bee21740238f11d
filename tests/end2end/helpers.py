"""What the tests of faults and of keeping share: the window as a process, a held database, what was kept."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.memory.store import Store
from tests.driving import PATIENCE, ROOT, environment, part, settled, until
from tests.ollama_sim import scenarios

CONVERSATION = 0x0100
"""The role under which the list holds its conversations."""
PROMISED_END = 2.0
"""Seconds within which the program promises to end when it is closed."""

HOLD = """
import sys
from pathlib import Path
from mirador_desktop.memory.database import connect
from mirador_desktop.memory.key import load_key
folder = Path(sys.argv[1])
database = connect(folder / "mirador.db", load_key(folder, database_exists=True).material)
database.set_busy_timeout(20_000)
database.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
database.execute("COMMIT")
database.close()
"""


def slow(seconds: float, scenario: scenarios.Scenario = scenarios.THREE_MODELS) -> scenarios.Scenario:
    """A scenario whose models take so many seconds for a token."""
    return {**scenario, "models": [{**m, "token_seconds": seconds} for m in scenario["models"]]}


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for something another process does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {PATIENCE:.0f} s for {what}")
        time.sleep(0.01)


class Window:
    """The program with its window in a process of its own.

    Args:
        question: asked as soon as the window is ready, if it is not empty.
        pull: a model that is pulled as soon as the window is ready, if it is not empty.
    """

    def __init__(self, home: Path, ollama: str, question: str = "", pull: str = "") -> None:
        command = ["tests.end2end.asking", question] if question else ["mirador_desktop"]
        command = ["tests.end2end.pulling", pull] if pull else command
        with environment(home, ollama):
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        self.home = home

    def reads(self, what: str) -> Any:
        """Wait until the window says something of a kind; returns what."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said = json.loads(line)
            if what in said:
                return said[what]
        raise AssertionError(f"it ended before it said {what}: {self.errors()}")

    def ends(self, number: signal.Signals) -> float:
        """Send a signal; returns the seconds until the process has ended with exit code 0."""
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        took = time.monotonic() - began
        assert code == 0, self.errors()
        return took

    def errors(self) -> str:
        """What it wrote to standard error; waits for its end."""
        return self.process.communicate(timeout=PATIENCE)[1]

    def kill(self) -> None:
        """End it without any warning."""
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> "Window":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def ask_in_terminal(home: Path, ollama: str, question: str) -> "subprocess.Popen[bytes]":
    """Ask for a quick answer in the terminal."""
    with environment(home, ollama):
        return subprocess.Popen(
            [sys.executable, "-m", "mirador_desktop", "ask", "--depth", "quick", question],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )


@contextlib.contextmanager
def held(home: Path) -> Iterator[Callable[[], None]]:
    """Have another process lock the database; yields what lets go of it."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home / "data")], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"

    def let_go() -> None:
        holder.communicate(timeout=PATIENCE)

    try:
        yield let_go
    finally:
        if holder.returncode is None:
            let_go()


def kept(home: Path) -> list[tuple[Conversation, list[Turn]]]:
    """Read what is in the database: conversations, the newest first, each with its turns."""

    async def read() -> list[tuple[Conversation, list[Turn]]]:
        store = Store(home / "data")
        try:
            await store.open()
            return [(each, await store.tail(each.leaf, 100)) for each in await store.conversations()]
        finally:
            await store.close()

    return asyncio.run(read())


def tokens(turn: Turn) -> int:
    """How many tokens all its answers have."""
    return sum(answer.marks.tokens for stage in turn.stages for answer in stage.answers)


def troubles(home: Path) -> list[str]:
    """Lines of the log that a person should never have to send us."""
    file = home / "log" / "mirador.log"
    text = file.read_text("utf-8") if file.exists() else ""
    return [line for line in text.splitlines() if "ERROR" in line or "Traceback" in line]


def configure(home: Path, text: str) -> Path:
    """Write settings.toml."""
    file = home / "config" / "settings.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")
    return file


def banner(window: MainWindow) -> str:
    """What the banner says, apart from where the key is."""
    words = window.banner.words.text() if window.banner.isVisible() else ""
    return "" if words.startswith("This system has no usable keyring") else words


async def open_conversation(window: MainWindow, place: int = 0) -> None:
    """Open a conversation of the list, counted without headings, and wait until it is painted."""
    entries = window.sidebar.list

    def found() -> list[Any]:
        model = entries.model()
        rows = (model.index(row, 0).data(CONVERSATION) for row in range(model.rowCount()))
        return [each for each in rows if each is not None]

    await until(lambda: len(found()) > place, "the conversation in the list")
    conversation = found()[place]
    entries.opened.emit(conversation)
    await until(lambda: window.turns.turn_ids and window.turns.turn_ids[-1] == conversation.leaf, "its turns")
    await settled(window)


def click(window: MainWindow, name: str) -> None:
    """Click a button by its object name."""
    from PySide6.QtWidgets import QPushButton

    part(window, QPushButton, name).click()


def database_files(home: Path) -> list[Path]:
    """The database with its log and index."""
    return sorted((home / "data").glob("mirador.db*"))


def fill(file: Path) -> None:
    """Write until the disk is full."""
    with contextlib.suppress(OSError), file.open("ab", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)


def free_home(folder: Path, size: str) -> bool:
    """Mount a small disk; False where that is not allowed. `unmount` afterwards."""
    folder.mkdir(exist_ok=True)
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def unmount(folder: Path) -> None:
    """Take the small disk away."""
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=True)
