"""The inspector: timeline of the last answer, what was sent along, what is in memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from mirador_desktop.core.amounts import size_words
from mirador_desktop.gui import icons
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.memories_used import MemoriesUsed
from mirador_desktop.gui.painting import stage_shape
from mirador_desktop.gui.theme import Theme
from mirador_desktop.gui.timeline import Timeline

if TYPE_CHECKING:
    from mirador_desktop.core.conversation import Turn
    from mirador_desktop.core.engine import LoadedModel


class _Rows(QWidget):
    """Lines with a shape, a name and a figure. `text()` has them as words."""

    def __init__(self, theme: Theme, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[tuple[int | None, str, str]] = []
        self.setObjectName(name)

    def set_rows(self, rows: Sequence[tuple[int | None, str, str]]) -> None:
        """Show rows of: place of the stage whose shape stands before it (or None), name, figure."""
        if self._rows != list(rows):
            self._rows = list(rows)
            self.setAccessibleName(self.text())
            self.updateGeometry()
            self.update()

    def text(self) -> str:
        """The rows as words."""
        return "\n".join(f"{name} {figure}".strip() for _, name, figure in self._rows)

    def sizeHint(self) -> QSize:
        """As high as the rows."""
        return QSize(120, len(self._rows) * self._theme.px(23))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows."""
        theme, c = self._theme, self._theme.colours
        painter = QPainter(self)
        for row, (place, name, figure) in enumerate(self._rows):
            box = QRectF(0, row * theme.px(23), self.width(), theme.px(23))
            x = 0.0
            if place is not None:
                side = theme.px(10)
                mark = QRectF(1, box.y() + (box.height() - side) / 2, side, side)
                if place >= 0:
                    stage_shape(painter, theme, place, mark)
                else:
                    icons.draw(painter, "ring", mark, c.muted)
                x = theme.px(20)
            painter.setFont(theme.fixed_font(8))
            painter.setPen(QColor(c.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
            wide = painter.fontMetrics().horizontalAdvance(figure) + theme.px(8)
            painter.setFont(theme.font(9.5))
            painter.setPen(QColor(c.text))
            inner = box.adjusted(x, 0, -wide if figure else 0, 0)
            words = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, int(inner.width()))
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()


class _Legend(QWidget):
    """What the tints of the heat map mean."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName("Tints: less sure than 70, 50 and 30 percent")

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(120, self._theme.px(22))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the three tints."""
        theme, c = self._theme, self._theme.colours
        painter = QPainter(self)
        painter.setFont(theme.fixed_font(8))
        each = self.width() / 3
        for place, (alpha, words) in enumerate(((0.15, "70 %"), (0.25, "50 %"), (0.35, "30 %"))):
            tint = QColor(c.stages[0])
            tint.setAlphaF(alpha)
            box = QRectF(place * each, theme.px(4), theme.px(22), theme.px(13))
            painter.fillRect(box, tint)
            painter.setPen(QColor(c.muted))
            painter.drawText(
                QRectF(box.right() + theme.px(6), 0, each, theme.px(22)), Qt.AlignmentFlag.AlignVCenter, words
            )
        painter.end()


class Inspector(QWidget):
    """Everything at the right of the window."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.setObjectName("inspector")
        self.setAccessibleName("Inspector")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme = look.theme
        self.timeline = Timeline(theme, self)
        self.memories = MemoriesUsed(theme, self)
        self.loaded = _Rows(theme, "loadedModels", self)
        self._legend_title, self._legend = self._title("Words less sure than"), _Legend(theme, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 18, 18, 16)
        column.setSpacing(6)
        column.addWidget(self._title("Timeline"))
        column.addSpacing(6)
        column.addWidget(self.timeline)
        column.addSpacing(14)
        column.addWidget(self._title("Memory used"))
        column.addWidget(self.memories)
        column.addSpacing(14)
        column.addWidget(self._title("Models in memory"))
        column.addWidget(self.loaded)
        column.addSpacing(14)
        column.addWidget(self._legend_title)
        column.addWidget(self._legend)
        column.addStretch()
        self._stayed = QLabel("Everything on this page stayed on this computer.", self)
        self._stayed.setObjectName("whereItStayed")
        self._stayed.setProperty("kind", "small")
        self._stayed.setWordWrap(True)
        column.addWidget(self._stayed)
        self.restyle()
        self.show_turn(None, None)
        self.show_loaded([], None)

    def _title(self, words: str) -> QLabel:
        label = QLabel(words.upper(), self)
        label.setAccessibleName(words)
        label.setProperty("kind", "section")
        return label

    def show_turn(self, turn: Turn | None, now: float | None) -> None:
        """Show the last turn; `now` is seconds since its question while it streams."""
        self.timeline.show_turn(turn, now)
        self.memories.show_turn(turn)

    def show_loaded(self, loaded: Sequence[LoadedModel], turn: Turn | None) -> None:
        """Show what engines have in memory, with the shape of the stage that uses it."""
        places: dict[str, int] = {}
        for place, stage in enumerate(turn.stages if turn is not None else ()):
            for answer in stage.answers:
                places.setdefault(answer.model, place)
        rows: list[tuple[int | None, str, str]] = []
        for model in loaded:
            figure = size_words(model.size)
            if model.expires is not None:
                minutes = (model.expires - time.time()) / 60
                if 0 < minutes < 60 * 24:
                    figure += f" · {max(1, round(minutes))} min"
                elif minutes > 0:
                    figure += " · always"
            rows.append(
                (places.get(model.name, places.get(model.name.removesuffix(":latest"), -1)), model.name, figure)
            )
        self.loaded.set_rows(rows or [(None, "None", "")])

    def show_where(self, hosts: Sequence[str]) -> None:
        """Say which other machines were asked, if any."""
        if hosts:
            self._stayed.setText(f"Questions and answers also went to {', '.join(hosts)}.")
        else:
            self._stayed.setText("Everything on this page stayed on this computer.")

    def restyle(self) -> None:
        """Colours, sizes or the heat map have changed."""
        for widget in (self._legend_title, self._legend):
            widget.setVisible(self._look.heat)
        self.memories.restyle()
        for rows in (self.timeline, self.loaded):
            rows.updateGeometry()
            rows.update()
