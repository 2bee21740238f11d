"""What several widgets paint alike: the focus ring, the background of a row, a stage's shape and frame."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from mirador_desktop.gui import icons
from mirador_desktop.gui.colours import SHAPES
from mirador_desktop.gui.theme import Theme


def focus_ring(painter: QPainter, theme: Theme, box: QRectF | QRect, radius: float) -> None:
    """Draw the ring of what has the focus, 2 px wide, its middle on the edge of `box`."""
    painter.setPen(QPen(QColor(theme.colours.focus), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(box), radius, radius)


def row_background(painter: QPainter, colour: str, box: QRect, radius: float, *, chosen: bool) -> None:
    """Fill behind a row that is chosen; one that is only under the mouse gets half of the colour."""
    filled = QColor(colour)
    filled.setAlphaF(1.0 if chosen else 0.5)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(filled)
    painter.drawRoundedRect(box, radius, radius)


def stage_shape(painter: QPainter, theme: Theme, place: int, box: QRectF, colour: str = "") -> None:
    """Draw the shape of the stage at `place`, in its colour unless another is given."""
    icons.draw(painter, SHAPES[min(place, len(SHAPES) - 1)], box, colour or theme.stage_colour(place))


def stage_frame(painter: QPainter, theme: Theme, box: QRectF, place: int) -> QRectF:
    """Draw the frame of a stage in a widget whose left edge is `box`'s: surface, line, and its colour at the left.

    Returns the rounded rectangle of the line, which a ring goes around.
    """
    frame, radius = box.adjusted(0.5, 0.5, -0.5, -0.5), theme.px(10)
    painter.setPen(QColor(theme.colours.line))
    painter.setBrush(QColor(theme.colours.surface))
    painter.drawRoundedRect(frame, radius, radius)
    edge = QPainterPath()
    edge.addRoundedRect(frame.adjusted(1, 0.5, 0, -0.5), radius, radius)
    painter.save()
    painter.setClipRect(QRectF(box.left(), box.top(), theme.px(6), box.height()))
    painter.setPen(QPen(QColor(theme.stage_colour(place)), theme.px(3)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(edge)
    painter.restore()
    return frame
