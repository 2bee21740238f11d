"""What all widgets of a conversation share: theme, frame clock, and how the person wants to see answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mirador_desktop.gui.frames import FrameClock
from mirador_desktop.gui.theme import META_POINTS, TEXT_POINTS, Theme

if TYPE_CHECKING:
    from mirador_desktop.gui.markdown_style import MarkdownStyle

COLUMN = 748
"""Widest text column, px at 100 %."""
COLUMNS = 1180
"""Widest when the panels of a turn stand side by side."""


@dataclass(slots=True)
class Look:
    """Handed down from the window; its parts change in place and widgets are told to `restyle()`.

    Attributes:
        heat: whether words the model was unsure of are tinted.
        layout: `stack`, `columns` or `final`.
        compact: less room between turns and panels.
        load_seconds: how long each model took to load the last time.
        loaded: called with a model that was seen loading, and how many seconds that took.
    """

    theme: Theme
    clock: FrameClock
    heat: bool = False
    layout: str = "stack"
    compact: bool = False
    load_seconds: Mapping[str, float] = field(default_factory=dict)
    loaded: Callable[[str, float], object] = lambda model, seconds: None

    def gap(self, pixels: float) -> int:
        """Room between things: half of it when compact, growing with the text."""
        return self.theme.px(pixels / 2 if self.compact else pixels)

    def markdown(self, place: int, muted: bool = False) -> MarkdownStyle:
        """The style of an answer's text in the stage at `place`; `muted` for thoughts."""
        from mirador_desktop.gui.markdown_style import MarkdownStyle

        theme, c = self.theme, self.theme.colours
        return MarkdownStyle(
            text=c.muted if muted else c.text,
            muted=c.muted,
            line=c.line,
            raised=c.raised,
            accent=theme.stage_colour(place),
            heat=c.stages[0],
            link=c.focus,
            dark=theme.dark,
            point_size=(META_POINTS + 1.0 if muted else TEXT_POINTS) * theme.scale,
            family=theme.font().family(),
            fixed_family=theme.fixed_font().family(),
        )
