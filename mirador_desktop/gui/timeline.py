"""The timeline of an answer: when each model worked, one bar a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from mirador_desktop.core.amounts import seconds_words
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.core.conversation import Answer, Turn


class Timeline(QWidget):
    """Bars from the start to the end of each model's work, on the scale of the whole answer."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._turn: Turn | None = None
        self._now: float | None = None
        self._count = 0
        self.setObjectName("timeline")

    def show_turn(self, turn: Turn | None, now: float | None) -> None:
        """Show a turn; `now` is seconds since its question while it streams."""
        self._turn, self._now = turn, now
        bars = self._bars()
        if len(bars) != self._count:
            self._count = len(bars)
            self.updateGeometry()
        parts = [f"{name} from {seconds_words(a)} to {seconds_words(b)}" for _, name, a, b, _ in bars]
        self.setAccessibleName(f"Timeline: {', '.join(parts) or 'nothing yet'}")
        self.update()

    def sizeHint(self) -> QSize:
        """As high as its bars."""
        return QSize(120, max(1, len(self._bars())) * self._theme.px(19))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def _bars(self) -> list[tuple[int, str, float, float, Answer]]:
        """Place of the stage, label, start and end in seconds, of every model that began."""
        if self._turn is None:
            return []
        bars = []
        for place, stage in enumerate(self._turn.stages):
            several = len({a.model for a in stage.answers}) > 1
            for answer in stage.answers:
                if answer.started is None:
                    continue
                end = answer.ended if answer.ended is not None else max(self._now or 0.0, answer.started)
                label = f"{stage.name} · {answer.model.partition(':')[0]}" if several else stage.name
                bars.append((place, label, answer.started, end, answer))
        return bars

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bars."""
        theme, c = self._theme, self._theme.colours
        bars = self._bars()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.fixed_font(7))
        whole = max((end for _, _, _, end, _ in bars), default=0.0) or 1.0
        whole = max(whole, self._now or 0.0)
        radius = theme.px(3)
        for row, (place, label, start, end, answer) in enumerate(bars):
            track = QRectF(0, row * theme.px(19), self.width(), theme.px(12))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(c.surface if theme.dark else c.raised))
            painter.drawRoundedRect(track, radius, radius)
            left = track.width() * start / whole
            bar = QRectF(left, track.y(), max(theme.px(4), track.width() * (end - start) / whole), track.height())
            colour = QColor(theme.stage_colour(place))
            if answer.reason == "failed":
                colour.setAlphaF(0.35)
            painter.setBrush(colour)
            painter.drawRoundedRect(bar, radius, radius)
            metrics, edge = painter.fontMetrics(), theme.px(5)
            wide = metrics.horizontalAdvance(label) + 2 * edge
            after, before = track.width() - bar.right(), bar.x()
            inside = answer.reason != "failed" and (wide <= bar.width() or bar.width() >= max(after, before))
            if inside:
                painter.setPen(QColor(c.background))
                box = bar.adjusted(edge, 0, -edge, 0)
            elif wide <= after or after >= before:
                painter.setPen(QColor(c.muted))
                box = QRectF(bar.right() + edge, bar.y(), after - edge, bar.height())
            else:
                painter.setPen(QColor(c.muted))
                box = QRectF(max(0.0, before - wide), bar.y(), min(wide, before) - edge, bar.height())
            words = metrics.elidedText(label, Qt.TextElideMode.ElideMiddle, int(box.width()))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Tell a bar's times."""
        if isinstance(event, QHelpEvent):
            bars = self._bars()
            row = event.pos().y() // self._theme.px(19)
            if 0 <= row < len(bars):
                _, _, start, end, answer = bars[row]
                words = f"{answer.model}: {seconds_words(end - start)}, begun at {seconds_words(start)}"
                QToolTip.showText(event.globalPos(), words)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)
