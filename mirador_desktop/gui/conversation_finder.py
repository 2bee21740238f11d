"""Finds words in a whole conversation, also in turns that are not loaded and in panels that are folded."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from mirador_desktop.core.conversation import Turn
from mirador_desktop.core.folding import fold
from mirador_desktop.gui.conversation_view import ConversationView
from mirador_desktop.gui.markdown_find import Highlight, count_in_markdown, needle
from mirador_desktop.gui.tasks import Tasks

_AT_ONCE = 20
"""Turns that are read and looked through together."""
_FRAMES = 250
"""How long a text may take to be laid out before the place in it is given up."""
_LIVE = 400
"""Milliseconds between two looks at an answer that streams."""


@dataclass(frozen=True, slots=True)
class Text:
    """One of the texts of a turn: the question (stage -1), an answer, or its thoughts."""

    turn: str
    stage: int = -1
    place: int = 0
    thoughts: bool = False


async def reveal(view: ConversationView, text: Text, number: int) -> bool:
    """Open whatever hides a text, and scroll to one of the highlighted places in it; False if it is nowhere."""
    if text.turn not in view.turn_ids:
        return False
    if view.view_of(text.turn) is None:
        view.show_turn(text.turn)
    ready = 0
    for _ in range(_FRAMES):
        shown = view.view_of(text.turn)
        if shown is not None:
            widget = shown.reveal(text.stage, text.place, text.thoughts)
            ready = ready + 1 if widget.is_settled() else 0
            if ready in (3, 6):  # what is above may have become higher in between
                place = widget.go_to(number)
                if place is not None:
                    view.show_place(widget, place)
                if ready == 6:
                    return place is not None
        await asyncio.sleep(view.look.clock.interval)
        if text.turn not in view.turn_ids:
            return False
    return False


class ConversationFinder(QObject):
    """Knows all places of a text in the conversation that is shown, and goes from one to the next.

    Args:
        texts: reads turns.
        answers: whether an answer streams in the conversation.

    Signals:
        changed: other places, or another one is gone to.
    """

    changed = Signal()

    def __init__(
        self,
        view: ConversationView,
        texts: Callable[[Sequence[str]], Awaitable[list[Turn]]],
        answers: Callable[[], bool],
        tasks: Tasks,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._view, self._texts, self._answers, self._tasks = view, texts, answers, tasks
        self._pattern: re.Pattern[str] | None = None
        self._places: list[tuple[Text, int]] = []
        self._at = -1
        self._seen: tuple[int, str] = (0, "")
        self.looking = False
        self._live = QTimer(self)
        self._live.setInterval(_LIVE)
        self._live.timeout.connect(self._look_again)

    @property
    def at(self) -> int:
        """Number of the place that is shown, -1 for none."""
        return self._at

    @property
    def count(self) -> int:
        """How many places are known."""
        return len(self._places)

    def find(self, text: str) -> None:
        """Find a text, and go to its first place from what is in sight on."""
        self._pattern = needle(text)
        self._places, self._at = [], -1
        self._tasks.cancel("find go")
        if self._pattern is None:
            self.stop()
            return
        self._view.set_highlight(self._highlight())
        self._live.start()
        self._start(go=True)

    def stop(self) -> None:
        """Find nothing any more."""
        for name in ("find", "find go", "find live"):
            self._tasks.cancel(name)
        self._live.stop()
        self._pattern, self._places, self._at, self.looking = None, [], -1, False
        self._view.set_highlight(None)
        self.changed.emit()

    def refresh(self) -> None:
        """Another conversation or branch may be shown: look through it if so."""
        if self._pattern is not None and self._seen != self._shown():
            self._places, self._at = [], -1
            self._start(go=False)

    def step(self, step: int) -> None:
        """Go to the next place (1) or the one before (-1), around the ends."""
        if not self._places:
            return
        if self._at < 0:
            self._at = self._first() if step > 0 else self._first() - 1
        else:
            self._at += step
        self._at %= len(self._places)
        self._go()

    def _shown(self) -> tuple[int, str]:
        ids = self._view.turn_ids
        return len(ids), ids[-1] if ids else ""

    def _start(self, go: bool) -> None:
        self._seen, self.looking = self._shown(), True
        self._tasks.start("find", self._look(list(self._view.turn_ids), go))
        self.changed.emit()

    async def _look(self, ids: list[str], go: bool) -> None:
        first = self._view.top_place
        pattern = self._pattern
        assert pattern is not None
        for at in range(0, len(ids), _AT_ONCE):
            part = ids[at : at + _AT_ONCE]
            turns = await self._texts(part)
            self._places += await asyncio.to_thread(places_in, pattern, turns, self._open_thoughts(turns))
            if go and self._at < 0 and at + _AT_ONCE > first and self._places:
                order = {turn: number for number, turn in enumerate(ids)}
                near = [n for n, (text, _) in enumerate(self._places) if order[text.turn] >= first]
                if near:
                    self._at = near[0]
                    self._go()
            self.changed.emit()
        self.looking = False
        if go and self._at < 0 and self._places:
            self._at = 0
            self._go()
        self.changed.emit()

    def _first(self) -> int:
        """The first place from what is in sight on, the number of places if there is none."""
        order = {turn: number for number, turn in enumerate(self._view.turn_ids)}
        top = self._view.top_place
        return next((n for n, (t, _) in enumerate(self._places) if order.get(t.turn, -1) >= top), len(self._places))

    def _open_thoughts(self, turns: Sequence[Turn]) -> set[Text]:
        opened = set()
        for turn in turns:
            view = self._view.view_of(turn.id)
            for stage, panel in enumerate(view.panels if view is not None else ()):
                for place in range(len(panel.record.answers)):
                    if panel.shows_thoughts(place):
                        opened.add(Text(turn.id, stage, place, True))
        return opened

    def _highlight(self) -> Highlight | None:
        colour = self._view.look.theme.colours.focus
        return None if self._pattern is None else Highlight(self._pattern, False, colour)

    def _go(self) -> None:
        text, number = self._places[self._at]
        self._view.set_highlight(self._highlight())  # nothing is gone to any more
        self._tasks.start("find go", reveal(self._view, text, number))
        self.changed.emit()

    def _look_again(self) -> None:
        """Look at an answer that streams."""
        ids = self._view.turn_ids
        if self._answers() and ids and not self.looking and not self._tasks.runs("find live"):
            self._tasks.start("find live", self._look_at_last(ids[-1]))

    async def _look_at_last(self, turn_id: str) -> None:
        pattern = self._pattern
        turns = await self._texts([turn_id])
        if pattern is None or not turns:
            return
        found = await asyncio.to_thread(places_in, pattern, turns, self._open_thoughts(turns))
        here = self._places[self._at] if self._at >= 0 else None
        self._places = [each for each in self._places if each[0].turn != turn_id] + found
        self._at = self._places.index(here) if here in self._places else -1
        self.changed.emit()


def places_in(pattern: re.Pattern[str], turns: Sequence[Turn], thoughts: set[Text]) -> list[tuple[Text, int]]:
    """All places in some turns, in the order in which they are shown. Not for the GUI thread."""
    found: list[tuple[Text, int]] = []
    for turn in turns:
        in_question = sum(len(pattern.findall(fold(line))) for line in turn.question.splitlines())
        found += [(Text(turn.id), number) for number in range(in_question)]
        for at, stage in enumerate(turn.stages):
            for place, answer in enumerate(stage.answers):
                thought = Text(turn.id, at, place, True)
                if thought in thoughts:
                    found += [(thought, n) for n in range(count_in_markdown(pattern, answer.thinking))]
                found += [(Text(turn.id, at, place), n) for n in range(count_in_markdown(pattern, answer.text))]
    return found
