"""A widget that takes its own height as far as there is room for it, and is scrolled beyond that."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QSizePolicy, QWidget


class Scrolled(QScrollArea):
    """Shows a widget whose height depends on its width, and hides with it."""

    def __init__(self, inner: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._inner, self._most = inner, 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        hidden = inner.isHidden()
        self.setWidget(inner)
        for each in (inner, self.viewport()):
            each.setAutoFillBackground(False)
        inner.setHidden(hidden)  # Qt has shown it
        self.setHidden(hidden)
        self._longest = 0
        self.verticalScrollBar().rangeChanged.connect(self._grown)
        QApplication.instance().focusChanged.connect(self._focus_changed)  # type: ignore[union-attr]  # there is one

    def set_most(self, most: int) -> None:
        """Get no higher than this, px."""
        self._most = most
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        """What it shows may be in lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """As high as what it shows, up to a point, px."""
        inner = self._inner
        high = inner.heightForWidth(width) if inner.hasHeightForWidth() else inner.sizeHint().height()
        return min(high, self._most)

    def sizeHint(self) -> QSize:
        """The same at its width."""
        hint = self._inner.sizeHint()
        return QSize(hint.width(), min(hint.height(), self._most))

    def minimumSizeHint(self) -> QSize:
        """It is not squeezed."""
        return QSize(40, self.sizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow what it shows."""
        if watched is self._inner:
            if event.type() == QEvent.Type.LayoutRequest:
                self.updateGeometry()
            elif event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
                self.setHidden(self._inner.isHidden())
        return super().eventFilter(watched, event)

    def _grown(self, least: int, longest: int) -> None:
        """What came last is seen."""
        if longest > self._longest:
            self.verticalScrollBar().setValue(longest)
        self._longest = longest

    def _focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        if now is not None and self._inner.isAncestorOf(now):
            self.ensureWidgetVisible(now, 0, 0)
