"""What tests of the page Models share: the page over real hosts, in a loop."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.gui.settings.models_page import ModelsPage
from mirador_desktop.gui.settings.panel import Panel
from mirador_desktop.gui.tasks import Tasks
from tests.driving import part, until
from tests.gui.test_turn_live import delete_now, the_theme
from tests.ollama_sim.scenarios import LLAMA_3B, MISTRAL_7B, NOMIC, QWEN_14B, model
from tests.unit.pull_helpers import Doors, Memory

P = TypeVar("P", bound=Panel)
SLOW = [
    model(name, size, "5B", "llama", pull_seconds=60)
    for name, size in (("qwen2.5:32b", 19.8), ("gemma3:27b", 17.4), ("gemma3:4b", 3.3))
]
SCENARIO = {"models": [LLAMA_3B, MISTRAL_7B, QWEN_14B, NOMIC], "registry": SLOW}


class Shown:
    """The page over real hosts."""

    def __init__(self, doors: Doors, qtbot: QtBot) -> None:
        delete_now()
        self.doors, self.errors = doors, list[str]()
        self.tasks = Tasks(self.errors.append)
        self.page = ModelsPage(the_theme(), doors.models, doors.pulls, self.tasks)
        qtbot.addWidget(self.page)
        self.page.resize(908, 760)
        self.page.show()
        self.page.shown()

    @property
    def names(self) -> list[str]:
        return [row.name for row in self.page.table.rows.rows]

    @property
    def notice(self) -> str:
        return part(self.page, QLabel, "pullNotice").text()

    def press(self, name: str, place: int = 0) -> None:
        visible = [b for b in self.page.findChildren(QPushButton, name) if b.isVisible()]
        QTest.mouseClick(visible[place], Qt.MouseButton.LeftButton)

    @property
    def lines(self) -> list[str]:
        return [w.text() for w in self.page.findChildren(QLabel, "pullWords") if w.isVisible()]

    def words(self, place: int = 0) -> str:
        return self.lines[place] if place < len(self.lines) else ""

    def select(self, name: str) -> None:
        self.page.table.select(name)
        self.page.table.setFocus()

    async def panel(self, kind: type[P]) -> P:
        await until(lambda: [w for w in self.page.findChildren(kind) if w.isVisible()], kind.__name__)
        return next(w for w in self.page.findChildren(kind) if w.isVisible())

    async def until_listed(self, *names: str) -> None:
        await until(lambda: set(names) <= set(self.names), f"{names} in the table")


Work = Callable[[Shown], Coroutine[None, None, None]]


def run(urls: dict[str, str] | str, folder: Path, qtbot: QtBot, work: Work, memory: Memory | None = None) -> None:
    async def main() -> None:
        doors = Doors({"this computer": urls} if isinstance(urls, str) else urls, folder, memory, show_done=0.05)
        try:
            await doors.registry.look()
            await doors.models.prepare()
            shown = Shown(doors, qtbot)
            await work(shown)
            await shown.tasks.close(5)
            assert not shown.errors
            shown.page.hide()
        finally:
            await doors.close()

    asyncio.run(main())


async def popped() -> QMenu:
    def menus() -> list[QMenu]:
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible()]

    await until(menus, "a menu")
    return menus()[-1]


def menu_is_open() -> bool:
    return any(isinstance(w, QMenu) and w.isVisible() for w in QApplication.topLevelWidgets())


def drop(page: QWidget, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    page.dropEvent(
        QDropEvent(
            QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )
