"""A small window beside what it belongs to; it goes with a click elsewhere or Escape."""

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from mirador_desktop.gui.scrolled import Scrolled
from mirador_desktop.gui.theme import Theme

_EDGE = 8
"""Between a popover and the edge of its window, px."""


class Popover(QFrame):
    """A frame with a heading and a column for what it shows.

    Args:
        parent: the window it belongs to.
    """

    def __init__(self, theme: Theme, name: str, heading: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.theme, self._window = theme, parent.window()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName(name)
        self.setAccessibleName(heading)
        self.setProperty("kind", "popover")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(14, 12, 14, 12)
        self.column.setSpacing(theme.px(8))
        self.heading = QLabel(heading.upper(), self)
        self.heading.setAccessibleName(heading)
        self.heading.setProperty("kind", "section")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.column.addWidget(self.heading)

    def _room(self) -> QRect:
        """Where it may be."""
        return self._window.frameGeometry().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)

    def low_enough(self, height: int) -> int:
        """Height of a list that would be so high if there was room for it beside a heading and a field, px."""
        return min(height, max(self.theme.px(60), self._room().height() - self.theme.px(88)))

    def add_scrolled(self, widget: QWidget) -> None:
        """Add a widget that is scrolled where the window is too low for all of it."""
        scrolled = Scrolled(widget, self)
        scrolled.setMinimumWidth(widget.minimumWidth())
        widget.setMinimumWidth(0)
        scrolled.set_most(self.low_enough(10_000))
        self.column.addWidget(scrolled)

    def open_at(self, corner: QPoint) -> None:
        """Show it with its upper left corner at a point of the screen, or as near as it is seen whole there."""
        room = self._room()
        margins = self.column.contentsMargins()
        within = room.width() - margins.left() - margins.right()
        for part in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            part.setMinimumWidth(min(part.minimumWidth(), within))
        self.setMinimumWidth(min(self.minimumWidth(), room.width()))
        self.setMaximumWidth(min(self.maximumWidth(), room.width()))
        hint = self.sizeHint()
        width = max(self.minimumWidth(), min(hint.width(), self.maximumWidth()))
        self.resize(width, self.heightForWidth(width) if self.hasHeightForWidth() else hint.height())
        x = min(corner.x(), room.right() - self.width())
        y = min(corner.y(), room.bottom() - self.height())
        self.move(max(x, room.left()), max(y, room.top()))
        self.setProperty("keyboard", self._window.property("keyboard"))
        self.show()

    def open_below(self, widget: QWidget) -> None:
        """Show it below a widget."""
        self.open_at(widget.mapToGlobal(QPoint(0, widget.height() + 4)))
