"""The foot of the page Models: what stays in memory for the chosen pipeline, in numbers, and two buttons."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from mirador_desktop.core.amounts import seconds_words
from mirador_desktop.core.memory_plan import plan_words
from mirador_desktop.core.stages import Pipeline
from mirador_desktop.gui.settings.widgets import Switch, button, label
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.preferences import Preferences
from mirador_desktop.warming import Warmer


class WarmPlan(QWidget):
    """Says the plan and follows it.

    Args:
        pipeline: gives the pipeline a question would go to now.
    """

    def __init__(
        self, theme: Theme, warmer: Warmer, preferences: Preferences, tasks: Tasks, pipeline: Callable[[], Pipeline]
    ) -> None:
        super().__init__()
        self._theme, self._warmer, self._preferences, self._tasks = theme, warmer, preferences, tasks
        self._pipeline = pipeline
        self._where = label("", "muted", wraps=True)
        self._words = label("", wraps=True)
        self._words.setObjectName("warmPlan")
        self._switch = Switch(theme, "Load models before they are needed")
        self._switch.setObjectName("prewarmSwitch")
        self._switch.clicked.connect(self._toggled)
        self._unload = button(theme, "Unload", self._unload_all, "flat", "unloadModels")
        self._unload.setAccessibleName("Unload the models of this pipeline now")
        self._warm = button(theme, "Warm now", self._warm_now, "", "warmNow")
        head = QHBoxLayout()
        head.setSpacing(theme.px(10))
        head.addWidget(label("Warm plan", "strong"))
        head.addWidget(self._where, 1)
        column = QVBoxLayout()
        column.setSpacing(theme.px(4))
        column.addLayout(head)
        column.addWidget(self._words)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.px(12))
        for part in (self._switch, self._unload, self._warm):
            buttons.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        buttons.addStretch()
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, theme.px(14), 0, 0)
        self._box.setSpacing(theme.px(12))
        self._box.addLayout(column, 1)
        self._box.addLayout(buttons)
        self.setMinimumHeight(theme.px(76))
        self.controls = (
            (self._warm, "Warm now", "load preload warm plan memory"),
            (self._switch, "Load models before they are needed", "pre-warm preload start"),
        )
        self.refresh()

    def refresh(self) -> None:
        """Show the plan as it is now."""
        warmer, pipeline = self._warmer, self._pipeline()
        plan = warmer.plan(pipeline)
        hosts = ", ".join(plan.rooms)
        self._where.setText(f"{pipeline.name}, {hosts}" if hosts else pipeline.name)
        self._switch.setChecked(self._preferences.current.prewarm)
        problem = next((warmer.problems[w.model] for w in plan.stays if w.model in warmer.problems), "")
        if not plan.steps:
            words = "No model of this pipeline runs on an Ollama host that answers."
        elif warmer.loading:
            last = warmer.load_seconds.get(warmer.loading)
            words = f"Loading {warmer.loading}{f', last time it took {seconds_words(last)}' if last else ''}."
        else:
            words = problem or plan_words(plan)
        if not self._preferences.current.prewarm and plan.steps and not warmer.loading:
            words += " Loading before they are needed is switched off."
        self._words.setText(words)
        self._words.setToolTip(words)
        self._warm.setEnabled(bool(plan.to_load) and not warmer.loading)
        self._unload.setEnabled(bool(warmer.loading) or any(s.wanted.loaded for s in plan.steps))

    def _toggled(self, on: bool) -> None:
        self._preferences.change(prewarm=on)
        if on:
            self._warmer.want(self._pipeline())
        else:
            self._warmer.cancel()
        self.refresh()

    def _warm_now(self) -> None:
        self._warmer.want(self._pipeline(), asked_for=True)

    def _unload_all(self) -> None:
        self._warmer.cancel()
        models = [s.wanted.model for s in self._warmer.plan(self._pipeline()).steps if s.wanted.loaded]
        self._tasks.start("unload models", self._unload_these(models))

    async def _unload_these(self, models: list[str]) -> None:
        for model in models:
            await self._warmer.unload(model)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the buttons stand below the words."""
        super().resizeEvent(event)
        below = self.width() < self._theme.px(520)
        self._box.setDirection(QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line above."""
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, QColor(self._theme.colours.line))
        painter.end()
