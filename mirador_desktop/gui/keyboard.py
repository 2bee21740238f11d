"""The keyboard outside of dialogs: the order in which Tab goes, Enter on a button, when the focus has a ring."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QDialog, QLayout, QScrollArea, QWidget

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def order_tabs(parts: Iterable[QWidget]) -> None:
    """Have Tab go through these parts, and in each as its layout has it: Qt's order is that of their making."""
    for before, after in pairwise([stop for part in parts for stop in _stops(part)]):
        QWidget.setTabOrder(before, after)


def _stops(part: QWidget) -> Iterator[QWidget]:
    """Where Tab stops in a part."""
    if part.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield part
    inner = part.widget() if isinstance(part, QScrollArea) else part
    layout = inner.layout() if inner is not None else None
    if layout is not None:
        yield from _stops_in(layout)


def _stops_in(layout: QLayout) -> Iterator[QWidget]:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        inner = item.layout() if item is not None else None
        widget = item.widget() if item is not None else None
        if inner is not None:
            yield from _stops_in(inner)
        elif widget is not None:
            yield from _stops(widget)


class Keyboard(QObject):
    """Watches all events of the program.

    The property `keyboard` of a window tells whether its keyboard was used last: then the focus is shown by a ring.
    Enter presses the button that has the focus, as Space does; in a dialog that is up to its default button.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at keys and clicks."""
        kind = event.type()
        if kind != QEvent.Type.KeyPress and kind != QEvent.Type.MouseButtonPress:
            return False
        by_key = kind == QEvent.Type.KeyPress
        self._window.setProperty("keyboard", by_key)
        if not isinstance(watched, QWidget):
            return False
        window = watched.window()
        if window is not self._window:
            window.setProperty("keyboard", by_key)
        if (
            not isinstance(event, QKeyEvent)
            or event.key() not in _ENTER
            or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            or not isinstance(watched, QAbstractButton)
            or isinstance(window, QDialog)
        ):
            return False
        if not event.isAutoRepeat():
            watched.click()
        return True
