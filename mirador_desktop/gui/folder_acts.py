"""What the person wants done with conversations and folders, as the list, its menus and a drop say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mirador_desktop.core.conversation import Conversation, Folder

What = Literal[
    "pin", "archive", "remember", "move", "choose folder", "edit tags", "duplicate", "delete", "export",
    "new folder", "rename folder", "move folder", "delete folder", "sort", "undo",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be done.

    Attributes:
        what: which of the things that can be done.
        ids: the conversations it is done with.
        folder: for "move" the one to move to (None: out of theirs), else the folder it is done with.
        value: yes or no for "pin", "archive" and "remember"; the name for "rename folder"; the folder to put it
            into, or None, for "move folder"; how to sort for "sort".
    """

    what: What
    ids: tuple[str, ...] = ()
    folder: Folder | None = None
    value: Any = None


def ids_of(given: Conversation | Sequence[Conversation]) -> tuple[str, ...]:
    """The identifiers of one or several conversations, each once."""
    several = [given] if isinstance(given, Conversation) else given
    return tuple(dict.fromkeys(conversation.id for conversation in several))
