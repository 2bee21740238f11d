"""Files of the person: conversations are exported, copied, dragged out, and imported."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QWidget
from shiboken6 import isValid

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.conversation import Conversation
from mirador_desktop.gui.export_drag import DragFiles
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.notices import Toast
from mirador_desktop.gui.session import Session
from mirador_desktop.gui.tasks import Tasks

if TYPE_CHECKING:
    from mirador_desktop.exchanging import Exported
    from mirador_desktop.gui.doors import Doors
    from mirador_desktop.gui.export_dialog import ExportChoices, Scope

_ENDINGS = (".json", ".jsonl", ".zip")
_FILTER = "Conversations (*.json *.jsonl *.zip);;All files (*)"


class Files(QObject):
    """Dialogs and what follows them; reading and writing happens off the GUI thread.

    Args:
        copy: puts a text on the clipboard.
        leave: closes whatever stands over the window.
    """

    def __init__(
        self,
        window: MainWindow,
        doors: "Doors",
        session: Session,
        tasks: Tasks,
        copy: Callable[[str], None],
        leave: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._window, self._doors, self._session, self._tasks = window, doors, session, tasks
        self._copy, self._leave = copy, leave
        self._choices: ExportChoices | None = None
        self.dragged = DragFiles(doors.exchange, tasks, doors.folders.data / "dragged")
        window.sidebar.setAcceptDrops(True)
        window.sidebar.installEventFilter(self)
        tasks.start("forget dragged", self.dragged.clear())
        window.closing.connect(self.dragged.forget)
        session.listed.connect(lambda listing: self.dragged.keep_only(listing.conversations))

    def say(
        self, over: QWidget, words: str, stay: float, button: str = "", act: Callable[[], None] | None = None
    ) -> None:
        """Show a short message in the window of a widget: another one may cover the main window."""
        toast: Toast | None = self._window.toast
        shown = over.window() if isValid(over) else self._window
        if shown is not self._window and shown.isVisible():
            toast = shown.findChild(Toast, options=Qt.FindChildOption.FindDirectChildrenOnly)
            toast = toast or Toast(self._window.theme, shown)
        assert toast is not None
        toast.say(words, stay, button, act)

    # ── export ─────────────────────────────────────────────────────────────────────────────────────────

    def choose_export(self) -> None:
        """Export the conversation that is shown, or others."""
        self._export("this" if self._session.conversation is not None else "all", self._selected())

    def export_these(self, ids: Sequence[str]) -> None:
        """Export these conversations."""
        wanted = set(ids)
        self._export("selected", [c for c in self._window.sidebar.list.conversations if c.id in wanted])

    def export_all(self, parent: QWidget | None = None) -> None:
        """Export all conversations."""
        self._export("all", (), parent)

    def _selected(self) -> list[Conversation]:
        chosen = list(self._window.sidebar.list.selected_conversations())
        return chosen if len(chosen) > 1 else []

    def _export(self, scope: "Scope", selected: Sequence[Conversation], parent: QWidget | None = None) -> None:
        from mirador_desktop.gui.export_dialog import ExportChoices, ExportDialog

        self._choices = self._choices or ExportChoices()
        over = parent or self._window
        ExportDialog(
            self._window.theme,
            self._doors.exchange,
            self._tasks,
            self._choices,
            self._session.conversation,
            selected,
            scope,
            partial(self._saved, over),
            over,
        ).open()

    def _saved(self, over: QWidget, path: Path, exported: "Exported") -> None:
        words = f"Saved as {path.name}"
        if exported.conversations > 1:
            words = f"{count_words(exported.conversations, 'conversation')} saved as {path.name}"
        self.say(over, words, 8, "Show in folder", lambda: _open_folder(path))

    def copy_conversation(self) -> None:
        """Put the conversation that is shown on the clipboard."""
        self._tasks.start("copy", self._copied())

    async def _copied(self) -> None:
        """Copy the branch that is shown."""
        from mirador_desktop.exchange.markdown import export

        conversation = self._session.conversation
        if conversation is None:
            return
        turns = await self._doors.assistant.turns(list(self._window.turns.turn_ids))
        self._copy(await asyncio.to_thread(export, conversation, turns))

    def mime_of(self, ids: Sequence[str]) -> QMimeData:
        """What other programs get when these conversations are dragged to them."""
        known = {c.id: c for c in self._window.sidebar.list.conversations}
        return self.dragged.mime_of([known[key] for key in ids if key in known])

    # ── import ─────────────────────────────────────────────────────────────────────────────────────────

    def choose_import(self, parent: QWidget | None = None) -> None:
        """Ask for files of conversations, and import them."""
        over = parent or self._window
        dialog = QFileDialog(over, "Import conversations", "", _FILTER)
        dialog.setObjectName("importFiles")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.import_files([Path(name) for name in names], over))
        dialog.open()

    def import_files(self, paths: Sequence[Path], parent: QWidget | None = None) -> None:
        """Look at files, and import them once the person says so."""
        from mirador_desktop.gui.import_dialog import ImportDialog

        if paths:
            ImportDialog(
                self._window.theme,
                self._doors.exchange,
                self._tasks,
                paths,
                self._imported,
                self._show,
                parent or self._window,
            ).open()

    def _imported(self, ids: Sequence[str]) -> None:
        """Conversations are new or have changed: read them anew."""
        self._doors.assistant.reread(ids)
        self._session.refresh_list()
        if self._session.current in ids and not self._session.answers:
            self._tasks.start("open", self._session.show(self._session.current))

    def _show(self, conversation: str) -> None:
        self._leave()
        self._tasks.start("open", self._session.show(conversation))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Files of conversations may be dropped on the sidebar."""
        if event.type() == QEvent.Type.DragEnter:
            assert isinstance(event, QDragEnterEvent)
            if event.source() is None and _importable(event.mimeData()):  # else something of this window is moved
                event.acceptProposedAction()
                return True
        elif event.type() == QEvent.Type.Drop:
            assert isinstance(event, QDropEvent)
            if event.source() is None and (paths := _importable(event.mimeData())):
                event.acceptProposedAction()
                self.import_files(paths)
                return True
        return False


def _importable(data: QMimeData) -> list[Path]:
    """The dropped files whose names say that they may hold conversations, and folders: Jan's threads are such."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return [path for path in paths if path.suffix.lower() in _ENDINGS or path.is_dir()]


def _open_folder(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
