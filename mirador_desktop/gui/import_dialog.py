"""The dialog of an import: what the files were recognised as, progress, and the report."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget
from shiboken6 import isValid

from mirador_desktop.core.amounts import part_words
from mirador_desktop.errors import MiradorError
from mirador_desktop.gui.import_report import (
    few,
    recognised_words,
    refused_words,
    report_words,
    short_name,
    summary_words,
)
from mirador_desktop.gui.settings.panel import Panel
from mirador_desktop.gui.settings.widgets import Progress, button, label
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.exchange.imported import ImportReport
    from mirador_desktop.exchanging import Exchange
    from mirador_desktop.importing import Looked


class ImportDialog(Panel):
    """Reads files at once, and imports them when the person says so.

    Args:
        imported: told of the identifiers of conversations that are new, changed or back.
        show: shows a conversation.
    """

    def __init__(
        self,
        theme: Theme,
        exchange: "Exchange",
        tasks: Tasks,
        paths: Sequence[Path],
        imported: Callable[[Sequence[str]], object],
        show: Callable[[str], object],
        parent: QWidget,
    ) -> None:
        super().__init__(theme, "Import conversations", "", parent, wide=520)
        self.setObjectName("importDialog")
        self._exchange, self._tasks, self._imported, self._show = exchange, tasks, imported, show
        self._paths, self._looked, self._refused = list(paths), list["Looked"](), list[str]()
        self._reports: list[tuple[Path, ImportReport]] = []
        self._busy = False
        self._task = f"import {id(self)}"
        self._found = label("", wraps=True)
        self._found.setObjectName("importFound")
        self.body.addWidget(self._found)
        self._progress = label("", "small", wraps=True)
        self._progress.setObjectName("importProgress")
        self.body.addWidget(self._progress)
        self._bar = Progress(theme, "Progress of the import")
        self.body.addWidget(self._bar)
        self.report = QPlainTextEdit(self)
        self.report.setObjectName("importReport")
        self.report.setAccessibleName("Report of the import")
        self.report.setReadOnly(True)
        self.report.setTabChangesFocus(True)
        self.report.setMinimumHeight(theme.px(170))
        self.report.hide()
        self.body.addWidget(self.report, 1)
        self._copy = button(theme, "Copy the report", self._copy_report, "flat", "importCopy")
        self._copy.setProperty("link", True)
        self._copy.hide()
        self.add_left(self._copy)
        self._no = self.add_button("Cancel", self.reject, name="importCancel")
        self._open = self.add_button("Show", self._show_first, name="importShow")
        self._open.hide()
        self._yes = self.add_button("Import", self._import, "primary", "importNow")
        self._yes.setEnabled(False)
        self._set_busy(True)
        tasks.start(self._task, self._look()).add_done_callback(self._ended)

    # ── looking ────────────────────────────────────────────────────────────────────────────────────────

    async def _look(self) -> None:
        for path in self._paths:
            if not isValid(self):
                return
            self._progress.setText(f"Reading {short_name(path)}…")
            self._bar.set_share(0)
            try:
                looked = await self._exchange.look(path, partial(self._read, path))
            except MiradorError as error:
                self._refused.append(refused_words(path, str(error)))
                continue
            if isValid(self) and looked.conversations:
                self._looked.append(looked)
                continue
            self._refused.append(refused_words(path, " ".join(looked.report.skipped[:3]) or "It holds no messages."))
            await asyncio.to_thread(looked.close)
        if isValid(self):
            self._looked_at()

    def _looked_at(self) -> None:
        self._set_busy(False)
        self._found.setText(few([*map(recognised_words, self._looked)]))
        self._found.setVisible(bool(self._looked))
        self.fail(few(self._refused))
        self._yes.setVisible(bool(self._looked))
        self._yes.setEnabled(bool(self._looked))
        if self._looked:
            self._yes.setDefault(True)
            self._yes.setFocus()
        else:
            self._no.setText("Close")
            self._no.setFocus()

    def _read(self, path: Path, done: int, total: int) -> None:
        if isValid(self) and self._busy:
            self._bar.set_share(done / total if total else 0)
            self._progress.setText(f"Reading {short_name(path)}: {part_words(done, total)}")

    # ── keeping ────────────────────────────────────────────────────────────────────────────────────────

    def _import(self) -> None:
        self._yes.setEnabled(False)
        self._set_busy(True)
        self._tasks.start(self._task, self._keep()).add_done_callback(self._ended)

    async def _keep(self) -> None:
        error_words = ""
        try:
            while self._looked:
                looked = self._looked.pop(0)
                report = await self._exchange.add(looked, self._kept)
                self._reports.append((looked.path, report))
        except MiradorError as error:
            error_words = str(error)
        finally:
            ids = [key for _, report in self._reports for key in (*report.changed, *report.restored)]
            if ids:
                self._imported(ids)
        if isValid(self):
            self._show_report(error_words)
        elif error_words:
            raise MiradorError(error_words)

    def _kept(self, done: int, total: int) -> None:
        if isValid(self) and self._busy:
            self._bar.set_share(done / total if total else 0)
            self._progress.setText("Adding…")

    def _show_report(self, error_words: str) -> None:
        self._set_busy(False)
        self._yes.hide()
        self._no.setText("Close")
        self._found.setVisible(bool(self._reports))
        self._found.setText(summary_words(self._reports))
        self.fail(error_words)
        self.report.setPlainText(report_words(self._reports, self._refused))
        self.report.setVisible(bool(self._reports))
        self._copy.setVisible(bool(self._reports))
        first = self._first()
        self._open.setVisible(bool(first))
        (self._open if first else self._no).setFocus()

    def _first(self) -> str:
        return next((key for _, report in self._reports for key in (*report.changed, *report.restored)), "")

    def _show_first(self) -> None:
        first = self._first()
        self.accept()
        self._show(first)

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self.report.toPlainText())
        self._copy.setText("Copied")

    # ── its life ───────────────────────────────────────────────────────────────────────────────────────

    def _ended(self, task: object) -> None:
        if isValid(self) and self._busy:  # something unexpected happened, which the window says
            self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self._bar.set_share(0)
        self._bar.setVisible(busy)
        self._progress.setVisible(busy)

    def done(self, result: int) -> None:
        """Stop what runs: a file is added whole or not at all."""
        if self._busy:
            self._tasks.cancel(self._task)
        looked, self._looked = self._looked, []
        if looked:
            self._tasks.start("forget import", asyncio.to_thread(_close, looked))
        super().done(result)


def _close(looked: Sequence["Looked"]) -> None:
    for each in looked:
        each.close()
