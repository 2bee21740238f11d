"""What tests of the page Pipelines share: the page over a real folder, in a loop."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.engine import ModelInfo
from mirador_desktop.core.selection import assign
from mirador_desktop.core.stages import ModelStage, Pipeline
from mirador_desktop.exchange.pipeline_file import write
from mirador_desktop.gui.settings.pipelines_page import PipelinesPage
from mirador_desktop.gui.settings.stage_card import StageCard
from mirador_desktop.gui.settings.stage_form import StageForm
from mirador_desktop.gui.settings.widgets import Chip
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.pipelines import Pipelines
from mirador_desktop.preferences import Preferences
from mirador_desktop.providers import Providers
from mirador_desktop.settings import Settings, resource_folder
from tests.driving import part, tick
from tests.gui.test_turn_live import delete_now, the_theme

KEY = Qt.Key
MODELS = [
    ModelInfo(name, "here", size * 10**9, capabilities=frozenset({"completion"}))
    for name, size in (("llama3.2:3b", 2), ("mistral:latest", 4), ("qwen3:30b", 18))
]
MINE = Pipeline(
    "Mine",
    (
        ModelStage("first", ("llama3.2:3b",), role_prompt="Begin."),
        ModelStage("second", ("mistral",), fallback_models=("gemma3:27b",), role_prompt="Go on."),
        ModelStage("last", ()),
    ),
)


class Shown:
    """The page over a real folder."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        delete_now()
        self.folder, self.errors, self.pulled = folder, list[str](), list[str]()
        self.tasks = Tasks(self.errors.append)
        self.preferences = Preferences(folder / "settings.toml", Settings())
        self.pipelines = Pipelines(folder / "pipelines", resource_folder() / "pipelines")
        self.pipelines.on_complaint(self.errors.append)
        self.qtbot = qtbot

    async def open(self, name: str = "Mine") -> PipelinesPage:
        await self.pipelines.reload()
        self.page = PipelinesPage(
            the_theme(),
            self.pipelines,
            self.preferences,
            self.tasks,
            lambda: MODELS,
            self.pulled.append,
            lambda name: 17_400_000_000 if name.startswith("gemma") else 0,
            Providers(self.folder / "cache"),
            lambda pipeline: assign(pipeline, MODELS, lambda model: True),
        )
        self.qtbot.addWidget(self.page)
        self.page.resize(908, 760)
        self.page.show()
        self.page.shown()
        self.page.list.choose(name)
        await settle()
        return self.page

    @property
    def cards(self) -> list[StageCard]:
        return self.page.editor.cards

    def form(self, place: int) -> StageForm:
        self.cards[place].set_open(True)
        form = self.cards[place].form
        assert form is not None
        return form

    async def kept(self, name: str = "Mine") -> Pipeline:
        """What another start reads."""
        self.page.editor.flush()
        self.pipelines.close()
        self.pipelines._executor = None
        found = Pipelines(self.pipelines.folder, resource_folder() / "pipelines")
        await found.reload()
        found.close()
        pipeline = found.get(name)
        assert pipeline is not None
        return pipeline

    def dialog(self, name: str) -> QDialog:
        (found,) = [d for d in self.page.findChildren(QDialog) if d.objectName() == name]
        return found

    def said(self) -> str:
        return part(self.page, QLabel, "pipelineNotice").text()


async def settle() -> None:
    """Let Qt and the loop do what there is to do."""
    for _ in range(6):
        QApplication.processEvents()
        await tick()


async def until(condition: Callable[[], object]) -> None:
    for _ in range(2000):
        if condition():
            return
        QApplication.processEvents()
        await tick()
    raise TimeoutError("it did not happen")


def run(folder: Path, qtbot: QtBot, work: Callable[[Shown], Coroutine[None, None, None]], *own: Pipeline) -> None:
    """Let `work` have a page where these are the person's own."""
    (folder / "pipelines").mkdir()
    for number, pipeline in enumerate(own or (MINE,)):
        (folder / "pipelines" / f"own-{number}.toml").write_text(write(pipeline), "utf-8")

    async def main() -> None:
        shown = Shown(folder, qtbot)
        try:
            await work(shown)
            assert shown.errors == []
        finally:
            shown.page.hide()
            await shown.tasks.close(5)
            shown.pipelines.close()
            shown.preferences.close()

    asyncio.run(main())


def menu_of(button: QPushButton) -> dict[str, Callable[[], None]]:
    return {action.text(): action.trigger for action in button.menu().actions() if action.isEnabled()}


def texts(parent: QWidget, kind: type[Chip] = Chip) -> list[str]:
    return [chip.text for chip in parent.findChildren(kind) if not chip.isHidden()]


def write_into(field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
