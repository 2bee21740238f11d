"""What the window does for the settings of backups."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget


@dataclass(frozen=True)
class BackupActs:
    """What the window does for the page.

    Attributes:
        stop: stops answers that are being written.
        restored: shows what is kept now: it is all other than before.
        export_all, import_files: open their dialogs over a widget.
        say: shows a short message in the window of a widget: the words, seconds, a button and what it does.
    """

    stop: Callable[[], Awaitable[object]]
    restored: Callable[[], object]
    export_all: Callable[[QWidget], object]
    import_files: Callable[[QWidget], object]
    say: Callable[..., object]
