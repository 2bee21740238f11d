"""A list of turns in which only those near the viewport exist as widgets: where they stand, and how it scrolls.

The truth about the position is an anchor: a turn (and the panel in it at the top of the viewport) with an offset.
The scroll bar follows from it, so that text that grows above, heights that turn out different from their
estimate, and turns that are put in front never move what the person reads. Following the end replaces the
anchor until the person scrolls up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QWidget

from mirador_desktop.gui.heights import Heights
from mirador_desktop.gui.look import COLUMN, COLUMNS, Look
from mirador_desktop.gui.parts import IconButton

if TYPE_CHECKING:
    from mirador_desktop.core.conversation import Turn
    from mirador_desktop.gui.stage_panel import StagePanel
    from mirador_desktop.gui.turn_view import TurnView

_MARGIN = 26
_GAP = 14
_AHEAD = 0.6  # of the viewport's height: how far above and below views are made


@dataclass(slots=True)
class Anchor:
    """What stays where it is: a part of a turn, and how far its top is above the viewport's top."""

    place: int
    part: StagePanel | None
    offset: int


class TurnList(QAbstractScrollArea):
    """Places the views of turns, makes those that come near and lets go of those far away.

    Attributes:
        following: whether the end stays in sight while text comes.

    Signals:
        needed: identifiers of turns that come near the viewport and have not been provided yet.
        made: a view was made for a turn; whoever listens connects its signals.
        link_hovered: the address of the link under the mouse, or "".
    """

    needed = Signal(list)
    made = Signal(object)
    link_hovered = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.setObjectName("turnList")
        self.setAccessibleName("Conversation")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._ids: list[str] = []
        self._places: dict[str, int] = {}
        self._heights = Heights()
        self._turns: dict[str, Turn] = {}
        self._views: dict[str, TurnView] = {}
        self._asked: set[str] = set()
        self._dirty: set[str] = set()
        self._anchor = Anchor(0, None, 0)
        self.following = True
        self._placing = False
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self._to_end = IconButton(look.theme, "arrow-down", "Go to the end", self, side=34)
        self._to_end.setObjectName("goToEnd")
        self._to_end.setProperty("kind", "")
        self._to_end.clicked.connect(self.follow)
        self._to_end.hide()
        clock, key = look.clock, id(self)
        self.destroyed.connect(lambda: clock.forget(key))

    def follow(self) -> None:
        """Go to the end and stay there while text comes."""
        self.following = True
        self._place()

    def _column(self) -> tuple[int, int]:
        """Left edge and width of the text column."""
        theme, room = self.look.theme, self.width()  # with the scroll bar: in line with the composer below
        widest = theme.px(COLUMNS if self.look.layout == "columns" else COLUMN)
        width = max(200, min(widest, room - 2 * _MARGIN))
        return (room - width) // 2, width

    def _request(self) -> None:
        self.look.clock.request(id(self), self._place_in_frame)

    def _place_in_frame(self, deadline: float) -> bool:
        return self._place(deadline)

    def _grew(self, turn_id: str) -> None:
        self._dirty.add(turn_id)
        self._request()

    def _place(self, deadline: float | None = None) -> bool:
        """Put the turns around the anchor; make those that come near, let go of those far away.

        Returns:
            Whether views are still to be made because the deadline was reached.
        """
        if self._placing:
            return False
        self._placing = True
        try:
            more = self._place_around_anchor(deadline)
        finally:
            self._placing = False
        return more

    def _place_around_anchor(self, deadline: float | None) -> bool:
        height = self.viewport().height()
        if not self._ids:
            self._follow_up(0, height)
            return False
        x, width = self._column()
        top, more = self._top_of_viewport(height), False
        margin = 0.0 if deadline is None else _AHEAD  # at once only what is in sight, the rest in later frames
        for _ in range(3):  # heights of new views change what is near; twice is enough in practice
            near = self._near(top, height, margin)
            sight = self._near(top, height, 0.0)
            more = self._make(sorted(near, key=lambda place: place not in sight), width, deadline)
            top = self._top_of_viewport(height)
            if more or near == self._near(top, height, margin):
                break
        if deadline is None and any(self._can_make(place) for place in self._near(top, height, _AHEAD)):
            self._request()
        near = self._near(top, height, 1.5)
        for turn_id in [i for i in self._views if self._places[i] not in near]:
            view = self._views[turn_id]
            if not view.isAncestorOf(self.focusWidget() or self):
                self._let_go(self._views.pop(turn_id))
        for turn_id, view in self._views.items():
            view.move(x, self._heights.before(self._places[turn_id]) - top + self._top_margin())
            view.show()
        missing = [self._ids[p] for p in near if self._ids[p] not in self._turns and self._ids[p] not in self._asked]
        if missing:
            self._asked.update(missing)
            self.needed.emit(missing)
        self._follow_up(top, height)
        return more

    def _top_margin(self) -> int:
        return self.look.theme.px(4)

    def _top_of_viewport(self, height: int) -> int:
        """Offset of the viewport's top from the top of all turns, from the anchor."""
        last = max(0, self._heights.total + 2 * self._top_margin() - height)
        if self.following:
            return last
        anchor = self._anchor
        top, part = self._heights.before(anchor.place) + anchor.offset, anchor.part
        if part is not None:
            view = self._views.get(self._ids[anchor.place])
            if view is not None and view.isAncestorOf(part):
                top += part.y()
                if part.folded and anchor.offset > part.height():  # folded while it was read: show its header
                    top -= anchor.offset
        return max(0, min(top, last))

    def _near(self, top: int, height: int, margin: float) -> range:
        extra = round(height * margin)
        first = self._heights.find(max(0, top - extra))
        return range(first, self._heights.find(top + height + extra) + 1)

    def _can_make(self, place: int) -> bool:
        return self._ids[place] not in self._views and self._ids[place] in self._turns

    def _make(self, near: Sequence[int], width: int, deadline: float | None) -> bool:
        """Make and measure views, in the given order; True if the time was up."""
        for place in near:
            turn_id = self._ids[place]
            view = self._views.get(turn_id)
            if view is None:
                turn = self._turns.get(turn_id)
                if turn is None:
                    continue
                if deadline is not None and perf_counter() > deadline:
                    return True
                from mirador_desktop.gui.turn_view import TurnView  # imported behind the first paint

                view = TurnView(self.look, turn, place + 1, self.viewport())
                view.grew.connect(lambda i=turn_id: self._grew(i))
                view.link_hovered.connect(self.link_hovered)
                self._views[turn_id] = view
                self.made.emit(view)
            elif turn_id not in self._dirty and view.width() == width:
                continue
            self._dirty.discard(turn_id)
            self._heights.set(place, view.set_width(width) + self.look.gap(_GAP))
            self._dirty.discard(turn_id)
        return False

    def _let_go(self, view: TurnView) -> None:
        if self._anchor.part is not None and view.isAncestorOf(self._anchor.part):
            self._anchor.part = None
        if view.isAncestorOf(QApplication.focusWidget() or self):
            self.setFocus()  # else Qt looks for another widget, and scrolls to it
        view.hide()
        view.setParent(None)
        view.deleteLater()

    def _follow_up(self, top: int, height: int) -> None:
        """Bring scroll bar, anchor and button in line with what is shown."""
        bar = self.verticalScrollBar()
        last = max(0, self._heights.total + 2 * self._top_margin() - height)
        bar.blockSignals(True)
        bar.setRange(0, last)
        bar.setPageStep(height)
        bar.setSingleStep(self.look.theme.px(40))
        bar.setValue(top)
        bar.blockSignals(False)
        if self._ids:
            self._set_anchor(top)
        far = bool(self._ids) and not self.following and last - top > self.look.theme.px(60)
        self._to_end.setVisible(far)
        if far:
            side = self.look.theme.px(34)
            self._to_end.setGeometry((self.width() - side) // 2, self.height() - side - 10, side, side)
            self._to_end.raise_()

    def _set_anchor(self, top: int) -> None:
        place = self._heights.find(top)
        offset = top - self._heights.before(place)
        view = self._views.get(self._ids[place])
        part: StagePanel | None = None
        if view is not None:
            part, offset = view.anchor_at(offset)
        self._anchor = Anchor(place, part, offset)

    def _scrolled(self, value: int) -> None:
        """The person moved the scroll bar."""
        bar = self.verticalScrollBar()
        self.following = value >= bar.maximum() - 2
        if not self._ids:  # another branch is about to take their place
            return
        self._set_anchor(value)
        self._place(perf_counter() + 0.006)
        if any(self._can_make(place) for place in self._near(value, self.viewport().height(), _AHEAD)):
            self._request()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The column gets another width: lay out again."""
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ring while the list itself has the focus, for the keys that scroll."""
        if self.hasFocus():
            painter = QPainter(self.viewport())
            painter.setPen(QPen(QColor(self.look.theme.colours.focus), 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))
            painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the ring."""
        super().focusOutEvent(event)
        self.viewport().update()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Views are placed by `_place`, not scrolled by Qt."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll by exact pixels where the device has them."""
        pixels = event.pixelDelta().y() or round(event.angleDelta().y() / 120 * 3 * self.look.theme.px(28))
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() - pixels)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Page and arrow keys scroll, Home and End go to the ends."""
        bar, page = self.verticalScrollBar(), round(self.viewport().height() * 0.9)
        steps = {
            Qt.Key.Key_Up: -bar.singleStep(),
            Qt.Key.Key_Down: bar.singleStep(),
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -bar.maximum(),
            Qt.Key.Key_End: bar.maximum(),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            bar.setValue(bar.value() + step)
