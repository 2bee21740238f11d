"""The panel of a stage: how answers ended, who wrote them, how they stand, and folding."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import Answer, StageRecord
from mirador_desktop.core.events import Event, Reason, StageStarted, StageWaiting
from mirador_desktop.core.recorder import TurnRecorder
from mirador_desktop.gui.answer_view import AnswerView
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.stage_panel import StagePanel, first_line
from mirador_desktop.gui.turn_view import TurnView
from tests.driving import part
from tests.gui.test_turn_live import answer, delete_now, finished, new_look, new_turn, settle, words

Show = Callable[..., StagePanel]
WIDTH = 748


@pytest.fixture
def look(qapp: QApplication) -> Look:
    return new_look()


@pytest.fixture
def show(qtbot: QtBot, look: Look) -> Show:
    delete_now()

    def build(*answers: Answer, width: int = WIDTH) -> StagePanel:
        panel = StagePanel(look, 1, StageRecord("deep", 0.6, answers=list(answers)))
        qtbot.addWidget(panel)
        panel.show_record()
        lay_out(panel, width)
        return panel

    return build


def lay_out(panel: StagePanel, width: int = WIDTH) -> int:
    panel.set_width(width)
    settle(panel._look)
    return panel.set_width(width)


def notices(panel: StagePanel) -> list[str]:
    """What is said beside the texts, from the top."""
    labels = [n for n in panel.findChildren(QLabel, "stageNotice") if n.isVisibleTo(panel)]
    return [n.text() for n in sorted(labels, key=lambda n: n.mapTo(panel, n.rect().topLeft()).y())]


def views(panel: StagePanel) -> list[AnswerView]:
    return [view for _, view in panel._views]


def text_of(panel: StagePanel, name: str) -> str:
    return part(panel, QLabel, name).text()


@pytest.mark.parametrize(
    ("reason", "text", "error", "state", "said"),
    [
        ("done", "All of it.", "", "done", []),
        ("length", "Half of", "", "length", ["Cut off: it reached the stage's most tokens"]),
        ("stopped", "Half of", "", "stopped", ["Stopped"]),
        ("stopped", "", "", "stopped", ["Stopped before it wrote anything"]),
        ("failed", "", "It broke.", "failed", ["It broke."]),
        ("failed", "Half of", "It broke.", "failed", ["It broke. What it wrote until then is kept."]),
    ],
)
def test_every_way_to_end_is_told(
    show: Show, reason: str, text: str, error: str, state: str, said: list[str]
) -> None:
    panel = show(answer(text=text, reason=reason, error=error))
    assert text_of(panel, "stageState") == state
    assert part(panel, QLabel, "stageState").accessibleName()
    assert notices(panel) == said
    assert [v.text.plain_markdown() for v in views(panel) if v.text.isVisibleTo(panel)] == ([text] if text else [])


def test_figures_and_confidence_of_a_good_answer(show: Show) -> None:
    panel = show(answer(tokens_per_second=41.6, tokens=1234, first_token=0.314, confidence=0.714))
    assert text_of(panel, "stageMeta") == "0.31 s · 42 tok/s · 1,234 tok"
    assert text_of(panel, "stageConfidence") == "71%"
    assert "not calibrated" in part(panel, QLabel, "stageConfidence").accessibleName()
    unknown = show(answer())
    assert text_of(unknown, "stageConfidence") == ""
    assert not part(unknown, QLabel, "stageConfidence").isVisibleTo(unknown)


def test_a_stage_that_was_left_out_is_a_line(qtbot: QtBot, look: Look) -> None:
    panel = StagePanel(look, 2, StageRecord("synthesis", skipped="the answer was sure enough"))
    qtbot.addWidget(panel)
    panel.show_record()
    assert lay_out(panel) < 40
    assert text_of(panel, "stageSkipped") == "Synthesis left out: the answer was sure enough"
    assert part(panel, QLabel, "stageSkipped").isVisibleTo(panel)
    assert not part(panel, QLabel, "stageModels").isVisibleTo(panel)


def test_a_stand_in_names_both_models(show: Show) -> None:
    panel = show(
        answer("large:32b", "Half", reason="failed", error="large:32b stood still."),
        answer("small:7b", "Whole.", fallback_for="large:32b"),
    )
    assert text_of(panel, "stageModels") == "small:7b for large:32b"
    assert text_of(panel, "stageState") == "done"
    assert notices(panel) == [
        "large:32b stood still. What it wrote until then is kept.",
        "small:7b stands in for large:32b",
    ]
    failed, whole = views(panel)
    assert failed.y() + failed.height() <= whole.y(), "what failed stands above what took its place"
    assert panel.best_text() == "Whole."


def test_two_models_side_by_side_where_there_is_room(show: Show) -> None:
    panel = show(answer("a:7b", "One. " * 40), answer("b:7b", "Two. " * 40))
    one, other = views(panel)
    assert one.y() == other.y()
    assert one.geometry().right() < other.x()
    assert all(v.headed for v in (one, other))
    assert [part(v, QLabel, "answerModel").text() for v in (one, other)] == ["a:7b", "b:7b"]
    lay_out(panel, 500)
    assert one.geometry().bottom() < other.y()
    assert one.x() == other.x()
    assert text_of(panel, "stageModels") == "a:7b, b:7b"


def test_three_models_side_by_side_where_there_is_room_for_all(show: Show) -> None:
    panel = show(*(answer(f"m{n}:7b", "Text. " * 30) for n in range(3)), width=1100)
    assert len({v.y() for v in views(panel)}) == 1
    lefts = [v.x() for v in views(panel)]
    assert lefts == sorted(set(lefts))
    assert not panel.grab().isNull()
    lay_out(panel, 800)
    assert [v.x() for v in views(panel)] == [views(panel)[0].x()] * 3
    tops = [v.y() for v in views(panel)]
    assert tops == sorted(set(tops))


def test_twelve_models_with_long_names_fit(show: Show) -> None:
    names = [f"registry.example.org/some/very-long-model-name-indeed:{n}b-q4_K_M" for n in range(12)]
    panel = show(*(answer(name, "Text.") for name in names), width=420)
    panel.fold(True)
    lay_out(panel, 420)
    chips = part(panel, QLabel, "stageModels")
    assert chips.geometry().right() < 420
    assert chips.toolTip().splitlines() == names
    assert not panel.grab().isNull()
    panel.fold(False)
    lay_out(panel, 420)
    assert all(v.geometry().right() <= 420 for v in views(panel))


# ── folding ────────────────────────────────────────────────────────────────────────────────────────────────


def test_folded_it_shows_header_and_first_line(show: Show) -> None:
    panel = show(answer(text="# **Short** answer\n\nMore [text](http://x.y) here."))
    tall = panel.height()
    heights: list[int] = []
    panel.grew.connect(lambda: heights.append(panel.height()))
    panel.fold(True)
    assert heights
    lay_out(panel)
    assert panel.height() < tall
    assert panel.height() < 90
    assert panel._preview.text() == "Short answer"
    assert panel._preview.isVisibleTo(panel)
    assert not any(v.isVisibleTo(panel) for v in views(panel))
    panel.fold(False)
    lay_out(panel)
    assert panel.height() == tall


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("```python\nprint()\n```", "python"),
        ("---\n\n> *Quoted* `words`", "Quoted words"),
        ("1. First\n2. Second", "First"),
        ("| a | b |\n|---|---|", "| a | b |"),
        ("[Typer](https://typer.tiangolo.com) is slow", "Typer is slow"),
        ("###### Deep\r\nx", "Deep"),
        ("\n \n  text", "text"),
    ],
)
def test_first_lines_lose_their_markup(text: str, line: str) -> None:
    assert first_line(text) == line


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_the_header_folds_by_key_and_says_so(show: Show, key: Qt.Key) -> None:
    panel = show(answer())
    chosen: list[bool] = []
    panel.folded_by_person.connect(chosen.append)
    QTest.keyClick(panel._header, key)
    assert panel._header.accessibleName() == "Deep, llama3.2:3b, done, folded"
    QTest.keyClick(panel._header, key)
    assert panel._header.accessibleName() == "Deep, llama3.2:3b, done, open"
    QTest.mouseClick(panel._header, Qt.MouseButton.LeftButton)
    assert chosen == [True, False, True]


def test_a_later_stage_folds_the_earlier_ones_but_not_what_the_person_opened(qtbot: QtBot, look: Look) -> None:
    turn = new_turn()
    recorder, view = TurnRecorder(turn), TurnView(look, turn, 1)
    qtbot.addWidget(view)
    told: list[tuple[str, bool]] = []
    view.folded.connect(lambda stage, folded: told.append((stage, folded)))
    view.folded.connect(lambda stage, folded: setattr(turn.stages[0], "folded", folded))  # as the session does

    def send(*events: Event) -> None:
        for event in events:
            recorder.apply(event)
            view.receive(event)

    send(*words("One.", "quick", "m"), finished("quick", "m"), *words("Two.", "deep", "m"))
    assert [p.folded for p in view.panels] == [False, False, False]
    send(finished("deep", "m"))
    assert [p.folded for p in view.panels] == [True, False, False]
    view.toggle(0)
    assert told == [("quick", False)]
    send(*words("Three.", "synthesis", "m"), finished("synthesis", "m"))
    assert [p.folded for p in view.panels] == [False, True, False]
    anew = TurnView(look, turn, 1)
    qtbot.addWidget(anew)
    assert [p.folded for p in anew.panels] == [False, True, False]


@pytest.mark.parametrize("reason", ["done", "length", "stopped", "failed"])
def test_by_rule_the_record_folds_what_the_events_folded(qtbot: QtBot, look: Look, reason: Reason) -> None:
    turn = new_turn()
    recorder, view = TurnRecorder(turn), TurnView(look, turn, 1)
    qtbot.addWidget(view)
    for event in [
        *words("One.", "quick", "m"),
        finished("quick", "m", reason, error="It broke."),
        *words("Two.", "deep", "m"),
        finished("deep", "m"),
    ]:
        recorder.apply(event)
        view.receive(event)
    anew = TurnView(look, turn, 1)
    qtbot.addWidget(anew)
    assert [p.folded for p in anew.panels] == [p.folded for p in view.panels]


# ── live ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_waiting_tells_why_and_ends_with_the_first_token(qtbot: QtBot, look: Look) -> None:
    turn = new_turn()
    recorder, view = TurnRecorder(turn), TurnView(look, turn, 1)
    qtbot.addWidget(view)
    seconds = {"m": 12.3}
    look.load_seconds, look.loaded = seconds, seconds.__setitem__

    def send(event: Event) -> StagePanel:
        recorder.apply(event)
        view.receive(event)
        view.set_width(WIDTH)
        return view.panels[0]

    panel = send(StageStarted("quick", ("m", "n")))
    assert panel.begun
    assert text_of(panel, "stageState") == "waiting"
    assert text_of(panel, "stageModels") == "m, n"
    send(StageWaiting("quick", "m", "loading", "Loading m"))
    assert notices(panel) == ["Loading m, last time it took 12 s"]
    send(words("Hello", "quick", "m")[0])
    assert notices(panel) == []
    assert text_of(panel, "stageState") == "writing"
    assert seconds["m"] < 12
    send(finished("quick", "m", "stopped"))
    assert notices(panel) == ["Stopped"]


def test_the_ring_of_the_header_is_painted_around_the_whole_panel(qtbot: QtBot, show: Show) -> None:
    panel = show(answer(text="Text.\n\n" * 5))
    panel.show()
    qtbot.waitExposed(panel)
    panel.activateWindow()
    panel._header.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(panel._header.hasFocus)
    QApplication.processEvents()
    painted: list[int] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if isinstance(event, QPaintEvent):
                painted.append(event.rect().bottom())
            return False

    watch = Watch()
    panel.installEventFilter(watch)
    for change in (panel._header.clearFocus, panel._header.setFocus):
        painted.clear()
        change()
        qtbot.waitUntil(lambda: bool(painted) and max(painted) >= panel.height() - 1)


def test_chips_without_room_are_counted(show: Show) -> None:
    names = [f"model-{n}:7b" for n in range(12)]
    panel = show(*(answer(name) for name in names))
    chips = panel._header._chips
    chips.resize(chips.wanted_width() // 2, 44)
    shown = chips.shown_names()
    assert 3 <= len(shown) <= 6
    assert shown == [*names[: len(shown) - 1], f"+{13 - len(shown)}"]
    chips.resize(20, 44)
    assert chips.shown_names() == [names[0], "+11"]
    chips.resize(chips.wanted_width(), 44)
    assert chips.shown_names() == names


def test_a_header_that_is_too_narrow_keeps_the_stage_name(show: Show) -> None:
    panel = show(answer(confidence=0.7, tokens_per_second=40.0), width=190)
    assert panel._header._name.isVisibleTo(panel)
    assert not part(panel, QLabel, "stageConfidence").isVisibleTo(panel)
    lay_out(panel, 748)
    assert part(panel, QLabel, "stageConfidence").isVisibleTo(panel)
