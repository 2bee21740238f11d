"""What the mouse brings up over an answer: the copy button of code, and how sure the model was of a word."""

from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QTextBlock
from PySide6.QtWidgets import QTextBrowser

from .markdown_builder import Builder
from .markdown_copy import CopyCode
from .markdown_decor import code_rect
from .markdown_heat import SurePopup, span_rects
from .markdown_marks import TokenMarks, Word
from .markdown_style import GROUP


class Hover:
    """Follows the mouse over a view.

    Attributes:
        marks: The tokens of the text shown.
    """

    def __init__(self, view: QTextBrowser, builder: Builder, marks: TokenMarks) -> None:
        self.marks = marks
        self._view = view
        self._builder = builder
        self._popup: SurePopup | None = None
        self._button = CopyCode(view.viewport())
        self._button.moved.connect(self._next_code)

    def move(self, point: QPoint, heat: bool) -> None:
        """The mouse is at a point of the viewport."""
        block = self._view.cursorForPosition(point).block()
        area = self._code_rect(block)
        over = area is not None and area.contains(point)
        if over != self._button.hovered:
            self._button.hovered = over
            self._button.update()
        if over:
            self._place(block)
        if heat:
            self._tell(block, point)

    def leave(self) -> None:
        """The mouse has left: hide what it brought up."""
        self._button.hovered = False
        self._button.update()
        self.hide_popup()

    def hide_popup(self) -> None:
        """Hide how sure the model was."""
        if self._popup is not None:
            self._popup.hide()

    def keep_place(self) -> None:
        """The text was laid out again: move the button along."""
        if self._button.block is not None and self._is_code(self._button.block):
            self._place(self._button.block)

    def settle(self, finished: bool) -> None:
        """The text has changed: have the button at some code, so that the keyboard reaches it."""
        writer, block = self._builder.writer, self._button.block
        if not writer.has_code or (block is not None and not finished):
            return
        if block is None or not self._is_code(block):
            places = writer.code_positions()
            block = self._view.document().findBlock(places[0]) if places else None
        if block is None:
            self._button.block = None
            self._button.hide()
        else:
            self._place(block)

    @staticmethod
    def _is_code(block: QTextBlock) -> bool:
        return block.isValid() and block.blockFormat().property(GROUP) is not None

    def _code_rect(self, block: QTextBlock) -> QRectF | None:
        writer = self._builder.writer
        return code_rect(block, writer.notes, writer.formats, self._view.viewport().width())

    def _place(self, block: QTextBlock) -> None:
        area = self._code_rect(block)
        if area is None:
            self._button.hide()
        else:
            self._button.place(block, area, self._builder.writer.formats)

    def _next_code(self, step: int) -> None:
        places = self._builder.writer.code_positions()
        if not places or self._button.block is None:
            return
        now = sum(place <= self._button.block.position() for place in places) - 1
        self._place(self._view.document().findBlock(places[max(0, min(now + step, len(places) - 1))]))

    def _tell(self, block: QTextBlock, point: QPoint) -> None:
        word = self._word_at(block, point)
        if word is None:
            self.hide_popup()
            return
        start, end, _, alternatives = self.marks.token(word.token)
        if self._popup is None:
            self._popup = SurePopup(self._view)
        rect = self._view.document().documentLayout().blockBoundingRect(block)
        below = span_rects(block, rect, word.start, word.end)[0].bottomLeft().toPoint()
        place = self._view.viewport().mapToGlobal(below + QPoint(0, 4))
        self._popup.tell(word, self._builder.source[start:end], alternatives, self._builder.writer.formats, place)

    def _word_at(self, block: QTextBlock, point: QPoint) -> Word | None:
        note = self._builder.writer.notes.get(block.userState())
        if note is None:
            return None
        rect = self._view.document().documentLayout().blockBoundingRect(block)
        for word in self.marks.words(block, note.source, self._builder.source):
            if any(area.contains(point) for area in span_rects(block, rect, word.start, word.end)):
                return word
        return None
