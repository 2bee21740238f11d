"""Dragging in the list of conversations: what is dragged, where it may be dropped, the mark, Esc."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDragLeaveEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import Folder
from mirador_desktop.gui.conversation_list import ConversationList
from mirador_desktop.gui.folder_acts import Act
from mirador_desktop.gui.folder_drag import pack
from tests.gui.list_helpers import CTRL, HOME, INNER, WORK, Shown, new_sidebar, ordinary
from tests.gui.test_turn_live import delete_now


@pytest.fixture
def shown(qapp: QApplication, qtbot: QtBot) -> Shown:
    delete_now()
    sidebar = new_sidebar()
    qtbot.addWidget(sidebar)
    return Shown(sidebar)


def test_conversations_are_dropped_into_folders_out_of_them_on_pinned_and_archive(shown: Shown) -> None:
    shown.list.set_open(["work"])
    data = pack(["b", "c"], None, None)
    assert shown.drop(data, "Home") == [Act("move", ("b", "c"), HOME)]
    assert shown.drop(data, "Work") == [Act("move", ("c",), WORK)], "the other one is there already"
    assert shown.drop(data, "b") == [Act("move", ("c",), WORK)], "a row in a folder stands for it"
    assert shown.drop(data, "Today") == [Act("move", ("b",), None)]
    assert shown.drop(data, "d") == [Act("pin", ("b", "c"), value=True)]
    assert shown.drop(data, "Archive") == [Act("archive", ("b", "c"), value=True)]
    one = pack(["c"], None, None)
    assert shown.drop(one, "") == [], "it is there already"
    assert shown.drop(pack(["d"], None, None), "Today") == [Act("pin", ("d",), value=False)]
    archived = pack(["g"], None, None)
    assert shown.drop(archived, "Work") == [Act("move", ("g",), WORK)], "out of the archive, into the same folder"


def test_folders_are_dropped_into_folders_and_out_but_not_into_themselves(shown: Shown) -> None:
    shown.list.set_open(["work"])
    assert shown.drop(pack([], HOME, None), "Work") == [Act("move folder", (), HOME, WORK)]
    assert shown.drop(pack([], INNER, None), "Home") == [Act("move folder", (), INNER, HOME)]
    assert shown.drop(pack([], INNER, None), "Older") == [Act("move folder", (), INNER, None)]
    for folder, target in (
        (HOME, "Home"),
        (HOME, "Inner"),  # folders are nested once
        (WORK, "Home"),  # it holds a folder itself
        (WORK, "Inner"),
        (INNER, "Work"),  # it is there already
        (HOME, "Today"),
        (HOME, "Archive"),
        (Folder("gone", "Gone"), "Work"),
    ):
        assert shown.drop(pack([], folder, None), target) == [], (folder, target)


def test_a_mark_shows_where_it_would_be_dropped_and_goes_with_esc(shown: Shown) -> None:
    shown.list.set_open(["work"])
    data = pack(["c"], None, None)
    drop = shown.drag(data, "Work")
    assert drop is not None
    assert [row.strip() for row in shown.rows[drop.first : drop.last + 1]] == ["[Work 2]", "[Inner 1]", "b"]
    with_mark = shown.list.grab().toImage()
    QApplication.sendEvent(shown.list.viewport(), QDragLeaveEvent())  # Qt sends it for Esc
    assert shown.list.drop is None
    assert shown.list.grab().toImage() != with_mark
    assert shown.wanted == []


def test_a_closed_folder_opens_while_something_hovers_and_the_mark_follows(qtbot: QtBot, shown: Shown) -> None:
    data = pack(["c"], None, None)
    drop = shown.drag(data, "Work")
    assert drop is not None
    assert drop.first == drop.last
    qtbot.waitUntil(lambda: "  b" in shown.rows)
    drop = shown.list.drop
    assert drop is not None
    assert drop.last == drop.first + 2


def test_a_list_that_changes_while_something_is_carried_marks_anew(shown: Shown) -> None:
    data = pack(["c"], None, None)
    before = shown.drag(data, "Home")
    assert before is not None
    shown.show([c for c in ordinary() if not c.pinned])
    after = shown.list.drop
    assert after is None or after.first < shown.list.model().rowCount()
    assert after != before
    assert [a.what for a in shown.drop(data, "Home")] == ["move"]


def test_what_comes_from_elsewhere_is_not_taken(shown: Shown) -> None:
    data = QMimeData()
    data.setText("words")
    assert shown.drop(data, "Work") == []
    for hostile in (b"[]", b"{", b'{"conversations": 5}', b"\xff", b"{}", b'{"conversations": ["nobody"]}'):
        data = QMimeData()
        data.setData("application/x-mirador-rows", hostile)
        assert shown.drop(data, "Work") == []


def test_what_is_dragged_is_what_is_selected(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    dragged: list[QMimeData] = []

    class Drag:
        def __init__(self, source: ConversationList) -> None: ...
        def setMimeData(self, data: QMimeData) -> None:
            dragged.append(data)

        def setPixmap(self, picture: object) -> None: ...
        def setHotSpot(self, place: QPoint) -> None: ...
        def exec(self, *given: object) -> None: ...

    monkeypatch.setattr("mirador_desktop.gui.dragging_list.QDrag", Drag)
    given: list[list[str]] = []

    def mime_of(ids: list[str]) -> QMimeData:
        given.append(ids)
        return QMimeData()

    shown.list.mime_of = mime_of
    shown.click("c")
    shown.click("f", CTRL)
    shown.list.startDrag(Qt.DropAction.MoveAction)
    assert given == [["c", "f"]]
    shown.current("Home")
    shown.list.startDrag(Qt.DropAction.MoveAction)
    assert [bytes(d.data("application/x-mirador-rows").data()) for d in dragged] == [
        b'{"conversations": ["c", "f"]}', b'{"folder": "home"}',
    ]  # fmt: skip
    shown.current("Archive")
    shown.list.startDrag(Qt.DropAction.MoveAction)
    assert len(dragged) == 2
