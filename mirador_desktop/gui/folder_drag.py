"""Dragging in the sidebar's list: what is dragged, where it may be dropped, and what a drop means."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QMimeData

from mirador_desktop.core.conversation import Conversation, Folder
from mirador_desktop.gui.conversation_model import ConversationModel
from mirador_desktop.gui.folder_acts import Act
from mirador_desktop.gui.folder_rows import ARCHIVE, PINNED, Drawer, Heading

MIME = "application/x-mirador-rows"
"""Rows of the list, as JSON: `{"conversations": [ids]}` or `{"folder": id}`."""
MimeOf = Callable[[list[str]], QMimeData]
"""Makes what other programs get when conversations are dragged there."""


@dataclass(frozen=True, slots=True)
class Dragged:
    """What is dragged: conversations, or one folder."""

    ids: tuple[str, ...] = ()
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """Where something would be dropped.

    Attributes:
        act: what is done then.
        first, last: the rows that are marked; none (-1) for the empty place below all rows.
    """

    act: Act
    first: int
    last: int


def pack(ids: Sequence[str], folder: Folder | None, mime_of: MimeOf | None) -> QMimeData:
    """What is dragged, for this list and for other programs."""
    data = mime_of(list(ids)) if ids and mime_of is not None else QMimeData()
    dragged = {"conversations": list(ids)} if ids else {"folder": folder.id if folder is not None else ""}
    data.setData(MIME, QByteArray(json.dumps(dragged).encode()))
    return data


def unpack(data: QMimeData) -> Dragged | None:
    """What is dragged, None if it is nothing of this list."""
    if not data.hasFormat(MIME):
        return None
    try:
        dragged = json.loads(bytes(data.data(MIME).data()))
        ids = tuple(str(key) for key in dragged.get("conversations", ()))
        folder = str(dragged.get("folder", ""))
    except (ValueError, AttributeError, TypeError):
        return None
    return Dragged(ids, folder) if ids or folder else None


def drop_at(model: ConversationModel, row: int, dragged: Dragged) -> Drop | None:
    """What a drop on a row (-1: below all) would do; None if nothing, or if it cannot be."""
    target = model.row(row)
    section = model.section(row) if row >= 0 else ""
    if isinstance(target, Heading) and target.text != "Pinned":
        section = ""
    act = _of_folder(model, section, dragged.folder) if dragged.folder else _of_conversations(model, section, dragged)
    return Drop(act, *_marked(model, row, section)) if act is not None else None


def _of_conversations(model: ConversationModel, section: str, dragged: Dragged) -> Act | None:
    wanted = set(dragged.ids)
    moved = [c for c in model.conversations if c.id in wanted]

    def ids(those: Callable[[Conversation], bool]) -> tuple[str, ...]:
        return tuple(c.id for c in moved if those(c))

    if section == PINNED:
        acts = [Act("pin", ids(lambda c: not c.pinned or c.archived), value=True)]
    elif section == ARCHIVE:
        acts = [Act("archive", ids(lambda c: not c.archived), value=True)]
    else:
        folder, known = model.folder(section), {"", *(f.id for f in model.folders)}
        where = folder.id if folder is not None else ""
        acts = [Act("move", ids(lambda c: c.archived or (c.folder if c.folder in known else "") != where), folder)]
        if folder is None:  # nothing is to be moved: pulled out from among the pinned
            acts.append(Act("pin", ids(lambda c: c.pinned), value=False))
    return next((act for act in acts if act.ids), None)


def _of_folder(model: ConversationModel, section: str, folder_id: str) -> Act | None:
    folder, target = model.folder(folder_id), model.folder(section)
    if folder is None or section == ARCHIVE:
        return None
    if target is None:
        return Act("move folder", (), folder, None) if folder.parent else None
    holds_folders = any(other.parent == folder.id for other in model.folders)
    if target.id in (folder.id, folder.parent) or target.parent or holds_folders:
        return None
    return Act("move folder", (), folder, target)


def _marked(model: ConversationModel, row: int, section: str) -> tuple[int, int]:
    """The rows that belong to where something is dropped."""
    rows = model.rows
    if model.folder(section) is not None or section == ARCHIVE:
        first = model.index_of_folder(section).row()
        last, depth = first, model.depth(first)
        while last + 1 < len(rows) and model.depth(last + 1) > depth:
            last += 1
        return first, last
    if section == PINNED:
        found = [place for place in range(len(rows)) if model.section(place) == PINNED]
    else:  # below the folders
        found = [
            place
            for place in range(len(rows))
            if not model.section(place) and not isinstance(rows[place], Drawer) and rows[place] != Heading("Folders")
        ]
    if found and isinstance(rows[found[0]], Heading):
        del found[0]
    return (found[0], found[-1]) if found else (-1, -1)
