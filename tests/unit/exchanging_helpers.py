"""A store with the door to export and import, and conversations to put into it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.exchanging import Exchange
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.store import Store
from tests.unit.exchange_helpers import turn_of

T = TypeVar("T")


def with_exchange(folder: Path, work: Callable[[Exchange, Store], Coroutine[Any, Any, T]]) -> T:
    async def main() -> T:
        store = Store(folder)
        keeper = Keeper(store, lambda why_not: None)
        try:
            await store.open()
            return await work(Exchange(store, keeper), store)
        finally:
            await store.close()

    return asyncio.run(main())


def talk(name: str, count: int = 3) -> tuple[Conversation, list[Turn]]:
    conversation = Conversation(name, f"Talk {name}", created=1.76e9, updated=1.76e9)
    turns: list[Turn] = []
    for number in range(count):
        turn = turn_of(number, conversation, turns[-1].id if turns else "")
        turns.append(replace(turn, id=f"{name}-{number:06d}"))
        if number:
            turns[-1].parent = turns[-2].id
    conversation.leaf = turns[-1].id
    return conversation, turns


async def save(store: Store, *talks: tuple[Conversation, list[Turn]]) -> None:
    await store.save([c for c, _ in talks], [t for _, turns in talks for t in turns])
