"""A small line for the sidebar: how far the pulls are while the settings are closed."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mirador_desktop.gui.elided import ElidedLabel
from mirador_desktop.gui.pull_words import pull_words
from mirador_desktop.gui.settings.widgets import Progress, label
from mirador_desktop.gui.theme import Theme
from mirador_desktop.pulls import Pulls


class PullProgress(QWidget):
    """Name, percent and a bar; hidden while nothing is pulled.

    Signals:
        clicked: the person wants to see more.
    """

    clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pulls: Pulls | None = None
        self._unlisten: Callable[[], None] = lambda: None
        self.setObjectName("pullSummary")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(8), theme.px(4), theme.px(8), theme.px(6))
        column.setSpacing(theme.px(4))
        row = QHBoxLayout()
        row.setSpacing(theme.px(6))
        self.name = ElidedLabel(self, 8, Qt.TextElideMode.ElideMiddle)
        self.name.setProperty("kind", "small")
        self.share = label("", "meta")
        row.addWidget(self.name, 1)
        row.addWidget(self.share)
        column.addLayout(row)
        self.bar = Progress(theme, "Progress of all pulls")
        column.addWidget(self.bar)
        self.hide()

    def show_pulls(self, pulls: Pulls) -> None:
        """Follow a queue."""
        self._unlisten()
        self._pulls = pulls
        self._unlisten = pulls.listen(self.refresh)
        self.destroyed.connect(lambda *_: self._unlisten())
        self.refresh()

    def refresh(self) -> None:
        """Show how the pulls stand now."""
        if self._pulls is None:
            return
        running = [p for p in self._pulls.items if p.running]
        share = self._pulls.share
        self.setVisible(bool(running))
        if not running or share is None:
            return
        more = f" +{len(self._pulls.active) - 1}" if len(self._pulls.active) > 1 else ""
        self.name.setText(f"Pulling {running[0].name}{more}")
        still = all(p.state == "still" for p in running)
        self.share.setText("no data" if still else f"{share * 100:.0f} %")
        self.bar.set_share(share)
        words = "\n".join(f"{p.name}: {pull_words(p, self._pulls)}" for p in self._pulls.active)
        self.setToolTip(words)
        self.setAccessibleName(f"{self.name.text()}, {self.share.text()}. Shows the page Models")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space and Enter are a click."""
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)
