"""States of order: folders, tags, several at once, the archive, dragging, branches, and names that do not fit."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent
from PySide6.QtWidgets import QApplication, QPushButton

from mirador_desktop.core.conversation import Answer, Conversation, Folder, StageRecord, Turn, new_id
from mirador_desktop.gui.conversation_list import CONVERSATION
from mirador_desktop.gui.folder_acts import Act
from mirador_desktop.gui.folder_drag import pack
from mirador_desktop.gui.folder_menus import conversations_menu, drawer_menu
from mirador_desktop.gui.folder_rows import Drawer
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.memory import order_rows
from mirador_desktop.memory.store import Store
from tests import driving
from tests.driving import part, settled, tick, until
from tests.screenshots.state import NOWHERE, State, World

DAY = 86_400.0
ONE = ((1320, 860),)
_FOLDERS = (("work", "Work", ""), ("cli", "Command line", "work"), ("talks", "Talks", "work"), ("bees", "Bees", ""),
            ("empty", "Travel", ""))  # fmt: skip
_CONVERSATIONS = (
    ("Cut cold-start of a Python CLI", "cli", 0.0, ("python", "speed")),
    ("Sweep picking, 30 day plan", "", 0.1, ("music",)),
    ("Lazy imports, measured", "cli", 0.2, ("python",)),
    ("Runway and pricing", "", 0.3, ()),
    ("Slides about encryption at rest", "work", 1.0, ("talk", "security", "draft", "spring")),
    ("What bees need in March", "bees", 2.0, ()),
    ("SQLite WAL checkpointing", "", 3.0, ("sqlite", "a tag that is longer than the row has room for")),
    ("Bread without kneading", "", 20.0, ()),
    ("Tax return of last year", "", 40.0, ()),
    ("Old notes", "", 50.0, ()),
)
_LONG = "How a program that has grown for many years can be made to start in a tenth of a second again " * 2
_NAMES = (
    (_LONG, "", 0.0, ("x" * 40, "another one")),
    ("איך לקצר את זמן האתחול של תוכנית גדולה בלי לשנות את כולה מן היסוד", "rtl", 0.1, ("עברית", "مهم")),
    ("كيف أجعل البرنامج يبدأ بسرعة أكبر؟", "", 0.2, ()),
    ("起動を速くするには、まず何を測ればよいでしょうか。長い題名の例です", "", 0.3, ("日本語",)),
    ("<b>not bold</b> & nor is this", "", 0.4, ("a&b", "<i>")),
)


def _turn(conversation: str, parent: str, question: str, when: float) -> Turn:
    answer = Answer("llama3.2:3b", "Measure first, then import late.", reason="done", tokens=8, first_token=0.2)
    return Turn(
        new_id(), conversation, parent, question, when, "technical", "simple", "Quick", reason="done",
        final_stage="quick", stages=[StageRecord("quick", 0.7, answers=[answer])],
    )  # fmt: skip


def _write(world: World, work: Callable[[Store], Awaitable[None]]) -> None:
    async def write() -> None:
        store = Store(world.home / "data")
        await store.open()
        await work(store)
        await store.close()

    with driving.environment(world.home, NOWHERE):
        asyncio.run(write())


Given = tuple[str, str, float, tuple[str, ...]]


def _kept(
    world: World,
    given: tuple[Given, ...] = _CONVERSATIONS,
    folders: tuple[tuple[str, str, str], ...] = _FOLDERS,
    archived: range = range(8, 10),
    more: str = "",
) -> None:
    world.settings(more)

    async def write(store: Store) -> None:
        records = [Folder(*folder) for folder in folders]
        await store.write(lambda connection: order_rows.put_folders(connection, records))
        await store.remember("open folders", ["work", "cli", "empty", "rtl"])
        now = time.time()
        for place, (title, folder, days, tags) in enumerate(given):
            made = Conversation(new_id(), title, created=now - days * DAY, updated=now - days * DAY, folder=folder)
            made.tags, made.archived, made.pinned = list(tags), place in archived, title.startswith("Runway")
            turn = _turn(made.id, "", f"{title}?", made.updated)
            made.leaf = turn.id
            await store.save([made], [turn])

    _write(world, write)


def _branched(world: World, count: int, more: str = "") -> None:
    """A conversation that was asked in so many ways."""
    world.settings(more)

    async def write(store: Store) -> None:
        now = time.time()
        made = Conversation(new_id(), "Cut cold-start of a Python CLI", created=now, updated=now)
        turns = [_turn(made.id, "", "My Typer CLI takes 900 ms to print --help. Why?", now)]
        for number in range(count):
            await asyncio.sleep(0.002)  # identifiers sort by milliseconds
            above = turns[(number * 7) % len(turns)] if number % 3 else turns[-1]
            question = _LONG if number % 5 == 3 else f"And what if step {number + 1} is left out?\nSecond line"
            turns.append(_turn(made.id, above.id, question, now))
        made.leaf = turns[-1].id
        await store.save([made], turns)

    _write(world, write)


# ── how to get there ───────────────────────────────────────────────────────────────────────────────────────


async def _list(window: MainWindow, world: World) -> None:
    window.show_sidebar()
    await until(lambda: window.sidebar.list.model().rowCount() > 0, "the list")
    await settled(window)


async def _open(window: MainWindow, world: World, title: str = "Cut") -> None:
    await _list(window, world)
    entries = window.sidebar.list
    entries.opened.emit(next(c for c in entries.conversations if c.title.startswith(title)))
    await until(lambda: window.turns.turn_ids, "the turns")
    await settled(window)


async def _archive(window: MainWindow, world: World) -> None:
    await _open(window, world, "Sweep")
    window.sidebar.list.toggle("archive")
    window.sidebar.list.verticalScrollBar().setValue(10_000)


def _select(window: MainWindow, *titles: str) -> None:
    entries = window.sidebar.list
    entries.select_rows(
        [
            row
            for row in range(entries.model().rowCount())
            if (c := entries.model().index(row, 0).data(CONVERSATION)) is not None and c.title.startswith(titles)
        ]
    )
    entries.setFocus()


async def _several(window: MainWindow, world: World) -> None:
    await _open(window, world, "Sweep")
    _select(window, "Cut", "Lazy", "Sweep", "SQLite")


async def _menu(window: MainWindow, world: World) -> None:
    await _several(window, world)
    entries = window.sidebar.list
    menu = conversations_menu(entries, entries.selected_conversations())
    menu.popup(entries.viewport().mapToGlobal(QPoint(120, 200)))


async def _folder_menu(window: MainWindow, world: World) -> None:
    await _open(window, world, "Sweep")
    entries = window.sidebar.list
    drawer = next(row for row in entries._list_model.rows if isinstance(row, Drawer) and row.name == "Bees")
    drawer_menu(entries, drawer).popup(entries.viewport().mapToGlobal(QPoint(120, 200)))


async def _list_menu(window: MainWindow, world: World) -> None:
    await _open(window, world, "Sweep")
    window.sidebar.more.click()


async def _drop(window: MainWindow, world: World, target: str) -> None:
    await _open(window, world, "Sweep")
    entries = window.sidebar.list
    chosen = [c.id for c in entries.conversations if c.title.startswith("Bread")]
    row = next(r for r in range(entries.model().rowCount()) if entries.model().index(r, 0).data() == target)
    where = entries.visualRect(entries.model().index(row, 0)).center()
    data = pack(chosen, None, None)
    window.setProperty("carried", data)  # an event does not own it
    for kind in (QDragEnterEvent, QDragMoveEvent):
        given = (where, Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(entries.viewport(), kind(*given))


async def _tags(window: MainWindow, world: World, where: str = "bar") -> None:
    await _open(window, world, "Slides")
    if where == "bar":
        window.title_bar.tag_button.click()
    else:
        _select(window, "Cut", "Lazy", "SQLite")
        entries = window.sidebar.list
        entries.wanted.emit(Act("edit tags", tuple(c.id for c in entries.selected_conversations())))
    await tick(0.3)


async def _memory_off(window: MainWindow, world: World) -> None:
    await _open(window, world, "SQLite")
    window.sidebar.list.wanted.emit(Act("remember", (window.sidebar.list._chosen,), value=False))
    await until(lambda: window.title_bar.no_memory.isVisible(), "the sign")
    await settled(window)


async def _picker(window: MainWindow, world: World) -> None:
    await _several(window, world)
    entries = window.sidebar.list
    entries.wanted.emit(Act("choose folder", tuple(c.id for c in entries.selected_conversations())))
    await tick(0.3)


async def _renaming(window: MainWindow, world: World) -> None:
    await _open(window, world, "Sweep")
    window.sidebar.list.rename_folder("talks")


async def _tree(window: MainWindow, world: World) -> None:
    await _open(window, world)
    await until(lambda: window.title_bar.branches.isVisible(), "the branches")
    part(window, QPushButton, "showBranches").click()
    await tick(0.4)


async def _found(window: MainWindow, world: World) -> None:
    await _open(window, world, "Sweep")
    window.sidebar.list.tag_wanted.emit("python")
    await until(lambda: window.sidebar.list.shows_results, "what is found")
    await settled(window)


_LARGE = "text_scale = 1.5\n"

STATES: dict[str, State] = {
    "order-folders": State(_open, None, _kept, sizes=((1100, 700), (1320, 860))),
    "order-folders-large": State(_open, None, partial(_kept, more=_LARGE), sizes=ONE),
    "order-archive": State(_archive, None, _kept, sizes=ONE),
    "order-several": State(_several, None, _kept, sizes=ONE),
    "order-several-menu": State(_menu, None, _kept, sizes=ONE),
    "order-folder-menu": State(_folder_menu, None, _kept, sizes=ONE),
    "order-list-menu": State(_list_menu, None, _kept, sizes=ONE),
    "order-by-title": State(_open, None, partial(_kept, more='sort = "title"\n'), sizes=ONE),
    "order-drop-folder": State(partial(_drop, target="Work"), None, _kept, sizes=ONE),
    "order-drop-pinned": State(partial(_drop, target="Runway and pricing"), None, _kept, sizes=ONE),
    "order-renaming": State(_renaming, None, _kept, sizes=ONE),
    "order-tags": State(_tags, None, _kept, sizes=ONE),
    "order-tags-several": State(partial(_tags, where="list"), None, _kept, sizes=ONE),
    "order-tags-large": State(_tags, None, partial(_kept, more=_LARGE), sizes=ONE),
    "order-tag-found": State(_found, None, _kept, sizes=ONE),
    "order-memory-off": State(_memory_off, None, _kept, sizes=((900, 600), (1320, 860))),
    "order-picker": State(_picker, None, _kept, sizes=ONE),
    "order-names": State(partial(_open, title="How"), None, partial(
        _kept, given=_NAMES, folders=(("rtl", "مجلد بالعربية", ""), ("long", _LONG[:80], "rtl"))
    )),
    "order-all-archived": State(_list, None, partial(_kept, given=_CONVERSATIONS[:3], folders=(), archived=range(3)),
                                sizes=ONE),
    "order-folders-only": State(_list, None, partial(_kept, given=()), sizes=ONE),
    "order-tree": State(_tree, None, partial(_branched, count=8), sizes=((900, 600), (1320, 860))),
    "order-tree-many": State(_tree, None, partial(_branched, count=400), sizes=ONE),
    "order-tree-large": State(_tree, None, partial(_branched, count=8, more=_LARGE), sizes=ONE),
}  # fmt: skip
