"""The dialog of an export: which conversations, as what, how much of them, a preview, progress."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.conversation import Conversation
from mirador_desktop.errors import MiradorError
from mirador_desktop.exchange.options import KINDS, ExportOptions, Format
from mirador_desktop.gui.export_preview import ExportPreview, read_preview, words_on
from mirador_desktop.gui.save_dialog import ask_where
from mirador_desktop.gui.settings.panel import Panel, close_when_done
from mirador_desktop.gui.settings.pull_bar import choose, chooser
from mirador_desktop.gui.settings.widgets import Progress, Segments, Switch, label
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.exchanging import Exchange, Exported

Scope = Literal["this", "selected", "all"]
_SWITCHES = (
    ("thoughts", "Thoughts", "What models thought before they answered"),
    ("confidences", "Confidence", "How sure models were, in percent"),
    ("metadata", "Dates and speeds", "When it was asked, tokens, seconds"),
    ("branches", "All branches", "Else only the one that is shown"),
)
_WHOLE = {
    "json": "Always complete, so that it can be imported again without loss.",
    "openwebui": "Always all branches with final answers and thoughts: there is no place for the rest.",
}


@dataclass(slots=True)
class ExportChoices:
    """What was chosen last, until the program ends."""

    kind: Format = "markdown"
    options: ExportOptions = field(default_factory=ExportOptions)


class ExportDialog(Panel):
    """See the module.

    Args:
        choices: what was chosen last; changed as the person chooses.
        shown: the conversation that is shown, None for none.
        selected: the ones that are selected in the sidebar.
        scope: what is offered first.
        saved: told of the file once it is written.
    """

    def __init__(
        self,
        theme: Theme,
        exchange: "Exchange",
        tasks: Tasks,
        choices: ExportChoices,
        shown: Conversation | None,
        selected: Sequence[Conversation],
        scope: Scope,
        saved: Callable[[Path, "Exported"], object],
        parent: QWidget,
    ) -> None:
        super().__init__(theme, "Export", "", parent, wide=480)
        self.setObjectName("exportDialog")
        self._exchange, self._tasks, self.choices, self._saved = exchange, tasks, choices, saved
        self._shown, self._selected = shown, list(selected)
        self._busy = False
        self._task, self._preview_task = f"export {id(self)}", f"export preview {id(self)}"
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(60)
        self._pause.timeout.connect(self._look)
        across = QHBoxLayout()
        across.setSpacing(theme.px(20))
        self._left = QWidget(self)
        column = QVBoxLayout(self._left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(8))
        scopes = [("this", "This")] if shown is not None else []
        if self._selected:
            scopes.append(("selected", f"Selected ({len(self._selected):,})"))
        scopes.append(("all", "All"))
        self._scope = Segments(theme, "Conversations", scopes)
        self._scope.setObjectName("exportScope")
        self._scope.choose(scope if scope in [value for value, _ in scopes] else scopes[0][0])
        self._scope.chosen.connect(lambda value: self._changed())
        column.addWidget(label("Conversations", "section"))
        column.addWidget(self._scope)
        self._format = chooser(theme, self._choose_format, "exportFormat", 34)
        column.addWidget(label("Format", "section"))
        row = QHBoxLayout()  # its words run from right to left, so an alignment would be mirrored
        row.addWidget(self._format)
        row.addStretch()
        column.addLayout(row)
        column.addWidget(label("What is written", "section"))
        self._answers = Segments(theme, "Answers", (("final", "Final answers"), ("all", "All stages")))
        self._answers.setObjectName("exportAnswers")
        self._answers.chosen.connect(lambda value: self._change(stages=value == "all"))
        column.addWidget(self._answers)
        self.switches: dict[str, Switch] = {}
        for name, words, hint in _SWITCHES:
            column.addWidget(self._switch_row(name, words, hint))
        self._why = label("", "small", wraps=True)
        self._why.setObjectName("exportWhy")
        column.addWidget(self._why)
        column.addStretch()
        area = QScrollArea(self)  # with larger text there may not be room for all on a small screen
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidgetResizable(True)
        area.setWidget(self._left)
        area.viewport().setAutoFillBackground(False)
        self._left.setAutoFillBackground(False)
        area.setFixedWidth(theme.px(290))
        area.setMinimumHeight(theme.px(200))
        across.addWidget(area)
        right = QVBoxLayout()
        right.setSpacing(theme.px(6))
        self._caption = label("", "small")
        self.preview = ExportPreview(theme)
        right.addWidget(self._caption)
        right.addWidget(self.preview, 1)
        across.addLayout(right, 1)
        self.body.addLayout(across, 1)
        self._bar = Progress(theme, "Progress of the export")
        self._progress = label("", "small")
        self._progress.setObjectName("exportProgress")
        self.body.addWidget(self._progress)
        self.body.addWidget(self._bar)
        self.add_button("Cancel", self.reject, name="exportCancel")
        self._yes = self.add_button("Export…", self._choose_file, "primary", "exportNow")
        self._yes.setDefault(True)
        room = self.screen().availableSize()
        self.resize(min(theme.px(840), room.width()), min(theme.px(560), room.height() - 40))
        self._set_busy(False)
        self._refresh()
        self._pause.start()
        self._format.setFocus()

    # ── choices ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def scope(self) -> Scope:
        """Which conversations are exported."""
        return self._scope.value()  # type: ignore[return-value]  # one of them

    @property
    def ids(self) -> list[str] | None:
        """The conversations that are exported, None for all."""
        if self.scope == "this" and self._shown is not None:
            return [self._shown.id]
        return [each.id for each in self._selected] if self.scope == "selected" else None

    def choose(self, kind: Format) -> None:
        """Choose a format."""
        self.choices.kind = kind
        self._changed()

    def _switch_row(self, name: str, words: str, hint: str) -> QWidget:
        row = QWidget(self)
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 0, 0, 0)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(label(words))
        texts.addWidget(label(hint, "small", wraps=True))
        across.addLayout(texts, 1)
        made = Switch(self.theme, words)
        made.setObjectName(f"export-{name}")
        made.setAccessibleDescription(hint)
        made.clicked.connect(lambda on: self._change(**{name: on}))
        across.addWidget(made)
        self.switches[name] = made
        return row

    def _choose_format(self) -> None:
        kinds = {kind.label: name for name, kind in KINDS.items()}
        choose(self._format, list(kinds), KINDS[self.choices.kind].label, lambda words: self.choose(kinds[words]))

    def _change(self, **options: bool) -> None:
        self.choices.options = replace(self.choices.options, **options)
        self._changed()

    def _changed(self) -> None:
        self.fail("")
        self._refresh()
        self._pause.start()

    def _refresh(self) -> None:
        kind, options = self.choices.kind, self.choices.options
        whole = KINDS[kind].whole
        self._format.setText(KINDS[kind].label)
        self._format.setAccessibleName(f"Format: {KINDS[kind].label}")
        self._answers.choose("all" if (options.stages or kind == "json") and kind != "openwebui" else "final")
        self._answers.setEnabled(not whole)
        always = {"json": {*self.switches}, "openwebui": {"branches", "thoughts"}}.get(kind, set())
        for name, switch in self.switches.items():
            switch.setChecked(name in always if whole else getattr(options, name))
            switch.setEnabled(not whole)
        self._why.setText(_WHOLE.get(kind, ""))
        self._why.setVisible(whole)

    # ── preview ────────────────────────────────────────────────────────────────────────────────────────

    def _look(self) -> None:
        self._tasks.start(self._preview_task, self._preview())

    async def _preview(self) -> None:
        kind = self.choices.kind
        try:
            content = await read_preview(self._exchange, kind, self.ids, self.choices.options)
        except MiradorError as error:
            if isValid(self):
                self._caption.clear()
                self.preview.say(str(error))
        else:
            if isValid(self):
                self._caption.setText(words_on(kind))
                self.preview.show_content(content)

    # ── writing ────────────────────────────────────────────────────────────────────────────────────────

    def file_name(self) -> str:
        """A name for the file."""
        from mirador_desktop.exchange.markdown import file_name_of

        suffix = KINDS[self.choices.kind].suffix
        if self.scope == "this" and self._shown is not None:
            return file_name_of([self._shown], suffix)
        if self.scope == "selected":
            return file_name_of(self._selected, suffix)
        return f"Mirador {datetime.now().astimezone():%Y-%m-%d}{suffix}"

    def _choose_file(self) -> None:
        kind = KINDS[self.choices.kind]
        ask_where(self, "Export", self.file_name(), kind.label, kind.suffix, "exportFile", self.write)

    def write(self, path: Path) -> None:
        """Write what was chosen to a file."""
        self.fail("")
        self._set_busy(True)
        self._tasks.start(self._task, self._write(path)).add_done_callback(self._ended)

    def _ended(self, task: object) -> None:
        if isValid(self) and self._busy:  # stopped or failed
            self._set_busy(False)

    async def _write(self, path: Path) -> None:
        choices = self.choices

        async def write() -> None:
            exported = await self._exchange.export(path, choices.kind, self.ids, choices.options, self._show_written)
            self._saved(path, exported)

        await close_when_done(self, write(), self._yes)

    def _show_written(self, done: int, total: int) -> None:
        if isValid(self):
            self._bar.set_share(done / total if total else 0)
            self._progress.setText(f"{done:,} of {count_words(total, 'turn')}")

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self._left.setEnabled(not busy)
        self._yes.setEnabled(not busy)
        self._bar.set_share(0)
        self._progress.setText("Writing…" if busy else "")
        self._bar.setVisible(busy)
        self._progress.setVisible(busy)

    def reject(self) -> None:
        """While a file is written, stop that; else close."""
        if self._busy:
            self._tasks.cancel(self._task)
            return
        super().reject()

    def done(self, result: int) -> None:
        """Leave nothing behind that works on."""
        self._pause.stop()
        self._tasks.cancel(self._preview_task)
        super().done(result)
