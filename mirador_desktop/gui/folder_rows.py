"""What stands in the sidebar's list, row for row: pinned, folders, groups by date, and the archive at the end."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import lru_cache

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.conversation import Conversation, Folder

ARCHIVE = "archive"
"""The section of what is archived, and its identifier among what is open."""
PINNED = "pinned"
SORTS = (("changed", "Last changed"), ("created", "Created"), ("title", "Title"))
"""How the list can be sorted: value of the setting, and words."""
_ACCENTS = re.compile("[\u0300-\u036f]+")
_GROUPS = ("Today", "Last week", "Older")


@dataclass(frozen=True, slots=True)
class Listing:
    """What the sidebar shows.

    Attributes:
        conversations: the one changed last first.
        folders: by name.
        open: the folders that were open when the program was left; None while that is not known.
    """

    conversations: list[Conversation]
    folders: list[Folder]
    open: set[str] | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """Words above a group."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """Words where conversations would stand, as in an empty folder."""

    text: str


@dataclass(frozen=True, slots=True)
class Drawer:
    """A row that opens and closes: a folder, or the archive.

    Attributes:
        folder: None for the archive.
        count: how many conversations it holds, with those of the folders in it.
        is_open: whether they are shown.
        path: its name, after that of the folder it lies in.
    """

    folder: Folder | None
    count: int
    is_open: bool
    path: str = "Archive"

    @property
    def id(self) -> str:
        """What tells it from others."""
        return self.folder.id if self.folder is not None else ARCHIVE

    @property
    def name(self) -> str:
        """What is written on it."""
        return self.folder.name if self.folder is not None else "Archive"

    @property
    def described(self) -> str:
        """Everything it says, in words."""
        kind = f"{self.path}, folder" if self.folder is not None else self.path
        return f"{kind}, {count_words(self.count, 'conversation')}, {'open' if self.is_open else 'closed'}"


Row = Heading | Note | Drawer | Conversation


@dataclass(slots=True)
class Rows:
    """The list.

    Attributes:
        rows: from top to bottom.
        depths: how far each is set in, in steps.
        sections: where each is: `PINNED`, `ARCHIVE`, the identifier of a folder, or "" for none of these.
    """

    rows: list[Row] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)

    def add(self, row: Row, depth: int = 0, section: str = "") -> None:
        """Put a row at the end."""
        self.rows.append(row)
        self.depths.append(depth)
        self.sections.append(section)

    def add_all(self, rows: Sequence[Row], depth: int = 0, section: str = "") -> None:
        """Put rows at the end."""
        self.rows += rows
        self.depths += [depth] * len(rows)
        self.sections += [section] * len(rows)


def key_of(row: Row) -> object:
    """What stays the same of a row while its words change."""
    if isinstance(row, Conversation):
        return row.id
    return ("drawer", row.id) if isinstance(row, Drawer) else row


class Days:
    """Where the groups by date begin."""

    def __init__(self, now: datetime) -> None:
        self._today = self._midnight(now, 0)
        self._week = self._midnight(now, 7)

    @staticmethod
    def _midnight(now: datetime, days: int) -> float:
        return datetime.combine(now.date() - timedelta(days=days), time()).astimezone().timestamp()

    def group_of(self, moment: float) -> str:
        """The group of a Unix time."""
        return "Today" if moment >= self._today else "Last week" if moment >= self._week else "Older"


def arrange(
    conversations: Iterable[Conversation],
    folders: Sequence[Folder],
    is_open: Callable[[str], bool],
    sort: str,
    now: datetime,
) -> Rows:
    """Put conversations in order.

    Args:
        conversations: the one changed last first.
        folders: by name.
        is_open: whether the folder (or `ARCHIVE`) of an identifier shows what it holds.
        sort: a value of `SORTS`.
    """
    known = {folder.id: folder for folder in folders}
    pinned, archived = list[Conversation](), list[Conversation]()
    held: dict[str, list[Conversation]] = {key: [] for key in known}
    rest: list[Conversation] = []
    for conversation in _sorted(conversations, sort):
        if conversation.archived:
            archived.append(conversation)
            continue
        if conversation.pinned:
            pinned.append(conversation)
        if conversation.folder in held:
            held[conversation.folder].append(conversation)
        elif not conversation.pinned:
            rest.append(conversation)
    shown = Rows()
    if pinned:
        shown.add(Heading("Pinned"), 0, PINNED)
        shown.add_all(pinned, 0, PINNED)
    _add_folders(shown, folders, held, is_open)
    if sort == "title" and rest:
        shown.add(Heading("By title"))
        shown.add_all(rest)
    elif rest:
        days, groups = Days(now), dict[str, list[Row]]()
        for conversation in rest:
            moment = conversation.created if sort == "created" else conversation.updated
            groups.setdefault(days.group_of(moment), []).append(conversation)
        for name in _GROUPS:
            if name in groups:
                shown.add(Heading(name))
                shown.add_all(groups[name])
    if archived:
        shown.add(Drawer(None, len(archived), is_open(ARCHIVE)), 0, ARCHIVE)
        if is_open(ARCHIVE):
            shown.add_all(archived, 1, ARCHIVE)
    return shown


def _add_folders(
    shown: Rows,
    folders: Sequence[Folder],
    held: Mapping[str, list[Conversation]],
    is_open: Callable[[str], bool],
) -> None:
    known = {folder.id: folder for folder in folders}
    inside: dict[str, list[Folder]] = {}
    tops = []
    for folder in folders:
        above = known.get(folder.parent)
        if above is None or above.parent in known or above is folder:  # deeper than once only in broken data
            tops.append(folder)
        else:
            inside.setdefault(above.id, []).append(folder)
    if tops:
        shown.add(Heading("Folders"))
    for top in tops:
        below = inside.get(top.id, [])
        count = len(held[top.id]) + sum(len(held[folder.id]) for folder in below)
        drawer = Drawer(top, count, is_open(top.id), top.name)
        shown.add(drawer, 0, top.id)
        if not drawer.is_open:
            continue
        for folder in below:
            inner = Drawer(folder, len(held[folder.id]), is_open(folder.id), f"{top.name} › {folder.name}")
            shown.add(inner, 1, folder.id)
            if inner.is_open:
                _add_held(shown, held[folder.id], 2, folder.id, "Empty")
        _add_held(shown, held[top.id], 1, top.id, "" if below else "Empty")


def _add_held(shown: Rows, held: list[Conversation], depth: int, section: str, empty: str) -> None:
    shown.add_all([c for c in held if c.pinned], depth, section)
    shown.add_all([c for c in held if not c.pinned], depth, section)
    if not held and empty:
        shown.add(Note(empty), depth, section)


def _sorted(conversations: Iterable[Conversation], sort: str) -> Iterable[Conversation]:
    if sort == "created":
        return sorted(conversations, key=lambda c: -c.created)
    if sort == "title":
        return sorted(conversations, key=lambda c: title_key(c.title))
    return conversations


@lru_cache(maxsize=100_000)
def title_key(title: str) -> str:
    """Titles in the order of a dictionary: capitals and accents make no difference."""
    folded = title.casefold()
    return folded if folded.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFKD", folded))
