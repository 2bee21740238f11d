"""A small window beside what it belongs to; it goes with a click elsewhere or Escape."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from mirador_desktop.gui.theme import Theme


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

    def open_at(self, corner: QPoint) -> None:
        """Show it with its upper left corner at a point of the screen, or as near as it is seen whole there."""
        self.adjustSize()
        area = self._window.frameGeometry()
        x = min(corner.x(), area.right() - self.width() - 8)
        y = min(corner.y(), area.bottom() - self.height() - 8)
        self.move(max(x, area.left() + 8), max(y, area.top() + 8))
        self.show()

    def open_below(self, widget: QWidget) -> None:
        """Show it below a widget."""
        self.open_at(widget.mapToGlobal(QPoint(0, widget.height() + 4)))
