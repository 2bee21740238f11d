"""What is known now of the memories that were sent along with turns: a deleted one is not known any more."""

import json
from collections.abc import Sequence

import apsw

from mirador_desktop.core.conversation import Turn
from mirador_desktop.memory import rows
from mirador_desktop.memory.recall_keeping import CONVERSATION

_MOST_TEXT = 300
_DESCRIBE = f"""
    SELECT m.id, m.turn IS NULL, m.origin, {CONVERSATION}, coalesce(c.title, ''), m.created,
        substr(coalesce(m.question, t.question, ''), 1, {_MOST_TEXT}), m.pinned
    FROM memories m LEFT JOIN turns t ON t.id = m.turn LEFT JOIN conversations c ON c.id = m.conversation
    WHERE c.deleted IS NULL AND m.id IN (SELECT value FROM json_each(?))"""  # noqa: S608 - a number


def read_turns(connection: apsw.Connection, ids: Sequence[str]) -> list[Turn]:
    """Complete turns in the given order, their memories described; those that are not there are left out."""
    turns = rows.read_turns(connection, ids)
    describe(connection, turns)
    return turns


def describe(connection: apsw.Connection, turns: Sequence[Turn]) -> None:
    """Say of the memories of turns what they are and where they come from."""
    wanted = json.dumps(list({used.id for turn in turns for used in turn.recalled}))
    if wanted == "[]":
        return
    known = {row[0]: row[1:] for row in connection.execute(_DESCRIBE, (wanted,))}
    for used in (used for turn in turns for used in turn.recalled):
        is_note, origin, conversation, title, created, text, pinned = known.get(used.id, (0, "", "", "", 0.0, "", 0))
        used.kind = ("note" if is_note else "turn") if used.id in known else ""
        used.turn, used.conversation, used.title = str(origin), str(conversation), str(title)
        used.created, used.text, used.pinned = float(str(created)), str(text), bool(pinned)
