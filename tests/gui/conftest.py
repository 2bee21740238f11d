"""Fixtures for tests of conversations."""

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import Turn
from mirador_desktop.gui.conversation_view import ConversationView
from mirador_desktop.gui.look import Look
from tests.gui.conversation_helpers import Build, paint
from tests.gui.test_turn_live import delete_now, new_look


@pytest.fixture
def look(qapp: QApplication) -> Look:
    """What the widgets of a test share."""
    return new_look()


@pytest.fixture
def build(qtbot: QtBot, look: Look) -> Build:
    """See `Build`."""
    delete_now()

    def make(turns: list[Turn], width: int = 800, height: int = 600) -> ConversationView:
        view = ConversationView(look)
        qtbot.addWidget(view)
        view.resize(width, height)
        view.show()
        view.show_turns(turns)
        paint(look)
        return view

    return make
