"""The branches of a conversation as a tree of questions, to see what was asked in other ways, and to go there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mirador_desktop.core.amounts import count_words
from mirador_desktop.gui.conversation_model import Index
from mirador_desktop.gui.painting import focus_ring, row_background
from mirador_desktop.gui.popover import Popover
from mirador_desktop.gui.theme import Theme

Turns = Sequence[tuple[str, str, float, str]]
"""All turns of a conversation, oldest first: identifier, parent, Unix time, beginning of the question."""
_ROOT = QModelIndex()
_WIDE, _ROW, _MOST_SHOWN = 420, 30, 14
_STEP = 16
_DEEPEST = 12
"""What is deeper is drawn no further to the right."""


@dataclass(frozen=True, slots=True)
class Node:
    """A question in the tree.

    Attributes:
        depth: how many times it was branched before it; a question that is the only one to follow stays below
            the one before it.
        shown: whether it is on the branch that is shown.
        begins: whether it begins a branch: others follow the same turn.
        goes_on: the depths at which another branch begins further below.
    """

    turn: str
    question: str
    depth: int
    shown: bool
    begins: bool
    goes_on: frozenset[int] = frozenset()


def nodes_of(turns: Turns, leaf: str) -> list[Node]:
    """Put turns into the order of a tree.

    Turns whose parent is missing begin anew, and so does the oldest one of a circle: broken data is shown too.

    Args:
        leaf: the last turn of the branch that is shown.
    """
    parents = {key: parent for key, parent, _, _ in turns}
    children: dict[str, list[str]] = {}
    for key, parent, _, _ in turns:
        children.setdefault(parent if parent in parents else "", []).append(key)
    shown, key = set[str](), leaf
    while key in parents and key not in shown:
        shown.add(key)
        key = parents[key]
    questions = {key: _line(question) for key, _, _, question in turns}
    nodes: list[Node] = []
    seen: set[str] = set()

    def walk(roots: list[str]) -> None:
        several = len(roots) > 1
        waiting = [(key, int(several), several) for key in reversed(roots)]
        while waiting:
            key, depth, begins = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            nodes.append(Node(key, questions[key], depth, key in shown, begins))
            below = children.get(key, [])
            splits = len(below) > 1
            waiting += [(child, depth + splits, splits) for child in reversed(below)]

    walk(children.get("", []))
    for key, *_ in turns:
        if key not in seen:
            walk([key])
    return _with_lines(nodes)


def _with_lines(nodes: list[Node]) -> list[Node]:
    """Tell each question which branches go on below it, from the last one upwards."""
    below = frozenset[int]()
    for place in range(len(nodes) - 1, -1, -1):
        node = nodes[place]
        nodes[place] = replace(node, goes_on=below)
        below = frozenset(depth for depth in below if depth <= min(node.depth, _DEEPEST))
        below |= {node.depth} if node.begins and node.depth <= _DEEPEST else set()
    return nodes


def _line(question: str) -> str:
    line = next((line for line in question.splitlines() if line.strip()), "")
    return " ".join(line.split()) or "(no text)"


class _Model(QAbstractListModel):
    def __init__(self, nodes: Sequence[Node], parent: QWidget) -> None:
        super().__init__(parent)
        self.nodes = nodes

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.nodes)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self.nodes[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return node.question
        if role == Qt.ItemDataRole.AccessibleTextRole:
            shown = ", on the branch that is shown" if node.shown else ""
            return f"{node.question}, level {node.depth + 1}{shown}"
        return None


class _Delegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, self._theme.px(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, _Model)
        node, theme, c = model.nodes[index.row()], self._theme, self._theme.colours
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            row_background(painter, c.line, box.adjusted(0, 1, 0, -1), theme.px(6), chosen=chosen)
        if chosen and state & QStyle.StateFlag.State_HasFocus:
            focus_ring(painter, theme, box.adjusted(1, 2, -1, -2), theme.px(6))
        x = box.left() + theme.px(12 + _STEP * min(node.depth, _DEEPEST))
        self._paint_lines(painter, model.nodes, index.row(), box)
        centre, radius = QPointF(x, box.center().y() + 0.5), theme.px(4)
        painter.setPen(QPen(QColor(c.text if node.shown else c.muted), 1.5))
        painter.setBrush(QColor(c.text) if node.shown else QColor(c.line if chosen else c.surface))
        painter.drawEllipse(centre, radius, radius)
        painter.setFont(theme.font(9.5, QFont.Weight.DemiBold if node.shown else QFont.Weight.Normal))
        painter.setPen(QColor(c.text if node.shown or chosen else c.muted))
        words = box.adjusted(x - box.left() + theme.px(12), 0, -theme.px(8), 0)
        text = painter.fontMetrics().elidedText(node.question, Qt.TextElideMode.ElideRight, words.width())
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)  # questions decide how they are read
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute
        painter.drawText(words, left, text)
        painter.restore()

    def _paint_lines(self, painter: QPainter, nodes: Sequence[Node], row: int, box: QRect) -> None:
        """Draw what connects a question with the one before it and the one after it."""
        theme, node = self._theme, nodes[row]
        step, left = theme.px(_STEP), box.left() + theme.px(12)
        middle = box.center().y()
        x = left + step * min(node.depth, _DEEPEST)
        painter.setPen(QPen(QColor(theme.colours.faint), 1))
        before = nodes[row - 1] if row else None
        after = nodes[row + 1] if row + 1 < len(nodes) else None
        if node.begins and node.depth <= _DEEPEST:
            painter.drawLine(x - step, middle, x, middle)
            painter.drawLine(x - step, box.top(), x - step, middle)
        elif before is not None and before.depth == node.depth and not node.begins:
            painter.drawLine(x, box.top(), x, middle)
        if after is not None and not after.begins and after.depth == node.depth:
            painter.drawLine(x, middle, x, box.bottom() + 1)
        for depth in range(min(node.depth + 1, _DEEPEST)):  # lines of branches that go on further below
            if depth + 1 in node.goes_on:
                line = left + step * depth
                painter.drawLine(line, middle if depth == node.depth else box.top(), line, box.bottom() + 1)


class BranchTree(Popover):
    """The tree, with the branch that is shown marked.

    Signals:
        chosen: the identifier of a turn to go to.
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme, nodes: Sequence[Node], branches: int, parent: QWidget) -> None:
        super().__init__(theme, "branchTree", count_words(branches, "branch", "branches"), parent)
        self.list = QListView(self)
        self.list.setObjectName("branchList")
        self.list.setAccessibleName("Questions of this conversation")
        self.list.setAccessibleDescription("Enter goes to a question")
        self.list.setProperty("kind", "choices")
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setItemDelegate(_Delegate(theme, self.list))
        self.list.setModel(_Model(nodes, self))
        self.list.setFixedHeight(self.low_enough(theme.px(_ROW) * min(max(len(nodes), 1), _MOST_SHOWN) + 2))
        self.list.activated.connect(self._take)
        self.list.clicked.connect(self._take)
        self.column.addWidget(self.list)
        self.setFixedWidth(theme.px(_WIDE))
        last = max((place for place, node in enumerate(nodes) if node.shown), default=-1)
        if last >= 0:
            self.list.setCurrentIndex(self.list.model().index(last, 0))
        self.list.setFocus()

    def _take(self, index: QModelIndex) -> None:
        model = self.list.model()
        assert isinstance(model, _Model)
        if self.isVisible():  # a click may activate too
            self.close()
            self.chosen.emit(model.nodes[index.row()].turn)
