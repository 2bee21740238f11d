"""`python -m tests.screenshots OUT_DIR [NAME…]`: every state of the windows that exists, as PNG files.

Each state is reached in the real program against test servers, and rendered in both themes and two sizes. A name
may end in `*`. Without a display it renders offscreen.
"""

import fnmatch
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget

from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.popover import Popover
from tests import driving
from tests.driving import settled, tick
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim
from tests.screenshots import (
    attachment_states,
    exchange_states,
    first_start_states,
    host_states,
    memory_states,
    model_states,
    order_states,
    page_states,
    search_states,
    window_states,
)
from tests.screenshots.state import NOWHERE, State, World, an_ordinary_computer

THEMES = ("dark", "light")
STATES: dict[str, State] = {
    **window_states.STATES,
    **first_start_states.STATES,
    **host_states.STATES,
    **model_states.STATES,
    **page_states.STATES,
    **search_states.STATES,
    **order_states.STATES,
    **attachment_states.STATES,
    **memory_states.STATES,
    **exchange_states.STATES,
}


def _parents(widget: QWidget) -> list[QWidget]:
    """Those a widget belongs to, beyond the borders of windows."""
    parent = widget.parentWidget()
    return [] if parent is None else [parent, *_parents(parent)]


def _grab(shown: QWidget) -> QPixmap:
    """A window with what is open above it."""
    picture = shown.grab()
    for above in QApplication.topLevelWidgets():
        if above is shown or not above.isVisible() or not isinstance(above, QDialog | QMenu | Popover):
            continue
        if shown not in _parents(above):
            continue
        place = shown.mapFromGlobal(above.pos())
        if isinstance(above, QDialog):  # where a window manager would put it
            place = shown.rect().center() - QPoint(above.width() // 2, above.height() // 2)
        painter = QPainter(picture)
        painter.drawPixmap(place, above.grab())
        painter.drawRect(place.x(), place.y(), above.width(), above.height())
        painter.end()
    return picture


def render(name: str, out: Path) -> list[Path]:
    """Reach a state and write its pictures; returns their files."""
    state = STATES[name]
    files: list[Path] = []

    async def drive(window: MainWindow) -> None:
        if window.banner.words.text().startswith("This system has no usable keyring"):
            window.banner.say("")  # that there is none is said once; it is not what the picture is about
        window.resize(1320, 860)
        await state.reach(window, world)
        for theme in THEMES:
            window.theme.choose(theme)
            for width, height in state.sizes:
                shown = state.shows(window)
                shown.resize(width, height)
                for _ in range(6):
                    await tick(0.03)
                await settled(window)
                file = out / f"{name}-{theme}-{width}x{height}.png"
                _grab(shown).save(str(file))
                files.append(file)

    with tempfile.TemporaryDirectory(prefix="mirador-") as folder, ExitStack() as stack:
        sim = stack.enter_context(Sim(state.scenario if state.scenario is not None else scenarios.NO_MODELS))
        world = World(Path(folder), sim, stack)
        state.prepare(world)
        with an_ordinary_computer(world.home):
            driving.run(drive, world.home, sim.url if state.scenario is not None else NOWHERE)
    return files


def main(arguments: list[str]) -> int:
    """Render all states, or those that are named."""
    out = Path(arguments[0])
    out.mkdir(parents=True, exist_ok=True)
    for name in STATES:
        if not arguments[1:] or any(fnmatch.fnmatchcase(name, wanted) for wanted in arguments[1:]):
            for file in render(name, out):
                print(file, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
