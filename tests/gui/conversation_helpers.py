"""What the tests of conversations share: lists are built and painted in the same way."""

from collections.abc import Callable

from mirador_desktop.gui.conversation_view import ConversationView
from mirador_desktop.gui.look import Look
from tests.gui.test_turn_live import delete_now, settle

Build = Callable[..., ConversationView]
"""Makes a list of turns of a width and a height, shows and paints it."""


def paint(look: Look) -> None:
    """Paint all that waits, and delete what is gone."""
    settle(look)
    delete_now()
