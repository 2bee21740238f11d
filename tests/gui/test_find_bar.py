"""The find bar and what it finds: the same places in the source as in the text that is shown."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import StageRecord
from mirador_desktop.core.search_query import parse
from mirador_desktop.core.search_results import Found, FoundConversation
from mirador_desktop.gui.conversation_finder import Text, places_in
from mirador_desktop.gui.find_bar import FindBar
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.markdown_find import Highlight, count_in_markdown, needle
from mirador_desktop.gui.markdown_view import MarkdownView
from mirador_desktop.gui.search_results import notes
from tests.driving import part
from tests.gui.conversation_helpers import Build
from tests.gui.test_sidebar import hear, made
from tests.gui.test_turn_live import answer, new_turn, settle, the_theme
from tests.ollama_sim.sample_texts import LARGE, MIDDLE, SMALL

TABLE = "| import | b |\n|---|---|\n| x **imp**ort | `import` |\n| y | [import](http://import.example) |\n"
MIXED = "# Import\n\n> import\n\n- im\\*port\n- Ímport\n\n```python\nimport os\nimport_me = 1\n```\n\n1. $import$\n"


@pytest.fixture
def bar(qapp: QApplication, qtbot: QtBot) -> FindBar:
    behind = QWidget()
    qtbot.addWidget(behind)
    behind.resize(800, 600)
    behind.show()
    behind.activateWindow()
    return FindBar(the_theme(), behind)


@pytest.mark.parametrize("text", [SMALL, MIDDLE, LARGE, TABLE, MIXED, "", "import", "importimport"])
@pytest.mark.parametrize("wanted", ["import", "e", "the slow", "_", "`", "--help"])
def test_a_source_has_as_many_places_as_the_text_that_is_shown(
    look: Look, qtbot: QtBot, text: str, wanted: str
) -> None:
    view = MarkdownView(look.markdown(0), look.clock)
    qtbot.addWidget(view)
    view.resize(700, 400)
    view.set_text(text)
    settle(look)
    pattern = needle(wanted)
    assert pattern is not None
    view.set_highlight(Highlight(pattern, False, "#6CA8FF"))
    assert view._finder.count() == count_in_markdown(pattern, text)


def test_highlights_follow_what_streams_and_change_neither_selection_nor_copy(look: Look, qtbot: QtBot) -> None:
    view = MarkdownView(look.markdown(0), look.clock)
    qtbot.addWidget(view)
    view.resize(700, 400)
    view.show()
    view.append("A zebra, ")
    settle(look)
    pattern = needle("zebra")
    assert pattern is not None
    plain = view.grab().toImage()
    view.set_highlight(Highlight(pattern, False, "#6CA8FF"))
    assert view.grab().toImage() != plain
    view.moveCursor(QTextCursor.MoveOperation.Start)
    assert view.find("zebra"), "which selects it"
    for _ in range(20):
        view.append("one more zebra. ")
        settle(look)
    assert view._finder.count() == 21
    assert view.createMimeDataFromSelection().text() == "zebra"
    place = view.go_to(20)
    assert place is not None
    assert place.width() > 10
    assert view.go_to(99) == place, "the last one stands for those that are gone"
    view.finish()
    settle(look)
    view.set_highlight(None)
    assert view.go_to(0) is None
    assert view.extraSelections() == []


def test_places_of_a_turn_in_the_order_in_which_they_are_shown() -> None:
    turn = new_turn(
        StageRecord("quick", answers=[answer(text="zebra Zebra", thinking="zebra")]),
        StageRecord("deep", answers=[answer(text="no"), answer("b", "a **zebra**")]),
        question="zebra?\nZÉBRA",
    )
    pattern = needle(" zebra ")
    assert pattern is not None
    thought = Text(turn.id, 0, 0, True)
    expected = [(Text(turn.id), 0), (Text(turn.id), 1), (Text(turn.id, 0, 0), 0), (Text(turn.id, 0, 0), 1)]
    expected += [(Text(turn.id, 1, 1), 0)]
    assert places_in(pattern, [turn], set()) == expected
    assert places_in(pattern, [turn], {thought}) == [*expected[:2], (thought, 0), *expected[2:]]
    assert needle("  ") is None


def test_a_hit_in_a_folded_panel_or_in_thoughts_is_unfolded(build: Build, look: Look) -> None:
    turn = new_turn(
        StageRecord("quick", answers=[answer(text="first", thinking="I think")]),
        StageRecord("deep", answers=[answer(text="second")]),
    )
    view = build([turn])
    shown = view.view_of(turn.id)
    assert shown is not None
    assert shown.panels[0].folded
    text = shown.reveal(0, 0)
    settle(look)
    assert (shown.panels[0].folded, text.toPlainText().strip()) == (False, "first")
    assert turn.stages[0].folded is None, "it is not the person's choice"
    thoughts = shown.reveal(0, 0, thoughts=True)
    settle(look)
    assert thoughts.toPlainText().strip() == "I think"
    assert shown.panels[0].shows_thoughts(0)
    assert shown.reveal(0, 7) is shown.reveal(-1, 0)
    look.layout = "final"
    view.restyle()
    settle(look)
    assert shown.panels[0].isVisible(), "what was gone to stays, though only final answers are shown"


def test_keys_of_the_bar(bar: FindBar) -> None:
    stepped, closed, typed = hear(bar.stepped.connect), hear(bar.closed.connect), hear(bar.typed.connect)
    bar.open("zebra")
    assert bar.isVisible()
    assert bar.field.hasFocus()
    assert typed == [("zebra",)]
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    QTest.keyClick(bar.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    part(bar, QPushButton, "findPrevious").click()
    part(bar, QPushButton, "findNext").click()
    assert stepped == [(1,), (-1,), (-1,), (1,)]
    QTest.keyClick(part(bar, QPushButton, "findNext"), Qt.Key.Key_Escape)
    part(bar, QPushButton, "findClose").click()
    assert len(closed) == 2


def test_the_bar_says_how_many_there_are_and_stays_in_its_corner(bar: FindBar) -> None:
    bar.open("zebra")
    count = part(bar, QLabel, "findCount")
    for given, words in {
        (2, 12, False): "3 of 12",
        (0, 1500, True): "1 of 1,500+",
        (-1, 3, False): "3",
        (-1, 0, True): "…",
        (-1, 0, False): "No match",
    }.items():
        bar.show_count(*given)
        assert count.text() == words
    bar.field.clear()
    bar.show_count(-1, 0, False)
    assert count.text() == ""
    behind = bar.parentWidget()
    assert behind is not None
    behind.resize(300, 300)
    assert behind.rect().contains(bar.geometry())


def test_what_is_said_about_a_search() -> None:
    found = (FoundConversation(made(1)), FoundConversation(made(2)))
    query = parse("before:x moon")
    assert notes(Found(query, found, 3)) == [
        "before: needs a date, as in before:2026-05.",
        "3 turns in 2 conversations",
    ]
    moon = parse("moon")
    assert notes(Found(moon, found[:1])) == ["1 conversation"]
    assert notes(Found(moon, found, 2000, True)) == ["More than 2,000 turns, the newest first"]
    assert notes(Found(moon, found, 1, False, (("mon", "moon"),), 7)) == [
        "Nothing for “mon”; showing “moon”", "1 turn in 2 conversations", "7 older turns still to be indexed",
    ]  # fmt: skip
    assert notes(Found(moon)) == []
