"""Ten thousand turns: only those near the viewport exist as widgets, wherever one is."""

import gc
import itertools
import random
import weakref

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import StageRecord, Turn, TurnOutline
from mirador_desktop.core.events import StreamToken
from mirador_desktop.core.recorder import TurnRecorder
from mirador_desktop.gui.conversation_view import ConversationView
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.parts import IconButton
from mirador_desktop.gui.turn_view import TurnView
from tests.driving import part
from tests.gui.conversation_helpers import Build, paint
from tests.gui.test_turn_live import answer, delete_now, new_turn

MANY = 10_000
MOST_VIEWS = 30


def kept(number: int, lines: int = 2) -> Turn:
    """A finished turn whose height differs from turn to turn."""
    text = f"Answer {number}.\n\n" * lines + "word " * (number * 37 % 300)
    return new_turn(StageRecord("quick", answers=[answer(text=text)]), question=f"Question {number}?")


def many(view: ConversationView, count: int = MANY) -> dict[str, Turn]:
    """Put so many turns in front, provided when they are needed; returns those."""
    turns = {f"old{n:05}": n for n in range(count)}
    provided: dict[str, Turn] = {}

    def provide(ids: list[str]) -> None:
        for turn_id in ids:
            assert turn_id not in provided, "asked for twice"
            provided[turn_id] = kept(turns[turn_id])
            provided[turn_id].id = turn_id
        view.provide([provided[i] for i in ids])

    view.needed.connect(provide)
    view.put_before([TurnOutline(i, 300) for i in turns])
    paint(view.look)
    return provided


def views(view: ConversationView) -> list[TurnView]:
    """The turns that exist as widgets, from the top."""
    return sorted(view.viewport().findChildren(TurnView), key=lambda v: v.y())


def in_sight(view: ConversationView) -> list[TurnView]:
    """Those that are seen."""
    height = view.viewport().height()
    return [v for v in views(view) if v.isVisible() and v.y() + v.height() > 0 and v.y() < height]


def no_holes(view: ConversationView) -> None:
    """What is in sight is without gaps and in order, and covers the viewport."""
    shown = in_sight(view)
    assert shown
    for one, other in itertools.pairwise(shown):
        assert 0 <= other.y() - (one.y() + one.height()) <= 20
        assert int(other.objectName()[5:]) == int(one.objectName()[5:]) + 1
    bar = view.verticalScrollBar()
    assert shown[0].y() <= 20 or not bar.value()
    assert shown[-1].y() + shown[-1].height() >= view.viewport().height() - 30


class Window(QWidget):
    """Scrolls to what gets the focus, as the main window does."""

    def __init__(self, view: ConversationView) -> None:
        super().__init__()
        self._view = view
        view.setParent(self)
        self.resize(view.size())

    def focusNextPrevChild(self, forward: bool) -> bool:
        moved = super().focusNextPrevChild(forward)
        bar = self._view.verticalScrollBar()
        bar.setValue(bar.maximum() - bar.value())
        return moved


def test_turns_go_while_one_of_them_has_the_focus(build: Build, look: Look, qtbot: QtBot) -> None:
    view = build([kept(n) for n in range(60)])
    window = Window(view)
    qtbot.addWidget(window)
    window.show()
    view.show()
    window.activateWindow()

    def cut() -> None:
        view.cut_from(view.turn_ids[28])

    def show_others() -> None:
        view.show_turns([kept(n) for n in range(60)])

    for act in (cut, show_others):
        view.show_turn(view.turn_ids[28])
        paint(look)
        turn = view.view_of(view.turn_ids[29])
        assert turn is not None
        button = next(b for b in turn.findChildren(QPushButton) if b.focusPolicy() & Qt.FocusPolicy.TabFocus)
        button.setFocus()
        qtbot.waitUntil(button.hasFocus)
        act()
        paint(look)
        assert view.hasFocus()
        assert {v.objectName() for v in views(view)} == {
            f"turn-{place + 1}" for place, key in enumerate(view.turn_ids) if view.view_of(key) is not None
        }
        no_holes(view)
        show_others()
    view.setParent(None)  # each is closed by itself


def test_everywhere_only_a_few_dozen_widgets_exist(build: Build, look: Look) -> None:
    view = build([kept(n) for n in range(8)])
    many(view)
    bar = view.verticalScrollBar()
    assert bar.maximum() > 100 * MANY
    assert view.following
    no_holes(view)
    assert in_sight(view)[-1].objectName() == f"turn-{MANY + 8}"
    for value in (0, bar.maximum() // 2, bar.maximum() // 3, bar.maximum()):
        bar.setValue(value)
        paint(look)
        no_holes(view)
        assert len(views(view)) <= MOST_VIEWS
    bar.setValue(0)
    paint(look)
    assert in_sight(view)[0].objectName() == "turn-1"
    for _ in range(60):
        before = in_sight(view)[0].objectName()
        QTest.keyClick(view, Qt.Key.Key_PageDown)
        paint(look)
        no_holes(view)
        assert len(views(view)) <= MOST_VIEWS
        assert in_sight(view)[0].objectName() >= before or len(in_sight(view)[0].objectName()) > len(before)
    QTest.keyClick(view, Qt.Key.Key_End)
    paint(look)
    assert in_sight(view)[-1].objectName() == f"turn-{MANY + 8}"
    QTest.keyClick(view, Qt.Key.Key_Home)
    paint(look)
    assert in_sight(view)[0].objectName() == "turn-1"


def test_three_hundred_jumps_leave_nothing_behind(build: Build, look: Look) -> None:
    view = build([kept(n) for n in range(8)])
    many(view)
    alive: weakref.WeakSet[TurnView] = weakref.WeakSet()
    view.made.connect(alive.add)
    bar, chance = view.verticalScrollBar(), random.Random(1)
    most = 0
    for jump in range(300):
        bar.setValue(chance.randrange(bar.maximum()))
        if jump % 10 == 0:
            paint(look)
        else:
            look.clock.flush()
            delete_now()
        most = max(most, len(view.viewport().findChildren(QWidget)))
    paint(look)
    gc.collect()
    assert len(alive) <= MOST_VIEWS
    assert len(views(view)) <= MOST_VIEWS
    assert most < 2500
    assert not look.clock._waiting


def test_turns_are_asked_for_once_and_what_was_not_asked_for_is_ignored(build: Build, look: Look) -> None:
    view = build([kept(n) for n in range(8)])
    provided = many(view, 200)
    before = len(provided)
    view.provide([kept(5000)])
    paint(look)
    assert len(view.turn_ids) == 208
    view.verticalScrollBar().setValue(0)
    paint(look)
    assert len(provided) > before
    assert view.turn("old00000") is provided["old00000"]
    assert view.turn("old00150") is None


def test_cut_from_takes_a_turn_and_all_after_it_away(build: Build, look: Look) -> None:
    turns = [kept(n) for n in range(8)]
    view = build(turns)
    view.cut_from(turns[5].id)
    paint(look)
    assert view.turn_ids == [t.id for t in turns[:5]]
    no_holes(view)
    view.cut_from("of another conversation")
    assert len(view.turn_ids) == 5
    view.append(turns[7])
    paint(look)
    assert view.turn_ids[-1] == turns[7].id
    assert in_sight(view)[-1].objectName() == "turn-6"
    assert [v.objectName() for v in views(view)] == sorted(v.objectName() for v in views(view))


def test_scrolling_after_the_first_turn_was_cut_is_harmless(build: Build, look: Look) -> None:
    turns = [kept(n) for n in range(8)]
    view = build(turns)
    view.cut_from(turns[0].id)
    view.verticalScrollBar().setValue(view.verticalScrollBar().value() - 50)
    view.resize(700, 500)
    paint(look)
    assert view.verticalScrollBar().maximum() == 0
    assert views(view) == []


def test_another_conversation_replaces_all_of_the_first(build: Build, look: Look) -> None:
    view = build([kept(n) for n in range(8)])
    many(view, 500)
    view.verticalScrollBar().setValue(1000)
    other = [kept(n) for n in range(3)]
    view.show_turns(other)
    paint(look)
    assert [v.turn.id for v in views(view)] == [t.id for t in other]
    assert view.following
    view.show_turns([])
    paint(look)
    assert views(view) == []
    assert not part(view, IconButton, "goToEnd").isVisible()


def test_events_of_a_turn_far_away_wait_in_its_record(build: Build, look: Look) -> None:
    turns = [kept(n) for n in range(40)]
    live = new_turn()
    view = build(turns)
    view.append(live)
    recorder = TurnRecorder(live)
    view.verticalScrollBar().setValue(0)
    paint(look)
    assert view.view_of(live.id) is None
    for token in ("One ", "two ", "three."):
        event = StreamToken("quick", "m", token)
        recorder.apply(event)
        view.receive(live.id, event)
    view.follow()
    paint(look)
    made = view.view_of(live.id)
    assert made is not None
    assert made.panels[0]._views[0][1].text.plain_markdown() == "One two three."


def test_a_view_with_the_focus_is_not_taken_away(qtbot: QtBot, build: Build, look: Look) -> None:
    turns = [kept(n) for n in range(60)]
    view = build(turns)
    qtbot.waitExposed(view)
    last = view.last_view()
    assert last is not None
    button = next(b for b in last.findChildren(QPushButton) if b.accessibleName() == "Regenerate the answer")
    view.activateWindow()
    button.setFocus()
    view.verticalScrollBar().setValue(0)
    paint(look)
    assert view.view_of(turns[-1].id) is last
    assert button.isVisible()
    view.setFocus()
    view.verticalScrollBar().setValue(10)
    paint(look)
    assert len(views(view)) <= MOST_VIEWS
