"""States of memory: what was recalled, in the inspector and in the turn, notes that are offered, the list of all."""

from typing import Any

from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.settings.memories_panel import MemoriesPanel
from tests.driving import answered, part, send, settled, tick, until
from tests.end2end.test_settings import opened
from tests.ollama_sim import scenarios
from tests.ollama_sim.scenarios import NOMIC
from tests.screenshots.state import SETTINGS, State, World, settings_window

SAID = (
    "I keep seven beehives on the roof of our house in Ghent. What do they need in March?",
    "Which flowers near the beehives bloom before April?",
    "My Typer CLI takes 900 ms to print --help. How do I get it under 100 ms?",
)
ASKED = "I work as a beekeeper. What should I prepare for my beehives on the roof this year?"


async def _told(window: MainWindow) -> None:
    """Three conversations, so that there is something to remember."""
    for question in SAID:
        await send(window, question)
        await answered(window)
        window.sidebar.new.emit()
        await until(lambda: not window.turns.turn_ids, "a new conversation")
    await tick(1.5)  # the index follows


async def _recalled(window: MainWindow, world: World) -> None:
    await _told(window)
    await send(window, ASKED)
    await answered(window)
    window.turns.show_turn(window.turns.turn_ids[0])
    await settled(window)


async def _popover(window: MainWindow, world: World) -> None:
    await _recalled(window, world)
    part(window, QPushButton, "showMemories").click()
    await tick(0.2)


async def _page(window: MainWindow, world: World) -> None:
    await _told(window)
    await opened(window, "Memory")
    await tick(0.5)


async def _list(window: MainWindow, world: World) -> None:
    await _page(window, world)
    part(settings_window(window), QPushButton, "showMemoriesList").click()
    panel = part(settings_window(window), MemoriesPanel, "memoriesPanel")
    await until(lambda: panel.list.memory_model.memories, "the memories")
    panel.list.setCurrentIndex(panel.list.memory_model.index(0))
    part(panel, QPushButton, "pinMemory").click()
    await tick(0.3)


async def _editor(window: MainWindow, world: World) -> None:
    await _list(window, world)
    panel = part(settings_window(window), MemoriesPanel, "memoriesPanel")
    panel.list.setCurrentIndex(panel.list.memory_model.index(1))
    part(panel, QPushButton, "editMemory").click()
    await tick(0.2)


def _above(window: MainWindow) -> QWidget:
    return part(window, QFrame, "memoriesPopover")


def _panel(window: MainWindow) -> QWidget:
    return part(settings_window(window), MemoriesPanel, "memoriesPanel")


WITH_MEANING = {**scenarios.THREE_MODELS, "models": [*scenarios.THREE_MODELS["models"], NOMIC]}

STATES: dict[str, Any] = {
    "memory-recalled": State(_recalled),
    "memory-popover": State(_popover),
    "settings-memory-none": State(_page, shows=settings_window, sizes=SETTINGS),
    "settings-memory-meaning": State(_page, WITH_MEANING, shows=settings_window, sizes=SETTINGS),
    "memory-list": State(_list, WITH_MEANING, shows=_panel, sizes=((780, 600),)),
    "memory-editor": State(_editor, WITH_MEANING, shows=settings_window, sizes=SETTINGS),
}
