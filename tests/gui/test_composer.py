"""Where questions are written: keys, paste, height, and what belongs to a question."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import Attachment
from mirador_desktop.gui.composer import Composer
from mirador_desktop.gui.elided import ElidedButton
from mirador_desktop.gui.scrolled import Scrolled
from tests.driving import part
from tests.gui.test_turn_live import delete_now, the_theme

SHIFT = Qt.KeyboardModifier.ShiftModifier
Sent = list[str]


@pytest.fixture
def composer(qapp: QApplication, qtbot: QtBot) -> Composer:
    delete_now()
    composer = Composer(the_theme(), None)  # type: ignore[arg-type]  # a window of its own
    qtbot.addWidget(composer)
    composer.resize(760, 120)
    composer.show()
    return composer


def typed(composer: Composer, text: str) -> None:
    QTest.keyClicks(composer.text, text)


def heard(connect: Callable[[Callable[[], None]], object]) -> list[bool]:
    """Hear a signal without arguments."""
    calls: list[bool] = []
    connect(lambda: calls.append(True))
    return calls


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_sends_without_the_space_around(composer: Composer, key: Qt.Key) -> None:
    sent: Sent = []
    composer.sent.connect(sent.append)
    typed(composer, "  Why? ")
    QTest.keyClick(composer.text, key)
    assert sent == ["Why?"]


def test_shift_enter_begins_a_line(composer: Composer) -> None:
    sent: Sent = []
    composer.sent.connect(sent.append)
    typed(composer, "One")
    QTest.keyClick(composer.text, Qt.Key.Key_Return, SHIFT)
    typed(composer, "two")
    assert sent == []
    QTest.keyClick(composer.text, Qt.Key.Key_Return)
    assert sent == ["One\ntwo"]


def test_nothing_is_sent_when_there_is_nothing_or_an_answer_streams(composer: Composer) -> None:
    sent: Sent = []
    composer.sent.connect(sent.append)
    assert not composer.send.isEnabled()
    typed(composer, " \t")
    assert not composer.send.isEnabled()
    QTest.keyClick(composer.text, Qt.Key.Key_Return)
    typed(composer, "x")
    assert composer.send.isEnabled()
    composer.set_answering(True)
    QTest.keyClick(composer.text, Qt.Key.Key_Return)
    assert sent == []
    assert composer.text.toPlainText().strip() == "x", "the text stays for later"
    composer.set_answering(False)
    composer.send.click()
    assert sent == ["x"]


def test_up_recalls_only_in_an_empty_text(composer: Composer) -> None:
    recalled = heard(composer.recalled.connect)
    typed(composer, "a")
    QTest.keyClick(composer.text, Qt.Key.Key_Up)
    assert recalled == []
    QTest.keyClick(composer.text, Qt.Key.Key_Backspace)
    QTest.keyClick(composer.text, Qt.Key.Key_Up)
    assert recalled == [True]


def test_paste_is_plain(composer: Composer) -> None:
    data = QMimeData()
    data.setHtml("<h1 style='color:red'>Big</h1><img src='http://x/y.png'>")
    data.setText("Big\x00\ntext")
    composer.text.insertFromMimeData(data)
    assert composer.text.toPlainText() == "Big\ntext"
    only_html = QMimeData()
    only_html.setHtml("<b>Bold</b>")
    composer.text.setPlainText("")
    composer.text.insertFromMimeData(only_html)
    assert "<" not in composer.text.toPlainText()


def test_it_grows_up_to_nine_lines(qtbot: QtBot, composer: Composer) -> None:
    line = composer.text.fontMetrics().lineSpacing()
    heights = []
    for lines in (1, 2, 9, 10, 40):
        composer.text.setPlainText("\n".join("x" * lines))
        heights.append(composer.text.sizeHint().height())
    assert [h - heights[0] for h in heights] == [0, line, 8 * line, 8 * line, 8 * line]
    assert composer.text.minimumSizeHint() == composer.text.sizeHint()
    qtbot.waitUntil(lambda: composer.height() >= composer.text.sizeHint().height())
    assert composer.text.height() >= 9 * line


def test_larger_text_grows_to_fewer_lines(composer: Composer) -> None:
    composer.text.setPlainText("\n".join("x" * 40))
    theme = composer._theme
    heights = []
    for scale in (1.0, 2.0):
        theme.set_scale(scale)
        composer.restyle()
        heights.append(composer.text.sizeHint().height())
    theme.set_scale(1.0)
    assert heights[1] < heights[0] * 1.3


# ── little room ────────────────────────────────────────────────────────────────────────────────────────────


def chips(composer: Composer) -> list[ElidedButton]:
    return [part(composer, ElidedButton, name) for name in ("attachButton", "depthChooser", "memorySwitch")]


@pytest.mark.parametrize(("scale", "widths"), [(1.0, (760, 420, 320, 284)), (2.0, (1520, 840, 620, 500))])
def test_words_that_have_no_room_give_way_to_fewer_and_send_is_never_cut(
    composer: Composer, scale: float, widths: tuple[int, ...]
) -> None:
    composer._theme.set_scale(scale)
    composer.restyle()
    composer.setMinimumSize(1, 1)  # as in the window, which asks for no more
    said = []
    for width in widths:
        composer.resize(width, 200)
        QApplication.processEvents()
        attach, depth, memory = chips(composer)
        said.append((attach.text(), depth.text(), memory.text(), memory.icon().isNull()))
        assert composer.send.width() >= composer.send.sizeHint().width(), width
        assert all(chip.shown_text() == chip.text() for chip in (attach, depth, memory)), width
        assert memory.accessibleName() == "Memory on"
    composer._theme.set_scale(1.0)
    assert said[0] == ("Attach", "Depth: Auto", "Memory on", True)
    assert said[1][0] == "Attach"
    assert ("", "Auto", "Memory on", True) in said
    assert said[-1] == ("", "Auto", "On", False)


def test_many_files_are_scrolled_and_leave_the_text_its_place(qtbot: QtBot, composer: Composer) -> None:
    composer._theme.set_scale(2.0)
    composer.restyle()
    composer.resize(848, 300)
    composer.activateWindow()
    files = composer.files
    area = part(composer, Scrolled, "")
    assert not area.isVisible()
    for number in range(12):
        files.add(Attachment(f"file {number}.txt", "x", 100, 46))
    qtbot.waitUntil(area.isVisible)
    qtbot.waitUntil(lambda: not files.chips[-1].visibleRegion().isEmpty())
    QApplication.processEvents()
    assert files.chips[-1].visibleRegion().boundingRect() == files.chips[-1].rect(), "the last one is seen whole"
    assert area.height() < 3 * files.chips[0].height()
    assert composer.text.height() >= composer.text.sizeHint().height()
    assert area.geometry().bottom() < composer.text.y()
    for chip in (files.chips[0], files.chips[-1]):
        chip.setFocus()
        assert chip.visibleRegion().boundingRect() == chip.rect(), "what gets the focus is scrolled to"
    for chip in files.chips[1:]:
        chip.removed.emit()
    qtbot.waitUntil(lambda: area.height() == files.chips[0].height())
    files.chips[0].removed.emit()
    assert not area.isVisible()
    composer._theme.set_scale(1.0)


def test_wrapped_lines_count(qtbot: QtBot, composer: Composer) -> None:
    one = composer.text.sizeHint().height()
    composer.text.setPlainText("word " * 60)
    qtbot.waitUntil(lambda: composer.text.sizeHint().height() >= one + 2 * composer.text.fontMetrics().lineSpacing())


def test_stop_takes_the_place_of_send_with_its_focus(qtbot: QtBot, composer: Composer) -> None:
    stopped = heard(composer.stopped.connect)
    typed(composer, "x")
    composer.activateWindow()
    composer.send.setFocus()
    qtbot.waitUntil(composer.send.hasFocus)
    composer.set_answering(True)
    assert (composer.send.isVisible(), composer.stop.isVisible()) == (False, True)
    assert composer.stop.hasFocus()
    composer.stop.click()
    assert stopped == [True]
    composer.set_answering(False)
    assert (composer.send.isVisible(), composer.stop.isVisible()) == (True, False)
    assert composer.send.hasFocus()
    composer.text.setFocus()
    composer.set_answering(True)
    assert composer.text.hasFocus()


def test_depth_is_chosen_in_a_menu(composer: Composer) -> None:
    chooser = part(composer, QPushButton, "depthChooser")
    assert (composer.chosen_depth, chooser.text(), chooser.accessibleName()) == ("auto", "Depth: Auto", "Depth: Auto")
    menu = chooser.menu()
    assert menu is not None
    assert len(menu.actions()) == 3
    chosen = []
    for action in menu.actions():
        action.trigger()
        chosen.append((composer.chosen_depth, chooser.text()))
        assert [a.isChecked() for a in menu.actions()].count(True) == 1
    assert chosen == [("auto", "Depth: Auto"), ("quick", "Depth: Quick"), ("full", "Depth: Full")]


def test_memory_can_be_switched_off(composer: Composer) -> None:
    switch = part(composer, QPushButton, "memorySwitch")
    assert (composer.memory, switch.text(), switch.accessibleName()) == (True, "Memory on", "Memory on")
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert (composer.memory, switch.text(), switch.accessibleName()) == (False, "Memory off", "Memory off")
    assert "on its own" in switch.toolTip()
    composer.set_recalls(False)
    assert switch.text() == "Memory off"
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert (composer.memory, switch.text(), switch.accessibleName()) == (True, "Earlier turns", "Earlier turns")
    composer.set_recalls(True)
    assert switch.text() == "Memory on"


def test_attach_asks_for_a_file(composer: Composer) -> None:
    asked = heard(composer.attach.connect)
    part(composer, QPushButton, "attachButton").click()
    assert asked == [True]


def test_editing_says_so_and_can_be_left(composer: Composer) -> None:
    left = heard(composer.cancelled.connect)
    cancel = part(composer, QPushButton, "cancelEdit")
    assert not cancel.isVisible()
    composer.edit("The earlier question")
    assert composer.text.toPlainText() == "The earlier question"
    assert composer.text.textCursor().atEnd()
    assert cancel.isVisible()
    cancel.click()
    assert left == [True]
    composer.clear()
    assert not cancel.isVisible()
    assert composer.text.toPlainText() == ""


def test_leaving_an_edit_gives_the_draft_back(composer: Composer) -> None:
    typed(composer, "A draft")
    composer.edit("The earlier question")
    composer.edit("Another earlier question")
    composer.leave_edit()
    assert composer.text.toPlainText() == "A draft"
    composer.edit("The earlier question")
    composer.clear()
    composer.leave_edit()
    assert composer.text.toPlainText() == ""


def test_every_control_has_a_name_that_screen_readers_read(composer: Composer) -> None:
    composer.set_answering(True)
    assert composer.text.accessibleName()
    for button in composer.findChildren(QPushButton):
        assert button.accessibleName() or button.text(), button.objectName()
