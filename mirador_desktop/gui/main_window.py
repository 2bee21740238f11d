"""The window: sidebar, centre and inspector, which of them there is room for, and the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QSizePolicy, QVBoxLayout, QWidget

from mirador_desktop.gui.composer import Composer
from mirador_desktop.gui.elided import ElidedLabel
from mirador_desktop.gui.frames import FrameClock
from mirador_desktop.gui.keyboard import Keyboard, order_tabs
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.parts import IconButton
from mirador_desktop.gui.room import INSPECTOR, INSPECTOR_FROM, SIDEBAR, SIDEBAR_FROM, Room
from mirador_desktop.gui.sidebar import Sidebar
from mirador_desktop.gui.theme import Theme
from mirador_desktop.gui.welcome import Welcome
from mirador_desktop.preferences import Preferences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mirador_desktop.core.stages import Pipeline
    from mirador_desktop.gui.conversation_view import ConversationView
    from mirador_desktop.gui.inspector import Inspector
    from mirador_desktop.gui.notices import Banner, Toast
    from mirador_desktop.gui.title_bar import TitleBar
    from mirador_desktop.settings import Settings


class MainWindow(QMainWindow):
    """Shows everything and knows nothing: what to do is connected by `Desk`.

    What the first paint does not show (inspector, title bar, turns, notices) is made when it is first asked for.

    Signals:
        painted: the first paint is over.
        closing: the person closed the window; it is hidden already.
        activated: the window came to the front, or was shown again.
        inspector_shown: the inspector was hidden and is shown now.
    """

    painted = Signal()
    closing = Signal()
    activated = Signal()
    inspector_shown = Signal()

    def __init__(self, theme: Theme, preferences: Preferences, pipelines: Sequence[Pipeline]) -> None:
        super().__init__()
        self.theme, self._preferences, self._room = theme, preferences, Room(theme)
        settings = preferences.current
        self.setObjectName("mainWindow")
        self.setWindowTitle("Mirador")
        self.setMinimumSize(640, 420)
        self._was_painted = False
        self._closed = False
        self.look = Look(theme, FrameClock(self), settings.confidence, settings.layout, settings.density == "compact")
        self._narrow_sidebar = self._narrow_inspector = False  # shown by the person although there is little room

        central = QWidget(self)
        self.setCentralWidget(central)
        self.sidebar = Sidebar(theme, central)
        self.centre = QWidget(central)
        self.centre.setObjectName("centre")
        self.centre.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._row = QHBoxLayout(central)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(self.sidebar)
        self._row.addWidget(self.centre, 1)
        self._pipelines = pipelines
        self.welcome = Welcome(theme, self.centre)
        self.composer = Composer(theme, self.centre)
        self.link = ElidedLabel(self.centre, 10, Qt.TextElideMode.ElideMiddle)
        self.link.setObjectName("linkAddress")
        self.link.setProperty("kind", "small")
        self.link.setFixedHeight(18)
        self._open_sidebar = IconButton(theme, "sidebar", "Show the sidebar (Ctrl+B)", self.centre)
        self._open_sidebar.setObjectName("openSidebar")
        self._open_sidebar.clicked.connect(self.toggle_sidebar)
        self._open_inspector = IconButton(theme, "inspector", "Show the inspector (Ctrl+I)", self.centre)
        self._open_inspector.setObjectName("openInspector")
        self._open_inspector.clicked.connect(self.toggle_inspector)
        self._column = column = QVBoxLayout(self.centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._rows = [QHBoxLayout() for _ in range(3)]
        self._rows[2].addWidget(self.composer)
        column.addLayout(self._rows[0])
        column.addLayout(self._rows[1])
        column.addWidget(self.welcome, 1)
        column.addSpacing(8)
        column.addLayout(self._rows[2])
        column.addWidget(self.link)
        self.welcome.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.restyle)
        preferences.listen(self._settings_changed)
        self.arrange()
        if settings.width and settings.height:
            self.resize(settings.width, settings.height)
        else:
            self.resize(1320, 860)
        self.composer.text.setFocus()

    @cached_property
    def inspector(self) -> Inspector:
        """What stands at the right."""
        from mirador_desktop.gui.inspector import Inspector

        inspector = Inspector(self.look, self.centre.window())
        inspector.hide()
        self._row.addWidget(inspector)
        return inspector

    @cached_property
    def title_bar(self) -> TitleBar:
        """Title and choosers above the turns."""
        from mirador_desktop.gui.title_bar import TitleBar

        bar = TitleBar(self.theme, self._pipelines, self._preferences.current.layout, self.centre)
        bar.hide()
        self._rows[0].addWidget(bar)
        return bar

    @cached_property
    def banner(self) -> Banner:
        """What has to be said above the turns."""
        from mirador_desktop.gui.notices import Banner

        banner = Banner(self.centre)
        self._rows[1].addWidget(banner)
        return banner

    @cached_property
    def turns(self) -> ConversationView:
        """The conversation."""
        from mirador_desktop.gui.conversation_view import ConversationView

        turns = ConversationView(self.look, self.centre)
        turns.hide()
        turns.link_hovered.connect(self.link.setText)
        self._column.insertWidget(2, turns, 1)
        return turns

    @cached_property
    def toast(self) -> Toast:
        """Short messages."""
        from mirador_desktop.gui.notices import Toast

        return Toast(self.theme, self.centre)

    def _made(self, name: str) -> bool:
        """Whether a part that is made late is there and shown."""
        part = self.__dict__.get(name)
        return part is not None and not part.isHidden()

    # ── what is shown ──────────────────────────────────────────────────────────────────────────────────

    def show_conversation(self, title: str, has_turns: bool) -> None:
        """Show the turns with their title, or the welcome page."""
        self.setWindowTitle(f"{title} - Mirador" if title else "Mirador")
        self.title_bar.set_title(title)
        self.title_bar.setVisible(has_turns)
        self.turns.setVisible(has_turns)
        self.welcome.setVisible(not has_turns)
        self.arrange()

    def toggle_sidebar(self) -> None:
        """Show or hide the sidebar; the choice is kept where there is room for it."""
        if self._room.has(self.width(), SIDEBAR_FROM):
            self._preferences.change(sidebar=not self._preferences.current.sidebar)
        else:
            self._narrow_sidebar = not self._narrow_sidebar
        self.arrange()

    def toggle_inspector(self) -> None:
        """Show or hide the inspector; the choice is kept where there is room for it."""
        if self._room.has(self.width(), INSPECTOR_FROM):
            self._preferences.change(inspector=not self._preferences.current.inspector)
        else:
            self._narrow_inspector = not self._narrow_inspector
        self.arrange()

    def show_sidebar(self) -> None:
        """Make sure that the sidebar is seen."""
        if not self.sidebar.isVisible():
            self.toggle_sidebar()

    def set_heat(self, on: bool) -> None:
        """Tint the words the models were unsure of, or not."""
        self._preferences.change(confidence=on)

    def set_layout(self, layout: str) -> None:
        """Choose how the panels of a turn stand."""
        self._preferences.change(layout=layout)

    def set_scale(self, direction: int) -> None:
        """Make all text larger (1), smaller (-1), or as it comes (0)."""
        self._preferences.change(text_scale=self.theme.step(direction))

    def _settings_changed(self, before: Settings) -> None:
        """Settings were changed, here, in the settings window or in the file: show it."""
        now, look = self._preferences.current, self.look
        if now.theme != before.theme:
            self.theme.choose(now.theme)
        self.theme.set_scale(now.text_scale)
        if now.layout != before.layout:
            look.layout = now.layout
            self.title_bar.choose_layout(now.layout)
        look.heat, look.compact = now.confidence, now.density == "compact"
        if (now.layout, now.confidence, now.density) != (before.layout, before.confidence, before.density):
            self.turns.restyle()
            self.inspector.restyle()
        self.arrange()

    def shortcut(self, keys: str, act: Callable[[], Any]) -> None:
        """Have keys do something anywhere in the window."""
        QShortcut(QKeySequence(keys), self).activated.connect(act)

    # ── place ──────────────────────────────────────────────────────────────────────────────────────────

    def arrange(self) -> None:
        """Show what there is room for, and keep the centre's parts in one column with the text."""
        wanted = self._preferences.current
        wide = self.width()
        self.sidebar.setFixedWidth(self._room.at_side(SIDEBAR, wide))
        self.sidebar.setVisible(wanted.sidebar if self._room.has(wide, SIDEBAR_FROM) else self._narrow_sidebar)
        left, turns = not self.sidebar.isHidden(), self._made("turns")
        right = turns and (wanted.inspector if self._room.has(wide, INSPECTOR_FROM) else self._narrow_inspector)
        if turns or self._made("inspector"):  # it comes and goes with the turns
            appears = right and self.inspector.isHidden()
            self.inspector.setFixedWidth(self._room.at_side(INSPECTOR, wide))
            self.inspector.setVisible(right)
            if appears:
                self.inspector_shown.emit()
        centre = wide
        if left:
            centre -= self.sidebar.minimumWidth()
        if right:
            centre -= self.inspector.minimumWidth()
        side = self._room.beside(centre, turns, self.look.layout)
        for layout in self._rows:
            layout.setContentsMargins(side, 0, side, 0)
        button = self.theme.px(26)
        corner = button + 18  # of the buttons that bring hidden parts back
        self._rows[0].setContentsMargins(max(side, 0 if left else corner), 0, max(side, 0 if right else corner), 0)
        self._open_sidebar.setGeometry(10, 11, button, button)
        self._open_sidebar.setVisible(not left)
        self._open_inspector.setGeometry(centre - 10 - button, 11, button, button)
        self._open_inspector.setVisible(turns and not right)
        self._open_sidebar.raise_()
        self._open_inspector.raise_()
        if self._made("banner"):
            self._rows[1].setContentsMargins(side, 0 if turns else 14, side, 8)
        self.link.setContentsMargins(side + 4, 0, side, 0)

    def restyle(self) -> None:
        """Colours or sizes have changed."""
        self.arrange()
        for part in (self.title_bar, self.composer, self.sidebar.search, self.inspector):
            part.restyle()
        self.sidebar.list.viewport().update()
        self.turns.restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the parts anew."""
        self.arrange()
        super().resizeEvent(event)

    # ── life ───────────────────────────────────────────────────────────────────────────────────────────

    def bring_to_front(self) -> None:
        """Show the window above others."""
        self.setWindowState((self.windowState() & ~Qt.WindowState.WindowMinimized) | Qt.WindowState.WindowActive)
        self.show()
        self.raise_()
        self.activateWindow()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide at once; the program ends cleanly behind it."""
        if self._closed:
            event.accept()
            return
        self._closed = True
        event.ignore()
        if not self.isMaximized() and not self.isFullScreen():
            self._preferences.change(width=self.width(), height=self.height())
        self.hide()
        self.closing.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Tell when the window is used again."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.activated.emit()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes through the window as one reads it, and what has the focus then is seen."""
        late = self.__dict__
        parts = (
            *(self.sidebar, self._open_sidebar, late.get("title_bar"), self._open_inspector, late.get("banner")),
            *(self.welcome, late.get("turns"), self.composer, late.get("toast"), late.get("inspector")),
        )
        order_tabs(part for part in parts if part is not None)
        turns = self.turns if self._made("turns") else None
        if turns is not None:
            turns.order_tabs()
        moved = super().focusNextPrevChild(forward)
        widget = self.focusWidget()
        if turns is not None and moved and widget is not None:
            turns.ensure_visible(widget)
        return moved

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell of the first paint, after it."""
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QApplication.instance().installEventFilter(Keyboard(self))  # type: ignore[union-attr]  # there is one
            self.painted.emit()
