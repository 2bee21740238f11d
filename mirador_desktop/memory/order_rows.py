"""Rows of the order that the person makes: folders, tags in use, and copies of conversations."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

import apsw

from mirador_desktop.core.conversation import Conversation, Folder, new_id
from mirador_desktop.memory import branches as chains
from mirador_desktop.memory import rows
from mirador_desktop.memory.migrations import transaction

_COPIED = (
    ("turns", "id", rows.TURN_COLUMNS),
    ("stages", "turn", rows.STAGE_COLUMNS),
    ("answers", "turn", rows.ANSWER_COLUMNS),
    ("attachments", "turn", rows.ATTACHMENT_COLUMNS),
)


def folders(connection: apsw.Connection) -> list[Folder]:
    """All folders, by name."""
    found = connection.execute("SELECT id, name, parent FROM folders")
    all_of_them = [Folder(str(key), str(name), str(parent)) for key, name, parent in found]
    return sorted(all_of_them, key=lambda folder: (folder.name.casefold(), folder.id))


def put_folders(connection: apsw.Connection, put: Sequence[Folder], deleted: Sequence[str] = ()) -> None:
    """Write folders, new ones too, and delete others; conversations in those are for the caller to move."""
    with transaction(connection):
        for folder in put:
            values = tuple(rows.clean(text) for text in (folder.id, folder.name, folder.parent))
            connection.execute("INSERT OR REPLACE INTO folders VALUES (?, ?, ?)", values)
        for key in deleted:
            connection.execute("DELETE FROM folders WHERE id = ?", (key,))


def inside(connection: apsw.Connection, folder: str) -> list[str]:
    """The conversations in a folder, deleted ones that can come back included."""
    found = connection.execute("SELECT id FROM conversations WHERE folder = ?", (folder,))
    return [str(key) for (key,) in found]


def tags(connection: apsw.Connection) -> Mapping[str, int]:
    """The tags in use, with how many conversations have them, most frequent first."""
    found = connection.execute("SELECT tags FROM conversations WHERE deleted IS NULL AND tags != '[]'")
    counts = Counter(tag for (text,) in found for tag in json.loads(str(text)))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0].casefold())))


def tree(connection: apsw.Connection, conversation: str) -> list[tuple[str, str, float, str]]:
    """All turns of a conversation, oldest first: identifier, parent, Unix time, beginning of the question."""
    sql = "SELECT id, parent, created, substr(question, 1, 200) FROM turns WHERE conversation = ? ORDER BY id"
    found = connection.execute(sql, (conversation,))
    return [(str(key), str(parent), float(str(created)), str(question)) for key, parent, created, question in found]


def branches(connection: apsw.Connection, conversation: str) -> int:
    """How many turns of a conversation are followed by none: so many branches it has."""
    sql = """SELECT count(*) FROM turns t WHERE conversation = ?1
        AND NOT EXISTS (SELECT 1 FROM turns c WHERE c.conversation = ?1 AND c.parent = t.id)"""
    return int(str(connection.execute(sql, (conversation,)).get))


def copy(connection: apsw.Connection, target: Conversation, source: str, leaf: str, *, whole: bool) -> None:
    """Write `target` as a new conversation with turns of `source`, under new identifiers.

    Args:
        leaf: the turn in `source` that becomes the end of what `target` shows.
        whole: copy all branches, not only the one that ends at `leaf`.
    """
    with transaction(connection):
        if whole:
            ids = [key for key, *_ in tree(connection, source)]
        else:
            ids = [outline.id for outline in chains.outline(connection, leaf)]
        new = {key: key[:20] + new_id()[20:] for key in ids}  # branches are sorted by how their identifiers begin
        target.leaf = new.get(leaf, "")
        connection.execute(rows.WRITE_CONVERSATION, rows.conversation_row(target))
        for old, key in new.items():
            parent = str(connection.execute("SELECT parent FROM turns WHERE id = ?", (old,)).get)
            for table, name, columns in _COPIED:
                values = {name: "?1"} | ({"conversation": "?2", "parent": "?3"} if table == "turns" else {})
                names, given = ", ".join(columns), ", ".join(values.get(column, column) for column in columns)
                sql = f"INSERT INTO {table} ({names}) SELECT {given} FROM {table} WHERE {name} = ?4"  # noqa: S608
                connection.execute(sql, (key, target.id, new.get(parent, ""), old))
        chains.count_turns(connection, target.id)
