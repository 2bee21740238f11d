"""Fills in a source of a pipeline's context: where it is, and how it is called."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from mirador_desktop.core.limits import SOURCE
from mirador_desktop.core.stages import ContextSource
from mirador_desktop.gui.settings.widgets import Field, Segments, button, form_row, label
from mirador_desktop.gui.theme import Theme

_TITLES = {"file": "Text file", "folder": "Folder", "csv": "Table (CSV)", "url": "Web page"}
_HINTS = {
    "file": "The file is read anew for each question.",
    "folder": "Its text files are read anew for each question, by their names. Hidden files are left out.",
    "csv": "A file, or an address that begins with https://. What is too long is cut by rows, and that is said.",
    "url": "Fetched only when you press Fetch, and kept. Questions use what was fetched last, and say its age.",
}


class SourceDialog(QDialog):
    """A small window for one source.

    Signals:
        done_with: the source as it was filled in.
    """

    done_with = Signal(object)

    def __init__(self, theme: Theme, source: ContextSource, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._kind = theme, source.kind
        self.setObjectName("sourceDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"{_TITLES.get(source.kind, source.kind)} - Mirador")
        self.setMinimumSize(theme.px(560), theme.px(290))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(24), theme.px(20), theme.px(24), theme.px(20))
        column.setSpacing(theme.px(8))
        self._kinds: Segments | None = None
        if source.kind in _TITLES:
            self._kinds = Segments(theme, "Kind", tuple(_TITLES.items()))
            self._kinds.choose(source.kind)
            self._kinds.chosen.connect(self._choose_kind)
            across = QWidget()
            line = QHBoxLayout(across)
            line.setContentsMargins(0, 0, 0, 0)
            line.addWidget(self._kinds)
            line.addStretch(1)
            column.addWidget(form_row(theme, "Kind", across, 96))
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        self.value = Field(theme, "Where it is", fixed=True)
        self.value.setObjectName("sourceValue")
        self.value.setText(source.value)
        self.value.textEdited.connect(lambda _: self._check())
        row.addWidget(self.value, 1)
        self._choose = button(theme, "Choose…", self._choose_path, "", "chooseSource", 34)
        row.addWidget(self._choose)
        self._where = form_row(theme, "Where", box, 96)
        column.addWidget(self._where)
        self.name = Field(theme, "Name of the source")
        self.name.setObjectName("sourceName")
        self.name.setText(source.name)
        self.name.textEdited.connect(lambda _: self._check())
        column.addWidget(form_row(theme, "Name", self.name, 96))
        self._hint = label("", "small", wraps=True)
        self._hint.setContentsMargins(theme.px(96), 0, 0, 0)
        column.addWidget(self._hint)
        self._wrong = label("", "error", wraps=True)
        self._wrong.setContentsMargins(theme.px(96), 0, 0, 0)
        column.addWidget(self._wrong)
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(button(theme, "Cancel", self.reject))
        self._ok = button(theme, "Use it", self._finish, "primary", "useSource")
        self._ok.setDefault(True)
        buttons.addWidget(self._ok)
        column.addLayout(buttons)
        self._choose_kind(source.kind)
        self.value.setFocus()

    def _choose_kind(self, kind: str) -> None:
        self._kind = kind
        self._choose.setVisible(kind in ("file", "folder", "csv"))
        self._hint.setText(_HINTS.get(kind, "What the plug-in needs to know. It runs with your rights."))
        self.value.setPlaceholderText("https://…" if kind == "url" else "")
        placeholder = {"url": "the address of its server"}.get(kind, "the name of the file or folder")
        self.name.setPlaceholderText(placeholder if kind in _TITLES else "")
        self._check()

    def source(self) -> ContextSource:
        """What is filled in."""
        return ContextSource(self._kind, self.value.text().strip(), self.name.text().strip())

    def _check(self) -> None:
        source, words = self.source(), ""
        if not SOURCE["value"].good(source.value):
            words = f"This is {SOURCE['value'].expected}."
        elif not SOURCE["name"].good(source.name):
            words = f"A name is {SOURCE['name'].expected}."
        elif source.kind == "url" and source.value and not source.value.lower().startswith(("http://", "https://")):
            words = "An address begins with https:// or http://."
        self.value.set_wrong(words)
        self._wrong.setText(words)
        self._wrong.setVisible(bool(words))
        self._ok.setEnabled(not words and not source.empty)

    def _choose_path(self) -> None:
        dialog = QFileDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._kind == "folder":
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
            dialog.setNameFilter("Tables (*.csv *.tsv);;All files (*)" if self._kind == "csv" else "All files (*)")
        dialog.fileSelected.connect(self._chosen)
        dialog.open()

    def _chosen(self, path: str) -> None:
        self.value.setText(str(Path(path)))
        self._check()

    def _finish(self) -> None:
        if self._ok.isEnabled():
            self.done_with.emit(self.source())
            self.accept()
