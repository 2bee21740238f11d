"""The columns of the table of models: their widths, and which give way where there is no room."""

from dataclasses import dataclass

from PySide6.QtCore import Qt

from mirador_desktop.core.model_rows import Column


@dataclass(frozen=True)
class ColumnStyle:
    """One column.

    Attributes:
        key: by which it is sorted.
        title: in its header.
        width: px at 100 %, least for the first column.
        right: whether it stands at the right, as numbers do.
        gap: px at 100 % before the next one.
    """

    key: Column
    title: str
    width: int
    right: bool = False
    gap: int = 20

    @property
    def alignment(self) -> Qt.AlignmentFlag:
        """How its text stands."""
        side = Qt.AlignmentFlag.AlignRight if self.right else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter


COLUMNS = (
    ColumnStyle("name", "Name", 140, gap=14),
    ColumnStyle("size", "Size", 54, right=True, gap=12),
    ColumnStyle("parameters", "Parameters", 64, right=True),
    ColumnStyle("quantisation", "Quantisation", 72, gap=10),
    ColumnStyle("context", "Context", 50, right=True),
    ColumnStyle("can", "Can", 112, gap=14),
    ColumnStyle("memory", "In memory", 134, gap=16),
    ColumnStyle("modified", "Changed", 84, gap=14),
    ColumnStyle("uses", "Used by", 104, gap=0),
)
_WIDE_NAME = 260  # px at 100 % from which on all columns share what there is more
_GIVE_WAY: tuple[Column, ...] = ("modified", "quantisation", "context", "can", "parameters")


def widths(room: int, scale: float) -> list[int]:
    """Widths of the columns with their gaps, 0 for one that there is no room for.

    Args:
        room: px there are.
    """
    shown = list(COLUMNS)
    for key in ("", *_GIVE_WAY):
        shown = [c for c in shown if c.key != key]
        if sum(c.width + c.gap for c in shown) * scale <= room:
            break
    wide = {c.key: round((c.width + c.gap) * scale) for c in shown}
    more = max(0, room - sum(wide.values()))
    own = min(more, max(0, round(_WIDE_NAME * scale) - wide["name"]))
    each = (more - own) // len(shown)
    for key in wide:
        wide[key] += each
    wide["name"] += room - sum(wide.values()) if more else 0
    return [wide.get(c.key, 0) for c in COLUMNS]
