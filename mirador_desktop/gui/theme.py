"""Colours, fonts and the style sheet, for the dark and the light theme, following the system or the person."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from mirador_desktop.gui.colours import DARK, LIGHT, Colours
from mirador_desktop.gui.style_sheet import style_sheet

TEXT_POINTS = 10.5
META_POINTS = 8.0
SCALES = (0.5, 0.67, 0.75, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)


class Theme(QObject):
    """What everything that paints asks for its colours and sizes.

    Attributes:
        colours: of the theme that is shown now.
        dark: whether that is the dark one.
        scale: factor of all text sizes.

    Signals:
        changed: colours or sizes are different now.
    """

    changed = Signal()

    def __init__(self, choice: str = "system", scale: float = 1.0, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.choice, self.scale = choice, scale
        self._hints = QGuiApplication.styleHints()
        self._hints.colorSchemeChanged.connect(self._system_changed)
        self.dark = self._is_dark()
        self._apply()

    @property
    def colours(self) -> Colours:
        """The colours of the theme that is shown now."""
        return DARK if self.dark else LIGHT

    def choose(self, choice: str) -> None:
        """Take `system`, `light` or `dark`."""
        self.choice = choice
        self._update()

    def set_scale(self, scale: float) -> None:
        """Scale all text."""
        if scale != self.scale:
            self.scale = scale
            self._update()

    def step(self, direction: int) -> float:
        """The next larger (1) or smaller (-1) scale, or 1.0 for 0."""
        if direction == 0:
            return 1.0
        if direction > 0:
            return next((s for s in SCALES if s > self.scale + 0.01), SCALES[-1])
        return next((s for s in reversed(SCALES) if s < self.scale - 0.01), SCALES[0])

    def stage_colour(self, place: int) -> str:
        """The colour of the stage at a place in its pipeline."""
        stages = self.colours.stages
        return stages[min(place, len(stages) - 1)]

    def font(self, points: float = TEXT_POINTS, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """The system's UI font."""
        font = QFont(QApplication.font().family())
        font.setPointSizeF(points * self.scale)
        font.setWeight(weight)
        return font

    def fixed_font(self, points: float = META_POINTS) -> QFont:
        """The system's fixed font."""
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(points * self.scale)
        return font

    def px(self, pixels: float) -> int:
        """A measure that grows with the text."""
        return round(pixels * self.scale)

    def _is_dark(self) -> bool:
        if self.choice == "system":
            return bool(self._hints.colorScheme() == Qt.ColorScheme.Dark)
        return self.choice == "dark"

    def _system_changed(self) -> None:
        if self.choice == "system":
            self._update()

    def _update(self) -> None:
        self.dark = self._is_dark()
        self._apply()
        self.changed.emit()

    def _apply(self) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        c = self.colours
        palette = QPalette()
        for role, colour in (
            (QPalette.ColorRole.Window, c.background),
            (QPalette.ColorRole.Base, c.surface),
            (QPalette.ColorRole.AlternateBase, c.raised),
            (QPalette.ColorRole.Button, c.raised),
            (QPalette.ColorRole.ToolTipBase, c.raised),
            (QPalette.ColorRole.WindowText, c.text),
            (QPalette.ColorRole.Text, c.text),
            (QPalette.ColorRole.ButtonText, c.text),
            (QPalette.ColorRole.ToolTipText, c.text),
            (QPalette.ColorRole.PlaceholderText, c.muted),
            (QPalette.ColorRole.Highlight, c.focus),
            (QPalette.ColorRole.HighlightedText, "#FFFFFF" if not self.dark else "#0B0E12"),
            (QPalette.ColorRole.Link, c.focus),
        ):
            palette.setColor(role, QColor(colour))
        application.setPalette(palette)
        application.setStyleSheet(style_sheet(c, self.scale, self.fixed_font().family()))
