"""What one model wrote in a stage: notices, folded thoughts, and its text as Markdown."""

import time

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from mirador_desktop.core.amounts import seconds_words
from mirador_desktop.core.conversation import Answer
from mirador_desktop.core.events import StageFinished, StageWaiting, StreamToken
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.markdown_find import Highlight
from mirador_desktop.gui.markdown_view import MarkdownView
from mirador_desktop.gui.parts import ConfidenceLabel, ModelChips


class AnswerView(QWidget):
    """One model's answer, live or kept.

    Args:
        place: of the stage in its pipeline; decides the colour.

    Attributes:
        headed: whether it carries its own line with model and figures, because the stage has several models.

    Signals:
        grew: its height for the same width has changed.
        link_hovered: the address of the link under the mouse, or "".
    """

    grew = Signal()
    link_hovered = Signal(str)

    def __init__(self, look: Look, place: int, threshold: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._place, self._threshold = look, place, threshold
        self.headed = False
        self._answer = Answer("")
        self._live = False
        self._waiting: StageWaiting | None = None
        self._since = 0.0
        self._chips = ModelChips(look.theme, self)
        self._chips.setObjectName("answerModel")
        self._meta = QLabel(self)
        self._meta.setProperty("kind", "meta")
        self._confidence = ConfidenceLabel(look.theme, place, self)
        self._confidence.setObjectName("answerConfidence")
        self._confidence.narrow = True
        self._notice = QLabel(self)
        self._notice.setWordWrap(True)
        self._notice.setTextFormat(Qt.TextFormat.PlainText)
        self._notice.setObjectName("stageNotice")
        self._thinking_button = QPushButton(self)
        self._thinking_button.setProperty("kind", "flat")
        self._thinking_button.setProperty("quiet", "true")
        self._thinking_button.setObjectName("thinking")
        self._thinking_button.clicked.connect(self._toggle_thoughts)
        self._thoughts: MarkdownView | None = None
        self._highlight: Highlight | None = None
        self.text = MarkdownView(look.markdown(place), look.clock, self)
        self.text.setObjectName("stageText")
        self.text.setAccessibleName("Answer")
        self.text.set_heat(look.heat)
        self.text.installEventFilter(self)
        self.text.height_changed.connect(self.grew)
        self.text.link_hovered.connect(self.link_hovered)
        self._second = QTimer(self)
        self._second.setInterval(1000)
        self._second.timeout.connect(self._show_waiting)
        for widget in (self._chips, self._meta, self._confidence, self._notice, self._thinking_button):
            widget.hide()

    # ── content ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def failed(self) -> bool:
        """Whether another model may have taken its place."""
        return self._answer.reason == "failed"

    @property
    def has_text(self) -> bool:
        """Whether there is more than a notice to show."""
        return bool(self._answer.text or self._answer.thinking or self._live)

    def show_answer(self, answer: Answer) -> None:
        """Show a kept answer, or go on with one that streams."""
        self._answer = answer
        self.text.set_text(answer.text, answer.marks, answer.alternatives)
        self._live = answer.reason is None
        self.text.set_caret(self._live)
        self._update()

    def begin(self, answer: Answer) -> None:
        """Begin to show an answer of which nothing was written yet."""
        self._answer, self._live = answer, True
        self.text.set_caret(True)
        self._update()

    def token(self, token: StreamToken) -> None:
        """Show a token with the next frame. The record behind it has it already."""
        if self._waiting is not None:
            self._no_longer_waiting()
        if token.kind == "thinking":
            if self._thoughts is not None:
                self._thoughts.append(token.content)
            if not self._thinking_button.isVisibleTo(self):
                self._update()
            return
        if self._thinking_button.isVisibleTo(self) and self.text.plain_markdown() == "":
            self._update()
        self.text.append(token.content, token.confidence, token.alternatives)

    def waiting(self, event: StageWaiting) -> None:
        """Say why nothing is written yet."""
        if event.why == "fallback":
            self._update()
            return
        self._waiting, self._since = event, time.monotonic()
        self._second.start()
        self._show_waiting()
        self.grew.emit()

    def finished(self, event: StageFinished) -> None:
        """The model has ended."""
        self._live = False
        self._no_longer_waiting()
        self.text.finish()
        self.text.set_caret(False)
        if self._thoughts is not None:
            self._thoughts.finish()
        self._update()

    def _no_longer_waiting(self) -> None:
        if self._waiting is not None and self._waiting.why == "loading":
            self._look.loaded(self._waiting.model, time.monotonic() - self._since)
        self._waiting = None
        self._second.stop()
        self._update()

    def _show_waiting(self) -> None:
        if self._waiting is None:
            return
        words = self._waiting.text
        since = int(time.monotonic() - self._since)
        if self._waiting.why != "busy" and since:
            words += f" · {seconds_words(since) if since >= 10 else f'{since} s'}"
        last = self._look.load_seconds.get(self._waiting.model)
        if self._waiting.why == "loading" and last is not None:
            words += f", last time it took {seconds_words(last)}"
        self._say(words, "muted")

    def _update(self) -> None:
        """Bring everything but the text in line with the record."""
        answer = self._answer
        self._chips.set_models([named(answer)])
        self._meta.setText(figures(answer))
        self._confidence.set_value(answer.confidence, self._threshold)
        if self._waiting is None:
            self._say(*notice(answer))
        self._thinking_button.setVisible(bool(answer.thinking))
        if answer.thinking:
            arrow = "▾" if self._thoughts is not None else "▸"
            took = answer.thinking_seconds
            words = "Thinking" if self._live and not answer.text and took is None else "Thought"
            how_long = f" for {seconds_words(took)}" if took is not None else "…"
            self._thinking_button.setText(f"{arrow} {words}{how_long}")
            self._thinking_button.setAccessibleName(f"{words}, {'hide' if self._thoughts else 'show'} the thoughts")
        self.grew.emit()

    def _say(self, words: str, kind: str = "muted") -> None:
        if self._notice.property("kind") != kind:
            self._notice.setProperty("kind", kind)
            self._notice.style().unpolish(self._notice)
            self._notice.style().polish(self._notice)
        self._notice.setText(words)
        self._notice.setVisible(bool(words))

    def _toggle_thoughts(self) -> None:
        if self._thoughts is not None:
            self._thoughts.hide()
            self._thoughts.deleteLater()
            self._thoughts = None
        else:
            self._thoughts = MarkdownView(self._look.markdown(self._place, muted=True), self._look.clock, self)
            self._thoughts.setObjectName("thoughts")
            self._thoughts.setAccessibleName("Thoughts")
            self._thoughts.installEventFilter(self)
            self._thoughts.height_changed.connect(self.grew)
            self._thoughts.set_text(self._answer.thinking)
            self._thoughts.set_highlight(self._highlight)
            self._thoughts.show()
        self._update()

    def open_thoughts(self) -> MarkdownView | None:
        """Unfold the thoughts and return their text; None if there are none."""
        if self._thoughts is None and self._answer.thinking:
            self._toggle_thoughts()
        return self._thoughts

    def set_highlight(self, highlight: Highlight | None) -> None:
        """Highlight what was searched for, or nothing."""
        self._highlight = highlight
        self.text.set_highlight(highlight)
        if self._thoughts is not None:
            self._thoughts.set_highlight(highlight)

    @property
    def shows_thoughts(self) -> bool:
        """Whether the thoughts are unfolded."""
        return self._thoughts is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The panel around draws the ring of a text that gets the focus."""
        panel = self.parentWidget()
        if panel is not None and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            panel.update()
        return False

    def ring(self) -> QRect | None:
        """Where the text is that was given the focus by the keyboard, None if none was."""
        if self.window().property("keyboard"):
            for text in (self.text, self._thoughts):
                if text is not None and text.hasFocus():
                    return text.geometry()
        return None

    # ── place ──────────────────────────────────────────────────────────────────────────────────────────

    def set_width(self, width: int) -> int:
        """Lay everything out at this width; returns the height, px."""
        theme, y = self._look.theme, 0
        for widget in (self._chips, self._meta, self._confidence):
            widget.setVisible(self.headed)
        if self.headed:
            row = theme.px(30)
            right = width
            bar = self._confidence.wanted_width()
            self._confidence.setGeometry(right - bar, 0, bar, row)
            right -= bar + theme.px(10)
            meta = self._meta.sizeHint().width()
            chips = min(self._chips.wanted_width(), max(theme.px(90), right - meta))
            if meta > right - chips:
                meta = 0
            self._meta.setVisible(bool(meta))
            self._meta.setGeometry(right - meta, 0, meta, row)
            self._chips.setGeometry(0, 0, chips, row)
            y = row
        if self._notice.text():
            height = self._notice.heightForWidth(width)
            self._notice.setGeometry(0, y + theme.px(3), width, height)
            y += height + theme.px(7)
        if self._thinking_button.isVisibleTo(self):
            hint = self._thinking_button.sizeHint()
            self._thinking_button.setGeometry(-theme.px(6), y, min(hint.width(), width), hint.height())
            y += hint.height() + theme.px(2)
        if self._thoughts is not None:
            self._thoughts.resize(width - theme.px(14), max(1, self._thoughts.height()))
            height = self._thoughts.wanted_height()
            self._thoughts.setGeometry(theme.px(14), y, width - theme.px(14), height)
            y += height + theme.px(6)
        shown = bool(self._answer.text) or (self._live and self._waiting is None)
        self.text.setVisible(shown)
        if shown:
            self.text.resize(width, max(1, self.text.height()))
            height = self.text.wanted_height()
            self.text.setGeometry(0, y, width, height)
            y += height
        self.resize(width, y)
        return y

    def restyle(self) -> None:
        """Colours, sizes or the heat map have changed."""
        self.text.set_style(self._look.markdown(self._place))
        self.text.set_heat(self._look.heat)
        if self._thoughts is not None:
            self._thoughts.set_style(self._look.markdown(self._place, muted=True))
        self.update()


def named(answer: Answer) -> str:
    """The model's name, with the one it stands in for."""
    return f"{answer.model} for {answer.fallback_for}" if answer.fallback_for else answer.model


def figures(answer: Answer, first: bool = False) -> str:
    """Time to first token, rate and count, as far as they are known."""
    parts = [seconds_words(answer.first_token)] if first and answer.first_token is not None else []
    if answer.tokens_per_second is not None:
        parts.append(f"{answer.tokens_per_second:,.0f} tok/s")
    if answer.tokens:
        parts.append(f"{answer.tokens:,} tok")
    return " · ".join(parts)


def notice(answer: Answer) -> tuple[str, str]:
    """What has to be said about how an answer ended, and the kind of label that says it."""
    if answer.reason == "failed":
        kept = " What it wrote until then is kept." if answer.text else ""
        return answer.error + kept, "error"
    if answer.reason == "stopped":
        return "Stopped" if answer.text else "Stopped before it wrote anything", "muted"
    if answer.reason == "length":
        return "Cut off: it reached the stage's most tokens", "muted"
    if answer.fallback_for:
        return f"{answer.model} stands in for {answer.fallback_for}", "muted"
    return "", "muted"
