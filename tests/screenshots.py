"""`python -m tests.screenshots OUT_DIR [NAME…]`: every state of the window that exists, as PNG files.

Each state is reached in the real program against the test server, and rendered in both themes at 900 × 600 and at
1320 × 860. Without a display it renders offscreen.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QMenu

from mirador_desktop.core.stages import GUIDE_PIPELINE
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.memory.store import Store
from tests import driving
from tests.driving import answered, last, send, settled, tick, until
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim
from tests.ollama_sim.sample_texts import QUESTION
from tests.ollama_sim.scenarios import with_faults

SIZES = ((900, 600), (1320, 860))
THEMES = ("dark", "light")
NOWHERE = "127.0.0.1:1"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3

Reach = Callable[[MainWindow, Sim], Awaitable[None]]


@dataclass(frozen=True)
class State:
    """A state of the window: what the server is like, and how the window gets there."""

    reach: Reach
    scenario: dict[str, Any] | None = field(default_factory=lambda: scenarios.THREE_MODELS)
    prepare: Callable[[Path], None] = lambda home: None


async def _nothing(window: MainWindow, sim: Sim) -> None:
    await settled(window)


async def _done(window: MainWindow, sim: Sim) -> None:
    await send(window, QUESTION)
    await answered(window)
    view = window.turns.last_view()
    assert view is not None
    view.toggle(1)  # as in the mocks: the middle stage open
    window.turns.show_turn(window.turns.turn_ids[0])
    await settled(window)


async def _writing(window: MainWindow, sim: Sim) -> None:
    await send(window, QUESTION)
    await until(lambda: len(last(window).stages[2].answers) > 0 and len(last(window).stages[2].answers[0].text) > 700)
    window.turns.show_turn(window.turns.turn_ids[0])


async def _heat(window: MainWindow, sim: Sim) -> None:
    await _done(window, sim)
    if not window.look.heat:
        window.set_heat(True)


async def _columns(window: MainWindow, sim: Sim) -> None:
    await send(window, QUESTION)
    await answered(window)
    window.set_layout("columns")
    for place in (0, 1):
        view = window.turns.last_view()
        assert view is not None
        if view.panels[place].folded:
            view.toggle(place)
    window.turns.show_turn(window.turns.turn_ids[0])


async def _final(window: MainWindow, sim: Sim) -> None:
    await send(window, QUESTION)
    await answered(window)
    window.set_layout("final")
    window.turns.show_turn(window.turns.turn_ids[0])


async def _waiting(window: MainWindow, sim: Sim) -> None:
    await send(window, QUESTION)
    await until(lambda: any(n.text() for n in _notices(window)), "a notice")


async def _queued(window: MainWindow, sim: Sim) -> None:
    window.composer._depths.actions()[1].trigger()
    await send(window, "Is it about imports?")
    await answered(window)  # the model is in memory now
    sim.change({"faults": [{"model": "llama3.2:3b", "stall_before_headers": True}]})
    await send(window, QUESTION)
    await until(lambda: any("busy with another" in n.text() for n in _notices(window)), "a notice")


def _notices(window: MainWindow) -> list[Any]:
    from PySide6.QtWidgets import QLabel

    view = window.turns.last_view()
    return [] if view is None else view.findChildren(QLabel, "stageNotice")


async def _thinking(window: MainWindow, sim: Sim) -> None:
    from PySide6.QtWidgets import QPushButton

    await send(window, QUESTION)
    await answered(window)
    view = window.turns.last_view()
    assert view is not None
    buttons = [b for b in view.findChildren(QPushButton, "thinking") if b.isVisible()]
    if buttons:
        buttons[-1].click()


async def _quick(window: MainWindow, sim: Sim) -> None:
    window.composer._depths.actions()[1].trigger()
    await send(window, "Does Typer import Rich even for --help?")
    await answered(window)


async def _answer(window: MainWindow, sim: Sim) -> None:
    await send(window, QUESTION)
    await answered(window)


async def _stopped(window: MainWindow, sim: Sim) -> None:
    await send(window, QUESTION)
    await until(lambda: len(last(window).stages[0].answers) > 0 and len(last(window).stages[0].answers[0].text) > 200)
    window.composer.stop.click()
    await answered(window)


async def _offline(window: MainWindow, sim: Sim) -> None:
    sim.kill()
    await send(window, QUESTION)
    await answered(window)


async def _branch(window: MainWindow, sim: Sim) -> None:
    await _answer(window, sim)
    window.turns.last_view().edit.emit()  # type: ignore[union-attr]
    await send(window, "My Typer CLI takes 900 ms to print --help. Which imports cost most?")
    await answered(window)
    window.turns.show_turn(window.turns.turn_ids[0])


async def _editing(window: MainWindow, sim: Sim) -> None:
    await _answer(window, sim)
    window.turns.last_view().edit.emit()  # type: ignore[union-attr]


async def _follow_up(window: MainWindow, sim: Sim) -> None:
    await _answer(window, sim)
    await send(window, "And what about shell completion?")
    await answered(window, 2)


async def _no_result(window: MainWindow, sim: Sim) -> None:
    await _answer(window, sim)
    window.show_sidebar()
    window.sidebar.search.setText("zeppelin")
    await until(lambda: not window.sidebar.list.isVisible(), "an empty list")


async def _deleted(window: MainWindow, sim: Sim) -> None:
    await _answer(window, sim)
    window.show_sidebar()
    index = window.sidebar.list.currentIndex()
    await until(lambda: window.sidebar.list.currentIndex().isValid())
    index = window.sidebar.list.currentIndex()
    window.sidebar.list.deleted.emit(index.data(0x0100))
    await until(lambda: window.toast.isVisible(), "the offer to undo")


async def _guide(window: MainWindow, sim: Sim) -> None:
    window.title_bar.choose_pipeline(GUIDE_PIPELINE.name)
    await send(window, "How do I get models?")
    await answered(window)


async def _long_words(window: MainWindow, sim: Sim) -> None:
    await send(window, f"What is a {LONG}?")
    await answered(window)
    window.turns.show_turn(window.turns.turn_ids[0])


async def _menu(window: MainWindow, sim: Sim) -> None:
    window.sidebar.gear.click()
    await tick(0.1)


def _not_a_database(home: Path) -> None:
    (home / "data").mkdir(parents=True)
    (home / "data" / "mirador.db").write_bytes(b"this is not a database " * 500)
    key = home / "data" / "mirador.key"
    key.write_text("raw " + "00" * 32 + "\n")
    key.chmod(0o600)


def _no_folder(home: Path) -> None:
    (home / "data").write_text("a file where the folder should be")


_SHORT = {
    "llama3.2:3b": "Defer heavy imports into the commands that need them. Measure with `python -X importtime` first.",
    "mistral:7b": (
        "Imports dominate. Profile with `-X importtime` and make them local. Skipping shell completion at start "
        "saves about 40 ms, and *pydantic* alone can cost 200 ms."
    ),
    "qwen2.5:7b": (
        "On a typical Typer app *pydantic* and *rich* take most of the start. Moving both into the commands "
        "brings it under 150 ms. A lazy entry point saves another 20–30 ms."
    ),
    "qwen2.5:14b": (
        "**Plan, in order of payoff**\n\n"
        "1. Measure: `-X importtime`, sort by cumulative, keep the top ten.\n"
        "2. Make every import used by one command local to that command.\n"
        "3. Turn off Rich help formatting: `Typer(rich_markup_mode=None)`.\n"
        "4. Guard it: a test that fails if `--help` imports more than 120 modules."
    ),
}
_OVERVIEW = {
    **scenarios.THREE_MODELS,
    "models": [{**m, "text": _SHORT.get(m["name"], "")} for m in scenarios.THREE_MODELS["models"]],
}


def _newer(home: Path) -> None:
    """A database that a newer version has written."""

    async def make() -> None:
        store = Store(home / "data")
        await store.open()
        await store._run(lambda connection: connection.pragma("user_version", 99))
        await store.close()

    with driving.environment(home, NOWHERE):
        asyncio.run(make())


def _wrong_settings(home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.toml").write_text('theme = "purple"\n')


ONE = scenarios.ONE_MODEL
STATES: dict[str, State] = {
    "overview": State(_done, _OVERVIEW),
    "first-start-no-engine": State(_nothing, None),
    "first-start-no-models": State(_nothing, scenarios.NO_MODELS),
    "first-start-ready": State(_nothing),
    "answer-writing": State(_writing),
    "answer-done": State(_done),
    "answer-heat-map": State(_heat),
    "answer-columns": State(_columns),
    "answer-final-only": State(_final),
    "answer-follow-up": State(_follow_up),
    "answer-one-model": State(_answer, ONE),
    "answer-thinking": State(_thinking, scenarios.THINKING),
    "answer-without-probabilities": State(_answer, scenarios.TOO_OLD),
    "answer-long-words": State(_long_words),
    "answer-branches": State(_branch),
    "answer-from-guide": State(_guide, None),
    "stage-model-loading": State(_waiting, scenarios.SLOW_LOAD),
    "stage-queued": State(_queued),
    "stage-busy": State(_waiting, with_faults(scenarios.THREE_MODELS, {"model": "llama3.2:3b", "status": 503})),
    "stages-left-out": State(_quick),
    "failed-with-fallback": State(_answer, scenarios.LARGE_DIES),
    "failed-for-good": State(_answer, scenarios.ALL_FAIL),
    "stopped": State(_stopped, with_faults(scenarios.THREE_MODELS, {"model": "llama3.2:3b", "stall_after": 90})),
    "offline": State(_offline),
    "editing-a-question": State(_editing),
    "no-search-result": State(_no_result),
    "deleted-with-undo": State(_deleted),
    "settings-menu": State(_menu),
    "database-damaged": State(_answer, prepare=_not_a_database),
    "database-of-a-newer-version": State(_answer, prepare=_newer),
    "settings-with-a-wrong-value": State(_nothing, prepare=_wrong_settings),
    "database-read-only": State(_answer, prepare=_no_folder),
}


def _grab(window: MainWindow) -> QPixmap:
    """The window with the menus that are open above it."""
    picture = window.grab()
    for menu in window.findChildren(QMenu):
        if menu.isVisible():
            painter = QPainter(picture)
            painter.drawPixmap(window.mapFromGlobal(menu.pos()), menu.grab())
            painter.end()
    return picture


def render(name: str, out: Path) -> list[Path]:
    """Reach a state and write its pictures; returns their files."""
    state = STATES[name]
    files: list[Path] = []

    async def drive(window: MainWindow) -> None:
        if window.banner.words.text().startswith("This system has no usable keyring"):
            window.banner.say("")  # that there is none is said once; it is not what the picture is about
        window.resize(*SIZES[-1])
        await state.reach(window, sim)
        for theme in THEMES:
            window.theme.choose(theme)
            for width, height in SIZES:
                window.resize(width, height)
                await tick(0.05)
                await settled(window)
                file = out / f"{name}-{theme}-{width}x{height}.png"
                _grab(window).save(str(file))
                files.append(file)

    with tempfile.TemporaryDirectory(prefix="mirador-") as folder:
        home = Path(folder)
        state.prepare(home)
        with Sim(state.scenario if state.scenario is not None else scenarios.NO_MODELS) as sim:
            driving.run(drive, home, sim.url if state.scenario is not None else NOWHERE)
    return files


def main(arguments: list[str]) -> int:
    """Render all states, or those that are named."""
    out = Path(arguments[0])
    out.mkdir(parents=True, exist_ok=True)
    for name in arguments[1:] or STATES:
        for file in render(name, out):
            print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
