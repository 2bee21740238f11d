"""The colours of the dark and the light theme, and the shapes that go with those of the stages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one theme, as "#RRGGBB"."""

    background: str
    side: str
    surface: str
    raised: str
    line: str
    text: str
    muted: str
    faint: str
    stages: tuple[str, ...]
    error: str
    warning: str
    healthy: str
    focus: str
    selected: str
    question: str


DARK = Colours(
    "#0E1116", "#0B0E12", "#151A21", "#1B212A", "#262E39", "#E7EBF1", "#8A94A6", "#5C6677",
    ("#F0B44C", "#6CA8FF", "#4ED2A6", "#B08CFF", "#FF8FA8", "#5CC8E0"),
    "#F2777A", "#F0B44C", "#4ED2A6", "#6CA8FF", "#1B212A", "#1B212A",
)  # fmt: skip
LIGHT = Colours(
    "#FBFBFC", "#F3F4F6", "#FFFFFF", "#F5F6F8", "#E3E6EB", "#1A1F27", "#5E6878", "#98A1B0",
    ("#8A5A0B", "#2563EB", "#0B7A5B", "#6D3FD1", "#B4234F", "#0B6E8A"),
    "#C62828", "#8A5A0B", "#0B7A5B", "#2563EB", "#E3E6EB", "#ECEFF5",
)  # fmt: skip

SHAPES = ("triangle", "diamond", "circle", "square", "wedge", "star")
"""Of the stages of a pipeline, by position, in step with `Colours.stages`."""
