"""The files that belong to a question, each as a chip with its name, the tokens it costs, and what was left out."""

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QWidget

from mirador_desktop.core.amounts import count_words, size_words
from mirador_desktop.core.conversation import Attachment
from mirador_desktop.gui import icons
from mirador_desktop.gui.flow import Flow
from mirador_desktop.gui.painting import focus_ring
from mirador_desktop.gui.theme import Theme

_WIDEST = 260


class AttachmentChip(QPushButton):
    """One file. A click on its cross, or Delete, takes it away where that is possible.

    Signals:
        removed: the person does not want it any more.

    Attributes:
        reading: it is still being read: `attachment` has no more than its name.
    """

    removed = Signal()

    def __init__(self, theme: Theme, attachment: Attachment, removable: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._removable = theme, removable
        self.picture: QImage | None = None
        self.setObjectName("attachment")
        self.setProperty("kind", "plain")
        self.setAutoDefault(False)
        if not removable:
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clicked.connect(self._clicked)
        self.show_file(attachment)

    def show_file(self, attachment: Attachment, reading: bool = False) -> None:
        """Show this file."""
        self.attachment, self.reading = attachment, reading
        self._name = " ".join(attachment.name.split())
        removable = ". Press to take it away" if self._removable else ""
        if reading:
            self._figure = "reading…"
            self.setToolTip(escape(self._name))
            self.setAccessibleName(f"Reading {self._name}{removable}")
            return
        figure = f"about {count_words(attachment.tokens, 'token')}"
        self._figure = f"{attachment.tokens:,} tok" + (" · cut" if attachment.note.startswith("cut") else "")
        more = [self._name, f"{size_words(attachment.size)}, {figure}"]
        more += [f"{attachment.note[0].upper()}{attachment.note[1:]}."] if attachment.note else []
        self.setToolTip("<br>".join(escape(line) for line in more))
        self.setAccessibleName(f"Attached: {', '.join(more)}{removable}")
        self.updateGeometry()
        self.update()

    def show_picture(self, picture: QImage) -> None:
        """Show a small image in place of the icon."""
        self.picture = None if picture.isNull() else picture
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as name and figure, up to a point."""
        theme = self._theme
        self.ensurePolished()
        name = QFontMetrics(theme.font(9.5)).horizontalAdvance(self._name)
        figure = QFontMetrics(theme.fixed_font(8)).horizontalAdvance(self._figure)
        wide = theme.px(33 + 10 + (28 if self._removable else 8) + 2) + name + figure
        return QSize(min(wide, theme.px(_WIDEST)), theme.px(30))

    def minimumSizeHint(self) -> QSize:
        """The name may be shortened."""
        return QSize(self._theme.px(120), self._theme.px(30))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the chip."""
        theme, c = self._theme, self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QColor(c.line))
        painter.setBrush(QColor(c.raised))
        painter.drawRoundedRect(box, theme.px(6), theme.px(6))
        mark = QRectF(theme.px(8), (self.height() - theme.px(18)) / 2, theme.px(18), theme.px(18))
        if self.picture is not None:
            fitted = self.picture.size().scaled(mark.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRectF(0, 0, fitted.width(), fitted.height())
            target.moveCenter(mark.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, self.picture)
        else:
            icons.draw(painter, "image" if self.attachment.is_image else "file", mark, c.muted)
        right = self.width() - theme.px(8)
        if self._removable:
            cross = QRectF(right - theme.px(14), (self.height() - theme.px(14)) / 2, theme.px(14), theme.px(14))
            icons.draw(painter, "close", cross, c.text if self.underMouse() else c.muted)
            right = int(cross.left()) - theme.px(6)
        painter.setFont(theme.fixed_font(8))
        painter.setPen(QColor(c.warning if self.attachment.note.startswith("cut") else c.muted))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, right, self.height()), Qt.AlignmentFlag.AlignRight | middle, self._figure)
        right -= painter.fontMetrics().horizontalAdvance(self._figure) + theme.px(10)
        painter.setFont(theme.font(9.5))
        painter.setPen(QColor(c.text))
        left = int(mark.right()) + theme.px(7)
        name = painter.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, max(0, right - left))
        painter.drawText(QRectF(left, 0, right - left, self.height()), middle, name)
        if self.hasFocus() and self.window().property("keyboard"):
            focus_ring(painter, theme, self.rect().adjusted(1, 1, -1, -1), theme.px(6))
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Only the cross takes it away."""
        if self._removable and event.position().x() > self.width() - self._theme.px(28):
            super().mouseReleaseEvent(event)
        else:
            self.setDown(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete and Backspace take it away too."""
        if self._removable and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        else:
            super().keyPressEvent(event)

    def _clicked(self) -> None:
        if self._removable:
            self.removed.emit()


class AttachmentChips(QWidget):
    """All files of a question.

    Signals:
        added: one more is there, in this `AttachmentChip`; it may have been set aside.
        changed: one was taken away, or all.
        emptied: the person has taken the last one away.
        read: none is being read any more; whether all of them are there.
    """

    added = Signal(object)
    changed = Signal()
    emptied = Signal()
    read = Signal(bool)

    def __init__(self, theme: Theme, removable: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._removable = theme, removable
        self.setObjectName("attachments")
        self.setAccessibleName("Attached files")
        self._flow = Flow(self, theme.px(8))
        self.chips: list[AttachmentChip] = []
        self._aside: list[AttachmentChip] = []
        self.hide()

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What is attached now; what is still being read is not."""
        return tuple(chip.attachment for chip in self.chips if not chip.reading)

    @property
    def is_reading(self) -> bool:
        """Whether some are still being read."""
        return any(chip.reading for chip in self.chips)

    def show_all(self, attachments: Sequence[Attachment]) -> None:
        """Show these in place of what was there."""
        self.clear()
        for attachment in attachments:
            self.add(attachment)

    def set_aside(self) -> None:
        """Show none, and keep what is there, also what is being read, for `bring_back`."""
        self.forget_aside()
        self._aside, self.chips = self.chips, []
        for chip in self._aside:
            self._flow.removeWidget(chip)
            chip.hide()
        self.hide()
        self.changed.emit()

    def bring_back(self) -> None:
        """Show what was set aside in place of what is there."""
        self.clear()
        self.chips, self._aside = self._aside, []
        for chip in self.chips:
            self._flow.addWidget(chip)
            chip.show()
        self.setVisible(bool(self.chips))
        self.updateGeometry()
        self.changed.emit()

    def forget_aside(self) -> None:
        """What was set aside is not wanted any more."""
        for chip in self._aside:
            chip.deleteLater()
        self._aside = []

    def add(self, attachment: Attachment) -> AttachmentChip:
        """Show one more."""
        chip = self._begin(attachment)
        self.added.emit(chip)
        return chip

    def begin(self, name: str) -> AttachmentChip:
        """Show that one more is being read, until `finish`."""
        chip = self._begin(Attachment(name, ""))
        chip.show_file(chip.attachment, reading=True)
        return chip

    def wants(self, chip: AttachmentChip) -> bool:
        """Whether it was not taken away."""
        return chip in self.chips or chip in self._aside

    def finish(self, chip: AttachmentChip, attachment: Attachment | None) -> None:
        """It was read; None if it cannot be attached. Nothing happens if it was taken away meanwhile."""
        if not self.wants(chip):
            return
        shown = chip in self.chips
        if attachment is not None:
            chip.show_file(attachment)
            self.updateGeometry()
            self.added.emit(chip)
        elif shown:
            self._remove(chip)
        else:
            self._aside.remove(chip)
            chip.deleteLater()
        if shown and not self.is_reading:
            self.read.emit(attachment is not None)

    def _begin(self, attachment: Attachment) -> AttachmentChip:
        chip = AttachmentChip(self._theme, attachment, self._removable, self)
        chip.removed.connect(lambda: self._take_away(chip))
        self.chips.append(chip)
        self._flow.addWidget(chip)
        chip.show()
        self.show()
        self.updateGeometry()
        return chip

    def clear(self) -> None:
        """Take all away."""
        for chip in self.chips:
            self._drop(chip)
        had, self.chips = self.chips, []
        self.hide()
        if had:
            self.changed.emit()

    def _take_away(self, chip: AttachmentChip) -> None:
        place = self.chips.index(chip)
        self._remove(chip)
        if self.chips:
            self.chips[min(place, len(self.chips) - 1)].setFocus()
        else:
            self.emptied.emit()

    def _remove(self, chip: AttachmentChip) -> None:
        self.chips.remove(chip)
        self._drop(chip)
        self.setVisible(bool(self.chips))
        self.updateGeometry()
        self.changed.emit()

    def _drop(self, chip: AttachmentChip) -> None:
        self._flow.removeWidget(chip)
        chip.hide()
        chip.deleteLater()

    def sizeHint(self) -> QSize:
        """As high as the lines it takes at its width."""
        return QSize(200, self._flow.heightForWidth(max(self.width(), 200)))

    def hasHeightForWidth(self) -> bool:
        """Lines depend on the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of all lines, px."""
        return self._flow.heightForWidth(width)
