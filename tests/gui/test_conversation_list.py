"""The list of conversations: folders that open, several at once, keys, menus, renaming, long names."""

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import Folder
from mirador_desktop.gui.conversation_list import CONVERSATION
from mirador_desktop.gui.folder_acts import Act
from tests.gui.list_helpers import CTRL, HOME, LEFT, NONE, SHIFT, WORK, Key, Shown, made, new_sidebar, ordinary
from tests.gui.test_turn_live import delete_now


@pytest.fixture
def shown(qapp: QApplication, qtbot: QtBot) -> Shown:
    delete_now()
    sidebar = new_sidebar()
    qtbot.addWidget(sidebar)
    return Shown(sidebar)


# ── what stands where ──────────────────────────────────────────────────────────────────────────────────────


def test_folders_stand_between_the_pinned_and_the_groups_and_the_archive_at_the_end(shown: Shown) -> None:
    assert shown.rows == [
        "Pinned", "d", "e", "Folders", "[Home 1]", "[Work 2]", "Today", "c", "Older", "f", "h", "[Archive 1]",
    ]  # fmt: skip
    shown.list.set_open(["work", "inner", "home"])
    assert shown.rows[3:10] == ["Folders", "[Home 1]", "  e", "[Work 2]", "  [Inner 1]", "    a", "  b"]
    shown.click("Archive")
    assert shown.rows[-2:] == ["[Archive 1]", "  g"]
    assert shown.folded == [], "whether the archive is open is not remembered"


def test_an_empty_folder_says_so_and_only_archived_ones_too(shown: Shown) -> None:
    shown.list.set_open(["work"])
    shown.show([], folders=[WORK])
    assert shown.rows == ["Folders", "[Work 0]", "  Empty"]
    shown.show([made("g", archived=True)], folders=[])
    assert shown.rows == ["[Archive 1]"]
    assert shown.sidebar._empty_title.text() == "All is archived"


def test_broken_folders_lose_nothing(shown: Shown) -> None:
    circle = [Folder("x", "X", "y"), Folder("y", "Y", "x"), Folder("z", "Z", "z"), Folder("w", "W", "gone")]
    shown.list.set_open("xyzw")
    shown.show([made(key, key) for key in "xyzw"], folders=circle)
    found = [row.strip() for row in shown.rows]
    assert {"x", "y", "z", "w"} <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("sort", "order"), [("changed", ["C", "é", "a"]), ("created", ["a", "C", "é"]), ("title", ["a", "C", "é"])]
)
def test_sorting(shown: Shown, sort: str, order: list[str]) -> None:
    given = [made("C", age=10), made("é", age=20), made("a", age=30)]
    for conversation, created in zip(given, (2.0, 1.0, 3.0), strict=True):
        conversation.created = created
    shown.list.set_sort(sort)
    shown.show(given, folders=[])
    assert shown.rows[1:] == order


def test_a_closed_folder_marks_what_is_open_in_it(shown: Shown) -> None:
    delegate = shown.list._list_delegate
    shown.list.choose("a")
    assert delegate.open_in == {"work", "inner"}
    shown.list.choose("g")
    assert delegate.open_in == {"archive"}
    shown.show([made("a")], "a")
    assert delegate.open_in == set()


def test_rows_tell_screen_readers_everything(shown: Shown) -> None:
    role, model = Qt.ItemDataRole.AccessibleTextRole, shown.list.model()
    assert model.index(shown.row("Work"), 0).data(role) == "Work, folder, 2 conversations, closed"
    assert model.index(shown.row("f"), 0).data(role) == "f, 1 answer, tags rust"
    assert "pinned" in model.index(shown.row("e"), 0).data(role)
    shown.list.set_open(["work"])
    assert model.index(shown.row("Inner"), 0).data(role).startswith("Work › Inner, folder")


# ── folders by mouse and by keys ───────────────────────────────────────────────────────────────────────────


def test_a_click_opens_and_closes_a_folder_and_both_are_told(shown: Shown) -> None:
    shown.click("Work")
    assert "  b" in shown.rows
    shown.click("Work")
    assert "  b" not in shown.rows
    assert shown.folded == [["work"], []]
    assert shown.opened == []


def test_arrows_open_close_and_lead_in_and_out(shown: Shown) -> None:
    shown.current("Work")
    shown.press(Key.Key_Right)
    shown.press(Key.Key_Right)
    assert shown.list.currentIndex().data() == "Inner"
    shown.press(Key.Key_Return)
    shown.press(Key.Key_Down)
    assert shown.list.currentIndex().data() == "a"
    for expected in ("Inner", "Inner", "Work"):
        shown.press(Key.Key_Left)
        assert shown.list.currentIndex().data() == expected
    shown.press(Key.Key_Space)
    assert "  b" not in shown.rows


def test_f2_and_delete_work_on_folders_and_not_on_the_archive(qtbot: QtBot, shown: Shown) -> None:
    shown.current("Work")
    shown.press(Key.Key_Delete)
    assert shown.wanted == [Act("delete folder", folder=WORK)]
    shown.press(Key.Key_F2)
    editor = shown.list.findChild(QLineEdit)
    assert editor is not None
    assert editor.text() == "Work"
    QTest.keyClick(editor, Key.Key_Z, CTRL)
    editor.setText(" Office ")
    QTest.keyClick(editor, Key.Key_Return)
    qtbot.waitUntil(lambda: shown.list.state() == shown.list.State.NoState)
    assert shown.wanted[1:] == [Act("rename folder", folder=WORK, value="Office")]
    delete_now()
    shown.current("Archive")
    for key in (Key.Key_F2, Key.Key_Delete):
        shown.press(key)
    assert shown.list.findChild(QLineEdit) is None
    assert len(shown.wanted) == 2


def test_a_title_that_is_written_meanwhile_does_not_disturb_who_renames(qtbot: QtBot, shown: Shown) -> None:
    given = ordinary()
    renamed: list[str] = []
    shown.list.renamed.connect(lambda conversation, title: renamed.append(title))
    for typed, expected in (("", []), ("Mine", ["Mine"])):
        shown.show(given)
        shown.current("c")
        shown.press(Key.Key_F2)
        editor = shown.list.findChild(QLineEdit)
        assert editor is not None
        if typed:
            editor.setText(typed)
        next(c for c in given if c.id == "c").title = "Written by a model"
        shown.show(list(given))
        assert editor.text() == (typed or "c")
        QTest.keyClick(editor, Key.Key_Return)
        qtbot.waitUntil(lambda: shown.list.state() == shown.list.State.NoState)
        delete_now()
        assert renamed == expected
        assert "Written by a model" in shown.rows
        next(c for c in given if c.id == "c").title = "c"


# ── several at once ────────────────────────────────────────────────────────────────────────────────────────


def test_several_are_selected_by_mouse_and_by_keys(shown: Shown) -> None:
    shown.click("c")
    assert (shown.opened, shown.selected) == (["c"], ["c"])
    shown.click("f", CTRL)
    shown.click("d", CTRL)
    assert shown.selected == ["d", "c", "f"]
    shown.click("c", CTRL)
    assert shown.selected == ["d", "f"]
    shown.click("h", SHIFT)
    assert "h" in shown.selected
    assert shown.opened == ["c"], "what is selected is not opened"
    shown.press(Key.Key_Escape)
    assert shown.selected == ["c"], "back to what is open"
    shown.current("c")
    shown.press(Key.Key_Down, SHIFT)
    assert shown.selected == ["c", "f"], "the heading between them is no conversation"
    shown.press(Key.Key_A, CTRL)
    assert shown.selected == ["d", "e", "c", "f", "h"]


def test_what_is_selected_stays_selected_when_the_list_changes(shown: Shown) -> None:
    shown.click("c")
    shown.click("f", CTRL)
    shown.click("d", CTRL)
    shown.show([made("new"), *(c for c in ordinary() if c.id != "f")])
    assert shown.selected == ["d", "c"]


def test_delete_menu_and_export_take_all_that_is_selected(shown: Shown) -> None:
    exported: list[list[str]] = []
    shown.list.export_wanted.connect(exported.append)
    shown.click("c")
    shown.click("f", CTRL)
    shown.press(Key.Key_Delete)
    assert shown.deleted == [["c", "f"]]
    menu = shown.menu("f")
    words = [a.text() for a in menu.actions() if not a.isSeparator()]
    assert words[0] == "2 conversations"
    assert {"Rename", "Duplicate"}.isdisjoint(words)
    shown.choose(menu, "Archive")
    shown.choose(shown.menu("c"), "Move to folder…")
    shown.choose(shown.menu("c"), "Tags…")
    shown.choose(shown.menu("c"), "Memory")
    shown.choose(shown.menu("c", keyboard=True), "Export…")
    both = ("c", "f")
    assert shown.wanted == [
        Act("archive", both, value=True), Act("choose folder", both), Act("edit tags", both),
        Act("remember", both, value=False), Act("export", both),
    ]  # fmt: skip
    shown.choose(shown.menu("d"), "Duplicate")
    assert shown.wanted[-1] == Act("duplicate", ("d",)), "a row that is not selected is meant alone"


def test_a_pinned_one_in_a_folder_is_one_conversation(shown: Shown) -> None:
    shown.list.set_open(["home"])
    shown.list.select_in("home")
    assert shown.selected == ["e"]
    shown.press(Key.Key_Delete)
    assert shown.deleted == [["e"]]


# ── menus ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_menu_of_a_folder_by_mouse_and_by_the_menu_key(shown: Shown) -> None:
    shown.list.undo_words = "“Rust & C” was archived"
    shown.choose(shown.menu("Home"), "New folder in it")
    shown.current("Home")
    menu = shown.menu(keyboard=True)
    assert "Undo: “Rust && C” was archived" in [a.text() for a in menu.actions()]
    shown.choose(menu, "Delete, keep what it holds")
    menu = shown.menu("Home")
    move = next(a.menu() for a in menu.actions() if a.text() == "Move folder")
    assert isinstance(move, QMenu)
    shown.choose(move, "Into “Work”")
    menu.close()
    assert shown.wanted == [
        Act("new folder", folder=HOME), Act("delete folder", folder=HOME), Act("move folder", (), HOME, WORK)
    ]  # fmt: skip
    menu = shown.menu("Work")
    assert not next(a for a in menu.actions() if a.text() == "Move folder").isEnabled(), "it holds a folder"
    menu.close()
    shown.choose(shown.menu("Home"), "Select what it holds")
    assert shown.selected == ["e"]


def test_the_menu_of_the_empty_place_sorts_selects_and_undoes(shown: Shown) -> None:
    shown.list.undo_words = "something was done"
    shown.choose(shown.menu(), "Title")
    shown.choose(shown.menu(), "New folder")
    shown.choose(shown.menu(), "Undo: something was done")
    assert shown.wanted == [Act("sort", value="title"), Act("new folder"), Act("undo")]
    shown.choose(shown.menu(), "Select all")
    assert len(shown.selected) == 5
    shown.press(Key.Key_Z, CTRL)
    assert shown.wanted[-1] == Act("undo")


def test_a_tag_on_a_row_is_clicked_and_the_row_is_not_opened(shown: Shown) -> None:
    tags: list[str] = []
    shown.list.tag_wanted.connect(tags.append)
    entries, row = shown.list, shown.row("f")
    box, middle = entries.visualRect(entries.model().index(row, 0)), shown.point("f")
    model, delegate = entries._list_model, entries._list_delegate
    places = [
        QPoint(x, y)
        for x in range(box.width())
        for y in range(box.top(), box.bottom(), 4)
        if delegate.tag_at(model, row, box, x, y) == "rust"
    ]
    QTest.mouseClick(entries.viewport(), LEFT, NONE, places[len(places) // 2])
    assert (tags, shown.opened) == (["rust"], [])
    QTest.mouseClick(entries.viewport(), LEFT, NONE, QPoint(20, middle.y()))
    assert shown.opened == ["f"]
    shown.choose(next(a.menu() for a in shown.menu("f").actions() if a.text() == "Show all with tag"), "rust")  # type: ignore[arg-type]
    assert tags == ["rust", "rust"]


# ── many, long, and other directions ───────────────────────────────────────────────────────────────────────


def test_names_that_do_not_fit_are_shortened_and_told_whole(shown: Shown) -> None:
    long, folder = ("long " * 40).strip(), Folder("l", "اسم طويل " * 20)
    shown.list.set_open(["l"])
    shown.show([made(long, "l", tags=["x" * 40, "y"]), made(("שלום " * 40).strip()), made("")], folders=[folder])
    assert not shown.list.grab().isNull()
    role = Qt.ItemDataRole.ToolTipRole
    assert long in shown.list.model().index(shown.row(long), 0).data(role)
    assert "Untitled" in shown.rows


def test_three_hundred_folders_and_a_page_of_them(shown: Shown) -> None:
    folders = [Folder(f"f{n:03}", f"Folder {n:03}") for n in range(300)]
    shown.show([made(f"c{n}", f"f{n % 300:03}") for n in range(900)], "", folders)
    shown.current("Folder 000")
    for _ in range(60):
        shown.press(Key.Key_PageDown)
    assert shown.list.currentIndex().data() == "Folder 299"
    shown.press(Key.Key_Home)
    assert shown.list.currentIndex().data() == "Folder 000"
    shown.press(Key.Key_End)
    assert shown.list.visualRect(shown.list.currentIndex()).bottom() <= shown.list.viewport().height()
    assert shown.list.currentIndex().data(CONVERSATION) is None


def test_esc_is_the_lists_only_while_there_is_a_selection_to_give_up(shown: Shown) -> None:
    def takes_escape() -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, Key.Key_Escape, NONE)
        event.ignore()
        QApplication.sendEvent(shown.list, event)
        return event.isAccepted()

    shown.click("c")
    assert not takes_escape()
    shown.click("f", CTRL)
    assert takes_escape()
