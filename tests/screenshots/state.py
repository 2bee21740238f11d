"""What a picture is of: the servers, how the window gets there, which window, and at which sizes."""

import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from PySide6.QtWidgets import QWidget

from mirador_desktop import ollama_program
from mirador_desktop.core.computer import Computer
from mirador_desktop.engines import computer
from mirador_desktop.gui.main_window import MainWindow
from tests.driving import part
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim

NOWHERE = "127.0.0.1:1"
WINDOW = ((900, 600), (1320, 860))
SETTINGS = ((800, 560), (1120, 760))
GB = 1_000_000_000
ORDINARY = Computer(32 << 30, free=212 * GB)


@dataclass
class World:
    """What is around the program in a state.

    Attributes:
        home: its folder.
        sim: the server at `OLLAMA_HOST`.
        stack: closes what is entered into it after the program.
        more: servers that `prepare` has started, by a name.
    """

    home: Path
    sim: Sim
    stack: ExitStack
    more: dict[str, Sim] = field(default_factory=dict)

    def start(self, name: str, scenario: dict[str, Any], certificate: Path | None = None) -> Sim:
        """Start another server."""
        self.more[name] = self.stack.enter_context(Sim(scenario, certificate=certificate))
        return self.more[name]

    def settings(self, text: str) -> None:
        """Write `settings.toml`."""
        self.write("config/settings.toml", text)

    def write(self, name: str, text: str) -> Path:
        """Write a file below the folder."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path


Reach = Callable[[MainWindow, World], Awaitable[None]]


@dataclass(frozen=True)
class State:
    """A state of a window.

    Attributes:
        reach: brings the window there.
        scenario: of the server at `OLLAMA_HOST`, None for no server there.
        prepare: makes what has to be there before the program is started.
        shows: which window is in the picture.
        sizes: of that window, px; the last one is what `reach` finds.
    """

    reach: Reach
    scenario: dict[str, Any] | None = field(default_factory=lambda: scenarios.THREE_MODELS)
    prepare: Callable[[World], None] = lambda world: None
    shows: Callable[[MainWindow], QWidget] = lambda window: window
    sizes: tuple[tuple[int, int], ...] = WINDOW


def settings_window(window: MainWindow) -> QWidget:
    """The settings, once they are open."""
    return part(window, QWidget, "settingsDialog")


@contextmanager
def an_ordinary_computer(home: Path) -> Iterator[None]:
    """Let every picture be of the same computer: 32 GB of memory, no Ollama but the one a state puts there."""

    async def look(models: Path | None = None) -> Computer:
        return ORDINARY

    with (
        patch.object(computer, "look_at_computer", look),
        patch.object(ollama_program, "usual_places", list),
        patch.dict(os.environ, {"PATH": str(home / "path")}),
    ):
        yield


def toml(value: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(value, ensure_ascii=False)
