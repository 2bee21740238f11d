"""The program with conversations in it, and what tests of order do there."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget

from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn, new_id
from mirador_desktop.gui.desk import Desk
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.memory.store import Store
from tests import driving
from tests.driving import part, until
from tests.gui.list_helpers import CTRL, Shown

NOWHERE = "127.0.0.1:1"
SHIFT = Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


def kept(home: Path, *titles: str, tags: tuple[str, ...] = ()) -> dict[str, str]:
    """Conversations with these titles, the newest first; their identifiers."""

    async def write() -> dict[str, str]:
        store, ids = Store(home / "data"), dict[str, str]()
        await store.open()
        for place, title in enumerate(titles):
            made = Conversation(new_id(), title, created=time.time(), updated=time.time() - place, tags=list(tags))
            stages = [StageRecord("quick", answers=[Answer("m", "text", reason="done")])]
            turn = Turn(new_id(), made.id, "", f"{title}?", made.updated, reason="done", stages=stages)
            turn.final_stage, made.leaf, ids[title] = "quick", turn.id, made.id
            await store.save([made], [turn])
        await store.close()
        return ids

    with driving.environment(home, NOWHERE):
        return asyncio.run(write())


class Program(Shown):
    """The program's list, and what surrounds it."""

    def __init__(self, window: MainWindow) -> None:
        self.window, self.sidebar, self.list = window, window.sidebar, window.sidebar.list
        self.wanted = []
        self.desk = next(child for child in window.children() if isinstance(child, Desk))

    async def rows_are(self, *rows: str) -> None:
        """Wait until the list shows these rows."""
        await until(lambda: self.rows == list(rows), f"{rows}, not {self.rows}")

    async def said(self, words: str) -> None:
        """Wait until the toast says something."""
        await until(lambda: words in self.window.toast.words.text(), f"“{words}”")

    async def undo(self, *rows: str) -> None:
        """Undo by the keys, and wait for the rows."""
        self.list.setFocus()
        self.press(Key.Key_Z, CTRL)
        await self.rows_are(*rows)

    async def rename(self, text: str) -> None:
        """Write into the row that is being edited."""
        await until(lambda: self.list.findChild(QLineEdit) is not None, "the field")
        editor = part(self.list, QLineEdit, "")
        editor.setText(text)
        QTest.keyClick(editor, Key.Key_Return)
        await until(lambda: self.list.state() == self.list.State.NoState, "the end of editing")

    async def open(self, words: str) -> None:
        self.click(words)
        await until(lambda: self.window.title_bar.title.accessibleName() == words, "the conversation")

    async def popover(self, kind: type[QWidget]) -> QWidget:
        """Wait until a popover is open."""
        await until(lambda: [w for w in self.window.findChildren(kind) if w.isVisible()], kind.__name__)
        return next(w for w in self.window.findChildren(kind) if w.isVisible())

    @property
    def record(self) -> Callable[[str], Conversation]:
        """Finds what is known of a conversation by its title."""
        return lambda title: next(c for c in self.list.conversations if c.title == title)
