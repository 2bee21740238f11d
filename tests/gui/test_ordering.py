"""Order in the real program: folders, tags, the archive, memory, and undo for all of it."""

import asyncio
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget

from mirador_desktop import library
from mirador_desktop.gui.folder_acts import Act
from mirador_desktop.gui.folder_drag import pack
from mirador_desktop.gui.folder_picker import FolderPicker
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.tags_popover import TagChip, TagsPopover
from tests import driving
from tests.driving import part, until
from tests.gui.list_helpers import CTRL
from tests.gui.ordering_helpers import NOWHERE, SHIFT, Key, Program, kept


def test_folders_from_the_first_to_the_last_undo(tmp_path: Path) -> None:
    kept(tmp_path, "One", "Two", "Three")
    start = ("Today", "One", "Two", "Three")

    async def drive(window: MainWindow) -> None:
        shown = Program(window)
        await shown.rows_are(*start)
        await shown.open("One")
        QTest.keyClick(window, Key.Key_N, CTRL | SHIFT)
        await shown.rename("Work")
        await shown.rows_are("Folders", "[Work 0]", *start)
        data = pack([shown.record("Two").id, shown.record("One").id], None, None)
        shown.drop(data, "Work")
        await shown.rows_are("Folders", "[Work 2]", "Today", "Three")
        await shown.said("2 conversations were moved to “Work”")
        shown.click("Work")
        opened = ("Folders", "[Work 2]", "  One", "  Two", "Today", "Three")
        await shown.rows_are(*opened)
        shown.choose(shown.menu("Work"), "New folder in it")
        await shown.rename("Inner")
        await shown.rows_are("Folders", "[Work 2]", "  [Inner 0]", "  One", "  Two", "Today", "Three")
        shown.choose(shown.menu("Two"), "Move to folder…")
        picker = await shown.popover(FolderPicker)
        QTest.keyClicks(part(picker, QLineEdit, "folderName"), "inner")
        QTest.keyClick(part(picker, QLineEdit, "folderName"), Key.Key_Return)
        nested = ("Folders", "[Work 2]", "  [Inner 1]", "  One", "Today", "Three")
        await shown.rows_are(*nested)
        shown.current("Work")
        shown.press(Key.Key_Delete)
        await shown.rows_are("Folders", "[Inner 1]", "Today", "One", "Three")
        await shown.undo(*nested)
        await shown.said("Undone: The folder “Work” was deleted")
        await shown.undo(*opened[:2], "  [Inner 0]", *opened[2:])
        shown.current("Inner")
        shown.press(Key.Key_Delete)
        await shown.rows_are(*opened)
        assert window.title_bar.title.accessibleName() == "One", "what is shown stays"

    async def again(window: MainWindow) -> None:
        shown = Program(window)
        await shown.rows_are("Folders", "[Work 2]", "  One", "  Two", "Today", "Three")
        shown.choose(shown.menu("One"), "Move to folder…")
        picker = await shown.popover(FolderPicker)
        QTest.keyClicks(part(picker, QLineEdit, "folderName"), "Home")
        QTest.keyClick(part(picker, QLineEdit, "folderName"), Key.Key_Return)
        await shown.rows_are("Folders", "[Home 1]", "[Work 1]", "  Two", "Today", "Three")
        await shown.undo("Folders", "[Work 2]", "  One", "  Two", "Today", "Three")

    assert driving.run(drive, tmp_path, NOWHERE) == 0
    assert driving.run(again, tmp_path, NOWHERE) == 0


def test_many_at_once_are_archived_pinned_deleted_and_brought_back(tmp_path: Path) -> None:
    kept(tmp_path, "One", "Two", "Three")
    start = ("Today", "One", "Two", "Three")

    async def drive(window: MainWindow) -> None:
        shown = Program(window)
        await shown.rows_are(*start)
        await shown.open("One")
        shown.click("Two", CTRL)
        shown.choose(shown.menu("Two"), "Archive")
        await shown.rows_are("Today", "Three", "[Archive 2]")
        assert window.title_bar.title.accessibleName() == "One", "it is archived, and still shown"
        shown.click("Archive")
        shown.choose(shown.menu("Two"), "Pin")
        await shown.rows_are("Pinned", "Two", "Today", "Three", "[Archive 1]", "  One")
        await shown.undo("Today", "Three", "[Archive 2]", "  One", "  Two")
        await shown.undo(*start)
        shown.list.setFocus()
        shown.press(Key.Key_A, CTRL)
        shown.press(Key.Key_Delete)
        await shown.rows_are()
        await shown.said("3 conversations were deleted")
        assert part(window, QLabel, "emptyTitle").text() == "No conversations yet"
        assert window.turns.turn_ids == []
        window.toast.button.click()
        await shown.rows_are(*start)
        await shown.said("Undone: 3 conversations were deleted")
        shown.click("Two")
        shown.press(Key.Key_F2)
        await shown.rename("Zwei")
        await shown.rows_are("Today", "One", "Zwei", "Three")
        shown.choose(shown.menu(), "Title")
        await shown.rows_are("By title", "One", "Three", "Zwei")
        await shown.undo("By title", "One", "Three", "Two")
        shown.press(Key.Key_Z, CTRL)
        await shown.said("There is nothing to undo")

    assert driving.run(drive, tmp_path, NOWHERE) == 0


def test_two_quick_undos_undo_two_things_and_what_was_undone_is_not_offered_again(tmp_path: Path) -> None:
    kept(tmp_path, "One", "Two")

    async def drive(window: MainWindow) -> None:
        shown = Program(window)
        await shown.rows_are("Today", "One", "Two")
        for title in ("One", "Two"):
            shown.list.wanted.emit(Act("archive", (shown.record(title).id,), value=True))
        await shown.rows_are("[Archive 2]")
        assert shown.list.undo_words == "“Two” was archived"
        for _ in range(2):
            shown.list.wanted.emit(Act("undo"))
        await shown.rows_are("Today", "One", "Two")
        assert shown.list.undo_words == ""
        await shown.said("Undone: “One” was archived")
        assert not window.toast.button.isVisible()
        assert window.toast._later == []

    assert driving.run(drive, tmp_path, NOWHERE) == 0


def test_what_is_deleted_for_good_cannot_be_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tmp_path, "One", "Two")
    monkeypatch.setattr(library, "UNDO_SECONDS", 0.2)

    async def drive(window: MainWindow) -> None:
        shown = Program(window)
        await shown.rows_are("Today", "One", "Two")
        shown.list.wanted.emit(Act("archive", (shown.record("Two").id,), value=True))
        shown.list.wanted.emit(Act("delete", (shown.record("One").id,)))
        await shown.rows_are("[Archive 1]")
        store = shown.desk._doors.order._store
        await until(lambda: shown.list.undo_words == "“Two” was archived", "the end of the deleted one")
        async with asyncio.timeout(driving.PATIENCE):
            while len(await store.read(lambda c: c.execute("SELECT id FROM conversations").fetchall())) > 1:
                await driving.tick()
        await shown.undo("Today", "Two")

    assert driving.run(drive, tmp_path, NOWHERE) == 0


def test_tags_are_written_completed_taken_off_shown_and_searched_for(tmp_path: Path) -> None:
    kept(tmp_path, "One", "Two")

    async def drive(window: MainWindow) -> None:
        shown = Program(window)
        await shown.rows_are("Today", "One", "Two")
        await shown.open("One")
        part(window, QPushButton, "editTags").click()
        popover = await shown.popover(TagsPopover)
        assert isinstance(popover, TagsPopover)
        QTest.keyClicks(popover.field, "#sqlite")
        QTest.keyClick(popover.field, Key.Key_Return)
        await until(lambda: [c.tag for c in popover.findChildren(TagChip) if c.isVisible()] == ["sqlite"], "the tag")
        QTest.keyClick(popover.field, Key.Key_Return)  # nothing written: it closes
        await until(lambda: window.title_bar.tags.isVisible(), "the tag in the title bar")
        shown.click("Two", CTRL)
        shown.choose(shown.menu("Two"), "Tags…")
        await until(lambda: not popover.isVisible() if _alive(popover) else True, "the end of the first one")
        popover = await shown.popover(TagsPopover)
        assert isinstance(popover, TagsPopover)
        QTest.keyClicks(popover.field, "sql")
        completer = popover.field.completer()
        completer.complete()
        assert completer.currentCompletion() == "sqlite"
        popup = completer.popup()
        assert popup is not None
        QTest.keyClick(popup, Key.Key_Down)
        QTest.keyClick(popup, Key.Key_Return)
        await until(lambda: shown.record("Two").tags == ["sqlite"], "the completed tag")
        field = popover.field
        await until(lambda: field.text() == "", "room for the next tag")
        popover.close()
        window.title_bar.tags.findChildren(TagChip)[0].click()
        await until(lambda: shown.list.shows_results, "what is found")
        assert shown.sidebar.search.text() == "tag:sqlite"
        QTest.keyClick(shown.sidebar.search, Key.Key_Escape)
        await shown.rows_are("Today", "One", "Two")
        part(window, QPushButton, "editTags").click()
        popover = await shown.popover(TagsPopover)
        QTest.keyClick(next(c for c in popover.findChildren(TagChip) if c.isVisible()), Key.Key_Delete)
        await until(lambda: shown.record("One").tags == [], "the end of the tag")
        popover.close()
        shown.list.setFocus()
        shown.press(Key.Key_Z, CTRL)
        await until(lambda: shown.record("One").tags == ["sqlite"], "the tag again")

    assert driving.run(drive, tmp_path, NOWHERE) == 0


def _alive(widget: QWidget) -> bool:
    from shiboken6 import isValid

    return bool(isValid(widget))


def test_memory_is_switched_off_and_the_sign_switches_it_on(tmp_path: Path) -> None:
    kept(tmp_path, "One")

    async def drive(window: MainWindow) -> None:
        shown = Program(window)
        await shown.rows_are("Today", "One")
        await shown.open("One")
        sign, chip = part(window, QPushButton, "memoryOff"), part(window, QPushButton, "memorySwitch")
        assert not sign.isVisible()
        assert chip.text() == "Memory on"
        shown.choose(shown.menu("One"), "Memory")
        await until(sign.isVisible, "the sign")
        assert chip.text() == "Earlier turns"
        sign.click()
        await until(lambda: not sign.isVisible(), "the end of the sign")
        assert shown.record("One").memory
        shown.press(Key.Key_Z, CTRL)
        await until(sign.isVisible, "the sign again")

    assert driving.run(drive, tmp_path, NOWHERE) == 0
