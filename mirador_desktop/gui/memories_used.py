"""The memories that were sent along with a question: where each comes from, when it was said, why it was recalled."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from html import escape

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QLabel, QMenu, QSizePolicy, QVBoxLayout, QWidget

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.conversation import MemoryUsed, Turn
from mirador_desktop.gui import icons
from mirador_desktop.gui.painting import focus_ring
from mirador_desktop.gui.theme import Theme

ACTIONS = {
    "leave out": "Do not use it in this conversation",
    "pin": "Always remember it",
    "unpin": "No longer always remember it",
    "forget": "Forget it",
}


def day_words(created: float) -> str:
    """A day, short."""
    return f"{datetime.fromtimestamp(created).astimezone():%d %b %Y}".lstrip("0") if created else ""


class MemoryRow(QAbstractButton):
    """One memory. A click goes to where it was said, or shows a note; the dots open what else can be done.

    Signals:
        acted: "open", or one of `ACTIONS`.
    """

    acted = Signal(str)

    def __init__(self, theme: Theme, memory: MemoryUsed, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("memoryUsed")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: None if self.gone else self.acted.emit("open"))
        self.show_memory(memory)

    def show_memory(self, memory: MemoryUsed) -> None:
        """Show what is known of it now."""
        self.memory, self.gone = memory, not memory.kind
        if self.gone:
            self._title = "A memory that was deleted"
        elif memory.kind == "note":
            self._title = f"Note: {memory.text}"
        else:
            self._title = memory.title or memory.text or "Untitled"
        words = [self._title, day_words(memory.created), memory.why, memory.text if memory.kind == "turn" else ""]
        self.setAccessibleName(". ".join(part for part in words if part))
        self.setToolTip("<p>" + "<br>".join(escape(part) for part in words if part) + "</p>")
        self.setCursor(Qt.CursorShape.ArrowCursor if self.gone else Qt.CursorShape.PointingHandCursor)
        self.updateGeometry()
        self.update()

    def text_words(self) -> str:
        """What is shown, as one line."""
        return " ".join(part for part in (self._title, day_words(self.memory.created), self.memory.why) if part)

    def sizeHint(self) -> QSize:
        """Two lines, or one where there is no reason to tell."""
        return QSize(120, self._theme.px(42 if self.memory.why else 24))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw title, day and reasons; the dots where mouse or focus are."""
        theme, c = self._theme, self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        active = self.underMouse() or self.hasFocus()
        upper = QRect(0, theme.px(3), self.width(), theme.px(19))
        figure = "" if active else day_words(self.memory.created)
        right = upper.width()
        middle = Qt.AlignmentFlag.AlignVCenter
        if active and not self.gone:
            icons.draw(painter, "dots", self._dots().toRectF(), c.muted)
            right = self._dots().left() - upper.left() - theme.px(6)
        elif figure:
            painter.setFont(theme.fixed_font(8))
            painter.setPen(QColor(c.muted))
            painter.drawText(upper, Qt.AlignmentFlag.AlignRight | middle, figure)
            right -= painter.fontMetrics().horizontalAdvance(figure) + theme.px(8)
        font = theme.font(9.5)
        font.setUnderline(self.underMouse() and not self.gone)
        painter.setFont(font)
        painter.setPen(QColor(c.muted if self.gone else c.text))
        title = painter.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, right)
        painter.drawText(QRect(upper.left(), upper.top(), right, upper.height()), middle, title)
        if self.memory.why:
            lower = QRect(upper.left(), upper.bottom(), upper.width(), theme.px(17))
            painter.setFont(theme.font(8.5))
            painter.setPen(QColor(c.muted))
            why = painter.fontMetrics().elidedText(self.memory.why, Qt.TextElideMode.ElideRight, lower.width())
            painter.drawText(lower, middle, why)
        if self.hasFocus() and self.window().property("keyboard"):
            focus_ring(painter, theme, self.rect().adjusted(1, 1, -1, -1), theme.px(6))
        painter.end()

    def _dots(self) -> QRect:
        side = self._theme.px(16)
        return QRect(self.width() - side, self._theme.px(5), side, side)

    def hitButton(self, pos: QPoint) -> bool:
        """A click on the dots opens the menu instead."""
        if not self.gone and self._dots().adjusted(-6, -6, 6, 6).contains(pos):
            self.menu(self._dots().bottomLeft())
            return False
        return super().hitButton(pos)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with it."""
        if not self.gone:
            self.menu(event.pos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes there, Delete forgets."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() == Qt.Key.Key_Delete and not self.gone:
            self.acted.emit("forget")
        else:
            super().keyPressEvent(event)

    def menu(self, where: QPoint) -> QMenu:
        """Open the menu at a point of this row."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        place = "Go to where it was said" if self.memory.turn else "Show it in the list of memories"
        menu.addAction(place, partial(self.acted.emit, "open"))
        menu.addSeparator()
        for action, words in ACTIONS.items():
            if action != ("pin" if self.memory.pinned else "unpin"):
                menu.addAction(words, partial(self.acted.emit, action))
        menu.popup(self.mapToGlobal(where))
        return menu


class MemoriesUsed(QWidget):
    """All memories of a turn, and how many earlier turns of the conversation were sent along.

    Signals:
        acted: what the person wants ("open" or one of `ACTIONS`), and the `MemoryUsed`.
    """

    acted = Signal(str, object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[object, ...] = ()
        self.rows: list[MemoryRow] = []
        self.setObjectName("memoriesUsed")
        self._earlier = QLabel(self)
        self._earlier.setProperty("kind", "small")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(2))
        self._column.addWidget(self._earlier)
        self.show_turn(None)

    def show_turn(self, turn: Turn | None) -> None:
        """Show what was sent along with a turn."""
        recalled = turn.recalled if turn is not None else []
        earlier = turn.memories if turn is not None else 0
        shown = (earlier, *((m.id, m.kind, m.title, m.why, m.text) for m in recalled))
        if shown == self._shown:
            for row, memory in zip(self.rows, recalled, strict=True):
                row.memory = memory  # it may be another record of the same, or pinned by now
            return
        self._shown = shown
        if [row.memory.id for row in self.rows] == [memory.id for memory in recalled]:
            for row, memory in zip(self.rows, recalled, strict=True):
                row.show_memory(memory)  # it keeps the focus and an open menu
        else:
            self._make_rows(recalled)
        words = f"{count_words(earlier, 'earlier turn')} of this conversation" if earlier else ""
        self._earlier.setText(words or ("" if self.rows else "None"))
        self._earlier.setVisible(bool(self._earlier.text()))
        self.setAccessibleName(self.text())
        self.updateGeometry()

    def _make_rows(self, recalled: Sequence[MemoryUsed]) -> None:
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows = [MemoryRow(self._theme, memory, self) for memory in recalled]
        for row in self.rows:
            row.acted.connect(lambda action, row=row: self.acted.emit(action, row.memory))
            self._column.addWidget(row)

    def text(self) -> str:
        """What is shown, as words."""
        return "\n".join(part for part in (self._earlier.text(), *(row.text_words() for row in self.rows)) if part)

    def restyle(self) -> None:
        """Colours or sizes have changed."""
        for row in self.rows:
            row.updateGeometry()
            row.update()

    def wanted_width(self) -> int:
        """Width at which little is cut, px."""
        metrics = QFontMetrics(self._theme.font(9.5))
        wide = max((metrics.horizontalAdvance(row.text_words()) for row in self.rows), default=0)
        return min(max(wide, self._theme.px(280)), self._theme.px(420))
