"""What was found, as rows of the list in the sidebar: conversations, and under each its hits with their words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.search_query import FILTERS, Filter
from mirador_desktop.core.search_results import Found, FoundConversation, Hit, Ranges
from mirador_desktop.gui.conversation_model import ENTRY, Index
from mirador_desktop.gui.markdown_model import utf16
from mirador_desktop.gui.painting import focus_ring, row_background
from mirador_desktop.gui.theme import Theme

_ROOT = QModelIndex()
_KINDS = {"question": "Question", "answer": "Answer", "thought": "Thought", "file": "File"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that can be opened: a hit in a conversation, or the conversation itself."""

    found: FoundConversation
    hit: Hit | None = None


Row = str | Entry | Filter
"""A note, something found, or a filter that can be inserted."""


class ResultsModel(QAbstractListModel):
    """Rows: notes about the search, and what was found."""

    def __init__(self, parent: QAbstractItemView) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []

    def show(self, found: Found) -> None:
        """Show the answer to a search."""
        self.beginResetModel()
        self._rows = [*notes(found)]
        for conversation in found.conversations:
            self._rows.append(Entry(conversation))
            self._rows += [Entry(conversation, hit) for hit in conversation.hits]
        if not found.conversations:
            self._rows += FILTERS
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def row(self, index: Index) -> Row:
        """What a row shows."""
        return self._rows[index.row()]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text of a row, and what it opens."""
        row = self._rows[index.row()]
        if role == ENTRY:
            return None if isinstance(row, str) else row
        if role == Qt.ItemDataRole.DisplayRole:
            return row if isinstance(row, str) else _text(row)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole) and not isinstance(row, str):
            return _all_of(row)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Notes cannot be chosen."""
        if isinstance(self._rows[index.row()], str):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


def notes(found: Found) -> list[str]:
    """What has to be said about a search: what was not understood, what was looked for instead, how much there is."""
    said = list(found.query.problems)
    said += [f"Nothing for “{typed.strip()}”; showing “{shown}”" for typed, shown in found.instead]
    if found.conversations:
        shown = count_words(len(found.conversations), "conversation")
        if found.more:
            said.append(f"More than {count_words(found.turns, 'turn')}, the newest first")
        else:
            said.append(f"{count_words(found.turns, 'turn')} in {shown}" if found.turns else shown)
    if found.waiting:
        said.append(f"{count_words(found.waiting, 'older turn')} still to be indexed")
    return said


def label(hit: Hit) -> str:
    """What a hit is."""
    kind = _KINDS[hit.kind]
    if hit.kind == "file":
        return f"{kind} · {hit.file}"
    return f"{kind} · {hit.stage}" if hit.stage else kind


def day(moment: float, now: datetime | None = None) -> str:
    """A date, as short as it can be: the time today, the day this year."""
    now = now or datetime.now().astimezone()
    try:
        when = datetime.fromtimestamp(moment).astimezone()
    except (OverflowError, OSError, ValueError):
        return ""
    if when.date() == now.date():
        return when.strftime("%H:%M")
    return f"{when.day} {when:%b}" if when.year == now.year else f"{when:%Y-%m-%d}"


def _text(row: Entry | Filter) -> str:
    if isinstance(row, Filter):
        return row.example
    return row.hit.snippet if row.hit is not None else row.found.conversation.title or "Untitled"


def _all_of(row: Entry | Filter) -> str:
    """Everything a row says."""
    if isinstance(row, Filter):
        return f"{row.example}: {row.words}"
    hit, conversation = row.hit, row.found.conversation
    if hit is None:
        archived = ", archived" if conversation.archived else ""
        return f"{_text(row)}{archived}, {day(conversation.updated)}"
    model = f", {hit.model}" if hit.model else ""
    return f"{label(hit)}{model}, {day(hit.created)}: {hit.snippet}"


class ResultsDelegate(QStyledItemDelegate):
    """Paints the rows."""

    def __init__(self, theme: Theme, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._theme, self._view = theme, view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """As high as the text needs at the list's width."""
        theme, row = self._theme, self._row(index)
        width = self._view.viewport().width()
        if isinstance(row, str):
            box = QRect(0, 0, width - theme.px(8), 10_000)
            wrapped = QFontMetrics(theme.font(8.5)).boundingRect(box, Qt.TextFlag.TextWordWrap, row)
            return QSize(width, wrapped.height() + theme.px(8))
        if isinstance(row, Filter):
            return QSize(width, theme.px(40))
        if row.hit is None:
            return QSize(width, theme.px(34))
        # Not laid out here: that of all rows together would be felt while typing.
        wide = QFontMetrics(theme.font(8.75, QFont.Weight.DemiBold)).horizontalAdvance(row.hit.snippet)
        lines = 1 if wide <= width - theme.px(30) else 2
        return QSize(width, theme.px(24) + lines * self._line() + theme.px(6))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        theme, c, row = self._theme, self._theme.colours, self._row(index)
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(row, str):
            painter.setFont(theme.font(8.5))
            painter.setPen(QColor(c.muted))
            painter.drawText(box.adjusted(0, theme.px(2), -theme.px(8), 0), Qt.TextFlag.TextWordWrap, row)
            painter.restore()
            return
        card = box.adjusted(0, 1, 0, -1)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            row_background(painter, c.selected, card, theme.px(8), chosen=chosen)
        if chosen and state & QStyle.StateFlag.State_HasFocus:
            focus_ring(painter, theme, card.adjusted(1, 1, -1, -1), theme.px(8))
        if isinstance(row, Filter):
            self._paint_filter(painter, row, card.adjusted(theme.px(10), 0, -theme.px(8), 0))
        elif row.hit is None:
            self._paint_title(painter, row.found, card.adjusted(theme.px(10), 0, -theme.px(8), 0))
        else:
            self._paint_hit(painter, row.hit, card.adjusted(theme.px(22), theme.px(4), -theme.px(8), 0))
        painter.restore()

    def _row(self, index: Index) -> Row:
        model = index.model()
        assert isinstance(model, ResultsModel)
        return model.row(index)

    def _paint_title(self, painter: QPainter, found: FoundConversation, box: QRect) -> None:
        theme, c, conversation = self._theme, self._theme.colours, found.conversation
        painter.setFont(theme.font(8.5))
        painter.setPen(QColor(c.muted))
        right = f"archived · {day(conversation.updated)}" if conversation.archived else day(conversation.updated)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
        room = box.width() - painter.fontMetrics().horizontalAdvance(right) - theme.px(10)
        font = theme.font(9.5, QFont.Weight.Medium)
        title = conversation.title or "Untitled"
        shown = QFontMetrics(font).elidedText(title, Qt.TextElideMode.ElideRight, room)
        kept = len(shown) if shown == title else len(shown) - 1
        ranges = tuple((start, min(end, kept)) for start, end in found.title_ranges if start < kept)
        layout = self._layout(shown, ranges, 10_000, 1, font)
        height = layout.lineAt(0).height() if layout.lineCount() else 0
        painter.setPen(QColor(c.text))
        layout.draw(painter, QPointF(box.left(), box.center().y() - height / 2 + 1))

    def _paint_hit(self, painter: QPainter, hit: Hit, box: QRect) -> None:
        theme, c = self._theme, self._theme.colours
        painter.setFont(theme.font(8))
        painter.setPen(QColor(c.muted))
        upper = QRect(box.left(), box.top(), box.width(), theme.px(16))
        when = day(hit.created)
        painter.drawText(upper, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, when)
        room = box.width() - painter.fontMetrics().horizontalAdvance(when) - theme.px(8)
        words = label(hit) + (f" · {hit.model}" if hit.model else "")
        words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)
        painter.drawText(upper, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        layout = self._layout(hit.snippet, hit.ranges, box.width(), 2)
        painter.setPen(QColor(c.text))
        painter.setClipRect(QRectF(box.left(), box.top(), box.width(), theme.px(18) + 2 * self._line() + 2))
        layout.draw(painter, QPointF(box.left(), box.top() + theme.px(18)))

    def _paint_filter(self, painter: QPainter, row: Filter, box: QRect) -> None:
        theme, c = self._theme, self._theme.colours
        upper = QRect(box.left(), box.top() + theme.px(3), box.width(), box.height() // 2 - theme.px(3))
        painter.setFont(theme.fixed_font(8.5))
        painter.setPen(QColor(c.text))
        painter.drawText(upper, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, row.example)
        painter.setFont(theme.font(8.5))
        painter.setPen(QColor(c.muted))
        lower = upper.translated(0, upper.height())
        words = painter.fontMetrics().elidedText(row.words, Qt.TextElideMode.ElideRight, lower.width())
        painter.drawText(lower, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)

    def _line(self) -> int:
        return QFontMetrics(self._theme.font(8.75)).lineSpacing()

    def _layout(self, text: str, ranges: Ranges, width: int, lines: int, font: QFont | None = None) -> QTextLayout:
        """Text in so many lines at most, with the parts that were searched for."""
        layout = QTextLayout(text, font or self._theme.font(8.75))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        formats = []
        for start, end in ranges:
            each = QTextLayout.FormatRange()
            each.start, each.length = utf16(text[:start]), utf16(text[start:end])
            marked = QTextCharFormat()
            tint = QColor(self._theme.colours.focus)
            tint.setAlphaF(0.28)
            marked.setBackground(tint)
            marked.setFontWeight(QFont.Weight.DemiBold)
            each.format = marked
            formats.append(each)
        layout.setFormats(formats)
        layout.beginLayout()
        y = 0.0
        for _ in range(lines):
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(max(width, 20))
            line.setPosition(QPointF(0, y))
            y += self._line()
        layout.endLayout()
        return layout


class SearchResults:
    """Model and delegate for a list."""

    def __init__(self, theme: Theme, view: QAbstractItemView) -> None:
        self.model, self.delegate = ResultsModel(view), ResultsDelegate(theme, view)
