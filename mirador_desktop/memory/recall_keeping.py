"""What the person does with memories: lists, pins, changes and forgets them, and keeps notes.

All functions run in the store's thread (`Store.write`, reading ones with `Store.read`) and are one transaction.
"""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import apsw

from mirador_desktop.core.conversation import new_id
from mirador_desktop.core.folding import fold
from mirador_desktop.core.memories import Memory
from mirador_desktop.memory import rows
from mirador_desktop.memory.migrations import transaction
from mirador_desktop.memory.recall_candidates import languages
from mirador_desktop.memory.recall_index import put, put_text
from mirador_desktop.memory.terms import question_terms, words_of

Order = Literal["newest", "oldest", "pinned"]
LONGEST_NOTE = 4000
"""Characters of a note; what is longer is no short note."""


class Forgotten(NamedTuple):
    """What the table held of a memory that is forgotten, to take that back: for a while, and never on disk."""

    id: str
    turn: str | None
    origin: str
    conversation: str
    created: float
    pinned: int
    question: str | None
    answer: str | None


CONVERSATION = "coalesce(nullif(m.conversation, ''), (SELECT conversation FROM turns WHERE id = m.origin), '')"
"""Of memories `m`, the conversation in which each was said: a note does not go with it, so it is not kept there."""
_READ = f"""
    SELECT m.id, m.turn IS NULL, m.origin, {CONVERSATION}, coalesce(c.title, ''), m.question, m.answer, m.created,
        m.pinned, m.turn, m.number
    FROM memories m LEFT JOIN conversations c ON c.id = m.conversation
    WHERE c.deleted IS NULL """  # noqa: S608 - no value of anybody
_ORDERS: dict[Order, str] = {
    "newest": "m.created DESC, m.number DESC",
    "oldest": "m.created, m.number",
    "pinned": "m.pinned DESC, m.created DESC, m.number DESC",
}


def read_memories(connection: apsw.Connection, numbers: Sequence[int]) -> dict[int, Memory]:
    """Memories by their number; those of deleted conversations are left out."""
    holes = ",".join("?" * len(numbers))
    return dict(_records(connection, connection.execute(f"{_READ} AND m.number IN ({holes})", tuple(numbers))))


def get(connection: apsw.Connection, identifier: str) -> Memory | None:
    """One memory, None if there is none with this identifier."""
    found = [memory for _, memory in _records(connection, connection.execute(_READ + "AND m.id = ?", (identifier,)))]
    return found[0] if found else None


def listed(
    connection: apsw.Connection, text: str = "", order: Order = "newest", limit: int = 100, offset: int = 0
) -> list[Memory]:
    """Memories that hold all words of `text`, in any form or begun, or whose conversation's title holds them.

    Small words ("the") are passed over where there are others.
    """
    where, values = _filter(connection, text)
    sql = f"{_READ} {where} ORDER BY {_ORDERS[order]} LIMIT ? OFFSET ?"
    return [memory for _, memory in _records(connection, connection.execute(sql, (*values, limit, offset)))]


def count(connection: apsw.Connection, text: str = "") -> int:
    """How many memories `listed` would give without a limit."""
    where, values = _filter(connection, text)
    return int(str(connection.execute(f"SELECT count(*) FROM ({_READ} {where})", values).get))  # noqa: S608


def _filter(connection: apsw.Connection, text: str) -> tuple[str, tuple[str, ...]]:
    """SQL, and its values, for the memories that `listed` finds by a text."""
    text = rows.clean(text)
    folded = fold(text).split()
    if not folded:
        return "", ()
    titles = connection.execute("SELECT id, title FROM conversations WHERE deleted IS NULL AND title <> ''")
    named = json.dumps([key for key, title in titles if all(word in fold(str(title)) for word in folded)])
    in_title = "m.conversation IN (SELECT value FROM json_each(?))"
    known = languages(connection)
    parts: list[str] = []
    small: list[str] = []
    for word in words_of(text):
        begun = "".join(char for char in fold(word) if char.isalnum() or char > "\x7f")
        found = {f'"{term}"' for sought in question_terms(word, known) for term in sought.terms}
        if begun:
            found.add(f'"{begun}"*')
        (parts if len(found) > 1 or not begun else small).append(f"({' OR '.join(sorted(found))})")
    parts = parts or small  # a small word is in no index, and alone it may be the beginning of another one
    if not parts:
        return f"AND {in_title}", (named,)
    match = " AND ".join(parts)
    held = "m.number IN (SELECT rowid FROM recall_terms WHERE recall_terms MATCH ?)"
    return f"AND ({in_title} OR {held})", (named, match)


def forget(connection: apsw.Connection, identifiers: Iterable[str]) -> list[Forgotten]:
    """Delete memories for good, and remember of turns that they are not to be remembered again.

    Returns what `bring_back` needs, of those that there were.
    """
    wanted = json.dumps(list(identifiers))
    these = "id IN (SELECT value FROM json_each(?))"
    sql = f"SELECT {', '.join(Forgotten._fields)} FROM memories WHERE {these} ORDER BY number"  # noqa: S608
    with transaction(connection):
        found: list[Any] = connection.execute(sql, (wanted,)).fetchall()
        connection.execute(
            f"INSERT INTO forgotten SELECT turn FROM memories m WHERE {these} AND turn IS NOT NULL "  # noqa: S608
            "AND NOT EXISTS (SELECT 1 FROM forgotten f WHERE f.turn = m.turn)",
            (wanted,),
        )
        connection.execute(f"DELETE FROM memories WHERE {these}", (wanted,))  # noqa: S608
    return [Forgotten(*row) for row in found]


def bring_back(connection: apsw.Connection, forgotten: Iterable[Forgotten]) -> None:
    """Remember again what was forgotten, as it was; a memory of a turn that is gone by now stays away."""
    with transaction(connection):
        for each in forgotten:
            connection.execute("DELETE FROM forgotten WHERE turn = ?", (each.turn,))
            connection.execute(
                "INSERT INTO memories (id, turn, origin, conversation, created, pinned, question, answer) "
                "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 "
                "WHERE (?2 IS NULL OR EXISTS (SELECT 1 FROM turns WHERE id = ?2)) "
                "AND NOT EXISTS (SELECT 1 FROM memories WHERE id = ?1)",
                each,
            )
            if each.turn is None:
                _index_note(connection, each.id)
            for turn in rows.read_turns(connection, [each.turn] if each.turn else [], marks=False):
                put(connection, turn)


def pin(connection: apsw.Connection, identifiers: Iterable[str], pinned: bool) -> list[str]:
    """Always remember memories, or no longer always; returns those for which that is new."""
    wanted = json.dumps(list(identifiers))
    sql = """UPDATE memories SET pinned = ?1 WHERE id IN (SELECT value FROM json_each(?2)) AND pinned <> ?1
        RETURNING id"""
    with transaction(connection):
        return [str(key) for (key,) in connection.execute(sql, (pinned, wanted)).fetchall()]


def edit(connection: apsw.Connection, identifier: str, question: str, answer: str = "", *, own: bool = False) -> None:
    """Change what is remembered. The conversation itself stays as it is.

    Args:
        own: these are the texts of the memory's turn, so that it is no longer changed.

    Raises:
        ValueError: nothing would be left.
    """
    question, answer = rows.clean(question).strip(), rows.clean(answer).strip()
    if not question and not answer:
        raise ValueError("A memory without text cannot be kept. Forget it instead.")
    with transaction(connection):
        found = connection.execute("SELECT number, created FROM memories WHERE id = ?", (identifier,)).fetchone()
        if found is not None:
            number, created = int(str(found[0])), float(str(found[1]))
            kept = (None, None) if own else (question, answer)
            connection.execute("UPDATE memories SET question = ?, answer = ? WHERE number = ?", (*kept, number))
            put_text(connection, number, question, answer, created)


def add_note(connection: apsw.Connection, text: str, *, turn: str = "", created: float | None = None) -> Memory:
    """Keep a short note of the person's own, as in "I work with Rust".

    Args:
        turn: where it was said. The note stays when that turn is deleted.

    Raises:
        ValueError: there is no text, or it is longer than `LONGEST_NOTE`. A note of the same text is kept once.
    """
    text = rows.clean(text).strip()
    if not text or len(text) > LONGEST_NOTE:
        raise ValueError(f"A note has 1 to {LONGEST_NOTE:,} characters, this one {len(text):,}.")
    when = time.time() if created is None else created
    with transaction(connection):
        same = connection.execute("SELECT id FROM memories WHERE turn IS NULL AND question = ? LIMIT 1", (text,)).get
        identifier = str(same or new_id())
        if same is None:
            connection.execute(
                "INSERT INTO memories (id, origin, created, question, answer) VALUES (?, ?, ?, ?, '')",
                (identifier, turn, when, text),
            )
            _index_note(connection, identifier)
    kept = get(connection, identifier)
    assert kept is not None
    return kept


def _index_note(connection: apsw.Connection, identifier: str) -> None:
    connection.execute("UPDATE memories SET session = number WHERE id = ?", (identifier,))
    sql = "SELECT number, question, created FROM memories WHERE id = ?"
    for number, text, created in connection.execute(sql, (identifier,)).fetchall():
        put_text(connection, int(str(number)), str(text), "", float(str(created)))


def notes(connection: apsw.Connection) -> set[str]:
    """The texts of all notes, without capitals."""
    found = connection.execute("SELECT question FROM memories WHERE turn IS NULL")
    return {str(text).casefold() for (text,) in found}


def _records(connection: apsw.Connection, found: Iterable[Any]) -> list[tuple[int, Memory]]:
    """Memories from the rows of `_READ`, with the texts of their turns where the person did not change them."""
    values = [tuple(row) for row in found]
    wanted = [row[9] for row in values if row[9] is not None and (row[5] is None or row[6] is None)]
    turns = {turn.id: turn for turn in rows.read_turns(connection, wanted, marks=False)} if wanted else {}
    made: list[tuple[int, Memory]] = []
    for key, is_note, origin, conversation, title, question, answer, created, pinned, turn, number in values:
        source = turns.get(turn)
        if source is not None:
            question = source.question if question is None else question
            answer = source.final_text if answer is None else answer
        edited = not is_note and source is None
        kind: Literal["turn", "note"] = "note" if is_note else "turn"
        memory = Memory(
            *(key, kind, origin, conversation, title, question or "", answer or "", created), bool(pinned), edited
        )
        made.append((number, memory))
    return made
