"""Files for the question that is being written: chosen, dropped or pasted, read in threads, shown as chips."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QFileDialog

from mirador_desktop.core.conversation import Attachment
from mirador_desktop.core.engine import ModelInfo
from mirador_desktop.errors import AttachmentError
from mirador_desktop.gui import pictures
from mirador_desktop.gui.attachment_chips import AttachmentChip
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.tasks import Tasks

log = logging.getLogger(__name__)
MOST = 20
"""Files that one question may have."""
Reader = Callable[[], Awaitable[Attachment]]
"""Reads a file, in threads; raises `AttachmentError`."""
Source = tuple[str, Reader]
"""The name of a file, and what reads it."""


class Attachments(QObject):
    """Dialogs, drops and pastes, and what follows them.

    Args:
        readers: the models that would read the question now.
    """

    def __init__(self, window: MainWindow, tasks: Tasks, readers: Callable[[], Sequence[ModelInfo]]) -> None:
        super().__init__(window)
        self._window, self._tasks, self._readers = window, tasks, readers
        self._composer = composer = window.composer
        self._pasted = self._started = 0
        composer.attach.connect(self.choose)
        composer.text.given.connect(self._take)
        composer.files.changed.connect(self.refresh)
        composer.files.added.connect(self._added)
        window.centre.setAcceptDrops(True)
        window.centre.installEventFilter(self)

    def choose(self) -> None:
        """Ask for files."""
        dialog = QFileDialog(self._window, "Attach files to the question")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.attach([Path(name) for name in names]))
        dialog.open()

    def attach(self, paths: Sequence[Path]) -> None:
        """Attach files."""
        self._read([(path.name, partial(_of_file, path)) for path in paths])
        self._composer.text.setFocus()

    def _take(self, data: QMimeData) -> None:
        """What was pasted or dropped and is no text for the question."""
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if paths:
            self.attach(paths)
            return
        self._pasted += 1
        if data.hasImage():
            name = f"Pasted image {self._pasted}"
            self._read([(name, partial(asyncio.to_thread, pictures.attached, name, QImage(data.imageData())))])
        else:
            name = f"Pasted text {self._pasted}"
            self._read([(name, partial(_of_text, name, data.text().replace("\x00", "")))])

    def _read(self, sources: Sequence[Source]) -> None:
        """Show at once what is being read, and read it."""
        files = self._composer.files
        room = max(0, MOST - len(files.chips))
        refused = [f"A question takes {MOST} files."] if len(sources) > room else []
        begun = [(files.begin(name), read) for name, read in sources[:room]]
        self._started += 1
        self._tasks.start(f"attach {self._started}", self._read_all(begun, refused))

    async def _read_all(self, begun: Sequence[tuple[AttachmentChip, Reader]], refused: list[str]) -> None:
        files = self._composer.files
        for chip, read in begun:
            if not files.wants(chip):
                continue
            attachment = None
            try:
                attachment = await read()
            except AttachmentError as error:
                refused.append(str(error))
            except Exception as error:
                log.exception("A file could not be attached")
                refused.append(f"{chip.attachment.name} cannot be attached: {type(error).__name__}.")
            files.finish(chip, attachment)
        if refused:
            self._window.toast.say(" ".join(refused), 8)

    def _added(self, chip: AttachmentChip) -> None:
        self.refresh()
        if chip.attachment.data is not None:
            self._tasks.start(f"picture {id(chip)}", self._show_picture(chip, chip.attachment.data))

    async def _show_picture(self, chip: AttachmentChip, data: bytes) -> None:
        chip.show_picture(await asyncio.to_thread(pictures.thumbnail, data))

    def refresh(self) -> None:
        """Say what the models cannot take of what is attached."""
        self._composer.say_of_files(words_on(self._composer.files.attachments, self._readers()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Files may be dropped anywhere in the centre."""
        if event.type() == QEvent.Type.DragEnter:
            assert isinstance(event, QDragEnterEvent)
            if any(url.isLocalFile() for url in event.mimeData().urls()):
                event.acceptProposedAction()
                return True
        elif event.type() == QEvent.Type.Drop:
            assert isinstance(event, QDropEvent)
            event.acceptProposedAction()
            self._take(event.mimeData())
            return True
        return False


async def _of_file(path: Path) -> Attachment:
    from mirador_desktop.attaching import attach

    if pictures.is_image(path):
        return await asyncio.to_thread(pictures.read_image, path)
    return await attach(path)


async def _of_text(name: str, text: str) -> Attachment:
    from mirador_desktop.attaching import attach_text

    return await asyncio.to_thread(attach_text, name, text)


def words_on(attachments: Sequence[Attachment], readers: Sequence[ModelInfo]) -> str:
    """What models cannot take of what is attached, as one line; "" if they can take all."""
    said = []
    tokens = sum(a.tokens for a in attachments)
    narrow = [model for model in readers if model.window < tokens]
    if narrow:
        least = min(narrow, key=lambda model: model.window)
        said.append(
            f"About {tokens:,} tokens, {least.name} reads {least.window:,}: the middle of the files is left out there"
        )
    if any(a.is_image for a in attachments):
        blind = [model.name for model in readers if not model.can_see]
        if blind and len(blind) == len(readers):
            said.append("None of these models can see images" if len(blind) > 1 else f"{blind[0]} cannot see images")
        elif blind:
            said.append(f"{', '.join(blind)} cannot see images")
    return " · ".join(said)
