"""How a Markdown text looks: colours, sizes, and the Qt formats made of them."""

from dataclasses import dataclass
from functools import cached_property

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QTextBlockFormat, QTextCharFormat, QTextFormat

from mirador_desktop.core.direction import right_to_left

from .markdown_model import (
    BOLD,
    CODE,
    CODE_END,
    CODE_LINE,
    COLOUR,
    HEADING,
    ITALIC,
    LINK,
    RULE,
    STRIKE,
    Line,
    Run,
)

KIND = QTextFormat.Property.UserProperty + 1
MARKERS, GROUP, LANGUAGE, OPENS = (KIND + number for number in range(1, 5))
"""Properties of a block that make it what it is; OPENS marks the first line of a code block."""

_HEADINGS = {1: 1.3, 2: 1.15}
_DARK = ("", "#C792EA", "#9ECE8A", "#8A94A6", "#F0B44C", "#6CA8FF")
_LIGHT = ("", "#8431B0", "#2B7A2B", "#5E6878", "#8A5A0B", "#1D55C4")


@dataclass(frozen=True)
class MarkdownStyle:
    """Colours as "#RRGGBB", and sizes.

    Attributes:
        text: Of the text.
        muted: Of markers, quotes and labels.
        line: Of rules and bars.
        raised: Behind code and every second row of a table.
        accent: The colour of the stage, for inline code.
        heat: Behind words the model was unsure of.
        link: Of links.
        dark: Whether the background is dark.
        point_size: Of the text.
        family: Of the text, "" for the default.
        fixed_family: Of code.
        line_height: In percent.
    """

    text: str
    muted: str
    line: str
    raised: str
    accent: str
    heat: str
    link: str
    dark: bool
    point_size: float
    family: str
    fixed_family: str
    line_height: int = 150

    @property
    def palette(self) -> tuple[str, ...]:
        """Colours of code, in the order of `markdown_model.PALETTE`."""
        return _DARK if self.dark else _LIGHT

    def px(self, pixels: float) -> float:
        """Scale a measure given for 10.5 points."""
        return round(pixels * self.point_size / 10.5)


class Formats:
    """The Qt formats for one style, each made once."""

    def __init__(self, style: MarkdownStyle) -> None:
        self.style = style
        self._characters: dict[tuple[str, int, int, str], QTextCharFormat] = {}
        self._blocks: dict[tuple[str, str, int, int, bool, str], QTextBlockFormat] = {}

    @cached_property
    def font(self) -> QFont:
        """The font of the text."""
        font = QFont(self.style.family) if self.style.family else QFont()
        font.setPointSizeF(self.style.point_size)
        return font

    @cached_property
    def fixed_font(self) -> QFont:
        """The font of code."""
        font = QFont(self.style.fixed_family)
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setPointSizeF(self.style.point_size * 0.95)
        return font

    @cached_property
    def line_height(self) -> float:
        """Distance of lines in pixels: fixed, so that a word in another font does not move its line.

        Fonts differ in what they call their height; it counts as at most 1.15 times their size.
        """
        metrics = QFontMetricsF(self.font)
        size = min(metrics.height(), 1.15 * self.font_pixels)
        return round(size * self.style.line_height / 100)

    @cached_property
    def font_pixels(self) -> float:
        """Size of the text in pixels."""
        dpi = QFontMetricsF(self.font).fontDpi()
        return self.style.point_size * dpi / 72

    @cached_property
    def indent(self) -> float:
        """Width of a level of lists."""
        return self.style.px(24)

    def inset(self, path: str) -> float:
        """Distance of a text from the left, given its containers."""
        path = path[:8]
        quotes, wide = path.count("q"), path.count("w")
        return len(path) * self.indent + wide * self.style.px(12) - quotes * self.style.px(8)

    @staticmethod
    def right_to_left(line: Line) -> bool:
        """Whether the first letter with a direction is written from right to left."""
        return line.kind != CODE_LINE and right_to_left("".join(run.text for run in line.runs))

    @property
    def cell_padding(self) -> float:
        """Space around the text of a cell."""
        return self.style.px(4)

    def scale(self, line: Line) -> float:
        """Size of a heading against the text."""
        return _HEADINGS.get(line.level, 1.0) if line.kind == HEADING else 1.0

    def characters(self, kind: str, level: int, run: Run) -> QTextCharFormat:
        """Format of a run in a block of this kind."""
        key = (kind, level, run.style, run.href)
        made = self._characters.get(key)
        if made is None:
            if len(self._characters) > 500:  # links are without number
                self._characters.clear()
            made = self._characters[key] = self._make_characters(kind, level, run)
        return made

    def _make_characters(self, kind: str, level: int, run: Run) -> QTextCharFormat:
        style = self.style
        fixed = run.style & CODE or kind == CODE_LINE
        font = QFont(self.fixed_font if fixed else self.font)
        if kind == HEADING:
            font.setPointSizeF(font.pointSizeF() * _HEADINGS.get(level, 1.0))
        if kind == CODE_END:
            font.setPointSizeF(1)
        if run.style & BOLD or kind == HEADING:
            font.setWeight(QFont.Weight.Bold)
        font.setItalic(bool(run.style & ITALIC))
        font.setStrikeOut(bool(run.style & STRIKE))
        made = QTextCharFormat()
        made.setFont(font, QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesSpecifiedOnly)
        colour = style.text
        if run.style & CODE:
            colour = style.accent
        elif run.style >> COLOUR:
            colour = style.palette[run.style >> COLOUR]
        if run.style & LINK and run.href:
            colour = style.link
            made.setAnchor(True)
            made.setAnchorHref(run.href)
            made.setFontUnderline(True)
        made.setForeground(QColor(colour))
        return made

    def block(self, line: Line, right_to_left: bool = False) -> QTextBlockFormat:
        """Format of a block; what is painted around it is in its properties."""
        opens = line.kind == CODE_LINE and bool(line.level)
        key = (line.kind, line.path, line.top, line.level, right_to_left, line.language)
        made = self._blocks.get(key)
        if made is None:
            made = self._blocks[key] = self._make_block(line, opens, right_to_left)
        if line.markers or line.kind in (CODE_LINE, CODE_END):
            made = QTextBlockFormat(made)
            if line.markers:
                made.setProperty(MARKERS, "\n".join(f"{column}\t{text}" for column, text in line.markers))
            if line.kind in (CODE_LINE, CODE_END):
                made.setProperty(GROUP, line.group)
        return made

    def _make_block(self, line: Line, opens: bool, right_to_left: bool) -> QTextBlockFormat:
        made = QTextBlockFormat()
        px = self.style.px
        inset = self.inset(line.path)
        top = px(line.top)
        height: float = round(self.line_height * self.scale(line))
        if line.kind == CODE_LINE:
            inset += px(12)
            height = round(self.line_height * 0.9)
            if opens:
                top += px(28 if line.language else 8)
        elif line.kind == CODE_END:
            height = px(8)
        elif line.kind == RULE:
            height = px(13)
        made.setTopMargin(top)
        if right_to_left:
            made.setRightMargin(inset)
            made.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        else:
            made.setLeftMargin(inset)
        if line.kind == CODE_LINE:
            made.setRightMargin(px(12))
            made.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        made.setLineHeight(height, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        made.setProperty(KIND, line.kind)
        if line.language:
            made.setProperty(LANGUAGE, line.language)
        if opens:
            made.setProperty(OPENS, True)
        return made

    @cached_property
    def end(self) -> tuple[QTextBlockFormat, QTextCharFormat]:
        """Formats of the empty block that closes every document."""
        block = QTextBlockFormat()
        block.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        return block, self.characters(CODE_END, 0, Run(""))

    def gap(self, top: int) -> QTextBlockFormat:
        """Format of the empty block above a table."""
        block = QTextBlockFormat()
        block.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        block.setTopMargin(self.style.px(top))
        return block
