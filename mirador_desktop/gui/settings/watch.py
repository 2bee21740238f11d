"""Notices when somebody changes settings.toml by hand while Mirador runs."""

import asyncio
from collections.abc import Callable

from PySide6.QtCore import QFileSystemWatcher, QObject, Qt, QTimer, Signal

from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import load

_SETTLED = 150
"""Milliseconds after the last change before the file is read: editors write in several steps."""


class SettingsWatch(QObject):
    """Reads the file again when it has changed, off the GUI thread.

    Args:
        tell: shows sentences about what is wrong in it, once.
    """

    _complaint = Signal(str)

    def __init__(self, preferences: Preferences, tasks: Tasks, tell: Callable[..., object], parent: QObject) -> None:
        super().__init__(parent)
        self._preferences, self._tasks, self._tell = preferences, tasks, tell
        self._watcher = QFileSystemWatcher(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLED)
        self._timer.timeout.connect(lambda: self._tasks.start("read settings", self._read()))
        self._watcher.fileChanged.connect(lambda path: self._timer.start())
        self._watcher.directoryChanged.connect(lambda path: self._timer.start())
        self._complaint.connect(lambda words: self._tell(words), Qt.ConnectionType.QueuedConnection)
        self._timer.start()

    def complain(self, words: str) -> None:
        """Show a sentence; may be called from any thread."""
        self._complaint.emit(words)

    async def _read(self) -> None:
        path = self._preferences.path
        # The folder tells of files that are put in place of others, the file of being written to. Watched before it
        # is read, so that no change comes between.
        for each in (path, path.parent):
            if await asyncio.to_thread(each.exists):
                self._watcher.addPath(str(each))
        moment = -1
        while moment != self._preferences.moment:  # what is read while something is being written may be older
            moment = self._preferences.moment
            read, problems = await asyncio.to_thread(load, path)
        if any("cannot be read" in words for words in problems):  # half written: what was read before holds
            problems = [words.replace("The defaults are used", "What was set before holds") for words in problems]
        else:
            self._preferences.take(read)
        self._tell(*problems)
