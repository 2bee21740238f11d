"""What the banner above the turns says: that nothing is being kept, else what has to be told once."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.tasks import Tasks

if TYPE_CHECKING:
    from mirador_desktop.assistant import Assistant


class Telling(QObject):
    """Decides what the banner says."""

    def __init__(self, window: MainWindow, assistant: "Assistant", tasks: Tasks) -> None:
        super().__init__(window)
        self._window, self._assistant, self._tasks = window, assistant, tasks
        self._kept = True
        self._told: list[str] = []
        self._notices: list[str] = []  # of these, what was not read yet

    def show_kept(self, why_not: str) -> None:
        """Say that conversations are not being kept, and why; or no longer."""
        self._kept = not why_not
        if not why_not:
            self._show_notices()
        elif self._assistant.can_start_afresh:
            self._window.banner.say(
                f"This conversation is not being kept. {why_not}",
                "Start a new file",
                self._begin_afresh,
            )
        else:
            self._window.banner.say(f"This conversation is not being kept. {why_not}")
        self._window.arrange()

    def _begin_afresh(self) -> None:
        self._tasks.start("afresh", self._start_afresh())

    async def _start_afresh(self) -> None:
        aside = await self._assistant.start_afresh()
        self._window.toast.say(f"The old file is now {Path(aside).name}", 8)

    def tell_all(self, *notices: str) -> None:
        """Say things once, until the person has read them; empty ones are nothing."""
        new = [words for words in notices if words and words not in self._told]
        if new:
            self._told += new
            self._notices += new
            if self._kept:  # else they wait: what is not being kept matters more
                self._show_notices()

    def _show_notices(self) -> None:
        self._window.banner.say(" ".join(self._notices), "OK" if self._notices else "", self._read)
        self._window.arrange()

    def _read(self) -> None:
        self._notices.clear()
        self._show_notices()
