"""Colours that can be read, the system's theme, and the scale of all text."""

from collections.abc import Iterator
from dataclasses import fields

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from mirador_desktop.gui.colours import DARK, LIGHT, SHAPES, Colours
from mirador_desktop.gui.style_sheet import style_sheet
from mirador_desktop.gui.theme import SCALES, Theme

THEMES = pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
GROUNDS = ("background", "side", "surface", "raised", "selected", "question")


class Hints(QObject):
    """The system's hints, as a test wants them."""

    colorSchemeChanged = Signal(object)  # noqa: N815 - Qt's name

    def __init__(self) -> None:
        super().__init__()
        self.scheme = Qt.ColorScheme.Light

    def colorScheme(self) -> Qt.ColorScheme:
        return self.scheme

    def change(self, scheme: Qt.ColorScheme) -> None:
        self.scheme = scheme
        self.colorSchemeChanged.emit(scheme)


@pytest.fixture
def hints(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hints]:
    hints = Hints()
    monkeypatch.setattr(QGuiApplication, "styleHints", lambda: hints)
    yield hints
    hints.deleteLater()


def luminance(colour: str) -> float:
    """Relative luminance. Reference: W3C, Web Content Accessibility Guidelines 2.2, 2023."""
    known = QColor(colour)
    red, green, blue = (_linear(c) for c in (known.redF(), known.greenF(), known.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21. Reference: as above."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_gives_the_known_values() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@THEMES
@pytest.mark.parametrize("role", ["text", "muted"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_words_can_be_read_on_every_ground(colours: Colours, role: str, ground: str) -> None:
    assert contrast(getattr(colours, role), getattr(colours, ground)) >= 4.5


@THEMES
@pytest.mark.parametrize("ground", ["background", "side", "surface", "raised"])
def test_stages_errors_warnings_and_links_can_be_read(colours: Colours, ground: str) -> None:
    for colour in (*colours.stages, colours.error, colours.warning, colours.healthy, colours.focus):
        assert contrast(colour, getattr(colours, ground)) >= 4.5, colour


@THEMES
def test_inverted_words_and_labels_in_bars_can_be_read(colours: Colours) -> None:
    assert contrast(colours.background, colours.text) >= 4.5
    for stage in colours.stages:  # the timeline writes in its bars
        assert contrast(colours.background, stage) >= 4.5


@THEMES
def test_tinted_words_can_be_read(colours: Colours) -> None:
    tint, ground = QColor(colours.stages[0]), QColor(colours.surface)
    mixed = QColor.fromRgbF(
        0.35 * tint.redF() + 0.65 * ground.redF(),
        0.35 * tint.greenF() + 0.65 * ground.greenF(),
        0.35 * tint.blueF() + 0.65 * ground.blueF(),
    )
    assert contrast(colours.text, mixed.name()) >= 4.5


@THEMES
def test_faint_is_never_the_colour_of_words_that_matter(colours: Colours) -> None:
    rules = [rule for rule in style_sheet(colours, 1.0, "Mono").split("}") if f" color: {colours.faint}" in rule]
    assert all(":disabled" in rule for rule in rules)


@THEMES
def test_every_stage_has_its_shape_and_all_colours_are_colours(colours: Colours) -> None:
    assert len(colours.stages) == len(SHAPES) == len(set(SHAPES)) == len(set(colours.stages))
    for each in fields(colours):
        value = getattr(colours, each.name)
        assert all(QColor(c).isValid() for c in (value if isinstance(value, tuple) else (value,)))


def test_follows_the_system_when_that_is_chosen(hints: Hints) -> None:
    theme = Theme("system")
    changes: list[bool] = []
    theme.changed.connect(lambda: changes.append(theme.dark))
    assert theme.colours == LIGHT
    hints.change(Qt.ColorScheme.Dark)
    assert theme.colours == DARK
    palette = QApplication.palette()
    assert palette.color(QPalette.ColorRole.Window).name().upper() == DARK.background
    hints.change(Qt.ColorScheme.Unknown)
    assert theme.colours == LIGHT
    assert changes == [True, False]


@pytest.mark.parametrize(("choice", "colours"), [("dark", DARK), ("light", LIGHT)])
def test_a_chosen_theme_does_not_follow_the_system(hints: Hints, choice: str, colours: Colours) -> None:
    theme = Theme("system")
    theme.choose(choice)
    changes: list[bool] = []
    theme.changed.connect(lambda: changes.append(True))
    for scheme in (Qt.ColorScheme.Dark, Qt.ColorScheme.Light):
        hints.change(scheme)
        assert theme.colours == colours
    assert changes == []
    theme.choose("system")
    assert theme.colours == LIGHT


def test_text_scales_in_steps_from_end_to_end(hints: Hints) -> None:
    theme = Theme("light")
    seen = [theme.scale]
    for _ in range(len(SCALES)):
        theme.set_scale(theme.step(1))
        seen.append(theme.scale)
    assert seen[-1] == SCALES[-1] == theme.step(1)
    for _ in range(2 * len(SCALES)):
        theme.set_scale(theme.step(-1))
    assert theme.scale == SCALES[0] == theme.step(-1)
    assert theme.step(0) == 1.0
    theme.set_scale(1.3)  # from a settings file
    assert (theme.step(1), theme.step(-1)) == (1.5, 1.25)


def test_fonts_and_measures_grow_with_the_scale(qtbot: QtBot, hints: Hints) -> None:
    theme = Theme("light")
    label = QLabel("Words")
    label.setProperty("kind", "meta")
    qtbot.addWidget(label)
    label.ensurePolished()
    before = (theme.font().pointSizeF(), theme.fixed_font().pointSizeF(), theme.px(100), label.font().pointSizeF())
    theme.set_scale(2.0)
    label.ensurePolished()
    after = (theme.font().pointSizeF(), theme.fixed_font().pointSizeF(), theme.px(100), label.font().pointSizeF())
    assert after == pytest.approx([2 * value for value in before])
    theme.set_scale(1.0)
