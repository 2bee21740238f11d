"""Small widgets: model chips, the confidence bar, the state of a panel, buttons that show when they matter."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from mirador_desktop.gui import icons
from mirador_desktop.gui.theme import Theme


class ModelChips(QLabel):
    """Names of models, each in a chip. `text()` has them separated by ", "."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("stageModels")

    def set_models(self, models: list[str]) -> None:
        """Show these names."""
        self.setText(", ".join(models))
        self.setToolTip("\n".join(models))
        self.setAccessibleName("Models: " + ", ".join(models))
        self.updateGeometry()

    def wanted_width(self) -> int:
        """Width at which no name is shortened, px."""
        return sum(self._width(name) for name in self._names())

    def shown_names(self) -> list[str]:
        """The names there is room for (at least one), and "+3" for three that there is not."""
        names = self._names()
        count = len(names)
        while count > 1:
            shown = names if count == len(names) else [*names[:count], f"+{len(names) - count}"]
            if sum(self._width(name) for name in shown) <= self.width() + self._theme.px(8):
                return shown
            count -= 1
        return names if len(names) < 2 else [names[0], f"+{len(names) - 1}"]

    def _width(self, name: str) -> int:
        return QFontMetrics(self._theme.fixed_font()).horizontalAdvance(name) + self._theme.px(28)

    def _names(self) -> list[str]:
        return [name for name in self.text().split(", ") if name]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the chips; the last ones are shortened where there is no room, and counted where there is none."""
        names = self.shown_names()
        if not names:
            return
        theme, c = self._theme, self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.fixed_font())
        metrics, height, x = painter.fontMetrics(), theme.px(22), 0.0
        top = (self.height() - height) / 2
        for place, name in enumerate(names):
            room = self.width() - x - sum(self._width(later) for later in names[place + 1 :])
            text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(0, int(room - theme.px(20))))
            box = QRectF(x + 0.5, top + 0.5, metrics.horizontalAdvance(text) + theme.px(20) - 1, height - 1)
            painter.setPen(QColor(c.line))
            painter.setBrush(QColor(c.raised))
            painter.drawRoundedRect(box, theme.px(6), theme.px(6))
            painter.setPen(QColor(c.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
            x += box.width() + theme.px(8)
        painter.end()


class ConfidenceLabel(QLabel):
    """Confidence as a bar and a percentage. `text()` is "71%", or "" while it is not known."""

    def __init__(self, theme: Theme, place: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._place = theme, place
        self._value: float | None = None
        self.narrow = False
        self.setObjectName("stageConfidence")

    def set_value(self, value: float | None, threshold: float) -> None:
        """Show a confidence from 0 to 1, or nothing for None."""
        self._value = value
        self.setText("" if value is None else f"{value * 100:.0f}%")
        if value is None:
            words = "This engine does not tell how probable its words are"
        else:
            words = (
                f"The model gave its words a probability of {value * 100:.0f} % on average. "
                "That is not calibrated: it says how sure the model was, not how often it is right."
            )
        if threshold and value is not None:
            words += f" This stage aims at {threshold * 100:.0f} %."
        self.setToolTip(f"<p>{words}</p>")
        self.setAccessibleName("Confidence unknown" if value is None else f"Confidence {self.text()}, not calibrated")
        self.update()

    def wanted_width(self) -> int:
        """Width of bar and number, px."""
        return self._theme.px(84 if self.narrow else 112) if self._value is not None else 0

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw bar and number."""
        if self._value is None:
            return
        theme, colour = self._theme, QColor(self._theme.stage_colour(self._place))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.font(9.5)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(colour)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.text())
        width = self.width() - theme.px(42)
        bar = QRectF(0, self.height() / 2 - theme.px(2), width, theme.px(4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.colours.line))
        painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)
        bar.setWidth(width * self._value)
        painter.setBrush(colour)
        painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)
        painter.end()


class StateLabel(QLabel):
    """How a stage stands, as an icon. `text()` is the word for it."""

    ICONS = {
        "waiting": "half",
        "writing": "half",
        "done": "check",
        "length": "check",
        "stopped": "stop",
        "failed": "warning",
        "skipped": "ring",
    }

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("stageState")

    def set_state(self, state: str, words: str = "") -> None:
        """Show a state; `words` say more, for tool tip and screen reader."""
        self.setText(state)
        self.setToolTip(words or state.capitalize())
        self.setAccessibleName(words or state.capitalize())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon."""
        c = self._theme.colours
        name = self.ICONS.get(self.text())
        if name is None:
            return
        colour = c.error if self.text() == "failed" else c.muted
        side = self._theme.px(14)
        painter = QPainter(self)
        icons.draw(painter, name, QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side), colour)
        painter.end()


class IconButton(QPushButton):
    """A button with an icon and no text. A shy one is seen only while its area is hovered or it has focus."""

    def __init__(
        self, theme: Theme, name: str, words: str, parent: QWidget | None = None, shy: bool = False, side: int = 26
    ) -> None:
        super().__init__(parent)
        self._theme, self._icon, self._shy, self._side = theme, name, shy, side
        self.revealed = not shy
        self.setProperty("kind", "icon")
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)

    def sizeHint(self) -> QSize:
        """A square that grows with the text."""
        side = self._theme.px(self._side)
        return QSize(side, side)

    def set_icon(self, name: str) -> None:
        """Show another icon."""
        self._icon = name
        self.update()

    def reveal(self, on: bool) -> None:
        """Show a shy button, or hide it again."""
        self.revealed = on or not self._shy
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon."""
        if not (self.revealed or self.hasFocus() or self.underMouse()):
            return
        super().paintEvent(event)
        c, side = self._theme.colours, self._theme.px(15)
        painter = QPainter(self)
        box = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        icons.draw(painter, self._icon, box, c.text if self.underMouse() and self.isEnabled() else c.muted)
        painter.end()


class Area(QWidget):
    """A widget that reveals its shy buttons while the mouse is over it.

    Signals:
        clicked: it was clicked, or Space or Enter was pressed while it had the focus.
        focus_changed: it got or lost the focus.
    """

    clicked = Signal()
    focus_changed = Signal()

    def shy_buttons(self) -> list[IconButton]:
        """The buttons to reveal."""
        return [b for b in self.findChildren(IconButton) if b.parentWidget() is self]

    def enterEvent(self, event: QEnterEvent) -> None:
        """Reveal the buttons."""
        for button in self.shy_buttons():
            button.reveal(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Hide them."""
        for button in self.shy_buttons():
            button.reveal(False)
        super().leaveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tell whoever draws the ring."""
        super().focusInEvent(event)
        self.focus_changed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell whoever draws the ring."""
        super().focusOutEvent(event)
        self.focus_changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space and Enter are a click."""
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)
