"""The panel of one stage: header with shape, name, models and figures, and the answers of its models."""

import re
from itertools import pairwise

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from mirador_desktop.core.conversation import Answer, StageRecord
from mirador_desktop.core.events import (
    QUICK_ONLY,
    Event,
    StageFinished,
    StageStarted,
    StageWaiting,
    StreamToken,
)
from mirador_desktop.gui.answer_view import AnswerView
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.markdown_find import Highlight
from mirador_desktop.gui.markdown_view import MarkdownView
from mirador_desktop.gui.painting import focus_ring, stage_frame, stage_shape
from mirador_desktop.gui.stage_header import StageHeader

_MARKUP = re.compile(r"^[#>\s*+-]+|[*_`~]{1,3}|\[([^\]]*)\]\([^)]*\)|^\d+\.\s+")


class StagePanel(QWidget):
    """One stage of a turn, live or kept; a stage that was left out is a line in its place.

    Args:
        place: of the stage in its pipeline.

    Signals:
        grew: its height for the same width has changed.
        folded_by_person: the person folded (True) or opened (False) it.
        copied: the text to put on the clipboard.
        go_deeper: the person wants the stages that were left out.
        link_hovered: the address of the link under the mouse, or "".
    """

    grew = Signal()
    folded_by_person = Signal(bool)
    copied = Signal(str)
    go_deeper = Signal()
    link_hovered = Signal(str)

    def __init__(self, look: Look, place: int, record: StageRecord, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._place, self.record = look, place, record
        self.folded = False
        self._live = False
        self._planned: tuple[str, ...] = ()
        self._views: list[tuple[Answer, AnswerView]] = []
        self._highlight: Highlight | None = None
        self.setObjectName(f"stagePanel-{record.name}")
        self._header = StageHeader(look.theme, place, record, self)
        self._header.clicked.connect(self._clicked)
        self._header.focus_changed.connect(self.update)  # the ring is around the whole panel
        self._header.copy.clicked.connect(lambda: self.copied.emit(self.best_text()))
        self._preview = QLabel(self)
        self._preview.setTextFormat(Qt.TextFormat.PlainText)
        self._preview.setProperty("kind", "muted")
        self._skipped = QLabel(self)
        self._skipped.setWordWrap(True)
        self._skipped.setProperty("kind", "muted")
        self._skipped.setObjectName("stageSkipped")
        self._deeper = QPushButton("Go deeper", self)
        self._deeper.setProperty("kind", "flat")
        self._deeper.setObjectName("goDeeper")
        self._deeper.clicked.connect(self.go_deeper)
        for widget in (self._preview, self._skipped, self._deeper):
            widget.hide()
        self._refresh()

    # ── content ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def left_out(self) -> bool:
        """Whether the stage did not run."""
        return bool(self.record.skipped)

    @property
    def begun(self) -> bool:
        """Whether there is anything to show of it."""
        return self.left_out or self._live or bool(self.record.answers)

    def show_record(self) -> None:
        """Show what the record holds. A folded panel builds its texts only when it is opened."""
        self._live = any(a.reason is None for a in self.record.answers)
        if not self.folded:
            self._build()
        self._refresh()

    def receive(self, event: Event) -> None:
        """Show an event of this stage; the record has taken it in already."""
        if isinstance(event, StreamToken):
            self._token(event)
            if self._header.state != "writing":
                self._live = True
                self._refresh()
            return
        if isinstance(event, StageStarted):
            self._live, self._planned = True, event.models
        elif isinstance(event, StageWaiting):
            self._live = True
            self._view_of(event.model).waiting(event)
        elif isinstance(event, StageFinished):
            if event.reason != "skipped":
                self._view_of(event.model).finished(event)
            self._live = False
        self._refresh()
        self.grew.emit()

    def end(self) -> None:
        """The answer is over: nothing more comes."""
        self._live = False
        self._refresh()

    def fold(self, folded: bool) -> None:
        """Fold to header and first line, or open."""
        if folded != self.folded:
            self.folded = folded
            if not folded:
                self._build()
            self._refresh()
            self.grew.emit()

    def reveal(self, place: int, thoughts: bool) -> MarkdownView | None:
        """Unfold an answer, or its thoughts, and return the text; None if there is no such answer."""
        if place >= len(self.record.answers):
            return None
        self.fold(False)
        self._build()
        answer = self.record.answers[place]
        view = next(view for known, view in self._views if known is answer)
        return view.open_thoughts() if thoughts else view.text

    def shows_thoughts(self, place: int) -> bool:
        """Whether the thoughts of an answer are unfolded."""
        views = [view for answer, view in self._views if answer is self.record.answers[place]]
        return not self.folded and any(view.shows_thoughts for view in views)

    def set_highlight(self, highlight: Highlight | None) -> None:
        """Highlight what was searched for, or nothing."""
        self._highlight = highlight
        for _, view in self._views:
            view.set_highlight(highlight)

    def offer_deeper(self, on: bool) -> None:
        """Offer to run what was left out for a quick answer; the last such panel speaks for all."""
        self._deeper.setVisible(on and self.record.skipped == QUICK_ONLY)

    def best_text(self) -> str:
        """The text that stands for the stage."""
        return self.record.best_text

    def _clicked(self) -> None:
        if not self.left_out and self.record.answers:
            self.fold(not self.folded)
            self.folded_by_person.emit(self.folded)

    def _build(self) -> None:
        shown = [answer for answer, _ in self._views]
        for answer in self.record.answers:
            if not any(answer is other for other in shown):
                self._add(answer).show_answer(answer)

    def _token(self, token: StreamToken) -> None:
        """Show a token; a view that is made only now, in mid-stream, has it from the record."""
        answer, view = self._find(token.model)
        if view is None:
            view = self._add(answer)
            if answer.text != (token.content if token.kind == "answer" else ""):
                view.show_answer(answer)
                return
            view.begin(answer)
        view.token(token)

    def _view_of(self, model: str) -> AnswerView:
        """The view of the answer a model is writing."""
        answer, view = self._find(model)
        if view is None:
            view = self._add(answer)
            if answer.reason is None and not answer.text:
                view.begin(answer)
            else:
                view.show_answer(answer)
        return view

    def _find(self, model: str) -> tuple[Answer, AnswerView | None]:
        """The answer a model is writing, and its view if there is one."""
        answer = next(a for a in reversed(self.record.answers) if a.model == model)
        return answer, next((view for known, view in self._views if known is answer), None)

    def _add(self, answer: Answer) -> AnswerView:
        view = AnswerView(self._look, self._place, self.record.threshold, self)
        view.grew.connect(self.grew)
        view.link_hovered.connect(self.link_hovered)
        view.set_highlight(self._highlight)
        self._views.append((answer, view))
        view.setVisible(not self.folded)
        return view

    def _refresh(self) -> None:
        """Bring header and other labels in line with the record."""
        name, why = self.record.name.capitalize(), self.record.skipped
        self._skipped.setText(f"{name} left out: {why}" if why else "")
        self._header.refresh(self._planned, self._live, self.folded)
        self._preview.setText(first_line(self.best_text()))

    # ── place ──────────────────────────────────────────────────────────────────────────────────────────

    def set_width(self, width: int) -> int:
        """Lay everything out at this width; returns the height, px."""
        if not self.begun:
            self.resize(width, 0)
            return 0
        if self.left_out:
            return self._lay_out_left_out(width)
        theme = self._look.theme
        left, right = theme.px(19), width - theme.px(17)
        header = theme.px(44)
        self._header.setGeometry(0, 0, width, header)
        self._header.show()
        self._skipped.hide()
        self._header.lay_out(right, self._headed(), bool(self.best_text()))
        inner, y = right - left, theme.px(40)
        for _, view in self._views:
            view.setVisible(not self.folded)
        self._preview.setVisible(self.folded)
        if self.folded:
            line = self._preview.fontMetrics().elidedText(
                first_line(self.best_text()), Qt.TextElideMode.ElideRight, inner
            )
            self._preview.setText(line)
            height = self._preview.sizeHint().height()
            self._preview.setGeometry(left, y, inner, height)
            y += height
        else:
            y = self._lay_out_answers(left, y, inner)
        height = y + theme.px(14)
        self.resize(width, height)
        self.update()
        return height

    def _lay_out_left_out(self, width: int) -> int:
        theme = self._look.theme
        for _, view in self._views:
            view.hide()
        self._header.hide()
        self._preview.hide()
        button = self._deeper.sizeHint() if self._deeper.isVisibleTo(self) else None
        left, inner = theme.px(44), width - theme.px(60)
        if button is not None:
            inner -= button.width()
            self._deeper.setGeometry(width - button.width() - theme.px(8), 0, button.width(), button.height())
        height = max(self._skipped.heightForWidth(inner), theme.px(20), button.height() if button else 0)
        self._skipped.setGeometry(left, 0, inner, height)
        self._skipped.show()
        self.resize(width, height)
        return height

    def _headed(self) -> bool:
        """Whether every answer carries its own line, because several models have written."""
        return not self.folded and sum(view.has_text for _, view in self._views) > 1

    def _lay_out_answers(self, left: int, y: int, inner: int) -> int:
        theme, headed = self._look.theme, self._headed()
        for _, view in self._views:
            view.headed = headed and view.has_text
        texts = [view for _, view in self._views if view.has_text and not view.failed]
        for view in [view for _, view in self._views if view not in texts]:  # what failed stands above the others
            height = view.set_width(inner)
            view.move(left, y)
            y += height + (theme.px(10) if view.has_text and texts else 0)
        gap = theme.px(36)
        each = (inner - gap * (len(texts) - 1)) // max(1, len(texts))
        if len(texts) > 1 and each >= theme.px(280):
            heights = [view.set_width(each) for view in texts]
            for place, view in enumerate(texts):
                view.move(left + place * (each + gap), y)
            return y + max(heights)
        for place, view in enumerate(texts):
            y += theme.px(10) if place else 0
            height = view.set_width(inner)
            view.move(left, y)
            y += height
        return y

    def restyle(self) -> None:
        """Colours, sizes or the heat map have changed."""
        for _, view in self._views:
            view.restyle()
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The header takes the focus."""
        self._header.setFocus(event.reason())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw frame, coloured edge and shape; the line between two answers side by side."""
        if not self.begun:
            return
        theme, c = self._look.theme, self._look.theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = theme.px(12)
        if self.left_out:
            box = QRectF(
                theme.px(20), (min(self.height(), theme.px(22)) - theme.px(10)) / 2, theme.px(10), theme.px(10)
            )
            stage_shape(painter, theme, self._place, box, c.muted)
            painter.end()
            return
        frame = stage_frame(painter, theme, QRectF(self.rect()), self._place)
        stage_shape(painter, theme, self._place, QRectF(theme.px(19), (theme.px(44) - side) / 2, side, side))
        if self._header.hasFocus():
            focus_ring(painter, theme, frame.adjusted(1, 1, -1, -1), theme.px(10))
        for _, view in self._views:
            if (ring := view.ring()) is not None:
                focus_ring(painter, theme, ring.translated(view.pos()).adjusted(-8, -4, 8, 4), theme.px(10) / 2)
        texts = [view for _, view in self._views if view.isVisibleTo(self) and view.has_text and not view.failed]
        for one, other in pairwise(texts):
            if one.y() == other.y():
                x = (one.geometry().right() + other.x()) // 2
                painter.setPen(QColor(c.line))
                painter.drawLine(x, one.y() + theme.px(4), x, self.height() - theme.px(14))
        painter.end()


def first_line(text: str) -> str:
    """The first line of a Markdown text without its markup."""
    line = next((line for line in text.splitlines() if line.strip(" #>*-`=_|:")), "")
    return _MARKUP.sub(lambda m: m[1] or "", line).strip()
