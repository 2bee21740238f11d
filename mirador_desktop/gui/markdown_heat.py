"""The heat map of an answer: tints behind unsure words, and the small window that tells how unsure."""

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QPainter, QPaintEvent, QPen, QTextBlock
from PySide6.QtWidgets import QFrame, QWidget

from .markdown_decor import Shown
from .markdown_marks import THRESHOLDS, Alternatives, TokenMarks, Word
from .markdown_style import Formats

_OPACITIES = (0.15, 0.25, 0.35)


def paint_heat(
    painter: QPainter,
    shown: list[Shown],
    marks: TokenMarks,
    source: str,
    formats: Formats,
) -> None:
    """Tint the unsure words of these blocks; neighbours with the same tint are joined."""
    tints = []
    for opacity in _OPACITIES:
        colour = QColor(formats.style.heat)
        colour.setAlphaF(opacity)
        tints.append(colour)
    for block, rect, note in shown:
        if note is None:
            continue
        last: tuple[int, int, int] | None = None
        for word in marks.words(block, note.source, source):
            level = sum(word.confidence < threshold for threshold in THRESHOLDS)
            if last is not None and level == last[2] and word.start == last[1] + 1:
                last = (last[0], word.end, level)
                continue
            if last is not None and last[2]:
                _paint_span(painter, block, rect, last[0], last[1], tints[last[2] - 1])
            last = (word.start, word.end, level)
        if last is not None and last[2]:
            _paint_span(painter, block, rect, last[0], last[1], tints[last[2] - 1])


def _paint_span(painter: QPainter, block: QTextBlock, rect: QRectF, start: int, end: int, tint: QColor) -> None:
    for area in span_rects(block, rect, start, end):
        painter.fillRect(area, tint)


def span_rects(block: QTextBlock, rect: QRectF, start: int, end: int) -> list[QRectF]:
    """Where a part of a block is: one rectangle for each line it reaches into."""
    layout = block.layout()
    found = []
    first = layout.lineForTextPosition(start)
    number = first.lineNumber() if first.isValid() else layout.lineCount()
    while number < layout.lineCount():
        line = layout.lineAt(number)
        begin, stop = line.textStart(), line.textStart() + line.textLength()
        if begin >= end:
            break
        left = line.cursorToX(max(start, begin))[0]  # type: ignore[index]
        right = line.cursorToX(min(end, stop))[0]  # type: ignore[index]
        top = rect.top() + line.y()
        if right != left:
            area = QRectF(min(left, right), top, abs(right - left), line.height()).translated(rect.left(), 0)
            found.append(area.adjusted(-1, 0, 1, 0))
        number += 1
    return found


class SurePopup(QFrame):
    """Shows how sure a model was of a word, and what else it considered."""

    WIDTH, HEIGHT = 150, 130

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.ToolTip | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("surePopup")
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self._formats: Formats | None = None
        self.rows: list[tuple[str, float]] = []
        self.confidence = 0.0

    def tell(self, word: Word, text: str, alternatives: Alternatives, formats: Formats, at: QPoint) -> None:
        """Show a word's token below a point of the screen."""
        self._formats = formats
        self.confidence = word.confidence
        others = [(name.strip() or "␣", value) for name, value in alternatives]
        own = text.strip() or "␣"
        others = sorted((row for row in others if row[0] != own), key=lambda row: -row[1])
        self.rows = [(own, word.confidence), *others[:3]]
        px = formats.style.px
        self.setFixedSize(int(px(self.WIDTH)), int(px(self.HEIGHT - 21 * (4 - len(self.rows)))))
        self.setAccessibleName(f"{round(100 * word.confidence)} % sure")
        screen = QGuiApplication.screenAt(at)
        if screen is not None:
            free = screen.availableGeometry()
            at = QPoint(
                max(free.left(), min(at.x(), free.right() - self.width())),
                max(free.top(), min(at.y(), free.bottom() - self.height())),
            )
        self.move(at)
        self.update()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the percentage and one bar per alternative."""
        if self._formats is None:
            return
        style = self._formats.style
        px = style.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(style.line).lighter(130 if style.dark else 100), 1))
        painter.setBrush(QColor(style.raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        title = QFont(self._formats.font)
        title.setPointSizeF(style.point_size * 10 / 10.5)
        title.setWeight(QFont.Weight.DemiBold)
        painter.setFont(title)
        painter.setPen(QColor(style.text))
        painter.drawText(QPointF(px(12), px(23)), f"{round(100 * self.confidence)} % sure")
        font = QFont(self._formats.fixed_font)
        font.setPointSizeF(style.point_size * 8 / 10.5)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        for number, (name, value) in enumerate(self.rows):
            y = px(44 + 21 * number)
            painter.setPen(QColor(style.muted if number else style.text))
            label = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(px(28)))
            painter.drawText(QPointF(px(12), y + metrics.ascent() / 2 - 1), label)
            percent = QRectF(px(96), y - px(10), px(42), px(20))
            painter.drawText(
                percent, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{round(100 * value)} %"
            )
            painter.setPen(Qt.PenStyle.NoPen)
            bar = QRectF(px(43), y - 1.5, px(52), 3)
            painter.setBrush(QColor(style.line))
            painter.drawRoundedRect(bar, 1.5, 1.5)
            bar.setWidth(max(3.0, bar.width() * value))
            painter.setBrush(QColor(style.muted if number else style.heat))
            painter.drawRoundedRect(bar, 1.5, 1.5)
