"""The line under a question: what was found out about it, what was sent along, its branches, the first token."""

from html import escape

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from mirador_desktop.core.amounts import age_words, count_words, seconds_words
from mirador_desktop.core.conversation import ContextUsed, Turn
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.parts import IconButton


class TurnMeta(QWidget):
    """One line.

    Signals:
        show_memories: the person wants to see what was recalled.
        branch: show the branch that many places further (1) or back (-1).
    """

    show_memories = Signal()
    branch = Signal(int)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        theme = look.theme
        self._words = self._label("turnMeta")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._whole = ""
        self._memories = QPushButton(self)
        self._memories.setObjectName("showMemories")
        self._memories.setProperty("kind", "flat")
        self._memories.setProperty("quiet", "meta")
        self._memories.setToolTip("Show what was recalled, where it comes from, and why")
        self._memories.clicked.connect(self.show_memories)
        self._memories.hide()
        self._first = self._label("firstToken")
        self._back = IconButton(theme, "chevron-left", "Earlier branch", self, side=22)
        self._back.clicked.connect(lambda: self.branch.emit(-1))
        self._branches = self._label("branches")
        self._next = IconButton(theme, "chevron-right", "Later branch", self, side=22)
        self._next.clicked.connect(lambda: self.branch.emit(1))

    def _label(self, name: str) -> QLabel:
        label = QLabel(self)
        label.setProperty("kind", "meta")
        label.setObjectName(name)
        return label

    @property
    def has_first_token(self) -> bool:
        """Whether the time to the first token is shown."""
        return bool(self._first.text())

    def memories_corner(self) -> QPoint:
        """Where the memories are named: the lower left corner of that."""
        return self._memories.geometry().bottomLeft()

    def refresh(self, turn: Turn) -> None:
        """Bring the line in line with the record."""
        parts = [turn.intent, turn.complexity]
        if turn.memories:
            parts.append(count_words(turn.memories, "earlier turn"))
        parts += [_words_of(used) for used in turn.context]
        recalled = [memory for memory in turn.recalled if memory.kind]
        self._memories.setText(f"{count_words(len(recalled), 'memory', 'memories')} used" if recalled else "")
        self._memories.setAccessibleName(f"{self._memories.text()}. Show what was recalled")
        self._memories.setVisible(bool(recalled))
        self._whole = " · ".join(p for p in parts if p)
        self._words.setToolTip("<br>".join(escape(_more_of(used)) for used in turn.context))
        tinted = "unsure words tinted · " if self._look.heat else ""
        first = turn.first_token
        self._first.setText(f"{tinted}{seconds_words(first)} to first token" if first is not None else "")
        several = turn.siblings > 1
        self._branches.setText(f"{turn.position}/{turn.siblings}" if several else "")
        for widget in (self._back, self._branches, self._next):
            widget.setVisible(several)
        self._back.setEnabled(turn.position > 1)
        self._next.setEnabled(turn.position < turn.siblings)
        if self.width():
            self.set_width(self.width())

    def set_width(self, width: int) -> int:
        """Lay it out at this width; returns the height, px."""
        theme = self._look.theme
        row = theme.px(26)
        self.resize(width, row)
        hint = self._first.sizeHint().width()
        right = width
        self._first.setGeometry(right - hint, 0, hint, row)
        right -= hint + (theme.px(12) if hint else 0)
        if self._branches.text():
            side, label = theme.px(22), self._branches.sizeHint().width()
            self._next.setGeometry(right - side, (row - side) // 2, side, side)
            self._branches.setGeometry(right - side - label - theme.px(2), 0, label, row)
            self._back.setGeometry(right - 2 * side - label - theme.px(4), (row - side) // 2, side, side)
            right -= 2 * side + label + theme.px(12)
        button = self._memories.sizeHint() if self._memories.text() else None
        room = max(right - (button.width() + theme.px(4) if button is not None else 0), 40)
        whole = f"{self._whole} ·" if button is not None and self._whole else self._whole
        words = self._words.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideRight, room)
        self._words.setText(words)
        self._words.setAccessibleName(self._whole)
        self._words.setGeometry(0, 0, room, row)
        if button is not None:
            left = min(room, self._words.sizeHint().width()) - theme.px(2)
            self._memories.setGeometry(left, (row - button.height()) // 2, button.width(), button.height())
            self._memories.raise_()
        return row


def _words_of(used: ContextUsed) -> str:
    """What a source of the context gave, in a few words."""
    if used.error:
        return f"{used.name} left out"
    return used.name if used.age is None else f"{used.name}, {age_words(used.age)} old"


def _more_of(used: ContextUsed) -> str:
    if used.error:
        return f"{used.error}."
    return f"{_words_of(used)}: about {count_words(used.tokens, 'token')} were sent."
