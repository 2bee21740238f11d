"""The settings window: not modal, applies at once, and finds any setting by a search field."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QStackedWidget, QWidget

from mirador_desktop.gui.settings.navigation import Navigation
from mirador_desktop.gui.settings.page import Entry, Page
from mirador_desktop.gui.theme import Theme

MakePage = Callable[[], Page]


class SettingsDialog(QDialog):
    """Shows one page at a time; a page is made when it is first asked for, the others while nothing happens.

    Args:
        pages: the title of each page with what makes it.
        on_open_file: shows settings.toml.
    """

    def __init__(
        self,
        theme: Theme,
        pages: Sequence[tuple[str, MakePage]],
        on_open_file: Callable[[], object],
        parent: QWidget,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("settingsDialog")
        self.setWindowTitle("Settings - Mirador")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme, self._scale = theme, theme.scale
        self._makers = list(pages)
        self._on_open_file = on_open_file
        self._pages: dict[int, Page] = {}
        self._here = 0
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._idle = QTimer(self)
        self._idle.setInterval(0)
        self._idle.timeout.connect(self._make_next)
        self._build()
        self._fit()
        self.resize(1120, 760)
        theme.changed.connect(self._restyle)
        self.finished.connect(self._closed)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self).activated.connect(self._search_focus)

    def _fit(self) -> None:
        """With larger text the window is larger at least, as far as the screen is."""
        room = self.screen().availableSize()
        self.setMinimumSize(
            min(max(640, self._theme.px(760)), room.width()), min(max(420, self._theme.px(480)), room.height())
        )

    def _build(self) -> None:
        self._navigation = Navigation(self._theme, [title for title, _ in self._makers])
        self._navigation.chosen.connect(self.show_page)
        self._navigation.searched.connect(self._search)
        self._navigation.found.connect(self._show_entry)
        self._navigation.open_file.connect(self._on_open_file)
        self._stack = QStackedWidget(self)
        self._stack.setObjectName("settingsPages")
        self._row.addWidget(self._navigation)
        self._row.addWidget(self._stack, 1)

    def page(self, place: int) -> Page:
        """The page at a place, made if it is not there yet."""
        if place not in self._pages:
            page = self._makers[place][1]()
            page.badge_changed.connect(lambda: self._show_badge(place))
            self._pages[place] = page
            self._stack.addWidget(page)
            self._show_badge(place)
        return self._pages[place]

    def show_page(self, place: int | str) -> None:
        """Go to a page, by its place or its title."""
        if isinstance(place, str):
            place = [title for title, _ in self._makers].index(place)
        page = self.page(place)
        if self._stack.currentWidget() is not page and self._here in self._pages:
            self._pages[self._here].left()
        self._here = place
        self._navigation.choose(place)
        self._stack.setCurrentWidget(page)
        page.shown()

    def open_at(self, place: int | str | None = None) -> None:
        """Show the window at a page (where it was before, by default), in front of others."""
        self.show_page(self._here if place is None else place)
        self.show()
        self.raise_()
        self.activateWindow()
        self._idle.start()

    def _make_next(self) -> None:
        """Make one page more, so that the search finds everything."""
        missing = next((i for i in range(len(self._makers)) if i not in self._pages), None)
        self._idle.stop()
        if missing is not None:
            self.page(missing)
            self._idle.start()

    def _show_badge(self, place: int) -> None:
        self._navigation.rows[place].set_badge(self._pages[place].badge())

    # ── searching ──────────────────────────────────────────────────────────────────────────────────────

    def _search_focus(self) -> None:
        self._navigation.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._navigation.search.selectAll()

    def _search(self, text: str) -> None:
        words = text.casefold().split()
        found: list[tuple[int, int, int, Entry]] = []
        for page in range(len(self._makers)) if words else ():
            for place, entry in enumerate(self.page(page).entries):
                label, more = entry.label.casefold(), f"{entry.more} {self._makers[page][0]}".casefold()
                if all(word in label or word in more for word in words):
                    rank = 0 if label.startswith(words[0]) else 1 if words[0] in label else 2
                    found.append((rank, page, place, entry))
        found.sort(key=lambda each: each[0])
        self._navigation.show_found(text.strip(), [each[1:] for each in found])

    def _show_entry(self, page: int, place: int) -> None:
        self.show_page(page)
        shown = self.page(page)
        widget = shown.entries[place].widget
        area: QWidget | None = widget
        while area is not None and not hasattr(area, "ensureWidgetVisible"):
            area = area.parentWidget()
        if area is not None:
            area.ensureWidgetVisible(widget, 40, 80)
        widget.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # ── life ───────────────────────────────────────────────────────────────────────────────────────────

    def _restyle(self) -> None:
        if self._scale != self._theme.scale:  # all measures are different: everything is made anew
            self._scale = self._theme.scale
            QTimer.singleShot(0, self._remake)  # not while a widget of it is still telling of the change
            return
        for page in self._pages.values():
            page.restyle()
        self._navigation.update()

    def _remake(self) -> None:
        words, here = self._navigation.search.text(), self._here
        for part in (self._navigation, self._stack):
            self._row.removeWidget(part)
            part.hide()
            part.deleteLater()
        self._pages.clear()
        self._fit()
        self._build()
        self.show_page(here)
        self._navigation.search.setText(words)
        if self.isVisible():
            self._idle.start()
            self._pages[here].setFocus()

    def _closed(self) -> None:
        self._idle.stop()
        if self._here in self._pages:
            self._pages[self._here].left()
