"""The tree of branches: its order, what is marked, keys, broken data, and many of them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.gui.branch_tree import BranchTree, Turns, nodes_of
from tests.gui.test_turn_live import delete_now, the_theme


def turns(*rows: str) -> Turns:
    """`"b < a"` follows `"a"`; the question is the name."""
    pairs = [row.split(" < ") if " < " in row else (row, "") for row in rows]
    return [(key, parent, 0.0, f"{key}?\nmore") for key, parent in pairs]


def drawn(found: Turns, leaf: str = "") -> list[str]:
    """The tree as text: set in by depth, `*` for what is shown."""
    return ["  " * n.depth + ("*" if n.shown else "") + n.turn for n in nodes_of(found, leaf)]


def test_questions_stand_below_each_other_and_branches_are_set_in() -> None:
    found = turns("a", "b < a", "c < b", "d < a", "e < d", "f < e", "g < e")
    assert drawn(found, "e") == ["*a", "  b", "  c", "  *d", "  *e", "    f", "    g"]
    nodes = {n.turn: n for n in nodes_of(found, "e")}
    assert [key for key, n in nodes.items() if n.begins] == ["b", "d", "f", "g"]
    assert nodes["b"].goes_on == {1}
    assert nodes["e"].goes_on == {2}
    assert nodes["a"].question == "a?"


def test_a_first_question_that_was_asked_in_two_ways_begins_two_branches() -> None:
    assert drawn(turns("a", "b", "c < a"), "b") == ["  a", "  c", "  *b"]


def test_broken_data_is_shown_and_ends() -> None:
    assert drawn(turns("a < b", "b < a"), "a") == ["*a", "*b"]
    assert drawn(turns("a < a"), "a") == ["*a"]
    assert drawn(turns("a < gone", "b < a"), "nobody") == ["a", "b"]
    assert drawn([], "") == []


@given(st.lists(st.integers(-1, 30), max_size=31), st.integers(0, 40))
def test_every_turn_stands_there_once_whatever_its_parent_is(parents: list[int], leaf: int) -> None:
    found = [(str(n), str(parent) if parent >= 0 else "", 0.0, "") for n, parent in enumerate(parents)]
    nodes = nodes_of(found, str(leaf))
    assert sorted(n.turn for n in nodes) == sorted(key for key, *_ in found)
    assert all(n.question == "(no text)" for n in nodes)
    assert all(after.depth <= before.depth + 1 for before, after in pairwise(nodes))


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> QWidget:
    delete_now()
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    window.show()
    return window


def opened(window: QWidget, found: Turns, leaf: str) -> tuple[BranchTree, list[str]]:
    tree = BranchTree(the_theme(), nodes_of(found, leaf), 3, window)
    chosen: list[str] = []
    tree.chosen.connect(chosen.append)
    tree.open_at(window.mapToGlobal(QPoint(900, 10)))
    return tree, chosen


def test_the_end_of_what_is_shown_is_current_and_enter_goes_elsewhere(window: QWidget) -> None:
    tree, chosen = opened(window, turns("a", "b < a", "c < a"), "c")
    assert tree.heading.accessibleName() == "3 branches"
    assert tree.list.currentIndex().data() == "c?"
    described = tree.list.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)
    assert described == "c?, level 2, on the branch that is shown"
    QTest.keyClick(tree.list, Qt.Key.Key_Up)
    QTest.keyClick(tree.list, Qt.Key.Key_Return)
    assert chosen == ["b"]
    assert not tree.isVisible()


def test_a_click_goes_there_once_and_esc_goes_nowhere(window: QWidget) -> None:
    tree, chosen = opened(window, turns("a", "b < a", "c < a"), "c")
    where = tree.list.visualRect(tree.list.model().index(0, 0)).center()
    QTest.mouseClick(tree.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert chosen == ["a"]
    tree, chosen = opened(window, turns("a"), "a")
    QTest.keyClick(tree.list, Qt.Key.Key_Escape)
    assert not tree.isVisible()
    assert chosen == []


def test_hundreds_of_branches_and_endless_questions_stay_in_the_window(window: QWidget) -> None:
    many = [("0", "", 0.0, "word " * 2000)]
    many += [(str(n), str(n - 1 if n % 2 else n // 3), 0.0, "שאלה " * 500) for n in range(1, 900)]
    tree, _ = opened(window, many, "899")
    box = tree.geometry()
    assert window.frameGeometry().contains(box)
    for _ in range(40):
        QTest.keyClick(tree.list, Qt.Key.Key_PageDown)
    assert tree.list.currentIndex().row() == 899
    assert not tree.grab().isNull()
