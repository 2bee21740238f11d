"""Room for the parts of the window: which are shown, and that what is shown is inside and not cut."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.gui.elided import ElidedLabel
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.room import INSPECTOR_FROM, SIDEBAR_FROM
from tests.driving import part
from tests.gui.test_turn_live import settle
from tests.gui.window_helpers import full_window


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    return full_window(qtbot, tmp_path)


def shown(window: MainWindow) -> tuple[bool, bool]:
    return window.sidebar.isVisible(), window.inspector.isVisible()


def test_parts_hide_where_there_is_no_room(window: MainWindow) -> None:
    seen = []
    for width in (INSPECTOR_FROM, INSPECTOR_FROM - 1, SIDEBAR_FROM, SIDEBAR_FROM - 1, 640, 1320):
        window.resize(width, 700)
        seen.append(shown(window))
    assert (SIDEBAR_FROM, INSPECTOR_FROM) == (1000, 1200)
    assert seen == [(True, True), (True, False), (True, False), (False, False), (False, False), (True, True)]


def test_the_inspector_goes_with_the_turns_and_comes_back_with_them(window: MainWindow) -> None:
    assert shown(window) == (True, True)
    window.show_conversation("", False)
    assert shown(window) == (True, False)
    window.resize(1400, 860)
    window.toggle_inspector()
    window.toggle_inspector()
    assert shown(window) == (True, False)
    window.show_conversation("A title", True)
    assert shown(window) == (True, True)


@pytest.mark.parametrize("width", [800, 900])
def test_a_part_at_the_side_leaves_the_middle_its_room(window: MainWindow, width: int) -> None:
    window.theme.set_scale(2.0)
    window.resize(width, 600)
    window.toggle_sidebar()
    QApplication.processEvents()
    assert window.sidebar.width() <= 0.4 * width
    for name in ("sendButton", "exportButton"):
        button = part(window, QWidget, name)
        assert button.width() >= button.sizeHint().width(), name
    title = part(window, ElidedLabel, "conversationTitle")
    assert title.width() >= title.minimumSizeHint().width()
    engine = window.sidebar.engine
    engine.set_state("Ollama · not running on this computer & elsewhere", False, True, "")
    QApplication.processEvents()
    assert engine.shown_text().endswith("…")
    window.toggle_sidebar()
    window.theme.set_scale(1.0)


def test_words_come_back_with_the_room_for_them(window: MainWindow) -> None:
    names = ("attachButton", "depthChooser", "memorySwitch")
    for width in (1320, 900, 640, 900, 1320):  # parts at the side come and go with them
        window.resize(width, 700)
        QApplication.processEvents()
        words = [part(window, QPushButton, name).text() for name in names]
        assert words == ["Attach", "Depth: Auto", "Memory on"], width


def test_a_choice_in_a_narrow_window_is_not_kept_for_a_wide_one(window: MainWindow) -> None:
    window.resize(900, 600)
    window.toggle_sidebar()
    assert shown(window) == (True, False)
    window.toggle_sidebar()
    assert shown(window) == (False, False)
    window.resize(1320, 860)
    assert shown(window) == (True, True)
    window.toggle_sidebar()
    window.toggle_inspector()
    assert shown(window) == (False, False)
    window.resize(1000, 600)
    window.resize(1320, 860)
    assert shown(window) == (False, False)


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("width", [640, 900, 1320])
def test_every_control_of_the_window_is_inside_it(window: MainWindow, width: int, scale: float) -> None:
    window.theme.set_scale(scale)
    window.resize(width, 700)
    QApplication.processEvents()
    settle(window.look)
    assert window.width() == width
    for name in ("composerText", "sendButton", "layoutChooser", "exportButton", "depthChooser", "turnList"):
        widget = part(window, QWidget, name)
        box = widget.rect().translated(widget.mapTo(window, widget.rect().topLeft()))
        assert box.left() >= 0, name
        assert box.right() < width, name
    view = window.turns.last_view()
    assert view is not None
    assert view.x() + view.width() <= window.turns.viewport().width()
    window.theme.set_scale(1.0)


def test_a_toast_that_is_too_long_for_a_line_is_readable(window: MainWindow) -> None:
    words = "The server on this computer stopped answering while it wrote. " * 3
    window.resize(640, 600)
    window.toast.say(words.strip(), 8)
    assert window.toast.words.text() == words.strip()
    assert window.toast.x() >= 0
    assert window.toast.geometry().right() <= window.centre.width()


def test_larger_text_needs_more_room(window: MainWindow) -> None:
    window.theme.set_scale(2.0)
    assert shown(window) == (False, False)
    window.resize(1850, 860)
    assert shown(window) == (True, True)
    window.theme.set_scale(1.0)
