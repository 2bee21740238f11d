"""Export and import of conversations, for the window, the command line and scripts: coroutines, off the GUI thread.

Reading and writing go in slices, so that ten thousand turns take no more memory than twenty. A file is written beside
its target and takes its place at the end; a file that is read is written to the database in one transaction.
"""

import asyncio
import io
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mirador_desktop import importing
from mirador_desktop.atomic import being_written
from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.core.waiting import finished
from mirador_desktop.errors import ExchangeError
from mirador_desktop.exchange.imported import ImportReport
from mirador_desktop.exchange.options import KINDS, ExportOptions, Format
from mirador_desktop.importing import Looked, Progress, nobody
from mirador_desktop.memory import export_rows
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.store import Store

if TYPE_CHECKING:
    from mirador_desktop.exchange.writer import Writer

_SLICE = 20
"""Turns that are in memory at a time."""
_PREVIEW = 20
_PICTURE = 12
PDF_OPTION = "--write-pdf"
"""How this program is called to write a PDF: see `exchange.pdf`."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    conversations: int
    turns: int


class Exchange:
    """Writes conversations to files, and reads them.

    Args:
        keeper: is asked to write what it holds before anything is exported or imported.
    """

    def __init__(self, store: Store, keeper: Keeper) -> None:
        self._store, self._keeper = store, keeper

    async def find(self, prefix: str) -> str:
        """The identifier of the one conversation whose identifier begins like that.

        Raises:
            ExchangeError: there is none, or there are several.
            StoreError: conversations cannot be read.
        """
        await self._keeper.flush()
        found = await self._store.read(lambda connection: export_rows.beginning_with(connection, prefix))
        if not found or not prefix:
            raise ExchangeError(f"There is no conversation whose identifier begins with “{prefix}”.")
        if len(found) > 1:
            raise ExchangeError(f"Several conversations have an identifier that begins with “{prefix}”.")
        return found[0]

    async def export(
        self,
        target: Path | BinaryIO,
        kind: Format,
        conversations: Sequence[str] | None = None,
        options: ExportOptions | None = None,
        on_progress: Progress = nobody,
    ) -> Exported:
        """Write conversations to one file. Cancelling leaves what was there.

        Args:
            target: the file's path, or an open file for a format that is text.
            conversations: identifiers, in the order in which they are written; None for all.
            on_progress: gets turns.

        Raises:
            ExchangeError: the file cannot be written, or there is nothing to write.
            StoreError: conversations cannot be read.
        """
        await self._keeper.flush()
        if isinstance(target, Path):
            await asyncio.to_thread(_check_target, target)
            name = target.name
        elif not KINDS[kind].is_text:
            raise ExchangeError(f"{KINDS[kind].label} needs a file: it is no text.")
        else:
            name = "The output"
        try:
            with ExitStack() as stack:
                out = target
                if isinstance(out, Path):
                    out = await self._within(stack, out)
                done = await self._write(out, kind, conversations, options or ExportOptions(), on_progress)
                await finished(asyncio.to_thread(stack.close), lambda: None)
        except OSError as error:
            raise ExchangeError(f"{name} could not be written: {error.strerror or error}.") from error
        return done

    async def preview(
        self,
        kind: Format,
        conversations: Sequence[str] | None,
        options: ExportOptions | None = None,
        most: int = _PREVIEW,
    ) -> str:
        """The beginning of what an export would write; for PDF and Word the web page, which looks much the same.

        Args:
            conversations: None for all.
            most: turns.

        Raises:
            ExchangeError: there is nothing to write.
            StoreError: conversations cannot be read.
        """
        await self._keeper.flush()
        out = io.BytesIO()
        shown: Format = kind if KINDS[kind].is_text else "html"
        await self._write(out, shown, conversations, options or ExportOptions(), nobody, most)
        return out.getvalue().decode()

    async def picture(
        self, conversations: Sequence[str] | None, options: ExportOptions | None = None, most: int = _PICTURE
    ) -> bytes:
        """The first page of the PDF that an export would write, as a PNG file.

        Args:
            most: turns that are set at most; the first ones alone fill a page.

        Raises:
            ExchangeError: there is nothing to write.
            StoreError: conversations cannot be read.
        """
        await self._keeper.flush()

        def read() -> bytes:
            out.seek(0)
            return out.read()

        with tempfile.TemporaryFile() as out:
            await self._write(out, "pdf", conversations, options or ExportOptions(), nobody, most, picture=True)
            return await asyncio.to_thread(read)

    async def look(self, path: Path, on_progress: Progress = nobody) -> Looked:
        """Read a file and keep nothing of it yet: `importing.look`. `on_progress` gets bytes."""
        return await importing.look(self._store, path, on_progress)

    async def add(self, looked: Looked, on_progress: Progress = nobody) -> ImportReport:
        """Keep what was read: `importing.add`. `on_progress` gets records."""
        return await importing.add(self._store, self._keeper, looked, on_progress)

    async def import_file(self, path: Path, on_progress: Progress = nobody) -> ImportReport:
        """Read a file and keep what it holds: `look` and `add` in one. `on_progress` gets bytes.

        Raises:
            ExchangeError: it cannot be read.
            StoreError: conversations cannot be kept.
        """
        return await self.add(await self.look(path, on_progress))

    async def _within(self, stack: ExitStack, path: Path) -> BinaryIO:
        """The file to write to; leaving the stack puts it in its place, or deletes it."""
        return await finished(asyncio.to_thread(stack.enter_context, being_written(path)), lambda: None)

    async def _write(
        self,
        out: BinaryIO,
        kind: Format,
        wanted: Sequence[str] | None,
        options: ExportOptions,
        on_progress: Progress,
        most: int | None = None,
        picture: bool = False,
    ) -> Exported:
        whole = KINDS[kind].whole or options.branches
        chosen = await self._store.read(lambda connection: export_rows.conversations(connection, wanted))
        if not chosen:
            raise ExchangeError("There is no conversation to export.")
        if most is not None:
            chosen = chosen[:most]
        folders = await self._store.read(export_rows.folders)
        total = 0
        if most is None:
            total = await self._store.read(lambda connection: export_rows.count(connection, chosen, whole))

        def prepare() -> "Writer":
            from mirador_desktop.exchange.formats import page_writer, writer_of

            if picture:
                return page_writer(out, options, chosen, folders, pdf_command())
            return writer_of(kind, out, options, chosen, folders, pdf_command())

        writer = await asyncio.to_thread(prepare)
        done = 0
        try:
            await finished(asyncio.to_thread(writer.begin), writer.interrupt)
            for conversation in chosen:
                if most is not None and done >= most:
                    break
                async for turns in self._slices(writer, conversation, kind, whole, most):
                    await finished(asyncio.to_thread(_write_turns, writer, turns), writer.interrupt)
                    done += len(turns)
                    on_progress(done, max(total, done))
                await finished(asyncio.to_thread(writer.end_conversation), writer.interrupt)
            await finished(asyncio.to_thread(writer.end), writer.interrupt)
        except BaseException:
            await asyncio.to_thread(writer.abort)
            raise
        return Exported(len(chosen), done)

    async def _slices(
        self, writer: "Writer", conversation: Conversation, kind: Format, whole: bool, most: int | None
    ) -> AsyncIterator[list[Turn]]:
        """Begin a conversation, and give its turns in portions."""
        shape = await self._store.read(lambda connection: export_rows.shape(connection, conversation, whole))
        ids = shape.ids[:most]
        writer.children = shape.children
        await finished(asyncio.to_thread(writer.conversation, conversation), writer.interrupt)
        images, marks = KINDS[kind].whole, kind == "json"
        for part in _portions(ids):
            yield await self._store.read(
                lambda connection, part=part: export_rows.turns(connection, part, images, marks)  # type: ignore[misc]
            )


def pdf_command() -> list[str]:
    """How this program is started to write a PDF; the path of the file follows."""
    if getattr(sys, "frozen", False):
        return [sys.executable, PDF_OPTION]
    return [sys.executable, "-m", "mirador_desktop", PDF_OPTION]


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[at : at + _SLICE] for at in range(0, len(ids), _SLICE))


def _write_turns(writer: "Writer", turns: Sequence[Turn]) -> None:
    for turn in turns:
        writer.turn(turn)


def _check_target(path: Path) -> None:
    if path.is_dir():
        raise ExchangeError(f"{path} is a folder: name a file in it.")
    if path.exists() and not path.is_file():
        raise ExchangeError(f"{path} is not a file that can be replaced. “-” writes to the standard output.")
    if not path.absolute().parent.is_dir():
        raise ExchangeError(f"There is no folder {path.absolute().parent}.")
