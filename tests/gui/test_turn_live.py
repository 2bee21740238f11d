"""A turn that streams: built from its record, from its events, or half from each, it is the same picture."""

import itertools
from collections.abc import Callable
from functools import cache

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import Answer, StageRecord, Turn
from mirador_desktop.core.events import (
    AnswerFinished,
    Event,
    Reason,
    StageFinished,
    StageStarted,
    StageWaiting,
    StreamToken,
)
from mirador_desktop.core.recorder import TurnRecorder
from mirador_desktop.gui.frames import FrameClock
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.markdown_view import MarkdownView
from mirador_desktop.gui.theme import Theme
from mirador_desktop.gui.turn_view import TurnView
from tests.driving import part

STAGES = ("quick", "deep", "synthesis")
WIDTH = 748
_numbers = itertools.count(1)


@cache
def the_theme() -> Theme:
    """One for all tests: its style sheet is what takes time."""
    return Theme("dark")


def new_look() -> Look:
    """Colours and a clock for widgets that stand alone."""
    return Look(the_theme(), FrameClock(the_theme()))


def delete_now() -> None:
    """Delete what waits for it: a test's loop never gets round to it."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def new_turn(*stages: StageRecord, question: str = "Why is it slow?", **more: object) -> Turn:
    """A turn; with stages it has ended."""
    turn = Turn(f"t{next(_numbers):05}", "c", question=question, stages=list(stages), **more)  # type: ignore[arg-type]
    if not stages:
        turn.stages = [StageRecord(name, 0.6) for name in STAGES]
    elif "reason" not in more:
        turn.reason = "done"
        turn.final_stage = next((s.name for s in reversed(stages) if s.answers), "")
    return turn


def answer(model: str = "llama3.2:3b", text: str = "An answer.", **more: object) -> Answer:
    """An answer that has ended well unless told otherwise."""
    made = Answer(model, text, **{"reason": "done", "tokens": 7, "first_token": 0.3, **more})  # type: ignore[arg-type]
    if text:
        made.marks.append(len(text), 0.8)
    return made


def settle(look: Look) -> None:
    """Paint all that waits."""
    while not look.clock.idle:
        look.clock.flush()


def picture(view: TurnView) -> dict[str, object]:
    """All that a turn shows, by the names of its widgets; what time alone decides is left out."""
    seen: dict[str, object] = {}
    for label in view.findChildren(QLabel):
        if label.isVisibleTo(view) and label.objectName() not in ("stageMeta", "firstToken", "turnMeta"):
            seen[_path(label, view)] = label.text()
    for button in view.findChildren(QPushButton):
        if button.isVisibleTo(view):
            seen[_path(button, view)] = button.text() or button.accessibleName()
    for text in view.findChildren(MarkdownView):
        if text.isVisibleTo(view):
            seen[_path(text, view)] = (text.plain_markdown(), text.toPlainText(), text._caret)
    seen["heights"] = [(p.isVisibleTo(view), p.folded, p.y(), p.height()) for p in view.panels]
    return seen


def _path(widget: QObject, view: QWidget) -> str:
    names: list[str] = []
    at: QObject | None = widget
    while at is not None and at is not view:
        parent = at.parent()
        if parent is None:
            break
        same = [w for w in parent.children() if (w.objectName(), type(w)) == (at.objectName(), type(at))]
        names.insert(0, f"{at.objectName() or type(at).__name__}[{same.index(at)}]")
        at = parent
    return "/".join(names)


Show = Callable[..., TurnView]


def shower(qtbot: QtBot, look: Look) -> Show:
    """Make views of turns, painted."""
    delete_now()

    def build(turn: Turn, width: int = WIDTH) -> TurnView:
        view = TurnView(look, turn, 1)
        qtbot.addWidget(view)
        view.set_width(width)
        settle(look)
        view.set_width(width)
        return view

    return build


def words(text: str, stage: str, model: str, kind: str = "answer") -> list[Event]:
    """A text as tokens."""
    pieces = [text[i : i + 5] for i in range(0, len(text), 5)]
    return [StreamToken(stage, model, p, kind, 0.9, "logprobs") for p in pieces]  # type: ignore[arg-type]


def finished(stage: str, model: str, reason: Reason = "done", **more: object) -> StageFinished:
    """The end of a model's answer."""
    return StageFinished(
        stage,
        model,
        reason,
        12,
        0.2,
        40.0,
        0.9,
        "logprobs",
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture
def look(qapp: QApplication) -> Look:
    return new_look()


@pytest.fixture
def show(qtbot: QtBot, look: Look) -> Show:
    return shower(qtbot, look)


LIST = "Start with **this** `word`:\n\n1. one\n2. two\n\n```python\nprint('x')\n```\n\nEnd."
WHOLE: list[Event] = [
    StageStarted("quick", ("llama3.2:3b",)),
    StageWaiting("quick", "llama3.2:3b", "loading", "Loading llama3.2:3b"),
    *words("A **quick** one.", "quick", "llama3.2:3b"),
    finished("quick", "llama3.2:3b"),
    StageStarted("deep", ("mistral:7b", "qwen2.5:7b")),
    *words("Let me see. Yes.", "deep", "mistral:7b", "thinking"),
    *words(LIST, "deep", "mistral:7b"),
    finished("deep", "mistral:7b", thinking_seconds=1.0),
    *words("Half of ", "deep", "qwen2.5:7b"),
    finished("deep", "qwen2.5:7b", "failed", error="qwen2.5:7b stood still for 30 s."),
    StageWaiting("deep", "phi4:14b", "fallback", "phi4:14b stands in for qwen2.5:7b", "qwen2.5:7b"),
    *words(LIST * 2, "deep", "phi4:14b"),
    finished("deep", "phi4:14b", "length", fallback_for="qwen2.5:7b"),
    StageFinished("synthesis", "", "skipped", error="the answer was sure enough"),
    AnswerFinished("deep", LIST, 0.9, "done"),
]


def test_events_and_the_finished_record_give_the_same_picture(show: Show, look: Look) -> None:
    turn = new_turn()
    recorder, live = TurnRecorder(turn), show(turn)
    for event in WHOLE:
        recorder.apply(event)
        live.receive(event)
    live.set_width(WIDTH)
    settle(look)
    live.set_width(WIDTH)
    assert picture(live) == picture(show(turn))


@pytest.mark.parametrize("cut", range(1, len(WHOLE), 3))
def test_a_view_made_anew_in_mid_stream_goes_on_without_a_doubled_or_missing_token(
    show: Show, look: Look, cut: int
) -> None:
    turn = new_turn()
    recorder, view = TurnRecorder(turn), show(turn)
    for place, event in enumerate(WHOLE):
        if place == cut:
            settle(look)
            view = show(turn)
        recorder.apply(event)
        view.receive(event)
    for each in view.panels:
        each.fold(False)
    settle(look)
    shown = {(p.record.name, a.model): v.text.plain_markdown() for p in view.panels for a, v in p._views}
    assert shown == {(s.name, a.model): a.text for s in turn.stages for a in s.answers}
    kept = show(turn)
    for each in kept.panels:
        each.fold(False)
    settle(look)
    for one, other in zip(view.panels, kept.panels, strict=True):
        assert [v.text.toPlainText() for _, v in one._views] == [v.text.toPlainText() for _, v in other._views]


@pytest.mark.parametrize("chosen", [True, False, None])
@pytest.mark.parametrize("kind", ["answer", "thinking"])
def test_a_folded_panel_made_anew_in_mid_stream_has_every_token_once(
    show: Show, look: Look, chosen: bool | None, kind: str
) -> None:
    turn = new_turn()
    recorder = TurnRecorder(turn)
    events = [*words("Thinking so. ", "quick", "m", "thinking"), *words("One two three four five.", "quick", "m")]
    cut = 2 if kind == "thinking" else 5
    for event in events[:cut]:
        recorder.apply(event)
    turn.stages[0].folded = chosen
    view = show(turn)
    for event in events[cut:]:
        recorder.apply(event)
        view.receive(event)
    view.panels[0].fold(False)
    settle(look)
    text = part(view, MarkdownView, "stageText")
    assert text.plain_markdown() == "One two three four five."
    part(view, QPushButton, "thinking").click()
    settle(look)
    thoughts = part(view, MarkdownView, "thoughts")
    assert thoughts.plain_markdown() == "Thinking so. "


def test_open_thoughts_go_on_while_they_stream(show: Show, look: Look) -> None:
    turn = new_turn()
    recorder, view = TurnRecorder(turn), show(turn)
    tokens = words("First I count to ten.", "quick", "m", "thinking")
    for place, event in enumerate(
        [*tokens, *words("Ten.", "quick", "m"), finished("quick", "m", thinking_seconds=12)]
    ):
        recorder.apply(event)
        view.receive(event)
        if place == 1:
            button = part(view, QPushButton, "thinking")
            assert button.text().startswith("▸ Thinking")
            button.click()
    settle(look)
    thoughts = part(view, MarkdownView, "thoughts")
    assert thoughts.plain_markdown() == "First I count to ten."
    assert button.text() == "▾ Thought for 12 s"
    button.click()
    assert button.text() == "▸ Thought for 12 s"
    assert "show the thoughts" in button.accessibleName()
