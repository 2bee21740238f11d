"""Small parts of the pipelines page: a file that cannot be read, and a notice that can be undone."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mirador_desktop.exchange.pipeline_folder import Entry
from mirador_desktop.gui.settings.widgets import button, label
from mirador_desktop.gui.theme import Theme


class BrokenFile(QWidget):
    """Stands in the editor's place for a file that holds no pipeline."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._file: Path | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(10))
        self._title = label("", "title")
        self.why = label("", "error", wraps=True)
        self.why.setObjectName("pipelineProblem")
        column.addWidget(self._title)
        column.addWidget(self.why)
        open_it = button(theme, "Open the file", self._open, "", "openPipelineFile")
        column.addWidget(open_it, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    def show_entry(self, entry: Entry) -> None:
        """Show what is wrong with a file."""
        self._file = entry.file
        self._title.setText(entry.name)
        self.why.setText(entry.problem)

    def _open(self) -> None:
        if self._file is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._file)))


class Notice(QWidget):
    """A sentence at the bottom of the page, with Undo where that is possible."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._undo: Callable[[], object] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._words = label("", "muted", wraps=True)
        self._words.setObjectName("pipelineNotice")
        row.addWidget(self._words, 1)
        self._button = button(theme, "Undo", self._do, "flat", "undoPipeline")
        row.addWidget(self._button)
        row.addWidget(button(theme, "OK", lambda: self.say(""), "flat"))
        self.hide()

    def say(self, words: str, undo: Callable[[], object] | None = None) -> None:
        """Show a sentence; "" hides the notice."""
        self._undo = undo
        self._words.setText(words)
        self._button.setVisible(undo is not None)
        self.setVisible(bool(words))

    def _do(self) -> None:
        undo = self._undo
        self.say("")
        if undo is not None:
            undo()
