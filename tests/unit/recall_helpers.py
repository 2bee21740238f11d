"""Helpers of the tests of recall: turns with answers, put into the index."""

from collections.abc import Sequence

from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn
from mirador_desktop.core.memories import Recalled
from mirador_desktop.memory import recall_index, rows
from mirador_desktop.memory.migrations import transaction
from mirador_desktop.memory.store import Store

DAY = 86400.0
NOW = 1_780_000_000.0  # 28 May 2026


def turn(key: str, question: str, answer: str = "", *, parent: str = "", created: float = NOW, of: str = "c") -> Turn:
    stages = [StageRecord("s", answers=[Answer("m", answer, reason="done")])] if answer else []
    return Turn(key, of, parent, question, created, reason="done", final_stage="s" if answer else "", stages=stages)


async def remember(store: Store, *turns: Turn, titles: dict[str, str] | None = None) -> None:
    """Save turns with their conversations, and index them."""
    names = titles or {}
    known = {each.id for each in await store.conversations()}
    wanted = dict.fromkeys(each.conversation for each in turns)
    await store.save([Conversation(key, names.get(key, "")) for key in wanted if key not in known], turns)
    await index(store, [each.id for each in turns])


async def index(store: Store, ids: Sequence[str]) -> None:
    def work(connection: object) -> None:
        with transaction(connection):  # type: ignore[arg-type]
            for each in rows.read_turns(connection, ids):  # type: ignore[arg-type]
                recall_index.put(connection, each)  # type: ignore[arg-type]

    await store.write(work)


def ids(found: Sequence[Recalled]) -> list[str]:
    return [each.memory.id for each in found]
