"""The foot of the page Models: it says what stays in memory, and its buttons load and unload it."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from mirador_desktop.core.stages import DEFAULT_PIPELINE
from mirador_desktop.gui.settings.warm_plan import WarmPlan
from mirador_desktop.gui.settings.widgets import Switch
from mirador_desktop.gui.tasks import Tasks
from tests.driving import part, until
from tests.gui.test_turn_live import delete_now, the_theme
from tests.ollama_sim.client import Sim
from tests.unit.pull_helpers import GB, Memory
from tests.unit.warming_helpers import LARGE, MIDDLE, SMALL, THREE_MODELS, Bench


class Shown:
    """The foot over a real warmer."""

    def __init__(self, bench: Bench, sim: Sim, qtbot: QtBot) -> None:
        delete_now()
        self.bench, self.sim, self.errors = bench, sim, list[str]()
        self.tasks = Tasks(self.errors.append)
        self.foot = WarmPlan(the_theme(), bench.warmer, bench.preferences, self.tasks, lambda: DEFAULT_PIPELINE)
        qtbot.addWidget(self.foot)
        bench.warmer.listen(self.foot.refresh)
        self.foot.resize(900, 100)
        self.foot.show()

    @property
    def words(self) -> str:
        return part(self.foot, QLabel, "warmPlan").text()

    def button(self, name: str) -> QPushButton:
        return part(self.foot, QPushButton, name)

    def loaded(self) -> set[str]:
        return {m["name"] for m in self.sim.ask("GET", "/api/ps")[1]["models"]}

    async def seen(self, *models: str) -> None:
        await until(lambda: self.loaded() == set(models))
        await self.bench.registry.look()
        self.foot.refresh()


def run(
    folder: Path,
    qtbot: QtBot,
    work: Callable[[Shown], Coroutine[None, None, None]],
    most: int | None = 3,
    scenario: dict[str, Any] = THREE_MODELS,
) -> None:
    with Sim(scenario) as sim:

        async def main() -> None:
            bench = Bench(sim, folder, Memory(), most, 64 * GB)
            bench.preferences.change(prewarm=False)
            await bench.start()
            shown = Shown(bench, sim, qtbot)
            try:
                await work(shown)
                assert not shown.errors
            finally:
                await shown.tasks.close(5)
                await bench.close()

        asyncio.run(main())


def test_warm_now_and_unload(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        assert shown.words.endswith("Loading before they are needed is switched off.")
        assert not shown.button("unloadModels").isEnabled()
        shown.button("warmNow").click()
        await shown.seen(SMALL, MIDDLE, LARGE)
        assert shown.words.startswith("Quick, Deep and Synthesis stay loaded together, ")
        assert not shown.button("warmNow").isEnabled()
        shown.button("unloadModels").click()
        await shown.seen()
        assert shown.button("warmNow").isEnabled()

    run(tmp_path, qtbot, work)


def test_the_switch_loads_and_stops_loading(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        switch = part(shown.foot, Switch, "prewarmSwitch")
        assert not switch.isChecked()
        QTest.mouseClick(switch, Qt.MouseButton.LeftButton)
        assert shown.bench.preferences.current.prewarm
        await shown.seen(SMALL)
        assert "is loaded before your question" in shown.words
        assert "switched off" not in shown.words
        QTest.mouseClick(switch, Qt.MouseButton.LeftButton)
        assert "switched off" in shown.words

    run(tmp_path, qtbot, work, most=1)


def test_a_model_that_cannot_be_loaded_is_said(tmp_path: Path, qtbot: QtBot) -> None:
    fault = {"path": "/api/chat", "status": 500, "error": "model requires more system memory"}

    async def work(shown: Shown) -> None:
        shown.button("warmNow").click()
        await until(lambda: "more system memory" in shown.words)

    run(tmp_path, qtbot, work, scenario={**THREE_MODELS, "faults": [fault]})


def test_nothing_to_load_and_little_room(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        assert shown.words == "No model of this pipeline runs on an Ollama host that answers."
        assert not shown.button("warmNow").isEnabled()
        shown.foot.resize(400, 200)
        assert shown.button("warmNow").mapTo(shown.foot, shown.button("warmNow").rect().topLeft()).y() > 30

    run(tmp_path, qtbot, work, scenario={"models": []})
