"""Ollama itself, at the end of the page Hosts: whether it runs, who started it, and what it is started with."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mirador_desktop.errors import MiradorError
from mirador_desktop.gui.first_start import DOWNLOAD_PAGE, TASK
from mirador_desktop.gui.settings.widgets import Progress, Segments, button, label, setting_row
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.preferences import Preferences

if TYPE_CHECKING:
    from mirador_desktop.runtime import OllamaRuntime


class OllamaCard(QWidget):
    """Find, start, end, download and remove Ollama on this computer."""

    def __init__(self, theme: Theme, runtime: "OllamaRuntime", preferences: Preferences, tasks: Tasks) -> None:
        super().__init__()
        self._runtime, self._preferences, self._tasks = runtime, preferences, tasks
        self.setObjectName("ollamaItself")
        self._state = label("", "muted", wraps=True)
        self._state.setObjectName("ollamaState")
        self._error = label("", "error", wraps=True)
        self._progress = Progress(theme, "Download of Ollama")
        self._start = button(theme, "Start Ollama", lambda: self._do("start"), name="startOllama")
        self._stop = button(theme, "End Ollama", lambda: self._do("stop"), name="stopOllama")
        self._download = button(theme, "Download for me", lambda: self._do("download"), name="downloadOllama")
        self._get = button(theme, "Get Ollama", self._open_page, "flat", "getOllama")
        self._cancel = button(theme, "Stop", lambda: tasks.cancel(TASK), "flat", "cancelDownload")
        self._remove = button(theme, "Remove", lambda: self._do("remove"), "danger", "removeOllama")
        self._log = button(theme, "Its log", self._open_log, "flat", "ollamaLog")
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.px(8))
        self._buttons = (
            self._start, self._stop, self._download, self._get, self._cancel, self._log, self._remove,
        )  # fmt: skip
        for each in self._buttons:
            buttons.addWidget(each)
        buttons.addStretch()
        self._flash = Segments(theme, "Flash attention", (("auto", "Ollama decides"), ("on", "On"), ("off", "Off")))
        self._flash.setObjectName("flashAttention")
        self._flash.chosen.connect(lambda value: preferences.change(flash_attention=value))
        self._cache = Segments(
            theme, "Key-value cache", (("f16", "Full (f16)"), ("q8_0", "Half (q8_0)"), ("q4_0", "Quarter (q4_0)"))
        )
        self._cache.setObjectName("kvCache")
        self._cache.chosen.connect(lambda value: preferences.change(kv_cache=value))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(14), theme.px(20), theme.px(14), 0)  # in line with the rows above
        column.setSpacing(theme.px(8))
        column.addWidget(label("Ollama on this computer", "strong"))
        column.addWidget(self._state)
        column.addWidget(self._error)
        column.addWidget(self._progress)
        column.addLayout(buttons)
        flash = "For an Ollama that Mirador starts, from its next start on. Faster, and less memory for long windows."
        cache = "Type of the memory that the window takes. Smaller ones need flash attention."
        column.addWidget(setting_row(theme, "Flash attention", flash, self._flash))
        column.addWidget(setting_row(theme, "Key-value cache", cache, self._cache))
        self.controls = (
            (self._flash, "Flash attention", "ollama start"),
            (self._cache, "Key-value cache", "kv memory"),
        )
        self.refresh()

    def refresh(self) -> None:
        """Show what is so now."""
        runtime, busy = self._runtime, bool(self._runtime.doing)
        self._flash.choose(self._preferences.current.flash_attention)
        self._cache.choose(self._preferences.current.kv_cache)
        progress = runtime.progress
        if progress is not None:
            what = {"download": "Downloading", "check": "Comparing the checksum of", "unpack": "Unpacking"}
            words = f"{what[progress.what]} Ollama: {progress.words}"
            self._progress.set_share(progress.share or 0.0)
        elif busy:
            words = runtime.doing_words
        elif not runtime.looked:
            words = "Looking for it…"
        elif runtime.started_here:
            words = f"Mirador has started {runtime.binary or 'it'}, and ends it when you close Mirador."
        elif runtime.answers and not runtime.downloaded:
            at = f" It is installed at {runtime.binary}." if runtime.binary is not None else ""
            words = f"It runs, and Mirador has not started it.{at}"
        elif runtime.downloaded:
            words = f"Mirador has downloaded it to {runtime.folder}."
        elif runtime.binary is not None:
            words = f"It is installed at {runtime.binary}."
        else:
            words = "It was not found on this computer."
        self._state.setText(words)
        self._error.setText(runtime.error)
        self._error.setVisible(bool(runtime.error))
        self._progress.setVisible(progress is not None)
        there = runtime.binary is not None
        self._start.setVisible(not busy and there and not runtime.started_here and not runtime.answers)
        self._stop.setVisible(not busy and runtime.started_here)
        missing = not busy and runtime.looked and not there and not runtime.answers
        self._download.setVisible(missing and runtime.can_download)
        self._get.setVisible(missing)
        self._cancel.setVisible(progress is not None and progress.what == "download")
        self._remove.setVisible(not busy and runtime.downloaded)
        self._log.setVisible(runtime.started_here)

    def _do(self, what: str) -> None:
        self._tasks.start(TASK, self._run(what))

    async def _run(self, what: str) -> None:
        runtime = self._runtime
        work = {"start": runtime.start, "stop": runtime.stop, "download": runtime.download, "remove": runtime.remove}
        try:
            await work[what]()
        except MiradorError:
            return  # the card says it

    def _open_page(self) -> None:
        QDesktopServices.openUrl(QUrl(DOWNLOAD_PAGE))

    def _open_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._runtime.log_file)))
