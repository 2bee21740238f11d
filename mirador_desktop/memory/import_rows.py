"""Writes records that come from elsewhere: what is here already stays as it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import apsw

from mirador_desktop.core.conversation import Conversation, Folder, Turn
from mirador_desktop.memory import branches, rows
from mirador_desktop.memory.migrations import transaction

# Turns that no way leads to from the beginning of the conversation: what they follow is missing, or a circle.
_LOST = """
    WITH RECURSIVE reached (id) AS (
        SELECT id FROM turns WHERE conversation = ?1 AND parent = ''
        UNION
        SELECT t.id FROM reached CROSS JOIN turns t ON t.conversation = ?1 AND t.parent = reached.id  -- in this order
    ) SELECT id, parent FROM turns WHERE conversation = ?1 AND id NOT IN (SELECT id FROM reached) ORDER BY id"""


@dataclass(slots=True)
class Added:
    """What was written.

    Attributes:
        conversations, turns: how many are new.
        conversations_known, turns_known: how many were here.
        restored: conversations that were marked as deleted and are not any more.
        changed: conversations that are new or have new turns.
        lost: how many turns followed one that is not there, and begin a branch of their own now.
        foreign: how many turns were left out because their identifier belongs to another conversation here.
    """

    conversations: int = 0
    turns: int = 0
    conversations_known: int = 0
    turns_known: int = 0
    restored: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    lost: int = 0
    foreign: int = 0


def add(
    connection: apsw.Connection,
    records: Iterable[Folder | Conversation | Turn],
    on_record: Callable[[Added], None] = lambda added: None,
) -> Added:
    """Write records in one transaction: all of them, or, when anything raises, none.

    Nothing that is here is changed, with three exceptions. A conversation that was deleted a moment ago, so that it
    can still be brought back, is. A conversation that gets new turns shows them if they go on from what it showed,
    and counts as changed when they were written. A question that had no answer gets the one that came since.

    Args:
        on_record: called after each record; what it raises ends the writing.
    """
    adding = _Adding(connection)
    with transaction(connection):
        for record in records:
            if isinstance(record, Turn):
                adding.turn(record)
            elif isinstance(record, Conversation):
                adding.conversation(record)
            else:
                adding.folder(record)
            on_record(adding.added)
        adding.end_conversation()
    return adding.added


class _Adding:
    """Adds one record after the other."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.added = Added()
        self._connection = connection
        self._folders: dict[str, str] = {}  # as the file calls it: as it is called here
        self._here = {(str(name), str(parent)): str(key) for key, name, parent in self._all_folders()}
        self._known_folders = set(self._here.values())
        self._current: Conversation | None = None
        self._is_new = False
        self._turns = 0  # new ones of the current conversation
        self._latest = 0.0

    def folder(self, folder: Folder) -> None:
        """A folder, unless it is here, or one of the same name was before."""
        parent = self._folders.get(folder.parent, "")
        if parent and self._parent_of(parent):
            parent = ""  # one in another holds no folders
        key = rows.clean(folder.id)
        name = rows.clean(folder.name)
        if key not in self._known_folders:
            same = self._here.get((name, parent))
            if same is None:
                sql = "INSERT INTO folders (id, name, parent) VALUES (?, ?, ?)"
                self._connection.execute(sql, (key, name, parent))
                self._known_folders.add(key)
            else:
                key = same
        self._folders[folder.id] = key

    def conversation(self, conversation: Conversation) -> None:
        """A conversation, unless it is here."""
        self.end_conversation()
        self._current, self._turns, self._latest = conversation, 0, 0.0
        sql = "SELECT deleted FROM conversations WHERE id = ?"
        found = self._connection.execute(sql, (conversation.id,)).fetchone()
        self._is_new = found is None
        if found is None:
            folder = self._folders.get(conversation.folder, "")
            row = rows.conversation_row(replace(conversation, folder=folder))
            self._connection.execute(rows.WRITE_CONVERSATION, row)
            self.added.conversations += 1
            self.added.changed.append(conversation.id)
            return
        self.added.conversations_known += 1
        if found[0] is not None:
            self._connection.execute("UPDATE conversations SET deleted = NULL WHERE id = ?", (conversation.id,))
            self.added.restored.append(conversation.id)

    def turn(self, turn: Turn) -> None:
        """A turn of the conversation that came last, unless it is here."""
        if self._current is None or turn.conversation != self._current.id:
            self.added.foreign += 1
            return
        sql = "SELECT conversation FROM turns WHERE id = ?"
        found = self._connection.execute(sql, (turn.id,)).fetchone()
        if found is not None and found[0] != turn.conversation:
            self.added.foreign += 1
            return
        if found is not None and not (any(stage.answers for stage in turn.stages) and self._is_unanswered(turn.id)):
            self.added.turns_known += 1
            return
        if found is not None:
            self._connection.execute("DELETE FROM turns WHERE id = ?", (turn.id,))
        _insert(self._connection, turn)
        self.added.turns += 1
        self._turns += 1
        self._latest = max(self._latest, turn.created)

    def end_conversation(self) -> None:
        """Mend the tree of the conversation that came last, and say what it shows."""
        conversation, self._current = self._current, None
        if conversation is None or not (self._turns or self._is_new):
            return
        key = conversation.id
        lost = self._connection.execute(_LOST, (key,)).fetchall()
        ends = _ends({str(each): str(parent) for each, parent in lost})
        self._connection.executemany("UPDATE turns SET parent = '' WHERE id = ?", ((each,) for each in ends))
        self.added.lost += len(ends)
        if not self._is_new:
            self.added.changed.append(key)
        self._show(conversation)
        branches.count_turns(self._connection, key)

    def _show(self, conversation: Conversation) -> None:
        """Which branch is shown, and when it was changed last."""
        key = conversation.id
        (shown, updated) = self._connection.execute(
            "SELECT leaf, updated FROM conversations WHERE id = ?", (key,)
        ).fetchall()[0]
        wanted = self._own(conversation.leaf, key)
        if self._is_new:
            leaf = wanted or self._newest(key)
        else:
            line = {each.id for each in branches.outline(self._connection, wanted)} if wanted else set()
            leaf = wanted if not shown or shown in line else str(shown)
            updated = max(float(str(updated)), self._latest)
        self._connection.execute("UPDATE conversations SET leaf = ?, updated = ? WHERE id = ?", (leaf, updated, key))

    def _own(self, turn: str, conversation: str) -> str:
        sql = "SELECT id FROM turns WHERE id = ? AND conversation = ?"
        found = self._connection.execute(sql, (turn, conversation)).fetchone()
        return str(found[0]) if found is not None else ""

    def _newest(self, conversation: str) -> str:
        sql = "SELECT max(id) FROM turns WHERE conversation = ? AND parent = ''"
        first = self._connection.execute(sql, (conversation,)).get
        return branches.newest_leaf(self._connection, str(first)) if first is not None else ""

    def _is_unanswered(self, turn: str) -> bool:
        sql = "SELECT 1 FROM answers WHERE turn = ?1 UNION ALL SELECT 1 FROM turns WHERE id = ?1 AND reason IS NULL"
        return self._connection.execute(sql, (turn,)).fetchone() is None

    def _all_folders(self) -> list[tuple[object, ...]]:
        return self._connection.execute("SELECT id, name, parent FROM folders ORDER BY id").fetchall()

    def _parent_of(self, folder: str) -> str:
        return str(self._connection.execute("SELECT parent FROM folders WHERE id = ?", (folder,)).get or "")


def _insert(connection: apsw.Connection, turn: Turn) -> None:
    """Write a turn that is not there, with all that belongs to it."""
    connection.execute(rows.WRITE_TURN, rows.turn_row(turn))
    for place, stage in enumerate(turn.stages):
        connection.execute(rows.WRITE_STAGE, rows.stage_row(turn.id, place, stage))
        for number, answer in enumerate(stage.answers):
            connection.execute(rows.WRITE_ANSWER, rows.answer_row(turn.id, place, number, answer))
    for place, attachment in enumerate(turn.attachments):
        connection.execute(rows.WRITE_ATTACHMENT, rows.attachment_row(turn.id, place, attachment))


def _ends(parents: dict[str, str]) -> list[str]:
    """Of turns that are not reached from the beginning, the upmost ones: one of each circle, where there are such."""
    ends: list[str] = []
    seen: dict[str, int] = {}
    for number, start in enumerate(parents):
        turn = start
        while turn in parents and turn not in seen:
            seen[turn] = number
            if parents[turn] not in parents:
                ends.append(turn)
            turn = parents[turn]
        if turn in parents and seen[turn] == number and parents[turn] in parents:
            ends.append(turn)
    return ends
