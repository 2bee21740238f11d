"""The index of memories for recall: which terms each one holds, what came before it, and of what times it speaks.

A memory is a turn, or a note of the person's own. `recall_terms` is an FTS5 table of terms that are stemmed already;
it serves as a store of postings (which memories hold a term, how often), read through two `fts5vocab` tables.
"""

import json
from datetime import date, datetime
from typing import Any

import apsw

from mirador_desktop.core.conversation import Turn
from mirador_desktop.core.when import names_time, time_spans
from mirador_desktop.memory.terms import (
    DEFAULT_LANGUAGE,
    ends_with_question,
    language_of,
    said_and_asked,
    speaks_of_self,
)

PAUSE = 6 * 3600
"""Seconds without a turn after which a conversation's next turn begins another session."""
MOST_CHARACTERS = 40_000
"""Of a text, this much is indexed."""
PERSON, QUESTION, TIME = 1, 2, 4
"""Bits of `traits`; see `core.memories.Feature`."""
_LONGEST_SPAN = 31
_MOST_SPANS = 12

TABLES = """
-- `question` and `answer` are NULL while they are the turn's own. `before` is the memory before it in its session,
-- `session` the number of the first one there, `spans` the times it speaks of, as ordinals of days.
CREATE TABLE memories (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    turn TEXT REFERENCES turns (id) ON DELETE CASCADE,
    origin TEXT NOT NULL DEFAULT '',
    conversation TEXT NOT NULL DEFAULT '',
    before INTEGER,
    session INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0,
    speaker TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT 'english',
    length INTEGER NOT NULL DEFAULT 0,
    traits INTEGER NOT NULL DEFAULT 0,
    spans TEXT NOT NULL DEFAULT '[]',
    question TEXT,
    answer TEXT
) STRICT;
CREATE INDEX memories_of_turns ON memories (turn);
CREATE INDEX memories_of_conversations ON memories (conversation, speaker);
CREATE INDEX memories_before ON memories (before);
CREATE INDEX memories_sessions ON memories (session, number, before, created, length, traits, speaker, conversation);
CREATE INDEX memories_created ON memories (created);
CREATE INDEX memories_languages ON memories (language);
CREATE INDEX memories_speakers ON memories (speaker, conversation) WHERE speaker <> '';
CREATE INDEX memories_pinned ON memories (created) WHERE pinned = 1;
CREATE INDEX memories_lengths ON memories (length);

-- Turns that are not to be remembered though their conversation stays.
CREATE TABLE forgotten (turn TEXT PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE recall_terms USING fts5(said, asked, tokenize='ascii');
INSERT INTO recall_terms (recall_terms, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE recall_vocabulary USING fts5vocab(recall_terms, row);
CREATE VIRTUAL TABLE recall_postings USING fts5vocab(recall_terms, instance);

CREATE TABLE memory_vectors (
    stamp INTEGER PRIMARY KEY AUTOINCREMENT,
    memory INTEGER NOT NULL REFERENCES memories (number) ON DELETE CASCADE,
    model TEXT NOT NULL,
    dimensions INTEGER NOT NULL,
    whole BLOB NOT NULL,
    passages BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX memory_vectors_by_model ON memory_vectors (model, memory);
CREATE INDEX memory_vectors_of ON memory_vectors (memory);

CREATE TRIGGER memory_deleted AFTER DELETE ON memories BEGIN
    DELETE FROM recall_terms WHERE rowid = old.number;
    DELETE FROM memory_vectors WHERE memory = old.number;
    UPDATE memories SET before = NULL WHERE before = old.number;
END;
CREATE TRIGGER memory_of_turn_deleted AFTER DELETE ON turns BEGIN
    DELETE FROM memories WHERE turn = old.id;
    DELETE FROM forgotten WHERE turn = old.id;
END;
-- Memory is switched off or on for a conversation. What the person pinned or changed goes with it too.
CREATE TRIGGER memory_off AFTER UPDATE OF memory ON conversations WHEN old.memory AND NOT new.memory BEGIN
    DELETE FROM memories WHERE turn IS NOT NULL AND conversation = new.id;
END;
CREATE TRIGGER memory_on AFTER UPDATE OF memory ON conversations WHEN new.memory AND NOT old.memory BEGIN
    INSERT INTO to_index SELECT id FROM turns WHERE conversation = new.id
        AND NOT EXISTS (SELECT 1 FROM to_index WHERE turn = turns.id);
END;
"""

_UPDATE_TERMS = "INSERT INTO recall_terms (rowid, said, asked) VALUES (?, ?, ?)"


def put(connection: apsw.Connection, turn: Turn) -> None:
    """Remember a turn, in place of what was remembered of it.

    What the person changed, pinned or forgot of it stays so. A turn of a conversation without memory is left out.
    """
    allowed = connection.execute(
        "SELECT c.memory AND NOT EXISTS (SELECT 1 FROM forgotten WHERE turn = t.id) "
        "FROM turns t JOIN conversations c ON c.id = t.conversation WHERE t.id = ?",
        (turn.id,),
    ).get
    if not allowed:
        connection.execute("DELETE FROM memories WHERE turn = ?", (turn.id,))
        return
    connection.execute(
        "INSERT INTO memories (id, turn, origin, conversation, created) VALUES (?1, ?1, ?1, ?2, ?3) "
        "ON CONFLICT (id) DO UPDATE SET conversation = excluded.conversation, created = excluded.created",
        (turn.id, turn.conversation, turn.created),
    )
    number, question, answer = _one(
        connection, "SELECT number, question, answer FROM memories WHERE id = ?", (turn.id,)
    )
    _link(connection, number, turn.parent)
    question = turn.question if question is None else question
    answer = turn.final_text if answer is None else answer
    put_text(connection, number, str(question), str(answer), turn.created)
    _link_those_after(connection, turn.id)


def put_text(connection: apsw.Connection, number: int, question: str, answer: str, created: float) -> None:
    """Index a memory's text, in place of what was indexed of it."""
    speaker, question = speaker_in(question[:MOST_CHARACTERS])
    answer = answer[:MOST_CHARACTERS]
    text = f"{question}\n{answer}".strip()
    (before,) = _one(
        connection,
        "SELECT b.language FROM memories m LEFT JOIN memories b ON b.number = m.before WHERE m.number = ?",
        (number,),
    )
    language = language_of(text, str(before or DEFAULT_LANGUAGE))
    if answer:
        said, asked = said_and_asked(text, language, answered=True)
    else:
        said, asked = said_and_asked(question, language)
    spans = _spans(question, answer, created)
    traits = PERSON if speaks_of_self(question, language) else 0
    traits |= (QUESTION if ends_with_question(text) else 0) | (TIME if spans or names_time(text) else 0)
    connection.execute(
        "UPDATE memories SET speaker = ?, language = ?, length = ?, traits = ?, spans = ? WHERE number = ?",
        (speaker, language, len(said) + len(asked), traits, json.dumps(spans), number),
    )
    row = (" ".join(said), " ".join(asked))
    stored = connection.execute("SELECT said, asked FROM recall_terms WHERE rowid = ?", (number,)).fetchone()
    if stored != row:
        connection.execute("DELETE FROM memory_vectors WHERE memory = ?", (number,))
        connection.execute("DELETE FROM recall_terms WHERE rowid = ?", (number,))
        connection.execute(_UPDATE_TERMS, (number, *row))


def speaker_in(text: str) -> tuple[str, str]:
    """Who speaks, by a label at the beginning ("Ann: …", as where talk of several people was pasted), and the rest.

    Whether it is a name, `recall` decides: where at least two of them speak in one conversation.
    """
    label, colon, rest = text[:40].partition(": ")
    words = label.split()
    if colon and 0 < len(words) <= 3 and all(word[0].isupper() and word.isalpha() for word in words):
        return label.casefold(), rest + text[40:]
    return "", text


def _spans(question: str, answer: str, created: float) -> list[tuple[int, int]]:
    """The times that a text speaks of, those of at most a month."""
    day = day_of(created)
    found, _ = time_spans(f"{question}\n{answer[:4000]}", day)
    spans = {(first.toordinal(), last.toordinal()) for first, last in found if (last - first).days <= _LONGEST_SPAN}
    return sorted(spans)[:_MOST_SPANS]


def day_of(created: float) -> date:
    """The day of a Unix time, here."""
    try:
        return datetime.fromtimestamp(created).date()
    except (ValueError, OverflowError, OSError):
        return date(1970, 1, 1)


def _link(connection: apsw.Connection, number: int, parent: str) -> bool:
    """Set what came before a memory, and its session; whether that changed."""
    row = connection.execute(
        "SELECT b.number, b.session, b.created FROM memories b WHERE b.turn = ? AND b.id = b.turn", (parent,)
    ).fetchone()
    old = _one(connection, "SELECT before, session, created FROM memories WHERE number = ?", (number,))
    before, session = None, number
    if row is not None and float(str(old[2])) - float(str(row[2])) < PAUSE:
        before, session = int(str(row[0])), int(str(row[1]))
    if (before, session) == old[:2]:
        return False
    connection.execute("UPDATE memories SET before = ?, session = ? WHERE number = ?", (before, session, number))
    return True


def _link_those_after(connection: apsw.Connection, turn: str) -> None:
    """Turns that follow this one may have been indexed earlier."""
    open_ends = [turn]
    while open_ends:
        parent = open_ends.pop()
        rows = connection.execute(
            "SELECT m.number, m.id FROM turns t JOIN turns c ON c.conversation = t.conversation AND c.parent = t.id "
            "JOIN memories m ON m.id = c.id WHERE t.id = ?",
            (parent,),
        ).fetchall()
        open_ends += [str(key) for number, key in rows if _link(connection, int(str(number)), parent)]


def _one(connection: apsw.Connection, sql: str, values: tuple[int | str, ...]) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(sql, values).fetchone()
    assert row is not None
    return row
