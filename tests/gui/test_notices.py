"""Banner and toast, and the tasks whose errors they tell."""

import asyncio
import logging

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.errors import MiradorError
from mirador_desktop.gui import notices
from mirador_desktop.gui.notices import Banner, Toast
from mirador_desktop.gui.tasks import Tasks
from tests.gui.test_turn_live import delete_now, the_theme


@pytest.fixture
def area(qapp: QApplication, qtbot: QtBot) -> QWidget:
    delete_now()
    area = QWidget()
    qtbot.addWidget(area)
    area.resize(700, 500)
    area.show()
    return area


@pytest.fixture
def toast(area: QWidget) -> Toast:
    return Toast(the_theme(), area)


def test_a_toast_goes_by_itself(qtbot: QtBot, toast: Toast) -> None:
    toast.say("Copied", 0.02)
    assert toast.isVisible()
    assert toast.accessibleName() == "Copied"
    qtbot.waitUntil(lambda: not toast.isVisible())


def test_an_error_comes_back_after_the_toast_that_covered_it(qtbot: QtBot, toast: Toast) -> None:
    toast.say("The first thing failed.", 8)
    toast.say("The second thing failed.", 8)
    toast.say("Copied", 0.02)
    assert toast.words.text() == "Copied"
    qtbot.waitUntil(lambda: toast.words.text() == "The second thing failed.")
    assert toast.isVisible()
    toast._next()
    assert toast.words.text() == "The first thing failed."
    toast._next()
    assert not toast.isVisible()


def test_the_same_error_again_is_one(toast: Toast) -> None:
    for _ in range(5):
        toast.say("It failed.", 8)
    toast._next()
    assert not toast.isVisible()


def test_the_same_error_between_others_is_one(toast: Toast) -> None:
    for words in ("It failed.", "Something else failed.", "It failed."):
        toast.say(words, 8)
    toast._next()
    assert toast.words.text() == "Something else failed."
    toast._next()
    assert not toast.isVisible()


def test_two_offers_in_the_same_words_can_both_be_taken(toast: Toast) -> None:
    undone: list[str] = []
    for what in ("first", "second"):
        toast.say("It is forgotten", 8, "Undo", lambda what=what: undone.append(what))  # type: ignore[misc]
    toast.button.click()
    assert toast.isVisible()
    toast.button.click()
    assert undone == ["second", "first"]
    assert not toast.isVisible()


def test_the_same_offer_again_is_one(toast: Toast) -> None:
    undone: list[bool] = []

    def undo() -> None:
        undone.append(True)

    for _ in range(3):
        toast.say("It is forgotten", 8, "Undo", undo)
    toast.button.click()
    assert undone == [True]
    assert not toast.isVisible()


def test_an_offer_comes_back_while_it_still_holds(
    qtbot: QtBot, toast: Toast, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, undone = 100.0, []
    monkeypatch.setattr(notices, "monotonic", lambda: now)
    toast.say("Deleted", 10, "Undo", lambda: undone.append(True))
    toast.say("Copied", 1)
    assert not toast.button.isVisible()
    now = 105.0
    toast._next()
    assert toast.button.text() == "Undo"
    toast.button.click()
    assert undone == [True]
    assert not toast.isVisible()
    toast.say("Deleted", 10, "Undo", lambda: undone.append(True))
    toast.say("Copied", 1)
    now = 120.0
    toast._next()
    assert not toast.isVisible(), "it would be too late"


def test_a_toast_stays_inside_when_its_area_shrinks(area: QWidget, toast: Toast) -> None:
    toast.say("Words that need some room to be read in one line, or in two of them. " * 2, 8, "Undo")
    for width in (700, 420, 900):
        area.resize(width, 300)
        assert area.rect().contains(toast.geometry())


def test_a_toast_takes_another_text_size_while_it_is_open(area: QWidget, toast: Toast) -> None:
    theme = toast._theme
    sizes = {}
    for scale in (1.0, 2.0):
        theme.set_scale(scale)
        toast.say("Copied to the clipboard", 60, "Undo")
        sizes[scale] = toast.geometry()
    for scale in (1.0, 2.0):
        theme.set_scale(scale)
        assert toast.geometry() == sizes[scale]
    theme.set_scale(1.0)
    assert sizes[1.0] != sizes[2.0]


def test_a_banner_stays_until_it_is_no_longer_true(area: QWidget) -> None:
    banner, pressed = Banner(area), []
    banner.say("Not being kept.", "Start a new file", lambda: pressed.append(True))
    assert banner.isVisible()
    assert isinstance(banner.button, QPushButton)
    banner.button.click()
    assert pressed == [True]
    assert banner.isVisible()
    banner.say("Not being kept.")
    assert not banner.button.isVisible()
    banner.button.click()
    assert pressed == [True]
    banner.say("")
    assert not banner.isVisible()


# ── tasks ──────────────────────────────────────────────────────────────────────────────────────────────────


async def _fail(error: Exception) -> None:
    await asyncio.sleep(0)
    raise error


def test_errors_of_tasks_are_told_and_unexpected_ones_are_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    async def run() -> None:
        tasks = Tasks(told.append)
        for name, error in (("one", MiradorError("Expected.")), ("two", ValueError("odd")), ("three", KeyError())):
            task = tasks.start(name, _fail(error))
            await asyncio.wait({task})
            await asyncio.sleep(0)
            assert not tasks.runs(name)

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert told == ["Expected.", "odd", "Something unexpected happened (KeyError)."]
    assert [r.getMessage() for r in caplog.records] == ["Task two failed", "Task three failed"]
    assert all(r.exc_info for r in caplog.records)


def test_a_task_replaces_one_of_its_name_and_the_end_of_the_first_does_not_forget_the_second() -> None:
    told: list[str] = []
    done: list[int] = []

    async def run() -> None:
        tasks = Tasks(told.append)
        release = asyncio.Event()

        async def work(number: int) -> None:
            await release.wait()
            done.append(number)

        first = tasks.start("open", work(1))
        second = tasks.start("open", work(2))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert first.cancelled()
        assert tasks.runs("open")
        release.set()
        await second
        tasks.cancel("open")
        tasks.cancel("what never ran")

    asyncio.run(run())
    assert done == [2]
    assert told == []


def test_close_cancels_all_and_waits() -> None:
    ended: list[str] = []

    async def run() -> None:
        tasks = Tasks(lambda error: None)

        async def work(name: str) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)

        tasks.start("a", work("a"))
        tasks.start("b", work("b"))
        await asyncio.sleep(0)
        await tasks.close(5)
        late = tasks.start("c", work("c"))
        await tasks.close(5)
        assert late.cancelled()

    asyncio.run(run())
    assert sorted(ended) == ["a", "b"], "what comes after it does not begin"
