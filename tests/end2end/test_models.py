"""Models in the real program: pulled through faults, killed in the middle, gone on with, used at once."""

import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QProgressBar, QPushButton, QTableView, QWidget

from mirador_desktop.gui.main_window import MainWindow
from tests import driving
from tests.driving import answered, last, part, send, until
from tests.end2end.helpers import Window
from tests.end2end.test_settings import opened
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim

NEW = "gemma3:4b"


def registry(**more: Any) -> dict[str, Any]:
    """A server with one model, and another one to be had."""
    return {"models": [scenarios.LLAMA_3B], "registry": [scenarios.model(NEW, 3.3, "4.3B", "gemma3", **more)]}


def pull(page: QWidget, name: str) -> None:
    part(page, QLineEdit, "pullName").setText(name)
    part(page, QPushButton, "pullButton").click()


def visible(page: QWidget, name: str) -> QPushButton | None:
    return next((b for b in page.findChildren(QPushButton, name) if b.isVisible()), None)


def press(page: QWidget, name: str) -> None:
    button = visible(page, name)
    assert button is not None, name
    button.click()


def words(page: QWidget) -> str:
    return " ".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def names(page: QWidget) -> set[str]:
    model = part(page, QTableView, "modelTable").model()
    return {str(model.index(row, 0).data()).partition(",")[0] for row in range(model.rowCount())}


def test_a_pulled_model_is_used_at_once(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        page = await opened(window, "Models")
        pull(page, f"$ ollama run {NEW}")
        await until(lambda: NEW in names(page), "the model in the table")
        page.window().close()
        await send(window, "Why?")
        await answered(window)
        assert {a.model for stage in last(window).stages for a in stage.answers} == {"llama3.2:3b", NEW}

    with Sim(registry(pull_seconds=0.2)) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_a_pull_is_paused_gone_on_with_and_never_goes_backwards(tmp_path: Path) -> None:
    shares: list[int] = []

    async def drive(window: MainWindow) -> None:
        page = await opened(window, "Models")
        pull(page, NEW)
        await until(lambda: page.findChild(QProgressBar, "pullProgress") is not None, "the bar")
        bar = part(page, QProgressBar, "pullProgress")
        bar.valueChanged.connect(shares.append)
        await until(lambda: bar.value() > 150, "some of it")
        press(page, "pullPause")
        await until(lambda: visible(page, "pullResume"), "the pause")
        await until(lambda: sim.requests("/api/pull")[-1].get("closed", True), "the connection closed")
        paused = bar.value()
        press(page, "pullResume")
        await until(lambda: NEW in names(page), "the model", 40)
        assert max(shares) > paused

    with Sim(registry(pull_seconds=1.5, lose_connection_at=0.6, standstill_seconds=0.3)) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
        assert len(sim.requests("/api/pull")) == 2
    assert shares == sorted(shares)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_in_the_middle_of_a_pull_it_is_offered_again(tmp_path: Path) -> None:
    with Sim(registry(pull_seconds=6.0)) as sim:
        with Window(tmp_path, sim.url, pull=NEW) as window:
            share = 0.0
            while share < 0.15:
                share = float(window.reads("share"))
            window.kill()

        async def go_on(window: MainWindow) -> None:
            assert sim.requests("/api/pull").__len__() == 1, "nothing is pulled without being asked for"
            page = await opened(window, "Models")
            await until(lambda: "was not finished" in words(page) or visible(page, "pullResume"), "the offer")
            press(page, "pullResume")
            await until(lambda: NEW in names(page), "the model", 40)

        assert driving.run(go_on, tmp_path, sim.url) == 0


@pytest.mark.parametrize(
    ("name", "scenario", "said"),
    [
        ("no such:thing:here", {}, "name"),
        ("nothing-like-it", {}, "no model"),
        (NEW, {"server": {"network": False}}, "registry"),
        (NEW, {"dies": True}, ""),
    ],
)
def test_what_can_go_wrong_is_said(tmp_path: Path, name: str, scenario: dict[str, Any], said: str) -> None:
    values = registry(pull_seconds=0.5, **({"dies_at": 0.5, "retry_seconds": 0.2} if scenario.get("dies") else {}))
    values |= {k: v for k, v in scenario.items() if k != "dies"}

    async def drive(window: MainWindow) -> None:
        page = await opened(window, "Models")
        before = words(page)
        pull(page, name)

        def news() -> str:
            return words(page).replace(before, "")

        await until(lambda: visible(page, "pullRetry") or (said and said in news().lower()), "a sentence")
        assert "Traceback" not in news()
        assert NEW not in names(page)

    with Sim(values) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_a_server_that_dies_in_the_middle_can_be_retried(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        page = await opened(window, "Models")
        pull(page, NEW)
        await until(lambda: page.findChild(QProgressBar, "pullProgress") is not None, "the bar")
        bar = part(page, QProgressBar, "pullProgress")
        await until(lambda: bar.value() > 100, "some of it")
        sim.kill()
        await until(lambda: visible(page, "pullRetry"), "Retry")
        sim.restart()
        press(page, "pullRetry")
        await until(lambda: NEW in names(page), "the model", 40)

    with Sim(registry(pull_seconds=1.5)) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_pulls_go_on_when_the_settings_are_closed(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        page = await opened(window, "Models")
        pull(page, NEW)
        page.window().close()
        await until(lambda: window.sidebar.pulls.isVisible(), "the progress in the sidebar")
        await until(lambda: not window.sidebar.pulls.isVisible(), "its end", 40)
        page = await opened(window, "Models")
        await until(lambda: NEW in names(page))

    with Sim(registry(pull_seconds=1.0)) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
