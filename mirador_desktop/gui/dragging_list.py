"""The sidebar's list as far as it is dragged from and dropped on."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFontMetrics,
    QPainter,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractItemView, QWidget

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.conversation import Conversation, Folder
from mirador_desktop.gui.conversation_model import ConversationModel
from mirador_desktop.gui.folder_drag import Dragged, Drop, MimeOf, drop_at, pack, unpack
from mirador_desktop.gui.folder_rows import Drawer
from mirador_desktop.gui.painting import focus_ring
from mirador_desktop.gui.row_list import RowList
from mirador_desktop.gui.theme import Theme

_OPENS_AFTER = 600
"""Milliseconds of hovering after which a closed folder opens."""


class DraggingList(RowList):
    """Drags conversations and folders, and takes them in.

    Attributes:
        mime_of: makes what other programs get when conversations are dragged there; None for nothing.

    Signals:
        wanted: something shall be done (`folder_acts.Act`), here because of a drop.
    """

    wanted = Signal(object)
    _carried: Dragged | None = None  # asked for before `__init__` has ended

    def __init__(self, theme: Theme, model: ConversationModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._dropped_on = theme, model
        self.mime_of: MimeOf | None = None
        self._drop: Drop | None = None
        self._over = QPoint()
        self._opening = ""
        self._hover = QTimer(self)
        self._hover.setSingleShot(True)
        self._hover.setInterval(_OPENS_AFTER)
        self._hover.timeout.connect(self._open_hovered)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDropIndicatorShown(False)
        self.setAutoScrollMargin(28)

    def selected_conversations(self) -> list[Conversation]:
        """The conversations that are selected."""
        raise NotImplementedError

    def selected_drawer(self) -> Drawer | None:
        """The folder that keys act on."""
        raise NotImplementedError

    def toggle(self, drawer_id: str) -> None:
        """Open a folder, or close it."""
        raise NotImplementedError

    @property
    def drop(self) -> Drop | None:
        """What a drop would do now, None while nothing is dragged over a place that takes it."""
        return self._drop

    # ── dragging from here ─────────────────────────────────────────────────────────────────────────────

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Begin to drag what is selected. Escape ends it, as everywhere."""
        if self.model() is not self._dropped_on:
            return
        chosen = self.selected_conversations()
        drawer = self.selected_drawer()
        folder = drawer.folder if drawer is not None else None
        if not chosen and folder is None:
            return
        drag = QDrag(self)
        drag.setMimeData(pack([c.id for c in chosen], folder, self.mime_of))
        drag.setPixmap(self._label(chosen, folder))
        drag.setHotSpot(QPoint(-12, -8))
        drag.exec(actions, Qt.DropAction.MoveAction)
        self._leave()

    def _label(self, chosen: list[Conversation], folder: Folder | None) -> QPixmap:
        """What hangs on the mouse: a title, a name, or how many."""
        theme, c = self._theme, self._theme.colours
        if folder is not None and not chosen:
            words = folder.name
        else:
            words = (chosen[0].title or "Untitled") if len(chosen) == 1 else count_words(len(chosen), "conversation")
        metrics = QFontMetrics(theme.font(9.5))
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, theme.px(200))
        wide, high, ratio = metrics.horizontalAdvance(words) + theme.px(20), theme.px(30), self.devicePixelRatioF()
        picture = QPixmap(round(wide * ratio), round(high * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(c.line))
        painter.setBrush(QColor(c.raised))
        painter.drawRoundedRect(QRectF(0.5, 0.5, wide - 1, high - 1), theme.px(8), theme.px(8))
        painter.setPen(QColor(c.text))
        painter.setFont(theme.font(9.5))
        painter.drawText(QRectF(0, 0, wide, high), Qt.AlignmentFlag.AlignCenter, words)
        painter.end()
        return picture

    # ── dropping here ──────────────────────────────────────────────────────────────────────────────────

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take what comes from this list."""
        if self._dragged(event) is not None:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Mark where it would be dropped; a closed folder opens after a moment."""
        super().dragMoveEvent(event)  # scrolls near the edges
        self._over, self._carried = event.position().toPoint(), self._dragged(event)
        self._mark_drop()
        row = self._dropped_on.row(self.row_at(self._over.y())) if self._carried is not None else None
        closed = row.id if isinstance(row, Drawer) and not row.is_open else ""
        if closed != self._opening:
            self._opening = closed
            self._hover.start() if closed else self._hover.stop()
        if self._drop is not None:
            event.setDropAction(Qt.DropAction.MoveAction)
            event.accept()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It went elsewhere, or was given up."""
        super().dragLeaveEvent(event)
        self._leave()

    def dropEvent(self, event: QDropEvent) -> None:
        """Do what the mark has promised."""
        self._over, self._carried = event.position().toPoint(), self._dragged(event)
        self._mark_drop()
        drop = self._drop
        self._leave()
        self.setState(QAbstractItemView.State.NoState)
        if drop is None:
            event.ignore()
            return
        event.setDropAction(Qt.DropAction.MoveAction)
        event.accept()
        self.wanted.emit(drop.act)

    def _dragged(self, event: QDropEvent) -> Dragged | None:
        return unpack(event.mimeData()) if self.model() is self._dropped_on else None

    def _mark_drop(self) -> None:
        """Mark where a drop would go from where the mouse is now."""
        carried = self._carried
        drop = drop_at(self._dropped_on, self.row_at(self._over.y()), carried) if carried is not None else None
        if drop != self._drop:
            self._drop = drop
            self.viewport().update()

    def _open_hovered(self) -> None:
        opening, self._opening = self._opening, ""
        if opening:
            self.toggle(opening)

    def updateGeometries(self) -> None:
        """Rows may have come or gone below what is carried."""
        super().updateGeometries()
        if self._carried is not None:
            self._mark_drop()

    def _leave(self) -> None:
        self._hover.stop()
        self._drop, self._carried, self._opening = None, None, ""
        self.viewport().update()

    def paint_above(self, painter: QPainter) -> None:
        """Paint a ring around where something would be dropped."""
        if self._drop is None:
            return
        theme, model = self._theme, self._dropped_on
        if self._drop.first < 0:  # the empty place below all rows
            end = self.visualRect(model.index(model.rowCount() - 1, 0)).bottom() if model.rowCount() else 0
            box = self.viewport().rect().adjusted(0, end + theme.px(4), 0, 0)
        else:
            first, last = (self.visualRect(model.index(row, 0)) for row in (self._drop.first, self._drop.last))
            box = first.united(last)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focus_ring(painter, theme, QRectF(box).adjusted(1, 3, -1, -3), theme.px(8))
