"""Stage shapes and icons, drawn on a grid of 16 by 16 in whatever colour and size is asked for."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

_LINES: dict[str, str] = {
    # M x y moves, L x y draws; one letter a step
    "plus": "M8 3 L8 13 M3 8 L13 8",
    "search": "M10.8 10.8 L14 14",
    "filter": "M3 4.5 L13 4.5 M5 8 L11 8 M7 11.5 L9 11.5",
    "chevron-up": "M5 9.5 L8 6.5 L11 9.5",
    "chevron-down": "M5 6.5 L8 9.5 L11 6.5",
    "chevron-left": "M9.5 5 L6.5 8 L9.5 11",
    "chevron-right": "M6.5 5 L9.5 8 L6.5 11",
    "arrow-down": "M8 3 L8 13 M4 9 L8 13 L12 9",
    "check": "M3.5 8.5 L6.5 11.5 L12.5 4.5",
    "close": "M4.5 4.5 L11.5 11.5 M11.5 4.5 L4.5 11.5",
    "copy": "M6 6 L13 6 L13 13 L6 13 L6 6 M3.5 10 L3 10 L3 3 L10 3 L10 3.5",
    "pencil": "M3 13 L3.5 10.5 L10.5 3.5 L12.5 5.5 L5.5 12.5 L3 13",
    "pin": "M6 2.5 L10 2.5 L10 7 L12 9.5 L4 9.5 L6 7 L6 2.5 M8 9.5 L8 13.5",
    "folder": "M2 4 L6.5 4 L8 5.75 L14 5.75 L14 12.5 L2 12.5 L2 4",
    "archive": "M2 3.5 L14 3.5 L14 6.5 L2 6.5 L2 3.5 M3 6.5 L3 13 L13 13 L13 6.5 M6.5 9 L9.5 9",
    "tag": "M2.5 2.5 L8 2.5 L13.5 8 L8 13.5 L2.5 8 L2.5 2.5 M5.4 5.4 L5.6 5.6",
    "branches": "M4.5 3 L4.5 13 M4.5 10 L8 10 L11.5 7 L11.5 3",
    "fork": "M3.5 13 L3.5 3 M3.5 9.5 L8 9.5 L12.5 5 M9 5 L12.5 5 L12.5 8.5",
    "memory-off": "M8 3 L12.5 5.5 L12.5 10.5 L8 13 L3.5 10.5 L3.5 5.5 L8 3 M2.5 13.5 L13.5 2.5",
    "memory": "M8 3 L12.5 5.5 L12.5 10.5 L8 13 L3.5 10.5 L3.5 5.5 L8 3",
    "dots": "M3.5 8 L4 8 M7.75 8 L8.25 8 M12 8 L12.5 8",
    "file": "M4 2.5 L9.5 2.5 L12.5 5.5 L12.5 13.5 L4 13.5 L4 2.5 M9.5 2.5 L9.5 5.5 L12.5 5.5",
    "image": "M2.5 3.5 L13.5 3.5 L13.5 12.5 L2.5 12.5 L2.5 3.5 M2.5 11 L6 7.5 L9 10.5 L10.5 9 L13.5 12 M10 6 L10.6 6",
    "retry": "M12.5 3 L12.5 6.5 L9 6.5",
    "sidebar": "M2.5 3.5 L13.5 3.5 L13.5 12.5 L2.5 12.5 L2.5 3.5 M6 3.5 L6 12.5",
    "inspector": "M2.5 3.5 L13.5 3.5 L13.5 12.5 L2.5 12.5 L2.5 3.5 M10 3.5 L10 12.5",
    "lock": "M3.5 7.5 L12.5 7.5 L12.5 13.5 L3.5 13.5 L3.5 7.5 M5.5 7.5 L5.5 4.6 L6.8 3 L9.2 3 L10.5 4.6 L10.5 7.5",
    "stack": "M2.5 3 L13.5 3 L13.5 7 L2.5 7 L2.5 3 M2.5 9.5 L13.5 9.5 L13.5 13.5 L2.5 13.5 L2.5 9.5",
    "columns": "M2.5 3 L7 3 L7 13.5 L2.5 13.5 L2.5 3 M9.5 3 L13.5 3 L13.5 13.5 L9.5 13.5 L9.5 3",
    "final": "M2.5 9.5 L13.5 9.5 L13.5 13.5 L2.5 13.5 L2.5 9.5 M2.5 3 L13.5 3 M2.5 6 L13.5 6",
    "export": "M8 10 L8 2.5 M5 5.5 L8 2.5 L11 5.5 M3 9.5 L3 13.5 L13 13.5 L13 9.5",
    "warning": "M8 3 L14 13 L2 13 L8 3 M8 6.5 L8 9.5 M8 11 L8 11.4",
}


def shape_path(kind: str, box: QRectF) -> QPainterPath:
    """The filled shape of a stage: triangle, diamond, circle, square, wedge or star."""
    path = QPainterPath()
    if kind == "circle":
        path.addEllipse(box.adjusted(0.5, 0.5, -0.5, -0.5))
        return path
    if kind == "square":
        path.addRoundedRect(box.adjusted(0.7, 0.7, -0.7, -0.7), 1.5, 1.5)
        return path
    corners = {
        "triangle": [(0.08, 0.0), (1.0, 0.5), (0.08, 1.0)],
        "diamond": [(0.5, -0.04), (1.04, 0.5), (0.5, 1.04), (-0.04, 0.5)],
        "wedge": [(0.5, 0.02), (1.02, 0.95), (-0.02, 0.95)],
        "star": [
            (
                0.5 + (0.56 if i % 2 == 0 else 0.24) * math.sin(i * math.pi / 5),
                0.53 - (0.56 if i % 2 == 0 else 0.24) * math.cos(i * math.pi / 5),
            )
            for i in range(10)
        ],
    }[kind]
    path.addPolygon(QPolygonF([QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in corners]))
    path.closeSubpath()
    return path


def draw(painter: QPainter, name: str, box: QRectF, colour: str) -> None:
    """Draw a shape or an icon into a box."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if name in ("triangle", "diamond", "circle", "square", "wedge", "star"):
        painter.fillPath(shape_path(name, box), QColor(colour))
        painter.restore()
        return
    painter.translate(box.topLeft())
    painter.scale(box.width() / 16, box.height() / 16)
    pen = QPen(QColor(colour), 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    if name == "search":
        painter.drawEllipse(QPointF(7, 7), 4.5, 4.5)
    elif name == "retry":
        painter.drawArc(QRectF(3, 3.5, 10, 10), 50 * 16, 290 * 16)
    elif name == "gear":
        _gear(painter)
    elif name == "half":
        painter.setPen(QPen(QColor(colour), 1.2))
        painter.drawEllipse(QPointF(8, 8), 5.4, 5.4)
        painter.setBrush(QColor(colour))
        painter.drawPie(QRectF(2.6, 2.6, 10.8, 10.8), 90 * 16, 180 * 16)
    elif name in ("ring", "struck"):
        painter.drawEllipse(QPointF(8, 8), 5.2, 5.2)
        if name == "struck":
            painter.drawLine(QPointF(4.4, 11.6), QPointF(11.6, 4.4))
    elif name == "stop":
        stop = QPainterPath()
        stop.addRect(3.5, 3.5, 9, 9)
        painter.fillPath(stop, QColor(colour))
    steps = _LINES.get(name, "").replace("M", " M ").replace("L", " L ").split()
    path = QPainterPath()
    for i in range(0, len(steps), 3):
        point = QPointF(float(steps[i + 1]), float(steps[i + 2]))
        if steps[i] == "M":
            path.moveTo(point)
        else:
            path.lineTo(point)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.restore()


def _gear(painter: QPainter) -> None:
    path = QPainterPath()
    for i in range(32):
        radius = 6.6 if i % 4 in (0, 1) else 5.0
        angle = (i - 0.5) * math.pi / 16
        point = QPointF(8 + radius * math.sin(angle), 8 - radius * math.cos(angle))
        if i:
            path.lineTo(point)
        else:
            path.moveTo(point)
    path.closeSubpath()
    painter.setPen(QPen(painter.pen().color(), 1.25))
    painter.drawPath(path)
    painter.drawEllipse(QPointF(8, 8), 2.1, 2.1)


def icon(name: str, colour: str, size: int = 16, ratio: float = 2.0) -> QIcon:
    """Make an icon for a button."""
    pixmap = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw(painter, name, QRectF(0, 0, size, size), colour)
    painter.end()
    return QIcon(pixmap)


def program_icon() -> QIcon:
    """The program's own icon: the three shapes of the stages."""
    pixmap = QPixmap(128, 128)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor("#0E1116"))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(QRectF(4, 4, 120, 120), 28, 28)
    draw(painter, "triangle", QRectF(26, 28, 32, 32), "#F0B44C")
    draw(painter, "diamond", QRectF(70, 28, 32, 32), "#6CA8FF")
    draw(painter, "circle", QRectF(47, 70, 34, 34), "#4ED2A6")
    painter.end()
    return QIcon(pixmap)
