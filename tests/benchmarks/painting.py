"""How long the window's thread is busy per frame while three answers stream side by side.

20,000 tokens a second in sum, mixed Markdown, up to 32,000 tokens in each answer; the floor is the same text
inserted as plain text. Run with `python -m tests.benchmarks.painting`.
"""

import gc
import os
import statistics
from collections.abc import Callable
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPlainTextEdit, QScrollArea, QWidget

from mirador_desktop.core.conversation import StageRecord, Turn
from mirador_desktop.core.events import Event, StageStarted, StreamToken
from mirador_desktop.core.recorder import TurnRecorder
from mirador_desktop.gui.conversation_view import ConversationView
from mirador_desktop.gui.frames import FrameClock
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.markdown_view import MarkdownStyle, MarkdownView, warm_up
from mirador_desktop.gui.theme import Theme
from tests.benchmarks.table import Row, show

PANELS = 3
NO_BAR = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
"""Painting three scroll bars in Qt's own style costs more than the text."""
RATE = 20_000
STYLE = MarkdownStyle(
    "#E7EBF1", "#8A94A6", "#262E39", "#1B212A", "#6CA8FF", "#F0B44C", "#6CA8FF", True, 10.5, "", "monospace"
)
TEXT = """## Part {n}: what it costs

Three costs dominate a cold start: **import time**, entry-point resolution and completion set-up. Profile it
with `python -X importtime -m yourcli --help`. On a typical app *pydantic* and *rich* account for most of it,
see [the guide](https://example.org/{n}). Moving them inside the commands brings it under 150 ms.

1. Measure: `-X importtime`, sort by cumulative, keep the top ten.
2. Make every import used by one command local to that command.
   - This is where most of the time goes, so begin here.
   - A lazy module does the same with *less* to write.
3. Guard it: a test that fails if it imports more than **120 modules**.

| module | before | after |
|---|--:|--:|
| pydantic | 210 ms | 4 ms |
| rich | 96 ms | 3 ms |
| typer | 41 ms | 38 ms |

```python
def main(argv: list[str]) -> int:
    from .commands import run  # imported late

    return run(argv, verbose="-v" in argv)
```

> Both models agree that replacing the console-script shim saves another 20 to 30 ms.

"""


def tokens(count: int) -> list[str]:
    """So many tokens of about four characters."""
    found: list[str] = []
    number = 0
    while len(found) < count:
        text = TEXT.replace("{n}", str(number))
        found += [text[at : at + 4] for at in range(0, len(text), 4)]
        number += 1
    return found[:count]


Frames = list[tuple[int, float]]
"""Tokens shown so far in each panel, and milliseconds of the frame."""


def _run(
    app: QApplication, window: QWidget, total: int, add: Callable[[int, str], None], flush: Callable[[], object]
) -> Frames:
    stream = tokens(total)
    frames: Frames = []
    shown = 0
    begin = perf_counter()
    while shown < total:
        due = min(total, int((perf_counter() - begin) * RATE / PANELS))
        for panel in range(PANELS):
            for token in stream[shown:due]:
                add(panel, token)
        shown = due
        start = perf_counter()
        flush()
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)  # layout, painting
        spent = perf_counter() - start
        frames.append((shown, spent * 1000))
        while perf_counter() - start < 1 / 60:
            pass
    return frames


def _window() -> tuple[QWidget, QHBoxLayout]:
    window = QWidget()
    window.resize(1320, 860)
    return window, QHBoxLayout(window)


def markdown(app: QApplication, total: int) -> Frames:
    """Three Markdown views, each in a scroll area that follows its end."""
    window, row = _window()
    clock = FrameClock(window)
    clock._timer.blockSignals(True)  # frames are made here
    views = []
    for _ in range(PANELS):
        area = QScrollArea()
        area.setVerticalScrollBarPolicy(NO_BAR)
        view = MarkdownView(STYLE, clock)
        view.set_caret(True)
        area.setWidget(view)
        view.resize(400, 300)
        row.addWidget(area)

        def follow(height: int, area: QScrollArea = area, view: MarkdownView = view) -> None:
            view.resize(area.viewport().width(), height)
            area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())

        view.height_changed.connect(follow)
        views.append(view)
    window.show()
    app.processEvents()
    frames = _run(app, window, total, lambda panel, token: views[panel].append(token, 0.5), clock.flush)
    window.deleteLater()
    return frames


def plain(app: QApplication, total: int) -> Frames:
    """The floor: the same text as plain text."""
    window, row = _window()
    edits = [QPlainTextEdit() for _ in range(PANELS)]
    for edit in edits:
        edit.setUndoRedoEnabled(False)
        edit.setVerticalScrollBarPolicy(NO_BAR)
        row.addWidget(edit)
    window.show()
    app.processEvents()
    waiting: list[list[str]] = [[] for _ in edits]

    def flush() -> None:
        for edit, parts in zip(edits, waiting, strict=True):
            cursor = QTextCursor(edit.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText("".join(parts))
            parts.clear()
            edit.verticalScrollBar().setValue(edit.verticalScrollBar().maximum())

    frames = _run(app, window, total, lambda panel, token: waiting[panel].append(token), flush)
    window.deleteLater()
    return frames


def in_conversation(app: QApplication, total: int) -> Frames:
    """The panels of a turn in the window's own list, three side by side, fed with events as an answer is."""
    look = Look(Theme("dark"), FrameClock(), layout="columns")
    look.clock._timer.blockSignals(True)
    view = ConversationView(look)
    view.setVerticalScrollBarPolicy(NO_BAR)
    view.resize(1240, 700)
    view.show()
    names = ("quick", "deep", "synthesis")
    turn = Turn("1", "1", question="How long?", stages=[StageRecord(name, 0.6) for name in names])
    recorder = TurnRecorder(turn)
    view.append(turn)

    def event(event: Event) -> None:
        recorder.apply(event)
        view.receive(turn.id, event)

    for name in names:
        event(StageStarted(name, (f"{name}:7b",)))
    app.processEvents()
    frames = _run(
        app,
        view,
        total,
        lambda panel, token: event(StreamToken(names[panel], f"{names[panel]}:7b", token, confidence=0.5)),
        look.clock.flush,
    )
    view.deleteLater()
    return frames


def _rows(name: str, frames: Frames, floor: Frames) -> list[Row]:
    quarter = len(frames) // 4
    p99, first, last = _p99(frames), _p99(frames[:quarter]), _p99(frames[-quarter:])
    middle = statistics.median(spent for _, spent in frames)
    return [
        Row(f"frame of {name}, p50 / p99", f"{middle:.1f} / {p99:.1f} ms", f"plain text p99 {_p99(floor):.1f} ms",
            p99 / _p99(floor), "p99 ≤ 16 ms"),
        Row(f"the same, last quarter of {frames[-1][0]:,} tokens each, p99", f"{last:.1f} ms",
            f"first quarter {first:.1f} ms", last / first, "flat"),
    ]  # fmt: skip


def _p99(frames: Frames) -> float:
    times = sorted(spent for _, spent in frames)
    return times[min(len(times) - 1, int(0.99 * len(times)))]


def measure(total: int = 32_000) -> list[Row]:
    """Three answers of so many tokens each: alone, in the window's list, and as plain text."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    while warm_up():
        pass
    gc.collect()
    gc.freeze()  # as the program does after its start
    floor = plain(app, total)
    return [
        *_rows("three panels at 20,000 tok/s", markdown(app, total), floor),
        *_rows("the same in a conversation", in_conversation(app, total), floor),
    ]


if __name__ == "__main__":
    show(measure())
