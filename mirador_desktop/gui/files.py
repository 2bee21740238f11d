"""Files of the person: a conversation is saved as Markdown, or copied."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog

from mirador_desktop.atomic import write_whole
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.session import Session
from mirador_desktop.gui.tasks import Tasks

if TYPE_CHECKING:
    from mirador_desktop.assistant import Assistant

_DELETE_ON_CLOSE = Qt.WidgetAttribute.WA_DeleteOnClose


class Files(QObject):
    """Dialogs and what follows them; reading and writing happens off the GUI thread.

    Args:
        copy: puts a text on the clipboard.
    """

    def __init__(
        self,
        window: MainWindow,
        assistant: "Assistant",
        session: Session,
        tasks: Tasks,
        copy: Callable[[str], None],
    ) -> None:
        super().__init__(window)
        self._window, self._assistant, self._session, self._tasks = window, assistant, session, tasks
        self._copy = copy

    def choose_export(self) -> None:
        """Ask where to save the conversation that is shown, and save it."""
        from mirador_desktop.exchange.markdown import file_name

        if self._session.conversation is None:
            return
        dialog = QFileDialog(
            self._window, "Save as Markdown", file_name(self._session.conversation), "Markdown (*.md)"
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("md")
        dialog.setAttribute(_DELETE_ON_CLOSE)
        dialog.fileSelected.connect(lambda path: self._tasks.start("export", self._export(Path(path))))
        dialog.open()

    def copy_conversation(self) -> None:
        """Put the conversation that is shown on the clipboard."""
        self._tasks.start("copy", self._export(None))

    async def _export(self, path: Path | None) -> None:
        """Write the branch that is shown to a file, or to the clipboard."""
        from mirador_desktop.exchange.markdown import export

        conversation = self._session.conversation
        if conversation is None:
            return
        turns = await self._assistant.turns(list(self._window.turns.turn_ids))
        text = await asyncio.to_thread(export, conversation, turns)
        if path is None:
            self._copy(text)
            return
        try:
            await asyncio.to_thread(write_whole, path, text.encode(), private=False)
        except OSError as error:
            self._window.toast.say(f"{path.name} could not be written: {error.strerror or error}.", 8)
        else:
            self._window.toast.say(f"Saved as {path.name}")
