"""States of attached files: in the composer, with a question, and where a model cannot take them."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QColor, QImage, QPainter

from mirador_desktop.gui.main_window import MainWindow
from tests.driving import answered, settled, until
from tests.screenshots.state import State, World


def files_in(world: World) -> list[Path]:
    """A table, a long text and a photograph."""
    picture = QImage(1200, 800, QImage.Format.Format_RGB32)
    picture.fill(QColor("#6CA8FF"))
    painter = QPainter(picture)
    painter.fillRect(0, 500, 1200, 300, QColor("#4ED2A6"))
    painter.end()
    picture.save(str(world.home / "harbour.jpg"))
    world.write("costs-2026.csv", "month,costs\n" + "\n".join(f"{month},{month * 12}" for month in range(1, 13)))
    world.write("a-very-long-name-of-a-log-that-nobody-would-give-a-file.log", "a line of a log\n" * 40_000)
    return [*world.home.glob("*.csv"), *world.home.glob("*.log"), *world.home.glob("*.jpg")]


async def _attached(window: MainWindow, world: World) -> None:
    window.composer.text.setPlainText("What stands out in these?")
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(path)) for path in files_in(world)])
    window.composer.text.insertFromMimeData(dropped)
    await until(lambda: len(window.composer.files.chips) == 3, "three files")
    await settled(window)


async def _sent(window: MainWindow, world: World) -> None:
    await _attached(window, world)
    window.composer.send.click()
    await answered(window)
    window.turns.show_turn(window.turns.turn_ids[0])
    await settled(window)


STATES: dict[str, Any] = {
    "attachments-chosen": State(_attached),
    "attachments-sent": State(_sent),
}
