"""The list of memories: what each says, where it comes from and when, read in pages as one scrolls."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QContextMenuEvent, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from mirador_desktop.core.memories import Memory
from mirador_desktop.gui import icons
from mirador_desktop.gui.painting import focus_ring, row_background
from mirador_desktop.gui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
MEMORY = Qt.ItemDataRole.UserRole
PAGE = 100
"""Memories that are read at once."""
_MARKS = re.compile(r"^\s*(?:#+|[-*>]|\d+\.)\s+|[*`]+", re.MULTILINE)
_ROOT = QModelIndex()


def source_words(memory: Memory) -> str:
    """Where a memory comes from, and when."""
    day = f"{datetime.fromtimestamp(memory.created).astimezone():%d %b %Y}".lstrip("0")
    where = "Note" if memory.kind == "note" else memory.title or "Untitled"
    marks = [where, day] + (["changed by you"] if memory.edited else [])
    return " · ".join(marks)


class MemoryModel(QAbstractListModel):
    """Rows of memories.

    Signals:
        more_wanted: the rows that are there do not reach as far as was scrolled.
    """

    more_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.memories: list[Memory] = []
        self.complete = True

    def show(self, memories: Sequence[Memory], complete: bool) -> None:
        """Show these in place of what was shown; `complete` says that there are no more."""
        self.beginResetModel()
        self.memories, self.complete = list(memories), complete
        self.endResetModel()

    def append(self, memories: Sequence[Memory], complete: bool) -> None:
        """Show these below."""
        self.complete = complete
        if memories:
            at = len(self.memories)
            self.beginInsertRows(_ROOT, at, at + len(memories) - 1)
            self.memories += memories
            self.endInsertRows()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of rows that were read."""
        return 0 if parent.isValid() else len(self.memories)

    def canFetchMore(self, parent: Index) -> bool:
        """Whether there are more."""
        return not self.complete

    def fetchMore(self, parent: Index) -> None:
        """Ask for the next page."""
        self.more_wanted.emit()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The memory, and its words."""
        memory = self.memories[index.row()]
        if role == MEMORY:
            return memory
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(memory.question.split()) or " ".join(memory.answer.split())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            pinned = "Always remembered. " if memory.pinned else ""
            return f"{pinned}{memory.question}. {source_words(memory)}"
        return None


class _Delegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, self._theme.px(64))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, c = self._theme, self._theme.colours
        memory: Memory = index.data(MEMORY)
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = box.adjusted(0, 1, 0, -1)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            row_background(painter, c.selected, card, theme.px(8), chosen=chosen)
        if state & QStyle.StateFlag.State_HasFocus:
            focus_ring(painter, theme, card.adjusted(1, 1, -1, -1), theme.px(8))
        inner = card.adjusted(theme.px(10), theme.px(5), -theme.px(10), -theme.px(5))
        line = QRect(inner.x(), inner.y(), inner.width(), inner.height() // 3)
        painter.setFont(theme.font(9.5, QFont.Weight.Medium))
        painter.setPen(QColor(c.text))
        room = line.width()
        if memory.pinned:
            side = theme.px(13)
            mark = QRect(line.right() - side, line.y() + (line.height() - side) // 2, side, side)
            icons.draw(painter, "pin", mark.toRectF(), c.text)
            room -= side + theme.px(8)
        first = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, middle, first)
        painter.setPen(QColor(c.muted))
        painter.setFont(theme.font(9))
        answer = " ".join(_MARKS.sub("", memory.answer[:400]).split()) if memory.question else ""
        second = painter.fontMetrics().elidedText(answer, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line.translated(0, line.height()), middle, second)
        painter.setFont(theme.font(8.5))
        third = painter.fontMetrics().elidedText(source_words(memory), Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line.translated(0, 2 * line.height()), middle, third)
        painter.restore()


class MemoryList(QListView):
    """The list itself.

    Signals:
        menu_wanted: the menu of what is selected, at a point of the screen.
        delete_wanted: the Delete key.
    """

    menu_wanted = Signal(object)
    delete_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("memoryList")
        self.setAccessibleName("Memories")
        self.memory_model = MemoryModel(self)
        self.setModel(self.memory_model)
        self.setItemDelegate(_Delegate(theme, self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)

    @property
    def chosen(self) -> list[Memory]:
        """What is selected, from top to bottom."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        return [self.memory_model.memories[row] for row in rows]

    def choose(self, identifiers: Collection[str]) -> None:
        """Select these again, after the rows were read anew."""
        self.clearSelection()
        for row, memory in enumerate(self.memory_model.memories):
            if memory.id in identifiers:
                index = self.memory_model.index(row)
                self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.Select)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of what is selected."""
        if self.chosen:
            self.menu_wanted.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete forgets."""
        if event.key() == Qt.Key.Key_Delete and self.chosen:
            self.delete_wanted.emit()
        else:
            super().keyPressEvent(event)
