"""Dialogs of backups: a passphrase for a new one or for each day, restoring one, deleting the daily ones."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QWidget
from shiboken6 import isValid

from mirador_desktop.errors import MiradorError
from mirador_desktop.gui.backup_words import strength_words
from mirador_desktop.gui.import_report import short_name
from mirador_desktop.gui.save_dialog import ask_where
from mirador_desktop.gui.settings.panel import Panel, close_when_done
from mirador_desktop.gui.settings.widgets import Field, Progress, label
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.backups import Backups

KIND = "Backups of Mirador"
_TASK = "backup"


class _Stopped(Exception):
    """The person does not want it any more."""


class _Steps:
    """Brings progress from a thread to a widget; stops the thread at its next step."""

    def __init__(self, show: Callable[[float], None]) -> None:
        self.stopped = False
        self._show, self._loop = show, asyncio.get_running_loop()

    def __call__(self, done: int, pages: int) -> None:
        if self.stopped:
            raise _Stopped
        self._loop.call_soon_threadsafe(self._show, done / pages if pages else 0.0)


class PassphrasePanel(Panel):
    """Asks for a passphrase, and shows how far the work with it is."""

    def __init__(self, theme: Theme, tasks: Tasks, title: str, words: str, new: bool, parent: QWidget) -> None:
        super().__init__(theme, title, words, parent, wide=500)
        self._tasks = tasks
        self._steps: _Steps | None = None
        self._busy = False
        self.passphrase = self._field("passphrase", "Passphrase")
        self.again: Field | None = None
        if new:
            self.again = self._field("passphraseAgain", "The same once more")
            self._strength = label("", "small", wraps=True)
            self._strength.setObjectName("passphraseStrength")
            self.body.addWidget(self._strength)
            self.passphrase.textChanged.connect(self._judge)
            self._judge("")
            lost = "Nobody can open the backup without it, you neither, and it cannot be found again."
            self.body.addWidget(label(lost, "small", wraps=True))
        self._progress = Progress(theme, "Progress")
        self._progress.hide()
        self.body.addWidget(self._progress)
        self.add_button("Cancel", self.reject, name="backupCancel")
        self._yes = self.add_button("", self._begin, "primary", "backupGo")
        self._yes.setDefault(True)
        self.passphrase.setFocus()

    def _field(self, name: str, words: str) -> Field:
        made = Field(self.theme, words, words)
        made.setObjectName(name)
        made.setEchoMode(QLineEdit.EchoMode.Password)
        made.textChanged.connect(lambda text: self.fail(""))
        self.body.addWidget(made)
        return made

    def _judge(self, text: str) -> None:
        from mirador_desktop.backups import LEAST

        self._strength.setText(strength_words(text, LEAST))

    def _begin(self) -> None:
        from mirador_desktop.backups import check

        text = self.passphrase.text()
        try:
            check(text, self.again.text() if self.again is not None else text)
        except MiradorError as error:
            self.fail(str(error))
            return
        self.go(text)

    def go(self, passphrase: str) -> None:
        """Work with a passphrase that can be used."""
        raise NotImplementedError

    def run(self, work: Callable[[_Steps], Awaitable[object]]) -> None:
        """Do something that takes a while, and close when it is done."""
        self._steps = steps = _Steps(self._show)
        self._set_busy(True)

        async def do() -> None:
            with suppress(_Stopped):
                await close_when_done(self, work(steps), self._yes)

        self._tasks.start(_TASK, do()).add_done_callback(self._ended)

    def _ended(self, task: object) -> None:
        if isValid(self) and self._busy:  # stopped or failed
            self._set_busy(False)
            self.passphrase.setFocus()
            self.passphrase.selectAll()

    def _show(self, share: float) -> None:
        if isValid(self):
            self._progress.set_share(share)

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        for widget in (self.passphrase, self.again, self._yes):
            if widget is not None:
                widget.setEnabled(not busy)
        self._progress.setVisible(busy)
        self._progress.set_share(0)

    def reject(self) -> None:
        """While something is done, stop that; else close."""
        if self._busy and self._steps is not None:
            self._steps.stopped = True
            return
        super().reject()


class WritePanel(PassphrasePanel):
    """Writes a backup now.

    Args:
        written: told of the file.
    """

    def __init__(
        self, theme: Theme, backups: "Backups", tasks: Tasks, written: Callable[[Path], object], parent: QWidget
    ) -> None:
        words = (
            "Conversations, memories, folders and attached files go into one file that the passphrase encrypts. "
            "Settings, pipelines and models are not in it."
        )
        super().__init__(theme, tasks, "Back up now", words, True, parent)
        self.setObjectName("backupPanel")
        self._backups, self._written = backups, written
        self._yes.setText("Choose a file…")

    def go(self, passphrase: str) -> None:
        """Ask for the file, and write it."""
        from mirador_desktop.backups import ENDING, file_name

        ask_where(self, "Back up", file_name(), KIND, ENDING, "backupFile", lambda path: self.write(path, passphrase))

    def write(self, path: Path, passphrase: str) -> None:
        """Write it."""

        async def work(steps: _Steps) -> None:
            await self._backups.write(path, passphrase, steps)
            self._written(path)

        self.run(work)


class DailyPanel(PassphrasePanel):
    """Switches daily backups on.

    Args:
        switched: told when they are on.
    """

    def __init__(
        self, theme: Theme, backups: "Backups", tasks: Tasks, switched: Callable[[], object], parent: QWidget
    ) -> None:
        words = (
            "A backup is made each day that Mirador runs; the last 7 are kept. Earlier ones keep the passphrase they "
            "were made with. The passphrase itself is not kept, only a key made of it, in the encrypted database."
        )
        super().__init__(theme, tasks, "Daily backup", words, True, parent)
        self.setObjectName("dailyPanel")
        self._backups, self._switched = backups, switched
        self._yes.setText("Switch on")

    def go(self, passphrase: str) -> None:
        """Switch them on."""

        async def work(steps: _Steps) -> None:
            await self._backups.set_daily(passphrase)
            self._switched()

        self.run(work)


class RestorePanel(PassphrasePanel):
    """Puts a backup in the place of everything that is kept now.

    Args:
        before: ends what is being written to the conversations.
        restored: told when it is done.
    """

    def __init__(
        self,
        theme: Theme,
        backups: "Backups",
        tasks: Tasks,
        path: Path,
        before: Callable[[], Awaitable[object]],
        restored: Callable[[], object],
        parent: QWidget,
    ) -> None:
        words = (
            f"{short_name(path)} takes the place of all conversations, memories, folders and attached files that are "
            "here now, and answers that are being written are stopped. What is here now is kept aside until the next "
            "start of Mirador. Daily backups stay, and go on as they are set."
        )
        super().__init__(theme, tasks, "Restore a backup", words, False, parent)
        self.setObjectName("restorePanel")
        self._backups, self._path, self._before, self._restored = backups, path, before, restored
        self._yes.setText("Restore")

    def go(self, passphrase: str) -> None:
        """Restore it."""

        async def work(steps: _Steps) -> None:
            await self._before()
            await self._backups.restore(self._path, passphrase, steps)
            self._restored()

        self.run(work)


class DeletePanel(Panel):
    """Asks before the daily backups are deleted."""

    def __init__(
        self, theme: Theme, words: str, tasks: Tasks, delete: Callable[[], Awaitable[object]], parent: QWidget
    ) -> None:
        super().__init__(theme, "Delete the daily backups", words, parent)
        self.setObjectName("deleteBackupsPanel")
        self._tasks, self._delete = tasks, delete
        self.add_button("Keep them", self.reject)
        self._yes = self.add_button("Delete", self._do, "danger", "deleteBackupsNow")

    def _do(self) -> None:
        self._yes.setEnabled(False)
        self._tasks.start("delete backups", close_when_done(self, self._delete(), self._yes))
