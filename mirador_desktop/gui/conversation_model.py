"""The conversations as rows of a list: in folders, in groups by date, pinned and archived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QWidget

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.conversation import Conversation, Folder
from mirador_desktop.gui.folder_rows import ARCHIVE, PINNED, Days, Drawer, Heading, Note, Row, Rows, arrange, key_of

Index = QModelIndex | QPersistentModelIndex
CONVERSATION = Qt.ItemDataRole.UserRole
ENTRY = CONVERSATION + 1
"""Of what was found: what is opened."""
_ROOT = QModelIndex()
_Flag = Qt.ItemFlag
_ROW = _Flag.ItemIsEnabled | _Flag.ItemIsSelectable | _Flag.ItemNeverHasChildren
_OWN = _ROW | _Flag.ItemIsEditable | _Flag.ItemIsDragEnabled | _Flag.ItemIsDropEnabled


def group_of(conversation: Conversation, now: datetime) -> str:
    """The group a conversation stands in that lies in no folder."""
    return "Pinned" if conversation.pinned else Days(now).group_of(conversation.updated)


def when(conversation: Conversation, now: datetime) -> str:
    """The second line: how many answers, and when for recent ones."""
    answers = count_words(conversation.turns, "answer")
    moment = datetime.fromtimestamp(conversation.updated).astimezone()
    if moment.date() >= now.date():
        recent = "now" if now.timestamp() - conversation.updated < 60 else moment.strftime("%H:%M")
        return f"{answers} · {recent}"
    return f"{answers} · yesterday" if moment.date() == now.date() - timedelta(days=1) else answers


class ConversationModel(QAbstractListModel):
    """Rows: headings and notes (text), drawers, and conversations (also under the role `CONVERSATION`).

    Attributes:
        conversations, folders: what is shown.
        open: the folders (and `ARCHIVE`) that show what they hold.
        sorting: how it is sorted, see `folder_rows.SORTS`.

    Signals:
        renamed: a conversation and the title the person gave it.
        folder_renamed: a folder and the name the person gave it.
    """

    renamed = Signal(object, str)
    folder_renamed = Signal(object, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.conversations: Sequence[Conversation] = ()
        self.folders: Sequence[Folder] = ()
        self.open: set[str] = set()
        self.sorting = "changed"
        self._shown = Rows()
        self._places: dict[object, int] = {}

    def arrange(self) -> bool:
        """Show what is there now; True if rows have come, gone or moved."""
        now = datetime.now().astimezone()
        shown = arrange(self.conversations, self.folders, self.open.__contains__, self.sorting, now)
        before, after = [key_of(row) for row in self._shown.rows], [key_of(row) for row in shown.rows]
        if before == after and self._shown.depths == shown.depths and self._shown.sections == shown.sections:
            self._shown = shown
            if after:
                self.dataChanged.emit(self.index(0), self.index(len(after) - 1))
            return False
        self.beginResetModel()
        self._shown = shown
        self._places = {key: place for place, key in zip(range(len(after) - 1, -1, -1), reversed(after), strict=True)}
        self.endResetModel()
        return True

    def place_of(self, key: object) -> int:
        """The first row with a key (`folder_rows.key_of`), -1 if there is none."""
        return self._places.get(key, -1)

    def index_of(self, conversation_id: str) -> QModelIndex:
        """Where a conversation stands."""
        place = self._places.get(conversation_id, -1)
        return self.index(place) if place >= 0 else QModelIndex()

    def index_of_folder(self, folder_id: str) -> QModelIndex:
        """Where a folder (or `ARCHIVE`) stands."""
        place = self._places.get(("drawer", folder_id), -1)
        return self.index(place) if place >= 0 else QModelIndex()

    @property
    def rows(self) -> Sequence[Row]:
        """All rows."""
        return self._shown.rows

    def row(self, place: int) -> Row | None:
        """What stands at a place."""
        return self._shown.rows[place] if 0 <= place < len(self._shown.rows) else None

    def depth(self, place: int) -> int:
        """How far a row is set in, in steps."""
        return self._shown.depths[place]

    def section(self, place: int) -> str:
        """Where a row is, see `folder_rows.Rows`; "" below the last one."""
        return self._shown.sections[place] if 0 <= place < len(self._shown.sections) else ""

    def folder(self, folder_id: str) -> Folder | None:
        """A folder."""
        return next((folder for folder in self.folders if folder.id == folder_id), None)

    def drawers_of(self, conversation_id: str) -> set[str]:
        """Where a conversation lies: its folder and the one around it, or `ARCHIVE`."""
        found = next((c for c in self.conversations if c.id == conversation_id), None)
        if found is None or found.archived:
            return {ARCHIVE} if found is not None else set()
        folder = self.folder(found.folder)
        return {folder.id, folder.parent} - {""} if folder is not None else set()

    def second_line(self, place: int) -> str:
        """What stands below a title: answers, when, and where else it lies."""
        conversation = self._shown.rows[place]
        assert isinstance(conversation, Conversation)
        words = when(conversation, datetime.now().astimezone())
        where = self.folder(conversation.folder) if self.section(place) in (PINNED, ARCHIVE) else None
        return f"{words} · in {where.name}" if where is not None else words

    # ── as Qt asks for it ──────────────────────────────────────────────────────────────────────────────

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of rows."""
        return 0 if parent.isValid() else len(self._shown.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text of a row, and the conversation itself."""
        row = self._shown.rows[index.row()]
        if role == CONVERSATION:
            return row if isinstance(row, Conversation) else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            if isinstance(row, Conversation):
                return row.title or "Untitled"
            return row.name if isinstance(row, Drawer) else row.text
        if role == Qt.ItemDataRole.ToolTipRole and not isinstance(row, Heading | Note):
            return f"<p>{escape(row.path) if isinstance(row, Drawer) else self._hint(row)}</p>"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if isinstance(row, Drawer):
                return row.described
            return self._described(index.row(), row) if isinstance(row, Conversation) else row.text
        return None

    @staticmethod
    def _hint(row: Conversation) -> str:
        words = escape(row.title or "Untitled")
        return f"{words}<br>{escape(' · '.join(row.tags))}" if row.tags else words

    def _described(self, place: int, row: Conversation) -> str:
        parts = [row.title or "Untitled", self.second_line(place)]
        if row.tags:
            parts.append(f"tags {', '.join(row.tags)}")
        parts += [word for word, on in (("pinned", row.pinned), ("archived", row.archived)) if on]
        return ", ".join(parts)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings and notes can be neither chosen nor edited."""
        row = self._shown.rows[index.row()]
        if isinstance(row, Heading | Note):
            return _Flag.NoItemFlags
        return _ROW if isinstance(row, Drawer) and row.folder is None else _OWN

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take a new title or name."""
        row, text = self._shown.rows[index.row()], " ".join(str(value).split())
        if not text or text == self.data(index) or role != Qt.ItemDataRole.EditRole:
            return False
        if isinstance(row, Conversation):
            self.renamed.emit(row, text)
        elif isinstance(row, Drawer) and row.folder is not None:
            self.folder_renamed.emit(row.folder, text)
        return True

    def supportedDragActions(self) -> Qt.DropAction:
        """Rows move inside the list, and are copied elsewhere."""
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """The list decides that itself."""
        return True
