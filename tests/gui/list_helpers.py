"""A sidebar with folders and conversations, and what tests do with its list."""

import time
from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QMimeData, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from mirador_desktop.core.conversation import Conversation, Folder
from mirador_desktop.gui.folder_acts import Act
from mirador_desktop.gui.folder_drag import Drop
from mirador_desktop.gui.folder_rows import Drawer
from mirador_desktop.gui.sidebar import Sidebar
from tests.gui.test_turn_live import delete_now, the_theme

DAY = 24 * 3600.0
WORK, INNER, HOME = Folder("work", "Work"), Folder("inner", "Inner", "work"), Folder("home", "Home")
FOLDERS = [HOME, INNER, WORK]
CTRL, SHIFT, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier(0)
LEFT = Qt.MouseButton.LeftButton
Key = Qt.Key


def made(name: str, folder: str = "", age: float = 0.0, **more: object) -> Conversation:
    moment = time.time() - age
    return Conversation(name, name, created=moment, updated=moment, folder=folder, turns=1, **more)  # type: ignore[arg-type]


def ordinary() -> list[Conversation]:
    return [
        made("a", "inner"),
        made("b", "work"),
        made("c"),
        made("d", pinned=True),
        made("e", "home", pinned=True),
        made("f", age=40 * DAY, tags=["rust"]),
        made("g", "work", archived=True),
        made("h", "nowhere", age=40 * DAY),
    ]


class Shown:
    """A sidebar with conversations, and what it asked for."""

    def __init__(self, sidebar: Sidebar) -> None:
        self.sidebar, self.list = sidebar, sidebar.list
        self.wanted: list[Act] = []
        self.deleted: list[list[str]] = []
        self.opened: list[str] = []
        self.folded: list[list[str]] = []
        entries = self.list
        entries.wanted.connect(self.wanted.append)
        entries.deleted.connect(lambda g: self.deleted.append([c.id for c in (g if isinstance(g, list) else [g])]))
        entries.opened.connect(lambda conversation: self.opened.append(conversation.id))
        entries.folded.connect(self.folded.append)
        self.show(ordinary())

    def show(self, given: Sequence[Conversation], chosen: str = "c", folders: Sequence[Folder] = FOLDERS) -> None:
        self.sidebar.show_conversations(given, chosen, folders)

    @property
    def rows(self) -> list[str]:
        """Words of all rows; a folder with its number, what lies in it set in."""
        model, found = self.list._list_model, []
        for place, row in enumerate(model.rows):
            words = f"[{row.name} {row.count}]" if isinstance(row, Drawer) else str(model.index(place).data())
            found.append("  " * model.depth(place) + words)
        return found

    def row(self, words: str) -> int:
        """The first row with these words."""
        return next(
            n for n, row in enumerate(self.rows) if row.strip() == words or row.strip().startswith(f"[{words} ")
        )

    def point(self, words: str) -> QPoint:
        return self.list.visualRect(self.list.model().index(self.row(words), 0)).center()

    def click(self, words: str, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseClick(self.list.viewport(), LEFT, modifiers, self.point(words))

    def current(self, words: str) -> None:
        index = self.list.model().index(self.row(words), 0)
        self.list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(self.list, key, modifiers)

    @property
    def selected(self) -> list[str]:
        return [c.id for c in self.list.selected_conversations()]

    def menu(self, words: str = "", keyboard: bool = False) -> QMenu:
        """The menu of a row, or of the current one by the menu key; of the empty place for no words."""
        place = QPoint(20, self.list.viewport().height() - 2) if not words else self.point(words)
        reason = QContextMenuEvent.Reason.Keyboard if keyboard else QContextMenuEvent.Reason.Mouse
        event = QContextMenuEvent(reason, place, self.list.viewport().mapToGlobal(place))
        QApplication.sendEvent(self.list.viewport(), event)
        return next(menu for menu in self.list.findChildren(QMenu) if menu.isVisible())

    def choose(self, menu: QMenu, words: str) -> None:
        next(a for a in menu.actions() if a.text() == words).trigger()
        menu.close()
        delete_now()

    def drag(self, data: QMimeData, *over: str) -> Drop | None:
        """Carry something over rows (or "": the empty place); what a drop would do then."""
        for number, words in enumerate(over):
            where = self.point(words) if words else QPoint(20, self.list.viewport().height() - 2)
            for kind in (QDragEnterEvent, QDragMoveEvent) if not number else (QDragMoveEvent,):
                event = kind(where, Qt.DropAction.MoveAction, data, LEFT, NONE)
                QApplication.sendEvent(self.list.viewport(), event)
        return self.list.drop

    def drop(self, data: QMimeData, words: str) -> list[Act]:
        """Carry something over a row, and let it go there; what is wanted by that."""
        self.drag(data, words)
        where = self.point(words) if words else QPoint(20, self.list.viewport().height() - 2)
        before = len(self.wanted)
        event = QDropEvent(where.toPointF(), Qt.DropAction.MoveAction, data, LEFT, NONE)
        QApplication.sendEvent(self.list.viewport(), event)
        assert self.list.drop is None
        return self.wanted[before:]


def new_sidebar() -> Sidebar:
    """A sidebar in a window of its own."""
    sidebar = Sidebar(the_theme(), None)  # type: ignore[arg-type]  # a window of its own
    sidebar.resize(252, 1100)
    sidebar.show()
    sidebar.activateWindow()
    sidebar.list.setFocus()
    return sidebar
