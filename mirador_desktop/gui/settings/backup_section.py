"""The part of the page Memory about backups, and about conversations in files of other programs."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from mirador_desktop.core.amounts import count_words
from mirador_desktop.errors import MiradorError, StoreError
from mirador_desktop.gui.backup_acts import BackupActs
from mirador_desktop.gui.backup_words import kept_words, when_words
from mirador_desktop.gui.settings.page import Entry
from mirador_desktop.gui.settings.widgets import Switch, button, label, setting_row
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.backups import Backup, Backups


class BackupSection(QWidget):
    """Rows of settings.

    Attributes:
        entries: what the search field of the settings finds.

    Signals:
        restored: all that is kept is other than before.
    """

    restored = Signal()

    def __init__(self, theme: Theme, backups: "Backups", tasks: Tasks, acts: BackupActs) -> None:
        super().__init__()
        self._theme, self._backups, self._tasks, self._acts = theme, backups, tasks, acts
        self.entries: list[Entry] = []
        self._count = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(10))
        out = button(theme, "Export all…", lambda: acts.export_all(self.window()), name="exportAll")
        into = button(theme, "Import…", lambda: acts.import_files(self.window()), name="importConversations")
        hint = (
            "As Markdown, web page, PDF, Word, text or JSON. Imported are files of Mirador, ChatGPT, Open WebUI, "
            "LM Studio and Jan."
        )
        self._add(column, "Export and import", hint, (out, into), "files chatgpt openwebui json pdf word markdown")
        now = button(theme, "Back up now…", self.back_up, name="backUpNow")
        back = button(theme, "Restore…", self.choose_restore, name="restoreBackup")
        hint = "All conversations, memories and attached files in one file that a passphrase encrypts."
        self._add(column, "Backup", hint, (now, back), "restore copy passphrase safe")
        self._daily = Switch(theme, "Daily backup")
        self._daily.setObjectName("dailyBackup")
        self._daily.clicked.connect(self._switch)
        hint = (
            "A backup each day that Mirador runs, under a passphrase; the last 7 are kept. What you delete stays in "
            "them until they are replaced, after 7 days with Mirador running."
        )
        row = setting_row(theme, "Daily backup", hint, self._daily)
        self._list = label("…", "small", wraps=True)
        self._list.setObjectName("dailyBackups")
        self._list.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row.words.addWidget(self._list)
        links = QHBoxLayout()
        self._open = button(theme, "Open the folder", self._open_folder, "flat", "openBackups", 28)
        self._open.setProperty("link", True)
        self._delete = button(theme, "Delete all backups…", self._ask_delete, "danger", "deleteBackups", 28)
        links.setSpacing(theme.px(16))
        links.addWidget(self._open)
        links.addWidget(self._delete)
        links.addStretch()
        row.words.addLayout(links)
        column.addWidget(row)
        self.entries.append(Entry("Daily backup", "automatic each day kept", self._daily))
        if (box := row.layout()) is not None:  # the list makes it high
            box.setAlignment(self._daily, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
        self._show(False, [])
        backups.made = self.refresh

    def _add(self, column: QVBoxLayout, words: str, hint: str, controls: tuple[QWidget, ...], more: str) -> None:
        box = QWidget()
        across = QHBoxLayout(box)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(self._theme.px(8))
        for control in controls:
            across.addWidget(control)
        column.addWidget(setting_row(self._theme, words, hint, box))
        self.entries.append(Entry(words, more, controls[0]))

    # ── what is shown ──────────────────────────────────────────────────────────────────────────────────

    def refresh(self) -> None:
        """Show what is so now."""
        if not isValid(self):
            return
        self._tasks.start("daily backups", self._read())

    async def _read(self) -> None:
        kept = await self._backups.kept()
        try:
            daily = await self._backups.is_daily()
        except StoreError as error:
            if isValid(self):
                self._list.setText(str(error))
            return
        if isValid(self):
            self._show(daily, kept)

    def _show(self, daily: bool, kept: "list[Backup]") -> None:
        self._daily.setChecked(daily)
        self._count = len(kept)
        words = f"They lie in {self._backups.folder}."
        if kept:
            words = f"The last one was made {when_words(kept[0].made)}. {words}\n{kept_words(kept)}"
        elif daily:
            words = f"None was made yet. {words}"
        self._list.setText(words)
        self._list.setVisible(daily or bool(kept))
        self._open.setVisible(bool(kept))
        self._delete.setVisible(bool(kept))

    # ── what is done ───────────────────────────────────────────────────────────────────────────────────

    def back_up(self) -> None:
        """Ask for a passphrase and a file, and write a backup."""
        from mirador_desktop.gui.settings.backup_dialogs import WritePanel

        WritePanel(self._theme, self._backups, self._tasks, self._written, self.window()).open()

    def _written(self, path: Path) -> None:
        folder = QUrl.fromLocalFile(str(path.parent))
        self._acts.say(
            self, f"Backed up to {path.name}", 8, "Show in folder", lambda: QDesktopServices.openUrl(folder)
        )

    def choose_restore(self) -> None:
        """Ask for a backup, and restore it."""
        from mirador_desktop.backups import ENDING
        from mirador_desktop.gui.settings.backup_dialogs import KIND

        filters = f"{KIND} (*{ENDING});;All files (*)"
        dialog = QFileDialog(self.window(), "Restore a backup", str(self._backups.folder), filters)
        dialog.setObjectName("restoreFile")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.restore(Path(name)))
        dialog.open()

    def restore(self, path: Path) -> None:
        """Ask for the passphrase of a backup, and restore it."""
        from mirador_desktop.gui.settings.backup_dialogs import RestorePanel

        def restored() -> None:
            self._acts.restored()
            words = "The backup was restored. What was here is kept aside until the next start"
            self._acts.say(self, words, 8)
            if isValid(self):
                self.restored.emit()

        RestorePanel(self._theme, self._backups, self._tasks, path, self._acts.stop, restored, self.window()).open()

    def _switch(self, on: bool) -> None:
        from mirador_desktop.gui.settings.backup_dialogs import DailyPanel

        if not on:
            self._tasks.start("daily off", self._switch_off())
            return
        panel = DailyPanel(self._theme, self._backups, self._tasks, self.refresh, self.window())
        panel.rejected.connect(self.refresh)  # it is not on
        panel.open()

    async def _switch_off(self) -> None:
        try:
            await self._backups.set_daily(None)
        finally:
            self.refresh()

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._backups.folder)))

    def _ask_delete(self) -> None:
        from mirador_desktop.gui.settings.backup_dialogs import DeletePanel

        words = (
            f"{count_words(self._count, 'daily backup')} will be deleted. Backups that you have made yourself stay "
            "where they are."
        )
        DeletePanel(self._theme, words, self._tasks, self._delete_all, self.window()).open()

    async def _delete_all(self) -> None:
        try:
            await self._backups.delete_daily()
        except MiradorError:
            self.refresh()
            raise
        self.refresh()
