"""What stands in the centre before the first turn: what will answer, and how to get more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from mirador_desktop.core.stages import FIRST_QUESTION
from mirador_desktop.gui import icons
from mirador_desktop.gui.colours import SHAPES
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.core.stages import ModelStage

PURPOSES = (
    "A first answer at once",
    "Checks it and looks from several sides",
    "Brings all together and says what to do",
)


class _StageRow(QWidget):
    def __init__(self, theme: Theme, place: int, name: str, model: str, purpose: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._place = theme, place
        title = QLabel(name.capitalize(), self)
        title.setProperty("kind", "strong")
        models = QLabel(model, self)
        models.setProperty("kind", "meta")
        models.setWordWrap(True)
        words = QLabel(purpose, self)
        words.setProperty("kind", "muted")
        words.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(title)
        head.addWidget(models, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(28), 11, 0, 11)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(words)
        self.setAccessibleName(f"{name}: {model}")

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(theme.colours.line))
        if self._place == 0:
            painter.fillRect(0, 0, self.width(), 1, QColor(theme.colours.line))
        side = theme.px(13)
        box = QRectF(1, (self.height() - side) / 2, side, side)
        icons.draw(painter, SHAPES[min(self._place, len(SHAPES) - 1)], box, theme.stage_colour(self._place))
        painter.end()


class Welcome(QWidget):
    """Knows which situation the person is in, and says it.

    Signals:
        ask: a question to ask right away.
        retry: look at the engines again.
        download: open the page where Ollama can be had.
    """

    ask = Signal(str)
    retry = Signal()
    download = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("welcome")
        self._title = QLabel(self)
        self._title.setObjectName("welcomeTitle")
        self._title.setProperty("kind", "welcome")
        self._title.setWordWrap(True)
        self._words = QLabel(self)
        self._words.setObjectName("welcomeText")
        self._words.setProperty("kind", "muted")
        self._words.setWordWrap(True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(10)
        self._key: object = None
        self._inner = QWidget(self)
        self._inner.setMaximumWidth(728)
        column = QVBoxLayout(self._inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self._title, self._words):
            column.addWidget(part)
        column.addSpacing(14)
        column.addLayout(self._rows)
        column.addSpacing(14)
        column.addLayout(self._buttons)
        page = QWidget(self)
        area = QScrollArea(self)  # large text in a small window
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(page)
        page.setObjectName("welcomePage")  # the style sheet makes it and what is around it transparent
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(area)
        outer = QVBoxLayout(page)
        outer.setContentsMargins(26, 20, 26, 20)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._inner, 20)
        row.addStretch(1)
        outer.addStretch(2)
        outer.addLayout(row)
        outer.addStretch(3)

    def show_looking(self) -> None:
        """The engines have not been looked at yet."""
        self._show("looking", "Ask anything", "Looking for models on this computer…", [], [])

    def show_ready(self, stages: Sequence[ModelStage], left_out: dict[str, str]) -> None:
        """Models are there: say which answers in which stage."""
        rows = [
            (s.name, left_out.get(s.name) or ", ".join(s.models), PURPOSES[min(i, 2)]) for i, s in enumerate(stages)
        ]
        self._show(
            ("ready", tuple(rows)),
            "Ask anything",
            "These models answer, one stage after the other. Everything stays on your own machines.",
            rows,
            [],
        )

    def show_no_models(self) -> None:
        """Ollama runs and has no model that can chat."""
        self._show(
            "no models",
            "Ollama is running and has no models yet",
            "Pull one in a terminal, for example with “ollama pull llama3.2”. Mirador notices it by itself. "
            "Until then its guide answers questions about Mirador.",
            [],
            [
                ("How do I get models?", self._ask("How do I get models?"), "primary"),
                ("Look again", self.retry.emit, ""),
            ],
        )

    def show_no_engine(self, why: str) -> None:
        """No engine answers."""
        self._show(
            ("no engine", why),
            "No model answers yet",
            f"{why} Start Ollama and Mirador notices it by itself. "
            "Until then its guide answers questions about Mirador.",
            [],
            [
                ("How do I start?", self._ask(FIRST_QUESTION), "primary"),
                ("Get Ollama", self.download.emit, ""),
                ("Look again", self.retry.emit, ""),
            ],
        )

    def show_guide(self) -> None:
        """The person has called the guide."""
        questions = ("How do I get models?", "What does the percentage mean?", "Where are my conversations kept?")
        self._show(
            "guide",
            "What do you want to know about Mirador?",
            "The guide answers from Mirador's own pages, without any model.",
            [],
            [(question, self._ask(question), "") for question in questions],
        )

    def _ask(self, question: str) -> Callable[[], None]:
        return lambda: self.ask.emit(question)

    def _show(
        self,
        key: object,
        title: str,
        words: str,
        rows: Sequence[tuple[str, str, str]],
        buttons: Sequence[tuple[str, Callable[[], None], str]],
    ) -> None:
        if key == self._key:
            return
        self._key = key
        self._title.setText(title)
        self._words.setText(words)
        for layout in (self._rows, self._buttons):
            while (item := layout.takeAt(0)) is not None:
                if (widget := item.widget()) is not None:
                    widget.hide()
                    widget.deleteLater()
        for place, (name, model, purpose) in enumerate(rows):
            self._rows.addWidget(_StageRow(self._theme, place, name, model, purpose, self._inner))
        for name, act, kind in buttons:
            button = QPushButton(name, self._inner)
            button.setProperty("kind", kind)
            button.setMinimumHeight(self._theme.px(36))
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(act)
            self._buttons.addWidget(button)
        if buttons:
            self._buttons.addStretch()
