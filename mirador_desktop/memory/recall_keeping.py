"""What the person does with memories: lists, pins, changes and forgets them, and keeps notes.

All functions run in the store's thread (`Store.write`, reading ones with `Store.read`) and are one transaction.
"""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import apsw

from mirador_desktop.core.conversation import new_id
from mirador_desktop.core.folding import fold
from mirador_desktop.core.memories import Memory
from mirador_desktop.memory import rows
from mirador_desktop.memory.migrations import transaction
from mirador_desktop.memory.recall_candidates import languages
from mirador_desktop.memory.recall_index import put_text
from mirador_desktop.memory.terms import question_terms, words_of

Order = Literal["newest", "oldest", "pinned"]
LONGEST_NOTE = 4000
"""Characters of a note; what is longer is no short note."""

_READ = """
    SELECT m.id, m.turn IS NULL, m.origin, m.conversation, coalesce(c.title, ''), m.question, m.answer, m.created,
        m.pinned, m.turn, m.number
    FROM memories m LEFT JOIN conversations c ON c.id = m.conversation
    WHERE c.deleted IS NULL """
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


def forget(connection: apsw.Connection, identifiers: Iterable[str]) -> int:
    """Delete memories for good, and remember of turns that they are not to be remembered again; says how many."""
    with transaction(connection):
        changed = 0
        for identifier in identifiers:
            connection.execute(
                "INSERT INTO forgotten SELECT turn FROM memories m WHERE id = ?1 AND turn IS NOT NULL "
                "AND NOT EXISTS (SELECT 1 FROM forgotten f WHERE f.turn = m.turn)",
                (identifier,),
            )
            connection.execute("DELETE FROM memories WHERE id = ?", (identifier,))
            changed += connection.changes()
    return changed


def unforget(connection: apsw.Connection, turns: Iterable[str]) -> None:
    """Remember turns again that were forgotten: they are put in the queue of the indexer."""
    with transaction(connection):
        for turn in turns:
            connection.execute("DELETE FROM forgotten WHERE turn = ?", (turn,))
            connection.execute(
                "INSERT INTO to_index SELECT id FROM turns WHERE id = ?1 "
                "AND NOT EXISTS (SELECT 1 FROM to_index WHERE turn = ?1)",
                (turn,),
            )


def pin(connection: apsw.Connection, identifier: str, pinned: bool) -> None:
    """Always remember a memory, or no longer always."""
    with transaction(connection):
        connection.execute("UPDATE memories SET pinned = ? WHERE id = ?", (pinned, identifier))


def edit(connection: apsw.Connection, identifier: str, question: str, answer: str = "") -> None:
    """Change what is remembered. The conversation itself stays as it is.

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
            connection.execute(
                "UPDATE memories SET question = ?, answer = ? WHERE number = ?", (question, answer, number)
            )
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
            number = connection.last_insert_rowid()
            connection.execute("UPDATE memories SET session = number WHERE number = ?", (number,))
            put_text(connection, number, text, "", when)
    kept = get(connection, identifier)
    assert kept is not None
    return kept


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
