"""A layout that puts widgets side by side and goes on in the next line where there is no room."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


class Flow(QLayout):
    """Left to right, line after line; widgets of a line are centred on it.

    Args:
        gap: between two widgets and two lines, px.
    """

    def __init__(self, parent: QWidget, gap: int) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Put it behind the others."""
        self._items.append(item)
        self.invalidate()

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, place: int) -> QLayoutItem:
        """The one at a place."""
        return self._items[place] if 0 <= place < len(self._items) else None  # type: ignore[return-value]  # Qt's way

    def takeAt(self, place: int) -> QLayoutItem:
        """Take one out."""
        self.invalidate()
        return self._items.pop(place) if 0 <= place < len(self._items) else None  # type: ignore[return-value]

    def hasHeightForWidth(self) -> bool:
        """Lines depend on the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of all lines, px."""
        return self._place(QRect(0, 0, width, 0), False)

    def setGeometry(self, rect: QRect) -> None:
        """Give each its place."""
        super().setGeometry(rect)
        self._place(rect, True)

    def sizeHint(self) -> QSize:
        """All in one line."""
        hints = [item.sizeHint() for item in self._items if not item.isEmpty()]
        wide = sum(h.width() for h in hints) + self._gap * max(0, len(hints) - 1)
        return QSize(wide, max((h.height() for h in hints), default=0))

    def minimumSize(self) -> QSize:
        """Little: where there is no room for one, it is made narrower."""
        return QSize(40, max((i.minimumSize().height() for i in self._items if not i.isEmpty()), default=0))

    def _place(self, rect: QRect, really: bool) -> int:
        y, line, used, high = rect.y(), list[tuple[QLayoutItem, int, QSize]](), 0, 0
        for item in [*self._items, None]:
            hint = QSize() if item is None else item.sizeHint()
            if item is not None and item.isEmpty():
                continue
            ends = item is None or (line and used + self._gap + hint.width() > rect.width())
            if ends and line:
                if really:
                    for each, x, size in line:
                        top = y + (high - size.height()) // 2
                        each.setGeometry(QRect(rect.x() + x, top, size.width(), size.height()))
                y += high + self._gap
                line, used, high = [], 0, 0
            if item is not None:
                hint.setWidth(min(hint.width(), max(rect.width(), 1)))
                x = used + (self._gap if line else 0)
                line.append((item, x, hint))
                used, high = x + hint.width(), max(high, hint.height())
        return max(0, y - rect.y() - self._gap)


def clear(layout: QLayout) -> None:
    """Take all widgets out of a layout and delete them."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def as_wide_as_there_is(widget: QWidget) -> None:
    """Let a widget with a `Flow` take the whole width, and the height its lines need."""
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    widget.setSizePolicy(policy)
    widget.setAttribute(Qt.WidgetAttribute.WA_LayoutUsesWidgetRect)
