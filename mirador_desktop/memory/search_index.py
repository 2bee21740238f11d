"""The index of words for searching."""

import apsw

from mirador_desktop.core.conversation import Turn

TABLES = ""


def put(connection: apsw.Connection, turn: Turn) -> None:
    """Index a turn, in place of what was there of it."""
