"""What was said before: recalled for a question, and kept in order by the person."""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from mirador_desktop.core.context import Quoted
from mirador_desktop.core.conversation import MemoryUsed, Turn
from mirador_desktop.core.memories import Memory, Recalled
from mirador_desktop.core.self_facts import stated
from mirador_desktop.embedding import Embedder
from mirador_desktop.errors import MemoryRefused, StoreError
from mirador_desktop.memory import ranker, recall_keeping
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.ranker import Choice
from mirador_desktop.memory.recall import Recall
from mirador_desktop.memory.recall_keeping import Order
from mirador_desktop.memory.store import Store

__all__ = ["Changed", "Choice", "Memories", "Order"]

log = logging.getLogger(__name__)

_LEFT_OUT = "memories left out"
_DECLINED = "notes declined"
_MOST_REMEMBERED = 500
_MOST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that was done with memories, in words, and what brings back what was before; None if nothing can."""

    words: str
    undo: Callable[[], Awaitable[None]] | None = None


class Memories:
    """Recalls, and does what the person wants with memories.

    Args:
        embedder: gives meaning where there is an embedding model.
        on: whether the person wants memory at all.
    """

    def __init__(
        self, store: Store, keeper: Keeper, recall: Recall, embedder: Embedder, on: Callable[[], bool]
    ) -> None:
        self._store, self._keeper, self._recall, self._embedder, self._on = store, keeper, recall, embedder, on
        self._found: dict[str, list[Recalled]] = {}
        """What was recalled lately, by turn: from it the order of what is recalled is learned."""

    # ── for a question ─────────────────────────────────────────────────────────────────────────────────

    async def recall(self, turn: Turn, without: Collection[str]) -> list[Recalled]:
        """What helps with a turn's question; nothing if memory is switched off. Never raises.

        Args:
            without: turns that are sent along anyway.
        """
        if not self._on():
            return []
        try:
            await self._keeper.flush()  # what the person has just switched off counts
            left_out = (await self._noted(_LEFT_OUT)).get(turn.conversation, [])
            vector, model = await self._embedder.question(await self._recall.wording(turn.question))
            found = await self._recall.find(
                turn.question,
                now=turn.created,
                conversation=turn.conversation,
                without={*without, *left_out, turn.id},
                vector=vector,
                model=model,
            )
        except StoreError as error:
            log.warning("Nothing is recalled: %s", error)
            return []
        except Exception:
            log.exception("Nothing is recalled.")
            return []
        self._found[turn.id] = found
        while len(self._found) > _MOST_REMEMBERED:
            del self._found[next(iter(self._found))]
        return found

    # ── what the person does ───────────────────────────────────────────────────────────────────────────

    async def listed(
        self, text: str = "", order: Order = "newest", limit: int = 100, offset: int = 0
    ) -> list[Memory]:
        """Memories that hold all words of `text`."""
        return await self._store.read(
            lambda connection: recall_keeping.listed(connection, text, order, limit, offset)
        )

    async def count(self, text: str = "") -> int:
        """How many memories there are that hold all words of `text`."""
        return await self._store.read(lambda connection: recall_keeping.count(connection, text))

    async def get(self, identifier: str) -> Memory | None:
        """One memory, None if it does not exist any more."""
        return await self._store.read(lambda connection: recall_keeping.get(connection, identifier))

    async def pin(self, identifier: str, pinned: bool) -> Changed:
        """Always send a memory along, or no longer always."""
        await self._store.write(lambda connection: recall_keeping.pin(connection, identifier, pinned))

        async def undo() -> None:
            await self._store.write(lambda connection: recall_keeping.pin(connection, identifier, not pinned))

        return Changed("It is always remembered now" if pinned else "It is no longer always remembered", undo)

    async def edit(self, memory: Memory, question: str, answer: str) -> Changed:
        """Change what is remembered; the conversation stays as it is. Raises `MemoryRefused` for no text."""
        await self._change(memory.id, question, answer)

        async def undo() -> None:
            await self._change(memory.id, memory.question, memory.answer)

        return Changed("The memory was changed, the conversation stays as it is", undo)

    async def forget(self, memories: Sequence[Memory]) -> Changed:
        """Delete memories for good: words, index and vectors. The conversations stay."""
        ids = [memory.id for memory in memories]
        await self._store.write(lambda connection: recall_keeping.forget(connection, ids))
        count = len(ids)
        words = "It is forgotten" if count == 1 else f"{count:,} memories are forgotten"
        turns = [memory.id for memory in memories if memory.kind == "turn"]
        if len(turns) < count or any(memory.edited for memory in memories):
            return Changed(words)

        async def undo() -> None:
            await self._store.write(lambda connection: recall_keeping.unforget(connection, turns))
            self._store.on_saved()

        return Changed(f"{words}, the conversation stays", undo)

    async def add_note(self, text: str, turn: str = "") -> Memory:
        """Keep a short note. Raises `MemoryRefused` if it is none."""
        try:
            return await self._store.write(lambda connection: recall_keeping.add_note(connection, text, turn=turn))
        except ValueError as error:
            raise MemoryRefused(str(error)) from error
        finally:
            self._store.on_saved()

    async def leave_out(self, conversation: str, identifier: str) -> Changed:
        """Do not recall a memory in this conversation any more."""

        async def note(on: bool) -> None:
            noted = await self._noted(_LEFT_OUT)
            others = [each for each in noted.get(conversation, []) if each != identifier]
            noted[conversation] = [*others, identifier] if on else others
            await self._note(_LEFT_OUT, noted)

        await note(True)
        return Changed("It is not used in this conversation any more", lambda: note(False))

    async def choose(self, turn: str, identifier: str, choice: Choice) -> None:
        """Learn from what the person did with one of the memories recalled for a turn."""
        found = self._found.get(turn, [])
        chosen = next((each.features for each in found if each.memory.id == identifier), None)
        if chosen is not None:
            others = [each.features for each in found if each.memory.id != identifier]
            await self._store.write(lambda connection: ranker.choose(connection, choice, chosen, others))

    async def forget_choices(self) -> None:
        """Order what is recalled as at first, without what was learned from the person."""
        await self._store.write(ranker.reset)

    async def _change(self, identifier: str, question: str, answer: str) -> None:
        try:
            await self._store.write(lambda connection: recall_keeping.edit(connection, identifier, question, answer))
        except ValueError as error:
            raise MemoryRefused(str(error)) from error

    # ── notes ──────────────────────────────────────────────────────────────────────────────────────────

    async def proposals(self, turn: Turn) -> list[str]:
        """What the person says of themselves in a question and could be kept: not what is kept or was declined."""
        said = stated(turn.question) if self._on() else []
        if not said:
            return []
        declined = set((await self._noted(_DECLINED)).get("", []))
        there = await self._store.read(recall_keeping.notes)
        return [note for note in said if note.casefold() not in declined | there]

    async def decline(self, note: str) -> None:
        """Do not offer a note again."""
        noted = await self._noted(_DECLINED)
        await self._note(_DECLINED, {"": [*noted.get("", []), note.casefold()][-_MOST_REMEMBERED:]})

    async def _noted(self, name: str) -> dict[str, list[str]]:
        found = await self._store.state(name)
        return dict(found) if isinstance(found, dict) else {}

    async def _note(self, name: str, value: dict[str, list[str]]) -> None:
        kept = {key: values for key, values in list(value.items())[-_MOST_REMEMBERED:] if values}
        await self._store.remember(name, kept)


def used(recalled: Recalled) -> MemoryUsed:
    """The record of a memory that was sent along."""
    m = recalled.memory
    return MemoryUsed(
        m.id, "; ".join(recalled.why), recalled.tokens, m.kind, m.turn, m.conversation, m.title, m.created,
        m.question[:_MOST_TEXT],
    )  # fmt: skip


def section(recalled: Recalled) -> Quoted:
    """A memory as data in a prompt: what it is, when it was said, and where."""
    memory = recalled.memory
    day = f"{datetime.fromtimestamp(memory.created).astimezone():%Y-%m-%d}"
    if memory.kind == "note":
        return Quoted(f"A note of the person who asks, kept on {day}", memory.question)
    title = f"Remembered from {day}, conversation “{memory.title or 'Untitled'}”; it may not matter here"
    text = f"Question: {memory.question}"
    return Quoted(title, f"{text}\nAnswer: {memory.answer}" if memory.answer else text)
