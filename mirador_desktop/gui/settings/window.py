"""Puts the settings window together, when it is first asked for."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from mirador_desktop.errors import MiradorError
from mirador_desktop.gui.doors import Doors
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.gui.settings.dialog import SettingsDialog
    from mirador_desktop.gui.settings.page import Page

log = logging.getLogger(__name__)


class SettingsWindow:
    """Opens the settings, and keeps them for the next time.

    Args:
        say: shows a short message in the main window.
        erase: deletes everything that is kept.
    """

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        doors: Doors,
        tasks: Tasks,
        say: Callable[[str], object],
        erase: Callable[[], object],
    ) -> None:
        self._parent, self._theme, self._doors, self._tasks = parent, theme, doors, tasks
        self._say, self._erase = say, erase
        self._dialog: SettingsDialog | None = None

    def open(self, page: str | None = None) -> None:
        """Show the settings at a page, by its title; where they were before, by default."""
        if self._dialog is None:
            from mirador_desktop.gui.settings.dialog import SettingsDialog

            makers = (
                ("Hosts", self._hosts),
                ("Models", self._models),
                ("Pipelines", self._pipelines),
                ("Memory", self._memory),
                ("Appearance", self._appearance),
                ("Privacy", self._privacy),
            )
            self._dialog = SettingsDialog(self._theme, makers, self.open_file, self._parent)
        self._dialog.open_at(page if page is not None or self._dialog.isVisible() else None)

    def open_file(self) -> None:
        """Show settings.toml in whatever the system opens it with."""
        self._doors.preferences.change()  # so that there is one
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._doors.folders.settings_file)))

    def _hosts(self) -> "Page":
        from mirador_desktop.gui.settings.hosts_page import HostsPage

        return HostsPage(self._theme, self._doors.hosts, self._tasks)

    def _models(self) -> "Page":
        from mirador_desktop.gui.settings.models_page import ModelsPage

        return ModelsPage(self._theme, self._doors.models, self._doors.pulls, self._tasks)

    def _pipelines(self) -> "Page":
        from mirador_desktop.gui.settings.pipelines_page import PipelinesPage

        doors = self._doors
        return PipelinesPage(
            self._theme,
            doors.pipelines,
            doors.preferences,
            self._tasks,
            doors.engines.models,
            self._pull,
            lambda name: doors.models.catalogue.size(name),
        )

    def _memory(self) -> "Page":
        from mirador_desktop.gui.settings.memory_page import MemoryPage

        return MemoryPage(self._theme, self._doors.assistant, self._tasks, self._erase)

    def _appearance(self) -> "Page":
        from mirador_desktop.gui.settings.appearance_page import AppearancePage

        return AppearancePage(self._theme, self._doors.preferences)

    def _privacy(self) -> "Page":
        from mirador_desktop.gui.settings.privacy_page import PrivacyPage

        doors = self._doors
        return PrivacyPage(
            self._theme, doors.preferences, self._tasks, doors.folders.log_file, doors.engines.remote_addresses
        )

    def _pull(self, name: str) -> None:
        try:
            self._doors.pulls.add(name)
        except MiradorError as error:
            self._say(str(error))
            return
        self.open("Models")
