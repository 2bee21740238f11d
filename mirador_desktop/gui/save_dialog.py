"""Asks where a file shall go."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

_last = ""
"""The folder that was chosen last, until the program ends."""


def ask_where(
    parent: QWidget, title: str, name: str, kind: str, suffix: str, object_name: str, take: Callable[[Path], object]
) -> None:
    """Open the system's dialog for a new file; a file that is there is asked about by it.

    Args:
        name: what is proposed, in the folder of the last time, or that of documents.
        kind: the name of the format.
        suffix: as in ".md"; put behind a name that has none.
        take: gets the file, unless the person leaves the dialog.
    """
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    folder = next((each for each in (_last, documents) if each and Path(each).is_dir()), str(Path.home()))
    dialog = QFileDialog(parent, title, folder, f"{kind} (*{suffix})")
    dialog.setObjectName(object_name)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suffix[1:])
    dialog.selectFile(name)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def chosen(file: str) -> None:
        global _last
        _last = str(Path(file).parent)
        take(Path(file))

    dialog.fileSelected.connect(chosen)
    dialog.open()
