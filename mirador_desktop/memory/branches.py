"""The tree of turns: walking up to its root, down to its newest leaf, and aside."""

import apsw

from mirador_desktop.core.conversation import TurnOutline

# UNION, not UNION ALL: a circle, which only a broken import could make, then ends.
_UP = """
    WITH RECURSIVE branch (id, parent, characters) AS (
        SELECT id, parent, characters FROM turns INDEXED BY turns_up WHERE id = ?1
        UNION
        SELECT up.id, up.parent, up.characters
        FROM branch JOIN turns AS up INDEXED BY turns_up ON up.id = branch.parent
    ) """
_OUTLINE = _UP + "SELECT id, characters FROM branch"  # noqa: S608 - all constants
_TAIL = _UP + "SELECT id FROM branch LIMIT ?2"  # noqa: S608
_COUNT = _UP + "SELECT count(*) FROM branch"  # noqa: S608
_DOWN = """
    WITH RECURSIVE down (id) AS (
        SELECT ?2
        UNION
        SELECT (SELECT max(id) FROM turns WHERE conversation = ?1 AND parent = down.id)
        FROM down WHERE down.id IS NOT NULL
    ) SELECT id FROM down WHERE id IS NOT NULL"""


def outline(connection: apsw.Connection, leaf: str) -> list[TurnOutline]:
    """The branch that ends at `leaf`, first turn first; nothing if there is no such turn."""
    rows = connection.execute(_OUTLINE, (leaf,))
    return [TurnOutline(str(key), int(str(characters))) for key, characters in rows][::-1]


def tail_ids(connection: apsw.Connection, leaf: str, count: int) -> list[str]:
    """The last `count` turns of the branch that ends at `leaf`, oldest first."""
    rows = connection.execute(_TAIL, (leaf, max(count, 0)))
    return [str(key) for (key,) in rows][::-1]


def count_turns(connection: apsw.Connection, conversation: str) -> None:
    """Bring the stored number of turns on the conversation's shown branch up to date."""
    row = connection.execute("SELECT leaf FROM conversations WHERE id = ?", (conversation,)).fetchone()
    if row is not None:
        count = connection.execute(_COUNT, (row[0],)).get
        connection.execute("UPDATE conversations SET turns = ? WHERE id = ?", (count, conversation))


def siblings(connection: apsw.Connection, turn: str) -> list[str]:
    """The turns with the same parent in the same conversation, itself included, sorted by id."""
    rows = connection.execute(
        "SELECT s.id FROM turns t JOIN turns s ON s.conversation = t.conversation AND s.parent = t.parent "
        "WHERE t.id = ? ORDER BY s.id",
        (turn,),
    )
    return [str(key) for (key,) in rows]


def newest_leaf(connection: apsw.Connection, turn: str) -> str:
    """From child to newest child down to the leaf; the turn itself if it has none, or does not exist."""
    row = connection.execute("SELECT conversation FROM turns WHERE id = ?", (turn,)).fetchone()
    if row is None:
        return turn
    return str(connection.execute(_DOWN, (row[0], turn)).fetchall()[-1][0])
