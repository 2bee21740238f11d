"""Where a model is named and pulled: the field, the host it goes to, and a line that says what is meant or wrong."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from mirador_desktop.core.amounts import round_words
from mirador_desktop.core.computer import fit_words
from mirador_desktop.core.pull_names import parse_pull
from mirador_desktop.errors import ModelRefused
from mirador_desktop.gui import icons
from mirador_desktop.gui.settings.widgets import Field, button, label
from mirador_desktop.gui.theme import Theme
from mirador_desktop.models import Models
from mirador_desktop.pulls import Pulls


class PullBar(QWidget):
    """See the module.

    Args:
        pull: pulls what stands in the field; returns a sentence where that cannot be.

    Attributes:
        host: the name of the one that pulls, "" for the first that answers.
        catalogue, file: buttons whose clicks are the page's business.
    """

    def __init__(
        self, theme: Theme, models: Models, pulls: Pulls, pull: Callable[[str], str], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._theme, self._models, self._pulls, self._do = theme, models, pulls, pull
        self.host = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(6))
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        column.addLayout(row)
        self.name = Field(theme, "Model to pull", "Name, an ollama run line, or a Hugging Face address")
        self.name.setObjectName("pullName")
        self.name.setFixedHeight(theme.px(36))
        self.name.textChanged.connect(self._hint)
        self.name.returnPressed.connect(self.pull)
        row.addWidget(self.name, 1)
        self._where = chooser(theme, self._choose_host, "pullHost", 36)
        row.addWidget(self._where)
        self._pull = button(theme, "Pull", self.pull, "primary", "pullButton", 36)
        row.addWidget(self._pull)
        self._gap = QWidget(self)
        self._gap.setFixedWidth(1)
        row.addWidget(self._gap)
        self.catalogue = button(theme, "Catalogue", lambda: None, name="openCatalogue", height=36)
        self.file = button(theme, "From a file", lambda: None, name="openModelFile", height=36)
        self._row, self._second = row, QHBoxLayout()
        self._second.setSpacing(theme.px(8))
        self._second.addStretch()
        column.addLayout(self._second)
        self._narrow: bool | None = None
        self._place()
        self.notice = label("", "small", wraps=True)
        self.notice.setObjectName("pullNotice")
        column.addWidget(self.notice)
        self.say("")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the further buttons stand in a row of their own."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        narrow = self.width() < self._theme.px(600)
        if narrow != self._narrow:
            self._narrow = narrow
            for place, made in enumerate((self.catalogue, self.file)):
                (self._row if narrow else self._second).removeWidget(made)
                if narrow:
                    self._second.insertWidget(place, made)
                else:
                    self._row.addWidget(made)
            self._gap.setVisible(not narrow)

    def restyle(self) -> None:
        """Colours have changed."""
        self._where.setIcon(icons.icon("chevron-down", self._theme.colours.muted))

    def refresh(self) -> None:
        """Show which hosts there are now."""
        choices = self._pulls.choices()
        chosen = self.host if self.host in choices else (choices[0] if choices else "")
        self._where.setVisible(len(choices) > 1)
        self._where.setText(f"to {chosen}")
        self._where.setAccessibleName(f"Pull to: {chosen}")
        self.file.setEnabled(bool(self._models.changeable()))

    def say(self, words: str, kind: str = "small") -> None:
        """A line below the field: a hint, or what was wrong (`error`)."""
        if self.notice.property("kind") != kind:
            self.notice.setProperty("kind", kind)
            self.notice.style().unpolish(self.notice)
            self.notice.style().polish(self.notice)
        self.notice.setText(words)
        self.notice.setVisible(bool(words))

    def pull(self) -> None:
        """Pull what stands in the field."""
        if why := self._do(self.name.text()):
            self.name.set_wrong(why)
            self.say(why, "error")
            self.name.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.name.clear()
        self.say("")

    def _hint(self) -> None:
        """Say what a pasted text means, and how large a well-known model is, before it is pulled."""
        text = self.name.text().strip()
        self.name.set_wrong("")
        try:
            wanted = parse_pull(text)
        except ModelRefused:
            self.say("")
            return
        entry = self._models.catalogue.entry(wanted.name)
        parts = [f"Pulls {wanted.name}"] if entry is not None or wanted.name != text else []
        if entry is not None:
            parts += [round_words(entry.size), fit_words(entry.size, self._models.computer), entry.good_for]
        self.say(" · ".join(part for part in parts if part))

    def _choose_host(self) -> None:
        choose(self._where, self._pulls.choices(), self.host, self._take_host)

    def _take_host(self, host: str) -> None:
        self.host = host
        self.refresh()


def chooser(theme: Theme, act: Callable[[], object], name: str, height: int) -> QPushButton:
    """A button with an arrow, below which a menu is opened."""
    made = button(theme, "", act, name=name, height=height)
    made.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow behind the words
    made.setIcon(icons.icon("chevron-down", theme.colours.muted))
    return made


def choose(below: QPushButton, names: Sequence[str], current: str, take: Callable[[str], None]) -> None:
    """Open a menu below a button, from which one name is taken."""
    menu = QMenu(below)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for name in names:
        action = menu.addAction(name)
        action.triggered.connect(lambda _=False, name=name: take(name))
        action.setCheckable(True)
        action.setChecked(name == current)
    menu.popup(below.mapToGlobal(QPoint(0, below.height() + 4)))
