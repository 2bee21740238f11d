"""The tags of the conversation that is shown, below its title."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from mirador_desktop.core.amounts import count_words
from mirador_desktop.gui.flow import clear
from mirador_desktop.gui.tags_popover import TagChip
from mirador_desktop.gui.theme import Theme


class TagsRow(QWidget):
    """As many tags as there is room for in one line; the others are counted.

    Signals:
        chosen: a tag was clicked.
        edit: the person wants to see or change all of them.
    """

    chosen = Signal(str)
    edit = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("conversationTags")
        self.setAccessibleName("Tags")
        self._tags: list[str] = []
        self._chips: list[TagChip] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.px(6))
        self._more: TagChip | None = None

    def show_tags(self, tags: Sequence[str]) -> None:
        """Show these."""
        if list(tags) == self._tags and self._more is not None:
            return
        self._tags = list(tags)
        clear(self._row)
        self._chips = [TagChip(self._theme, tag, False, self) for tag in tags]
        for tag, chip in zip(tags, self._chips, strict=True):
            chip.clicked.connect(partial(self.chosen.emit, tag))
            self._row.addWidget(chip)
        self._more = TagChip(self._theme, "", False, self)
        self._more.setObjectName("moreTags")
        self._more.clicked.connect(self.edit)
        self._row.addWidget(self._more)
        self._row.addStretch()
        self._fit()

    def _fit(self) -> None:
        """Hide what there is no room for."""
        if self._more is None:
            return
        room, gap = self.width(), self._row.spacing()
        wide = [chip.sizeHint().width() + gap for chip in self._chips]
        shown = len(wide)
        if sum(wide) > room:
            room -= self._theme.px(44)
            shown = next((n for n in range(len(wide)) if sum(wide[: n + 1]) > room), len(wide))
        for place, chip in enumerate(self._chips):
            chip.setVisible(place < shown)
        left = len(wide) - shown
        self._more.setText(f"+{left}")
        self._more.setToolTip("Show all tags")
        self._more.setAccessibleName(f"{count_words(left, 'more tag')}. Show all tags")
        self._more.setVisible(left > 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width has room for more or fewer."""
        super().resizeEvent(event)
        self._fit()
