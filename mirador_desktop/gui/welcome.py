"""What stands in the centre before the first turn: what will answer, and how to get more."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from mirador_desktop.gui.painting import stage_shape
from mirador_desktop.gui.theme import Theme


@dataclass(frozen=True)
class Row:
    """A stage and who answers in it.

    Attributes:
        side: what stands at the right, for example a size.
        share: how much of it is there, 0 to 1; None shows no bar.
    """

    name: str
    model: str
    purpose: str
    side: str = ""
    share: float | None = None


@dataclass(frozen=True)
class Act:
    """A button: its words, and the word that `Welcome.acted` says."""

    words: str
    what: str


@dataclass(frozen=True)
class Situation:
    """What a page says. Buttons: one that leads on, others beside it, and below them other ways to start.

    Attributes:
        beside: one or two lines beside the buttons; the second is muted.
    """

    title: str
    words: str
    rows: tuple[Row, ...] = ()
    primary: Act | None = None
    second: tuple[Act, ...] = ()
    beside: tuple[str, ...] = ()
    others: tuple[Act, ...] = ()


LOOKING = Situation("Ask anything", "Looking for models on this computer…")


class _StageRow(QWidget):
    """A row, 62 high, between lines."""

    def __init__(self, theme: Theme, place: int, row: Row, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._place = theme, place
        title = QLabel(row.name.capitalize(), self)
        title.setProperty("kind", "strong")
        models = QLabel(row.model, self)
        models.setProperty("kind", "meta")
        models.setWordWrap(True)
        words = QLabel(row.purpose, self)
        words.setProperty("kind", "muted")
        words.setWordWrap(True)
        self._side = QLabel(row.side, self)
        self._side.setProperty("kind", "meta")
        self._side.setVisible(bool(row.side))
        for each in (title, models, words, self._side):
            each.setTextFormat(Qt.TextFormat.PlainText)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(title)
        head.addWidget(models, 1)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(words)
        across = QHBoxLayout(self)
        across.setContentsMargins(theme.px(28), 11, 0, 11)
        across.addLayout(column, 1)
        across.addWidget(self._side)
        self.update_row(row)

    def update_row(self, row: Row) -> None:
        """Show how far it is."""
        self._share = row.share
        self._side.setText(row.side)
        self._side.setVisible(bool(row.side))
        self.setAccessibleName(f"{row.name}: {row.model} {row.side}".strip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lines, the stage's shape and how much is there."""
        theme, c = self._theme, self._theme.colours
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(c.line))
        if self._place == 0:
            painter.fillRect(0, 0, self.width(), 1, QColor(c.line))
        if self._share is not None:
            high = theme.px(4)
            painter.fillRect(0, self.height() - high, round(self.width() * self._share), high, QColor(c.text))
        side = theme.px(13)
        box = QRectF(1, (self.height() - side) / 2, side, side)
        stage_shape(painter, theme, self._place, box)
        painter.end()


class Welcome(QWidget):
    """Shows the situation the person is in; what a button does is connected elsewhere.

    Signals:
        acted: the person wants what an `Act` says.
    """

    acted = Signal(str)

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
        self._buttons = QVBoxLayout()
        self._buttons.setSpacing(theme.px(10))
        self._shown: Situation | None = None
        self._scale = theme.scale
        self._inner = QWidget(self)
        self._inner.setMaximumWidth(728)
        column = QVBoxLayout(self._inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self._title, self._words):
            part.setTextFormat(Qt.TextFormat.PlainText)
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
        self.show_situation(LOOKING)

    def show_situation(self, situation: Situation) -> None:
        """Show a situation. Rows whose figures alone have changed stay where they are."""
        before, self._shown = self._shown, situation
        if before == situation and self._scale == self._theme.scale:
            return
        self._title.setText(situation.title)
        self._words.setText(situation.words)
        same = before is not None and self._scale == self._theme.scale
        self._scale = self._theme.scale
        if same and before is not None and _names(before) == _names(situation):
            for place, row in enumerate(situation.rows):
                item = self._rows.itemAt(place)
                widget = item.widget() if item is not None else None
                assert isinstance(widget, _StageRow)
                widget.update_row(row)
        else:
            _empty(self._rows)
            for place, row in enumerate(situation.rows):
                self._rows.addWidget(_StageRow(self._theme, place, row, self._inner))
        if not (same and before is not None and _acts(before) == _acts(situation)):
            _empty(self._buttons)
            self._add_buttons(situation)

    def _add_buttons(self, situation: Situation) -> None:
        theme = self._theme
        line = QWidget(self._inner)
        across = QHBoxLayout(line)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(theme.px(10))
        if situation.primary is not None:
            across.addWidget(self._button(situation.primary, "primary", 40))
        for act in situation.second:
            across.addWidget(self._button(act, "", 40))
        if situation.beside:
            words = QVBoxLayout()
            words.setSpacing(2)
            for place, text in enumerate(situation.beside):
                label = QLabel(text, line)
                label.setTextFormat(Qt.TextFormat.PlainText)
                label.setWordWrap(True)
                label.setProperty("kind", "muted" if place else "")
                words.addWidget(label)
            if situation.primary is not None or situation.second:
                across.addSpacing(theme.px(8))
            across.addLayout(words, 1)
        else:
            across.addStretch()
        if situation.primary is not None or situation.second or situation.beside:
            self._buttons.addWidget(line)
        if situation.others:
            if situation.primary is not None or situation.second or situation.beside:
                self._buttons.addSpacing(theme.px(22))
                other = QLabel("Other ways to start", self._inner)
                other.setProperty("kind", "muted")
                self._buttons.addWidget(other)
            below = QWidget(self._inner)
            links = QHBoxLayout(below)
            links.setContentsMargins(0, 0, 0, 0)
            links.setSpacing(theme.px(20))
            for act in situation.others:
                button = self._button(Act(f"{act.words}  ›", act.what), "flat", 28)
                button.setAccessibleName(act.words)
                links.addWidget(button)
            links.addStretch()
            self._buttons.addWidget(below)

    def _button(self, act: Act, kind: str, height: int) -> QPushButton:
        button = QPushButton(act.words, self._inner)
        button.setObjectName(f"welcome-{act.what}")
        button.setProperty("kind", kind)
        button.setProperty("link", kind == "flat")
        button.setMinimumHeight(self._theme.px(height))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.acted.emit(act.what))
        return button


def _names(situation: Situation) -> object:
    return [(row.name, row.model, row.purpose) for row in situation.rows]


def _acts(situation: Situation) -> object:
    return situation.primary, situation.second, situation.beside, situation.others


def _empty(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
