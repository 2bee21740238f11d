"""The list of conversations in the sidebar: folders, groups by date, renaming in place, dragging, menus."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QWidget

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.gui.conversation_model import CONVERSATION, ENTRY, group_of, when
from mirador_desktop.gui.folder_acts import Act
from mirador_desktop.gui.folder_rows import Drawer
from mirador_desktop.gui.folding_list import FoldingList
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.core.search_results import Found
    from mirador_desktop.gui.search_results import SearchResults

__all__ = ["CONVERSATION", "ConversationList", "group_of", "when"]

_CHANGES_SELECTION = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class ConversationList(FoldingList):
    """The list itself.

    Attributes:
        shown_text: what was typed for the results that are shown.

    Signals:
        opened: the person chose a conversation.
        found_opened: the person chose something that was found (`search_results.Entry`).
        left: the person gives the search up.
    """

    opened = Signal(object)
    found_opened = Signal(object)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.setObjectName("conversationList")
        self.setAccessibleName("Conversations")
        self.setMouseTracking(True)
        self.clicked.connect(self._clicked)
        self.activated.connect(self._open)
        self._opened_at = 0.0
        self._modifiers, self._released = Qt.KeyboardModifier.NoModifier, QPoint()
        self.shown_text = ""

    # ── what is found ──────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def results(self) -> SearchResults:
        """What was found, made when something is searched for."""
        from mirador_desktop.gui.search_results import SearchResults

        return SearchResults(self._theme, self)

    def show_results(self, found: Found) -> None:
        """Show what was found in place of the conversations."""
        self.results.model.show(found)
        self.shown_text = found.query.text
        if not self.shows_results:
            self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
            self.setModel(self.results.model)
            self.setItemDelegate(self.results.delegate)
        self.lay_out()
        self.scrollToTop()

    def leave_results(self) -> None:
        """Show the conversations again."""
        if self.shows_results:
            self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
            self.setModel(self._list_model)
            self.setItemDelegate(self._list_delegate)
            self.lay_out()
            self._mark(self._chosen)

    def _found(self, index: QModelIndex) -> Conversation | None:
        """The conversation of a row of what was found, None for a note or a filter."""
        from mirador_desktop.gui.search_results import Entry

        entry = index.data(ENTRY) if index.isValid() else None
        return entry.found.conversation if isinstance(entry, Entry) else None

    def open_current(self) -> None:
        """Open what is marked, or the first entry."""
        if not self.currentIndex().isValid():
            self.step(1)
        self._open(self.currentIndex())

    # ── opening and renaming ───────────────────────────────────────────────────────────────────────────

    def _clicked(self, index: QModelIndex) -> None:
        if self._modifiers & _CHANGES_SELECTION and not self.shows_results:
            return
        row = self._list_model.row(index.row()) if not self.shows_results else None
        if isinstance(row, Drawer):
            self.toggle(row.id)
            return
        place = self.viewport().mapFromGlobal(self._released)
        tag = "" if row is None else self._list_delegate.tag_at(
            self._list_model, index.row(), self.visualRect(index), place.x(), place.y()
        )  # fmt: skip
        if tag:
            self.tag_wanted.emit(tag)
        else:
            self._open(index)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Keep what the click is made with."""
        self._modifiers, self._released = event.modifiers(), event.globalPosition().toPoint()
        super().mouseReleaseEvent(event)

    def _open(self, index: QModelIndex) -> None:
        if not index.isValid() or time.monotonic() - self._opened_at <= 0.05:  # click and activation are one
            return
        entry, conversation = index.data(ENTRY), index.data(CONVERSATION)
        if entry is None and conversation is None:
            return
        self._opened_at = time.monotonic()
        if entry is not None:
            self.found_opened.emit(entry)
        else:
            self.opened.emit(conversation)

    # ── keys and menus ─────────────────────────────────────────────────────────────────────────────────

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of what is under the mouse, or for the menu key of what is marked."""
        if event.reason() != QContextMenuEvent.Reason.Keyboard:
            self._menu(self.indexAt(event.pos()), event.pos())
            return
        self.scrollTo(self.currentIndex())
        self._menu(self.currentIndex(), self.visualRect(self.currentIndex()).center())

    def _menu(self, index: QModelIndex, where: QPoint) -> None:
        from mirador_desktop.gui.folder_menus import conversations_menu, drawer_menu, empty_menu

        found = self._found(index) if self.shows_results else None
        if self.shows_results and found is None:
            return
        row = found or (self._list_model.row(index.row()) if index.isValid() else None)
        if isinstance(row, Drawer):
            menu = drawer_menu(self, row)
        elif isinstance(row, Conversation):
            selected = self.selected_conversations()
            menu = conversations_menu(self, selected if any(c.id == row.id for c in selected) else [row])
        else:
            menu = empty_menu(self)
        menu.popup(self.viewport().mapToGlobal(where))

    def event(self, event: QEvent) -> bool:
        """Keep Escape from the window while there is a selection or a search to give up."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            gives_up = self._list_delegate.several or self.shows_results
            if gives_up and event.key() == Qt.Key.Key_Escape:
                event.accept()  # before the window takes it to stop an answer
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete, undo, and the keys that open and close folders or end the search."""
        edits = self.state() == QAbstractItemView.State.EditingState  # what the field has left over comes here
        press = self._press_found if self.shows_results else self.press
        if edits or not press(event):
            super().keyPressEvent(event)

    def _press_found(self, event: QKeyEvent) -> bool:
        """Do what a key is for among what was found; False if it is for nothing here."""
        found = self._found(self.currentIndex())
        if event.matches(QKeySequence.StandardKey.Undo):
            self.wanted.emit(Act("undo"))
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() == Qt.Key.Key_Delete and found is not None:
            self.deleted.emit(found)
        else:
            return False
        return True

    def changeEvent(self, event: QEvent) -> None:
        """Sizes depend on the style."""
        if event.type() == QEvent.Type.StyleChange:
            self.scheduleDelayedItemsLayout()
        super().changeEvent(event)
