"""Import of conversations in two steps: a file is read beside the database, then kept in one short transaction.

Coroutines; what blocks happens in threads. Ten thousand turns take no more memory than twenty.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import apsw

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.core.waiting import Stop, finished
from mirador_desktop.errors import ExchangeError, MiradorError
from mirador_desktop.exchange.imported import ImportReport, Record
from mirador_desktop.memory import import_rows
from mirador_desktop.memory.failures import explain
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.staging import Staging
from mirador_desktop.memory.store import Store

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
"""Called with how much is done, and how much there is."""

_STEP = 20
"""Records between two reports of progress."""


def nobody(done: int, total: int) -> None:
    """Show progress to nobody."""


@dataclass(slots=True)
class Looked:
    """A file that was read, before anything of it is kept.

    Attributes:
        report: whose conversations they are, and what could not be taken of them.
        conversations, turns: how many it holds.
    """

    path: Path
    report: ImportReport
    staging: Staging[Record]
    conversations: int = 0
    turns: int = 0

    def take(self, record: Record) -> None:
        """Put what was read behind the rest."""
        self.staging.add(record)
        self.conversations += isinstance(record, Conversation)
        self.turns += isinstance(record, Turn)

    def close(self) -> None:
        """Let go of what was read. Never raises."""
        self.staging.close()


async def look(store: Store, path: Path, on_progress: Progress = nobody) -> Looked:
    """Read a file, a zip archive or a folder of Mirador, ChatGPT, Open WebUI, LM Studio or Jan.

    Nothing is kept yet: `add` does that. Who does not want it closes what is returned.

    Args:
        on_progress: gets bytes.

    Raises:
        ExchangeError: it cannot be read.
        StoreError: conversations cannot be kept.
    """
    await store.open()
    report, loop, stop = ImportReport(), asyncio.get_running_loop(), Stop()
    opened: list[Looked] = []

    def on_bytes(done: int, total: int) -> None:
        stop.check()
        loop.call_soon_threadsafe(on_progress, done, total)

    def work() -> Looked:
        from mirador_desktop.exchange.reading import read

        try:
            looked = Looked(path, report, Staging(store.path.parent))
            opened.append(looked)
            for record in read(path, report, on_bytes):
                stop.check()
                looked.take(record)
            looked.staging.end()
        except (apsw.Error, OSError) as error:
            raise explain(error, store.path) from error
        return looked

    try:
        return await finished(asyncio.to_thread(work), stop.set)
    except BaseException as error:
        for each in opened:
            each.close()
        if isinstance(error, MiradorError) or not isinstance(error, Exception):
            raise
        log.exception("A file could not be imported")
        raise ExchangeError(f"{path.name} could not be read: {type(error).__name__}: {error}.") from error


async def add(store: Store, keeper: Keeper, looked: Looked, on_progress: Progress = nobody) -> ImportReport:
    """Keep what was read, in one transaction: all of it, or nothing, also when it is cancelled.

    What is here already stays as it is (`memory.import_rows.add`).

    Args:
        looked: is closed in the end, whatever happens.
        on_progress: gets records.

    Raises:
        StoreError: conversations cannot be kept.
    """
    loop, stop, done = asyncio.get_running_loop(), Stop(), 0
    staging = looked.staging

    def on_record(added: import_rows.Added) -> None:
        nonlocal done
        stop.check()
        done += 1
        if done % _STEP == 0 or done == staging.count:
            loop.call_soon_threadsafe(on_progress, done, staging.count)

    try:
        await keeper.flush()
        writing = store.write(lambda connection: import_rows.add(connection, staging.records(), on_record))
        added = await finished(writing, stop.set)
    finally:
        await asyncio.to_thread(looked.close)
    for key in (*added.restored, *added.changed):
        keeper.remember(key)  # it may have been deleted before
    _tell(looked.report, added)
    if added.turns:
        store.on_saved()
    return looked.report


def _tell(report: ImportReport, added: import_rows.Added) -> None:
    """Put what was written into the report."""
    report.conversations, report.turns = added.conversations, added.turns
    report.conversations_known, report.turns_known = added.conversations_known, added.turns_known
    report.restored, report.changed = added.restored, added.changed
    if added.lost:
        report.left_out["links to a turn that is not there"] += added.lost
    if added.foreign:
        report.left_out["turns whose identifier another conversation has"] += added.foreign
