"""What the tests of searching share: turns, an index that is up to date, and short names for questions to it."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw

from mirador_desktop.core.conversation import Answer, Attachment, Conversation, StageRecord, Turn, new_id
from mirador_desktop.core.search_query import parse
from mirador_desktop.core.search_results import Found, Hit
from mirador_desktop.memory import rows, search_index
from mirador_desktop.memory.database import connect
from mirador_desktop.memory.keeper import snapshot
from mirador_desktop.memory.migrations import transaction
from mirador_desktop.memory.store import Store


def moment(text: str) -> float:
    return datetime.fromisoformat(text).astimezone().timestamp()


def turn(
    key: str,
    question: str = "",
    final: str = "",
    *,
    quick: str = "",
    thinking: str = "",
    when: float = 1000.0,
    model: str = "gemma3:27b",
    files: tuple[tuple[str, str], ...] = (),
) -> Turn:
    """A turn of two stages that has ended."""
    stages = [
        StageRecord("quick", answers=[Answer("llama3.2:3b", quick, reason="done")]),
        StageRecord("deep", answers=[Answer(model, final, thinking, reason="done")]),
    ]
    attachments = [Attachment(name, "text/plain", text=text) for name, text in files]
    return Turn(
        new_id(), key, "", question, when, reason="done", final_stage="deep", stages=stages, attachments=attachments
    )


async def index(store: Store) -> None:
    """Index all that waits, as the indexer does."""

    def work(connection: apsw.Connection) -> None:
        with transaction(connection):
            ids = [str(key) for (key,) in connection.execute("SELECT turn FROM to_index")]
            for each in rows.read_turns(connection, ids, marks=False):
                search_index.put(connection, each)
            connection.execute("DELETE FROM to_index")

    await store.write(work)


async def keep(store: Store, *turns: Turn, indexed: bool = True, **more: Any) -> None:
    """Keep turns and their conversations."""
    keys = dict.fromkeys(each.conversation for each in turns)
    made = [Conversation(key, **{"title": f"Title {key}", "updated": 1.0, **more}) for key in keys]
    await store.save(made, [snapshot(each) for each in turns])
    if indexed:
        await index(store)


async def look(store: Store, text: str) -> Found:
    return await store.search(parse(text))


async def keys(store: Store, text: str) -> str:
    """The conversations that are found, one letter each."""
    return "".join(each.conversation.id for each in (await look(store, text)).conversations)


async def hits(store: Store, text: str) -> list[Hit]:
    return [hit for each in (await look(store, text)).conversations for hit in each.hits]


def marked(hit: Hit) -> list[str]:
    return [hit.snippet[start:end] for start, end in hit.ranges]


def run(folder: Path, work: Callable[[Store], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        store = Store(folder)
        await store.open()
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(main())


def plain_bytes(store: Store) -> bytes:
    """Everything that is in the database, decrypted page by page."""
    connection = connect(store.path, store._key)
    try:
        connection.pragma("walcheck_indexpoint", "TRUNCATE")
        return bytes(connection.serialize("main"))
    finally:
        connection.close()


async def check_index(store: Store) -> None:
    """The indexes are what the texts say."""

    def work(connection: apsw.Connection) -> None:
        for name in ("search_words", "search_phrases", "search_titles"):
            connection.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)")

    await store.write(work)
