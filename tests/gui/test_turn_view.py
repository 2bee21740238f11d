"""What surrounds the panels of a turn, and how the panels stand."""

import itertools

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import ContextUsed, StageRecord, Turn
from mirador_desktop.core.events import QUICK_ONLY, AnswerFinished, StageFinished, StageStarted
from mirador_desktop.core.recorder import TurnRecorder
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.parts import IconButton
from tests.driving import part
from tests.gui.test_turn_live import STAGES, WIDTH, Show, answer, finished, new_look, new_turn, settle, shower, words


@pytest.fixture
def look(qapp: QApplication) -> Look:
    return new_look()


@pytest.fixture
def show(qtbot: QtBot, look: Look) -> Show:
    return shower(qtbot, look)


# ── what surrounds the panels ──────────────────────────────────────────────────────────────────────────────


def test_the_line_about_the_question_and_the_branch_arrows(show: Show) -> None:
    turn = new_turn(
        StageRecord("quick", answers=[answer()]),
        intent="code",
        complexity="simple",
        memories=2,
        first_token=0.314,
        position=1,
        siblings=3,
    )
    view = show(turn)
    assert part(view, QLabel, "turnMeta").text() == "code · simple · 2 earlier turns"
    assert part(view, QLabel, "firstToken").text() == "0.31 s to first token"
    assert part(view, QLabel, "branches").text() == "1/3"
    arrows = {b.accessibleName(): b for b in view.findChildren(IconButton) if "branch" in b.accessibleName()}
    assert {name: b.isEnabled() for name, b in arrows.items()} == {"Earlier branch": False, "Later branch": True}
    steps: list[int] = []
    view.branch.connect(steps.append)
    arrows["Later branch"].click()
    turn.position = 3
    view.refresh()
    arrows["Earlier branch"].click()
    assert steps == [1, -1]
    turn.position = turn.siblings = 1
    view.refresh()
    assert not any(b.isVisibleTo(view) for b in arrows.values())


def test_the_line_names_the_context_and_what_was_left_out(show: Show) -> None:
    turn = new_turn(StageRecord("quick", answers=[answer()]), intent="financial", complexity="simple")
    turn.context = [
        ContextUsed("market-data.csv", 812, age=7300.0),
        ContextUsed("date and time", 21),
        ContextUsed("<b>prices</b>", 0, "<b>prices</b> did not answer and was left out"),
    ]
    meta = part(show(turn), QLabel, "turnMeta")
    assert meta.accessibleName() == (
        "financial · simple · market-data.csv, 2 h old · date and time · <b>prices</b> left out"
    )
    assert meta.toolTip().split("<br>") == [
        "market-data.csv, 2 h old: about 812 tokens were sent.",
        "date and time: about 21 tokens were sent.",
        "&lt;b&gt;prices&lt;/b&gt; did not answer and was left out.",
    ]


def test_go_deeper_is_offered_once_and_only_when_the_answer_is_over(show: Show) -> None:
    turn = new_turn()
    turn.depth = "quick"
    recorder, view = TurnRecorder(turn), show(turn)
    asked: list[bool] = []
    view.go_deeper.connect(lambda: asked.append(True))
    skips = [StageFinished(s, "", "skipped", error=QUICK_ONLY) for s in STAGES[1:]]
    for event in [*words("Short.", "quick", "m"), finished("quick", "m"), *skips]:
        recorder.apply(event)
        view.receive(event)
    view.set_width(WIDTH)
    buttons = view.findChildren(QPushButton, "goDeeper")
    assert not any(b.isVisibleTo(view) for b in buttons)
    recorder.apply(AnswerFinished("quick", "Short.", 0.9, "done"))
    view.receive(AnswerFinished("quick", "Short.", 0.9, "done"))
    view.set_width(WIDTH)
    shown = [b for b in buttons if b.isVisibleTo(view)]
    assert len(shown) == 1
    shown[0].click()
    assert asked == [True]
    assert len([b for b in show(turn).findChildren(QPushButton, "goDeeper") if not b.isHidden()]) == 1


def test_go_deeper_is_not_offered_for_what_was_sure_enough(show: Show) -> None:
    turn = new_turn(
        StageRecord("quick", answers=[answer()]), StageRecord("deep", skipped="the answer was sure enough")
    )
    assert all(b.isHidden() for b in show(turn).findChildren(QPushButton, "goDeeper"))


def test_a_failed_turn_says_why_and_offers_retry(show: Show) -> None:
    turn = new_turn(
        StageRecord("quick", answers=[answer(text="", reason="failed", error="m is not installed.")]),
        reason="failed",
        error="No model answered. Pull one.",
    )
    view = show(turn)
    error = part(view, QLabel, "turnError")
    assert error.text() == turn.error
    assert error.isVisibleTo(view)
    again: list[bool] = []
    view.retry.connect(lambda: again.append(True))
    part(view, QPushButton, "retry").click()
    assert again == [True]


def test_what_can_be_done_with_an_answer_appears_when_it_is_over(show: Show) -> None:
    turn = new_turn()
    recorder, view = TurnRecorder(turn), show(turn)
    actions = ("Edit the question", "Copy the final answer", "Regenerate the answer")

    def offered() -> list[str]:
        return [n for b in view.findChildren(IconButton) if (n := b.accessibleName()) in actions and not b.isHidden()]

    for event in words("Text.", "quick", "m"):
        recorder.apply(event)
        view.receive(event)
    assert offered() == []
    for last in (finished("quick", "m"), AnswerFinished("quick", "Text.", 0.9, "done")):
        recorder.apply(last)
        view.receive(last)
    assert offered() == list(actions)
    copied: list[str] = []
    view.copied.connect(copied.append)
    next(b for b in view.findChildren(IconButton) if b.accessibleName() == actions[1]).click()
    assert copied == ["Text."]


# ── layouts ────────────────────────────────────────────────────────────────────────────────────────────────


def _three() -> Turn:
    return new_turn(*(StageRecord(name, answers=[answer(text=f"The {name} text.")]) for name in STAGES))


def test_columns_stand_side_by_side_where_there_is_room(show: Show, look: Look) -> None:
    look.layout = "columns"
    view = show(_three(), 1100)
    assert len({p.y() for p in view.panels}) == 1
    assert all(a.geometry().right() < b.x() for a, b in itertools.pairwise(view.panels))
    view.set_width(600)
    assert len({p.y() for p in view.panels}) == 3
    assert {p.x() for p in view.panels} == {0}


def test_final_only_shows_one_panel_and_while_streaming_the_latest_with_text(show: Show, look: Look) -> None:
    look.layout = "final"
    view = show(_three())
    assert [p.record.name for p in view.panels if p.isVisibleTo(view)] == ["synthesis"]
    turn = new_turn()
    recorder, live = TurnRecorder(turn), show(turn)
    for event in [*words("One.", "quick", "m"), finished("quick", "m"), StageStarted("deep", ("n",))]:
        recorder.apply(event)
        live.receive(event)
    live.set_width(WIDTH)
    assert [p.record.name for p in live.panels if p.isVisibleTo(live)] == ["quick"]
    for event in words("Two.", "deep", "n"):
        recorder.apply(event)
        live.receive(event)
    live.set_width(WIDTH)
    assert [p.record.name for p in live.panels if p.isVisibleTo(live)] == ["deep"]


@pytest.mark.parametrize("width", [320, 600, 748, 1180])
@pytest.mark.parametrize("layout", ["stack", "columns", "final"])
def test_long_words_widen_nothing(show: Show, look: Look, width: int, layout: str) -> None:
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" * 8
    look.layout = layout
    records = [
        StageRecord("quick", answers=[answer(word[:60], word)]),
        StageRecord(
            "deep", answers=[answer(f"m{i}:{word[:50]}", f"`{word}`\n\n|a|{word}|\n|-|-|\n|1|2|") for i in range(3)]
        ),
        StageRecord("synthesis", skipped=f"of {word[:70]}"),
    ]
    view = show(new_turn(*records, question=word, intent="code", first_token=1.0, siblings=2), width)
    for each in view.panels:
        each.fold(False)
    view.set_width(width)
    settle(look)
    view.set_width(width)
    assert view.width() == width
    for child in view.findChildren(QWidget):
        if (
            child.isVisibleTo(view)
            and child.parentWidget() is not None
            and child.metaObject().className() != "QWidget"
        ):
            right = child.mapTo(view, child.rect().topRight()).x()
            assert right < width, (child.objectName(), child)


def test_a_question_is_as_high_as_its_text(show: Show) -> None:
    short, long = show(new_turn(question="Why?")), show(new_turn(question="Why? " * 1000))
    one, other = part(short, QTextEdit, "question"), part(long, QTextEdit, "question")
    assert one.height() == 38
    assert other.height() >= other.document().size().height()
    assert other.toPlainText() == "Why? " * 1000
    assert not other.textInteractionFlags() & Qt.TextInteractionFlag.TextEditable
