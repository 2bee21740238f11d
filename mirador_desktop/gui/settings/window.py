"""Puts the settings window together, when it is first asked for."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu, QWidget

from mirador_desktop.core.model_rows import Row
from mirador_desktop.core.stages import Pipeline
from mirador_desktop.errors import MiradorError
from mirador_desktop.gui.backup_acts import BackupActs
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
        pipeline: gives the pipeline a question would go to now.
        say: shows a short message in the main window.
        erase: deletes everything that is kept.
        go_to: shows a turn of a conversation in the main window.
        backup_acts: what the main window does for backups, export and import.
    """

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        doors: Doors,
        tasks: Tasks,
        pipeline: Callable[[], Pipeline],
        say: Callable[[str], object],
        erase: Callable[[], object],
        go_to: Callable[[str, str], object],
        backup_acts: BackupActs,
    ) -> None:
        self._parent, self._theme, self._doors, self._tasks = parent, theme, doors, tasks
        self._pipeline, self._say, self._erase, self._go_to = pipeline, say, erase, go_to
        self._backup_acts = backup_acts
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

    def close(self) -> None:
        """Close the settings, with the panels over them."""
        if self._dialog is not None:
            self._dialog.close()

    def open_file(self) -> None:
        """Show settings.toml in whatever the system opens it with."""
        self._doors.preferences.change()  # so that there is one
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._doors.folders.settings_file)))

    def _hosts(self) -> "Page":
        from mirador_desktop.gui.settings.hosts_page import HostsPage
        from mirador_desktop.gui.settings.ollama_card import OllamaCard

        doors = self._doors
        page = HostsPage(self._theme, doors.hosts, self._tasks)
        card = OllamaCard(self._theme, doors.runtime, doors.preferences, self._tasks)
        page.body.addWidget(card)
        for control, words, more in card.controls:
            page.finds(control, words, more)
        page.hear(doors.runtime.listen, card.refresh)
        page.hear(doors.engines.listen, card.refresh)
        page.hear(doors.preferences.listen, lambda before: card.refresh())
        return page

    def _models(self) -> "Page":
        from mirador_desktop.gui.settings.models_page import ModelsPage
        from mirador_desktop.gui.settings.warm_plan import WarmPlan

        doors = self._doors
        page = ModelsPage(self._theme, doors.models, doors.pulls, self._tasks)
        plan = WarmPlan(self._theme, doors.warmer, doors.preferences, self._tasks, self._pipeline)
        page.foot.addWidget(plan)
        for control, words, more in plan.controls:
            page.finds(control, words, more)
        page.hear(doors.warmer.listen, plan.refresh)
        page.hear(doors.engines.listen, plan.refresh)
        page.hear(doors.preferences.listen, lambda before: plan.refresh())
        page.actions_of.on_menu = lambda menu, row: self._run_menu(page, menu, row)
        return page

    def _run_menu(self, page: "Page", menu: QMenu, row: Row) -> None:
        """What can be done with a model in memory, and how it is run."""
        doors, name = self._doors, row.name
        engine = doors.engines.engine_of(name)
        if engine is None or engine.kind != "ollama":
            return
        menu.addSeparator()
        if row.loaded:
            menu.addAction("Unload now", lambda: self._tasks.start("unload model", doors.warmer.unload(name)))
        else:
            menu.addAction("Warm now", lambda: self._tasks.start("warm model", doors.warmer.load(name)))
        menu.addAction("How it is run…", lambda: self._open_placement(page, row))

    def _open_placement(self, page: "Page", row: Row) -> None:
        from mirador_desktop.gui.settings.placement import Placement
        from mirador_desktop.measuring import measure

        doors = self._doors
        Placement(
            self._theme,
            row.name,
            doors.preferences,
            self._tasks,
            lambda: doors.models.show(row),
            lambda model, options: measure(doors.engines, model, options),
            page,
        ).open()

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
            providers=doors.providers,
            resolve=doors.assistant.chosen,
        )

    def _memory(self) -> "Page":
        from mirador_desktop.gui.settings.backup_section import BackupSection
        from mirador_desktop.gui.settings.memory_controls import MemoryControls
        from mirador_desktop.gui.settings.memory_page import MemoryPage

        doors = self._doors
        page = MemoryPage(self._theme, doors.assistant, self._tasks, self._erase)
        controls = MemoryControls(
            self._theme, doors.preferences, doors.memories, doors.embedder, self._tasks, self._pull, self._leave_to
        )
        page.add_controls(controls)
        page.add_backups(BackupSection(self._theme, doors.backups, self._tasks, self._backup_acts))
        page.hear(doors.preferences.listen, lambda before: controls.refresh())
        page.hear(doors.embedder.listen, controls.refresh)
        page.hear(doors.engines.listen, controls.refresh)
        return page

    def _appearance(self) -> "Page":
        from mirador_desktop.gui.settings.appearance_page import AppearancePage

        return AppearancePage(self._theme, self._doors.preferences)

    def _privacy(self) -> "Page":
        from mirador_desktop.gui.settings.privacy_page import PrivacyPage

        doors = self._doors
        return PrivacyPage(
            self._theme, doors.preferences, self._tasks, doors.folders.log_file, doors.engines.remote_addresses
        )

    def _leave_to(self, conversation: str, turn: str) -> None:
        """Close the settings, and show a turn in the window."""
        self.close()
        self._go_to(conversation, turn)

    def _pull(self, name: str) -> None:
        try:
            self._doors.pulls.add(name)
        except MiradorError as error:
            self._say(str(error))
            return
        self.open("Models")
