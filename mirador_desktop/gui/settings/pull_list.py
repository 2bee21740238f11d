"""The pulls, and the models that are being made of files: a line of words, what can be done, and a thin bar."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from mirador_desktop.core.pull import Pull
from mirador_desktop.gui.elided import ElidedLabel
from mirador_desktop.gui.pull_words import pull_words
from mirador_desktop.gui.settings.widgets import Progress, button, label
from mirador_desktop.gui.theme import Theme
from mirador_desktop.models import Making, Models
from mirador_desktop.pulls import Pulls

FLAT = 8
"""What a button of words only takes beside its words, px at 100 %."""
_MOST = 5
"""Rows that are shown without scrolling."""


def _line_of(parent: QWidget, words: str, kind: str) -> ElidedLabel:
    """A line of text that is shortened in its middle: the end of a model's name tells it from others."""
    made = ElidedLabel(parent, 12, Qt.TextElideMode.ElideMiddle)
    made.setText(words)
    made.setProperty("kind", kind)
    return made


class _Line(QWidget):
    """Name at the left, words and buttons at the right, a bar below, and an error in full where there is one."""

    def __init__(self, theme: Theme, name: str, host: str) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, theme.px(2))
        column.setSpacing(theme.px(3))
        row = QHBoxLayout()
        row.setSpacing(theme.px(4))
        self.name = _line_of(self, name, "strong")
        self.name.setToolTip(f"{name}, on {host}")
        row.addWidget(self.name, 1)
        self.words = _line_of(self, "", "meta")
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.words.setObjectName("pullWords")
        self.words.setMinimumHeight(theme.px(30))
        row.addWidget(self.words)
        row.addSpacing(theme.px(8))
        self.buttons = row
        column.addLayout(row)
        self.bar = Progress(theme, f"Progress of {name}")
        self.bar.setObjectName("pullProgress")
        below = QVBoxLayout()  # words of buttons end on the margin, what is around them reaches beyond it
        below.setContentsMargins(0, 0, theme.px(FLAT), 0)
        below.setSpacing(theme.px(3))
        column.addLayout(below)
        below.addWidget(self.bar)
        self.error = label("", "error", wraps=True)
        self.error.setObjectName("pullError")
        self.error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        below.addWidget(self.error)

    def add(self, words: str, act: Callable[[], object], name: str) -> QWidget:
        """A button of words only."""
        made = button(self._theme, words, act, "flat", name, 28)
        made.setAccessibleName(f"{words}: {self.name.text()}")
        self.buttons.addWidget(made)
        return made

    def high(self, width: int) -> int:
        """Its height at a width, px."""
        return self.heightForWidth(width) if self.hasHeightForWidth() else self.sizeHint().height()

    def show_error(self, words: str) -> None:
        """Say in full what went wrong, or nothing."""
        self.error.setText(words)
        self.error.setVisible(bool(words))


class _PullLine(_Line):
    """One pull.

    Signals:
        said: a sentence about what became of it.
    """

    delete_wanted = Signal(object)

    def __init__(self, theme: Theme, pull: Pull, pulls: Pulls) -> None:
        super().__init__(theme, pull.name, pull.host)
        self._pull, self._pulls = pull, pulls
        self._go = self.add("Go on", lambda: pulls.resume(pull), "pullResume")
        self._retry = self.add("Retry", lambda: pulls.resume(pull), "pullRetry")
        self._pause = self.add("Pause", lambda: pulls.pause(pull), "pullPause")
        self._keep = self.add("Keep the part", lambda: pulls.keep_part(pull), "pullKeep")
        self._delete = self.add("Delete it", lambda: self.delete_wanted.emit(pull), "pullDelete")
        self._cancel = self.add("Cancel", lambda: pulls.cancel(pull), "pullCancel")
        self.refresh()

    def refresh(self) -> None:
        """Show how it stands now."""
        pull, state = self._pull, self._pull.state
        choices = self._pulls.choices()
        where = f"{pull.host} · " if choices and pull.host != choices[0] else ""
        self.words.setText(where + pull_words(pull, self._pulls))
        self.words.setAccessibleName(f"{pull.name}: {self.words.text()}")
        self.bar.set_share(pull.transfer.share)
        self.bar.setVisible(pull.running or (state in ("paused", "failed", "cancelled") and pull.transfer.share > 0))
        self.show_error(pull.error)
        focused = next((b for b in self._buttons() if b.hasFocus()), None)
        for widget, states in (
            (self._go, ("paused", "cancelled")),
            (self._retry, ("failed",)),
            (self._pause, ("pulling", "still")),
            (self._keep, ("cancelled",)),
            (self._delete, ("cancelled",)),
            (self._cancel, ("waiting", "pulling", "still", "paused", "failed")),
        ):
            widget.setVisible(state in states)
        if focused is not None and focused.isHidden():  # what was pressed has given way to something else
            other = next((b for b in self._buttons() if not b.isHidden()), None)
            if other is not None:
                other.setFocus(Qt.FocusReason.OtherFocusReason)

    def _buttons(self) -> tuple[QWidget, ...]:
        return (self._go, self._retry, self._pause, self._keep, self._delete, self._cancel)


class _MakingLine(_Line):
    """A model that is being made of a file."""

    def __init__(self, theme: Theme, making: Making, models: Models) -> None:
        super().__init__(theme, making.name, making.host)
        self.name.setToolTip(f"{making.path}, on {making.host}")
        self._making = making
        self._retry = self.add("Retry", lambda: models.retry(making), "makingRetry")
        self.add("Cancel", lambda: models.drop(making), "makingCancel")
        self.refresh()

    def refresh(self) -> None:
        """Show how it stands now."""
        making = self._making
        failed = making.state == "failed"
        self.words.setText("failed" if failed else making.words)
        self.bar.set_share(making.share or 0.0)
        self.bar.setVisible(not failed)
        self._retry.setVisible(failed)
        self.show_error(making.error)


class PullList(QScrollArea):
    """All of them; takes no room while there is none.

    Signals:
        delete_wanted: the part of a cancelled pull shall be deleted.
    """

    delete_wanted = Signal(object)

    def __init__(self, theme: Theme, models: Models, pulls: Pulls, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._models, self._pulls = theme, models, pulls
        self.setObjectName("settingsScroll")
        self.setAccessibleName("Pulls")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self._inner = QWidget(self)
        self._inner.setObjectName("settingsBody")
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch()
        self.setWidget(self._inner)
        self._lines: dict[object, _PullLine | _MakingLine] = {}
        self.refresh()

    def refresh(self) -> None:
        """Show what there is now."""
        wanted: list[Pull | Making] = [*self._pulls.items, *self._models.makings]
        for gone in [each for each in self._lines if each not in wanted]:
            line = self._lines.pop(gone)
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        for place, each in enumerate(wanted):
            if each not in self._lines:
                self._lines[each] = self._line(each)
            elif self._column.indexOf(self._lines[each]) != place:
                self._column.removeWidget(self._lines[each])
            else:
                self._lines[each].refresh()
                continue
            self._column.insertWidget(place, self._lines[each])
            self._lines[each].refresh()
            self._lines[each].show()
        self._fit()

    def _line(self, each: Pull | Making) -> "_PullLine | _MakingLine":
        if isinstance(each, Making):
            return _MakingLine(self._theme, each, self._models)
        line = _PullLine(self._theme, each, self._pulls)
        line.delete_wanted.connect(self.delete_wanted)
        return line

    def _fit(self) -> None:
        lines = list(self._lines.values())
        self.setVisible(bool(lines))
        width = max(1, self.viewport().width())
        # In a small window the table keeps its place; the list is scrolled.
        room = (self.window().height() - self._theme.px(440)) // self._theme.px(43)
        high = [line.high(width) for line in lines[: min(max(room, 2), _MOST)]]
        if sum(high) != self.height():
            self.setFixedHeight(max(1, sum(high)))

    def resizeEvent(self, event: object) -> None:
        """Errors take more lines where there is less room."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._fit()
