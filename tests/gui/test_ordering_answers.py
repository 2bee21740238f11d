"""Order in the real program while answers and titles are written: copies, branches, deleted folders."""

import asyncio
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton

from mirador_desktop.core.conversation import Conversation, Turn, new_id
from mirador_desktop.gui.branch_tree import BranchTree
from mirador_desktop.gui.folder_acts import Act
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.settings.widgets import Switch
from mirador_desktop.memory.store import Store
from tests import driving
from tests.driving import answered, part, send, settled, tick, until
from tests.end2end.test_settings import opened
from tests.gui.list_helpers import CTRL
from tests.gui.ordering_helpers import NOWHERE, Key, Program, kept
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim


def many_branches(home: Path, title: str, branches: int) -> None:
    """Keep a conversation whose first question is followed by this many others."""

    async def write() -> None:
        store = Store(home / "data")
        await store.open()
        made = Conversation(new_id(), title, created=1.0, updated=2.0)
        first = Turn(new_id(), made.id, "", "First?", 1.0, reason="done")
        turns = [Turn(new_id(), made.id, first.id, f"{n}?", 1.0, reason="done") for n in range(branches)]
        made.leaf = turns[-1].id
        await store.save([made], [first, *turns])
        await store.close()

    with driving.environment(home, NOWHERE):
        asyncio.run(write())


def test_the_number_of_branches_is_that_of_the_conversation_that_is_shown(tmp_path: Path) -> None:
    kept(tmp_path, "One")
    many_branches(tmp_path, "Many", 200)
    many_branches(tmp_path, "Three", 3)

    async def drive(window: MainWindow) -> None:
        shown, said = Program(window), list[str]()
        button = window.title_bar.branches
        await until(lambda: len(shown.list.conversations) == 3, "all")
        shown.desk.session.changed.connect(lambda: said.append("" if button.isHidden() else button.toolTip()))
        for title, words in (("Many", "200"), ("Three", "3"), ("One", ""), ("Many", "200"), ("One", "")):
            said.clear()
            shown.desk.session.open(shown.record(title))
            await until(lambda: said, "the conversation")
            await until(lambda: not shown.desk.tasks.runs("count branches"), "the number")
            assert window.title_bar.title.accessibleName() == title
            assert said[0] == "", "nothing of another one while it is counted"
            assert button.isHidden() == (not words)
            assert button.toolTip() == (f"Show the {words} branches" if words else "Branches")

    assert driving.run(drive, tmp_path, NOWHERE) == 0


def test_copies_and_branches(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        shown = Program(window)
        await until(lambda: "Ollama" in shown.sidebar.engine.text(), "the engine")
        await send(window, "First?")
        await answered(window)
        await send(window, "Second?")
        await answered(window, 2)
        assert not window.title_bar.branches.isVisible()
        shown.desk.session.regenerate()
        await until(lambda: window.title_bar.branches.isVisible(), "the button of the branches")
        await answered(window, 2)
        newest = window.turns.turn_ids[-1]
        part(window, QPushButton, "showBranches").click()
        tree = await shown.popover(BranchTree)
        assert isinstance(tree, BranchTree)
        assert tree.list.currentIndex().row() == 2
        QTest.keyClick(tree.list, Key.Key_Up)
        QTest.keyClick(tree.list, Key.Key_Return)
        await until(lambda: window.turns.turn_ids[-1] != newest, "the other branch")
        await settled(window)
        window.turns.show_turn(window.turns.turn_ids[-1])
        await until(window.turns.last_view, "the last turn")
        view = window.turns.last_view()
        assert view is not None
        part(view, QPushButton, "continueHere").click()
        await until(lambda: window.title_bar.title.accessibleName().endswith("(continued)"), "the copy")
        assert len(window.turns.turn_ids) == 2
        await until(lambda: not window.title_bar.branches.isVisible(), "no branches in the copy")
        await until(lambda: len(shown.list.conversations) == 2, "both")
        shown.choose(shown.menu("First? (continued)"), "Duplicate")
        await until(lambda: len(shown.list.conversations) == 3, "the copy of the copy")
        for left in (2, 1):
            shown.list.setFocus()
            shown.press(Key.Key_Z, CTRL)
            await until(lambda left=left: len(shown.list.conversations) == left, "one less")  # type: ignore[misc]
        assert window.turns.turn_ids == [], "what was shown is gone"

    with Sim(scenarios.THREE_MODELS) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_a_folder_that_is_deleted_while_an_answer_streams_in_it_loses_nothing(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        shown = Program(window)
        await until(lambda: "Ollama" in shown.sidebar.engine.text(), "the engine")
        await send(window, "First?")
        await until(lambda: len(shown.list.conversations) == 1, "the conversation")
        ids = (shown.list.conversations[0].id,)
        shown.list.wanted.emit(Act("new folder", ids, value="Work"))
        await shown.rows_are("Folders", "[Work 1]")
        shown.current("Work")
        shown.press(Key.Key_Delete)
        await shown.rows_are("Today", "First?")
        await shown.undo("Folders", "[Work 1]")
        turn = await answered(window)
        assert turn.reason == "done"
        await send(window, "Second?")
        shown.list.wanted.emit(Act("delete", ids))  # the shown one, while it streams
        await shown.rows_are("Folders", "[Work 0]")
        assert not shown.desk.session.answers
        await shown.undo("Folders", "[Work 1]")
        assert shown.record("First?").id == ids[0]

    with Sim(scenarios.THREE_MODELS) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_a_title_that_is_written_is_shown_unless_the_person_renames(tmp_path: Path) -> None:
    kept(tmp_path, "One", "Two")

    async def drive(window: MainWindow) -> None:
        shown = Program(window)
        await shown.rows_are("Today", "One", "Two")
        await shown.open("One")
        assistant, titles = shown.desk._doors.assistant, shown.desk._doors.titles

        async def write(words: str) -> None:
            conversation = await assistant.open(shown.desk.session.current)
            assert conversation is not None
            conversation.title = words
            assistant.keep(conversation)
            titles.changed()

        await write("By the model")
        await shown.rows_are("Today", "By the model", "Two")
        assert window.title_bar.title.accessibleName() == "By the model"
        shown.current("By the model")
        shown.press(Key.Key_F2)
        editor = part(shown.list, QLineEdit, "")
        await write("Another one")
        await tick(0.1)
        assert editor.isVisible()
        assert editor.text() == "By the model"
        QTest.keyClick(editor, Key.Key_Return)
        await shown.rows_are("Today", "Another one", "Two")
        assert not shown.record("Another one").title_by_person
        page = await opened(window, "Appearance")
        switch = part(page, Switch, "titlesSwitch")
        assert switch.isChecked()
        switch.click()
        assert not shown.desk._preferences.current.titles

    assert driving.run(drive, tmp_path, NOWHERE) == 0
