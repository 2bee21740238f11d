"""How one model is run: choices take effect at once, wrong numbers are said, a measurement compares two settings."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.manager import ModelDetails
from mirador_desktop.errors import EngineUnreachable, ModelRefused
from mirador_desktop.gui.settings.placement import Placement
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.measuring import Measured
from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import ModelOptions, Settings, load
from tests.driving import part, tick, until
from tests.gui.test_turn_live import delete_now, the_theme
from tests.unit.test_kv_cache import LLAMA_3_1_8B

NAME = "llama3.1:8b"


class Shown:
    """The panel over settings in a folder; what it measures is answered by `measured`."""

    def __init__(self, folder: Path, qtbot: QtBot, options: ModelOptions | None) -> None:
        delete_now()
        models = {NAME: options} if options is not None else {}
        self.preferences = Preferences(folder / "settings.toml", Settings(models=models, num_ctx=8192))
        self.errors, self.asked = list[str](), list[ModelOptions]()
        self.tasks = Tasks(self.errors.append)
        self.details: ModelDetails | None = ModelDetails(NAME, info=tuple(LLAMA_3_1_8B.items()))
        self.measured: list[Measured | Exception] = []
        self.parent = QWidget()
        qtbot.addWidget(self.parent)
        self.panel = Placement(
            the_theme(), NAME, self.preferences, self.tasks, self._details, self._measure, self.parent
        )
        self.panel.open()

    async def _details(self) -> ModelDetails:
        if self.details is None:
            raise EngineUnreachable("Nothing answers there.")
        return self.details

    async def _measure(self, model: str, options: ModelOptions) -> Measured:
        assert model == NAME
        self.asked.append(options)
        await tick()
        found = self.measured.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    @property
    def options(self) -> ModelOptions:
        return self.preferences.options_of(NAME)

    def enter(self, name: str, text: str) -> None:
        field = part(self.panel, QLineEdit, name)
        field.selectAll()
        QTest.keyClick(field, Qt.Key.Key_Delete)
        QTest.keyClicks(field, text)

    def said(self, name: str) -> str:
        label = part(self.panel, QLabel, name)
        return label.text() if not label.isHidden() else ""


def run(
    folder: Path,
    qtbot: QtBot,
    work: Callable[[Shown], Coroutine[None, None, None]],
    options: ModelOptions | None = None,
) -> None:
    async def main() -> None:
        shown = Shown(folder, qtbot, options)
        try:
            await work(shown)
        finally:
            await shown.tasks.close(5)
            await asyncio.to_thread(shown.preferences.close)
        assert not shown.errors

    asyncio.run(main())


def test_numbers_take_effect_at_once_and_wrong_ones_are_said(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        await until(lambda: shown.said("windowCost"))
        assert shown.said("windowCost").startswith("A window of 8,192 tokens takes about 1.1 GB")
        shown.enter("num_ctx", "16,384")
        assert shown.options.num_ctx == 16_384
        assert "16,384 tokens takes about 2.1 GB" in shown.said("windowCost")
        for wrong in ("5", "many", "-1", "²", "9" * 12):
            shown.enter("num_ctx", wrong)
            assert shown.panel.error.text().startswith("Window: expected is ")
            assert shown.options.num_ctx != 5
        shown.enter("num_ctx", "")
        assert shown.panel.error.isHidden()
        shown.enter("num_gpu", "0")
        assert shown.options == ModelOptions(num_gpu=0)
        part(shown.panel, QPushButton, "resetPlacement").click()
        assert shown.preferences.current.models == {}
        assert part(shown.panel, QLineEdit, "num_gpu").text() == ""

    run(tmp_path, qtbot, work)


def test_how_long_it_stays_is_chosen_and_kept(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        keep = part(shown.panel, QComboBox, "keepAlive")
        assert keep.currentText() == "7 minutes", "written by hand, and not among the usual ones"
        keep.setCurrentIndex(keep.findText("Always"))
        assert shown.options.keep_alive == -1
        keep.setCurrentIndex(keep.findText("As the server has it"))
        assert shown.options.keep_alive is None

    run(tmp_path, qtbot, work, ModelOptions(keep_alive=7))
    settings, problems = load(tmp_path / "settings.toml")
    assert (settings.models, problems) == ({}, [])


def test_without_details_no_cost_is_shown(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.details = None
        await tick()
        shown.enter("num_ctx", "4096")
        assert shown.said("windowCost") == ""

    run(tmp_path, qtbot, work)


def test_a_measurement_compares_the_two_settings(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.measured = [Measured(11.04, 64, 20), Measured(25.5, 64, 20, 4_000_000_000, 1_000_000_000)]
        measure = part(shown.panel, QPushButton, "measure")
        measure.click()
        await until(lambda: not measure.isEnabled())
        await until(measure.isEnabled)
        assert shown.asked == [ModelOptions(num_ctx=4096), ModelOptions(num_ctx=4096, num_gpu=9)]
        assert shown.said("measured").splitlines() == [
            "As Ollama has it: 11.0 tok/s",
            "As entered here: 25.5 tok/s, 4.0 GB in memory, 25 % on the GPU",
        ]
        shown.measured = [Measured(11.0, 64, 20), ModelRefused("It does not fit.")]
        measure.click()
        await until(lambda: "It does not fit." in shown.said("measured"))
        assert measure.isEnabled()

    run(tmp_path, qtbot, work, ModelOptions(num_ctx=4096, num_gpu=9))


def test_closing_ends_a_measurement(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        begun = asyncio.Event()

        async def never(model: str, options: ModelOptions) -> Measured:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

        shown.panel._measure_model = never
        part(shown.panel, QPushButton, "measure").click()
        await begun.wait()
        part(shown.panel, QPushButton, "closePlacement").click()
        await until(lambda: not shown.tasks.runs("measure"))

    run(tmp_path, qtbot, work)
