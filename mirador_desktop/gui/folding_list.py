"""The sidebar's list as far as conversations stand in it: what is selected, folders that open, renaming, keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QMetaMethod, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QWidget

from mirador_desktop.core.conversation import Conversation, Folder
from mirador_desktop.gui.conversation_delegate import ConversationDelegate
from mirador_desktop.gui.conversation_model import CONVERSATION, ConversationModel
from mirador_desktop.gui.dragging_list import DraggingList
from mirador_desktop.gui.folder_acts import Act
from mirador_desktop.gui.folder_rows import ARCHIVE, Drawer, key_of
from mirador_desktop.gui.theme import Theme

_Key = Qt.Key
_ENTER = (_Key.Key_Return, _Key.Key_Enter)
_Select = QItemSelectionModel.SelectionFlag


class FoldingList(DraggingList):
    """Shows conversations in folders and groups.

    Attributes:
        undo_words: what can be undone, "" for nothing.

    Signals:
        renamed: conversation and new title.
        pinned: a conversation (or a list of some) and whether it shall be.
        deleted: the person deleted a conversation (or a list of some).
        folded: the folders that are open now.
        export_wanted: conversations are to be exported: their identifiers.
        tag_wanted: all conversations with this tag shall be shown.
    """

    renamed = Signal(object, str)
    pinned = Signal(object, bool)
    deleted = Signal(object)
    folded = Signal(list)
    export_wanted = Signal(list)
    tag_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        model = ConversationModel(parent)
        super().__init__(theme, model, parent)
        self._list_model = model
        model.setParent(self)
        model.renamed.connect(self.renamed)
        model.folder_renamed.connect(
            lambda folder, name: self.wanted.emit(Act("rename folder", folder=folder, value=name))
        )
        self._list_delegate = ConversationDelegate(theme, self)
        self.setModel(model)
        self.setItemDelegate(self._list_delegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self._missed: Callable[[], None] | None = None
        self._chosen = ""
        self.undo_words = ""

    @property
    def can_export(self) -> bool:
        """Whether somebody listens to `export_wanted`."""
        return self.isSignalConnected(QMetaMethod.fromSignal(self.export_wanted))

    @property
    def shows_results(self) -> bool:
        """Whether the list shows what was found."""
        return self.model() is not self._list_model

    def heights(self) -> Sequence[int]:
        """The height of each row, px."""
        return super().heights() if self.shows_results else self._list_delegate.heights(self._list_model.rows)

    # ── what is shown ──────────────────────────────────────────────────────────────────────────────────

    @property
    def folders(self) -> Mapping[str, Folder]:
        """The folders by their identifiers."""
        return {folder.id: folder for folder in self._list_model.folders}

    @property
    def conversations(self) -> Sequence[Conversation]:
        """All conversations, those that are not seen too."""
        return self._list_model.conversations

    @property
    def sorting(self) -> str:
        """How the list is sorted, see `folder_rows.SORTS`."""
        return self._list_model.sorting

    def set_sort(self, sort: str) -> None:
        """Sort the list in another way."""
        if sort != self._list_model.sorting:
            self._list_model.sorting = sort
            self._arrange()

    def show_conversations(
        self, conversations: Sequence[Conversation], chosen: str, folders: Sequence[Folder] | None = None
    ) -> None:
        """Show these; `chosen` is the one that is open. Without folders those that are known stay."""
        if self.state() == QAbstractItemView.State.EditingState:
            self._missed = lambda: self.show_conversations(conversations, chosen, folders)
            return
        model = self._list_model
        model.conversations = conversations
        model.folders = model.folders if folders is None else folders
        self._arrange()
        self.choose(chosen)

    def _arrange(self) -> None:
        """Bring the rows in line with what there is; place and selection stay."""
        if self.shows_results:
            self._list_model.arrange()
            return
        model, position = self._list_model, self.verticalScrollBar().value()
        selected = {key_of(model.rows[row]) for row in self.selected_rows()}
        current = model.row(self.currentIndex().row())
        if model.arrange():
            self.updateGeometries()
            self._select(selected)
            place = model.place_of(key_of(current)) if current is not None else -1
            if place >= 0:
                self.selectionModel().setCurrentIndex(model.index(place), _Select.NoUpdate)
            self.verticalScrollBar().setValue(position)
        self._list_delegate.open_in = model.drawers_of(self._chosen)

    def _select(self, keys: Iterable[object]) -> None:
        """Select the rows with these keys, and only them."""
        wanted = set(keys)
        rows = enumerate(self._list_model.rows) if wanted else ()
        self.select_rows([place for place, row in rows if key_of(row) in wanted])

    def choose(self, conversation_id: str) -> None:
        """Mark the one that is open. What else is selected stays so while it is the same one."""
        changed, self._chosen = conversation_id != self._chosen, conversation_id
        self._list_delegate.open = conversation_id
        self._list_delegate.open_in = self._list_model.drawers_of(conversation_id)
        self.viewport().update()
        if not self.shows_results and (changed or not self.selectionModel().hasSelection()):
            self._mark(conversation_id)

    def _mark(self, conversation_id: str) -> None:
        index = self._list_model.index_of(conversation_id)
        current = self.currentIndex()
        if index.isValid() and current.isValid() and current.data(CONVERSATION) is index.data(CONVERSATION):
            index = current  # one that is pinned stands in its folder too
        if index.isValid():
            self.selectionModel().setCurrentIndex(index, _Select.ClearAndSelect)
        else:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())  # or keys would act on what is not marked

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell what is selected from what is open, where that is not the same."""
        rows = [] if self.shows_results else self.selected_rows()
        only = self._list_model.row(rows[0]) if len(rows) == 1 else None
        several = len(rows) > 1 or (isinstance(only, Conversation) and only.id != self._chosen)
        if several != self._list_delegate.several:
            self._list_delegate.several = several
            self.viewport().update()
        super().selectionChanged(selected, deselected)

    # ── selection ──────────────────────────────────────────────────────────────────────────────────────

    def selected_conversations(self) -> list[Conversation]:
        """The conversations that are selected, each once, from top to bottom."""
        if self.shows_results:
            return []
        rows = [self._list_model.row(row) for row in self.selected_rows()]
        return list({row.id: row for row in rows if isinstance(row, Conversation)}.values())

    def selected_drawer(self) -> Drawer | None:
        """The folder (or the archive) that the keys act on: the current one, if no conversation is selected."""
        row = self._list_model.row(self.currentIndex().row()) if not self.shows_results else None
        return row if isinstance(row, Drawer) and not self.selected_conversations() else None

    def selectAll(self) -> None:
        """Select all conversations that are seen."""
        if not self.shows_results:
            self._select(row.id for row in self._list_model.rows if isinstance(row, Conversation))

    def select_in(self, folder_id: str) -> None:
        """Select what a folder holds."""
        if folder_id not in self._list_model.open:
            self.toggle(folder_id)
        model = self._list_model
        self._select(c.id for c in model.conversations if folder_id in model.drawers_of(c.id))

    # ── folding ────────────────────────────────────────────────────────────────────────────────────────

    def toggle(self, drawer_id: str) -> None:
        """Open a folder or the archive, or close it."""
        self._list_model.open ^= {drawer_id}
        self._arrange()
        if drawer_id != ARCHIVE:
            self.folded.emit(sorted(self._list_model.open - {ARCHIVE}))

    def set_open(self, folder_ids: Iterable[str]) -> None:
        """Show what these folders hold; the archive stays as it is."""
        self._list_model.open = set(folder_ids) | (self._list_model.open & {ARCHIVE})
        self._arrange()

    # ── renaming ───────────────────────────────────────────────────────────────────────────────────────

    def rename(self, conversation_id: str) -> None:
        """Let the person write another title in place."""
        self._edit(self._list_model.index_of(conversation_id))

    def rename_folder(self, folder_id: str) -> None:
        """Let the person write another name in place; the folder around it is opened for that."""
        folder = self._list_model.folder(folder_id)
        if folder is not None and folder.parent and folder.parent not in self._list_model.open:
            self.toggle(folder.parent)
        self._edit(self._list_model.index_of_folder(folder_id))

    def _edit(self, index: QModelIndex) -> None:
        if index.isValid() and not self.shows_results:
            self.setFocus()
            self.setCurrentIndex(index)
            self.edit(index)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """Renaming is over: show what has come meanwhile."""
        super().closeEditor(editor, hint)
        missed, self._missed = self._missed, None
        if missed is not None:
            QTimer.singleShot(0, self, missed)

    def step(self, step: int) -> None:
        """Move to the next entry that can be opened, 1 down or -1 up; from outside to the first one."""
        row = self.next_row(self.currentIndex().row(), step)
        if row >= 0:
            self.setCurrentIndex(self.model().index(row, 0))

    # ── keys ───────────────────────────────────────────────────────────────────────────────────────────

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key is for in the list of conversations; False if it is for nothing here."""
        key, drawer = event.key(), self.selected_drawer()
        if event.matches(QKeySequence.StandardKey.Undo):
            self.wanted.emit(Act("undo"))
        elif key == _Key.Key_Escape and self._list_delegate.several:
            self._mark(self._chosen)
        elif key == _Key.Key_Delete:
            selected = self.selected_conversations()
            if selected:
                self.deleted.emit(selected[0] if len(selected) == 1 else selected)
            elif drawer is not None and drawer.folder is not None:
                self.wanted.emit(Act("delete folder", folder=drawer.folder))
        elif (drawer is not None and (key in _ENTER or key == _Key.Key_Space)) or (
            drawer is not None and key == (_Key.Key_Left if drawer.is_open else _Key.Key_Right)
        ):
            self.toggle(drawer.id)
        elif key == _Key.Key_Right and drawer is not None:
            self.step(1)
        elif key == _Key.Key_Left:
            around = self._list_model.index_of_folder(self._list_model.section(self.currentIndex().row()))
            if around.isValid() and drawer is not None and drawer.folder is not None:
                around = self._list_model.index_of_folder(drawer.folder.parent)
            if around.isValid():
                self.setCurrentIndex(around)
        else:
            return False
        return True
