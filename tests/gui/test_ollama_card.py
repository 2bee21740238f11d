"""Ollama itself on the page Hosts: started, ended, downloaded and removed by its buttons, and what is said of it."""

import asyncio
import hashlib
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from mirador_desktop import ollama_program
from mirador_desktop.gui.settings.ollama_card import OllamaCard
from mirador_desktop.gui.settings.widgets import Segments
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.preferences import Preferences
from mirador_desktop.runtime import OllamaRuntime
from mirador_desktop.settings import Settings
from tests.driving import part, until
from tests.gui.test_turn_live import delete_now, the_theme
from tests.unit.runtime_helpers import GOOD, archive, free_port, program, running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs are made and found as on Linux")


class Shown:
    """The card over the real thing."""

    def __init__(self, folder: Path, qtbot: QtBot, server: str) -> None:
        delete_now()
        self.preferences = Preferences(folder / "settings.toml", Settings())
        self.errors, address = list[str](), f"http://127.0.0.1:{free_port()}"
        self.tasks = Tasks(self.errors.append)
        self.runtime = OllamaRuntime(folder / "data", folder / "ollama.log", lambda: address, dict, lambda: server)
        self.card = OllamaCard(the_theme(), self.runtime, self.preferences, self.tasks)
        qtbot.addWidget(self.card)
        self.runtime.listen(self.card.refresh)
        self.card.show()

    @property
    def state(self) -> str:
        return part(self.card, QLabel, "ollamaState").text()

    def buttons(self) -> set[str]:
        return {b.objectName() for b in self.card._buttons if b.isVisible()}

    def press(self, name: str) -> None:
        button = part(self.card, QPushButton, name)
        assert button.isVisible(), name
        button.click()

    async def until_said(self, words: str) -> None:
        await until(lambda: words in self.state, words)


Work = Callable[[Shown], Coroutine[None, None, None]]


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(ollama_program, "usual_places", list)
    (tmp_path / "data").mkdir()


def run(folder: Path, qtbot: QtBot, work: Work, server: str = "") -> None:
    async def main() -> None:
        shown = Shown(folder, qtbot, server)
        try:
            await work(shown)
            assert not shown.errors
        finally:
            await shown.tasks.close(5)
            await shown.runtime.stop()
            await asyncio.to_thread(shown.preferences.close)

    asyncio.run(main())


def test_what_was_installed_is_started_and_ended(tmp_path: Path, qtbot: QtBot) -> None:
    binary = program(tmp_path / "path")
    binary = binary.rename(tmp_path / "path" / "ollama")

    async def work(shown: Shown) -> None:
        assert shown.state == "Looking for it…"
        assert shown.buttons() == set()
        await shown.runtime.look()
        assert shown.state == f"It is installed at {binary}."
        assert shown.buttons() == {"startOllama"}
        shown.press("startOllama")
        await shown.until_said("Starting Ollama…")
        await shown.until_said("Mirador has started")
        assert shown.buttons() == {"stopOllama", "ollamaLog"}
        shown.press("stopOllama")
        await shown.until_said("It is installed at")

    run(tmp_path, qtbot, work)


def test_one_that_cannot_start_says_why(tmp_path: Path, qtbot: QtBot) -> None:
    program(tmp_path / "data" / "ollama", "#!/bin/sh\necho no models folder >&2\nexit 3\n")

    async def work(shown: Shown) -> None:
        await shown.runtime.look()
        shown.press("startOllama")
        await until(lambda: shown.card._error.isVisible())
        assert "no models folder" in shown.card._error.text()
        assert shown.buttons() == {"startOllama", "removeOllama"}

    run(tmp_path, qtbot, work)


def test_it_is_downloaded_and_removed(tmp_path: Path, qtbot: QtBot) -> None:
    with running() as server:
        data = archive({**GOOD, "lib/noise": hashlib.sha512(b"x").digest() * 1000})
        server.release(data)

        async def work(shown: Shown) -> None:
            await shown.runtime.look()
            assert shown.state == "It was not found on this computer."
            assert shown.buttons() == {"downloadOllama", "getOllama"}
            shown.press("downloadOllama")
            await shown.until_said("Mirador has downloaded it to")
            assert shown.buttons() == {"startOllama", "removeOllama"}
            shown.press("removeOllama")
            await shown.until_said("It was not found")

        run(tmp_path, qtbot, work, server.url)


def test_a_download_is_stopped_and_its_progress_shown(tmp_path: Path, qtbot: QtBot) -> None:
    with running() as server:
        server.release(archive({**GOOD, "lib/noise": b"".join(hashlib.sha512(bytes([i % 256, i >> 8])).digest()
                                                              for i in range(65536))}))  # fmt: skip
        server.pause = 0.2

        async def work(shown: Shown) -> None:
            await shown.runtime.look()
            shown.press("downloadOllama")
            await shown.until_said("Downloading Ollama: ")
            assert " of 4 MB" in shown.state
            assert shown.card._progress.isVisible()
            shown.press("cancelDownload")
            await shown.until_said("It was not found")
            assert not shown.card._progress.isVisible()

        run(tmp_path, qtbot, work, server.url)


def test_what_it_is_started_with_is_kept(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        part(shown.card, Segments, "flashAttention").chosen.emit("on")
        part(shown.card, Segments, "kvCache").chosen.emit("q8_0")
        now = shown.preferences.current
        assert (now.flash_attention, now.kv_cache) == ("on", "q8_0")

    run(tmp_path, qtbot, work)
