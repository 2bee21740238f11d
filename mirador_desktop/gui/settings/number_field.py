"""Fields for numbers: one that is typed and stepped, and one that is slid."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from mirador_desktop.gui.settings.widgets import Field, label
from mirador_desktop.gui.theme import Theme


class NumberField(Field):
    """A whole number with small arrows; Up and Down step it.

    What is no number of the range is marked as wrong. A number is told when the person has finished with it.

    Signals:
        number: a number of the range was entered.
        wrong: a sentence, or "" when it is right again.
    """

    number = Signal(int)
    wrong = Signal(str)

    def __init__(self, theme: Theme, name: str, low: int, high: int, step: int) -> None:
        super().__init__(theme, name)
        self._theme, self._low, self._high, self._step = theme, low, high, step
        self.setTextMargins(0, 0, theme.px(18), 0)
        self._told: int | None = None
        self.textEdited.connect(lambda _: self._check())
        self.left.connect(lambda _: self.flush())

    def set_number(self, value: int) -> None:
        """Show a number."""
        self._told = value
        self.setText(f"{value:,}")
        self.set_wrong("")

    def value(self) -> int | None:
        """The number that is shown, None if there is none of the range."""
        words = self.text().replace(",", "").replace(" ", "").replace("\u202f", "")
        if not words.isascii() or not words.isdigit() or len(words) > 9:
            return None
        return int(words) if self._low <= int(words) <= self._high else None

    def step(self, direction: int) -> None:
        """The next larger (1) or smaller (-1) round number."""
        now = self.value()
        if now is None:
            return
        step = self._step
        new = (now // step + 1) * step if direction > 0 else (-(-now // step) - 1) * step
        self.setText(f"{min(max(new, self._low), self._high):,}")
        self.flush()

    def flush(self) -> None:
        """Tell of the number that was written, if it is one."""
        self._check()
        value = self.value()
        if value is not None and value != self._told:
            self._told = value
            self.number.emit(value)

    def _check(self) -> None:
        why = "" if self.value() is not None else f"A whole number from {self._low:,} to {self._high:,}."
        if why != self.toolTip():
            self.set_wrong(why)
            self.wrong.emit(why)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down step."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not event.modifiers():
            self.step(1 if event.key() == Qt.Key.Key_Up else -1)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The arrows step."""
        if event.position().x() > self.width() - self._theme.px(24):
            self.step(1 if event.position().y() < self.height() / 2 else -1)
        else:
            super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the arrows over the field."""
        super().paintEvent(event)
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.colours.muted), 1.3))
        x, y, side = self.width() - theme.px(15), self.height() / 2, theme.px(3)
        for sign in (-1, 1):
            tip = y + sign * theme.px(7)
            corners = [QPointF(x - side, tip - sign * side), QPointF(x, tip), QPointF(x + side, tip - sign * side)]
            painter.drawPolyline(QPolygonF(corners))
        painter.end()


class _Slider(QSlider):
    """A slider with a round handle, in the colour of the text."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._theme = theme
        self.setMinimumHeight(theme.px(22))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw groove, what is filled of it, and the handle."""
        theme, c = self._theme, self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius, middle = theme.px(6), self.height() / 2
        share = (self.value() - self.minimum()) / max(1, self.maximum() - self.minimum())
        x = radius + 2 + share * (self.width() - 2 * radius - 4)
        painter.setPen(Qt.PenStyle.NoPen)
        groove = QRectF(0, middle - theme.px(2), self.width(), theme.px(4))
        painter.setBrush(QColor(c.line))
        painter.drawRoundedRect(groove, 2, 2)
        groove.setWidth(x)
        painter.setBrush(QColor(c.text))
        painter.drawRoundedRect(groove, 2, 2)
        painter.setBrush(QColor(c.surface))
        painter.setPen(QPen(QColor(c.focus if self.hasFocus() else c.text), 2))
        painter.drawEllipse(QPointF(x, middle), radius, radius)
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to where it was pressed."""
        self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse."""
        self._follow(event)

    def _follow(self, event: QMouseEvent) -> None:
        share = event.position().x() / max(1, self.width())
        self.setValue(round(self.minimum() + share * (self.maximum() - self.minimum())))


class Slide(QWidget):
    """A number from 0 to `high`, slid in steps of a hundredth; its value stands beside it.

    Signals:
        slid: the number the person chose.
    """

    slid = Signal(float)

    def __init__(self, theme: Theme, name: str, high: float, step: float) -> None:
        super().__init__()
        self.slider = _Slider(theme)
        self.slider.setRange(0, round(high * 100))
        self.slider.setSingleStep(round(step * 100))
        self.slider.setPageStep(round(step * 500))
        self.slider.setAccessibleName(name)
        self._figure = label("", "meta")
        self._figure.setFixedWidth(theme.px(32))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        row.addWidget(self.slider, 1)
        row.addWidget(self._figure)
        self.setFocusProxy(self.slider)
        self.slider.valueChanged.connect(self._moved)

    def set_value(self, value: float) -> None:
        """Show a number."""
        self.slider.blockSignals(True)
        self.slider.setValue(round(value * 100))
        self.slider.blockSignals(False)
        self._figure.setText(f"{value:.2f}")

    def _moved(self, value: int) -> None:
        self._figure.setText(f"{value / 100:.2f}")
        self.slid.emit(value / 100)


def captioned(theme: Theme, words: str, widget: QWidget) -> QWidget:
    """A widget under its label."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.px(4))
    caption = label(words, "muted")
    caption.setBuddy(widget)
    column.addWidget(caption)
    widget.setMinimumHeight(theme.px(34))
    column.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
    return box
