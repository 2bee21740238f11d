"""The conversations as rows of a list, in groups by date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QWidget

from mirador_desktop.core.amounts import count_words

if TYPE_CHECKING:
    from mirador_desktop.core.conversation import Conversation

Index = QModelIndex | QPersistentModelIndex
CONVERSATION = Qt.ItemDataRole.UserRole
ENTRY = CONVERSATION + 1
"""Of what was found: what is opened."""
_ROOT = QModelIndex()


def group_of(conversation: Conversation, now: datetime) -> str:
    """The group a conversation stands in."""
    if conversation.pinned:
        return "Pinned"
    day = datetime.fromtimestamp(conversation.updated).astimezone().date()
    if day >= now.date():
        return "Today"
    return "Last week" if day >= now.date() - timedelta(days=7) else "Older"


def when(conversation: Conversation, now: datetime) -> str:
    """The second line: how many answers, and when for recent ones."""
    answers = count_words(conversation.turns, "answer")
    moment = datetime.fromtimestamp(conversation.updated).astimezone()
    if moment.date() >= now.date():
        recent = "now" if now.timestamp() - conversation.updated < 60 else moment.strftime("%H:%M")
        return f"{answers} · {recent}"
    return f"{answers} · yesterday" if moment.date() == now.date() - timedelta(days=1) else answers


class ConversationModel(QAbstractListModel):
    """Rows: headings (text) and conversations (also under the role `CONVERSATION`).

    Signals:
        renamed: a conversation and the title the person gave it.
    """

    renamed = Signal(object, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: list[str | Conversation] = []

    def show(self, conversations: Sequence[Conversation]) -> None:
        """Show these, in the order they come within each group."""
        now = datetime.now().astimezone()
        groups: dict[str, list[str | Conversation]] = {}
        for conversation in conversations:
            groups.setdefault(group_of(conversation, now), []).append(conversation)
        self.beginResetModel()
        self._rows = []
        for name in ("Pinned", "Today", "Last week", "Older"):
            if name in groups:
                self._rows += [name, *groups[name]]
        self.endResetModel()

    def index_of(self, conversation_id: str) -> QModelIndex:
        """Where a conversation stands."""
        for row, entry in enumerate(self._rows):
            if not isinstance(entry, str) and entry.id == conversation_id:
                return self.index(row)
        return QModelIndex()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text of a row, and the conversation itself."""
        entry = self._rows[index.row()]
        if role == CONVERSATION:
            return None if isinstance(entry, str) else entry
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.ToolTipRole):
            if isinstance(entry, str):
                return entry if role == Qt.ItemDataRole.DisplayRole else None
            return entry.title or "Untitled"
        if role == Qt.ItemDataRole.AccessibleTextRole and not isinstance(entry, str):
            return f"{entry.title}, {when(entry, datetime.now().astimezone())}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings can be neither chosen nor edited."""
        if isinstance(self._rows[index.row()], str):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take a new title."""
        entry = self._rows[index.row()]
        title = " ".join(str(value).split())
        if isinstance(entry, str) or not title or title == entry.title:
            return False
        self.renamed.emit(entry, title)
        return True
