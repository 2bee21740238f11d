"""The page Models: pulls, from the name to the end, and the small progress in the sidebar."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from mirador_desktop.gui.pull_progress import PullProgress
from mirador_desktop.gui.settings.widgets import Progress
from tests.driving import part, until
from tests.gui.models_helpers import SCENARIO, SLOW, Shown, popped, run
from tests.gui.test_turn_live import the_theme
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import model
from tests.unit.pull_helpers import Memory


@pytest.fixture
def sim() -> Iterator[Sim]:
    with Sim(SCENARIO) as running:
        yield running


def test_a_model_is_pulled_by_name(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    sim.change({"registry": [model("gemma3:4b", 3.3, "4.3B", "gemma3", pull_seconds=0.4)]})

    async def work(shown: Shown) -> None:
        badges: list[str] = []
        shown.page.badge_changed.connect(lambda: badges.append(shown.page.badge()))
        QTest.keyClicks(shown.page.bar.name, "ollama pull gemma3:4b")
        assert shown.notice == "Pulls gemma3:4b · 3.3 GB · fits in memory · Everyday questions and pictures"
        shown.press("pullButton")
        assert shown.page.bar.name.text() == ""
        await until(lambda: "of 3.3 GB" in shown.words())
        await until(lambda: part(shown.page, Progress, "pullProgress").value() > 300)
        await shown.until_listed("gemma3:4b")
        await until(lambda: not shown.lines, "the line to go")
        assert any(b.endswith(" %") for b in badges)
        assert badges[-1] == shown.page.badge() == ""
        assert shown.page.pulls.isHidden()

    run(sim.url, tmp_path, qtbot, work)


def test_enter_pulls_and_a_bad_name_is_said_at_once(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        field = shown.page.bar.name
        QTest.keyClicks(field, "no such:name/x y")
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert "it has a space in it" in shown.notice
        assert field.property("wrong") == "true"
        assert shown.page.bar.notice.property("kind") == "error"
        QTest.keyClick(field, Qt.Key.Key_Backspace)
        assert shown.notice == ""
        assert not field.property("wrong")
        assert shown.doors.pulls.items == []

    run(sim.url, tmp_path, qtbot, work)


def test_pausing_cancelling_and_the_part(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        for name in ("qwen2.5:32b", "gemma3:27b", "gemma3:4b"):
            shown.page.bar.name.setText(name)
            shown.press("pullButton")
        await until(lambda: "left" in shown.words(0) and "MB/s" in shown.words(0))
        await until(lambda: "queued, starts in about" in shown.words(2))
        assert shown.words(2).startswith("about 3.3 GB")
        shown.press("pullPause")
        await until(lambda: "paused" in shown.words(0) and "of 3.3 GB" in shown.words(2))
        shown.press("pullResume")
        await until(lambda: "queued" in shown.words(0))
        shown.press("pullCancel", 1)
        await until(lambda: shown.words(1).endswith("Keep the part?"))
        shown.press("pullDelete")
        await until(lambda: "does that itself the next time it is started" in shown.notice)
        await until(lambda: len(shown.lines) == 2)
        await until(lambda: "left" in shown.words(0))
        shown.press("pullCancel", 0)
        await until(lambda: shown.words(0).endswith("Keep the part?"))
        shown.press("pullKeep")
        await until(lambda: [p.name for p in shown.doors.pulls.items] == ["gemma3:4b"])
        shown.doors.pulls.cancel(shown.doors.pulls.items[0])
        shown.page.left()
        assert shown.doors.pulls.items == [], "who leaves without an answer keeps the part"

    run(sim.url, tmp_path, qtbot, work)


def test_a_failed_pull_says_why_and_is_tried_again(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.page.bar.name.setText("nothing:7b")
        shown.press("pullButton")
        await until(lambda: shown.page.findChildren(QLabel, "pullError")[0].isVisible())
        assert "has no model nothing:7b" in part(shown.page, QLabel, "pullError").text()
        sim.change({"registry": [model("nothing:7b", 4.1, "7B", "llama")]})
        shown.press("pullRetry")
        await shown.until_listed("nothing:7b")

    run(sim.url, tmp_path, qtbot, work)


def test_what_was_not_finished_is_offered(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    memory = Memory()
    memory.values["pulls"] = [
        {
            "name": "qwen2.5:32b", "host": "this computer", "address": sim.url, "insecure": False,
            "completed": 12_300_000_000, "total": 19_800_000_000,
        }
    ]  # fmt: skip

    async def work(shown: Shown) -> None:
        await shown.doors.pulls.restore()
        await until(lambda: shown.lines)
        assert shown.words() == "was not finished: 12.3 of 19.8 GB. Go on?"
        assert not sim.requests("/api/pull")
        shown.press("pullResume")
        await until(lambda: sim.requests("/api/pull"))

    run(sim.url, tmp_path, qtbot, work, memory)


def test_pulls_go_to_the_chosen_host(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        where = part(shown.page, QPushButton, "pullHost")
        assert where.text() == "to this computer"
        shown.press("pullHost")
        menu = await popped()
        menu.actions()[1].trigger()
        menu.close()
        assert where.text() == "to workstation"
        assert shown.page.pull_name("qwen2.5:32b") == ""
        await until(lambda: shown.words().startswith("workstation · "))
        shown.press("modelHost")
        menu = await popped()
        assert [a.text() for a in menu.actions()] == ["All hosts", "this computer", "workstation"]
        menu.actions()[2].trigger()
        menu.close()
        assert shown.names == []
        assert part(shown.page, QLabel, "modelsNothing").text() == "No model on workstation."
        shown.press("modelsRemedy")
        assert len(shown.names) == 4

    with Sim({"models": [], "registry": SLOW}) as other:
        run({"this computer": sim.url, "workstation": other.url}, tmp_path, qtbot, work)


def test_the_small_progress_of_the_sidebar(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        small = PullProgress(the_theme())
        qtbot.addWidget(small)
        small.show_pulls(shown.doors.pulls)
        assert small.isHidden()
        clicks: list[bool] = []
        small.clicked.connect(lambda: clicks.append(True))
        for name in ("qwen2.5:32b", "gemma3:27b"):
            shown.doors.pulls.add(name)
        await until(lambda: small.isVisible() and small.bar.value() > 0)
        assert small.name.text() == "Pulling qwen2.5:32b +1"
        assert small.share.text().endswith(" %")
        assert "gemma3:27b: " in small.toolTip()
        QTest.mouseClick(small, Qt.MouseButton.LeftButton)
        QTest.keyClick(small, Qt.Key.Key_Space)
        assert clicks == [True, True]
        for pull in list(shown.doors.pulls.items):
            shown.doors.pulls.pause(pull)
        await until(small.isHidden)

    run(sim.url, tmp_path, qtbot, work)
