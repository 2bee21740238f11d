"""The four first starts: each is one click from a first answer."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from mirador_desktop import ollama_program
from mirador_desktop.core.computer import Computer
from mirador_desktop.engines import computer
from mirador_desktop.gui.first_start import START_QUESTION
from mirador_desktop.gui.main_window import MainWindow
from tests import driving
from tests.driving import answered, last, part, until
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim
from tests.unit.runtime_helpers import SERVE, archive, free_port, program, running

GB = 1_000_000_000
ORDINARY = Computer(16 << 30, free=200 * GB)


@pytest.fixture(autouse=True)
def _an_ordinary_computer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def look(models: Path | None = None) -> Computer:
        return ORDINARY

    monkeypatch.setattr(computer, "look_at_computer", look)
    monkeypatch.setattr(ollama_program, "usual_places", list)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))


def title(window: MainWindow) -> str:
    return part(window, QLabel, "welcomeTitle").text()


def words(window: MainWindow) -> str:
    return part(window, QLabel, "welcomeText").text()


async def click(window: MainWindow, what: str) -> None:
    await until(lambda: any(b.isVisible() for b in window.welcome.findChildren(QPushButton, f"welcome-{what}")), what)
    part(window.welcome, QPushButton, f"welcome-{what}").click()


def test_models_are_there(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        await until(lambda: title(window) == "Ask anything")
        await click(window, "start")
        await answered(window)
        assert last(window).question == START_QUESTION
        assert last(window).final_text

    with Sim(scenarios.THREE_MODELS) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_what_was_written_already_is_asked_instead(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        window.composer.text.setPlainText("My own question")
        await click(window, "start")
        await answered(window)
        assert last(window).question == "My own question"

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_ollama_without_models_pulls_a_set_that_fits(tmp_path: Path) -> None:
    scenario: dict[str, Any] = {"models": []}
    names = (
        "llama3.2:3b",
        "qwen2.5:7b",
        "gemma3:12b",
        "qwen3:4b",
        "qwen3:8b",
        "gemma3:4b",
        "llama3.2:1b",
        "qwen3:1.7b",
    )
    scenario["registry"] = [scenarios.model(name, 2.0, "3B", "llama", pull_seconds=0.3) for name in names]

    async def drive(window: MainWindow) -> None:
        assert title(window) == "Ollama is running and has no models yet"
        assert "of its 16 GB of memory" in words(window)
        await click(window, "pull")
        await until(lambda: title(window) == "Ask anything", "the first model")
        await click(window, "start")
        await answered(window)
        assert last(window).final_text

    with Sim(scenario) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_ollama_that_does_not_run_is_started_and_ended(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "path").mkdir()
    os.symlink(program(tmp_path / "elsewhere"), tmp_path / "path" / "ollama")
    home = tmp_path / "home"

    async def drive(window: MainWindow) -> None:
        assert title(window) == "Ollama is not running"
        await click(window, "run")
        await until(lambda: title(window) == "Ask anything", "Ollama")
        await click(window, "start")
        await answered(window)
        assert last(window).final_text

    assert driving.run(drive, home, f"127.0.0.1:{port}") == 0
    assert not asyncio.run(ollama_program.listens("127.0.0.1", port)), "it was ended with Mirador"
    assert "listening on" in (home / "log" / "ollama.log").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="releases are unpacked on Linux only")
def test_no_ollama_at_all_is_downloaded_checked_and_started(tmp_path: Path) -> None:
    port = free_port()
    home = tmp_path / "home"
    with running() as server:
        server.release(archive({"bin/ollama": SERVE}))
        (home / "config").mkdir(parents=True)
        (home / "config" / "settings.toml").write_text(f'release_server = "{server.url}"\n')

        async def drive(window: MainWindow) -> None:
            assert title(window) == "No Ollama on this computer"
            await click(window, "download")
            await until(lambda: title(window) == "Ask anything", "Ollama")
            assert (home / "data" / "ollama" / "bin" / "ollama").exists()

        assert driving.run(drive, home, f"127.0.0.1:{port}") == 0
    assert not asyncio.run(ollama_program.listens("127.0.0.1", port))


def test_a_download_that_fails_says_why_and_offers_to_retry(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running() as server:
        server.release(archive({"bin/ollama": SERVE}), checksum="b" * 64)
        (home / "config").mkdir(parents=True)
        (home / "config" / "settings.toml").write_text(f'release_server = "{server.url}"\n')

        async def drive(window: MainWindow) -> None:
            await click(window, "download")
            await until(lambda: "checksum is another" in words(window), "the reason")
            assert part(window.welcome, QPushButton, "welcome-download").text() == "Retry the download"
            assert not (home / "data" / "ollama").exists()
            await click(window, "guide")  # it can be left
            await answered(window)

        assert driving.run(drive, home, f"127.0.0.1:{free_port()}") == 0
