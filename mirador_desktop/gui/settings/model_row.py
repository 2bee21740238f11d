"""The models of a stage as chips in their order, with what is missing, and a field to add one."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCompleter, QMenu, QSizePolicy, QVBoxLayout, QWidget

from mirador_desktop.core.amounts import size_words
from mirador_desktop.core.engine import ModelInfo
from mirador_desktop.core.limits import MOST_MODELS, STAGE
from mirador_desktop.core.names import same_model
from mirador_desktop.gui.flow import Flow, as_wide_as_there_is, clear
from mirador_desktop.gui.settings.widgets import Chip, Field, button, label
from mirador_desktop.gui.theme import Theme

CHOICES = (
    ("position", "by the stage's place"),
    ("smallest", "the smallest"),
    ("largest", "the largest"),
    ("two", "two"),
    ("several", "up to three"),
)
_WORDS = dict(CHOICES)


class Tag(Chip):
    """A chip that only says something, 22 high."""

    def __init__(self, theme: Theme, text: str) -> None:
        super().__init__(theme, text, removable=False)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Lower than a chip that can be changed."""
        return QSize(super().sizeHint().width(), self._theme.px(22))

    def minimumSizeHint(self) -> QSize:
        """It is shortened where there is no room."""
        return QSize(self._theme.px(40), self._theme.px(22))


class ModelRow(QWidget):
    """Names of models, in order. Where there are none, models may be chosen by themselves.

    Args:
        what: what it lists, for screen readers: "Models" or "Fallback models".
        automatic: whether none means that models are chosen.
        pull, size_of: see `PipelinesPage`.

    Signals:
        changed: the names as the person wants them.
        choice: how models are to be chosen.
    """

    changed = Signal(tuple)
    choice = Signal(str)

    def __init__(
        self,
        theme: Theme,
        what: str,
        automatic: bool,
        installed: Callable[[], Sequence[ModelInfo]],
        pull: Callable[[str], None],
        size_of: Callable[[str], int],
    ) -> None:
        super().__init__()
        self._theme, self._what, self._automatic = theme, what, automatic
        self._installed, self._pull, self._size_of = installed, pull, size_of
        self._names: tuple[str, ...] = ()
        self._choose, self._now = "position", ""
        self.setAccessibleName(what)
        as_wide_as_there_is(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.px(4), 0, theme.px(4))
        column.setSpacing(theme.px(4))
        flow = QWidget()
        as_wide_as_there_is(flow)
        self._flow = Flow(flow, theme.px(6))
        column.addWidget(flow)
        self._wrong = label("", "error", wraps=True)
        self._wrong.hide()
        column.addWidget(self._wrong)

    def show_models(self, names: Sequence[str], choose: str, now: Sequence[str]) -> None:
        """Show these.

        Args:
            choose: how models are chosen where there are none.
            now: which are chosen now.
        """
        shown = (tuple(names), choose, ", ".join(now))
        if shown == (self._names, self._choose, self._now) and self._flow.count():
            return
        self._names, self._choose, self._now = shown
        self._fill()

    def refresh(self) -> None:
        """Other models are installed now."""
        self._fill()

    def _fill(self) -> None:
        theme = self._theme
        clear(self._flow)
        self._wrong.hide()
        installed = [m.name for m in self._installed()]
        for place, name in enumerate(self._names):
            missing = not any(same_model(name, each) for each in installed)
            self._flow.addWidget(self._chip(place, name, missing))
            if missing:
                self._flow.addWidget(label("not installed", "warning"))
                bytes_ = self._size_of(name)
                words = f"Pull {size_words(bytes_)}" if bytes_ else "Pull"
                pull = button(theme, words, partial(self._pull, name), "flat", "pullMissing", 26)
                pull.setAccessibleName(f"Pull {name}")
                self._flow.addWidget(pull)
        if not self._names and self._automatic:
            self._flow.addWidget(self._automatic_button())
            if self._now:
                self._flow.addWidget(label(f"now {self._now}", "meta"))
        if len(self._names) < MOST_MODELS:
            add = button(theme, "+  Add", self._begin, "flat", "addModel", 26)
            add.setProperty("quiet", "true")
            add.setAccessibleName(f"Add to {self._what}")
            self._flow.addWidget(add)
        self.updateGeometry()

    def _automatic_button(self) -> QWidget:
        chosen = button(self._theme, f"automatic: {_WORDS[self._choose]}", lambda: None, "chip", "automatic", 26)
        chosen.setAccessibleName(f"{self._what}: chosen by themselves, {_WORDS[self._choose]}")
        menu = QMenu(chosen)
        for value, words in CHOICES:
            menu.addAction(words, partial(self.choice.emit, value))
        chosen.setMenu(menu)
        return chosen

    def _chip(self, place: int, name: str, missing: bool) -> Chip:
        chip = Chip(self._theme, name, missing=missing)
        chip.removed.connect(lambda: self._take([n for n in self._names if n != name]))
        chip.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for words, keys, step in (("Move left", "Alt+Left", -1), ("Move right", "Alt+Right", 1)):
            if 0 <= place + step < len(self._names):
                chip.addAction(words, partial(self._move, place, step))
                shortcut = QShortcut(QKeySequence(keys), chip)
                shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(partial(self._move, place, step))
        chip.setToolTip(f"{name}: Alt+Left and Alt+Right change the order" if len(self._names) > 1 else name)
        return chip

    def _move(self, place: int, step: int) -> None:
        names = list(self._names)
        names.insert(place + step, names.pop(place))
        self._take(names)
        chip = self._flow.itemAt(0)
        chips = [w for i in range(self._flow.count()) if isinstance(w := self._flow.itemAt(i).widget(), Chip)]
        if chip is not None and chips:
            chips[place + step].findChildren(QWidget)[0].setFocus()

    def _take(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._fill()
        self.changed.emit(self._names)

    # ── adding ─────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self) -> None:
        """Put a field in the place of the button."""
        last = self._flow.takeAt(self._flow.count() - 1).widget()
        if last is not None:
            last.hide()
            last.deleteLater()
        field = Field(self._theme, f"Name of a model to add to {self._what}", "Name of a model", fixed=True)
        field.setObjectName("modelName")
        field.setMinimumHeight(self._theme.px(28))
        field.setMinimumWidth(self._theme.px(90))
        field.setMaximumWidth(self._theme.px(220))
        names = [m.name for m in self._installed() if m.can_chat and "stages" not in m.capabilities]
        names = [n for n in names if not any(same_model(n, known) for known in self._names)]
        completer = QCompleter(names, field)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.activated.connect(self._add)
        field.setCompleter(completer)
        field.returnPressed.connect(lambda: self._add(field.text()))
        field.textEdited.connect(lambda: self._say(field, ""))
        escape = QShortcut(QKeySequence("Esc"), field)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(self._fill)
        self._flow.addWidget(field)
        field.show()
        field.setFocus()
        if names:
            completer.setCompletionPrefix("")
            completer.complete()

    def _add(self, name: str) -> None:
        """Take a name that was typed or chosen, or say what is wrong with it."""
        name = name.strip()
        field = self.findChild(Field, "modelName")
        if not name or field is None:
            return
        if any(same_model(name, known) for known in self._names):
            self._say(field, f"{name} is there already.")
        elif not STAGE["models"].good([name]):
            self._say(field, "A name of a model has no spaces and at most 200 characters.")
        else:
            field.setObjectName("")  # it is on its way out
            self._take([*self._names, name])

    def _say(self, field: Field, why: str) -> None:
        field.set_wrong(why)
        self._wrong.setText(why)
        self._wrong.setVisible(bool(why))
