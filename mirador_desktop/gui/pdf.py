"""Sets pages and writes a PDF, as a process of its own: `exchange.pdf` starts it and sends what to set.

Standard input holds one JSON object a line: {"title"} first, {"bookmark"} begins a conversation on a new page,
{"html", "gap"} goes on with it. Each piece is laid out by itself and painted slice by slice, so that only one piece
is in memory. Qt knows no bookmarks and writes signs into the searchable text that nobody types; `pdf_update` mends
both when the last page is written.
"""

import bisect
import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from PySide6.QtCore import QBuffer, QByteArray, QFile, QIODevice, QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QImage,
    QImageWriter,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextBlock,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
)

from mirador_desktop.gui.pdf_update import Bookmark, update

_DPI = 96
_MARGIN = 68.0
_GAP = 14.0
_POINTS = 10.0
_INDENT = 20.0
"""Of one level of a list."""
_SHEET = """
h1 { font-size: 17pt; margin-top: 0px; margin-bottom: 4px; }
h2 { font-size: 13pt; margin-top: 12px; } h3 { font-size: 11.5pt; } h4, h5, h6 { font-size: 10pt; }
pre { font-family: monospace; font-size: 9pt; white-space: pre-wrap; background-color: #f3f4f6; margin: 6px 0px; }
code { font-family: monospace; font-size: 9pt; }
p { margin-top: 5px; margin-bottom: 5px; }
.question { white-space: pre-wrap; background-color: #eceef1; font-weight: 600; margin-bottom: 6px; }
.stage { margin-top: 9px; margin-bottom: 2px; }
.note, .thinking { color: #5e6878; }
.note { font-size: 8.5pt; margin-top: 2px; margin-bottom: 2px; }
.thinking { margin-left: 16px; }
a { color: #1d4ed8; }
blockquote { margin-left: 18px; margin-right: 0px; color: #404854; }
table { border-collapse: collapse; } th, td { border: 1px solid #c4c9d1; padding: 3px; }
"""


class Pages:
    """Fills the pages of a PDF from the top down."""

    def __init__(self, path: str, title: str) -> None:
        self._file = QFile(path)
        if not self._file.open(QIODevice.OpenModeFlag.WriteOnly | QIODevice.OpenModeFlag.Truncate):
            raise OSError(self._file.errorString())
        self._writer = QPdfWriter(self._file)
        self._writer.setPdfVersion(QPdfWriter.PdfVersion.PdfVersion_1_6)
        self._writer.setResolution(_DPI)
        self._writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        self._writer.setPageMargins(QMarginsF(0, 0, 0, 0))
        self._writer.setTitle(title)
        self._writer.setCreator("Mirador")
        self._wide, self._high = float(self._writer.width()), float(self._writer.height())
        self._begin(QPainter(self._writer))

    def _begin(self, painter: QPainter) -> None:
        """Everything is to be painted with this painter, on pages of the width and height that are known."""
        self._width, self._height = self._wide - 2 * _MARGIN, self._high - 2 * _MARGIN
        self._painter = painter
        self._font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        self._font.setPointSizeF(_POINTS)
        self._number_font = QFont(self._font)
        self._number_font.setPointSizeF(8)
        self._y = 0.0
        self._page = 0
        self._bookmarks: list[Bookmark] = []

    def bookmark(self, title: str) -> None:
        """Begin something on a new page that the reader's list of bookmarks leads to."""
        if self._y > 0:
            self._next()
        self._bookmarks.append(Bookmark(title, self._page))

    def add(self, html: str, gap: bool) -> None:
        """Go on with a piece of HTML."""
        document = self._document(html)
        layout = document.documentLayout()
        lines, heads = _lines(document)
        top, end, splits = 0.0, layout.documentSize().height(), 0
        if gap and self._y > 0:
            self._y += _GAP
        while top < end:
            bottom = _break(lines, heads, top, top + self._height - self._y, end, self._y > 0)
            if bottom > top:
                self._paint(layout, top, bottom)
                self._y += bottom - top
            if bottom < end:
                self._next()
                splits += _split(document, lines, bottom, splits)
            top = bottom

    def close(self) -> list[Bookmark]:
        """Write what is left. Returns the bookmarks, which are still to be put into the file."""
        self._number()
        finished = self._painter.end()
        self._file.close()
        if not finished or self._file.error() != QFile.FileError.NoError:
            raise OSError(self._file.errorString())
        return self._bookmarks

    def _document(self, html: str) -> QTextDocument:
        document = QTextDocument()
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        document.setDefaultFont(self._font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setUseDesignMetrics(True)
        document.setDefaultTextOption(option)
        document.setDefaultStyleSheet(_SHEET)
        document.setIndentWidth(_INDENT)
        document.setHtml(html)
        document.setTextWidth(self._width)
        return document

    def _paint(self, layout: QAbstractTextDocumentLayout, top: float, bottom: float) -> None:
        context = QAbstractTextDocumentLayout.PaintContext()
        clip = QRectF(0, top, self._width, bottom - top)
        context.clip = clip.adjusted(0, 1, 0, -1)  # Qt also writes lines that only touch it
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Text, QColor("black"))
        context.palette = palette
        self._painter.save()
        self._painter.translate(QPointF(_MARGIN, _MARGIN + self._y - top))
        self._painter.setClipRect(clip)
        layout.draw(self._painter, context)
        self._painter.restore()

    def _next(self) -> None:
        self._number()
        if not self._writer.newPage() or self._file.error() != QFile.FileError.NoError:
            raise OSError(self._file.errorString())
        self._page += 1
        self._y = 0.0

    def _number(self) -> None:
        self._painter.save()
        self._painter.setFont(self._number_font)
        self._painter.setPen(QColor("#5e6878"))
        place = QRectF(_MARGIN, self._high - _MARGIN * 0.7, self._width, 20)
        self._painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, str(self._page + 1))
        self._painter.restore()


class _Full(Exception):
    """The first page is full."""


class FirstPage(Pages):
    """Paints the first page alone, as a picture."""

    def __init__(self) -> None:
        self._wide, self._high = 794.0, 1123.0  # A4 at 96 dots an inch
        self._picture = QImage(round(self._wide * 2), round(self._high * 2), QImage.Format.Format_RGB32)
        self._picture.fill(QColor("white"))
        dots = round(_DPI / 0.0254)
        self._picture.setDotsPerMeterX(dots)
        self._picture.setDotsPerMeterY(dots)
        painter = QPainter(self._picture)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.scale(2, 2)
        self._begin(painter)

    def _next(self) -> None:
        raise _Full

    def picture(self) -> QByteArray:
        """The picture as a PNG file."""
        self._number()
        self._painter.end()
        self._picture.setDevicePixelRatio(2)
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, QByteArray(b"png")).write(self._picture)
        return data


Lines = list[tuple[float, float, int]]
"""Of each line of text its top, its bottom and the place of its first character in the document, from the top down.

The place is -1 where a paragraph begins, or cannot be split: in a list or table.
"""


def _lines(document: QTextDocument) -> tuple[Lines, Lines]:
    """All lines, and those after which no page should end: of headings and of stages' names."""
    layout = document.documentLayout()
    lines: Lines = []
    heads: Lines = []
    for block in _blocks(document):
        text = block.layout()
        top = layout.blockBoundingRect(block).top()
        whole = block.textList() is not None or QTextCursor(block).currentTable() is not None
        own: Lines = []
        for number in range(text.lineCount()):
            line = text.lineAt(number)
            upper = top + line.y()
            place = -1 if whole or not number else block.position() + line.textStart()
            own.append((upper, upper + line.height(), place))
        lines += own
        if own and (block.blockFormat().headingLevel() or _is_stage(block)):
            heads.append((own[0][0], own[-1][1], -1))
    lines.sort()
    return lines, heads


def _split(document: QTextDocument, lines: Lines, top: float, splits: int) -> bool:
    """Make a paragraph of its own of what begins at `top`, so that it looks the same; says whether it was needed.

    When it paints a part of a paragraph Qt also writes the line before: covered, but there for who searches.

    Args:
        splits: how often this was done in the document before; each moves what follows by a character.
    """
    at = bisect.bisect_left(lines, (top, 0.0, -1))
    if at >= len(lines) or lines[at][0] != top or lines[at][2] < 0:
        return False
    cursor = QTextCursor(document)
    cursor.setPosition(lines[at][2] + splits)
    first, second = QTextBlockFormat(cursor.blockFormat()), QTextBlockFormat(cursor.blockFormat())
    first.setBottomMargin(0)
    second.setTopMargin(0)
    second.setTextIndent(0)
    cursor.setBlockFormat(first)
    cursor.insertBlock(second)
    return True


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _is_stage(block: QTextBlock) -> bool:
    """Whether a block begins with bold words that stand for a heading: see `exchange.pdf`."""
    return block.begin() != block.end() and block.charFormat().fontWeight() >= QFont.Weight.Bold


def _break(lines: Lines, heads: Lines, top: float, limit: float, end: float, can_wait: bool) -> float:
    """Where the page ends that begins at `top` and reaches to `limit`: between two lines, not behind a heading.

    Args:
        can_wait: whether all of it may go to the next page.
    """
    if end <= limit:
        return end
    bottom = limit
    at = bisect.bisect_left(lines, (limit, 0.0, -1))
    for upper, lower, _ in reversed(lines[max(at - 200, 0) : at]):  # side by side in a table
        if upper < bottom < lower:
            bottom = upper
    while heads_here := [h for h in heads if top < h[0] and h[1] <= bottom and not _between(lines, h[1], bottom)]:
        bottom = heads_here[0][0]
    if bottom <= top + 1:
        first = next((each for each in lines if each[0] >= top), None)
        if can_wait:
            return top
        return limit if first is None or first[1] > limit else first[1]
    return bottom


def _between(lines: Lines, top: float, bottom: float) -> bool:
    """Whether a line stands between two heights."""
    at = bisect.bisect_left(lines, (top, 0.0, -1))
    return at < len(lines) and lines[at][1] <= bottom


def write(path: str, pieces: Iterable[dict[str, Any]]) -> None:
    """Write a PDF.

    Raises:
        OSError: it cannot be written.
    """
    pages: Pages | None = None
    title = ""
    for piece in pieces:
        if pages is None:
            title = str(piece.get("title", ""))
            pages = Pages(path, title)
        elif "bookmark" in piece:
            pages.bookmark(str(piece["bookmark"]))
        else:
            pages.add(str(piece["html"]), bool(piece.get("gap")))
    if pages is None:
        raise OSError("nothing was sent")
    update(Path(path), pages.close())


def write_page(out: BinaryIO, pieces: Iterable[dict[str, Any]]) -> None:
    """Write a picture of the first page, and take in the rest."""
    page = FirstPage()
    with contextlib.suppress(_Full):
        for piece in pieces:
            if "bookmark" in piece:
                page.bookmark(str(piece["bookmark"]))
            elif "html" in piece:
                page.add(str(piece["html"]), bool(piece.get("gap")))
    for _ in pieces:
        pass  # who sends them is not to find nobody
    out.write(page.picture().data())
    out.flush()


def main(path: str) -> int:
    """What the child process does; returns its exit code. For “-” it writes a picture of the first page."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QGuiApplication.instance() or QGuiApplication(["mirador-desktop"])
    assert application is not None
    pieces = (json.loads(line) for line in sys.stdin.buffer)
    try:
        if path == "-":
            write_page(sys.stdout.buffer, pieces)
        else:
            write(path, pieces)
    except OSError as error:
        print(error.strerror or error, file=sys.stderr, flush=True)  # noqa: T201
        os._exit(1)  # Qt crashes when what it has half painted is taken away
    return 0
