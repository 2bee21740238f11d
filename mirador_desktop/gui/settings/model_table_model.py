"""The rows behind the table of models: which are shown, in which order, and what their cells say."""

import time
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

from mirador_desktop.core.model_rows import Column, Row, matching, ordered, searched
from mirador_desktop.gui.settings.model_columns import COLUMNS
from mirador_desktop.gui.settings.model_delegate import ROW_ROLE, cell_words

_NONE = QModelIndex()
_Index = QModelIndex | QPersistentModelIndex


class ModelTableModel(QAbstractTableModel):
    """The rows that are shown, in their order."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self._all: list[Row] = []
        self._texts: dict[str, str] = {}
        self._words, self._host = "", ""
        self.column: Column = "name"
        self.downwards = False

    def set_rows(self, rows: Sequence[Row]) -> bool:
        """Take the rows; returns whether anything is different."""
        if list(rows) == self._all:
            return False
        self._all = list(rows)
        self._texts = {row.name: searched(row) for row in rows}
        self._arrange()
        return True

    def set_filter(self, words: str, host: str) -> None:
        """Show only rows that match."""
        if (words, host) != (self._words, self._host):
            self._words, self._host = words, host
            self._arrange()

    def set_order(self, column: Column) -> None:
        """Sort by a column; by the same one again: the other way round. Amounts begin with the largest."""
        if column == self.column:
            self.downwards = not self.downwards
        else:
            self.column, self.downwards = column, column not in ("name", "quantisation", "can", "uses")
        self._arrange()

    @property
    def count(self) -> int:
        """How many there are, shown or not."""
        return len(self._all)

    def _arrange(self) -> None:
        rows = ordered(matching(self._all, self._words, self._host, self._texts), self.column, self.downwards)
        if [r.name for r in rows] == [r.name for r in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: _Index = _NONE) -> int:
        """See Qt."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _NONE) -> int:
        """See Qt."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The row itself for painting; its words for screen readers and tool tips."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, key = self.rows[index.row()], COLUMNS[index.column()].key
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row, key)
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        return cell_words(row, key)

    def _tip(self, row: Row, key: Column) -> str:
        if key == "name":
            return "\n".join((row.name, *row.hosts))
        if key == "uses":
            return "\n".join(f"{use.stage} in {use.pipeline}" for use in row.uses)
        if key == "memory" and len(row.places) > 1:
            lines = [
                (p.host, Row(row.name, (p,), (), row.load_seconds).memory_words(time.time())) for p in row.places
            ]
            return "\n".join(f"{host}: {', '.join(w for w in words if w)}" for host, words in lines)
        return cell_words(row, key)
