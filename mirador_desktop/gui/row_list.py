"""A list of rows of different heights that stays quick with many thousands of them.

Qt's own lists ask the delegate for the size of every row whenever the model changes. Here a subclass may give all
heights at once, and a row is found by halving.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPoint,
    QRect,
    Qt,
)
from PySide6.QtGui import QHoverEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QStyleOptionViewItem, QWidget

from mirador_desktop.gui.conversation_model import Index

_Move = QAbstractItemView.CursorAction
_Hint = QAbstractItemView.ScrollHint
_SELECTABLE = Qt.ItemFlag.ItemIsSelectable
_STEPS = {_Move.MoveUp: -1, _Move.MovePrevious: -1, _Move.MoveDown: 1, _Move.MoveNext: 1}


class RowList(QAbstractItemView):
    """Shows a flat model, one row below the other."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._tops: list[int] = [0]
        self._stale = True
        self._hovered = -1
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)

    def heights(self) -> Sequence[int]:
        """The height of each row, px: here the delegate's word."""
        option, model = QStyleOptionViewItem(), self.model()
        self.initViewItemOption(option)
        option.rect = self.viewport().rect()
        return [self.itemDelegate().sizeHint(option, model.index(row, 0)).height() for row in range(model.rowCount())]

    # ── place ──────────────────────────────────────────────────────────────────────────────────────────

    def lay_out(self) -> None:
        """Find all places anew, now."""
        self._stale = True
        self.updateGeometries()
        self.viewport().update()

    def _places(self) -> list[int]:
        """Where each row begins, and where the last one ends, px from the top of the first."""
        if self._stale:
            self._stale = False
            self._tops = [0, *accumulate(self.heights() if self.model() is not None else ())]
        return self._tops

    def row_at(self, y: int) -> int:
        """The row at a height of the viewport, -1 where there is none."""
        tops = self._places()
        place = y + self.verticalOffset()
        return bisect_right(tops, place) - 1 if 0 <= place < tops[-1] else -1

    def rows_in(self, area: QRect) -> range:
        """The rows that are seen in a part of the viewport."""
        tops, offset = self._places(), self.verticalOffset()
        count = len(tops) - 1
        first = min(max(bisect_right(tops, area.top() + offset) - 1, 0), count)
        return range(first, max(first, min(bisect_right(tops, area.bottom() + offset), count)))

    def doItemsLayout(self) -> None:
        """Find all places anew."""
        self._stale = True
        super().doItemsLayout()

    def reset(self) -> None:
        """The model shows something else."""
        self._stale, self._hovered = True, -1
        super().reset()

    def updateGeometries(self) -> None:
        """Let the bar reach to the last row."""
        super().updateGeometries()
        bar, high = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(high)
        bar.setSingleStep(24)
        bar.setRange(0, max(0, self._places()[-1] - high))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Heights may depend on the width."""
        if event.size().width() != event.oldSize().width():
            self._stale = True
        super().resizeEvent(event)
        self.updateGeometries()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move what is painted, with the editor that may stand on it."""
        self.viewport().scroll(dx, dy)

    def visualRect(self, index: Index) -> QRect:
        """Where a row is in the viewport."""
        tops = self._places()
        if not index.isValid() or index.row() >= len(tops) - 1:
            return QRect()
        top = tops[index.row()]
        return QRect(0, top - self.verticalOffset(), self.viewport().width(), tops[index.row() + 1] - top)

    def indexAt(self, point: QPoint) -> QModelIndex:
        """The row at a point of the viewport."""
        row = self.row_at(point.y())
        inside = row >= 0 and 0 <= point.x() < self.viewport().width()
        return self.model().index(row, 0) if inside else QModelIndex()

    def scrollTo(self, index: Index, hint: QAbstractItemView.ScrollHint = _Hint.EnsureVisible) -> None:
        """Bring a row into sight."""
        self.updateGeometries()
        box, bar, high = self.visualRect(index), self.verticalScrollBar(), self.viewport().height()
        if box.isNull():
            return
        below = box.bottom() + 1 - high
        if hint == _Hint.PositionAtTop or (hint == _Hint.EnsureVisible and (box.top() < 0 or box.height() > high)):
            bar.setValue(bar.value() + box.top())
        elif hint == _Hint.PositionAtCenter:
            bar.setValue(bar.value() + box.center().y() - high // 2)
        elif hint == _Hint.PositionAtBottom or below > 0:
            bar.setValue(bar.value() + below)

    def horizontalOffset(self) -> int:
        """It does not scroll sideways."""
        return 0

    def verticalOffset(self) -> int:
        """How far it is scrolled, px."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        """No row is."""
        return False

    # ── the cursor and what is selected ────────────────────────────────────────────────────────────────

    def next_row(self, row: int, step: int) -> int:
        """The next row in a direction that can be chosen, -1 if there is none."""
        model, row = self.model(), row + step
        while 0 <= row < model.rowCount():
            if model.flags(model.index(row, 0)) & _SELECTABLE:
                return row
            row += step
        return -1

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Where a key leads from the current row."""
        model, row = self.model(), self.currentIndex().row()
        last = model.rowCount()
        if action in _STEPS:
            found = self.next_row(row, _STEPS[action])
            found = self.next_row(-1, 1) if found < 0 and row < 0 else found
        elif action == _Move.MoveHome:
            found = self.next_row(-1, 1)
        elif action == _Move.MoveEnd:
            found = self.next_row(last, -1)
        elif action in (_Move.MovePageUp, _Move.MovePageDown):
            found = self._page(row, -1 if action == _Move.MovePageUp else 1)
        else:
            found = row
        return model.index(found if found >= 0 else row, 0)

    def _page(self, row: int, step: int) -> int:
        tops, count = self._places(), len(self._tops) - 1
        if not count:
            return -1
        aim = tops[max(row, 0)] + step * self.viewport().height()
        target = min(max(bisect_right(tops, aim) - 1, 0), count - 1)
        back = self.next_row(target + step, -step)  # the target itself, or the next one on the way back
        return back if back >= 0 else self.next_row(target, step)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Select the rows in a part of the viewport."""
        rows, model = self.rows_in(rect.normalized()), self.model()
        selection = QItemSelection()
        if rows:
            selection.select(model.index(rows[0], 0), model.index(rows[-1], 0))
        self.selectionModel().select(selection, command)

    def selected_rows(self) -> list[int]:
        """The rows that are selected, from top to bottom; headings between them too."""
        parts = _parts(self.selectionModel().selection())
        return sorted(row for part in parts for row in range(part.top(), part.bottom() + 1))

    def select_rows(self, rows: Sequence[int]) -> None:
        """Select these rows, and only them.

        Args:
            rows: from top to bottom.
        """
        selection, model, first = QItemSelection(), self.model(), 0
        for place in range(1, len(rows) + 1):
            if place == len(rows) or rows[place] != rows[place - 1] + 1:  # a run ends here
                selection.append(QItemSelectionRange(model.index(rows[first], 0), model.index(rows[place - 1], 0)))
                first = place
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """Where selected rows are in the viewport."""
        region, seen = QRegion(), self.viewport().rect()
        for part in _parts(selection):
            whole = self.visualRect(part.topLeft()).united(self.visualRect(part.bottomRight()))
            region += whole.intersected(seen)
        return region

    # ── painting ───────────────────────────────────────────────────────────────────────────────────────

    def viewportEvent(self, event: QEvent) -> bool:
        """Note what the mouse is over."""
        if event.type() in (QEvent.Type.HoverEnter, QEvent.Type.HoverMove, QEvent.Type.HoverLeave):
            over = isinstance(event, QHoverEvent) and event.type() != QEvent.Type.HoverLeave
            row = self.row_at(round(event.position().y())) if over and isinstance(event, QHoverEvent) else -1
            if row != self._hovered:
                for each in (row, self._hovered):
                    self.viewport().update(self.visualRect(self.model().index(each, 0)))
                self._hovered = row
        return super().viewportEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows that are seen."""
        from PySide6.QtWidgets import QStyle  # 10 ms, and there is nothing to paint at the start

        painter, model = QPainter(self.viewport()), self.model()
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        current = self.currentIndex().row() if self.hasFocus() else -1
        selection, delegate, state = self.selectionModel(), self.itemDelegate(), option.state
        for row in self.rows_in(event.rect()):
            index = model.index(row, 0)
            option.rect = self.visualRect(index)
            option.state = state & ~(
                QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_MouseOver
            )
            if selection.isSelected(index):
                option.state |= QStyle.StateFlag.State_Selected
            if row == current:
                option.state |= QStyle.StateFlag.State_HasFocus
            if row == self._hovered:
                option.state |= QStyle.StateFlag.State_MouseOver
            delegate.paint(painter, option, index)
        self.paint_above(painter)
        painter.end()

    def paint_above(self, painter: QPainter) -> None:
        """Paint what stands above the rows."""


def _parts(selection: QItemSelection) -> list[QItemSelectionRange]:
    return [selection.at(place) for place in range(selection.count())]
