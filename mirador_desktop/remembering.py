"""What was said before: recalled for a question, and kept in order by the person."""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from mirador_desktop.core.context import Quoted
from mirador_desktop.core.conversation import MemoryUsed, Turn
from mirador_desktop.core.listeners import Listeners
from mirador_desktop.core.memories import Memory, Recalled
from mirador_desktop.core.self_facts import stated
from mirador_desktop.embedding import Embedder
from mirador_desktop.errors import MemoryRefused, StoreError
from mirador_desktop.memory import ranker, recall_keeping, recalled
from mirador_desktop.memory.database import checkpoint
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.ranker import Choice
from mirador_desktop.memory.recall import MOST_PINNED, Recall
from mirador_desktop.memory.recall_keeping import Order
from mirador_desktop.memory.store import Store

__all__ = ["Changed", "Choice", "Memories", "Order", "Undo"]

log = logging.getLogger(__name__)

_LEFT_OUT = "memories left out"
_DECLINED = "notes declined"
_MOST_REMEMBERED = 500
_MOST_TEXT = 300
_MOST_NAMED = 40
"""Characters of a memory that is named in a sentence."""
_AT_ONCE = 5
"""Memories that are brought back in one step, a few milliseconds each: others want to write too."""
_GONE = "It does not exist any more"

Undo = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that was done with memories, in words, and what brings back what was before; None if nothing can."""

    words: str
    undo: Undo | None = None


class Memories:
    """Recalls, and does what the person wants with memories.

    Args:
        embedder: gives meaning where there is an embedding model.
        on: whether the person wants memory at all.

    Attributes:
        changed: told the identifiers of memories that were changed, forgotten or brought back.
    """

    def __init__(
        self, store: Store, keeper: Keeper, recall: Recall, embedder: Embedder, on: Callable[[], bool]
    ) -> None:
        self._store, self._keeper, self._recall, self._embedder, self._on = store, keeper, recall, embedder, on
        self._found: dict[str, list[Recalled]] = {}
        """What was recalled lately, by turn: from it the order of what is recalled is learned."""
        self.changed = Listeners[Sequence[str]]("A change of memories could not be shown")

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

    async def describe(self, memories: Sequence[MemoryUsed]) -> None:
        """Bring the records of memories that were sent along up to date: of a forgotten one nothing is known."""
        now = Turn("", "", recalled=[MemoryUsed(each.id) for each in memories])
        await self._store.read(lambda connection: recalled.describe(connection, [now]))
        for each, new in zip(memories, now.recalled, strict=True):
            each.kind, each.turn, each.conversation, each.title = new.kind, new.turn, new.conversation, new.title
            each.created, each.text, each.pinned = new.created, new.text, new.pinned

    async def pin(self, identifier: str, pinned: bool) -> Changed:
        """Always send a memory along, or no longer always."""
        return await self.pin_all([identifier], pinned)

    async def pin_all(self, identifiers: Sequence[str], pinned: bool) -> Changed:
        """Always send memories along, or no longer always; says which are sent if there are too many of them."""
        changed = await self._pin(identifiers, pinned)
        count = len(changed)
        what = "It is" if count == 1 else f"{count:,} memories are"
        words = f"{what} {'always remembered now' if pinned else 'no longer always remembered'}"
        if not changed:
            return Changed("Nothing was changed: it was so already, or does not exist any more")
        if pinned:
            words += await self._too_many()

        async def undo() -> None:
            await self._pin(changed, not pinned)

        return Changed(words, undo)

    async def _pin(self, identifiers: Sequence[str], pinned: bool) -> list[str]:
        changed = await self._store.write(lambda connection: recall_keeping.pin(connection, identifiers, pinned))
        self.changed.tell(changed)
        return changed

    async def _too_many(self) -> str:
        """A sentence about which memories are always sent along, if those are not all that should be."""
        first = await self.listed(order="pinned", limit=MOST_PINNED + 1)
        if not all(memory.pinned for memory in first) or len(first) <= MOST_PINNED:
            return ""
        names = [f"“{_named(memory)}”" for memory in first[:MOST_PINNED]]
        return (
            f". Only {MOST_PINNED} of these are sent along, those said last: {', '.join(names[:-1])} and {names[-1]}"
        )

    async def edit(self, memory: Memory, question: str, answer: str) -> Changed:
        """Change what is remembered; the conversation stays as it is. Raises `MemoryRefused` for no text."""
        await self._change(memory.id, question, answer)

        async def undo() -> None:
            await self._change(
                memory.id, memory.question, memory.answer, own=memory.kind == "turn" and not memory.edited
            )

        return Changed("The memory was changed, the conversation stays as it is", undo)

    async def forget(self, memories: Sequence[Memory]) -> Changed:
        """Delete memories for good: words, index and vectors, in the log of the file too. The conversations stay.

        What the undo needs is held by it alone, not on disk. Vectors are made again.
        """
        ids = [memory.id for memory in memories]
        gone = await self._store.write(lambda connection: recall_keeping.forget(connection, ids))
        await self._store.write(checkpoint)
        self.changed.tell(ids)
        count = len(gone)
        if not count:
            return Changed(_GONE)
        words = "It is forgotten" if count == 1 else f"{count:,} memories are forgotten"
        stays = ", the conversation stays" if all(each.turn for each in gone) else ""

        async def undo() -> None:
            for at in range(0, count, _AT_ONCE):
                some = gone[at : at + _AT_ONCE]
                await self._store.write(partial(recall_keeping.bring_back, forgotten=some))
            self._embedder.wake()
            self.changed.tell(ids)

        return Changed(words + stays, undo)

    async def add_note(self, text: str, turn: str = "") -> Memory:
        """Keep a short note. Raises `MemoryRefused` if it is none."""
        try:
            return await self._store.write(lambda connection: recall_keeping.add_note(connection, text, turn=turn))
        except ValueError as error:
            raise MemoryRefused(str(error)) from error
        finally:
            self._embedder.wake()

    async def leave_out(self, conversation: str, identifier: str) -> Changed:
        """Do not recall a memory in this conversation any more."""

        async def note(on: bool) -> None:
            noted = await self._noted(_LEFT_OUT)
            others = [each for each in noted.get(conversation, []) if each != identifier]
            noted[conversation] = [*others, identifier] if on else others
            await self._note(_LEFT_OUT, noted)

        await note(True)
        return Changed("It is not used in this conversation any more", lambda: note(False))

    async def choose(self, turn: str, identifier: str, choice: Choice) -> Undo:
        """Learn from what the person did with one of the memories recalled for a turn; returns what unlearns it."""
        found = self._found.get(turn, [])
        learned: list[object] = []
        chosen = next((each.features for each in found if each.memory.id == identifier), None)
        if chosen is not None:
            others = [each.features for each in found if each.memory.id != identifier]
            learned = await self._store.write(lambda connection: ranker.choose(connection, choice, chosen, others))

        async def undo() -> None:
            if learned:
                await self._store.write(lambda connection: ranker.take_back(connection, learned))

        return undo

    async def forget_choices(self) -> None:
        """Order what is recalled as at first, without what was learned from the person."""
        await self._store.write(ranker.reset)

    async def _change(self, identifier: str, question: str, answer: str, *, own: bool = False) -> None:
        try:
            await self._store.write(
                lambda connection: recall_keeping.edit(connection, identifier, question, answer, own=own)
            )
        except ValueError as error:
            raise MemoryRefused(str(error)) from error
        await self._store.write(checkpoint)
        self._embedder.wake()
        self.changed.tell([identifier])

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
        m.question[:_MOST_TEXT], m.pinned,
    )  # fmt: skip


def _named(memory: Memory) -> str:
    """The beginning of a memory's text, for a sentence."""
    words = " ".join(memory.text.split())
    return words if len(words) <= _MOST_NAMED else f"{words[: _MOST_NAMED - 1].rstrip()}…"


def section(recalled: Recalled) -> Quoted:
    """A memory as data in a prompt: what it is, when it was said, and where."""
    memory = recalled.memory
    day = f"{datetime.fromtimestamp(memory.created).astimezone():%Y-%m-%d}"
    if memory.kind == "note":
        return Quoted(f"A note of the person who asks, kept on {day}", memory.question)
    title = f"Remembered from {day}, conversation “{memory.title or 'Untitled'}”; it may not matter here"
    text = f"Question: {memory.question}"
    return Quoted(title, f"{text}\nAnswer: {memory.answer}" if memory.answer else text)
