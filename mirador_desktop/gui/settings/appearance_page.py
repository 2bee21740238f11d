"""The page Appearance: theme, text size, density, layout, the tint of unsure words, titles."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from mirador_desktop.gui.settings.page import Page
from mirador_desktop.gui.settings.widgets import Segments, Switch, button, label, setting_row
from mirador_desktop.gui.theme import Theme
from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import Settings


class AppearancePage(Page):
    """What the person sees, as the person wants it."""

    title = "Appearance"

    def __init__(self, theme: Theme, preferences: Preferences) -> None:
        super().__init__(theme, "appearancePage", "How Mirador looks. The window behind shows each change at once")
        self._preferences = preferences
        self._theme = self._choice(
            "themeChoice",
            "Theme",
            "System follows the desktop while the program runs.",
            "theme",
            (("system", "System"), ("light", "Light"), ("dark", "Dark")),
            "dark light colours night",
        )
        self._scale()
        self._density = self._choice(
            "densityChoice",
            "Density",
            "Compact puts less room between turns and panels.",
            "density",
            (("comfortable", "Comfortable"), ("compact", "Compact")),
            "spacing compact room",
        )
        self._layout = self._choice(
            "layoutChoice",
            "Layout of an answer",
            "Stages below each other, side by side where there is room, or the final answer alone.",
            "layout",
            (("stack", "Stack"), ("columns", "Columns"), ("final", "Final only")),
            "stack columns final panels",
        )
        self._heat = Switch(theme, "Tint the words the models were unsure of")
        self._heat.setObjectName("confidenceSwitch")
        self._heat.clicked.connect(lambda on: preferences.change(confidence=on))
        hint = "A word gets a tint when the model gave it a probability under 70 %. Ctrl+H does the same."
        self.body.addWidget(setting_row(theme, "Tint unsure words", hint, self._heat))
        self.finds(self._heat, "Tint unsure words", "confidence heat map probability")
        self._titles = Switch(theme, "Write titles of conversations")
        self._titles.setObjectName("titlesSwitch")
        self._titles.clicked.connect(lambda on: preferences.change(titles=on))
        hint = "The quick model does it after the first answer, while idle. A title you wrote is never replaced."
        self.body.addWidget(setting_row(theme, "Write titles", hint, self._titles))
        self.finds(self._titles, "Write titles", "automatic title name conversation quick model")
        self.body.addStretch()
        self.hear(preferences.listen, lambda before: self._show())
        self._show()

    def _choice(
        self, name: str, words: str, hint: str, key: str, choices: tuple[tuple[str, str], ...], more: str
    ) -> Segments:
        segments = Segments(self.theme, words, choices)
        segments.setObjectName(name)
        segments.chosen.connect(lambda value: self._preferences.change(**{key: value}))
        self.body.addWidget(setting_row(self.theme, words, hint, segments))
        self.finds(segments, words, more)
        return segments

    def _scale(self) -> None:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self.theme.px(4))
        self._smaller = button(self.theme, "\N{MINUS SIGN}", lambda: self._step(-1), name="smallerText", height=30)
        self._larger = button(self.theme, "+", lambda: self._step(1), name="largerText", height=30)
        self._percent = label("", "meta")
        self._percent.setObjectName("textScale")
        self._percent.setMinimumWidth(self.theme.px(52))
        self._percent.setAlignment(Qt.AlignmentFlag.AlignCenter)
        normal = button(self.theme, "Normal", lambda: self._step(0), "flat", "normalText", 30)
        for each, words in ((self._smaller, "Smaller text"), (self._larger, "Larger text"), (normal, "Normal text")):
            each.setAccessibleName(words)
        for part in (normal, self._smaller, self._percent, self._larger):
            row.addWidget(part)
        box.setFocusProxy(normal)  # the first one: Tab would pass over what stands before it
        self.body.addWidget(setting_row(self.theme, "Text size", "Everything grows with it. Ctrl + and Ctrl −.", box))
        self.finds(self._larger, "Text size", "scale zoom font larger smaller")

    def _step(self, direction: int) -> None:
        self._preferences.change(text_scale=self.theme.step(direction))

    def _show(self) -> None:
        now: Settings = self._preferences.current
        self._theme.choose(now.theme)
        self._density.choose(now.density)
        self._layout.choose(now.layout)
        self._heat.setChecked(now.confidence)
        self._titles.setChecked(now.titles)
        self._percent.setText(f"{now.text_scale * 100:.0f} %")
        self._smaller.setEnabled(now.text_scale > 0.5)
        self._larger.setEnabled(now.text_scale < 3.0)
