"""Conversations that are dragged out of the window as a Markdown file, which is written once somebody asks for it."""

import asyncio
import logging
import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEventLoop, QMetaType, QMimeData, Qt, QTimer, QUrl
from PySide6.QtGui import QGuiApplication

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.errors import MiradorError
from mirador_desktop.gui.tasks import Tasks

if TYPE_CHECKING:
    from mirador_desktop.exchanging import Exchange

log = logging.getLogger(__name__)
_PATIENCE = 15_000
"""Milliseconds that a drop waits for its file; the window goes on meanwhile."""


class DraggedFile(QMimeData):
    """Offers a file that is not there yet, and titles as text.

    What is moved within the window asks for no file, so none is written then: it would lie there unencrypted. Who
    receives it may ask for its address while the mouse hovers. Only once the button is up must the file be there, so
    only then is it waited for.

    Args:
        begin: begins to write the file.
    """

    def __init__(self, path: Path, titles: Sequence[str], begin: Callable[["DraggedFile"], object]) -> None:
        super().__init__()
        self.ready, self.failed = False, False
        self._begin: Callable[[DraggedFile], object] | None = begin
        self._waiting: QEventLoop | None = None
        self.setText("\n".join(titles))
        self.setUrls([QUrl.fromLocalFile(str(path))])

    def end(self, failed: bool) -> None:
        """The file is there, or could not be written."""
        self.ready, self.failed = not failed, failed
        if self._waiting is not None:
            self._waiting.quit()

    def retrieveData(self, mime: str, kind: QMetaType | QMetaType.Type) -> Any:
        """The data of a kind; for the file, once it is there."""
        if mime == "text/uri-list":
            begin, self._begin = self._begin, None
            if begin is not None:
                begin(self)
            held = QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton
            if not (self.ready or self.failed or held or self._waiting is not None):
                self._waiting = QEventLoop()
                QTimer.singleShot(_PATIENCE, self._waiting, self._waiting.quit)
                self._waiting.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
                self._waiting = None
            if self.failed or not (self.ready or held):
                return None
        return super().retrieveData(mime, kind)


class DragFiles:
    """Makes what other programs get when conversations are dragged to them.

    Args:
        folder: where files lie until the next drag, or the end of the program; what a program that was killed has
            left there is deleted at the next start.
    """

    def __init__(self, exchange: "Exchange", tasks: Tasks, folder: Path) -> None:
        self._exchange, self._tasks, self._folder = exchange, tasks, folder
        self._written: frozenset[str] = frozenset()

    def mime_of(self, conversations: Sequence[Conversation]) -> QMimeData:
        """What is dragged. Does not block."""
        from mirador_desktop.exchange.markdown import file_name_of

        path = self._folder / secrets.token_hex(4) / file_name_of(conversations)
        ids = [each.id for each in conversations]
        return DraggedFile(
            path,
            [each.title or "Untitled" for each in conversations],
            lambda data: self._tasks.start("drag out", self._write(data, path, ids)),
        )

    def forget(self) -> None:
        """Delete all files that were dragged. Blocks."""
        shutil.rmtree(self._folder, ignore_errors=True)

    async def clear(self) -> None:
        """Delete all files that were dragged."""
        self._written = frozenset()
        await asyncio.to_thread(self.forget)

    def keep_only(self, conversations: Sequence[Conversation]) -> None:
        """These conversations are left: what was dragged of others is deleted, as they are."""
        if self._written and not self._written <= {each.id for each in conversations}:
            self._tasks.start("forget dragged", self.clear())

    async def _write(self, data: DraggedFile, path: Path, ids: list[str]) -> None:
        failed = True
        try:
            await self.clear()
            self._written = frozenset(ids)
            await asyncio.to_thread(path.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
            await self._exchange.export(path, "markdown", ids)
            failed = False
        except OSError as error:
            raise MiradorError(f"{path.name} could not be written: {error.strerror or error}.") from error
        finally:
            try:
                data.end(failed)
            except RuntimeError:  # the drag is over, and its data is gone
                log.debug("A file was written after its drag had ended")
