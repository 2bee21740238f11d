"""The tables of the database, and the numbered steps by which an older file becomes a current one.

`PRAGMA user_version` holds how many of `MIGRATIONS` a file has seen. A published step is never changed: what
is new becomes a further step.
"""

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw

from mirador_desktop.errors import StoreError
from mirador_desktop.memory import recall_index, search_index
from mirador_desktop.memory.failures import explain

Migration = str | Callable[[apsw.Connection], None]
"""SQL, or a function that gets the connection; either runs in a transaction that it must not end."""

_V1 = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    title_by_person INTEGER NOT NULL,
    pinned INTEGER NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    leaf TEXT NOT NULL,
    turns INTEGER NOT NULL DEFAULT 0,
    deleted REAL
) STRICT;
CREATE INDEX conversations_updated ON conversations (updated);

CREATE TABLE turns (
    id TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent TEXT NOT NULL,
    characters INTEGER NOT NULL,
    created REAL NOT NULL,
    intent TEXT NOT NULL,
    complexity TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    depth TEXT NOT NULL,
    memories INTEGER NOT NULL,
    first_token REAL,
    reason TEXT,
    final_stage TEXT NOT NULL,
    error TEXT NOT NULL,
    question TEXT NOT NULL
) STRICT;
-- Walking up a branch reads this index only, never the rows with their texts.
CREATE INDEX turns_up ON turns (id, parent, characters);
CREATE INDEX turns_down ON turns (conversation, parent, id);

CREATE TABLE stages (
    turn TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    threshold REAL NOT NULL,
    skipped TEXT NOT NULL,
    folded INTEGER,
    PRIMARY KEY (turn, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
    turn TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    stage INTEGER NOT NULL,
    place INTEGER NOT NULL,
    model TEXT NOT NULL,
    reason TEXT,
    error TEXT NOT NULL,
    fallback_for TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    first_token REAL,
    tokens_per_second REAL,
    confidence REAL,
    source TEXT NOT NULL,
    calibrated INTEGER NOT NULL,
    thinking_seconds REAL,
    started REAL,
    ended REAL,
    text TEXT NOT NULL,
    thinking TEXT NOT NULL,
    marks BLOB NOT NULL,
    alternatives BLOB,
    PRIMARY KEY (turn, stage, place)
) STRICT;
"""

_V2 = """
-- What the program remembers about its own work, as JSON by name: pulls that are not finished, load times.
CREATE TABLE state (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE turns ADD COLUMN context TEXT NOT NULL DEFAULT '[]';
"""

_V3 = """
-- Order. A folder stands at the top (parent '') or in one that does.
CREATE TABLE folders (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    parent TEXT NOT NULL
) STRICT;
ALTER TABLE conversations ADD COLUMN folder TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE conversations ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN memory INTEGER NOT NULL DEFAULT 1;

-- The memories that were sent along with a question: identifier, why, tokens. What they say is not repeated here.
ALTER TABLE turns ADD COLUMN recalled TEXT NOT NULL DEFAULT '[]';

CREATE TABLE attachments (
    turn TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    media TEXT NOT NULL,
    size INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    note TEXT NOT NULL,
    text TEXT NOT NULL,
    data BLOB,
    PRIMARY KEY (turn, place)
) STRICT;

-- Turns whose words are not in the indexes yet, or have changed since.
CREATE TABLE to_index (turn TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO to_index SELECT id FROM turns;
-- Not INSERT OR IGNORE: the conflict clause of the statement that fires a trigger replaces those inside it.
CREATE TRIGGER turn_added AFTER INSERT ON turns BEGIN
    INSERT INTO to_index SELECT new.id WHERE NOT EXISTS (SELECT 1 FROM to_index WHERE turn = new.id);
END;
CREATE TRIGGER turn_ended AFTER UPDATE OF reason ON turns WHEN new.reason IS NOT old.reason BEGIN
    INSERT INTO to_index SELECT new.id WHERE NOT EXISTS (SELECT 1 FROM to_index WHERE turn = new.id);
END;
CREATE TRIGGER turn_deleted AFTER DELETE ON turns BEGIN
    DELETE FROM to_index WHERE turn = old.id;
END;
"""

MIGRATIONS: tuple[Migration, ...] = (_V1, _V2, "\n".join((_V3, search_index.TABLES, recall_index.TABLES)))


@contextlib.contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """Begin to write at once (so that no other process comes between reading and writing); all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite ends it by itself after some errors
            connection.execute("ROLLBACK")
        raise


def version_of(connection: apsw.Connection) -> int:
    """How many migrations the file has seen; 0 is an empty file."""
    return int(connection.pragma("user_version"))


def migrate(
    connection: apsw.Connection,
    migrations: tuple[Migration, ...],
    path: Path,
    connect: Callable[[Path], apsw.Connection],
) -> None:
    """Bring the database at `path` to the current version, one transaction a step.

    Before each step an existing database is copied to `mirador-before-v<N>.db`, with a connection that
    `connect` opens with the same key. A step that fails changes nothing and raises.
    """
    existing = version_of(connection) > 0
    for number, step in enumerate(migrations, start=1):
        version = version_of(connection)
        if version >= number:
            continue
        if existing:
            _copy(connection, version, path.with_name(f"{path.stem}-before-v{number}.db"), connect)
        with transaction(connection):
            if version_of(connection) >= number:  # another process was faster
                continue
            _step(connection, step, number, path)
            connection.pragma("user_version", number)


def _step(connection: apsw.Connection, step: Migration, number: int, path: Path) -> None:
    try:
        if callable(step):
            step(connection)
        else:
            connection.execute(step)
    except Exception as error:
        explained = explain(error, path)
        if type(explained) is not StoreError:  # a full disk or a lock says what to do by itself
            raise explained from error
        raise StoreError(
            f"{path} could not be brought to version {number} ({error}) and is left at version {number - 1}."
        ) from error
    if connection.execute("PRAGMA foreign_key_check").fetchall():
        raise StoreError(f"{path} would not be whole in version {number} and is left at version {number - 1}.")


def _copy(source: apsw.Connection, version: int, target: Path, connect: Callable[[Path], apsw.Connection]) -> None:
    """Copy a database of this version; if another process migrates it meanwhile, that one has made the copy."""
    temporary = target.with_name(f"{target.stem}-{secrets.token_hex(4)}.tmp")
    try:
        copy = connect(temporary)
        try:
            with copy.backup("main", source, "main") as backup:
                while not backup.done:
                    backup.step(1000)
            copied = version_of(copy)
        finally:
            copy.close()
        if copied == version:
            os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
