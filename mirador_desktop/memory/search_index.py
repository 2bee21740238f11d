"""The index of words for searching: two lists of words over the texts that the other tables hold.

`search_words` knows which words (and beginnings of words up to four letters) a turn has, but not where: almost
everything is answered from it. `search_phrases` knows where, for phrases and for scripts without spaces. Neither
keeps the texts: both take them from the view `search_source` through the function `search_words_of`, also to find
what has to be deleted. So a turn leaves the index before its texts change or go.

A turn's number in the index grows with the time of its question: who reads from the end has the newest first, and
a span of time is a span of numbers.
"""

import math
import re
from collections.abc import Iterable

import apsw

from mirador_desktop.core.conversation import Turn
from mirador_desktop.core.folding import words_of

A_SECOND = 32
"""Numbers that a second has; more turns in one second take those after it."""
_LATEST = 2**36
MOST_OF_A_FILE = 200_000
"""Characters of each file that are indexed."""
_CODE = re.compile(r"^[ >]*(?:[-+*] +|\d+[.)] +)?(?:```|~~~)", re.MULTILINE)
BETWEEN = "\x1f"
"""Between the names of a stage and a model."""
_FACT = "\ue000"  # of the private use area, which `words_of` leaves out
_AS_LETTERS = {code: 0xE100 + code for code in range(128) if not chr(code).isalnum()}


def _gone(turn: str) -> str:
    """SQL of a trigger: take a turn out of the index while its texts are still there, and have it put in anew."""
    return f"""
    INSERT INTO to_index SELECT {turn} WHERE NOT EXISTS (SELECT 1 FROM to_index WHERE turn = {turn});
    DELETE FROM search_turns WHERE turn = {turn};"""  # noqa: S608 - constants of this file


def _fts(name: str, source: str, options: str) -> str:
    return f"""
CREATE VIRTUAL TABLE {name} USING fts5(
    words, content='{source}', content_rowid='id', columnsize=0, tokenize='ascii', {options});
INSERT INTO {name} ({name}, rank) VALUES ('secure-delete', 1);"""  # noqa: S608 - constants of this file


def _triggers(table: str, columns: Iterable[str], key: Iterable[str]) -> str:
    changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns)
    same = " AND ".join(f"{column} = new.{column}" for column in key)
    indexed = "EXISTS (SELECT 1 FROM search_turns WHERE turn = {}.turn)"
    return f"""
CREATE TRIGGER search_{table}_changed BEFORE UPDATE OF {", ".join(columns)} ON {table}
WHEN ({changed}) AND {indexed.format("old")} BEGIN {_gone("old.turn")}
END;
CREATE TRIGGER search_{table}_deleted BEFORE DELETE ON {table} WHEN {indexed.format("old")} BEGIN {_gone("old.turn")}
END;
-- What is written over an older row fires this too.
CREATE TRIGGER search_{table}_added BEFORE INSERT ON {table}
WHEN {indexed.format("new")} AND NOT EXISTS (SELECT 1 FROM {table} WHERE {same}) BEGIN {_gone("new.turn")}
END;"""  # noqa: S608 - constants of this file


TABLES = f"""
CREATE TABLE search_conversations (
    id INTEGER PRIMARY KEY,
    conversation TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE search_turns (
    id INTEGER PRIMARY KEY,
    turn TEXT NOT NULL UNIQUE,
    conversation INTEGER NOT NULL,
    facts TEXT NOT NULL
) STRICT;
CREATE INDEX search_turns_of ON search_turns (conversation);
CREATE INDEX conversations_deleted ON conversations (id) WHERE deleted IS NOT NULL;

CREATE VIEW search_source AS SELECT s.id AS id, s.facts || ' ' || search_words_of(
    t.question || char(10)
    || coalesce((SELECT group_concat(text || char(10) || thinking, char(10)) FROM answers WHERE turn = t.id), '')
    || coalesce((SELECT group_concat(char(10) || name || char(10) || substr(text, 1, {MOST_OF_A_FILE}), '')
        FROM attachments WHERE turn = t.id), '')
    ) AS words FROM search_turns s JOIN turns t ON t.id = s.turn;
{_fts("search_words", "search_source", "detail=none, prefix='1 2 3 4'")}
{_fts("search_phrases", "search_source", "detail=full")}
CREATE VIRTUAL TABLE search_vocabulary USING fts5vocab(search_words, row);

CREATE TRIGGER search_turn_left BEFORE DELETE ON search_turns BEGIN
    DELETE FROM search_words WHERE rowid = old.id;
    DELETE FROM search_phrases WHERE rowid = old.id;
END;
CREATE TRIGGER search_turns_deleted BEFORE DELETE ON turns BEGIN
    DELETE FROM search_turns WHERE turn = old.id;
END;
CREATE TRIGGER search_turns_changed BEFORE UPDATE OF question ON turns
WHEN old.question IS NOT new.question BEGIN {_gone("old.id")}
END;
{_triggers("answers", ("text", "thinking", "model"), ("turn", "stage", "place"))}
{_triggers("attachments", ("text", "name"), ("turn", "place"))}

CREATE VIEW search_titles_source AS SELECT s.id AS id, search_words_of(c.title) AS words
    FROM search_conversations s JOIN conversations c ON c.id = s.conversation;
{_fts("search_titles", "search_titles_source", "detail=full, prefix='1 2 3'")}
CREATE TRIGGER search_title_added AFTER INSERT ON conversations BEGIN
    INSERT INTO search_conversations (conversation) VALUES (new.id);
    INSERT INTO search_titles (rowid, words) SELECT id, search_words_of(new.title)
        FROM search_conversations WHERE conversation = new.id;
END;
CREATE TRIGGER search_title_left BEFORE UPDATE OF title ON conversations WHEN old.title IS NOT new.title BEGIN
    DELETE FROM search_titles WHERE rowid = (SELECT id FROM search_conversations WHERE conversation = old.id);
END;
CREATE TRIGGER search_title_changed AFTER UPDATE OF title ON conversations WHEN old.title IS NOT new.title BEGIN
    INSERT INTO search_titles (rowid, words) SELECT id, search_words_of(new.title)
        FROM search_conversations WHERE conversation = new.id;
END;
CREATE TRIGGER search_title_deleted BEFORE DELETE ON conversations BEGIN
    DELETE FROM search_titles WHERE rowid = (SELECT id FROM search_conversations WHERE conversation = old.id);
    DELETE FROM search_conversations WHERE conversation = old.id;
END;
CREATE VIRTUAL TABLE search_titles_vocabulary USING fts5vocab(search_titles, row);
INSERT INTO search_conversations (conversation) SELECT id FROM conversations ORDER BY created;
INSERT INTO search_titles (rowid, words) SELECT id, words FROM search_titles_source;
"""  # noqa: S608 - constants of this file


def add_functions(connection: apsw.Connection) -> None:
    """Register what the views and triggers call, on a connection that writes."""
    connection.create_scalar_function("search_words_of", _words_of, 1, deterministic=True)


def put(connection: apsw.Connection, turn: Turn) -> None:
    """Index a turn that is in its table, in place of what was there of it."""
    row = connection.execute(
        "SELECT t.id, t.created, s.id FROM turns t JOIN search_conversations s ON s.conversation = t.conversation "
        "WHERE t.id = ?",
        (turn.id,),
    ).fetchone()
    if row is None:
        return
    key, created, conversation = row
    connection.execute("DELETE FROM search_turns WHERE turn = ?", (key,))
    number = _free(connection, number_at(float(str(created))))
    connection.execute(
        "INSERT INTO search_turns VALUES (?, ?, ?, ?)",
        (number, key, conversation, _facts(turn, int(str(conversation)))),
    )
    words = connection.execute("SELECT words FROM search_source WHERE id = ?", (number,)).get
    connection.execute("INSERT INTO search_words (rowid, words) VALUES (?, ?)", (number, words))
    connection.execute("INSERT INTO search_phrases (rowid, words) VALUES (?, ?)", (number, words))


def number_at(moment: float) -> int:
    """The first number of a turn that was asked at a Unix time."""
    if math.isnan(moment):
        return A_SECOND
    return int(min(max(moment, 1.0), float(_LATEST))) * A_SECOND


def fact(kind: str, name: str) -> str:
    """The word by which a turn with a property is found.

    A model "m", a stage with a model "s", code "c", the conversation "k" (its number in the index).
    """
    known = name.casefold().encode("utf-8", "replace").decode()
    return f"{_FACT}{kind}{known.translate(_AS_LETTERS)}"


def _facts(turn: Turn, conversation: int) -> str:
    answers = [(stage, answer) for stage in turn.stages for answer in stage.answers]
    facts = {fact("k", str(conversation))} | {fact("m", answer.model) for _, answer in answers}
    facts |= {fact("s", f"{stage.name}{BETWEEN}{answer.model}") for stage, answer in answers}
    if any(has_code(answer.text) for _, answer in answers):
        facts.add(fact("c", ""))
    return " ".join(sorted(facts))


def has_code(text: str) -> bool:
    """Whether there is a fenced block of code in a Markdown text."""
    return ("```" in text or "~~~" in text) and _CODE.search(text) is not None


def _free(connection: apsw.Connection, number: int) -> int:
    """A number that is not taken, the given one or soon after it; in logarithmic time."""

    def taken(step: int) -> bool:
        return connection.execute("SELECT 1 FROM search_turns WHERE id = ?", (number + step,)).fetchone() is not None

    if not taken(0):
        return number
    last, free = 0, 1
    while taken(free):
        last, free = free, 2 * free
    while free - last > 1:
        middle = (last + free) // 2
        last, free = (middle, free) if taken(middle) else (last, middle)
    return number + free


def _words_of(*values: object) -> str:
    return words_of(str(values[0]))
