"""States of the main window: answers, faults, notices, the list of conversations."""

import asyncio
from typing import Any

from PySide6.QtWidgets import QLineEdit, QPushButton

from mirador_desktop.core.stages import GUIDE_PIPELINE
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.memory.store import Store
from tests import driving
from tests.driving import answered, last, part, send, settled, tick, until
from tests.end2end.test_settings import opened
from tests.ollama_sim import scenarios
from tests.ollama_sim.sample_texts import QUESTION
from tests.ollama_sim.scenarios import with_faults
from tests.screenshots.state import NOWHERE, State, World

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3


async def _nothing(window: MainWindow, world: World) -> None:
    await settled(window)


async def _done(window: MainWindow, world: World) -> None:
    await send(window, QUESTION)
    await answered(window)
    view = window.turns.last_view()
    assert view is not None
    view.toggle(1)  # as in the mocks: the middle stage open
    window.turns.show_turn(window.turns.turn_ids[0])
    await settled(window)


async def _writing(window: MainWindow, world: World) -> None:
    await send(window, QUESTION)
    await until(lambda: len(last(window).stages[2].answers) > 0 and len(last(window).stages[2].answers[0].text) > 700)
    window.turns.show_turn(window.turns.turn_ids[0])


async def _heat(window: MainWindow, world: World) -> None:
    await _done(window, world)
    if not window.look.heat:
        window.set_heat(True)


async def _columns(window: MainWindow, world: World) -> None:
    await send(window, QUESTION)
    await answered(window)
    window.set_layout("columns")
    for place in (0, 1):
        view = window.turns.last_view()
        assert view is not None
        if view.panels[place].folded:
            view.toggle(place)
    window.turns.show_turn(window.turns.turn_ids[0])


async def _final(window: MainWindow, world: World) -> None:
    await send(window, QUESTION)
    await answered(window)
    window.set_layout("final")
    window.turns.show_turn(window.turns.turn_ids[0])


async def _waiting(window: MainWindow, world: World) -> None:
    await send(window, QUESTION)
    await until(lambda: any(n.text() for n in _notices(window)), "a notice")


async def _queued(window: MainWindow, world: World) -> None:
    window.composer._depths.actions()[1].trigger()
    await send(window, "Is it about imports?")
    await answered(window)  # the model is in memory now
    world.sim.change({"faults": [{"model": "llama3.2:3b", "stall_before_headers": True}]})
    await send(window, QUESTION)
    await until(lambda: any("busy with another" in n.text() for n in _notices(window)), "a notice")


def _notices(window: MainWindow) -> list[Any]:
    from PySide6.QtWidgets import QLabel

    view = window.turns.last_view()
    return [] if view is None else view.findChildren(QLabel, "stageNotice")


async def _thinking(window: MainWindow, world: World) -> None:
    await send(window, QUESTION)
    await answered(window)
    view = window.turns.last_view()
    assert view is not None
    buttons = [b for b in view.findChildren(QPushButton, "thinking") if b.isVisible()]
    if buttons:
        buttons[-1].click()


async def _quick(window: MainWindow, world: World) -> None:
    window.composer._depths.actions()[1].trigger()
    await send(window, "Does Typer import Rich even for --help?")
    await answered(window)


async def _answer(window: MainWindow, world: World) -> None:
    await send(window, QUESTION)
    await answered(window)


async def _stopped(window: MainWindow, world: World) -> None:
    await send(window, QUESTION)
    await until(lambda: len(last(window).stages[0].answers) > 0 and len(last(window).stages[0].answers[0].text) > 200)
    window.composer.stop.click()
    await answered(window)


async def _offline(window: MainWindow, world: World) -> None:
    world.sim.kill()
    await send(window, QUESTION)
    await answered(window)


async def _branch(window: MainWindow, world: World) -> None:
    await _answer(window, world)
    window.turns.last_view().edit.emit()  # type: ignore[union-attr]
    await send(window, "My Typer CLI takes 900 ms to print --help. Which imports cost most?")
    await answered(window)
    window.turns.show_turn(window.turns.turn_ids[0])


async def _editing(window: MainWindow, world: World) -> None:
    await _answer(window, world)
    window.turns.last_view().edit.emit()  # type: ignore[union-attr]


async def _follow_up(window: MainWindow, world: World) -> None:
    await _answer(window, world)
    await send(window, "And what about shell completion?")
    await answered(window, 2)


async def _no_result(window: MainWindow, world: World) -> None:
    await _answer(window, world)
    window.show_sidebar()
    window.sidebar.search.setText("zeppelin")
    await until(lambda: window.sidebar.list.shows_results, "an empty list")


async def _deleted(window: MainWindow, world: World) -> None:
    await _answer(window, world)
    window.show_sidebar()
    index = window.sidebar.list.currentIndex()
    await until(lambda: window.sidebar.list.currentIndex().isValid())
    index = window.sidebar.list.currentIndex()
    window.sidebar.list.deleted.emit(index.data(0x0100))
    await until(lambda: window.toast.isVisible(), "the offer to undo")


async def _guide(window: MainWindow, world: World) -> None:
    window.title_bar.choose_pipeline(GUIDE_PIPELINE.name)
    await send(window, "How do I get models?")
    await answered(window)


async def _long_words(window: MainWindow, world: World) -> None:
    await send(window, f"What is a {LONG}?")
    await answered(window)
    window.turns.show_turn(window.turns.turn_ids[0])


def _not_a_database(world: World) -> None:
    world.write("data/mirador.db", "this is not a database " * 500)
    world.write("data/mirador.key", "raw " + "00" * 32 + "\n").chmod(0o600)


def _no_folder(world: World) -> None:
    world.write("data", "a file where the folder should be")


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


def _newer(world: World) -> None:
    """A database that a newer version has written."""

    async def make() -> None:
        store = Store(world.home / "data")
        await store.open()
        await store._run(lambda connection: connection.pragma("user_version", 99))
        await store.close()

    with driving.environment(world.home, NOWHERE):
        asyncio.run(make())


def _wrong_settings(world: World) -> None:
    world.settings('theme = "purple"\n')


async def _top(window: MainWindow, world: World) -> None:
    await _answer(window, world)
    window.turns.show_turn(window.turns.turn_ids[0])


async def _pull(window: MainWindow, world: World) -> None:
    await _answer(window, world)
    page = await opened(window, "Models")
    part(page, QLineEdit, "pullName").setText("gemma3:4b")
    part(page, QPushButton, "pullButton").click()
    page.window().close()
    await tick(2.5)


_SOURCES = """
name = "With sources"
description = "What was measured, then what it means"
context_tokens = 800

[[context]]
kind = "file"
value = "/data/measurements-of-november.txt"

[[context]]
kind = "time"

[[stages]]
name = "quick"
models = ["llama3.2:3b"]
role_prompt = "Answer at once."
"""


def _own_pipeline(world: World) -> None:
    world.settings('pipeline = "With sources"\n')
    world.write("config/pipelines/with-sources.toml", _SOURCES)


ONE = scenarios.ONE_MODEL
_SLOW_PULL = {
    **scenarios.THREE_MODELS,
    "registry": [scenarios.model("gemma3:4b", 3.3, "4.3B", "gemma3", pull_seconds=20)],
}
STATES: dict[str, State] = {
    "overview": State(_done, _OVERVIEW),
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
    "sidebar-with-a-pull": State(_pull, _SLOW_PULL),
    "answer-without-a-source": State(_top, prepare=_own_pipeline),
    "database-damaged": State(_answer, prepare=_not_a_database),
    "database-of-a-newer-version": State(_answer, prepare=_newer),
    "settings-with-a-wrong-value": State(_nothing, prepare=_wrong_settings),
    "database-read-only": State(_answer, prepare=_no_folder),
}
