"""A stage in the editor: its header, folded to 44 px or open with its form; dragged or moved by keys."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mirador_desktop.core.limits import STAGE
from mirador_desktop.core.stages import ModelStage
from mirador_desktop.gui.painting import focus_ring, stage_frame, stage_shape
from mirador_desktop.gui.parts import IconButton
from mirador_desktop.gui.settings.model_row import CHOICES, Tag
from mirador_desktop.gui.settings.stage_form import Around, StageForm
from mirador_desktop.gui.settings.widgets import Field, button, label
from mirador_desktop.gui.theme import Theme

HEADER = 44
_SHORT = {"position": "automatic", **{value: f"automatic: {words}" for value, words in CHOICES[1:]}}


class StageCard(QFrame):
    """One stage.

    Signals:
        changed: names of fields of `ModelStage` with their values.
        removed, preview: the person wants it gone, or wants to see what is sent.
        moved: by how many places, by the keyboard.
        dragged: where the handle is now, in the card's own coordinates; None when it is let go.
        opened: it was opened or folded.
    """

    changed = Signal(dict)
    removed = Signal()
    preview = Signal()
    moved = Signal(int)
    dragged = Signal(object)
    opened = Signal(bool)

    def __init__(self, theme: Theme, around: Around, taken: Callable[[], Sequence[str]]) -> None:
        super().__init__()
        self._theme, self._around, self._taken = theme, around, taken
        self.stage = ModelStage("")
        self._now: tuple[str, ...] = ()
        self.place = 0
        self._narrow = False
        self._chipped: tuple[tuple[str, ...], str] = ((), "")
        self.form: StageForm | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        head = QWidget()
        head.setFixedHeight(theme.px(HEADER))
        row = QHBoxLayout(head)
        row.setContentsMargins(theme.px(12), 0, theme.px(8), 0)
        row.setSpacing(theme.px(8))
        self.handle = _Handle(theme)
        self.handle.dragged.connect(self.dragged)
        row.addWidget(self.handle)
        row.addSpacing(theme.px(24))  # the shape
        self.name = Field(theme, "Name of the stage")
        self.name.setObjectName("stageName")
        self.name.setProperty("kind", "heading")
        self.name.setMinimumSize(theme.px(40), theme.px(28))
        self.name.textEdited.connect(self._renamed)
        self.name.left.connect(lambda _: self._settle_name())
        row.addWidget(self.name)
        self._title = label("", "strong")
        row.addWidget(self._title)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(theme.px(6))
        row.addLayout(self._chips)
        row.addStretch(1)
        self._summary = label("", "meta")
        row.addWidget(self._summary)
        self.remove = button(theme, "Remove stage", self.removed.emit, "flat", "removeStage", 28)
        self.remove.setProperty("quiet", "true")
        self.remove.setAccessibleName("Remove stage")
        row.addWidget(self.remove)
        self.fold = IconButton(theme, "chevron-right", "Open the stage", side=28)
        self.fold.setObjectName("openStage")
        self.fold.clicked.connect(lambda: self.set_open(not self.is_open))
        row.addWidget(self.fold)
        self._column.addWidget(head)
        self._wrong = label("", "error", wraps=True)
        self._wrong.setObjectName("stageNameWrong")
        self._wrong.setContentsMargins(theme.px(58), 0, theme.px(14), theme.px(8))
        self._wrong.hide()
        self._column.addWidget(self._wrong)
        for keys, step in (("Alt+Up", -1), ("Alt+Down", 1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self.moved.emit, step))
        self.set_open(False)

    @property
    def is_open(self) -> bool:
        """Whether its form is shown."""
        return self.form is not None and not self.form.isHidden()

    def set_open(self, on: bool) -> None:
        """Show the form, or fold to the header."""
        if on and self.form is None:
            self.form = StageForm(self._theme, self._around)
            self.form.changed.connect(self._form_changed)
            self.form.preview.connect(self.preview)
            self.form.set_narrow(self._narrow)
            self._column.addWidget(self.form)
        if self.form is not None:
            if not on:
                self.form.flush()
            self.form.setVisible(on)
        for widget in (self.name, self.remove):
            widget.setVisible(on)
        self._title.setVisible(not on)
        self._summary.setVisible(not on and not self._narrow)
        self.fold.set_icon("chevron-down" if on else "chevron-right")
        words = f"{'Fold' if on else 'Open'} the stage {self.stage.name}".strip()
        self.fold.setAccessibleName(words)
        self.fold.setToolTip(words)
        self._show()
        self.opened.emit(on)

    def show_stage(self, stage: ModelStage, place: int, now: Sequence[str]) -> None:
        """Show a stage at its place in the pipeline.

        Args:
            now: the models that are chosen now where it names none.
        """
        self.stage, self.place, self._now = stage, place, tuple(now)
        self.setObjectName(f"stageCard-{stage.name}")
        self.setAccessibleName(f"Stage {place + 1}: {stage.name}")
        self.handle.setAccessibleName(f"Move the stage {stage.name}")
        if not self.name.hasFocus() and self._wrong.isHidden():
            self.name.setText(stage.name.capitalize())
        self._show()
        self.update()

    def set_narrow(self, on: bool) -> None:
        """Leave out what there is no room for, or show it."""
        self._narrow = on
        if self.form is not None:
            self.form.set_narrow(on)
        self._summary.setVisible(not self.is_open and not on)
        self.remove.setText("Remove" if on else "Remove stage")
        self._show()

    def refresh_models(self) -> None:
        """Other models are installed now."""
        if self.form is not None:
            self.form.refresh_models()

    def flush(self) -> None:
        """Tell of what was just written."""
        if self.name.hasFocus():
            self._settle_name()
        if self.form is not None:
            self.form.flush()

    def _show(self) -> None:
        stage = self.stage
        self._title.setText(stage.name.capitalize())
        if self.is_open:
            assert self.form is not None
            self.form.show_stage(stage, self._now)
        self._show_chips(() if self.is_open else self._chip_names(), ", ".join(stage.models or self._now))
        threshold = f" · stop at {stage.confidence_threshold:.2f}"
        self._summary.setText(f"{stage.max_tokens:,} tok · {stage.temperature:.2f}{threshold}")

    def _chip_names(self) -> tuple[str, ...]:
        models, most = self.stage.models, 1 if self._narrow else 2
        if not models:
            return (_SHORT[self.stage.choose],)
        return (*models[:most], f"+{len(models) - most}") if len(models) > most else models

    def _show_chips(self, names: tuple[str, ...], all_of_them: str) -> None:
        if (names, all_of_them) == self._chipped:
            return
        self._chipped = (names, all_of_them)
        while (item := self._chips.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for name in names:
            chip = Tag(self._theme, name)
            chip.setToolTip(all_of_them or name)
            self._chips.addWidget(chip)

    def _form_changed(self, changes: dict[str, object]) -> None:
        self.changed.emit(changes)

    # ── the name ───────────────────────────────────────────────────────────────────────────────────────

    def _renamed(self, text: str) -> None:
        name = " ".join(text.lower().split())
        if not STAGE["name"].good(name):
            self._say("A stage's name is 1 to 40 letters, digits and spaces.")
        elif name != self.stage.name and name in self._taken():
            self._say(f"Another stage is called {name}.")
        else:
            self._say("")

    def _settle_name(self) -> None:
        """The person has finished with the name: it is told if it is right."""
        name = " ".join(self.name.text().lower().split())
        if self._wrong.isHidden() and name != self.stage.name and STAGE["name"].good(name):
            self.changed.emit({"name": name})

    def _say(self, why: str) -> None:
        self.name.set_wrong(why)
        self._wrong.setText(why)
        self._wrong.setVisible(bool(why))

    # ── painting ───────────────────────────────────────────────────────────────────────────────────────

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on the header opens or folds."""
        if event.button() == Qt.MouseButton.LeftButton and event.position().y() < self._theme.px(HEADER):
            self.set_open(not self.is_open)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw frame, coloured edge and shape."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        stage_frame(painter, theme, QRectF(self.rect()), self.place)
        side = theme.px(12)
        box = QRectF(theme.px(37), (theme.px(HEADER) - side) / 2, side, side)
        stage_shape(painter, theme, self.place, box)
        painter.end()


class _Handle(QAbstractButton):
    """Six dots by which a stage is dragged.

    Signals:
        dragged: where the mouse is, in global coordinates; None when it is let go.
    """

    dragged = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setToolTip("Drag to move the stage, or press Alt+Up or Alt+Down")
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A narrow grip."""
        return QSize(self._theme.px(14), self._theme.px(24))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell where it is dragged."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """It is let go."""
        super().mouseReleaseEvent(event)
        self.dragged.emit(None)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the dots."""
        theme, c = self._theme, self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            focus_ring(painter, theme, QRectF(self.rect()).adjusted(1, 1, -1, -1), 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(c.muted if self.underMouse() or self.hasFocus() else c.faint))
        for column in (-1, 1):
            for line in (-1, 0, 1):
                x, y = self.width() / 2 + column * theme.px(2), self.height() / 2 + line * theme.px(4)
                painter.drawEllipse(QPointF(x, y), 1.1, 1.1)
        painter.end()
