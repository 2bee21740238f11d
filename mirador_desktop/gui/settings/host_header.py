"""The line of a host: handle, state, name, kind, address, how fast it is and what it has, switch."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from mirador_desktop.gui import icons
from mirador_desktop.gui.painting import focus_ring
from mirador_desktop.gui.settings.host_words import kind_words, numbers, shown_name
from mirador_desktop.gui.settings.widgets import Switch
from mirador_desktop.gui.theme import Theme
from mirador_desktop.hosts import HostEntry

SIDE = 14
"""How far a host reaches beyond the text of the page at each side, px at 100 %."""
EDGE = SIDE - 1
"""The same from the inner side of its frame."""
TEXT = 48
"""Where its name begins, from the text margin of the page, px at 100 %."""
_GRIP = 26


class HostHeader(QAbstractButton):
    """A click, Enter or Space opens the host; the handle and Alt+Up/Down move it.

    Signals:
        switched: it was switched on or off.
        stepped: it shall go one place up (-1) or down (1).
        dragged: the mouse drags it: where the pointer is, as a height on the screen.
        dropped: the mouse let it go.
    """

    switched = Signal(bool)
    stepped = Signal(int)
    dragged = Signal(int)
    dropped = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._entry: HostEntry | None = None
        self._drags = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.switch = Switch(theme, "Used", self)
        self.switch.clicked.connect(lambda: self.switched.emit(self.switch.isChecked()))

    def show_entry(self, entry: HostEntry | None) -> None:
        """Show a host; None is one that is being entered."""
        self._entry = entry
        self.switch.setVisible(entry is not None)
        if entry is not None:
            self.switch.setChecked(entry.settings.on)
            name = shown_name(entry)
            self.switch.setAccessibleName(f"Use {name}")
            self.switch.setToolTip("On" if entry.settings.on else "Off")
            parts = (name, kind_words(entry), entry.shown_address, *numbers(entry))
            self.setAccessibleName(", ".join(part for part in parts if part))
        else:
            self.setAccessibleName("New host")
        self.update()

    def sizeHint(self) -> QSize:
        """As high as two lines."""
        return QSize(self._theme.px(400), self._theme.px(62))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the switch at the right."""
        size, px = self.switch.sizeHint(), self._theme.px
        # The switch is drawn in the middle of its area, which has room for the focus ring.
        right = self.width() - px(EDGE) + px(3)
        self.switch.setGeometry(
            right - size.width(), (self.height() - size.height()) // 2, size.width(), size.height()
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        theme, c, px = self._theme, self._theme.colours, self._theme.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        if self.hasFocus():
            focus_ring(painter, theme, QRectF(self.rect()).adjusted(2, 2, -2, -2), px(9))
        if self._entry is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(c.text if self._drags else c.muted))
            for column in (0, 1):
                for row in (-1, 0, 1):
                    painter.drawEllipse(QPointF(px(EDGE) + px(4 + column * 5), middle + row * px(4)), px(1), px(1))
        self._paint_state(painter, QRectF(px(EDGE) + px(31) - px(5.5), middle - px(5.5), px(11), px(11)))
        left, right = px(EDGE + TEXT), self.width() - px(EDGE) - px(50)
        top, bottom = (QRectF(left, middle + y, right - left, px(20)) for y in (-px(19), px(1)))
        first, second = numbers(self._entry) if self._entry is not None else ("", "")
        far = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        near = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.fixed_font())
        wide = max(painter.fontMetrics().horizontalAdvance(words) for words in (first, second))
        painter.setPen(QColor(c.text))
        painter.drawText(top, far, first)
        painter.setPen(QColor(c.muted))
        painter.drawText(bottom, far, second)
        room = right - left - wide - px(16)
        address = self._entry.shown_address if self._entry is not None else ""
        painter.drawText(bottom, near, _elided(painter, address, room))
        name = shown_name(self._entry) if self._entry is not None else "New host"
        painter.setFont(theme.font(10.5, QFont.Weight.DemiBold))
        painter.setPen(QColor(c.text if self._entry is None or self._entry.settings.on else c.muted))
        shown = _elided(painter, name, room)
        painter.drawText(top if self._entry is not None else QRectF(self.rect()).adjusted(left, 0, 0, 0), near, shown)
        used = painter.fontMetrics().horizontalAdvance(shown) + px(10)
        if self._entry is not None and shown == name:
            painter.setFont(theme.fixed_font())
            painter.setPen(QColor(c.muted))
            kind = kind_words(self._entry)
            if painter.fontMetrics().horizontalAdvance(kind) <= room - used:
                painter.drawText(top.adjusted(used, px(1), 0, px(1)), near, kind)
        painter.end()

    def _paint_state(self, painter: QPainter, box: QRectF) -> None:
        """A full dot is healthy, a ring has no models (or is not known yet), a struck ring does not answer."""
        c, entry = self._theme.colours, self._entry
        grown = box.adjusted(-2, -2, 2, 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if entry is None or not entry.settings.on:
            icons.draw(painter, "ring", grown, c.faint)
        elif entry.problem or (entry.state is not None and not entry.state.reachable):
            icons.draw(painter, "struck", grown, c.error)
        elif entry.state is None:
            icons.draw(painter, "ring", grown, c.muted)
        elif entry.state.models:
            icons.draw(painter, "circle", box.adjusted(0.5, 0.5, -0.5, -0.5), c.healthy)
        else:
            icons.draw(painter, "ring", grown, c.warning)

    # ── keys and mouse ─────────────────────────────────────────────────────────────────────────────────

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens as Space does; Alt+Up/Down move."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in steps:
            self.stepped.emit(steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the handle, or press."""
        self._drags = self._on_grip(event) and self._entry is not None
        if not self._drags:
            super().mousePressEvent(event)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag."""
        grip = self._drags or (self._on_grip(event) and self._entry is not None)
        self.setCursor(Qt.CursorShape.SizeVerCursor if grip else Qt.CursorShape.PointingHandCursor)
        if self._drags:
            self.dragged.emit(round(event.globalPosition().y()))
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if self._drags:
            self._drags = False
            self.dropped.emit()
            self.update()
        else:
            super().mouseReleaseEvent(event)

    def _on_grip(self, event: QMouseEvent) -> bool:
        return event.position().x() < self._theme.px(EDGE) + self._theme.px(_GRIP - 8)


def _elided(painter: QPainter, text: str, room: float) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, max(0, int(room)))
