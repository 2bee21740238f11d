"""Conversations as the person sees them: what is in the store, and what this session has not kept yet."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mirador_desktop.core.conversation import Conversation, Turn, TurnOutline
from mirador_desktop.core.search_query import parse
from mirador_desktop.core.search_results import Found
from mirador_desktop.errors import StoreDamaged, StoreError, StoreKeyMissing
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.store import Store

log = logging.getLogger(__name__)

UNDO_SECONDS = 10.0
"""How long a deleted conversation can be brought back."""


@dataclass(slots=True)
class _Session:
    """Records made or changed since the start: shown also while they cannot be kept."""

    conversations: dict[str, Conversation] = field(default_factory=dict)
    turns: dict[str, Turn] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept.

    Attributes:
        folder: where.
        size: bytes on disk.
        key_in_keyring: whether the key is in the system's keyring; else it is in a file beside the database.
    """

    folder: Path
    conversations: int
    turns: int
    size: int
    key_in_keyring: bool


class Library:
    """Finds conversations and keeps them in order.

    Methods raise `StoreError` only for what cannot be known without the store.
    """

    def __init__(self, store: Store, keeper: Keeper) -> None:
        self._store, self._keeper = store, keeper
        self._session = _Session()
        keeper.on_new_file = self._keep_session

    # ── finding again ──────────────────────────────────────────────────────────────────────────────────

    async def conversations(self) -> list[Conversation]:
        """All conversations, the one changed last first; those of this session even without a store."""
        await self._keeper.flush()
        known = self._session.conversations
        try:
            stored = await self._store.conversations()
        except StoreError:
            if not known:
                raise
            stored = []
        for place, found in enumerate(stored):
            if found.id in known:
                known[found.id].turns = found.turns  # of the shown branch, as the store has counted them
                stored[place] = known[found.id]
        kept = {c.id for c in stored}
        unkept = [c for c in known.values() if c.id not in kept and c.leaf]
        return sorted([*unkept, *stored], key=lambda c: -c.updated)

    async def search(self, text: str) -> Found:
        """What is found for a text as it is typed (`core.search_query`); its last word may go on."""
        await self._keeper.flush()
        return await self._store.search(parse(text))

    async def texts(self, ids: Sequence[str]) -> list[Turn]:
        """Turns to look through, in the given order, without how probable their words were."""
        missing = [i for i in ids if i not in self._session.turns]
        stored = {t.id: t for t in await self._store.texts(missing)} if missing else {}
        found = (self._session.turns.get(i) or stored.get(i) for i in ids)
        return [turn for turn in found if turn is not None]

    async def open(self, conversation_id: str) -> Conversation | None:
        """One conversation, None if it does not exist."""
        conversation = self._session.conversations.get(conversation_id)
        if conversation is None:
            conversation = await self._store.conversation(conversation_id)
            if conversation is not None:
                self._session.conversations[conversation_id] = conversation
        return conversation

    async def tail(self, leaf: str, count: int) -> list[Turn]:
        """The last `count` turns of the branch that ends at `leaf`, complete, oldest first."""
        recent: list[Turn] = []
        while leaf in self._session.turns and len(recent) < count:
            recent.insert(0, self._session.turns[leaf])
            leaf = recent[0].parent
        for turn in recent:
            await self.siblings(turn)
        if leaf and len(recent) < count:
            recent[:0] = await self._store.tail(leaf, count - len(recent))
        return recent

    async def outline(self, leaf: str) -> list[TurnOutline]:
        """The whole branch that ends at `leaf`, without texts, oldest first."""
        recent: list[TurnOutline] = []
        while leaf in self._session.turns:
            turn = self._session.turns[leaf]
            recent.insert(0, TurnOutline(turn.id, turn.characters))
            leaf = turn.parent
        return [*(await self._store.outline(leaf)), *recent] if leaf else recent

    async def turns(self, ids: Sequence[str]) -> list[Turn]:
        """Complete turns in the given order; those that do not exist are left out."""
        missing = [i for i in ids if i not in self._session.turns]
        stored = {t.id: t for t in await self._store.turns(missing)} if missing else {}
        found = (self._session.turns.get(i) or stored.get(i) for i in ids)
        return [turn for turn in found if turn is not None]

    async def siblings(self, turn: Turn) -> list[str]:
        """The branches at a turn's place, itself included, oldest first; sets its position among them."""
        ids = {
            t.id
            for t in self._session.turns.values()
            if (t.conversation, t.parent) == (turn.conversation, turn.parent)
        }
        try:
            await self._keeper.flush()
            ids |= set(await self._store.siblings(turn.id))
        except StoreError as error:
            log.warning("Branches are not known: %s", error)
        order = sorted(ids | {turn.id})
        turn.position, turn.siblings = order.index(turn.id) + 1, len(order)
        return order

    async def show_branch(self, conversation: Conversation, turn_id: str) -> None:
        """Make the newest branch through a turn the one that is shown."""
        await self._keeper.flush()
        leaf = turn_id
        while newer := [t.id for t in self._session.turns.values() if t.parent == leaf]:
            leaf = max(newer)
        try:
            leaf = max(leaf, await self._store.newest_leaf(leaf)) if leaf == turn_id else leaf
        except StoreError as error:
            log.warning("The branch is followed in this session only: %s", error)
        conversation.leaf = leaf
        self._keeper.keep(conversation)

    # ── order ──────────────────────────────────────────────────────────────────────────────────────────

    def rename(self, conversation: Conversation, title: str) -> None:
        """Give a conversation the person's own title."""
        conversation.title, conversation.title_by_person = title, True
        self.keep(conversation)

    def pin(self, conversation: Conversation, pinned: bool) -> None:
        """Keep a conversation at the top of the list, or not any more."""
        conversation.pinned = pinned
        self.keep(conversation)

    def fold(self, turn: Turn, stage: str, folded: bool) -> None:
        """Remember that the person folded or opened a stage's panel."""
        for record in turn.stages:
            if record.name == stage:
                record.folded = folded
        self._session.turns.setdefault(turn.id, turn)
        self._keeper.keep(turn=turn)

    async def delete(self, *conversations: Conversation) -> None:
        """Delete conversations; `restore` brings them back within `UNDO_SECONDS`, after which `purge` ends them."""
        await self._keeper.flush()
        await self._store.set_deleted([conversation.id for conversation in conversations], time.time())
        for conversation in conversations:
            self._session.conversations.pop(conversation.id, None)
            self._keeper.forget(conversation.id)  # an answer that is still streaming must not bring it back

    async def restore(self, *conversations: Conversation) -> None:
        """Bring deleted conversations back."""
        ids = {conversation.id for conversation in conversations}
        await self._store.set_deleted(list(ids), None)
        for conversation in conversations:
            self._keeper.remember(conversation.id)
            self.keep(conversation)
        for turn in self._session.turns.values():  # what was streamed meanwhile was not kept
            if turn.conversation in ids:
                self._keeper.keep(turn=turn)

    async def purge(self) -> None:
        """Delete for good what was deleted over `UNDO_SECONDS` ago: its bytes are overwritten."""
        await self._store.purge(time.time() - UNDO_SECONDS)
        gone = {t.conversation for t in self._session.turns.values()} - set(self._session.conversations)
        for turn in [t.id for t in self._session.turns.values() if t.conversation in gone]:
            del self._session.turns[turn]

    async def facts(self) -> Facts:
        """What is kept, where, and how it is protected."""
        await self._keeper.flush()
        conversations, turns, size = await self._store.counts()
        return Facts(self._store.path.parent, conversations, turns, size, self._store.key_place == "keyring")

    async def delete_everything(self) -> None:
        """Delete all conversations and all that is remembered, with every copy and the key; it cannot be undone."""
        for conversation in [*self._session.conversations]:
            self._keeper.forget(conversation)
        await self._keeper.erase()
        self.forget_session()

    def forget_session(self) -> None:
        """Let go of all that was made or changed since the start: what is kept is another database now."""
        self._session = _Session()

    async def begin_anew(self) -> None:
        """A backup took the place of the database: nothing of before is written into it, and all of it is kept."""
        for conversation in [*self._session.conversations]:
            self._keeper.forget(conversation)
        self.forget_session()
        for each in await self._store.conversations():
            self._keeper.remember(each.id)  # it may have been deleted since the backup was made

    @property
    def can_start_afresh(self) -> bool:
        """Whether nothing is being kept because the database cannot be read, so that another may be begun."""
        return isinstance(self._keeper.error, StoreDamaged | StoreKeyMissing)

    async def start_afresh(self) -> str:
        """Set a database that cannot be read aside under a new name, which is returned, and begin another."""
        aside = await self._store.set_aside()
        self._keep_session()
        await self._keeper.flush()
        return str(aside)

    def _keep_session(self) -> None:
        """Keep all that was asked since the start, because another file does not know it."""
        for turn in self._session.turns.values():
            conversation = self._session.conversations.get(turn.conversation)
            if conversation is not None:
                self._keeper.keep(conversation, turn)

    def reread(self, ids: Sequence[str]) -> None:
        """Let go of what is known of these conversations: an import has changed them in the database."""
        for key in ids:
            self._session.conversations.pop(key, None)

    def keep(self, conversation: Conversation) -> None:
        """Write what was changed in a conversation's record."""
        self._session.conversations[conversation.id] = conversation
        self._keeper.keep(conversation)
