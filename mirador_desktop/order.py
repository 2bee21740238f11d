"""How the person keeps conversations in order: folders, tags, pins, the archive, copies. All of it can be undone."""

import itertools
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.conversation import Conversation, Folder, Turn, new_id
from mirador_desktop.errors import OrderError
from mirador_desktop.library import Library
from mirador_desktop.memory import order_rows
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.store import Store

_MOST_NAME = 80
_MOST_TAG = 40
_FEW = 20
"""Up to so many conversations are opened one by one."""
_SLICE = 500
"""So many are changed before the window gets its turn."""
_OPEN = "open folders"
"""The name under which the store remembers them."""


@dataclass(frozen=True, slots=True)
class Done:
    """Something that was done.

    Attributes:
        words: what, as in "3 conversations were archived".
        undo: brings back what was before.
        count: how many conversations or folders were changed; with 0 there is nothing to undo.
    """

    words: str
    undo: Callable[[], Awaitable[None]]
    count: int


class Order:
    """Changes the order of conversations. Methods that take identifiers leave out those that do not exist."""

    def __init__(self, library: Library, store: Store, keeper: Keeper) -> None:
        self._library, self._store, self._keeper = library, store, keeper

    # ── folders ────────────────────────────────────────────────────────────────────────────────────────

    async def folders(self) -> list[Folder]:
        """All folders, by name."""
        return await self._store.read(order_rows.folders)

    async def add_folder(self, name: str, parent: str = "") -> tuple[Folder, Done]:
        """Make a folder, at the top or in one that is there."""
        folder = Folder(new_id(), _name(name), parent)
        self._check(folder, await self.folders())
        await self._put([folder])
        return folder, Done(f"The folder “{folder.name}” was made", lambda: self._put([], [folder.id]), 1)

    async def rename_folder(self, folder: Folder, name: str) -> Done:
        """Give a folder another name."""
        return await self._change_folder(folder, Folder(folder.id, _name(name), folder.parent), "renamed")

    async def move_folder(self, folder: Folder, parent: str) -> Done:
        """Put a folder into another one, or with "" to the top."""
        return await self._change_folder(folder, Folder(folder.id, folder.name, parent), "moved")

    async def delete_folder(self, folder: Folder) -> Done:
        """Delete a folder. What it holds moves to where it was: nothing is lost with it."""
        others = [f for f in await self.folders() if f.id != folder.id]
        below = [f for f in others if f.parent == folder.id]
        await self._keeper.flush()
        held = await self._store.read(lambda connection: order_rows.inside(connection, folder.id))
        moved = await self._change(held, "", folder=folder.parent)
        names = {f.name.casefold() for f in others if f.parent == folder.parent}
        kept = []
        for f in below:
            name = next(n for n in _numbered(f.name) if n.casefold() not in names)
            names.add(name.casefold())
            kept.append(Folder(f.id, name, folder.parent))
        await self._put(kept, [folder.id])

        async def undo() -> None:
            await self._put([folder, *below])
            await moved.undo()

        return Done(f"The folder “{folder.name}” was deleted, what it held was kept", undo, 1)

    async def _change_folder(self, before: Folder, now: Folder, verb: str) -> Done:
        self._check(now, await self.folders())
        await self._put([now])
        return Done(f"The folder “{now.name}” was {verb}", lambda: self._put([before]), int(before != now))

    async def _put(self, folders: Sequence[Folder], deleted: Sequence[str] = ()) -> None:
        await self._store.write(lambda connection: order_rows.put_folders(connection, folders, deleted))

    def _check(self, folder: Folder, there: Sequence[Folder]) -> None:
        """Raise an `OrderError` if a folder cannot be so beside those that are there."""
        others = [f for f in there if f.id != folder.id]
        if any(f.parent == folder.parent and f.name.casefold() == folder.name.casefold() for f in others):
            raise OrderError(f"There is a folder “{folder.name}” here already.")
        if folder.parent:
            parent = next((f for f in others if f.id == folder.parent), None)
            if parent is None:
                raise OrderError("The folder to put it into does not exist any more.")
            if parent.parent or any(f.parent == folder.id for f in others):
                raise OrderError("A folder in a folder cannot hold folders.")

    async def open_folders(self) -> set[str]:
        """The folders that the person left open in the list."""
        known = await self._store.state(_OPEN)
        return {str(key) for key in known} if isinstance(known, list) else set()

    async def remember_open(self, ids: Iterable[str]) -> None:
        """Remember which folders are open."""
        await self._store.remember(_OPEN, sorted(ids))

    # ── conversations ──────────────────────────────────────────────────────────────────────────────────

    async def move(self, ids: Sequence[str], folder: Folder | None) -> Done:
        """Put conversations into a folder, or None: out of theirs."""
        words = f"moved to “{folder.name}”" if folder is not None else "taken out of the folder"
        return await self._change(ids, words, folder=folder.id if folder is not None else "")

    async def pin(self, ids: Sequence[str], pinned: bool) -> Done:
        """Keep conversations at the top of the list, or not any more."""
        return await self._change(ids, "pinned" if pinned else "unpinned", pinned=pinned)

    async def archive(self, ids: Sequence[str], archived: bool) -> Done:
        """Put conversations out of the way, or back."""
        return await self._change(ids, "archived" if archived else "brought back from the archive", archived=archived)

    async def remember(self, ids: Sequence[str], memory: bool) -> Done:
        """Whether the turns of conversations are remembered, and others recalled in them."""
        return await self._change(ids, "taken into memory" if memory else "taken out of memory", memory=memory)

    async def rename(self, conversation: str, title: str) -> Done:
        """Give a conversation the person's own title; an empty one changes nothing."""
        title = " ".join(title.split())
        ids = [conversation] if title else []
        return await self._change(ids, "renamed", title=title, title_by_person=True)

    async def add_tags(self, ids: Sequence[str], tags: Iterable[str]) -> Done:
        """Give conversations tags besides those they have."""
        added = tags_of(*tags)
        return await self._change(ids, "tagged", tags=lambda before: tags_of(*before, *added))

    async def remove_tags(self, ids: Sequence[str], tags: Iterable[str]) -> Done:
        """Take tags off conversations."""
        gone = {tag.casefold() for tag in (*tags, *tags_of(*tags))}  # one that was imported may hold a comma
        return await self._change(
            ids, "untagged", tags=lambda before: [tag for tag in before if tag.casefold() not in gone]
        )

    async def tags(self) -> Mapping[str, int]:
        """The tags in use, with how many conversations have them, most frequent first."""
        await self._keeper.flush()
        return await self._store.read(order_rows.tags)

    async def delete(self, ids: Sequence[str]) -> Done:
        """Delete conversations; `undo` works for `library.UNDO_SECONDS`."""
        deleted = await self._opened(ids)
        await self._library.delete(*deleted)

        async def undo() -> None:
            for some in _slices(deleted):
                await self._library.restore(*some)
                await self._keeper.flush()

        return Done(_told(deleted, "deleted"), undo, len(deleted))

    async def _change(self, ids: Sequence[str], words: str, **values: Any) -> Done:
        """Set fields of conversations; a function as a value gets what was there."""
        before: dict[str, dict[str, Any]] = {}
        changed: list[Conversation] = []
        for some in _slices(await self._opened(ids)):
            for conversation in some:
                old = {name: getattr(conversation, name) for name in values}
                now = {name: value(old[name]) if callable(value) else value for name, value in values.items()}
                if old != now:
                    before[conversation.id] = old
                    changed.append(conversation)
                    self._set(conversation, now)
            await self._keeper.flush()

        async def undo() -> None:
            for some in _slices(await self._opened(list(before))):  # one that was deleted stays so
                for conversation in some:
                    self._set(conversation, before[conversation.id])
                await self._keeper.flush()

        return Done(_told(changed, words), undo, len(changed))

    async def _opened(self, ids: Sequence[str]) -> list[Conversation]:
        """The conversations with these identifiers, each once."""
        wanted = dict.fromkeys(ids)
        if len(wanted) <= _FEW:
            return [c for key in wanted if (c := await self._library.open(key)) is not None]
        return [c for c in await self._library.conversations() if c.id in wanted]

    def _set(self, conversation: Conversation, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(conversation, name, value)
        self._library.keep(conversation)

    # ── copies and branches ────────────────────────────────────────────────────────────────────────────

    async def duplicate(self, conversation: str) -> tuple[Conversation, Done]:
        """Make a copy of a conversation with all its branches."""
        source = await self._known(conversation)
        return await self._copy(source, source.leaf, f"{source.title} (copy)", whole=True)

    async def continue_from(self, turn: Turn) -> tuple[Conversation, Done]:
        """Make a new conversation that begins with the turns up to this one."""
        source = await self._known(turn.conversation)
        return await self._copy(source, turn.id, f"{source.title} (continued)", whole=False)

    async def tree(self, conversation: str) -> list[tuple[str, str, float, str]]:
        """All turns of a conversation, oldest first: identifier, parent, Unix time, beginning of the question."""
        await self._keeper.flush()
        return await self._store.read(lambda connection: order_rows.tree(connection, conversation))

    async def branches(self, conversation: str) -> int:
        """How many branches a conversation has: 1 where no question was asked in two ways, 0 without turns."""
        await self._keeper.flush()
        return await self._store.read(lambda connection: order_rows.branches(connection, conversation))

    async def _known(self, key: str) -> Conversation:
        conversation = await self._library.open(key)
        if conversation is None:
            raise OrderError("The conversation does not exist any more.")
        return conversation

    async def _copy(self, source: Conversation, leaf: str, title: str, *, whole: bool) -> tuple[Conversation, Done]:
        await self._keeper.flush()
        now = time.time()
        target = Conversation(
            new_id(), title, source.title_by_person, created=now, updated=now, folder=source.folder,
            tags=list(source.tags), memory=source.memory,
        )  # fmt: skip
        await self._store.write(lambda connection: order_rows.copy(connection, target, source.id, leaf, whole=whole))
        self._store.on_saved()
        made = await self._library.open(target.id)
        assert made is not None
        end = made.leaf

        async def undo() -> None:
            found = await self._library.open(made.id)
            if found is not None and found.leaf != end:
                raise OrderError(f"“{_short(found.title)}” has gone on since, so it stays. It can be deleted.")
            if found is not None:
                await self._library.delete(found)

        return made, Done(f"“{_short(made.title)}” was made", undo, 1)


def tags_of(*names: str) -> list[str]:
    """Tags as they are kept: each once whatever its capitals, sorted, without quotation marks and a "#".

    A comma stands between two tags.
    """
    found: dict[str, str] = {}
    for name in (part for each in names for part in each.split(",")):
        tag = " ".join(name.replace('"', " ").split()).lstrip("#").strip()[:_MOST_TAG].strip()
        if tag:
            found.setdefault(tag.casefold(), tag)
    return sorted(found.values(), key=str.casefold)


def _slices(conversations: Sequence[Conversation]) -> Iterator[Sequence[Conversation]]:
    """Conversations in parts that are changed without a pause."""
    return (conversations[first : first + _SLICE] for first in range(0, len(conversations), _SLICE))


def _numbered(name: str) -> Iterator[str]:
    """A folder's name, and what to call it where another one has it."""
    yield name
    for number in itertools.count(2):
        yield f"{name[: _MOST_NAME - 6]} {number}"


def _name(name: str) -> str:
    name = " ".join(name.split())[:_MOST_NAME].strip()
    if not name:
        raise OrderError("A folder needs a name.")
    return name


def _short(title: str) -> str:
    return (title if len(title) < 40 else title[:39] + "…") or "Untitled"


def _told(changed: Sequence[Conversation], words: str) -> str:
    """What was done to whom, as a sentence without its full stop."""
    if len(changed) == 1:
        return f"“{_short(changed[0].title)}” was {words}"
    return f"{count_words(len(changed), 'conversation')} were {words}"
