"""Choosing the folder that conversations are moved to, by typing or from the list."""

from collections.abc import Mapping
from html import escape

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from mirador_desktop.core.conversation import Folder
from mirador_desktop.gui.popover import Popover
from mirador_desktop.gui.theme import Theme

_WIDE, _ROW, _MOST_SHOWN = 300, 30, 9
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_VALUE = Qt.ItemDataRole.UserRole


class FolderPicker(Popover):
    """All folders, with a field that looks for one or names a new one.

    Signals:
        chosen: a folder, or None for none.
        named: the name of a new folder.
    """

    chosen = Signal(object)
    named = Signal(str)

    def __init__(self, theme: Theme, folders: Mapping[str, Folder], can_leave: bool, parent: QWidget) -> None:
        super().__init__(theme, "folderPicker", "Move to folder", parent)
        self._can_leave = can_leave
        self._entries = sorted(((_path(f, folders), f) for f in folders.values()), key=lambda e: e[0].casefold())
        self.field = QLineEdit(self)
        self.field.setObjectName("folderName")
        self.field.setPlaceholderText("Find or name a folder")
        self.field.setAccessibleName("Find or name a folder")
        self.field.setAccessibleDescription("Up and Down go through the folders, Enter moves")
        self.field.setMaxLength(80)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._fill)
        self.field.returnPressed.connect(self._take)
        self.list = QListWidget(self)
        self.list.setObjectName("folderList")
        self.list.setAccessibleName("Folders")
        self.list.setProperty("kind", "choices")
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(lambda item: self._take())
        self.column.addWidget(self.field)
        self.column.addWidget(self.list)
        self.setFixedWidth(theme.px(_WIDE))
        self._fill("")
        self.field.setFocus()

    def _fill(self, text: str) -> None:
        """Show the folders that a text may mean."""
        typed = " ".join(text.split())
        self.list.clear()
        if self._can_leave and not typed:
            self._add("No folder", None)
        for path, folder in self._entries:
            if typed.casefold() in path.casefold():
                self._add(path, folder)
        if typed and all(path.casefold() != typed.casefold() for path, _ in self._entries):
            self._add(f"New folder “{typed}”", typed)
        self.list.setCurrentRow(0)
        rows = min(max(self.list.count(), 1), _MOST_SHOWN)
        self.list.setFixedHeight(self.low_enough(self.theme.px(_ROW) * rows + 2))
        self.list.setVisible(self.list.count() > 0)
        self.adjustSize()

    def _add(self, words: str, value: object) -> None:
        item = QListWidgetItem(words, self.list)
        item.setData(_VALUE, (value,))
        item.setToolTip(f"<p>{escape(words)}</p>")
        item.setSizeHint(QSize(10, self.theme.px(_ROW)))

    def _take(self) -> None:
        if self.list.currentRow() < 0:
            return
        item = self.list.currentItem()
        (value,) = item.data(_VALUE)
        self.close()
        if isinstance(value, str):
            self.named.emit(value)
        else:
            self.chosen.emit(value)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go through the list without leaving the field."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _MOVES:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -8, Qt.Key.Key_PageDown: 8}
            row = self.list.currentRow() + step[Qt.Key(event.key())]
            self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))
            return True
        return False


def _path(folder: Folder, folders: Mapping[str, Folder]) -> str:
    above = folders.get(folder.parent)
    return f"{above.name} › {folder.name}" if above is not None else folder.name
