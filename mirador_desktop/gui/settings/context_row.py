"""The context of a pipeline in the editor: its sources as chips, what is wrong with them, and the token budget."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from mirador_desktop.core.amounts import age_words
from mirador_desktop.core.limits import MOST_SOURCES
from mirador_desktop.core.stages import ContextSource
from mirador_desktop.gui.flow import Flow, as_wide_as_there_is, clear
from mirador_desktop.gui.painting import focus_ring
from mirador_desktop.gui.settings.widgets import Chip, button, label
from mirador_desktop.gui.theme import Theme

KINDS = (
    ("file", "Text file…"),
    ("folder", "Folder…"),
    ("csv", "Table (CSV)…"),
    ("url", "Web page…"),
    ("clipboard", "Clipboard"),
    ("time", "Date and time"),
)
BUDGETS = (500, 1000, 1500, 3000, 6000, 12_000, 24_000)
Fact = tuple[str, float | None]
"""What is wrong with a source ("" if nothing), and its age in seconds."""


class ContextRow(QWidget):
    """Sources as chips, with Add and the budget.

    Args:
        kinds: the kinds that plug-ins add.

    Signals:
        changed: the sources as the person wants them.
        budget: most tokens of all together.
        edit: the place of a source to be filled in.
        begun: the kind of a source to be added and filled in.
        fetch: an address to be fetched now.
    """

    changed = Signal(tuple)
    budget = Signal(int)
    edit = Signal(int)
    begun = Signal(str)
    fetch = Signal(str)

    def __init__(self, theme: Theme, kinds: Callable[[], Sequence[str]]) -> None:
        super().__init__()
        self._theme, self._kinds = theme, kinds
        self._sources: tuple[ContextSource, ...] = ()
        self._facts: dict[ContextSource, Fact] = {}
        self._shown: object = None
        self.setObjectName("contextRow")
        as_wide_as_there_is(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(16))
        name = label("Context", "muted")
        name.setToolTip("Sources that are put into every question of this pipeline, as quoted sections")
        name.setMinimumHeight(theme.px(26))
        row.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(theme.px(4))
        flow = QWidget()
        as_wide_as_there_is(flow)
        self._flow = Flow(flow, theme.px(6))
        column.addWidget(flow)
        self._wrong = label("", "small", wraps=True)
        self._wrong.setObjectName("contextWrong")
        column.addWidget(self._wrong)
        row.addLayout(column, 1)
        self._row, self._column = row, column
        self._budget = button(theme, "", lambda: None, "flat", "contextBudget", 26)
        self._budget.setProperty("quiet", "meta")
        self._budget.setToolTip("Most tokens of all sources together; what is longer is cut visibly")
        menu = QMenu(self._budget)
        for tokens in BUDGETS:
            menu.addAction(f"{tokens:,} tokens at most", partial(self.budget.emit, tokens))
        self._budget.setMenu(menu)
        row.addWidget(self._budget, 0, Qt.AlignmentFlag.AlignTop)

    def set_narrow(self, on: bool) -> None:
        """Put the budget below the sources where there is little room, beside them where there is more."""
        self._row.removeWidget(self._budget)
        self._column.removeWidget(self._budget)
        if on:
            self._column.addWidget(self._budget, 0, Qt.AlignmentFlag.AlignLeft)
        else:
            self._row.addWidget(self._budget, 0, Qt.AlignmentFlag.AlignTop)

    def show_sources(self, sources: Sequence[ContextSource], tokens: int, facts: dict[ContextSource, Fact]) -> None:
        """Show these, with what is known of them."""
        known = {source: facts[source] for source in sources if source in facts}
        shown = (tuple(sources), tokens, known, tuple(self._kinds()))
        if shown == self._shown:
            return
        self._shown, self._sources, self._facts = shown, tuple(sources), known
        self._budget.setText(f"{tokens:,} tokens at most")
        self._budget.setVisible(bool(sources))
        clear(self._flow)
        problems = []
        for place, source in enumerate(self._sources):
            wrong, old = self._facts.get(source, ("", None))
            words = source.label
            if source.empty:
                words += " · empty"
                problems.append(f"Nothing is filled in yet for {source.label}: it is left out.")
            elif wrong:
                problems.append(f"Would be left out: {wrong}.")
            elif old is not None:
                words += f" · {age_words(old)} old"
            chip = SourceChip(self._theme, words, bool(wrong) or source.empty)
            chip.setToolTip(source.value or source.label)
            chip.opened.connect(partial(self.edit.emit, place))
            chip.removed.connect(partial(self._remove, place))
            self._flow.addWidget(chip)
            if source.is_web and not source.empty:
                fetch = button(self._theme, "Fetch", partial(self.fetch.emit, source.value), "flat", "fetchPage", 26)
                fetch.setAccessibleName(f"Fetch {source.label} now")
                fetch.setToolTip("Asks for the page now. Questions use what was fetched last.")
                self._flow.addWidget(fetch)
        if len(self._sources) < MOST_SOURCES:
            add = button(self._theme, "+  Add", lambda: None, "flat", "addContext", 26)
            add.setProperty("quiet", "true")
            add.setAccessibleName("Add to the context")
            menu = QMenu(add)
            for kind, words in (*KINDS, *((k, f"{k}…") for k in self._kinds())):
                if not (kind in ("clipboard", "time") and any(s.kind == kind for s in self._sources)):
                    menu.addAction(words, partial(self._add, kind))
            add.setMenu(menu)
            self._flow.addWidget(add)
        self._wrong.setText(" ".join(problems))
        self._wrong.setVisible(bool(problems))
        self.updateGeometry()

    def _add(self, kind: str) -> None:
        if kind in ("clipboard", "time"):
            self.changed.emit((*self._sources, ContextSource(kind)))
        else:
            self.begun.emit(kind)

    def _remove(self, place: int) -> None:
        self.changed.emit((*self._sources[:place], *self._sources[place + 1 :]))

    def put(self, place: int | None, source: ContextSource) -> None:
        """Take a source that was filled in, at a place or behind the others."""
        if place is None:
            self.changed.emit((*self._sources, source))
        elif place < len(self._sources):
            changed = replace(self._sources[place], kind=source.kind, value=source.value, name=source.name)
            self.changed.emit((*self._sources[:place], changed, *self._sources[place + 1 :]))


class SourceChip(Chip):
    """A chip that can be opened.

    Signals:
        opened: it was clicked, or Space or Enter was pressed.
    """

    opened = Signal()

    def __init__(self, theme: Theme, text: str, missing: bool) -> None:
        super().__init__(theme, text, missing=missing)
        self.setObjectName("contextSource")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click opens it."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space and Enter open it, Delete removes it."""
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Show or hide the ring."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ring over the chip."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            focus_ring(painter, self._theme, QRectF(self.rect()).adjusted(1, 1, -1, -1), self._theme.px(6))
            painter.end()
