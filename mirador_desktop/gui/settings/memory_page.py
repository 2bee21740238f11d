"""The page Memory: what is kept, where, how it is protected, and how all of it is deleted."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mirador_desktop.core.amounts import count_words, size_words
from mirador_desktop.errors import StoreError
from mirador_desktop.gui.settings.backup_section import BackupSection
from mirador_desktop.gui.settings.memory_controls import MemoryControls
from mirador_desktop.gui.settings.page import Entry, Page
from mirador_desktop.gui.settings.widgets import Card, Field, button, label, setting_row
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.library import Facts, Library

WORD = "delete"
"""What has to be typed before everything is deleted."""


class MemoryPage(Page):
    """What Mirador keeps of conversations.

    Args:
        erase: deletes everything, once the person has asked for it.
    """

    title = "Memory"

    def __init__(self, theme: Theme, library: Library, tasks: Tasks, erase: Callable[[], object]) -> None:
        super().__init__(theme, "memoryPage", "What is kept of your conversations. All of it stays on this computer")
        self._library, self._tasks, self._erase = library, tasks, erase
        self._folder = Path()
        self._controls: MemoryControls | None = None
        self._kept = label("…", "muted", wraps=True)
        self._kept.setObjectName("keptFacts")
        self._open = button(theme, "Open the folder", self._open_folder, name="openDataFolder")
        self._row("Conversations", self._kept, self._open, "data folder size disk where")
        self._protected = label("…", "muted", wraps=True)
        self._protected.setObjectName("keyPlace")
        self._row("Encryption", self._protected, None, "encrypted key keyring password protection")
        earlier = label(
            "A question is asked together with the earlier questions and answers of its conversation. "
            "“Memory on” below the text you write switches that off for a question, and what is recalled too.",
            "muted",
            wraps=True,
        )
        self._row("Earlier turns", earlier, None, "history context memory switch")
        self._backups: BackupSection | None = None
        self._delete = button(theme, "Delete everything…", self._ask, "danger", "deleteEverything")
        self._delete.setProperty("link", True)  # its words end on the margin
        words = label(
            "All conversations with their answers, all memories and notes, what Mirador remembers of models and "
            "pulls, and every copy of them, the daily backups too. Backups that you have made yourself, settings, "
            "pipelines and models stay.",
            "muted",
            wraps=True,
        )
        self._end = self._row("Delete everything", words, self._delete, "erase remove wipe conversations")
        self._make_card()
        self.body.addStretch()

    def _row(self, words: str, what: QWidget, control: QWidget | None, more: str) -> QWidget:
        row = setting_row(self.theme, words, "", control)
        row.words.addWidget(what)
        self.body.addWidget(row)
        if control is not None:
            self.finds(control, words, more)
        return row

    def _make_card(self) -> None:
        theme = self.theme
        self._card = Card(self)
        column = QVBoxLayout(self._card)
        column.setContentsMargins(*(theme.px(16),) * 4)
        column.setSpacing(theme.px(10))
        self._sure = label("", wraps=True)
        column.addWidget(self._sure)
        self._yes = button(theme, "Delete everything now", self._do, "danger", "deleteEverythingNow")
        self._word = Field(theme, f"Type {WORD} to delete everything", WORD)
        self._word.setObjectName("deleteWord")
        self._word.setMaximumWidth(theme.px(220))
        self._word.textChanged.connect(lambda text: self._yes.setEnabled(text.strip().casefold() == WORD))
        self._word.returnPressed.connect(lambda: self._yes.click())
        column.addWidget(self._word)
        buttons = QHBoxLayout()
        buttons.addWidget(self._yes)
        buttons.addWidget(button(theme, "Keep everything", self._leave, name="keepEverything"))
        buttons.addStretch()
        column.addLayout(buttons)
        self._card.hide()
        self.body.addWidget(self._card)

    def add_controls(self, controls: MemoryControls) -> None:
        """Put the settings of memory above what is kept."""
        self._controls = controls
        self.body.insertWidget(0, controls)
        self.entries[:0] = [Entry(words, more, widget) for widget, words, more in controls.controls]

    def add_backups(self, section: BackupSection) -> None:
        """Put the settings of backups before what deletes everything."""
        self._backups = section
        section.restored.connect(self.shown)
        self.body.insertWidget(self.body.indexOf(self._end), section)
        self.entries[-1:-1] = section.entries

    def shown(self) -> None:
        """Count what is kept."""
        if self._backups is not None:
            self._backups.refresh()
        self._tasks.start("facts", self._count())
        if self._controls is not None:
            self._controls.refresh()
            self._controls.count()

    def event(self, event: QEvent) -> bool:
        """When a dialog over the page was closed, an import or a restored backup may have changed what is kept."""
        if event.type() == QEvent.Type.WindowActivate and self.isVisible():
            self.shown()
        return super().event(event)

    def left(self) -> None:
        """A question that was not answered is taken back."""
        self._leave()

    async def _count(self) -> None:
        try:
            facts = await self._library.facts()
        except StoreError as error:
            self._kept.setText(str(error))
            self._protected.setText("Not known while the database cannot be read.")
            return
        self.show_facts(facts)

    def show_facts(self, facts: Facts) -> None:
        """Show what is kept."""
        self._folder = facts.folder
        count = f"{count_words(facts.conversations, 'conversation')} with {count_words(facts.turns, 'turn')}"
        if not facts.conversations:
            count = "No conversations yet"
        self._kept.setText(f"{count}, {size_words(facts.size)} in {facts.folder}")
        key = (
            "The key is in this system's keyring."
            if facts.key_in_keyring
            else "This system has no usable keyring, so the key is in the file mirador.key beside it. "
            "Who can read that file can read your conversations."
        )
        self._protected.setText(f"The database is encrypted as a whole (ChaCha20). {key}")
        self._sure.setText(
            "This deletes all of it, with every copy, the daily backups and the key. It cannot be undone. "
            f"Type “{WORD}” to go on."
        )

    def _open_folder(self) -> None:
        if self._folder != Path():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))

    def _ask(self) -> None:
        self._word.clear()
        self._yes.setEnabled(False)
        self._card.show()
        self._word.setFocus()
        self.reveal(self._card)

    def _leave(self) -> None:
        self._card.hide()
        self._word.clear()

    def _do(self) -> None:
        if self._word.text().strip().casefold() == WORD:
            self._leave()
            self._erase()
