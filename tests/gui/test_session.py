"""What the session does with the assistant, in the real program: branches, going back, errors that are told."""

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from mirador_desktop.core.stages import DEFAULT_PIPELINE, GUIDE_PIPELINE
from mirador_desktop.errors import StoreError
from mirador_desktop.gui.conversation_list import CONVERSATION
from mirador_desktop.gui.desk import Desk
from mirador_desktop.gui.main_window import MainWindow
from tests import driving
from tests.driving import answered, last, part, send, settled, until
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim


def desk_of(window: MainWindow) -> Desk:
    return next(child for child in window.children() if isinstance(child, Desk))


def open_row(window: MainWindow, row: int) -> None:
    entries = window.sidebar.list
    entries.opened.emit(entries.model().index(row, 0).data(CONVERSATION))


def titles(window: MainWindow) -> list[str]:
    model = window.sidebar.list.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


async def _asking_again(window: MainWindow) -> None:
    await send(window, "One")
    first = await answered(window)
    await send(window, "Two")
    second = await answered(window, 2)
    assert second.parent == first.id
    desk_of(window).session.regenerate()
    await until(lambda: last(window).id != second.id, "the second branch")
    again = await answered(window, 2)
    assert (again.question, again.parent) == ("Two", first.id)
    view = window.turns.last_view()
    assert view is not None
    await until(lambda: part(view, QLabel, "branches").text() == "2/2", "its number")
    view.branch.emit(-1)
    await until(lambda: window.turns.turn_ids[-1] == second.id, "the first branch")
    assert window.turns.turn_ids[0] == first.id
    await settled(window)


async def _errors_are_told(window: MainWindow) -> None:
    desk = desk_of(window)

    async def fails() -> None:
        raise StoreError("The disk is full. Nothing was lost; free some space.")

    desk.tasks.start("a task", fails())
    toast = part(window, QWidget, "toast")
    await until(lambda: toast.isVisible() and "disk is full" in toast.accessibleName(), "the error")
    assert window.toast.words.text() == "The disk is full. Nothing was lost; free some space."
    desk._copy("words")
    assert "Copied" in toast.accessibleName()
    await until(lambda: "disk is full" in toast.accessibleName(), "the error again")


def _shows_another(window: MainWindow, turn_id: str) -> bool:
    return window.turns.turn_ids[-1:] not in ([], [turn_id])


async def _follow_ups_keep_the_pipeline(window: MainWindow) -> None:
    desk = desk_of(window)
    desk.open_guide()
    await send(window, "How do I get models?")
    await answered(window)
    assert last(window).pipeline == GUIDE_PIPELINE.name
    await until(lambda: len(titles(window)) == 3, "both conversations")
    for row, pipeline in ((2, DEFAULT_PIPELINE), (1, GUIDE_PIPELINE), (2, DEFAULT_PIPELINE)):
        before = window.turns.turn_ids[-1]
        open_row(window, row)
        await until(partial(_shows_another, window, before), "the other one")
        assert window.title_bar.pipeline == pipeline
    await settled(window)


async def _renames_pins_and_deletes(window: MainWindow) -> None:
    entries = window.sidebar.list
    shown = desk_of(window).session.conversation
    assert shown is not None
    entries.renamed.emit(shown, "A better title")
    await until(lambda: "A better title" in titles(window), "the new title")
    await until(lambda: window.windowTitle() == "A better title - Mirador")
    entries.pinned.emit(shown, True)
    await until(lambda: titles(window)[:2] == ["Pinned", "A better title"], "the pin")
    entries.deleted.emit(shown)
    await until(lambda: "A better title" not in titles(window), "it to be gone")
    assert window.turns.turn_ids == []
    await until(lambda: window.toast.button.text() == "Undo")
    part(window, QPushButton, "toastButton").click()
    await until(lambda: titles(window)[:2] == ["Pinned", "A better title"], "it to be back")


async def _the_inspector_is_up_to_date_when_it_is_opened(window: MainWindow) -> None:
    window.toggle_inspector()
    open_row(window, 1)
    await until(lambda: window.turns.turn_ids)
    await settled(window)
    window.toggle_inspector()
    assert "from" in part(window, QWidget, "timeline").accessibleName()


def test_a_session_from_the_first_question_to_the_last_undo(tmp_path: Path) -> None:
    steps = []

    async def drive(window: MainWindow) -> None:
        window.resize(1320, 860)
        for step in (
            _asking_again,
            _errors_are_told,
            _follow_ups_keep_the_pipeline,
            _renames_pins_and_deletes,
            _the_inspector_is_up_to_date_when_it_is_opened,
        ):
            await step(window)
            steps.append(step)

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert len(steps) == 5
