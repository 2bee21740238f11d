"""What can be done with one model: its menu, and the dialogs that the menu opens."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from mirador_desktop.core.model_rows import Row
from mirador_desktop.gui.settings.model_details import DetailsPanel
from mirador_desktop.gui.settings.new_model import Act, DeletePanel, NamePanel, VariantPanel
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.models import Models


class ModelActions:
    """Opens menus and dialogs over a page.

    Args:
        sort_menu: makes the menu that sorts the table.

    Attributes:
        on_menu: called with the menu of a row before it is shown, to put more into it.
    """

    def __init__(
        self, theme: Theme, models: Models, tasks: Tasks, page: QWidget, sort_menu: Callable[[QMenu], QMenu]
    ) -> None:
        self._theme, self._models, self._tasks, self._page, self._sort_menu = theme, models, tasks, page, sort_menu
        self.on_menu: Callable[[QMenu, Row], object] = lambda menu, row: None

    def open_menu(self, row: Row, where: QPoint) -> None:
        """The menu of a row."""
        menu = QMenu(self._page)
        menu.setObjectName("modelMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Show", lambda: self.show_details(row))
        can_change = any(host in self._models.changeable() for host in row.hosts)
        if can_change:
            menu.addAction("Copy…", lambda: self.copy(row))
            menu.addAction("Rename…", lambda: self.rename(row))
            menu.addAction("New variant…", lambda: self.make_variant(row))
        self.on_menu(menu, row)
        menu.addSeparator()
        menu.addMenu(self._sort_menu(menu))
        if can_change:
            menu.addSeparator()
            menu.addAction("Delete…", lambda: self.delete(row))
        menu.popup(where)

    def show_details(self, row: Row) -> None:
        """Show all that is known of a model."""
        DetailsPanel(self._theme, row, self._models, self._tasks, self._page.window()).open()

    def copy(self, row: Row) -> None:
        """Give a model a second name."""

        async def copy(name: str) -> None:
            await self._models.copy(row, name)

        words = f"A second name for {row.name} on {row.hosts[0]}. It shares the files, so it takes no room."
        self._ask_name(f"Copy {row.name}", words, "Copy", f"{row.name.partition(':')[0]}-copy", copy)

    def rename(self, row: Row) -> None:
        """Give a model another name."""

        async def rename(name: str) -> None:
            await self._models.rename(row, name)

        words = "It is copied first, and the old name is deleted when that has worked."
        if row.uses:
            words += " Stages that name it have to be told the new name on the page Pipelines."
        self._ask_name(f"Rename {row.name}", words, "Rename", row.name, rename)

    def make_variant(self, row: Row) -> None:
        """Make a model of another one."""
        VariantPanel(self._theme, row, self._models, self._tasks, self._page.window()).open()

    def delete(self, row: Row) -> None:
        """Ask whether a model shall be deleted."""
        DeletePanel(self._theme, row, self._models, self._tasks, self._page.window()).open()

    def _ask_name(self, title: str, words: str, verb: str, name: str, act: Act) -> None:
        NamePanel(self._theme, title, words, verb, name, act, self._tasks, self._page.window()).open()
