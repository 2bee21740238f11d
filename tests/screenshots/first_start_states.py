"""States of the first start: the four situations, and what becomes of the one click."""

import sys
from typing import Any

from PySide6.QtWidgets import QLabel, QPushButton

from mirador_desktop.gui.main_window import MainWindow
from tests.driving import part, settled, tick, until
from tests.ollama_sim import scenarios
from tests.screenshots.state import State, World
from tests.unit.runtime_helpers import archive, program, running

_SET = {"llama3.2:3b": 2.0, "gemma3:12b": 8.1, "gpt-oss:20b": 13.8}
"""What is recommended for the computer of the pictures, in GB."""


def _registry(**more: Any) -> dict[str, Any]:
    models = [scenarios.model(name, size, "3B", "llama", **more) for name, size in _SET.items()]
    return {"models": [], "registry": models}


async def _nothing(window: MainWindow, world: World) -> None:
    await until(lambda: part(window, QLabel, "welcomeTitle").text() != "Looking for models…")
    await settled(window)


async def _click(window: MainWindow, what: str) -> None:
    def buttons() -> list[QPushButton]:
        return [b for b in window.welcome.findChildren(QPushButton, f"welcome-{what}") if b.isVisible()]

    await until(buttons, what)
    buttons()[0].click()


async def _pull(window: MainWindow, world: World) -> None:
    await _click(window, "pull")
    await tick(4.0)


async def _pull_fails(window: MainWindow, world: World) -> None:
    await _click(window, "pull")
    await until(lambda: any(b.text() == "Retry" for b in window.welcome.findChildren(QPushButton)), "Retry")


async def _download(window: MainWindow, world: World) -> None:
    await _click(window, "download")
    await until(lambda: part(window, QLabel, "welcomeTitle").text() == "Downloading Ollama", "the download")
    await tick(1.5)


async def _download_fails(window: MainWindow, world: World) -> None:
    await _click(window, "download")
    await until(lambda: any("Retry" in b.text() for b in window.welcome.findChildren(QPushButton)), "Retry")


def _installed(world: World) -> None:
    program(world.home / "elsewhere")
    (world.home / "path").mkdir()
    (world.home / "path" / "ollama").symlink_to(world.home / "elsewhere" / "bin" / "ollama")


def _slow_server(world: World) -> None:
    """A release server whose archive is large enough to be seen coming."""
    server = world.stack.enter_context(running())
    server.pause = 0.3
    server.release(b"\0" * 40_000_000)
    world.settings(f'release_server = "{server.url}"\n')


def _wrong_checksum(world: World) -> None:
    server = world.stack.enter_context(running())
    server.release(archive({"bin/ollama": "#!/bin/sh\n"}), checksum="b" * 64)
    world.settings(f'release_server = "{server.url}"\n')


_DEAD: dict[str, Any] = {"models": [], "server": {"network": False}}
STATES: dict[str, State] = {
    "first-start-ready": State(_nothing),
    "first-start-one-model": State(_nothing, scenarios.ONE_MODEL),
    "first-start-no-models": State(_nothing, scenarios.NO_MODELS),
    "first-start-pulling": State(_pull, _registry(pull_seconds=20)),
    "first-start-pull-failed": State(_pull_fails, _DEAD),
    "first-start-not-running": State(_nothing, None, _installed),
    "first-start-no-ollama": State(_nothing, None),
}
if sys.platform == "linux":
    STATES["first-start-downloading"] = State(_download, None, _slow_server)
    STATES["first-start-download-failed"] = State(_download_fails, None, _wrong_checksum)
