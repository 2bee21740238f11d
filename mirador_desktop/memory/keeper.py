"""Writes changed records to the store in the background, and holds them while that does not work."""

import asyncio
import copy
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from mirador_desktop.core.conversation import Answer, Conversation, Turn
from mirador_desktop.errors import StoreError
from mirador_desktop.memory.store import Store

_log = logging.getLogger(__name__)
INTERVAL = 0.25
"""Seconds between two writings while records keep changing."""
RETRY = 2.0
"""Seconds between two attempts while the store cannot be written."""
_PAUSE = 4
"""After a long writing, this many times as long passes before the next one."""
_MOST_PAUSE = 0.5
"""But never more seconds than this: with the writing itself, what is lost by a kill stays under a second."""


class Keeper:
    """Knows which records have changed since they were written, and writes them.

    All methods are called on the loop's thread. `run()` is one task for as long as the program lives;
    whoever ends it calls `flush()` afterwards, and then closes the store.

    Args:
        store: opened by the keeper if it is not open.
        on_state: called when it changes whether everything is being kept, with "" for yes, or with the
            sentence that says why not. At first it counts as "".

    Attributes:
        error: what the store raised at the last attempt, None if it worked.
        on_new_file: called when the store had to make a database, which knows nothing of what was kept before.
    """

    def __init__(self, store: Store, on_state: Callable[[str], None]) -> None:
        self.error: StoreError | None = None
        self.on_new_file: Callable[[], None] = lambda: None
        self._made = 0
        self._store = store
        self._on_state = on_state
        self._state = ""
        self._conversations: dict[str, Conversation] = {}
        self._turns: dict[str, Turn] = {}
        self._forgotten: set[str] = set()
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()

    @property
    def dirty(self) -> bool:
        """Whether a record has changes that are not being written yet."""
        return bool(self._conversations or self._turns)

    def keep(self, conversation: Conversation | None = None, turn: Turn | None = None) -> None:
        """Note that a record has changed. It may go on changing; call again when it did."""
        if conversation is not None and conversation.id not in self._forgotten:
            self._conversations[conversation.id] = conversation
        if turn is not None and turn.conversation not in self._forgotten:
            self._turns[turn.id] = turn
        self._changed.set()

    def forget(self, conversation_id: str) -> None:
        """Write nothing of this conversation any more: it was deleted."""
        self._forgotten.add(conversation_id)
        self._conversations.pop(conversation_id, None)
        for key in [key for key, turn in self._turns.items() if turn.conversation == conversation_id]:
            del self._turns[key]

    async def erase(self) -> None:
        """Delete everything that is kept, and what was still to be written. May raise a StoreError."""
        async with self._writing:
            self._forgotten |= {turn.conversation for turn in self._turns.values()} | set(self._conversations)
            self._conversations.clear()
            self._turns.clear()
            await self._store.erase()
            self._made = self._store.made + 1  # the next file is new on purpose: nothing is kept anew in it

    def remember(self, conversation_id: str) -> None:
        """Write this conversation again: its deletion was undone. What was dropped must be kept anew."""
        self._forgotten.discard(conversation_id)

    async def run(self) -> None:
        """Open the store, and write what has changed, for ever; what fails is tried again."""
        while True:
            began = time.monotonic()
            async with self._writing:
                written = await self._write()
            if not written:
                await asyncio.sleep(RETRY)
                continue
            pause = _PAUSE * (time.monotonic() - began)
            await asyncio.sleep(max(INTERVAL, min(pause, _MOST_PAUSE)))
            await self._changed.wait()

    async def flush(self) -> bool:
        """Write now what has changed; True if nothing is left."""
        async with self._writing:
            if self.dirty:
                await self._write()
        return not self.dirty

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Write what has changed, and then nothing until the block ends: the database is another one after it."""
        async with self._writing:
            if self.dirty:
                await self._write()
            yield

    async def _write(self) -> bool:
        """Write what has changed up to now; False if that failed."""
        self._changed.clear()
        conversations: dict[str, Conversation] = {}
        turns: dict[str, Turn] = {}
        try:
            await self._store.open()
            self._look_for_new_file()
            conversations, self._conversations = self._conversations, {}
            turns, self._turns = self._turns, {}
            # Copied now: while the store's thread writes, the records go on changing here.
            snapshots = [replace(record) for record in conversations.values()]
            turn_snapshots = [snapshot(record) for record in turns.values()]
            if snapshots or turn_snapshots:
                await self._store.save(snapshots, turn_snapshots)
            self._look_for_new_file()
        except BaseException as error:
            self._put_back(conversations, turns)
            self.error = error if isinstance(error, StoreError) else None
            if isinstance(error, StoreError):
                self._report(str(error))
            elif isinstance(error, Exception):
                _log.exception("Records could not be written.")
                self._report(f"Conversations cannot be kept right now: {type(error).__name__}: {error}.")
            else:  # cancelled: it may be written or not, so it is written again
                raise
            return False
        self.error = None
        self._report("")
        return True

    def _look_for_new_file(self) -> None:
        if self._made != self._store.made:
            self._made = self._store.made
            self.on_new_file()

    def _put_back(self, conversations: dict[str, Conversation], turns: dict[str, Turn]) -> None:
        for key, conversation in conversations.items():
            if key not in self._forgotten:
                self._conversations.setdefault(key, conversation)
        for key, turn in turns.items():
            if turn.conversation not in self._forgotten:
                self._turns.setdefault(key, turn)
        if self.dirty:
            self._changed.set()

    def _report(self, state: str) -> None:
        if state != self._state:
            self._state = state
            try:
                self._on_state(state)
            except Exception:  # what shows the state must not end the keeping
                _log.exception("The state of the keeper could not be shown.")


def snapshot(turn: Turn) -> Turn:
    """A copy of a turn that does not change with it. Strings are shared: takes well under a millisecond."""
    stages = [replace(stage, answers=[_snapshot_answer(answer) for answer in stage.answers]) for stage in turn.stages]
    return replace(turn, stages=stages)


def _snapshot_answer(answer: Answer) -> Answer:
    # deepcopy copies the bytes of the marks; to make them anew would read every token.
    return replace(answer, marks=copy.deepcopy(answer.marks), alternatives=dict(answer.alternatives))
