"""The page Hosts: which machines run models, in which order, and how they are."""

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from mirador_desktop.gui import icons
from mirador_desktop.gui.settings.host_header import SIDE
from mirador_desktop.gui.settings.host_row import HostRow
from mirador_desktop.gui.settings.open_host import OpenHost
from mirador_desktop.gui.settings.page import INSET, Page
from mirador_desktop.gui.settings.widgets import button, label
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.hosts import HostEntry, Hosts

_BAR = 10  # px: a scroll bar


class HostsPage(Page):
    """All hosts; at most one is open, as a card with its form."""

    title = "Hosts"

    def __init__(self, theme: Theme, hosts: Hosts, tasks: Tasks) -> None:
        super().__init__(
            theme,
            "hostsPage",
            "A model on several hosts runs where it is loaded already, else on the first that answers",
        )
        self._hosts, self._tasks = hosts, tasks
        self._rows: list[HostRow] = []
        self._open: OpenHost | None = None
        self._badge = ""
        self._drag: int | None = None
        self._add = button(theme, "Add host", self.add, name="addHost", height=34)
        self.buttons.setContentsMargins(theme.px(16), 0, 0, 0)
        self.buttons.addWidget(self._add)
        self._table = QWidget(self)
        self._table.setObjectName("hostTable")
        self._table.setAccessibleName("Hosts")
        self._column = QVBoxLayout(self._table)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(7))
        self._outer, self.body = self.body, QVBoxLayout()  # what others add stands below the hosts
        self._inset(0)
        area = self.findChild(QScrollArea, "settingsScroll")
        if area is not None:
            bar = area.verticalScrollBar()
            bar.rangeChanged.connect(lambda low, high: self._inset(_BAR if high > low else 0))
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(theme.px(10))
        self._outer.addWidget(self._table)
        self._outer.addLayout(self.body)
        self._outer.addStretch()
        foot = label(
            "Tokens go to their own host only and never into a log, an export or settings.toml.", "muted", True
        )
        self.foot.addWidget(foot)
        self.foot.setContentsMargins(theme.px(INSET), theme.px(12), theme.px(INSET), 0)
        self.finds(self._add, "Add host", "server address ollama openai vllm llama.cpp lm studio cluster remote")
        self.finds(self._table, "Hosts", "token certificate ca file https order test kind name engine")
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._tick)
        self.hear(hosts.listen, self.refresh)
        self.restyle()
        self.refresh()

    def badge(self) -> str:
        """`struck` when a host that is on does not answer."""
        return self._badge

    def shown(self) -> None:
        """See `Page.shown`."""
        self.refresh()
        self._clock.start()

    def left(self) -> None:
        """See `Page.left`."""
        self._clock.stop()
        self._close()

    def restyle(self) -> None:
        """See `Page.restyle`."""
        self._add.setIcon(icons.icon("plus", self.theme.colours.text, self.theme.px(14)))
        for row in self._rows:
            row.restyle()

    def showEvent(self, event: QShowEvent) -> None:
        """The first entry gets the focus by Tab."""
        super().showEvent(event)
        if not self._clock.isActive():
            self.shown()

    def _inset(self, bar: int) -> None:
        """Let the hosts reach beyond the text, and keep their width while a scroll bar is shown."""
        side = self.theme.px(INSET) - self.theme.px(SIDE)
        self._outer.setContentsMargins(side, 0, max(0, side - bar), self.theme.px(14))

    # ── showing ────────────────────────────────────────────────────────────────────────────────────────

    def refresh(self) -> None:
        """Show the hosts as they are now."""
        entries = self._hosts.entries()
        draft = self._open is not None and self._open.place >= len(entries)
        wanted = len(entries) + draft
        while len(self._rows) < wanted:
            self._make_row()
        while len(self._rows) > wanted:
            self._remove_row()
        for row, entry in zip(self._rows, [*entries, *([None] if draft else [])], strict=True):
            row.show_entry(entry)
        if self._open is not None and not self._open.refresh():
            self._close(take=False)
        badge = "struck" if any(_is_struck(entry) for entry in entries) else ""
        if badge != self._badge:
            self._badge = badge
            self.badge_changed.emit()

    def _make_row(self) -> None:
        row = HostRow(self.theme, self._table)
        self._column.addWidget(row)
        self._rows.append(row)
        header = row.header
        header.clicked.connect(lambda: self._toggle(row))
        header.switched.connect(lambda on: self._hosts.change(self._rows.index(row), on=on))
        header.stepped.connect(lambda step: self._step(self._rows.index(row), step))
        header.dragged.connect(lambda y: self._dragged(row, y))
        header.dropped.connect(lambda: self._dropped(row))
        row.retry.connect(self._hosts.look_again)

    def _remove_row(self) -> None:
        row = self._rows.pop()
        if self._open is not None and self._open.row is row:
            self._open = None
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _tick(self) -> None:
        for row in self._rows:
            row.refresh_trouble()

    # ── opening and closing ────────────────────────────────────────────────────────────────────────────

    def add(self) -> None:
        """Open an empty card at the end."""
        self._close()
        self._make_row()
        self._rows[-1].show_entry(None)
        self._show_open(len(self._rows) - 1).form.address.setFocus()

    def _toggle(self, row: HostRow) -> None:
        was = self._open.row if self._open is not None else None
        self._close()
        if row is not was and row in self._rows:
            self._show_open(self._rows.index(row))

    def _show_open(self, place: int) -> OpenHost:
        self._open = OpenHost(self._hosts, self._tasks, self._rows[place], place)
        self._open.done.connect(self._close)
        self._open.deleted.connect(self._deleted)
        self.reveal(self._rows[place])
        return self._open

    def _close(self, take: bool = True) -> None:
        """Close the open card; what stands in its fields is taken, a new host without an address is nothing."""
        opened = self._open
        if opened is None:
            return
        if take:
            opened.close()
        else:
            opened.row.close_form()
        self._open = None
        self.refresh()
        if self.isVisible() and opened.row in self._rows:
            opened.row.header.setFocus()

    def _deleted(self) -> None:
        self._open = None
        self.refresh()
        self._add.setFocus()

    # ── the order ──────────────────────────────────────────────────────────────────────────────────────

    def _step(self, place: int, step: int) -> None:
        to = place + step
        if 0 <= to < len(self._hosts.entries()) and place < len(self._hosts.entries()):
            self._move(place, to)
            self._rows[to].header.setFocus()

    def _move(self, place: int, to: int) -> None:
        """Move a host; the rows stay where they are and show others, so only the open one must be closed."""
        self._close()
        self._hosts.move(place, to)

    def _dragged(self, row: HostRow, y: int) -> None:
        """Let the row follow the pointer over its neighbours."""
        self._close()
        place = self._column.indexOf(row)
        if self._drag is None:
            self._drag = place
        height = self._table.mapFromGlobal(QPoint(0, y)).y()
        to = sum(other.geometry().center().y() < height for other in self._rows if other is not row)
        if to != place:
            self._column.insertWidget(to, row)

    def _dropped(self, row: HostRow) -> None:
        begun, self._drag = self._drag, None
        to = self._column.indexOf(row)
        if begun is None or begun == to:
            return
        self._rows.insert(to, self._rows.pop(begun))
        self._hosts.move(begun, to)


def _is_struck(entry: HostEntry) -> bool:
    if not entry.settings.on:
        return False
    return bool(entry.problem) or (entry.state is not None and not entry.state.reachable)
