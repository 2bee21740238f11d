"""The list of conversations in the sidebar, in groups by date, with renaming in place."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QContextMenuEvent, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QLineEdit,
    QListView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from mirador_desktop.gui.conversation_model import CONVERSATION, ENTRY, ConversationModel, Index, group_of, when
from mirador_desktop.gui.painting import focus_ring
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.core.conversation import Conversation
    from mirador_desktop.core.search_results import Found
    from mirador_desktop.gui.search_results import SearchResults

__all__ = ["CONVERSATION", "ConversationList", "group_of", "when"]


class _Delegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        heading = index.data(CONVERSATION) is None
        return QSize(100, self._theme.px((24 if index.row() == 0 else 36) if heading else 48))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        from PySide6.QtWidgets import QStyle  # 10 ms, and there is nothing to paint at the start

        theme, c = self._theme, self._theme.colours
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        conversation = index.data(CONVERSATION)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if conversation is None:
            painter.setFont(theme.font(7.25, QFont.Weight.DemiBold))
            painter.setPen(QColor(c.muted))
            line = box.adjusted(0, 0, 0, -theme.px(6))
            painter.drawText(
                line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, str(index.data()).upper()
            )
            painter.restore()
            return
        card = box.adjusted(0, 2, 0, -2)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            colour = QColor(c.selected)
            colour.setAlphaF(1.0 if chosen else 0.5)
            painter.setBrush(colour)
            painter.drawRoundedRect(card, theme.px(8), theme.px(8))
        if chosen and state & QStyle.StateFlag.State_HasFocus:
            focus_ring(painter, theme, card.adjusted(1, 1, -1, -1), theme.px(8))
        inner = card.adjusted(theme.px(10), theme.px(4), -theme.px(8), -theme.px(4))
        upper = QRect(inner.x(), inner.y(), inner.width(), inner.height() // 2)
        painter.setFont(theme.font(9.5, QFont.Weight.Medium))
        painter.setPen(QColor(c.text))
        title = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(upper, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        painter.setFont(theme.font(8.5))
        painter.setPen(QColor(c.muted))
        painter.drawText(
            upper.translated(0, upper.height()),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            when(conversation, datetime.now().astimezone()),
        )
        painter.restore()

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        box: QRect = option.rect
        editor.setGeometry(box.adjusted(2, 4, -2, -4))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        model.setData(index, editor.text())


class ConversationList(QListView):
    """The list itself.

    Signals:
        opened: the person chose a conversation.
        renamed: conversation and new title.
        pinned: conversation and whether it shall be.
        deleted: the person deleted a conversation.
        found_opened: the person chose something that was found (`search_results.Entry`).
    """

    opened = Signal(object)
    renamed = Signal(object, str)
    pinned = Signal(object, bool)
    deleted = Signal(object)
    found_opened = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("conversationList")
        self.setAccessibleName("Conversations")
        self._list_model = ConversationModel(self)
        self._list_model.renamed.connect(self.renamed)
        self.setModel(self._list_model)
        self._list_delegate = _Delegate(theme, self)
        self.setItemDelegate(self._list_delegate)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.clicked.connect(self._open)
        self.activated.connect(self._open)
        self._opened_at = 0.0
        self._missed: Callable[[], None] | None = None
        self._theme = theme
        self._chosen = ""
        self.shown_text = ""
        """What was typed for the results that are shown."""

    @cached_property
    def results(self) -> SearchResults:
        """What was found, made when something is searched for."""
        from mirador_desktop.gui.search_results import SearchResults

        return SearchResults(self._theme, self)

    @property
    def shows_results(self) -> bool:
        """Whether the list shows what was found."""
        return self.model() is not self._list_model

    def show_results(self, found: Found) -> None:
        """Show what was found in place of the conversations."""
        self.results.model.show(found)
        self.shown_text = found.query.text
        if not self.shows_results:
            self.setModel(self.results.model)
            self.setItemDelegate(self.results.delegate)
        self.scrollToTop()

    def leave_results(self) -> None:
        """Show the conversations again."""
        if self.shows_results:
            self.setModel(self._list_model)
            self.setItemDelegate(self._list_delegate)
            self.choose(self._chosen)

    def step(self, step: int) -> None:
        """Move to the next entry that can be opened, 1 down or -1 up; from outside to the first one."""
        model = self.model()
        row = self.currentIndex().row() + step
        while 0 <= row < model.rowCount():
            index = model.index(row, 0)
            if model.flags(index) & Qt.ItemFlag.ItemIsSelectable:
                self.setCurrentIndex(index)
                return
            row += step

    def open_current(self) -> None:
        """Open what is marked, or the first entry."""
        if not self.currentIndex().isValid():
            self.step(1)
        self._open(self.currentIndex())

    def show_conversations(self, conversations: Sequence[Conversation], chosen: str) -> None:
        """Show these; `chosen` is the one that is open."""
        if self.state() == QAbstractItemView.State.EditingState:
            self._missed = lambda: self.show_conversations(conversations, chosen)
            return
        position = self.verticalScrollBar().value()
        self._list_model.show(conversations)
        self.choose(chosen)
        self.verticalScrollBar().setValue(position)

    def choose(self, conversation_id: str) -> None:
        """Mark the one that is open."""
        self._chosen = conversation_id
        if self.shows_results:
            return
        index = self._list_model.index_of(conversation_id)
        if index.isValid():
            self.setCurrentIndex(index)
        else:
            self.setCurrentIndex(QModelIndex())  # or keys would act on what is not marked

    def _open(self, index: QModelIndex) -> None:
        entry = index.data(ENTRY) if index.isValid() else None
        if entry is not None and time.monotonic() - self._opened_at > 0.05:
            self._opened_at = time.monotonic()
            self.found_opened.emit(entry)
            return
        conversation = index.data(CONVERSATION)
        if conversation is not None and time.monotonic() - self._opened_at > 0.05:  # click and activation are one
            self._opened_at = time.monotonic()
            self.opened.emit(conversation)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """Renaming is over: show what has come meanwhile."""
        super().closeEditor(editor, hint)
        missed, self._missed = self._missed, None
        if missed is not None:
            QTimer.singleShot(0, self, missed)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of what is under the mouse, or for the menu key of what is marked."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            if self.selectedIndexes():
                self._menu(self.currentIndex(), self.visualRect(self.currentIndex()).center())
        else:
            self._menu(self.indexAt(event.pos()), event.pos())

    def _menu(self, index: QModelIndex, where: QPoint) -> None:
        conversation = index.data(CONVERSATION) if index.isValid() else None
        if conversation is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Rename", lambda: self.edit(self._list_model.index_of(conversation.id)))
        menu.addAction(
            "Unpin" if conversation.pinned else "Pin",
            lambda: self.pinned.emit(conversation, not conversation.pinned),
        )
        menu.addSeparator()
        menu.addAction("Delete", lambda: self.deleted.emit(conversation))
        menu.popup(self.viewport().mapToGlobal(where))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete deletes."""
        conversation = self.currentIndex().data(CONVERSATION)
        if event.key() == Qt.Key.Key_Delete and conversation is not None:
            self.deleted.emit(conversation)
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Sizes depend on the style."""
        if event.type() == QEvent.Type.StyleChange:
            self.scheduleDelayedItemsLayout()
        super().changeEvent(event)
