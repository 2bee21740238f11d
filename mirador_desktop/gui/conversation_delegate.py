"""Paints the rows of the sidebar's list: headings, folders, conversations with their tags."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.gui import icons
from mirador_desktop.gui.conversation_model import ConversationModel, Index
from mirador_desktop.gui.folder_rows import Drawer, Heading, Note, Row
from mirador_desktop.gui.painting import focus_ring, row_background
from mirador_desktop.gui.theme import Theme

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute
_BEGAN = "began"
"""The property of an editor that keeps the name it began with."""
_STEP = 14
"""How far a row is set in per step of depth, px."""


class ConversationDelegate(QStyledItemDelegate):
    """Paints rows of a `ConversationModel`.

    Attributes:
        open: the conversation that is shown beside the list.
        open_in: the folders (or the archive) it lies in: one that is closed is marked in its place.
        several: whether more than what is open is selected, so that the selection has to be told from it.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.open = ""
        self.open_in: set[str] = set()
        self.several = False

    def heights(self, rows: Sequence[Row]) -> list[int]:
        """The heights of all rows, px."""
        px = self._theme.px
        conversation, drawer, heading, note = px(48), px(32), px(36), px(26)
        high = {Conversation: conversation, Drawer: drawer, Heading: heading, Note: note}
        found = [high[type(row)] for row in rows]
        if rows and isinstance(rows[0], Heading):
            found[0] = px(24)
        return found

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The height of one row; the width is the list's."""
        rows = self._model(index).rows
        return QSize(100, self.heights(rows[: index.row() + 1])[-1])

    @staticmethod
    def _model(index: Index) -> ConversationModel:
        model = index.model()
        assert isinstance(model, ConversationModel)
        return model

    def card(self, box: QRect, depth: int) -> QRect:
        """Where a row's background is."""
        return box.adjusted(self._theme.px(_STEP * depth), 2, 0, -2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        from PySide6.QtWidgets import QStyle

        model = self._model(index)
        row, depth = model.rows[index.row()], model.depth(index.row())
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)  # names decide how they are read
        if isinstance(row, Heading | Note):
            self._paint_words(painter, row, box, depth)
        else:
            card = self.card(box, depth)
            closed = isinstance(row, Drawer) and not row.is_open
            shown = row.id == self.open or (closed and row.id in self.open_in)
            over = bool(state & QStyle.StateFlag.State_MouseOver)
            self._paint_card(painter, card, shown, bool(state & QStyle.StateFlag.State_Selected), over)
            if state & QStyle.StateFlag.State_HasFocus:
                focus_ring(painter, self._theme, card.adjusted(1, 1, -1, -1), self._theme.px(8))
            if isinstance(row, Drawer):
                self._paint_drawer(painter, row, card)
            else:
                bright = shown or over or bool(state & QStyle.StateFlag.State_Selected)
                self._paint_conversation(painter, model, index.row(), row, card, bright)
        painter.restore()

    def _paint_words(self, painter: QPainter, row: Heading | Note, box: QRect, depth: int) -> None:
        theme = self._theme
        painter.setPen(QColor(theme.colours.muted))
        if isinstance(row, Note):
            painter.setFont(theme.font(8.5))
            painter.drawText(box.adjusted(theme.px(_STEP * depth + 10), 0, 0, 0), _LEFT, row.text)
            return
        painter.setFont(theme.font(7.25, QFont.Weight.DemiBold))
        line = box.adjusted(0, 0, 0, -theme.px(6))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, row.text.upper())

    def _paint_card(self, painter: QPainter, card: QRect, shown: bool, selected: bool, over: bool) -> None:
        theme, c = self._theme, self._theme.colours
        marked = shown or (selected and not self.several)
        if marked or over or selected:
            row_background(painter, c.selected, card, theme.px(8), chosen=marked)
        if selected and self.several:
            painter.setPen(QColor(c.muted))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5), theme.px(8), theme.px(8))

    def _paint_drawer(self, painter: QPainter, row: Drawer, card: QRect) -> None:
        theme, c = self._theme, self._theme.colours
        side, middle = theme.px(13), card.center().y() + 1
        left = card.left() + theme.px(8)
        arrow = "chevron-down" if row.is_open else "chevron-right"
        icons.draw(painter, arrow, QRectF(left, middle - side / 2, side, side), c.muted)
        left += side + theme.px(4)
        sign = "folder" if row.folder is not None else "archive"
        icons.draw(painter, sign, QRectF(left, middle - side / 2, side, side), c.muted)
        left += side + theme.px(7)
        painter.setFont(theme.font(8.5))
        painter.setPen(QColor(c.muted))
        count, right = str(row.count), card.right() - theme.px(8)
        wide = painter.fontMetrics().horizontalAdvance(count)
        painter.drawText(QRect(right - wide, card.top(), wide, card.height()), _LEFT, count)
        painter.setFont(theme.font(9.5, QFont.Weight.Medium))
        painter.setPen(QColor(c.text))
        room = right - wide - theme.px(8) - left
        name = painter.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(left, card.top(), room, card.height()), _LEFT, name)

    def _paint_conversation(
        self, painter: QPainter, model: ConversationModel, place: int, row: Conversation, card: QRect, bright: bool
    ) -> None:
        theme, c = self._theme, self._theme.colours
        inner = self._inner(card)
        upper = QRect(inner.x(), inner.y(), inner.width(), inner.height() // 2)
        painter.setFont(theme.font(9.5, QFont.Weight.Medium))
        painter.setPen(QColor(c.text))
        title = painter.fontMetrics().elidedText(row.title or "Untitled", Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(upper, _LEFT, title)
        words = self._words(model, place, row, inner.width())
        painter.setFont(theme.font(8.5))
        painter.setPen(QColor(c.muted))
        painter.drawText(upper.translated(0, upper.height()), _LEFT, words)
        for text, chip, _ in self._chips(row, inner, words):
            painter.setFont(self._chip_font())
            painter.setPen(QColor(c.faint if bright else c.line))  # a line would not be seen on a marked row
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(chip).adjusted(0.5, 0.5, -0.5, -0.5), theme.px(4), theme.px(4))
            painter.setPen(QColor(c.muted))
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)

    def _inner(self, card: QRect) -> QRect:
        px = self._theme.px
        return card.adjusted(px(10), px(4), -px(8), -px(4))

    def _words(self, model: ConversationModel, place: int, row: Conversation, width: int) -> str:
        """The second line, shortened so that a tag has room."""
        metrics = QFontMetrics(self._theme.font(8.5))
        room = width - (self._theme.px(64) if row.tags else 0)
        return metrics.elidedText(model.second_line(place), Qt.TextElideMode.ElideRight, room)

    def _chip_font(self) -> QFont:
        return self._theme.font(7.75)

    def _chips(self, row: Conversation, inner: QRect, words: str) -> list[tuple[str, QRect, str]]:
        """The tags there is room for behind the words of the second line: text, place, tag ("" for "+2")."""
        if not row.tags:
            return []
        px, metrics = self._theme.px, QFontMetrics(self._chip_font())
        left = inner.left() + QFontMetrics(self._theme.font(8.5)).horizontalAdvance(words) + px(8)
        height, line = px(16), inner.height() - inner.height() // 2
        top = inner.top() + inner.height() // 2 + (line - height) // 2
        chips: list[tuple[str, QRect, str]] = []
        for place, tag in enumerate(row.tags):
            later = len(row.tags) - place - 1
            more = metrics.horizontalAdvance(f"+{later}") + px(14) if later else 0
            room = inner.right() - left - more
            text = metrics.elidedText(tag, Qt.TextElideMode.ElideRight, room - px(10))
            if (text != tag and chips) or room < px(28):
                text, tag = f"+{later + 1}", ""
            wide = metrics.horizontalAdvance(text) + px(10)
            chips.append((text, QRect(left, top, wide, height), tag))
            left += wide + px(4)
            if not tag:
                break
        return chips

    def tag_at(self, model: ConversationModel, place: int, box: QRect, x: int, y: int) -> str:
        """The tag at a point of a row, "" if there is none."""
        row = model.row(place)
        if not isinstance(row, Conversation) or not row.tags:
            return ""
        inner = self._inner(self.card(box, model.depth(place)))
        chips = self._chips(row, inner, self._words(model, place, row, inner.width()))
        return next((tag for _, chip, tag in chips if chip.contains(x, y)), "")

    # ── editing ────────────────────────────────────────────────────────────────────────────────────────

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Make the field, with a name for screen readers."""
        editor = super().createEditor(parent, option, index)
        is_drawer = isinstance(self._model(index).rows[index.row()], Drawer)
        editor.setAccessibleName("Name of the folder" if is_drawer else "Title of the conversation")
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Put the field over the row."""
        box: QRect = option.rect
        inset = self._theme.px(_STEP * self._model(index).depth(index.row()))
        high = max(box.height() - 8, editor.sizeHint().height())
        editor.setGeometry(box.left() + inset + 2, box.center().y() - high // 2, box.width() - inset - 4, high)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Begin with the name there is. It may change meanwhile, what is typed may not."""
        assert isinstance(editor, QLineEdit)
        if editor.property(_BEGAN) is None:
            editor.setText(index.data(Qt.ItemDataRole.EditRole))
            editor.setProperty(_BEGAN, editor.text())

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Take what was typed; a name that was left as it was does not become the person's own."""
        assert isinstance(editor, QLineEdit)
        if editor.text() != editor.property(_BEGAN):
            model.setData(index, editor.text())
