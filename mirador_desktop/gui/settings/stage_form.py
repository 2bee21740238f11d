"""The form of a stage: models, fallback, role prompt, tokens, temperature, threshold, thinking."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from mirador_desktop.core.context import estimate_tokens
from mirador_desktop.core.engine import ModelInfo
from mirador_desktop.core.limits import MOST_TOKENS, STAGE
from mirador_desktop.core.stages import ModelStage
from mirador_desktop.gui.settings.model_row import ModelRow
from mirador_desktop.gui.settings.number_field import NumberField, Slide, captioned
from mirador_desktop.gui.settings.widgets import Switch, button, form_row, label
from mirador_desktop.gui.theme import Theme

LABEL = 96
_PAUSE = 300  # ms after the last key until a prompt is kept

THRESHOLD = (
    "From which confidence on the stage counts as sure. Every stage still runs: confidence is not calibrated yet, "
    "so nothing is skipped by it. Today the value is shown as the mark on the stage's confidence bar."
)


@dataclass(frozen=True)
class Around:
    """What forms need of the program around them.

    Attributes:
        installed: the models there are now.
        pull: begins to pull a model.
        size_of: bytes to pull for a model, 0 if unknown.
    """

    installed: Callable[[], Sequence[ModelInfo]]
    pull: Callable[[str], None]
    size_of: Callable[[str], int]


class StageForm(QWidget):
    """Shows a stage and tells of each change that is right; what is wrong is said beside it and told to nobody.

    Signals:
        changed: names of fields of `ModelStage` with their values.
        preview: the person wants to see what is sent.
    """

    changed = Signal(dict)
    preview = Signal()

    def __init__(self, theme: Theme, around: Around) -> None:
        super().__init__()
        self._theme = theme
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(12), 0, theme.px(14), theme.px(14))
        column.setSpacing(theme.px(2))
        self.models = ModelRow(theme, "Models", True, around.installed, around.pull, around.size_of)
        self.models.changed.connect(lambda names: self.changed.emit({"models": names}))
        self.models.choice.connect(lambda value: self.changed.emit({"choose": value}))
        self.fallback = ModelRow(theme, "Fallback models", False, around.installed, around.pull, around.size_of)
        self.fallback.changed.connect(lambda names: self.changed.emit({"fallback_models": names}))
        column.addWidget(form_row(theme, "Models", self.models, LABEL))
        column.addWidget(form_row(theme, "Fallback", self.fallback, LABEL))
        column.addSpacing(theme.px(6))
        column.addWidget(form_row(theme, "Role prompt", self._prompt_box(), LABEL))
        column.addSpacing(theme.px(8))
        column.addWidget(self._figures())
        self._wrong = label("", "error", wraps=True)
        self._wrong.setContentsMargins(theme.px(LABEL), 0, 0, 0)
        self._wrong.setObjectName("stageWrong")
        self._wrong.hide()
        column.addWidget(self._wrong)

    def _prompt_box(self) -> QWidget:
        theme = self._theme
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        self.prompt = _Prompt()
        self._fit = QTimer(self)  # in the middle of a layout its own height must not change
        self._fit.setSingleShot(True)
        self._fit.setInterval(0)
        self._fit.timeout.connect(self._fit_prompt)
        self.prompt.document().documentLayout().documentSizeChanged.connect(lambda _: self._fit.start())
        self.prompt.textChanged.connect(self._prompt_edited)
        self.prompt.left.connect(self._flush_prompt)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PAUSE)
        self._later.timeout.connect(self._keep_prompt)
        column.addWidget(self.prompt)
        below = QHBoxLayout()
        self._count = label("", "meta")
        self._count.setWordWrap(True)
        below.addWidget(self._count, 1)
        below.addWidget(button(theme, "Show what is sent", self.preview.emit, "flat", "showSent", 24))
        column.addLayout(below)
        return box

    def _figures(self) -> QWidget:
        theme = self._theme
        box = QWidget()
        row = QGridLayout(box)
        row.setContentsMargins(theme.px(LABEL), 0, 0, 0)
        row.setHorizontalSpacing(theme.px(26))
        row.setVerticalSpacing(theme.px(8))
        self._grid = row
        self.tokens = NumberField(theme, "Most tokens", 1, MOST_TOKENS, 100)
        self.tokens.setObjectName("stageTokens")
        self.tokens.setFixedWidth(theme.px(100))
        self.tokens.number.connect(lambda value: self.changed.emit({"max_tokens": value}))
        self.tokens.wrong.connect(self._say)
        self.temperature = Slide(theme, "Temperature", 2.0, 0.05)
        self.temperature.slider.setObjectName("stageTemperature")
        self.temperature.setToolTip("How freely words are chosen: 0 always takes the likeliest")
        self.temperature.slid.connect(lambda value: self.changed.emit({"temperature": value}))
        self.threshold = Slide(theme, "Stop at confidence", 1.0, 0.05)
        self.threshold.slider.setObjectName("stageThreshold")
        self.threshold.setToolTip(THRESHOLD)
        self.threshold.slid.connect(lambda value: self.changed.emit({"confidence_threshold": value}))
        self.think = Switch(theme, "Thinking")
        self.think.setObjectName("stageThinking")
        self.think.setToolTip("Whether models that can think do so before they answer")
        self.think.clicked.connect(lambda on: self.changed.emit({"think": on}))
        self._parts = (
            captioned(theme, "Tokens", self.tokens),
            captioned(theme, "Temperature", self.temperature),
            captioned(theme, "Stop at confidence", self.threshold),
            captioned(theme, "Thinking", self.think),
        )
        self.set_narrow(False)
        return box

    def set_narrow(self, on: bool) -> None:
        """Put the figures below each other where there is little room."""
        for place, part in enumerate(self._parts):
            self._grid.removeWidget(part)
            self._grid.addWidget(part, place if on else 0, 0 if on else place)
        for column in range(4):
            self._grid.setColumnStretch(column, int(column == 0 if on else column in (1, 2)))

    def show_stage(self, stage: ModelStage, now: Sequence[str]) -> None:
        """Show a stage.

        Args:
            now: the models that are chosen now where it names none.
        """
        self.models.show_models(stage.models, stage.choose, now)
        self.fallback.show_models(stage.fallback_models, "position", ())
        if self.prompt.toPlainText() != stage.role_prompt and not self._later.isActive():
            self.prompt.blockSignals(True)
            self.prompt.setPlainText(stage.role_prompt)
            self.prompt.blockSignals(False)
        self._count_tokens()
        if self.tokens.value() != stage.max_tokens and not (self.tokens.hasFocus() or self.tokens.property("wrong")):
            self.tokens.set_number(stage.max_tokens)
        self.temperature.set_value(stage.temperature)
        self.threshold.set_value(stage.confidence_threshold)
        self.think.setChecked(stage.think)

    def flush(self) -> None:
        """Tell of what was just written."""
        self.tokens.flush()
        self._flush_prompt()

    def _flush_prompt(self) -> None:
        if self._later.isActive():
            self._later.stop()
            self._keep_prompt()

    def _keep_prompt(self) -> None:
        text = self.prompt.toPlainText()
        good = STAGE["role_prompt"].good(text)
        self._say("" if good else f"A role prompt is {STAGE['role_prompt'].expected}, without control characters.")
        self.prompt.set_wrong(not good)
        if good:
            self.changed.emit({"role_prompt": text})

    def refresh_models(self) -> None:
        """Other models are installed now."""
        self.models.refresh()
        self.fallback.refresh()

    def _prompt_edited(self) -> None:
        self._count_tokens()
        self._later.start()

    def _fit_prompt(self) -> None:
        """As high as its text, from three lines to eight."""
        lines = min(max(round(self.prompt.document().size().height()), 3), 8)
        around = 2 * (self.prompt.document().documentMargin() + self._theme.px(6) + 2)
        self.prompt.setFixedHeight(round(lines * self.prompt.fontMetrics().lineSpacing() + around))
        if not self.prompt.hasFocus():
            self.prompt.verticalScrollBar().setValue(0)

    def _count_tokens(self) -> None:
        self._count.setText(f"about {estimate_tokens(self.prompt.toPlainText()):,} tokens")

    def _say(self, why: str) -> None:
        self._wrong.setText(why)
        self._wrong.setVisible(bool(why))


class _Prompt(QPlainTextEdit):
    """The role prompt: plain text, and Tab goes on to the next field."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("rolePrompt")
        self.setAccessibleName("Role prompt")
        self.setPlaceholderText("What this stage is to do. Without one the model gets the question alone.")
        self.setTabChangesFocus(True)

    def set_wrong(self, on: bool) -> None:
        """Mark the text as wrong."""
        value: Any = "true" if on else ""
        if self.property("wrong") != value:
            self.setProperty("wrong", value)
            self.style().unpolish(self)
            self.style().polish(self)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell that the person has finished with it."""
        super().focusOutEvent(event)
        self.left.emit()
