"""Reads what an export needs, in small portions, so that memory stays flat whatever there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import apsw

from mirador_desktop.core.conversation import Conversation, Folder, Turn
from mirador_desktop.memory import branches, rows


@dataclass(frozen=True, slots=True)
class Shape:
    """The turns of a conversation without their texts.

    Attributes:
        ids: in the order in which they are written: each after the one it follows.
        children: what follows each of them, "" for the beginning.
    """

    ids: Sequence[str]
    children: Mapping[str, Sequence[str]]


def conversations(connection: apsw.Connection, wanted: Sequence[str] | None) -> list[Conversation]:
    """The conversations of these identifiers, in this order, or all, oldest first; none that are deleted."""
    sql = f"{rows.READ_CONVERSATIONS} WHERE deleted IS NULL"
    if wanted is None:
        return rows.read_conversations(connection.execute(f"{sql} ORDER BY created, id"))
    found = []
    for key in dict.fromkeys(wanted):
        found += rows.read_conversations(connection.execute(f"{sql} AND id = ?", (rows.clean(key),)))
    return found


def beginning_with(connection: apsw.Connection, prefix: str, most: int = 2) -> list[str]:
    """Identifiers of conversations that begin like that, at most so many."""
    sql = "SELECT id FROM conversations WHERE deleted IS NULL AND substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT ?2"
    exact = connection.execute("SELECT id FROM conversations WHERE deleted IS NULL AND id = ?", (prefix,)).fetchall()
    return [str(key) for (key,) in exact or connection.execute(sql, (prefix, most))]


def folders(connection: apsw.Connection) -> dict[str, Folder]:
    """All folders by identifier."""
    found = connection.execute("SELECT id, name, parent FROM folders ORDER BY id")
    return {str(key): Folder(str(key), str(name), str(parent)) for key, name, parent in found}


def count(connection: apsw.Connection, wanted: Sequence[Conversation], whole: bool) -> int:
    """How many turns there are in the whole trees, or on the branches that are shown."""
    if not whole:
        return sum(each.turns for each in wanted)
    sql = "SELECT count(*) FROM turns WHERE conversation = ?"
    return sum(int(str(connection.execute(sql, (each.id,)).get)) for each in wanted)


def shape(connection: apsw.Connection, conversation: Conversation, whole: bool) -> Shape:
    """The tree of a conversation, or the branch that is shown."""
    if not whole:
        ids = [each.id for each in branches.outline(connection, conversation.leaf)]
        return Shape(ids, {parent: [child] for parent, child in zip(["", *ids[:-1]], ids, strict=False)})
    found = connection.execute("SELECT id, parent FROM turns WHERE conversation = ? ORDER BY id", (conversation.id,))
    parents = {str(key): str(parent) for key, parent in found}
    children: dict[str, list[str]] = {}
    for key, parent in parents.items():
        children.setdefault(parent if parent in parents and parent != key else "", []).append(key)
    ids = list(_downwards(children, children.get("", ())))
    if len(ids) < len(parents):  # circles, which only another program could make
        reached = set(ids)
        for key in parents:
            if key not in reached:
                children[parents[key]].remove(key)
                children.setdefault("", []).append(key)
                more = [each for each in _downwards(children, [key]) if each not in reached]
                reached.update(more)
                ids += more
    return Shape(ids, children)


def turns(connection: apsw.Connection, ids: Sequence[str], images: bool, marks: bool) -> list[Turn]:
    """Turns in the given order, with the bytes of images and the marks of answers where they are wanted."""
    found = rows.read_turns(connection, ids, marks=marks)
    if images:
        for turn in found:
            if turn.attachments:
                sql = "SELECT place, data FROM attachments WHERE turn = ? AND data IS NOT NULL ORDER BY place"
                for place, data in connection.execute(sql, (turn.id,)):
                    turn.attachments[int(str(place))].data = data if isinstance(data, bytes) else None
    return found


def _downwards(children: Mapping[str, Sequence[str]], first: Sequence[str]) -> list[str]:
    """Turns from the top down, each branch to its end before the next."""
    ids: list[str] = []
    waiting = list(reversed(first))
    seen: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        ids.append(key)
        waiting += reversed(children.get(key, ()))
    return ids
