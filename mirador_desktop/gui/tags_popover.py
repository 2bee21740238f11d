"""Editing the tags of conversations: those they have, and a field with completion for more."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLabel, QLineEdit, QPushButton, QWidget

from mirador_desktop.core.amounts import count_words
from mirador_desktop.gui import icons
from mirador_desktop.gui.flow import Flow, as_wide_as_there_is, clear
from mirador_desktop.gui.popover import Popover
from mirador_desktop.gui.theme import Theme

_WIDE = 280
_LONGEST = 28


class TagChip(QPushButton):
    """One tag. With a cross it can be taken off: by a click, Enter, or Delete."""

    removed = Signal()

    def __init__(self, theme: Theme, tag: str, removable: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.tag, self._removable = tag, removable
        shown = tag if len(tag) <= _LONGEST else tag[: _LONGEST - 1] + "…"
        self.setText(shown.replace("&", "&&"))
        self.setObjectName("tag")
        self.setProperty("kind", "tag")
        self.setAutoDefault(False)
        self.setToolTip("Take this tag off" if removable else "Show all conversations with this tag")
        self.setAccessibleName(f"Tag {tag}. {self.toolTip()}")
        if removable:
            self.setIcon(icons.icon("close", theme.colours.muted))
            self.setIconSize(QSize(theme.px(11), theme.px(11)))
            self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete and Backspace take it off too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or (
            self._removable and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
        ):
            self.click()
        else:
            super().keyPressEvent(event)


class TagsPopover(Popover):
    """Shows the tags of one or several conversations; each change is done at once.

    Args:
        count: how many conversations they are of.
        used: the tags in use, the most frequent first: what is typed is completed to them.

    Signals:
        added: a tag was written.
        removed: a tag was taken off.
    """

    added = Signal(str)
    removed = Signal(str)

    def __init__(self, theme: Theme, tags: Sequence[str], used: Sequence[str], count: int, parent: QWidget) -> None:
        heading = "Tags" if count == 1 else f"Tags of {count_words(count, 'conversation')}"
        super().__init__(theme, "tagsPopover", heading, parent)
        self._chips = QWidget(self)
        self._flow = Flow(self._chips, theme.px(6))
        as_wide_as_there_is(self._chips)
        self._none = QLabel("No tags yet", self)
        self._none.setProperty("kind", "small")
        self.field = QLineEdit(self)
        self.field.setObjectName("newTag")
        self.field.setPlaceholderText("Add a tag")
        self.field.setAccessibleName("Add a tag")
        self.field.setMaxLength(40)
        self.field.setMinimumWidth(theme.px(_WIDE - 28))
        self.field.returnPressed.connect(self._enter)
        completer = QCompleter(QStringListModel(list(used), self), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        popup = completer.popup()
        assert popup is not None
        popup.clicked.connect(lambda index: self._take(str(index.data())))
        self.field.setCompleter(completer)
        # Enter on a completion takes it, and only then the completer writes it into the field.
        completer.activated.connect(self.field.clear, Qt.ConnectionType.QueuedConnection)
        for part in (self._chips, self._none, self.field):
            self.column.addWidget(part)
        self.setFixedWidth(theme.px(_WIDE))
        self.show_tags(tags)
        self.field.setFocus()

    def show_tags(self, tags: Sequence[str]) -> None:
        """Show these tags as those there are."""
        clear(self._flow)
        for tag in tags:
            chip = TagChip(self.theme, tag, True, self._chips)
            chip.clicked.connect(partial(self._remove, tag))
            self._flow.addWidget(chip)
            chip.show()
        self._chips.setFixedHeight(self._flow.heightForWidth(self.width() - 28))  # all lines, also before it is shown
        self._chips.setVisible(bool(tags))
        self._none.setVisible(not tags)
        self.adjustSize()

    def _remove(self, tag: str) -> None:
        self.field.setFocus()  # what has the focus goes away
        self.removed.emit(tag)

    def _enter(self) -> None:
        text = self.field.text().strip()
        if text:
            self.field.clear()
            self.added.emit(text)
        else:
            self.close()

    def _take(self, text: str) -> None:
        """A completion was clicked."""
        self.field.clear()
        self.added.emit(text)
