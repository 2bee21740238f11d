"""The page Privacy: what leaves this computer, and what Mirador writes about its own work."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QWidget

from mirador_desktop.gui.settings.page import Page
from mirador_desktop.gui.settings.widgets import Segments, button, label, setting_row
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.preferences import Preferences

_MOST = 60_000
"""Bytes of the log's end that are shown."""


class PrivacyPage(Page):
    """Says what goes where, and shows the log.

    Args:
        elsewhere: addresses of the hosts in use that are not on this computer.
    """

    title = "Privacy"

    def __init__(
        self,
        theme: Theme,
        preferences: Preferences,
        tasks: Tasks,
        log_file: Path,
        elsewhere: Callable[[], Sequence[str]],
    ) -> None:
        super().__init__(theme, "privacyPage", "Nothing is sent anywhere but to the hosts you entered")
        self._preferences, self._tasks, self._log_file, self._elsewhere = preferences, tasks, log_file, elsewhere
        self._leaves = label("", "muted", wraps=True)
        self._leaves.setObjectName("whatLeaves")
        self.body.addWidget(label("What leaves this computer", "strong"))
        self.body.addWidget(self._leaves)
        self.body.addSpacing(theme.px(8))
        self._level = Segments(
            theme,
            "Log",
            (("error", "Errors"), ("warning", "Warnings"), ("info", "Normal"), ("debug", "Everything")),
        )
        self._level.setObjectName("logLevel")
        self._level.chosen.connect(lambda value: preferences.change(log_level=value))
        hint = "The log never holds questions, answers or tokens. It is kept under 3 MB."
        self.body.addWidget(setting_row(theme, "What is logged", hint, self._level))
        self.finds(self._level, "What is logged", "log level debug errors")
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        self._show_button = button(theme, "Show the log", self._toggle, name="showLog")
        self._copy = button(theme, "Copy", self._copy_log, "flat", "copyLog")
        folder = button(theme, "Open its folder", self._open_folder, "flat", "openLogFolder")
        for part in (self._copy, folder, self._show_button):
            row.addWidget(part)
        self.body.addWidget(setting_row(theme, "The log", str(log_file), buttons))
        self.finds(self._show_button, "Show the log", "log file folder errors")
        self._text = QPlainTextEdit(self)
        self._text.setObjectName("logText")
        self._text.setReadOnly(True)
        self._text.setAccessibleName("The log")
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setFont(theme.fixed_font(8))
        self._text.setMinimumHeight(theme.px(220))
        self._text.setTabChangesFocus(True)
        self._text.hide()
        self._copy.hide()
        self.body.addWidget(self._text, 1)
        self.body.addStretch()
        self.hear(preferences.listen, lambda before: self._show())
        self._show()

    def shown(self) -> None:
        """Show what is so now."""
        self._show()
        if self._text.isVisibleTo(self):
            self._tasks.start("read log", self._read())

    def _show(self) -> None:
        self._level.choose(self._preferences.current.log_level)
        hosts = list(self._elsewhere())
        words = [
            f"Questions and answers go to {', '.join(hosts)}, because these hosts are not on this computer."
            if hosts
            else "Questions and answers stay on this computer: no host in use is elsewhere.",
            "Pulling a model makes Ollama ask its registry for that model. "
            "“Download for me” asks the release server of Ollama. A web address in a pipeline's context is fetched "
            "only when you press Fetch. Mirador counts nothing, reports nothing and looks for no updates.",
        ]
        self._leaves.setText("\n\n".join(words))

    def _toggle(self) -> None:
        shows = self._text.isHidden()
        self._text.setVisible(shows)
        self._copy.setVisible(shows)
        self._show_button.setText("Hide the log" if shows else "Show the log")
        if shows:
            self._tasks.start("read log", self._read())

    async def _read(self) -> None:
        text = await asyncio.to_thread(_end_of, self._log_file)
        self._text.setPlainText(text or "The log is empty.")
        bar = self._text.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _copy_log(self) -> None:
        QGuiApplication.clipboard().setText(self._text.toPlainText())

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log_file.parent)))


def _end_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _MOST))
            text = file.read().decode("utf-8", "replace")
    except OSError as error:
        return f"The log cannot be read: {error}."
    return text if len(text) < _MOST else text.partition("\n")[2]
