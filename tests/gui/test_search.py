"""Searching in the real program: from the keys to the very place, and back to the list."""

import asyncio
import time
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QPushButton

from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn, new_id
from mirador_desktop.gui.desk import Desk
from mirador_desktop.gui.find_bar import FindBar
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.markdown_view import MarkdownView
from mirador_desktop.gui.question_view import QuestionView
from mirador_desktop.gui.turn_view import TurnView
from mirador_desktop.memory.store import Store
from tests import driving
from tests.driving import part, settled, until

NOWHERE = "127.0.0.1:1"
LONG = "A line about nothing.\n\n" * 30


def _turn(conversation: str, parent: str, number: int, text: str = "", thinking: str = "") -> Turn:
    stages = [
        StageRecord(
            "quick", answers=[Answer("llama3.2:3b", f"{LONG}quick **zeb**ra {number}\n\n{LONG}", reason="done")]
        ),
        StageRecord("deep", answers=[Answer("gemma3:27b", f"deep {text} {number}", thinking, reason="done")]),
    ]
    return Turn(
        new_id(), conversation, parent, f"Question {number}?", time.time() - 1000 + number,
        reason="done", final_stage="deep", stages=stages,
    )  # fmt: skip


def kept(home: Path) -> dict[str, str]:
    """Conversations in a home: a long one with two branches, and another; returns some of their turns."""

    async def write() -> dict[str, str]:
        store = Store(home / "data")
        await store.open()
        long = Conversation(new_id(), "A long one", created=1.0, updated=time.time())
        turns: list[Turn] = []
        for number in range(60):
            more = {5: ("giraffe", ""), 7: ("", "the okapi thinks")}.get(number, ("", ""))
            turns.append(_turn(long.id, turns[-1].id if turns else "", number, *more))
        await asyncio.sleep(0.002)  # identifiers sort by milliseconds
        branch = _turn(long.id, turns[30].id, 99, "pangolin")
        long.leaf = turns[-1].id
        await store.save([long], [*turns, branch])
        other = Conversation(new_id(), "Another", created=1.0, updated=time.time() - 5)
        turn = _turn(other.id, "", 1, "aardvark")
        other.leaf = turn.id
        await store.save([other], [turn])
        await store.close()
        return {"giraffe": turns[5].id, "okapi": turns[7].id, "pangolin": branch.id, "aardvark": turn.id}

    with driving.environment(home, NOWHERE):
        return asyncio.run(write())


async def typed(window: MainWindow, text: str) -> None:
    """Type into the search field, and wait for what is found."""
    field = window.sidebar.search
    field.setFocus()
    field.clear()
    QTest.keyClicks(field, text)
    await until(lambda: window.sidebar.list.shows_results and window.sidebar.list.shown_text == text, text)


def rows(window: MainWindow) -> list[str]:
    model = window.sidebar.list.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def in_sight(window: MainWindow, turn_id: str, word: str) -> bool:
    """Whether a text of a turn with a word that is marked is seen."""
    view = window.turns.view_of(turn_id)
    if view is None:
        return False
    texts: list[MarkdownView | QuestionView] = [*view.findChildren(MarkdownView)]
    texts += view.findChildren(QuestionView)
    for text in texts:
        finder = text._finder
        if not text.isVisible() or finder.here < 0:
            continue
        block, start, end = list(finder._all())[finder.here]
        place = finder.go(finder.here)
        if block.text()[start:end].casefold() == word and place is not None:
            top = text.mapTo(window.turns.viewport(), place.topLeft().toPoint()).y()
            return 0 <= top < window.turns.viewport().height()
    return False


async def _goes_to_every_place(window: MainWindow, turns: dict[str, str]) -> None:
    for word in ("giraffe", "okapi", "pangolin", "aardvark"):
        await typed(window, word)
        assert rows(window)[0] == "1 turn in 1 conversation"
        QTest.keyClick(window.sidebar.search, Qt.Key.Key_Down)
        QTest.keyClick(window.sidebar.search, Qt.Key.Key_Down)
        QTest.keyClick(window.sidebar.search, Qt.Key.Key_Return)
        await until(lambda word=word: in_sight(window, turns[word], word), f"{word} to be in sight")  # type: ignore[misc]
        assert window.sidebar.search.hasFocus()
    assert len(window.turns.turn_ids) == 1


async def _esc_gives_the_list_back(window: MainWindow, turns: dict[str, str]) -> None:
    await typed(window, "giraffe")
    QTest.keyClick(window.sidebar.search, Qt.Key.Key_Escape)
    assert not window.sidebar.searching
    assert "A long one" in rows(window)
    assert window.composer.text.hasFocus()


async def _what_is_found_is_acted_upon(window: MainWindow, turns: dict[str, str]) -> None:
    entries = window.sidebar.list
    await typed(window, "giraffe")
    QTest.keyClick(window.sidebar.search, Qt.Key.Key_Down)
    menus: list[list[str]] = []
    for row in (0, 1):
        place = entries.visualRect(entries.model().index(row, 0)).center()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, entries.viewport().mapToGlobal(place))
        QApplication.sendEvent(entries.viewport(), event)
        menu = QApplication.activePopupWidget()
        menus.append([action.text() for action in menu.actions()] if isinstance(menu, QMenu) else [])
        if menu is not None:
            menu.close()
    assert menus[0] == []  # a note
    assert "Delete" in menus[1]
    assert "Rename" not in menus[1]  # the field for that is in the list
    entries.setFocus()
    QTest.keyClick(entries, Qt.Key.Key_Delete)
    await until(lambda: "giraffe" not in " ".join(rows(window)), "it to be deleted")
    QTest.keyClick(entries, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    await until(lambda: "giraffe" in " ".join(rows(window)), "it to be back")
    QTest.keyClick(entries, Qt.Key.Key_Escape)
    assert not window.sidebar.searching
    assert not window.sidebar.search.text()
    assert not entries.shows_results


async def _nothing_offers_filters(window: MainWindow, turns: dict[str, str]) -> None:
    await typed(window, "xqxqxq")
    assert part(window.sidebar, QLabel, "emptyTitle").text() == "Nothing found for “xqxqxq”"
    row = rows(window).index("model:llama3.2")
    entries = window.sidebar.list
    entries.activated.emit(entries.model().index(row, 0))
    assert window.sidebar.search.text() == "xqxqxq model:"
    await typed(window, "giraffee")
    assert rows(window)[0] == "Nothing for “giraffee”; showing “giraffe”"
    await typed(window, "giraffe before:soon")
    assert rows(window)[0] == "before: needs a date, as in before:2026-05."
    window.sidebar.search.clear()
    await until(lambda: not window.sidebar.list.shows_results, "the list")


async def _enter_opens_what_is_found_later(window: MainWindow, turns: dict[str, str]) -> None:
    field = window.sidebar.search
    field.setFocus()
    QTest.keyClicks(field, "another")
    QTest.keyClick(field, Qt.Key.Key_Return)
    await until(lambda: window.windowTitle().startswith("Another"), "the conversation")
    field.clear()


async def _finds_in_the_whole_conversation(window: MainWindow, turns: dict[str, str]) -> None:
    desk = next(child for child in window.children() if isinstance(child, Desk))
    desk.finding.open_bar()
    field = part(window, QLineEdit, "findField")
    bar = part(window, FindBar, "findBar")
    assert field.hasFocus()
    count = part(bar, QLabel, "findCount")
    await typed(window, "a long one in:title")
    window.sidebar.list.open_current()
    await until(lambda: len(window.turns.turn_ids) == 32 and not bar.isVisible(), "the branch that was opened")
    desk.finding.open_bar()
    field.setText("ZEBRA")
    await until(lambda: count.text().endswith("of 32"), "all places")
    number = int(count.text().split()[0])
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert count.text() == f"{number % 32 + 1} of 32"
    for _ in range(32 - number % 32):
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert count.text() == "1 of 32"
    first = window.turns.turn_ids[0]
    await until(lambda: in_sight(window, first, "zebra"), "the first place, in a panel that was folded")
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert count.text() == "32 of 32"
    field.setText("nowhere at all")
    await until(lambda: count.text() == "No match", "no match")
    field.setText("giraffe")
    await until(lambda: count.text() == "1 of 1", "the only place")
    await until(lambda: in_sight(window, turns["giraffe"], "giraffe"), "it to be in sight")
    assert {b.accessibleName() for b in bar.findChildren(QPushButton)} == {
        "Previous match (Shift+Enter)", "Next match (Enter)", "Close (Esc)",
    }  # fmt: skip
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    focused = QApplication.focusWidget()
    assert focused is not None
    assert not bar.isAncestorOf(focused)
    assert all(view._question._finder.highlight is None for view in window.turns.findChildren(TurnView))


def test_from_the_keys_to_the_very_place(tmp_path: Path) -> None:
    turns = kept(tmp_path)
    steps = []

    async def drive(window: MainWindow) -> None:
        window.resize(1320, 860)
        await until(lambda: window.sidebar.list.model().rowCount() >= 2, "the conversations")
        for step in (
            _goes_to_every_place,
            _esc_gives_the_list_back,
            _nothing_offers_filters,
            _enter_opens_what_is_found_later,
            _finds_in_the_whole_conversation,
            _what_is_found_is_acted_upon,
        ):
            await step(window, turns)
            steps.append(step)
        await settled(window)

    assert driving.run(drive, tmp_path, NOWHERE) == 0
    assert len(steps) == 6
