"""Shows a model's answer as Markdown while it streams: one view per answer.

It has no scroll bars: it stands in a list that scrolls, and says how high it wants to be. Nothing is ever
loaded from anywhere, HTML stays text, and an address is opened only after a click.
"""

from collections.abc import Iterable, Mapping
from math import ceil

from PySide6.QtCore import QEvent, QMimeData, QPoint, QRectF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextCursor,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QToolTip, QWidget

from .frames import FrameClock
from .markdown_builder import Builder
from .markdown_copy import plain_text
from .markdown_decor import paint_decor, shown_blocks
from .markdown_find import Finder, Highlight
from .markdown_heat import paint_heat
from .markdown_hover import Hover
from .markdown_marks import TokenMarks
from .markdown_style import Formats, MarkdownStyle
from .markdown_warm import warm_up
from .markdown_writer import Writer

__all__ = ["MarkdownStyle", "MarkdownView", "warm_up"]

_OPENED = frozenset(("http", "https", "mailto"))


class MarkdownView(QTextBrowser):
    """An answer, growing or complete.

    Signals:
        height_changed: The height wanted for the current width, in pixels, when it has changed.
        link_hovered: The address under the mouse, "" when it has left.
        link_activated: A click on an http, https or mailto address; `open_link` is connected to it and may be
            disconnected.
        settled: All that was asked for has been shown.
    """

    height_changed = Signal(int)
    link_hovered = Signal(str)
    link_activated = Signal(str)
    settled = Signal()

    def __init__(self, style: MarkdownStyle, clock: FrameClock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._formats = Formats(style)
        self._raw: list[str] = []
        self._marks = TokenMarks()
        self._heat = self._caret = self._finished = False
        self._height = 0
        self._caret_rect = QRectF()
        self.setOpenLinks(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setLineWrapMode(QTextBrowser.LineWrapMode.WidgetWidth)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        for bar in (self.verticalScrollBar(), self.horizontalScrollBar()):
            # following the cursor would scroll the text within its own panel
            bar.rangeChanged.connect(lambda *_, bar=bar: bar.setRange(0, 0))
        self.viewport().setAutoFillBackground(False)
        self.viewport().setMouseTracking(True)
        document = self.document()
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        self._builder = Builder(Writer(document, self._formats))
        self._finder = Finder(document)
        self._hover = Hover(self, self._builder, self._marks)
        self._apply_palette()
        self.highlighted.connect(lambda url: self.link_hovered.emit(url.toString()))
        self.anchorClicked.connect(self._activate)
        self.link_activated.connect(self.open_link)
        key = id(self)
        self.destroyed.connect(lambda: clock.forget(key))

    # --- content ---

    def append(
        self, text: str, confidence: float | None = None, alternatives: tuple[tuple[str, float], ...] = ()
    ) -> None:
        """Take a streamed token; it is painted with the next frame."""
        self._raw.append(text)
        self._marks.append(self._builder.append(text), confidence, alternatives)
        self._request()

    def finish(self) -> None:
        """The stream has ended: give everything its final look and take the caret away."""
        self._finished = True
        self.set_caret(False)
        self._builder.finish()
        self._request()

    def set_text(
        self,
        text: str,
        marks: Iterable[tuple[int, float | None]] = (),
        alternatives: Mapping[int, tuple[tuple[str, float], ...]] = {},
    ) -> None:
        """Show a complete text, with the length and probability of each of its tokens."""
        self._builder.clear()
        self._raw = [text]
        self._marks.load((), {})
        if "\r" in text:  # line ends become shorter, token by token
            at = 0
            for number, (length, confidence) in enumerate(marks):
                taken = self._builder.append(text[at : at + length])
                self._marks.append(taken, confidence, alternatives.get(number, ()))
                at += length
            self._builder.append(text[at:])
        else:
            self._builder.append(text)
            self._marks.load(marks, alternatives)
        self._builder.hand_over()
        self.finish()

    def plain_markdown(self) -> str:
        """The source as it was given."""
        if len(self._raw) > 1:
            self._raw = ["".join(self._raw)]
        return self._raw[0] if self._raw else ""

    def is_settled(self) -> bool:
        """Whether all that was asked for has been shown."""
        return not self._builder.busy

    # --- looks ---

    def set_style(self, style: MarkdownStyle) -> None:
        """Change colours and sizes, part by part."""
        if style == self._formats.style:
            return
        self._formats = Formats(style)
        self._builder.writer.formats = self._formats
        self._apply_palette()
        self._builder.restyle()
        self._request()
        self.viewport().update()

    def set_heat(self, on: bool) -> None:
        """Show or hide which words the model was unsure of."""
        self._heat = on
        if not on:
            self._hover.hide_popup()
        self.viewport().update()

    def set_highlight(self, highlight: Highlight | None) -> None:
        """Highlight what was searched for, or nothing."""
        if self._finder.show(highlight):
            self.viewport().update()

    def go_to(self, number: int) -> QRectF | None:
        """Show one of the highlighted places as the one that was gone to; where it is, None if nowhere."""
        self.viewport().update()
        return self._finder.go(number)

    def set_caret(self, on: bool) -> None:
        """Show or hide the block that stands at the end while text streams."""
        self._caret = on
        self._update_caret()

    def wanted_height(self) -> int:
        """The height of the text at the current width."""
        document = self.document()
        if self.isHidden() and document.textWidth() != self.width():
            document.setTextWidth(self.width())  # Qt would only do this when the view is shown
        return ceil(document.size().height())

    def _apply_palette(self) -> None:
        style = self._formats.style
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Text, QColor(style.text))
        palette.setColor(QPalette.ColorRole.Base, QColor(0, 0, 0, 0))
        highlight = QColor(style.accent)
        highlight.setAlphaF(0.3)
        palette.setColor(QPalette.ColorRole.Highlight, highlight)
        palette.setColor(QPalette.ColorRole.HighlightedText, QColor(style.text))
        self.setPalette(palette)
        self.document().setDefaultFont(self._formats.font)
        option = self.document().defaultTextOption()
        option.setTabStopDistance(4 * self._formats.font_pixels * 0.6)
        self.document().setDefaultTextOption(option)

    # --- frames ---

    def _request(self) -> None:
        self._clock.request(id(self), self._work)

    def _work(self, deadline: float) -> bool:
        before = self.textCursor()
        chosen = before.anchor(), before.position()
        more = self._builder.work(deadline)
        after = self.textCursor()
        if (after.anchor(), after.position()) != chosen:
            end = self.document().characterCount() - 1
            after.setPosition(min(chosen[0], end))
            after.setPosition(min(chosen[1], end), QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(after)
        self._tell_height()
        if self._caret:
            self._update_caret()
        if not more:
            self._hover.settle(self._finished)
            self.settled.emit()
        return more

    def _tell_height(self) -> None:
        height = self.wanted_height()
        if height != self._height:
            self._height = height
            self.updateGeometry()
            self.height_changed.emit(height)

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is around the text, the text, and the caret."""
        area = event.rect()
        first = self.cursorForPosition(area.topLeft() - QPoint(0, 40)).block()
        if first.previous().isValid():
            first = first.previous()
        notes = self._builder.writer.notes
        shown = shown_blocks(self.document(), first, area.bottom() + 40, notes)
        painter = QPainter(self.viewport())
        painter.setClipRect(area)
        paint_decor(painter, shown, self._formats, self.viewport().width())
        if self._heat:
            paint_heat(painter, shown, self._marks, self._builder.source, self._formats)
        self._finder.paint(painter, first, area.bottom() + 40)
        painter.end()
        super().paintEvent(event)
        if self._caret and self._caret_rect.intersects(QRectF(area)):
            painter = QPainter(self.viewport())
            painter.fillRect(self._caret_rect, QColor(self._formats.style.text))
            painter.end()

    def _update_caret(self) -> None:
        old, self._caret_rect = self._caret_rect, self._caret_place() if self._caret else QRectF()
        if old != self._caret_rect:
            self.viewport().update(old.toAlignedRect().adjusted(-1, -1, 1, 1))
            self.viewport().update(self._caret_rect.toAlignedRect().adjusted(-1, -1, 1, 1))

    def _caret_place(self) -> QRectF:
        block = self.document().lastBlock()
        while block.userState() < 1 and block.previous().isValid():
            block = block.previous()
        rect = self.document().documentLayout().blockBoundingRect(block)
        layout = block.layout()
        size = self._formats.font_pixels
        if block.userState() < 1 or not layout.lineCount():
            return QRectF(0, 0, size * 0.3, size * 1.15)
        line = layout.lineAt(layout.lineCount() - 1)
        x = line.cursorToX(line.textStart() + line.textLength())[0]  # type: ignore[index]
        base = rect.top() + line.y() + line.height() * 0.8
        return QRectF(rect.left() + x + 1, base - size * 0.92, round(size * 0.3), round(size * 1.15))

    # --- mouse and keyboard ---

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show the copy button of code, or how sure a word was."""
        super().mouseMoveEvent(event)
        self._hover.move(event.position().toPoint(), self._heat)

    def leaveEvent(self, event: QEvent) -> None:
        """Hide what the mouse brought up."""
        super().leaveEvent(event)
        self._hover.leave()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave scrolling to the list around."""
        event.ignore()

    def viewportEvent(self, event: QEvent) -> bool:
        """Show the address of a link as its tooltip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            address = self.anchorAt(event.pos())
            if address:
                QToolTip.showText(event.globalPos(), address, self.viewport())
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell the height that the new width asks for."""
        super().resizeEvent(event)
        self._tell_height()
        self._update_caret()
        self._hover.keep_place()

    # --- links, copying ---

    def _activate(self, url: QUrl) -> None:
        if url.scheme().lower() in _OPENED:
            self.link_activated.emit(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))

    def open_link(self, address: str) -> None:
        """Open an address outside; connected to `link_activated`."""
        QDesktopServices.openUrl(QUrl(address))

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Load nothing, from nowhere."""
        return None

    def createMimeDataFromSelection(self) -> QMimeData:
        """Copy clean text."""
        data = QMimeData()
        data.setText(plain_text(self.textCursor()))
        return data
