"""Menus of the sidebar's list: of conversations, of a folder, of the archive, and of the empty place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.conversation import Conversation
from mirador_desktop.gui.folder_acts import Act, ids_of
from mirador_desktop.gui.folder_rows import SORTS, Drawer

if TYPE_CHECKING:
    from mirador_desktop.gui.folding_list import FoldingList


def conversations_menu(entries: FoldingList, several: Sequence[Conversation]) -> QMenu:
    """What can be done with one or several conversations."""
    menu, ids = _menu(entries), ids_of(several)
    act = partial(_act, entries, ids)
    if len(several) > 1:
        heading = menu.addAction(count_words(len(several), "conversation"))
        heading.setEnabled(False)
    elif not entries.shows_results:  # it is renamed in the list itself
        menu.addAction("Rename", lambda: entries.rename(ids[0]))
    pinned = all(c.pinned for c in several)
    menu.addAction("Unpin" if pinned else "Pin", lambda: entries.pinned.emit(list(several), not pinned))
    menu.addSeparator()
    menu.addAction("Move to folder…", act("choose folder"))
    known = entries.folders
    if any(c.folder in known for c in several):
        menu.addAction("Take out of folder", act("move"))
    menu.addAction("Tags…", act("edit tags"))
    tags = sorted({tag for c in several for tag in c.tags}, key=str.casefold)
    if tags:
        shown = menu.addMenu("Show all with tag")
        for tag in tags:
            shown.addAction(_plain(tag), partial(entries.tag_wanted.emit, tag))
    menu.addSeparator()
    memory = QAction("Memory", menu, checkable=True)
    memory.setChecked(all(c.memory for c in several))
    memory.setToolTip("Whether its turns are remembered, and others recalled in it")
    memory.triggered.connect(lambda on: entries.wanted.emit(Act("remember", ids, value=on)))
    menu.addAction(memory)
    archived = all(c.archived for c in several)
    menu.addAction("Bring back from the archive" if archived else "Archive", act("archive", not archived))
    if len(several) == 1:
        menu.addAction("Duplicate", act("duplicate"))
    if entries.can_export:
        menu.addAction("Export…", act("export"))
    _add_undo(menu, entries)
    menu.addSeparator()
    menu.addAction("Delete", lambda: entries.deleted.emit(list(several)))
    return menu


def drawer_menu(entries: FoldingList, drawer: Drawer) -> QMenu:
    """What can be done with a folder, or the archive."""
    menu, folder = _menu(entries), drawer.folder
    menu.addAction("Close" if drawer.is_open else "Open", lambda: entries.toggle(drawer.id))
    if folder is None:
        _add_undo(menu, entries)
        return menu
    menu.addAction("Rename", lambda: entries.rename_folder(folder.id))
    if not folder.parent:
        menu.addAction("New folder in it", lambda: entries.wanted.emit(Act("new folder", folder=folder)))
    menu.addAction("Select what it holds", lambda: entries.select_in(folder.id))
    menu.addSeparator()
    move = menu.addMenu("Move folder")
    others = [f for f in entries.folders.values() if not f.parent and f.id not in (folder.id, folder.parent)]
    holds_folders = any(f.parent == folder.id for f in entries.folders.values())
    if folder.parent:
        move.addAction("To the top", lambda: entries.wanted.emit(Act("move folder", (), folder, None)))
    for other in others if not holds_folders else ():
        into = Act("move folder", (), folder, other)
        move.addAction(f"Into “{_plain(other.name)}”", partial(entries.wanted.emit, into))
    move.setEnabled(bool(move.actions()))
    _add_undo(menu, entries)
    menu.addSeparator()
    menu.addAction("Delete, keep what it holds", lambda: entries.wanted.emit(Act("delete folder", folder=folder)))
    return menu


def empty_menu(entries: FoldingList) -> QMenu:
    """What can be done where no row is."""
    menu = _menu(entries)
    add_common(menu, entries.sorting, entries.wanted.emit)
    menu.addSeparator()
    menu.addAction("Select all", entries.selectAll)
    _add_undo(menu, entries)
    return menu


def add_common(menu: QMenu, sort: str, want: Callable[[Act], None]) -> None:
    """A new folder, and how the list is sorted."""
    new = menu.addAction("New folder", lambda: want(Act("new folder")))
    new.setShortcut("Ctrl+Shift+N")
    new.setShortcutVisibleInContextMenu(True)
    new.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # shown only: the window has it already
    menu.addSeparator()
    heading = menu.addAction("Sort by")
    heading.setEnabled(False)
    group = QActionGroup(menu)
    for value, words in SORTS:
        action = QAction(words, group, checkable=True)
        action.setChecked(value == sort)
        action.triggered.connect(lambda on, value=value: want(Act("sort", value=value)))
        menu.addAction(action)


def _menu(entries: FoldingList) -> QMenu:
    menu = QMenu(entries)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def _act(entries: FoldingList, ids: tuple[str, ...], what: str, value: object = None) -> Callable[[], None]:
    return lambda: entries.wanted.emit(Act(what, ids, value=value))  # type: ignore[arg-type]  # one of them


def _add_undo(menu: QMenu, entries: FoldingList) -> None:
    if entries.undo_words:
        menu.addSeparator()
        menu.addAction(_plain(f"Undo: {entries.undo_words}"), lambda: entries.wanted.emit(Act("undo")))


def _plain(text: str) -> str:
    """A text as a menu shows it: an ampersand would underline what follows, a long one would widen it."""
    return (text if len(text) <= 60 else text[:59] + "…").replace("&", "&&")
