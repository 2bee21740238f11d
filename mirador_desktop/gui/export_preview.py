"""What an export would write, beside its choices: the beginning of a text, or a page as a picture."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QPlainTextEdit, QScrollArea, QStackedLayout, QWidget

from mirador_desktop.exchange.options import KINDS, ExportOptions, Format
from mirador_desktop.gui.settings.widgets import label
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.exchanging import Exchange

_MOST_CHARACTERS, _MOST_LINES = 12_000, 300
_AS_PAGES: frozenset[Format] = frozenset(("pdf", "docx", "html"))


async def read_preview(
    exchange: "Exchange", kind: Format, ids: Sequence[str] | None, options: ExportOptions
) -> str | QImage:
    """The beginning of what an export would write: text, or for formats that are read as pages a picture.

    Web pages and Word documents are shown as the page of the PDF, which is made of the same parts; so nothing in them
    is run or loaded. Raises `ExchangeError` and `StoreError`.
    """
    if kind in _AS_PAGES:
        data = await exchange.picture(ids, options)
        return await asyncio.to_thread(QImage.fromData, data)
    return await asyncio.to_thread(_beginning, await exchange.preview(kind, ids, options))


def words_on(kind: Format) -> str:
    """What the preview shows."""
    if kind == "pdf":
        return "The first page"
    return (
        "How the beginning looks, roughly" if kind in _AS_PAGES else f"The beginning of the {KINDS[kind].suffix} file"
    )


class ExportPreview(QWidget):
    """Shows a text, a picture, or a sentence in their place."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setMinimumSize(theme.px(170), theme.px(160))
        self._stack = QStackedLayout(self)
        self.text = QPlainTextEdit(self)
        self.text.setObjectName("exportPreview")
        self.text.setAccessibleName("Preview")
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(theme.fixed_font(8))
        self.page = _Page(theme)
        self.area = QScrollArea(self)
        self.area.setObjectName("exportPage")
        self.area.setAccessibleName("Preview of the page")
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self.page)
        self.words = label("", "muted", wraps=True)
        self.words.setObjectName("exportPreviewWords")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (self.words, self.text, self.area):
            self._stack.addWidget(widget)

    def say(self, words: str) -> None:
        """Show a sentence."""
        self.words.setText(words)
        self._stack.setCurrentWidget(self.words)

    def show_content(self, content: str | QImage) -> None:
        """Show what was read."""
        if isinstance(content, str):
            self.text.setPlainText(content)
            self._stack.setCurrentWidget(self.text)
        else:
            self.page.show_picture(content)
            self._stack.setCurrentWidget(self.area)


class _Page(QWidget):
    """A page, as wide as there is room."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._picture = theme, QImage()

    def show_picture(self, picture: QImage) -> None:
        self._picture = picture
        self._fit()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(300), self._theme.px(424))

    def resizeEvent(self, event: object) -> None:
        self._fit()

    def _fit(self) -> None:
        if self._picture.width() > 0:
            self.setMinimumHeight(round(self.width() * self._picture.height() / self._picture.width()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        box = QRectF(0, 0, self.width(), self.minimumHeight())
        painter.fillRect(box, QColor("white"))
        if not self._picture.isNull():
            painter.drawImage(box, self._picture)
        painter.end()


def _beginning(text: str) -> str:
    """As much of a text as is looked at."""
    lines = text[:_MOST_CHARACTERS].split("\n")
    cut = "\n".join(lines[:_MOST_LINES])
    return cut + "\n…" if len(cut) < len(text.rstrip("\n")) else cut
