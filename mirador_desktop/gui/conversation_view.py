"""The turns of a conversation: what is shown of the branch, and how events reach it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtWidgets import QWidget

from mirador_desktop.gui.heights import Heights
from mirador_desktop.gui.turn_list import Anchor, TurnList

if TYPE_CHECKING:
    from mirador_desktop.core.conversation import Turn, TurnOutline
    from mirador_desktop.core.events import Event
    from mirador_desktop.gui.look import Look
    from mirador_desktop.gui.markdown_find import Highlight
    from mirador_desktop.gui.turn_view import TurnView

_CHARACTERS = 92  # in a line of the widest column, for estimates
_LINE = 24


class ConversationView(TurnList):
    """Shows a branch of a conversation."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._highlight: Highlight | None = None
        self.made.connect(lambda view: view.set_highlight(self._highlight))

    def show_turns(self, turns: Sequence[Turn], follow: bool = True) -> None:
        """Show these turns instead of what was shown; more may be put in front with `put_before`."""
        gone, self._views = self._views, {}
        self._ids = [turn.id for turn in turns]
        self._turns = {turn.id: turn for turn in turns}
        self._renumber()
        self._asked.clear()
        self._dirty.clear()
        self._heights = Heights(_estimate(turn.characters) for turn in turns)
        self._anchor, self.following = Anchor(max(0, len(turns) - 1), None, 0), follow
        for view in gone.values():
            self._let_go(view)
        self._place()

    def put_before(self, outlines: Sequence[TurnOutline]) -> None:
        """Put earlier turns in front, of which only the size is known yet."""
        outlines = [o for o in outlines if o.id not in self._places]
        if not outlines:
            return
        self._ids[:0] = [o.id for o in outlines]
        self._renumber()
        self._heights.insert_before(_estimate(o.characters) for o in outlines)
        self._anchor.place += len(outlines)
        for turn_id, view in self._views.items():
            view.setObjectName(f"turn-{self._places[turn_id] + 1}")
        self._request()

    def provide(self, turns: Sequence[Turn]) -> None:
        """Hand over turns that were `needed`."""
        for turn in turns:
            self._asked.discard(turn.id)
            if turn.id in self._places:
                self._turns[turn.id] = turn
        self._request()

    def append(self, turn: Turn) -> None:
        """Add a turn at the end and go there."""
        self._ids.append(turn.id)
        self._places[turn.id] = len(self._ids) - 1
        self._turns[turn.id] = turn
        self._heights.append(_estimate(turn.characters))
        self.follow()

    def cut_from(self, turn_id: str) -> None:
        """Take a turn and all after it away: another branch takes their place."""
        place = self._places.get(turn_id)
        if place is None:
            return
        gone = [view for key in self._ids[place:] if (view := self._views.pop(key, None)) is not None]
        for key in self._ids[place:]:
            self._turns.pop(key, None)
            self._dirty.discard(key)
        self._heights = Heights(self._heights[i] for i in range(place))
        del self._ids[place:]
        self._renumber()
        self._anchor = Anchor(max(0, place - 1), None, 0)
        for view in gone:
            self._let_go(view)
        self._request()

    def receive(self, turn_id: str, event: Event) -> None:
        """Show an event of a turn, if the turn is near the viewport; else its record is enough."""
        view = self._views.get(turn_id)
        if view is not None:
            view.receive(event)

    def refresh(self, turn_id: str) -> None:
        """What surrounds a turn's panels has changed."""
        view = self._views.get(turn_id)
        if view is not None:
            view.refresh()
            self._grew(turn_id)

    @property
    def turn_ids(self) -> list[str]:
        """The branch that is shown, oldest first."""
        return self._ids

    def turn(self, turn_id: str) -> Turn | None:
        """A turn that is at hand."""
        return self._turns.get(turn_id)

    def view_of(self, turn_id: str) -> TurnView | None:
        """The widget of a turn, if there is one now."""
        return self._views.get(turn_id)

    def last_view(self) -> TurnView | None:
        """The widget of the last turn, if there is one now."""
        return self._views.get(self._ids[-1]) if self._ids else None

    def show_turn(self, turn_id: str) -> None:
        """Bring a turn's top to the top."""
        self.following = False
        self._anchor = Anchor(self._places[turn_id], None, 0)
        self._place()

    def set_highlight(self, highlight: Highlight | None) -> None:
        """Highlight what was searched for in all that is shown from now on, or nothing."""
        self._highlight = highlight
        for view in self._views.values():
            view.set_highlight(highlight)

    def show_place(self, text: QWidget, place: QRectF) -> None:
        """Scroll so that a place in one of the texts is well in sight."""
        height = self.viewport().height()
        top = text.mapTo(self.viewport(), place.topLeft().toPoint()).y()
        if not height // 8 <= top <= height * 3 // 4:
            bar = self.verticalScrollBar()
            self.following = False
            bar.setValue(bar.value() + top - height // 3)

    @property
    def top_place(self) -> int:
        """Number of the first turn in sight, from 0."""
        return self._anchor.place

    def restyle(self) -> None:
        """Colours, sizes, layout or the heat map have changed."""
        for turn_id, view in self._views.items():
            view.restyle()
            self._dirty.add(turn_id)
        self._place()

    def _renumber(self) -> None:
        self._places = {turn_id: place for place, turn_id in enumerate(self._ids)}

    def order_tabs(self) -> None:
        """Have Tab go through the turns from top to bottom: Qt's order is that in which widgets were made."""
        before: QWidget = self
        for _, view in sorted(self._views.items(), key=lambda item: self._places[item[0]]):
            stops = [
                w
                for w in view.findChildren(QWidget)
                if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisibleTo(view)
            ]
            places = {w: w.mapTo(view, QPoint(0, 0)) for w in stops}
            for widget in sorted(stops, key=lambda w: (places[w].y() // self.look.theme.px(12), places[w].x())):
                QWidget.setTabOrder(before, widget)
                before = widget
        QWidget.setTabOrder(before, self._to_end)

    def ensure_visible(self, widget: QWidget) -> None:
        """Scroll so that a widget inside (the one with the focus) is seen."""
        if not self.viewport().isAncestorOf(widget):
            return
        top = widget.mapTo(self.viewport(), QPoint(0, 0)).y()
        bar, height = self.verticalScrollBar(), self.viewport().height()
        if top < 0 and top + widget.height() < 60:
            bar.setValue(bar.value() + top - 20)
        elif top + min(widget.height(), 60) > height:
            bar.setValue(bar.value() + top + min(widget.height(), 60) - height + 20)


def _estimate(characters: int) -> int:
    """A turn's height from the length of its texts: one open panel of lines, the others folded."""
    return 230 + characters // _CHARACTERS * _LINE // 2
