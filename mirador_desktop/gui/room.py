"""How much room the parts of the window get: numbers only, all of them in px at 100 % unless they say otherwise."""

from mirador_desktop.gui.look import COLUMN, COLUMNS
from mirador_desktop.gui.theme import Theme

SIDEBAR, INSPECTOR = 252, 268
WELCOME = 760
"""Widest column of the welcome page."""
SIDEBAR_FROM, INSPECTOR_FROM = 1000, 1200
"""How wide the window must be for a part to be shown when the person has not asked for it just now."""
_MOST_AT_SIDE = 0.38
"""Of the window's width: what a part at the side takes at most."""
_EDGE = 26
"""Least room beside the column, px."""


class Room:
    """What there is room for, with text of the theme's scale."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme

    def at_side(self, part: int, width: int) -> int:
        """How wide a part at the side of a window `width` px wide is, px: larger text makes it wider."""
        return min(round(part * self._grow()), round(width * _MOST_AT_SIDE))

    def has(self, width: int, least: int) -> bool:
        """Whether a window `width` px wide has room for a part that needs `least`."""
        return width >= round(least * self._grow())

    def beside(self, centre: int, turns: bool, layout: str) -> int:
        """How much room is left on each side of the column in the middle, px.

        Args:
            centre: width of the middle of the window, px.
            turns: whether it shows a conversation, else the welcome page.
            layout: how the panels of a turn stand.
        """
        column = (COLUMNS if layout == "columns" else COLUMN) if turns else WELCOME
        return max(_EDGE, (centre - self._theme.px(column)) // 2)

    def _grow(self) -> float:
        """How much wider parts are with larger text: up to a half more."""
        return min(self._theme.scale, 1.5) if self._theme.scale > 1 else 1.0
