"""The field of a token: masked, with a lock, and where the token is kept. A token that is kept never comes here."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from mirador_desktop.gui import icons
from mirador_desktop.gui.settings.widgets import Field, button, label
from mirador_desktop.gui.theme import Theme
from mirador_desktop.tokens import TokenPlace

_WHERE: dict[TokenPlace, str] = {"keyring": "in the system's keyring", "run": "for this run only"}
_MORE: dict[TokenPlace, str] = {
    "run": "This system has no keyring that can be used: the token is forgotten when Mirador ends.",
    "locked": "The system's keyring does not answer. Unlock it, or enter the token for this run.",
}
_WRONG = "A token has only letters, digits and signs of the English keyboard, and no spaces. It is not kept."
_UNSAFE = "The address is plain http to another machine: everybody between can read the token. Use https if you can."


class TokenField(QWidget):
    """Takes a token, and says where the one that is kept is.

    Signals:
        entered: a new token; the field is empty again.
        removed: the kept one shall be forgotten.
    """

    entered = Signal(str)
    removed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.field = _Masked(theme)
        self.field.setObjectName("hostToken")
        self.field.left.connect(lambda _: self.commit())
        self.field.textEdited.connect(lambda _: self._update())
        self.remove = button(theme, "Remove", self.removed.emit, "flat", "removeToken", 30)
        self._note, self._warning = label("", "small", wraps=True), label(_UNSAFE, "warning", wraps=True)
        self._warning.setObjectName("plainHttp")
        self._unsafe = self._plain = False
        self._place: TokenPlace = ""
        row = self._row = QHBoxLayout()
        self._flat = theme.px(8)  # what a flat button stands out
        row.setSpacing(theme.px(6))
        row.addWidget(self.field, 1)
        row.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._note)
        column.addWidget(self._warning)
        self.setFocusProxy(self.field)
        self.show_place("")
        self.show_unsafe(False)

    def show_place(self, place: TokenPlace) -> None:
        """Show where the token is."""
        has = place in _WHERE
        self._place = place
        self.field.set_where(_WHERE.get(place, ""))
        self.field.setPlaceholderText("•" * 24 if has else "None")
        self.field.setAccessibleDescription(_WHERE.get(place, "no token"))
        self.remove.setVisible(has)
        self._row.setContentsMargins(0, 0, 0 if has else self._flat, 0)
        self._note.setText(_MORE.get(place, ""))
        self._note.setVisible(place in _MORE)

    def show_unsafe(self, unsafe: bool) -> None:
        """Warn that the token can be read on its way."""
        self._unsafe = unsafe
        self._update()

    def set_plain(self, plain: bool) -> None:
        """Whether a token that is entered now would go over the network in clear."""
        self._plain = plain
        self._update()

    def commit(self) -> None:
        """Take what stands in the field."""
        token = self.field.text().strip().removeprefix("Bearer ").strip()
        wrong = bool(token) and not (token.isascii() and token.isprintable() and " " not in token)
        self.field.set_wrong(_WRONG if wrong else "")
        self._note.setText(_WRONG if wrong else _MORE.get(self._place, ""))
        self._note.setVisible(wrong or self._place in _MORE)
        if token and not wrong:
            self.field.clear()
            self.entered.emit(token)
        self._update()

    def restyle(self) -> None:
        """Colours have changed."""
        self.field.update()

    def _update(self) -> None:
        self._warning.setVisible(self._unsafe or (self._plain and bool(self.field.text())))


class _Masked(Field):
    """Hides what it holds, and draws the lock and where the token is."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "Token")
        self._theme, self._where = theme, ""
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setTextMargins(theme.px(22), 0, 0, 0)

    def set_where(self, where: str) -> None:
        """Say where the token is."""
        self._where = where
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the field, the lock and the words."""
        super().paintEvent(event)
        theme, c = self._theme, self._theme.colours
        side = theme.px(14)
        painter = QPainter(self)
        icons.draw(painter, "lock", QRectF(theme.px(10), (self.height() - side) / 2, side, side), c.muted)
        if self._where and not self.text():
            painter.setFont(theme.fixed_font())
            painter.setPen(c.muted)
            masked = self.fontMetrics().horizontalAdvance(self.placeholderText())
            box = QRectF(self.rect()).adjusted(theme.px(40) + masked, 0, -theme.px(12), 0)
            if painter.fontMetrics().horizontalAdvance(self._where) <= box.width():
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._where)
        painter.end()
