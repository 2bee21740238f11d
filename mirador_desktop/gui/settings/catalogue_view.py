"""The catalogue: well-known models, what for, how large, and whether they fit this computer."""

from collections.abc import Callable, Collection

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from mirador_desktop.core.amounts import round_words
from mirador_desktop.core.catalogue import Catalogue, Entry
from mirador_desktop.core.computer import Computer, fit, fit_words
from mirador_desktop.core.model_rows import context_words
from mirador_desktop.core.pull_names import short_name
from mirador_desktop.gui.settings.panel import Panel
from mirador_desktop.gui.settings.widgets import Field, Switch, label
from mirador_desktop.gui.theme import Theme

_ENTRY = Qt.ItemDataRole.UserRole
_NONE = QModelIndex()
_Index = QModelIndex | QPersistentModelIndex
_HEIGHT = 52


class _Entries(QAbstractListModel):
    """The entries that are shown."""

    def __init__(self, computer: Computer, installed: Collection[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []
        self._computer, self._installed = computer, {short_name(name) for name in installed}

    def show_entries(self, entries: list[Entry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def is_installed(self, entry: Entry) -> bool:
        return short_name(entry.name) in self._installed

    def fit_words(self, entry: Entry) -> str:
        return "installed" if self.is_installed(entry) else fit_words(entry.size, self._computer)

    def rowCount(self, parent: _Index = _NONE) -> int:
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.entries):
            return None
        entry = self.entries[index.row()]
        if role == _ENTRY:
            return entry
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{entry.name}, {round_words(entry.size)}, {entry.good_for}, {self.fit_words(entry)}"
        return None


class _Painter(QStyledItemDelegate):
    def __init__(self, theme: Theme, view: QListView, entries: _Entries) -> None:
        super().__init__(view)
        self._theme, self._view, self._entries = theme, view, entries
        self._strong = theme.font(9.75, QFont.Weight.DemiBold)
        self._small, self._fixed = theme.font(8.75), theme.fixed_font(8)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(self._theme.px(200), self._theme.px(_HEIGHT))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        theme, c = self._theme, self._theme.colours
        entry: Entry = index.data(_ENTRY)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect)
        if self._view.selectionModel().isSelected(index):
            painter.setPen(Qt.PenStyle.NoPen)
            if self._view.hasFocus():
                painter.setPen(QPen(QColor(c.focus), 2))
            painter.setBrush(QColor(c.selected))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), theme.px(8), theme.px(8))
        box = box.adjusted(theme.px(10), theme.px(7), -theme.px(12), -theme.px(7))
        half = box.height() / 2
        above, below = QRectF(box.topLeft(), box.size()), QRectF(box.topLeft(), box.size())
        above.setHeight(half)
        below.setTop(box.top() + half)
        words = self._entries.fit_words(entry)
        large = words.startswith("too large")
        facts = f"{entry.parameters} · {context_words(entry.context)} · {round_words(entry.size)}"
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        used = 0
        for font, colour, where, text in (
            (self._fixed, c.muted, above, facts),
            (self._small, c.warning if large else c.muted, below, words),
        ):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            painter.drawText(where, right, text)
            used = max(used, QFontMetrics(font).horizontalAdvance(text))
        room = int(box.width()) - used - theme.px(16)
        labels = " · ".join(entry.can)
        for font, colour, where, text in (
            (self._strong, c.text, above, entry.name),
            (self._small, c.muted, below, f"{entry.good_for}{f' · {labels}' if labels else ''}"),
        ):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            painter.drawText(where, left, QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room))
        painter.restore()


class CataloguePanel(Panel):
    """Lets the person choose a model to pull.

    Args:
        installed: names of models that are there.
        pull: called with the name of the chosen one; returns a sentence where it cannot be pulled.
    """

    def __init__(
        self,
        theme: Theme,
        catalogue: Catalogue,
        computer: Computer,
        installed: Collection[str],
        pull: Callable[[str], str],
        parent: QWidget,
    ) -> None:
        super().__init__(theme, "Catalogue", _about(computer), parent, wide=520)
        self._catalogue, self._computer, self._pull = catalogue, computer, pull
        self.setObjectName("cataloguePanel")
        self.resize(theme.px(720), theme.px(600))
        row = QHBoxLayout()
        row.setSpacing(theme.px(10))
        self.search = Field(theme, "Find in the catalogue", "Name, or what for")
        self.search.setObjectName("catalogueSearch")
        self.search.textChanged.connect(self._fill)
        row.addWidget(self.search, 1)
        self.fitting = Switch(theme, "Only what fits this computer", self)
        self.fitting.setEnabled(bool(computer.memory))
        self.fitting.toggled.connect(self._fill)
        row.addWidget(self.fitting)
        row.addWidget(label("Only what fits", "muted"))
        self.body.addLayout(row)
        self.entries = _Entries(computer, installed, self)
        self.list = QListView(self)
        self.list.setObjectName("catalogueList")
        self.list.setAccessibleName("Well-known models")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setStyleSheet("QListView { background: transparent; outline: none; }")
        self.list.setModel(self.entries)
        self.list.setItemDelegate(_Painter(theme, self.list, self.entries))
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.activated.connect(lambda: self.do())
        self.list.selectionModel().selectionChanged.connect(self._chosen)
        self.body.addWidget(self.list, 1)
        self._nothing = label("", "muted", wraps=True)
        self.body.addWidget(self._nothing)
        self._facts = label("", "small")
        self.add_left(self._facts)
        self.add_button("Close", self.reject)
        self.yes = self.add_button("Pull", self.do, "primary", "cataloguePull")
        self._fill()
        self.search.setFocus()

    def chosen(self) -> Entry | None:
        """The selected model."""
        index = self.list.currentIndex()
        entry: Entry | None = index.data(_ENTRY) if index.isValid() else None
        return entry

    def do(self) -> None:
        """Pull the selected model."""
        entry = self.chosen()
        if entry is None:
            return
        if why := self._pull(entry.name):
            self.fail(why)
        else:
            self.accept()

    def _fill(self) -> None:
        words = self.search.text().lower().split()
        found = [
            e
            for e in self._catalogue.entries
            if all(w in f"{e.name} {e.good_for} {' '.join(e.can)} {e.licence}".lower() for w in words)
            and not (self.fitting.isChecked() and fit(e.size, self._computer) == "too large")
        ]
        self.entries.show_entries(found)
        self.list.setVisible(bool(found))
        self._nothing.setVisible(not found)
        self._nothing.setText(
            "Nothing like that is in the catalogue. The field on the page takes any name of the Ollama library."
            if self._catalogue.entries
            else "The catalogue cannot be read."
        )
        if found:
            self.list.setCurrentIndex(self.entries.index(0, 0))
        self._chosen()

    def _chosen(self) -> None:
        entry = self.chosen()
        self.yes.setEnabled(entry is not None)
        self.yes.setText("Pull again" if entry is not None and self.entries.is_installed(entry) else "Pull")
        self._facts.setText(
            f"{entry.licence} licence · needs about {round_words(entry.needs)} of memory" if entry is not None else ""
        )


def _about(computer: Computer) -> str:
    if not computer.memory:
        return "Well-known models of the Ollama library."
    graphics = ""
    if computer.unified:
        graphics = ", shared with its graphics"
    elif computer.gpu:
        graphics = f" and {computer.gpu / 1024**3:.0f} GB of graphics memory"
    memory = f"{computer.memory / 1024**3:.0f} GB of memory{graphics}"
    return f"Well-known models of the Ollama library. This computer has {memory}."
