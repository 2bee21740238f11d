"""Files of the person: a conversation is saved as Markdown, a text file is put into a question."""

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

_MOST_ATTACHED = 200_000
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

    def choose_file(self) -> None:
        """Ask for a text file, and put it into the question."""
        dialog = QFileDialog(self._window, "Put a text file into the question")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(_DELETE_ON_CLOSE)
        dialog.fileSelected.connect(lambda path: self._tasks.start("attach", self._attach(Path(path))))
        dialog.open()

    async def _attach(self, path: Path) -> None:
        """Put a text file into the composer, as a block of code under its name."""
        try:
            text = await asyncio.to_thread(_read_text, path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            self._window.toast.say(f"{path.name} cannot be attached: {why}.", 8)
            return
        fence = "```"
        while fence in text:
            fence += "`"
        composer = self._window.composer.text
        before = composer.toPlainText().rstrip()
        composer.setPlainText(f"{before}\n\n{path.name}:\n{fence}\n{text.rstrip()}\n{fence}\n".lstrip())
        composer.setFocus()


def _read_text(path: Path) -> str:
    if path.stat().st_size > _MOST_ATTACHED:
        raise ValueError(f"it is larger than {_MOST_ATTACHED // 1000} kB")
    data = path.read_bytes()
    if b"\x00" in data:
        raise ValueError("it is not a text file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("it is not a text file in UTF-8") from error
