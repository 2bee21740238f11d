"""What the pages of the settings are made of: switches, choices, fields, chips, cards, progress, rows of a form."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mirador_desktop.gui import icons
from mirador_desktop.gui.painting import focus_ring
from mirador_desktop.gui.theme import Theme


class Switch(QAbstractButton):
    """A switch, 30 × 18: on or off. `toggled` tells of a change."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """The switch and room for its focus ring."""
        return QSize(self._theme.px(36), self._theme.px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        theme, c, on = self._theme, self._theme.colours, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide, high = theme.px(30), theme.px(18)
        box = QRectF((self.width() - wide) / 2, (self.height() - high) / 2, wide, high)
        if self.hasFocus():
            ring = box.adjusted(-2.5, -2.5, 2.5, 2.5)
            focus_ring(painter, theme, ring, ring.height() / 2)
        painter.setPen(Qt.PenStyle.NoPen if on else QPen(QColor(c.faint), 1))
        painter.setBrush(QColor(c.text if on else c.raised))
        if not self.isEnabled():
            painter.setOpacity(0.45)
        painter.drawRoundedRect(box, high / 2, high / 2)
        knob = high - theme.px(6)
        x = box.right() - knob - theme.px(3) if on else box.left() + theme.px(3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(c.background if on else c.muted))
        painter.drawEllipse(QRectF(x, box.top() + theme.px(3), knob, knob))
        painter.end()


class Segments(QFrame):
    """One of a few choices, side by side.

    Signals:
        chosen: the value the person took.
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme, name: str, choices: Sequence[tuple[str, str]], parent: QWidget | None = None):
        super().__init__(parent)
        self.setProperty("kind", "segments")
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 3, 3, 3)
        row.setSpacing(2)
        for value, words in choices:
            button = QPushButton(words, self)
            button.setProperty("kind", "segment")
            button.setCheckable(True)
            button.setAccessibleName(f"{name}: {words}")
            button.setMinimumHeight(theme.px(26))
            button.clicked.connect(lambda _=False, value=value: self.chosen.emit(value))
            self._group.addButton(button)
            self._buttons[value] = button
            row.addWidget(button)
        self.setFocusProxy(next(iter(self._buttons.values())))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def value(self) -> str:
        """The choice that is shown."""
        return next((v for v, b in self._buttons.items() if b.isChecked()), "")

    def choose(self, value: str) -> None:
        """Show a choice, without telling of it."""
        if value in self._buttons:
            self._buttons[value].setChecked(True)


class Field(QLineEdit):
    """A line of text, 34 high, that says what is wrong with it.

    Signals:
        left: the person has finished with it (Enter, Tab, or the focus went elsewhere), with the text.
    """

    left = Signal(str)

    def __init__(self, theme: Theme, name: str, placeholder: str = "", fixed: bool = False) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setMinimumHeight(theme.px(34))
        if fixed:
            self.setProperty("kind", "fixed")
        self.editingFinished.connect(lambda: self.left.emit(self.text()))

    def set_wrong(self, why: str) -> None:
        """Mark the text as wrong, and say why as a tool tip; "" takes the mark away."""
        if bool(self.property("wrong")) != bool(why):
            self.setProperty("wrong", "true" if why else "")
            self.style().unpolish(self)
            self.style().polish(self)
        self.setToolTip(why)


class Chip(QWidget):
    """A name in a frame (26 high), with a small cross where it can be taken away; dashed where it is missing.

    Signals:
        removed: the cross was pressed.
    """

    removed = Signal()

    def __init__(self, theme: Theme, text: str, removable: bool = True, missing: bool = False) -> None:
        super().__init__()
        self._theme, self.text, self._missing = theme, text, missing
        self.setAccessibleName(f"{text}, missing" if missing else text)
        self.setToolTip(text)
        self._cross = _Cross(theme, f"Remove {text}", self) if removable else None
        if self._cross is not None:
            self._cross.clicked.connect(self.removed)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As wide as its text, at most 260 px."""
        theme = self._theme
        words = QFontMetrics(theme.fixed_font(8)).horizontalAdvance(self.text)
        wide = min(words + 2, theme.px(260)) + theme.px(20) + (theme.px(18) if self._cross else 0)
        return QSize(wide, theme.px(26))

    def resizeEvent(self, event: object) -> None:
        """Keep the cross at the right."""
        if self._cross is not None:
            side = self._theme.px(20)
            self._cross.setGeometry(self.width() - side - 3, (self.height() - side) // 2, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame and the name."""
        theme, c = self._theme, self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        style = Qt.PenStyle.DashLine if self._missing else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(c.faint if self._missing else c.line), 1, style))
        painter.setBrush(Qt.BrushStyle.NoBrush if self._missing else QColor(c.raised))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, theme.px(6), theme.px(6))
        painter.setFont(theme.fixed_font(8))
        painter.setPen(QColor(c.muted))
        room = self.width() - theme.px(20) - (theme.px(18) if self._cross else 0)
        text = painter.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(box.adjusted(theme.px(10), 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


class _Cross(QAbstractButton):
    def __init__(self, theme: Theme, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, c = self._theme, self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            focus_ring(painter, theme, QRectF(self.rect()).adjusted(1, 1, -1, -1), 4)
        side = theme.px(12)
        box = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        icons.draw(painter, "close", box, c.text if self.underMouse() or self.hasFocus() else c.muted)
        painter.end()


class Card(QFrame):
    """A framed area on the surface colour, radius 10."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)


class Progress(QProgressBar):
    """A thin bar, 4 high, in the colour of the text. Its value is a share from 0 to 1."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setTextVisible(False)
        self.setRange(0, 1000)
        self.setFixedHeight(theme.px(4))

    def set_share(self, share: float) -> None:
        """Show a share."""
        self.setValue(round(min(max(share, 0.0), 1.0) * 1000))


def button(
    theme: Theme, words: str, act: Callable[[], object], kind: str = "", name: str = "", height: int = 32
) -> QPushButton:
    """A push button. Kinds: "" (raised), `primary`, `flat` (words only), `danger` (words in the error colour)."""
    made = QPushButton(words)
    made.setProperty("kind", kind)
    made.setMinimumHeight(theme.px(height))
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setAutoDefault(False)
    if name:
        made.setObjectName(name)
    made.clicked.connect(lambda: act())
    return made


def label(words: str, kind: str = "", wraps: bool = False) -> QLabel:
    """Plain text. Kinds: `strong`, `muted`, `small`, `meta`, `section`, `error`, `warning`."""
    made = QLabel(words)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("kind", kind)
    made.setWordWrap(wraps)
    return made


def form_row(theme: Theme, words: str, widget: QWidget, width: int = 104, hint: str = "") -> QWidget:
    """A row of a form: a label of a fixed width, a widget, and a hint below it."""
    row = QWidget()
    across = QHBoxLayout(row)
    across.setContentsMargins(0, 0, 0, 0)
    across.setSpacing(0)
    name = label(words, "muted", wraps=True)
    name.setFixedWidth(theme.px(width))
    name.setMinimumHeight(theme.px(34))
    name.setBuddy(widget)
    across.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
    column = QVBoxLayout()
    column.setSpacing(4)
    column.addWidget(widget)
    if hint:
        column.addWidget(label(hint, "small", wraps=True))
    across.addLayout(column, 1)
    return row


class SettingRow(QFrame):
    """A setting: its words and a hint at the left, the control at the right or, where there is no room, below them.

    Attributes:
        words: the column of the words, for more than a hint.
    """

    def __init__(self, theme: Theme, words: str, hint: str, control: QWidget | None) -> None:
        super().__init__()
        self._theme, self._control = theme, control
        self.setProperty("kind", "setting")
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, theme.px(10), 0, theme.px(10))
        self._box.setSpacing(theme.px(24))
        self.words = QVBoxLayout()
        self.words.setSpacing(2)
        self.words.addWidget(label(words, "strong", wraps=True))
        if hint:
            self.words.addWidget(label(hint, "small", wraps=True))
        self._box.addLayout(self.words, 1)
        if control is not None:
            self._box.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)

    def minimumSizeHint(self) -> QSize:
        """Both below each other are enough."""
        wide = self._control.minimumSizeHint().width() if self._control is not None else 0
        return QSize(max(wide, self._theme.px(120)), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the control where there is room for it."""
        super().resizeEvent(event)
        if self._control is None:
            return
        below = self.width() < self._control.sizeHint().width() + self._theme.px(230)
        direction = QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight
        if self._box.direction() != direction:
            self._box.setDirection(direction)
            self._box.setSpacing(self._theme.px(8 if below else 24))
            side = Qt.AlignmentFlag.AlignLeft if below else Qt.AlignmentFlag.AlignRight
            self._box.setAlignment(self._control, Qt.AlignmentFlag.AlignVCenter | side)


def setting_row(theme: Theme, words: str, hint: str, control: QWidget | None) -> SettingRow:
    """See `SettingRow`."""
    return SettingRow(theme, words, hint, control)
