"""Writes records: complete ones over older ones, in one transaction, and only the answers that changed."""

import logging
from collections import OrderedDict
from collections.abc import Sequence

import apsw

from mirador_desktop.core.conversation import Answer, Conversation, Turn
from mirador_desktop.memory import branches, rows
from mirador_desktop.memory.migrations import transaction

_log = logging.getLogger(__name__)
_REMEMBERED_TURNS = 4
Place = tuple[int, int]
Answers = dict[Place, Answer]


class Writer:
    """Writes conversations and turns through one connection.

    A turn is written again and again while its answers stream. The answers that were written last are
    remembered, so that those which have ended are not compressed and written each time.
    """

    def __init__(self) -> None:
        self._written: OrderedDict[str, Answers] = OrderedDict()

    def save(self, connection: apsw.Connection, conversations: Sequence[Conversation], turns: Sequence[Turn]) -> None:
        """Write all in one transaction.

        Turns of a conversation that does not exist are left out: it was deleted for good in the meantime.
        """
        written: dict[str, Answers] = {}
        recount: set[str] = set()
        with transaction(connection):
            for conversation in conversations:
                self._save_conversation(connection, conversation, recount)
            for turn in turns:
                if not _exists(connection, "conversations", turn.conversation):
                    _log.warning("A turn of a conversation that does not exist was not written.")
                    continue
                new = not _exists(connection, "turns", turn.id)
                if new:
                    recount.add(turn.conversation)
                written[turn.id] = self._save_turn(connection, turn)
                if new:  # they never change
                    for place, attachment in enumerate(turn.attachments):
                        row = rows.attachment_row(turn.id, place, attachment)
                        connection.execute(rows.WRITE_ATTACHMENT, row)
            for key in sorted(recount):
                branches.count_turns(connection, rows.clean(key))
        self._written.update(written)
        for key in written:
            self._written.move_to_end(key)
        while len(self._written) > _REMEMBERED_TURNS:
            self._written.popitem(last=False)

    def forget(self) -> None:
        """Compare nothing with what was written before; for another database."""
        self._written.clear()

    def _save_conversation(self, connection: apsw.Connection, conversation: Conversation, recount: set[str]) -> None:
        row = rows.conversation_row(conversation)
        stored = connection.execute("SELECT leaf FROM conversations WHERE id = ?", row[:1]).fetchone()
        if stored is None or stored[0] != rows.clean(conversation.leaf):
            recount.add(conversation.id)
        connection.execute(rows.WRITE_CONVERSATION, row)

    def _save_turn(self, connection: apsw.Connection, turn: Turn) -> Answers:
        key = rows.clean(turn.id)
        connection.execute(rows.WRITE_TURN, rows.turn_row(turn))
        for place, stage in enumerate(turn.stages):
            connection.execute(rows.WRITE_STAGE, rows.stage_row(key, place, stage))
        connection.execute("DELETE FROM stages WHERE turn = ? AND place >= ?", (key, len(turn.stages)))

        answers = {
            (at, place): answer for at, stage in enumerate(turn.stages) for place, answer in enumerate(stage.answers)
        }
        found = connection.execute("SELECT stage, place FROM answers WHERE turn = ?", (key,))
        stored = {(int(str(at)), int(str(place))) for at, place in found}
        before = self._written.get(turn.id, {})
        for where, answer in answers.items():
            if where not in stored or before.get(where) != answer:
                connection.execute(rows.WRITE_ANSWER, rows.answer_row(key, *where, answer))
        for where in stored - answers.keys():
            connection.execute("DELETE FROM answers WHERE turn = ? AND stage = ? AND place = ?", (key, *where))
        return answers


def _exists(connection: apsw.Connection, table: str, key: str) -> bool:
    found = connection.execute(f"SELECT 1 FROM {table} WHERE id = ?", (rows.clean(key),))  # noqa: S608
    return found.fetchone() is not None
