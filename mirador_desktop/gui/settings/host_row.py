"""A host on the page: its line, what is wrong with it, and its form while it is open."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mirador_desktop.gui.settings import host_words as words
from mirador_desktop.gui.settings.host_form import HostForm
from mirador_desktop.gui.settings.host_header import EDGE, TEXT, HostHeader
from mirador_desktop.gui.settings.widgets import Card, button, label
from mirador_desktop.gui.theme import Theme
from mirador_desktop.hosts import HostEntry


class HostRow(Card):
    """One host. It is a card while it is open, else a line without a frame.

    Signals:
        retry: look at the hosts now.
    """

    retry = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.entry: HostEntry | None = None
        self.form: HostForm | None = None
        self.header = HostHeader(theme, self)
        self._said = label("", wraps=True)
        self._said.setObjectName("hostTrouble")
        self._retry = button(theme, "Retry", self.retry.emit, name="retryHost")
        self._trouble = QWidget(self)
        across = QHBoxLayout(self._trouble)
        across.setContentsMargins(theme.px(EDGE + TEXT), 0, theme.px(EDGE), theme.px(10))
        self._said.setMinimumHeight(theme.px(32))
        across.setSpacing(theme.px(16))
        across.addWidget(self._said, 1)
        across.addWidget(self._retry, 0, Qt.AlignmentFlag.AlignTop)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.header)
        self._column.addWidget(self._trouble)
        self._frame(False)

    def show_entry(self, entry: HostEntry | None) -> None:
        """Show a host; None is one that is being entered."""
        self.entry = entry
        self.header.show_entry(entry)
        self.refresh_trouble()

    def refresh_trouble(self) -> None:
        """Say anew what is wrong: the time goes on."""
        tested = self.form is not None and not self.form.result.isHidden()  # it says more
        said = words.trouble(self.entry) if self.entry is not None and not tested else ""
        self._said.setText(said)
        self._trouble.setVisible(bool(said))
        self._retry.setVisible(self.entry is not None and not self.entry.problem)
        if self.entry is not None:
            self._retry.setAccessibleName(f"Retry {words.shown_name(self.entry)}")

    def open(self) -> HostForm:
        """Show the form."""
        if self.form is None:
            self.form = HostForm(self._theme, self)
            self._column.addWidget(self.form)
            self._frame(True)
        return self.form

    def close_form(self) -> None:
        """Take the form away."""
        if self.form is not None:
            self._column.removeWidget(self.form)
            self.form.setParent(None)
            self.form.deleteLater()
            self.form = None
            self._frame(False)

    def restyle(self) -> None:
        """Colours have changed."""
        self.header.update()
        if self.form is not None:
            self.form.restyle()

    def _frame(self, card: bool) -> None:
        self.setProperty("kind", "card" if card else "line")
        self.style().unpolish(self)
        self.style().polish(self)
