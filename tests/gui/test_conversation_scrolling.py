"""What the person reads stays at its pixel, whatever grows, shrinks or comes, until the person scrolls."""

import random

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from mirador_desktop.core.conversation import Answer, StageRecord, TurnOutline
from mirador_desktop.core.events import Event, StageFinished, StreamToken
from mirador_desktop.core.recorder import TurnRecorder
from mirador_desktop.gui.conversation_view import ConversationView
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.parts import IconButton
from tests.driving import part
from tests.gui.conversation_helpers import Build, paint
from tests.gui.test_conversation_view import kept, many, no_holes
from tests.gui.test_turn_live import answer, new_turn


class Live:
    """A turn that streams into a view."""

    def __init__(self, view: ConversationView, look: Look) -> None:
        self.view, self.look, self.turn = view, look, new_turn()
        self.recorder = TurnRecorder(self.turn)

    def send(self, *events: Event) -> None:
        for event in events:
            self.recorder.apply(event)
            self.view.receive(self.turn.id, event)
        paint(self.look)

    def write(self, stage: str, lines: int) -> None:
        for number in range(lines):
            self.send(StreamToken(stage, "m", f"Line {number} of {stage}.\n\n"))

    def end(self, stage: str) -> None:
        self.send(StageFinished(stage, "m", "done", 9, 0.1, 20.0))


def wheel(view: ConversationView, up: float) -> None:
    """Scroll by so many pixels, as a touchpad does."""
    here = QPointF(view.viewport().rect().center())
    event = QWheelEvent(
        here,
        QPointF(view.viewport().mapToGlobal(here.toPoint())),
        QPoint(0, round(up)),
        QPoint(0, round(up)),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def reading(view: ConversationView) -> tuple[QWidget, int]:
    """What stands at the top of the viewport, or next below it: a panel or a turn, and where its top is."""
    turn = next(t for t in sorted(view._views.values(), key=lambda v: v.y()) if t.y() + t.height() > 0)
    for panel in turn.panels:
        y = turn.y() + panel.y()
        if panel.isVisibleTo(turn) and y <= 0 < y + panel.height():
            return panel, y
    return turn, turn.y()


def where(part: QWidget, view: ConversationView) -> int:
    return part.mapTo(view.viewport(), QPoint(0, 0)).y()


def follows(view: ConversationView) -> bool:
    return view.following


def at_end(view: ConversationView) -> bool:
    bar = view.verticalScrollBar()
    return bar.value() == bar.maximum()


def test_follows_the_end_while_text_streams(build: Build, look: Look) -> None:
    view = build([kept(n) for n in range(5)])
    live = Live(view, look)
    view.append(live.turn)
    heights = []
    for stage in ("quick", "deep"):
        live.write(stage, 30)
        live.end(stage)
        heights.append(view.verticalScrollBar().maximum())
        assert view.following
        assert at_end(view)
    no_holes(view)
    assert not part(view, IconButton, "goToEnd").isVisible()


def test_following_stops_when_the_person_scrolls_up_and_the_button_goes_back(build: Build, look: Look) -> None:
    view = build([kept(n) for n in range(5)])
    live = Live(view, look)
    view.append(live.turn)
    live.write("quick", 40)
    wheel(view, 300)
    paint(look)
    assert not follows(view)
    widget, y = reading(view)
    live.write("quick", 40)
    assert where(widget, view) == y
    button = part(view, IconButton, "goToEnd")
    assert button.isVisible()
    assert view.rect().contains(button.geometry())
    button.click()
    paint(look)
    assert follows(view)
    assert at_end(view)
    assert not button.isVisible()
    live.write("quick", 10)
    assert at_end(view)


def test_scrolling_back_to_the_end_follows_again(build: Build, look: Look) -> None:
    view = build([kept(n) for n in range(5)])
    live = Live(view, look)
    view.append(live.turn)
    live.write("quick", 40)
    wheel(view, 200)
    live.write("quick", 1)
    wheel(view, -10_000)
    live.write("quick", 20)
    assert view.following
    assert at_end(view)


def test_text_that_grows_above_moves_nothing(build: Build, look: Look) -> None:
    view = build([kept(0)])
    live = Live(view, look)
    view.append(live.turn)
    for turn in [kept(n) for n in range(1, 6)]:
        view.append(turn)
    live.write("quick", 3)
    view.show_turn(view.turn_ids[2])
    wheel(view, -30)
    paint(look)
    widget, y = reading(view)
    for stage in ("quick", "deep"):
        live.write(stage, 40)
        assert where(widget, view) == y
        live.end(stage)
        assert where(widget, view) == y
    assert reading(view) == (widget, y)


def test_a_panel_above_that_folds_in_the_same_turn_moves_nothing(build: Build, look: Look) -> None:
    view = build([kept(0)])
    live = Live(view, look)
    view.append(live.turn)
    live.write("quick", 30)
    live.end("quick")
    live.write("deep", 60)
    deep = live.view.view_of(live.turn.id).panels[1]  # type: ignore[union-attr]
    wheel(view, view.verticalScrollBar().value() - (where(deep, view) + view.verticalScrollBar().value()) - 100)
    paint(look)
    assert reading(view) == (deep, -100)
    live.end("deep")
    assert live.view.view_of(live.turn.id).panels[0].folded  # type: ignore[union-attr]
    assert reading(view) == (deep, -100)
    live.write("synthesis", 30)
    assert reading(view) == (deep, -100)


def test_the_gap_between_two_panels_belongs_to_the_lower_one(build: Build, look: Look) -> None:
    view = build([kept(0)])
    live = Live(view, look)
    view.append(live.turn)
    live.write("quick", 30)
    live.write("deep", 60)
    deep = live.view.view_of(live.turn.id).panels[1]  # type: ignore[union-attr]
    wheel(view, -where(deep, view) + 5)
    paint(look)
    assert where(deep, view) == 5
    live.write("quick", 20)
    assert where(deep, view) == 5


def test_a_panel_that_folds_while_it_is_read_shows_its_header(build: Build, look: Look) -> None:
    view = build([kept(0)])
    live = Live(view, look)
    view.append(live.turn)
    live.write("quick", 80)
    live.end("quick")
    live.write("deep", 80)
    quick = live.view.view_of(live.turn.id).panels[0]  # type: ignore[union-attr]
    wheel(view, -where(quick, view) - 900)
    paint(look)
    assert reading(view) == (quick, -900)
    live.end("deep")
    assert quick.folded
    assert -quick.height() < where(quick, view) <= 8


def test_turns_put_in_front_and_heights_that_differ_from_estimates_move_nothing(build: Build, look: Look) -> None:
    view = build([kept(n) for n in range(8)])
    view.show_turn(view.turn_ids[2])
    wheel(view, -40)
    paint(look)
    widget, y = reading(view)
    many(view, 300)
    assert reading(view) == (widget, y)
    bar = view.verticalScrollBar()
    for _ in range(40):  # upwards, each turn is another height than was thought
        widget, y = reading(view)
        wheel(view, 90)
        moved = 90 if bar.value() else y - where(widget, view)
        assert where(widget, view) == y + moved
        paint(look)
        assert where(widget, view) == y + moved
        no_holes(view)


@pytest.mark.parametrize("sizes", [[(600, 600), (1100, 600), (800, 600)], [(800, 300), (800, 900), (500, 400)]])
def test_resizing_keeps_what_is_at_the_top(build: Build, look: Look, sizes: list[tuple[int, int]]) -> None:
    text = "Some words that are wrapped. " * 60
    turns = [
        new_turn(*(StageRecord(s, folded=False, answers=[answer(text=text)]) for s in ("quick", "deep")))
        for _ in range(12)
    ]
    view = build(turns)
    view.show_turn(turns[4].id)
    paint(look)
    wheel(view, -250)
    paint(look)
    widget, _ = reading(view)
    for width, height in sizes:
        view.resize(width, height)
        paint(look)
        assert reading(view)[0] is widget
        no_holes(view)
    view.resize(800, 600)
    paint(look)
    assert reading(view)[0] is widget


def test_resizing_while_following_stays_at_the_end(build: Build, look: Look) -> None:
    view = build([kept(n, 8) for n in range(12)])
    for width, height in ((500, 300), (1200, 900), (800, 600)):
        view.resize(width, height)
        paint(look)
        assert view.following
        assert at_end(view)


def test_any_mixture_of_growth_leaves_the_reader_in_place(build: Build, look: Look) -> None:
    chance = random.Random(7)
    view = build([kept(n) for n in range(3)])
    live = Live(view, look)
    view.append(live.turn)
    for turn in [kept(n, 6) for n in range(3, 9)]:
        view.append(turn)
    view.show_turn(view.turn_ids[5])
    wheel(view, -120)
    paint(look)
    widget, y = reading(view)
    for step in range(40):
        act = chance.randrange(4)
        if act == 0:
            live.write("quick", 2)
        elif act == 1:
            live.write("deep", 2)
        elif act == 2:
            view.put_before([TurnOutline(f"more{step}", chance.randrange(3000))])
        else:
            other = view.view_of(view.turn_ids[view.turn_ids.index(live.turn.id) - 1])
            if other is not None:
                other.toggle(0)
        paint(look)
        assert (widget, where(widget, view)) == (widget, y)


def test_a_turn_without_text_yet_has_its_place(build: Build, look: Look) -> None:
    view = build([])
    turn = new_turn(StageRecord("quick", answers=[Answer("m")]), reason=None)
    view.append(turn)
    paint(look)
    assert at_end(view)
    assert view.last_view() is not None
