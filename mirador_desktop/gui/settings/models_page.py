"""The page Models: get models, see what is there, and change it."""

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from mirador_desktop.core.pull import Pull
from mirador_desktop.errors import MiradorError
from mirador_desktop.gui import icons
from mirador_desktop.gui.settings.catalogue_view import CataloguePanel
from mirador_desktop.gui.settings.model_actions import ModelActions
from mirador_desktop.gui.settings.model_table import ModelTable
from mirador_desktop.gui.settings.new_model import file_panel
from mirador_desktop.gui.settings.page import INSET, REACH, Page
from mirador_desktop.gui.settings.pull_bar import PullBar, choose, chooser
from mirador_desktop.gui.settings.pull_list import FLAT, PullList
from mirador_desktop.gui.settings.widgets import Field, button, label
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.models import Models
from mirador_desktop.pulls import Pulls

ALL = "All hosts"


class ModelsPage(Page):
    """See the module.

    Attributes:
        bar: where a model is named and pulled.
        table: what is installed.
        actions_of: what can be done with one model; `actions_of.on_menu` may put more into a row's menu.
    """

    title = "Models"

    def __init__(self, theme: Theme, models: Models, pulls: Pulls, tasks: Tasks) -> None:
        super().__init__(theme, "modelsPage", "")
        self._models, self._pulls, self._tasks = models, pulls, tasks
        self._host, self._badge = "", ""
        self.setAcceptDrops(True)
        self.body.setSpacing(theme.px(8))
        # A selected row reaches beyond the text at both sides: so the table does, and everything else is set in.
        self.body.setContentsMargins(theme.px(INSET - REACH), 0, theme.px(INSET - REACH), theme.px(14))
        self.bar = PullBar(theme, models, pulls, self.pull_name, self)
        self.bar.catalogue.clicked.connect(self.open_catalogue)
        self.bar.file.clicked.connect(self._choose_file)
        self.body.addLayout(self._inset(self.bar))
        self.pulls = PullList(theme, models, pulls, self)
        self.pulls.delete_wanted.connect(self._delete_part)
        self.body.addLayout(self._inset(self.pulls, FLAT))
        self._build_installed()
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self.table.tick)
        self.hear(models.listen, self.refresh)
        self.hear(pulls.listen, self._show_pulls)
        self.finds(self.bar.name, "Pull a model", "download get install ollama run hugging face name")
        self.finds(self.bar.catalogue, "Catalogue", "well-known recommended models sizes")
        self.finds(self.bar.file, "Model from a file", "gguf import create")
        self.finds(self._filter, "Installed models", "delete rename copy variant show table")
        self.refresh()
        self._show_pulls()

    # ── building ───────────────────────────────────────────────────────────────────────────────────────

    def _build_installed(self) -> None:
        theme = self.theme
        row = self._inset()
        row.setSpacing(theme.px(8))
        heading = label("Installed", "strong")
        row.addWidget(heading, 1)
        self._filter = Field(theme, "Filter the models", "Filter")
        self._filter.setObjectName("modelFilter")
        self._filter.setFixedSize(theme.px(180), theme.px(30))
        self._filter.setClearButtonEnabled(True)
        self._filter.setTextMargins(-theme.px(6), 0, 0, 0)  # the picture brings a margin of its own
        glass = icons.icon("search", theme.colours.muted)
        self._glass = self._filter.addAction(glass, Field.ActionPosition.LeadingPosition)
        self._filter.textChanged.connect(self._show_filter)
        row.addWidget(self._filter)
        self._hosts = chooser(theme, self._choose_host, "modelHost", 30)
        row.addWidget(self._hosts)
        self.body.addLayout(row)
        self.table = ModelTable(theme, self)
        self.table.setMinimumHeight(theme.px(28 + 3 * 44))  # where there is no room for it, the page is scrolled
        self.actions_of = ModelActions(theme, self._models, self._tasks, self, self.table.sort_menu)
        self.table.menu_wanted.connect(self.actions_of.open_menu)
        self.table.show_wanted.connect(self.actions_of.show_details)
        self.table.rename_wanted.connect(self.actions_of.rename)
        self.table.delete_wanted.connect(self.actions_of.delete)
        self.body.addWidget(self.table, 1)
        self._nothing = QWidget(self)
        column = QVBoxLayout(self._nothing)
        column.setContentsMargins(theme.px(REACH), theme.px(26), theme.px(REACH), 0)
        column.setSpacing(theme.px(12))
        self._why = label("", "muted", wraps=True)
        self._why.setObjectName("modelsNothing")
        column.addWidget(self._why)
        self._remedy = button(theme, "", self._do_remedy, name="modelsRemedy")
        column.addWidget(self._remedy, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch()
        self.body.addWidget(self._nothing, 1)

    def _inset(self, widget: QWidget | None = None, beyond: int = 0) -> QHBoxLayout:
        """A row on the margins of the text, or so many px beyond the right one."""
        row = QHBoxLayout()
        row.setContentsMargins(self.theme.px(REACH), 0, self.theme.px(REACH - beyond), 0)
        if widget is not None:
            row.addWidget(widget)
        return row

    # ── showing ────────────────────────────────────────────────────────────────────────────────────────

    def shown(self) -> None:
        """Look at the computer and the load times anew, and let the time left count down."""
        self._tasks.start("prepare models", self._models.prepare())
        self._clock.start()
        self.refresh()

    def left(self) -> None:
        """Nobody sees the clock; what became of cancelled pulls was not decided: their parts are kept."""
        self._clock.stop()
        for pull in [p for p in self._pulls.items if p.state == "cancelled"]:
            self._pulls.keep_part(pull)

    def restyle(self) -> None:
        """Colours have changed."""
        self.table.restyle()
        self.bar.restyle()
        self._hosts.setIcon(icons.icon("chevron-down", self.theme.colours.muted))
        self._glass.setIcon(icons.icon("search", self.theme.colours.muted))

    def badge(self) -> str:
        """How far the pulls are: "62 %"."""
        return self._badge

    def refresh(self) -> None:
        """Show the models as they are now."""
        self.subtitle.setText(self._models.summary())
        self.table.show_rows(self._models.rows())
        hosts = self._models.hosts()
        if self._host and self._host not in hosts:
            self._host = ""
            self._show_filter()
        self._hosts.setVisible(len(hosts) > 1)
        self._hosts.setText(self._host or ALL)
        self._hosts.setAccessibleName(f"Show models of: {self._host or ALL}")
        self.bar.refresh()
        self.pulls.refresh()
        self._show_nothing()

    def _show_pulls(self) -> None:
        self.pulls.refresh()
        share = self._pulls.share
        badge = "" if share is None else f"{share * 100:.0f} %"
        if badge != self._badge:
            self._badge = badge
            self.badge_changed.emit()

    def _show_filter(self) -> None:
        self.table.filter(self._filter.text(), self._host)
        self._show_nothing()

    def _show_nothing(self) -> None:
        """What stands in the table's place while it has no rows."""
        empty = not self.table.rows.rows
        self.table.setVisible(not empty)
        self._nothing.setVisible(empty)
        if not empty:
            return
        why, remedy = self._empty_words()
        self._why.setText(why)
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))

    def _empty_words(self) -> tuple[str, str]:
        if self.table.rows.count:
            where = f" on {self._host}" if self._host else ""
            words = (
                f"No model{where} matches “{self._filter.text()}”." if self._filter.text() else f"No model{where}."
            )
            return words, "Show all"
        if not self._models.hosts():
            return "No host is set up. Add one on the page Hosts; then its models are listed here.", ""
        if not self._models.looked:
            return "Looking for models…", ""
        if not self._models.changeable():
            return "No host answers. Start Ollama, or look at the page Hosts; then the models are listed here.", ""
        return (
            "No models yet. Pull one by its name above, or choose one that fits this computer from the catalogue.",
            "Open the catalogue",
        )

    def _do_remedy(self) -> None:
        if self.table.rows.count:
            self._host = ""
            self._filter.clear()
            self.refresh()
            self._show_filter()
        else:
            self.open_catalogue()

    # ── getting models ─────────────────────────────────────────────────────────────────────────────────

    def pull_name(self, text: str) -> str:
        """Pull a model; returns a sentence where that cannot be."""
        try:
            self._pulls.add(text, self.bar.host)
        except MiradorError as error:
            return str(error)
        self._show_pulls()
        return ""

    def open_catalogue(self) -> None:
        """Show the catalogue."""
        installed = [row.name for row in self._models.rows()]
        CataloguePanel(
            self.theme, self._models.catalogue, self._models.computer, installed, self.pull_name, self.window()
        ).open()

    def _delete_part(self, pull: Pull) -> None:
        self._tasks.start("delete a part", self._deleting(pull))

    async def _deleting(self, pull: Pull) -> None:
        said = await self._pulls.delete_part(pull)
        if isValid(self):
            self.bar.say(said)

    # ── models of files ────────────────────────────────────────────────────────────────────────────────

    def _choose_file(self) -> None:
        dialog = QFileDialog(self.window(), "Choose a GGUF file", "", "Models (*.gguf);;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take_file)
        dialog.open()

    def take_file(self, path: str) -> None:
        """Look into a file, and ask what its model shall be called."""
        self.bar.say("")
        self._tasks.start("check a model file", self._checking(Path(path)))

    async def _checking(self, path: Path) -> None:
        try:
            name, size = await self._models.check_file(path)
        except MiradorError as error:
            if isValid(self):
                self.bar.say(f"{path.name}: {error}", "error")
            return
        if isValid(self):
            hosts = self._models.changeable()
            file_panel(self.theme, path, name, size, hosts, self._models, self._tasks, self.window()).open()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """One file may be dropped."""
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile() and bool(self._models.changeable()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Make a model of the file that was dropped."""
        event.acceptProposedAction()
        self.take_file(event.mimeData().urls()[0].toLocalFile())

    # ── hosts ──────────────────────────────────────────────────────────────────────────────────────────

    def _choose_host(self) -> None:
        choose(self._hosts, [ALL, *self._models.hosts()], self._host or ALL, self._take_host)

    def _take_host(self, host: str) -> None:
        self._host = "" if host == ALL else host
        self.refresh()
        self._show_filter()
