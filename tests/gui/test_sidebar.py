"""The list of conversations: groups, renaming, deleting, menus, and what stands there when it is empty."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import Conversation, Folder
from mirador_desktop.core.search_query import FILTERS, parse
from mirador_desktop.core.search_results import Found
from mirador_desktop.gui.conversation_list import CONVERSATION, ConversationList, group_of, when
from mirador_desktop.gui.sidebar import EngineButton, Sidebar
from tests.driving import part
from tests.gui.test_turn_live import delete_now, the_theme

MOUSE = QContextMenuEvent.Reason.Mouse
DAY = 24 * 3600.0
Heard = list[tuple[object, ...]]


@pytest.fixture
def sidebar(qapp: QApplication, qtbot: QtBot) -> Sidebar:
    delete_now()
    sidebar = Sidebar(the_theme(), None)  # type: ignore[arg-type]  # a window of its own
    qtbot.addWidget(sidebar)
    sidebar.resize(252, 800)
    sidebar.show()
    sidebar.activateWindow()
    return sidebar


def made(number: int, age: float = 0.0, pinned: bool = False, turns: int = 1) -> Conversation:
    """A conversation that was changed so many seconds ago."""
    return Conversation(f"c{number}", f"Title {number}", updated=time.time() - age, pinned=pinned, turns=turns)


def rows(entries: ConversationList) -> list[str]:
    model = entries.model()
    return [model.data(model.index(row, 0)) for row in range(model.rowCount())]


def chosen(entries: ConversationList) -> list[str]:
    return [index.data(CONVERSATION).id for index in entries.selectedIndexes()]


def hear(connect: Callable[..., object]) -> Heard:
    calls: Heard = []
    connect(lambda *given: calls.append(given))
    return calls


def ask_for_menu(entries: ConversationList, where: QPoint, reason: QContextMenuEvent.Reason) -> None:
    event = QContextMenuEvent(reason, where, entries.viewport().mapToGlobal(where))
    QApplication.sendEvent(entries.viewport(), event)


def menu_of(entries: ConversationList) -> QMenu:
    menu = next(m for m in entries.findChildren(QMenu) if m.isVisible())
    names = [a.text() for a in menu.actions() if not a.isSeparator()]
    assert (names[0], names[-1]) == ("Rename", "Delete")
    return menu


def test_groups_by_date_in_the_order_given(sidebar: Sidebar) -> None:
    given = [made(1), made(2, 3 * DAY), made(3), made(4, 30 * DAY), made(5, 400 * DAY, pinned=True)]
    sidebar.show_conversations(given, "c3")
    assert rows(sidebar.list) == [
        "Pinned", "Title 5", "Today", "Title 1", "Title 3", "Last week", "Title 2", "Older", "Title 4",
    ]  # fmt: skip
    assert chosen(sidebar.list) == ["c3"]


@pytest.mark.parametrize(
    ("days", "group"), [(0, "Today"), (1, "Last week"), (7, "Last week"), (8, "Older"), (400, "Older"), (-1, "Today")]
)
def test_days_not_hours_decide_the_group(days: int, group: str) -> None:
    now = datetime.now().astimezone().replace(hour=0, minute=5)
    moment = (now - timedelta(days=days)).replace(hour=23, minute=55)
    assert group_of(Conversation("c", updated=moment.timestamp()), now) == group


def test_the_second_line_tells_answers_and_when() -> None:
    now = datetime.now().astimezone().replace(hour=12, minute=0, second=0)

    def line(minutes: float, turns: int = 1) -> str:
        return when(Conversation("c", updated=now.timestamp() - minutes * 60, turns=turns), now)

    assert line(0.5) == "1 answer · now"
    assert line(90, 3) == "3 answers · 10:30"
    assert line(24 * 60) == "1 answer · yesterday"
    assert line(3 * 24 * 60, 0) == "0 answers"


def test_f2_renames_in_place_and_esc_or_nothing_keeps_the_title(qtbot: QtBot, sidebar: Sidebar) -> None:
    entries = sidebar.list
    renamed = hear(entries.renamed.connect)
    sidebar.show_conversations([made(1), made(2)], "c2")
    entries.setFocus()

    def edit(text: str, key: Qt.Key) -> None:
        QTest.keyClick(entries, Qt.Key.Key_F2)
        editor = entries.findChild(QLineEdit)
        assert editor is not None
        assert editor.text() == "Title 2"
        editor.setText(text)
        QTest.keyClick(editor, key)
        qtbot.waitUntil(lambda: entries.state() == entries.State.NoState)
        delete_now()

    edit("Given up", Qt.Key.Key_Escape)
    edit("  ", Qt.Key.Key_Return)
    edit("Title 2", Qt.Key.Key_Return)
    assert renamed == []
    edit("  A   better\ttitle ", Qt.Key.Key_Return)
    assert [(c.id, title) for c, title in renamed] == [("c2", "A better title")]  # type: ignore[attr-defined]


def test_a_refresh_while_renaming_comes_when_that_is_over(qtbot: QtBot, sidebar: Sidebar) -> None:
    entries = sidebar.list
    sidebar.show_conversations([made(1)], "c1")
    entries.setFocus()
    QTest.keyClick(entries, Qt.Key.Key_F2)
    editor = entries.findChild(QLineEdit)
    assert editor is not None
    sidebar.show_conversations([made(2), made(1)], "c1")
    assert rows(entries) == ["Today", "Title 1"]
    assert editor.isVisible()
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: rows(entries) == ["Today", "Title 2", "Title 1"])
    assert chosen(entries) == ["c1"]


def test_delete_key_deletes_only_what_is_marked(sidebar: Sidebar) -> None:
    entries = sidebar.list
    deleted = hear(entries.deleted.connect)
    sidebar.show_conversations([made(1), made(2)], "c2")
    QTest.keyClick(entries, Qt.Key.Key_Delete)
    assert [c.id for (c,) in deleted] == ["c2"]  # type: ignore[attr-defined]
    entries.choose("")
    assert chosen(entries) == []
    QTest.keyClick(entries, Qt.Key.Key_Delete)
    assert len(deleted) == 1


def test_arrows_skip_headings_and_enter_opens(sidebar: Sidebar) -> None:
    entries = sidebar.list
    opened = hear(entries.opened.connect)
    sidebar.show_conversations([made(1), made(2, 30 * DAY)], "c1")
    entries.setFocus()
    QTest.keyClick(entries, Qt.Key.Key_Down)
    assert chosen(entries) == ["c2"]
    QTest.keyClick(entries, Qt.Key.Key_Return)
    assert [c.id for (c,) in opened] == ["c2"]  # type: ignore[attr-defined]


def test_a_click_opens_once_and_a_heading_opens_nothing(sidebar: Sidebar) -> None:
    entries = sidebar.list
    opened = hear(entries.opened.connect)
    sidebar.show_conversations([made(1)], "")
    for row in (0, 1):
        where = entries.visualRect(entries.model().index(row, 0)).center()
        QTest.mouseClick(entries.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert [c.id for (c,) in opened] == ["c1"]  # type: ignore[attr-defined]


def test_the_menu_renames_pins_and_deletes(qtbot: QtBot, sidebar: Sidebar) -> None:
    entries = sidebar.list
    pinned, deleted = hear(entries.pinned.connect), hear(entries.deleted.connect)
    for is_pinned in (False, True):
        sidebar.show_conversations([made(1, pinned=is_pinned)], "")
        where = entries.visualRect(entries.model().index(1, 0)).center()
        for name in ("Delete", "Unpin" if is_pinned else "Pin", "Rename"):
            ask_for_menu(entries, where, MOUSE)
            menu = menu_of(entries)
            next(a for a in menu.actions() if a.text() == name).trigger()
            menu.close()
            delete_now()
        editor = entries.findChild(QLineEdit)
        assert editor is not None
        QTest.keyClick(editor, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: entries.state() == entries.State.NoState)
        delete_now()
    assert [pin for _, pin in pinned] == [True, False]
    assert len(deleted) == 2
    ask_for_menu(entries, QPoint(5, 5), MOUSE)
    shown = [a.text() for m in entries.findChildren(QMenu) if m.isVisible() for a in m.actions()]
    assert "Delete" not in shown, "a heading belongs to no conversation"


def test_rename_from_a_menu_that_outlives_a_refresh_meets_the_right_one(sidebar: Sidebar) -> None:
    entries = sidebar.list
    sidebar.show_conversations([made(1), made(2)], "")
    ask_for_menu(entries, entries.visualRect(entries.model().index(2, 0)).center(), MOUSE)
    menu = menu_of(entries)
    sidebar.show_conversations([made(2)], "")
    menu.actions()[0].trigger()
    menu.close()
    editor = entries.findChild(QLineEdit)
    assert editor is not None
    assert editor.text() == "Title 2"


def test_the_menu_key_opens_the_menu_of_the_marked_one(sidebar: Sidebar) -> None:
    entries = sidebar.list
    sidebar.show_conversations([made(n) for n in range(12)], "c9")
    deleted = hear(entries.deleted.connect)
    ask_for_menu(entries, entries.viewport().rect().center(), QContextMenuEvent.Reason.Keyboard)
    menu = menu_of(entries)
    menu.actions()[-1].trigger()
    menu.close()
    assert [[c.id for c in several] for (several,) in deleted] == [["c9"]]  # type: ignore[attr-defined]


def test_two_hundred_conversations_keep_their_place_when_the_list_is_refreshed(sidebar: Sidebar) -> None:
    many = [made(n, n * 3600.0) for n in range(200)]
    sidebar.show_conversations(many, "c0")
    bar = sidebar.list.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    before = bar.value()
    sidebar.show_conversations(many, "c0")
    assert bar.value() == before
    assert len(rows(sidebar.list)) >= 200


# ── search, engines ────────────────────────────────────────────────────────────────────────────────────────


def test_empty_says_why(sidebar: Sidebar) -> None:
    title = part(sidebar, QLabel, "emptyTitle")
    sidebar.show_conversations([], "")
    assert title.isVisible()
    assert title.text() == "No conversations yet"
    sidebar.search.setText("zeppelin")
    sidebar.show_found(Found(parse("zeppelin")))
    assert title.text() == "Nothing found for “zeppelin”"
    assert rows(sidebar.list) == [each.example for each in FILTERS]
    sidebar.show_conversations([made(1)], "")
    assert title.isVisible(), "it is still searched"
    sidebar.search.clear()
    sidebar.leave_search()
    assert not title.isVisible()
    assert rows(sidebar.list) == ["Today", "Title 1"]


def test_search_is_told_after_a_pause_and_esc_ends_it(qtbot: QtBot, sidebar: Sidebar) -> None:
    searched: list[str] = []
    sidebar.searched.connect(searched.append)
    QTest.keyClicks(sidebar.search, " two words ")
    qtbot.waitUntil(lambda: searched == [" two words "])
    QTest.keyClick(sidebar.search, Qt.Key.Key_Escape)
    assert sidebar.search.text() == ""
    qtbot.waitUntil(lambda: searched == [" two words ", ""])


@pytest.mark.parametrize(
    ("words", "healthy", "struck"), [("Ollama · up", True, False), ("no models", False, False), ("down", False, True)]
)
def test_the_engine_says_its_state_in_words(sidebar: Sidebar, words: str, healthy: bool, struck: bool) -> None:
    sidebar.engine.set_state(words, healthy, struck, "details")
    assert sidebar.engine.text().strip() == words
    assert words in sidebar.engine.accessibleName()
    assert sidebar.engine.toolTip() == "details"
    assert not sidebar.grab().isNull()
    asked = hear(sidebar.look_again.connect)
    part(sidebar, EngineButton, "engineState").click()
    assert asked == [()]


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_words_that_have_no_room_are_shortened_not_cut(sidebar: Sidebar, scale: float) -> None:
    theme, field, engine = sidebar._theme, sidebar.search, sidebar.engine
    theme.set_scale(scale)
    field.restyle()
    engine.set_state("Ollama · not running & not installed", False, True, "")
    for width in (140, 150, 160):
        for widget in (field, engine):
            widget.setFixedWidth(round(width * scale))
            widget.setFixedHeight(round(40 * scale))
        QApplication.processEvents()
        assert engine.shown_text().endswith("…")
        image = field.grab().toImage()
        right = field.width() - theme.px(12)
        middle = range(theme.px(8), field.height() // 2)
        clear = {image.pixel(x, y) for x in range(right - theme.px(4), right + theme.px(4)) for y in middle}
        assert len(clear) == 1, "no letter stands at the end, only the dots at the foot of the line"
    theme.set_scale(1.0)


def test_the_field_of_a_name_has_a_name_for_screen_readers(sidebar: Sidebar) -> None:
    sidebar.show_conversations([made(1)], "", [Folder("f", "Work")])
    for rename, key, name in (
        (sidebar.list.rename, "c1", "Title of the conversation"),
        (sidebar.list.rename_folder, "f", "Name of the folder"),
    ):
        rename(key)
        editor = QApplication.focusWidget()
        assert isinstance(editor, QLineEdit)
        assert editor.accessibleName() == name
        QTest.keyClick(editor, Qt.Key.Key_Escape)
