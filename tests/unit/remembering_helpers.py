"""An assistant with memory, for tests of what is remembered from question to question."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirador_desktop.assistant import Ask, Assistant
from mirador_desktop.core.conversation import Turn
from mirador_desktop.embedding import NONE, Embedder
from mirador_desktop.memory.indexer import Indexer
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.recall import Recall
from mirador_desktop.memory.store import Store
from mirador_desktop.memory.vectors import Vectors
from mirador_desktop.remembering import Memories
from tests.ollama_sim.scenarios import LLAMA_3B
from tests.unit.helpers import Machine
from tests.unit.test_assistant import ONE_STAGE
from tests.unit.test_orchestrator import fast

ANSWERS = fast({**LLAMA_3B, "text": "Noted."})
BEES = "I keep seven beehives on the roof in Ghent."
WHERE = "On which roof are my beehives?"


@dataclass
class Home:
    """An assistant with memory, put together as the program does."""

    assistant: Assistant
    memories: Memories
    embedder: Embedder
    indexer: Indexer
    store: Store
    on: bool = True
    model: str = NONE
    fits: bool = True

    async def ask(self, question: str, after: Turn | None = None, **more: Any) -> Turn:
        place = {"conversation": after.conversation, "parent": after.id} if after else {}
        values: dict[str, Any] = {"pipeline": ONE_STAGE, **place, **more}
        turn = await self.assistant.ask(Ask(question, **values), lambda event: None)
        await self.assistant.conversations()  # everything is written
        await self.indexer.catch_up(60)
        return turn


@asynccontextmanager
async def home_in(folder: Path, url: str) -> AsyncIterator[Home]:
    machine = Machine(url, folder)
    store, vectors = Store(folder / "data"), Vectors()
    keeper = Keeper(store, lambda state: None)
    embedder = Embedder(
        store, vectors, machine.registry, lambda: home.model, lambda: home.on, lambda model: home.fits
    )
    memories = Memories(store, keeper, Recall(store, vectors), embedder, lambda: home.on)
    assistant = Assistant(
        machine.registry, machine.orchestrator, store, keeper, machine.registry.ready, memories=memories
    )
    assistant.busy.add(embedder.set_busy)
    home = Home(assistant, memories, embedder, Indexer(store, remember=lambda: home.on), store)
    home.indexer.on_indexed = embedder.wake
    running = [asyncio.create_task(each.run()) for each in (keeper, home.indexer)]
    await store.open()
    await machine.registry.look()
    try:
        yield home
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        await embedder.close()
        await keeper.flush()
        await store.close()
        await machine.registry.close()
