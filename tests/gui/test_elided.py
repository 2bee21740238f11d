"""Words where there is little room: a label and a button that end in "…", and a bar that says fewer of them."""

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.gui.elided import ElidedButton, ElidedLabel, shorten
from tests.gui.test_turn_live import delete_now, the_theme


@pytest.fixture
def row(qapp: QApplication, qtbot: QtBot) -> QWidget:
    delete_now()
    the_theme()
    row = QWidget()
    qtbot.addWidget(row)
    QHBoxLayout(row).setContentsMargins(0, 0, 0, 0)
    return row


def ink(widget: QWidget, box: QRect) -> int:
    """How many pixels of a part of a widget are not like its corner."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    ground = image.pixel(0, 0)
    return sum(
        image.pixel(x, y) != ground
        for x in range(box.left(), box.right() + 1)
        for y in range(box.top(), box.bottom() + 1)
    )


def test_a_label_keeps_its_words_and_draws_what_there_is_room_for(row: QWidget) -> None:
    label = ElidedLabel(row, 4)
    label.setText("Slides about encryption at rest " * 4)
    label.resize(120, 24)
    short = label.grab().toImage()
    assert label.text().startswith("Slides about encryption at rest Slides")
    label.setText("Slides")
    assert label.grab().toImage() != short
    label.setText("Slides about encryption at rest, and in transit too")
    assert label.minimumSizeHint().width() <= 60
    assert label.sizeHint().width() > 200
    label.resize(60, 24)
    narrow = ElidedLabel(row, 4)
    narrow.setText(label.fontMetrics().elidedText(label.text(), label._mode, 60))
    narrow.resize(60, 24)
    assert narrow.text().endswith("…")
    assert label.grab().toImage() == narrow.grab().toImage()


def test_words_from_right_to_left_begin_at_the_right(row: QWidget) -> None:
    label = ElidedLabel(row, 4)
    label.resize(300, 24)
    left, right = QRect(0, 0, 150, 24), QRect(150, 0, 150, 24)
    label.setText("Title")
    assert ink(label, left)
    assert not ink(label, right)
    label.setText("كيف")
    assert not ink(label, left)
    assert ink(label, right)


def test_a_button_shortens_its_words_before_those_of_a_plain_one_are_cut(row: QWidget) -> None:
    button, plain = ElidedButton("Progressive && more · 3 stages", row), QPushButton("Send", row)
    layout = row.layout()
    assert layout is not None
    for each in (button, plain):
        layout.addWidget(each)
    whole = button.sizeHint().width()
    row.resize(whole + plain.sizeHint().width() + 40, 40)
    row.show()
    assert button.shown_text() == button.text()
    row.resize(whole // 2 + plain.sizeHint().width(), 40)
    layout.activate()
    assert plain.width() >= plain.sizeHint().width()
    assert button.shown_text().endswith("…")
    assert button.shown_text().startswith("Prog")
    assert button.text() == "Progressive && more · 3 stages"
    assert button.minimumSizeHint().width() < whole // 2


def test_a_bar_says_as_much_as_there_is_room_for(row: QWidget) -> None:
    first, hidden = QPushButton(row), QPushButton("Something long that is not shown", row)
    row.show()
    hidden.hide()
    words = ("Everything", "Less", "x")
    wide = []
    for each in words:
        first.setText(each)
        wide.append(first.sizeHint().width())
    for room, said in ((wide[0], 0), (wide[0] - 1, 1), (wide[1] - 1, 2), (1, 2)):
        shorten(lambda step: first.setText(words[step]), 3, (first, hidden), 8, room)
        assert first.text() == words[said]
