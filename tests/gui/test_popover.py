"""What opens beside something: it is inside its window, also a small one with large text."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import Folder, MemoryUsed
from mirador_desktop.gui.branch_tree import BranchTree, Node
from mirador_desktop.gui.folder_picker import FolderPicker
from mirador_desktop.gui.memories_used import MemoriesUsed, MemoryRow
from mirador_desktop.gui.popover import Popover
from mirador_desktop.gui.tags_popover import TagsPopover
from mirador_desktop.gui.theme import Theme
from tests.gui.test_turn_live import delete_now, new_turn, the_theme


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> QWidget:
    delete_now()
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


def memories(theme: Theme, window: QWidget) -> Popover:
    popover = Popover(theme, "memoriesPopover", "Memory used", window)
    shown = MemoriesUsed(theme, popover)
    title = "I keep seven beehives on the roof of our house in Ghent, and they do well. " * 2
    recalled = [MemoryUsed(str(n), "shares much", kind="note", text=title, created=1e9) for n in range(6)]
    shown.show_turn(new_turn(recalled=recalled))
    shown.setMinimumWidth(shown.wanted_width())
    popover.add_scrolled(shown)
    return popover


def folders(theme: Theme, window: QWidget) -> Popover:
    return FolderPicker(theme, {str(n): Folder(str(n), f"Folder {n}") for n in range(40)}, True, window)


def tags(theme: Theme, window: QWidget) -> Popover:
    return TagsPopover(theme, ["one", "two"], [], 1, window)


def tree(theme: Theme, window: QWidget) -> Popover:
    nodes = [Node(str(n), f"Question {n}", n % 3, n == 39, n % 3 == 1) for n in range(40)]
    return BranchTree(theme, nodes, 14, window)


@pytest.mark.parametrize("make", [memories, folders, tags, tree])
@pytest.mark.parametrize(("width", "height"), [(640, 420), (800, 600), (1320, 820)])
@pytest.mark.parametrize("scale", [1.0, 2.0, 3.0])
def test_it_is_inside_its_window(
    window: QWidget, make: Callable[[Theme, QWidget], Popover], width: int, height: int, scale: float
) -> None:
    theme = the_theme()
    theme.set_scale(scale)
    window.setGeometry(20, 30, width, height)
    popover = make(theme, window)
    for corner in (QPoint(0, 0), QPoint(width // 2, height // 2), QPoint(width, height)):
        popover.open_at(window.mapToGlobal(corner))
        QApplication.processEvents()
        assert window.frameGeometry().contains(popover.geometry())
    for row in popover.findChildren(MemoryRow):
        row.setFocus()
        QApplication.processEvents()
        assert popover.rect().contains(row._dots().translated(row.mapTo(popover, QPoint(0, 0)))), "it is scrolled to"
        assert row.visibleRegion().boundingRect().contains(row._dots())
    popover.close()
    theme.set_scale(1.0)
