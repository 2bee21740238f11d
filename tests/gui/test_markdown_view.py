"""The view of an answer: looks, selection, links and hostile text."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QBrush, QGuiApplication, QTextCursor, QTextDocument, QWheelEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mirador_desktop.gui.frames import FrameClock
from mirador_desktop.gui.markdown_copy import CopyCode
from mirador_desktop.gui.markdown_heat import SurePopup
from mirador_desktop.gui.markdown_view import MarkdownStyle, MarkdownView, warm_up

from ..unit.test_markdown_scanner import CORPUS, MARKDOWN

DARK = MarkdownStyle(
    "#E7EBF1", "#8A94A6", "#262E39", "#1B212A", "#6CA8FF", "#F0B44C", "#6CA8FF", True, 10.5, "", "monospace"
)
LIGHT = MarkdownStyle(
    "#1A1F27", "#5E6878", "#E3E6EB", "#F5F6F8", "#2563EB", "#8A5A0B", "#2563EB", False, 12, "", "monospace"
)
Make = Callable[[], MarkdownView]


@pytest.fixture
def make(qtbot: QtBot) -> Make:
    def build() -> MarkdownView:
        clock = FrameClock()
        view = MarkdownView(DARK, clock)
        clock.setParent(view)
        qtbot.addWidget(view)
        view.resize(600, 300)
        return view

    return build


def settle(view: MarkdownView) -> None:
    while not view._clock.idle:
        view._clock.flush()
    assert view.is_settled()


def plain(properties: dict[int, object]) -> dict[int, str]:
    values = {}
    for key, value in properties.items():
        values[key] = value.color().name() if isinstance(value, QBrush) else str(value)
    return values


def dump(document: QTextDocument) -> list[object]:
    """All text and all formats."""
    found: list[object] = []
    block = document.begin()
    while block.isValid():
        look = block.blockFormat()
        found.append((block.text(), plain(look.properties())))
        at = block.begin()
        while not at.atEnd():
            part = at.fragment()
            found.append((part.text(), plain(part.charFormat().properties())))
            at += 1
        table = QTextCursor(block).currentTable()
        if table is not None:
            found.append(
                (table.rows(), table.columns(), [w.rawValue() for w in table.format().columnWidthConstraints()])
            )
        block = block.next()
    return found


def shown(make: Make, text: str) -> list[object]:
    view = make()
    view.set_text(text)
    settle(view)
    return dump(view.document())


@pytest.mark.parametrize("text", CORPUS)
def test_streamed_text_ends_as_the_text_shown_at_once(make: Make, text: str) -> None:
    view = make()
    for char in text:
        view.append(char)
        view._clock.flush()
    view.finish()
    settle(view)
    assert view.plain_markdown() == text
    assert dump(view.document()) == shown(make, text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MARKDOWN, st.lists(st.integers(1, 12), min_size=1, max_size=20))
def test_any_split_ends_as_the_text_shown_at_once(make: Make, text: str, lengths: list[int]) -> None:
    view = make()
    at = number = 0
    while at < len(text):
        length = lengths[number % len(lengths)]
        view.append(text[at : at + length])
        view._clock.flush()
        at, number = at + length, number + 1
    view.finish()
    settle(view)
    assert dump(view.document()) == shown(make, text)


def test_several_steps_within_a_frame_may_change_the_same_table(make: Make) -> None:
    rows = "".join(f"| {number} | some words in a cell | and more of them |\n" for number in range(200))
    text = "| a | b | c |\n|---|---|---|\n" + rows
    view = make()
    view._clock.budget = 10
    view.append(text[:40])
    view._clock.flush()
    view.append(text[40:])
    view._clock.flush()
    assert dump(view.document()) == shown(make, text)


def test_frames_come_by_themselves(make: Make, qtbot: QtBot) -> None:
    view = make()
    with qtbot.waitSignal(view.height_changed):
        view.append("Hello")
    assert "Hello" in view.toPlainText()
    view.append(" **you**")
    view.finish()
    qtbot.waitUntil(lambda: "Hello you" in view.toPlainText())
    qtbot.waitUntil(view.is_settled)


def test_the_height_follows_the_text_and_the_width(make: Make) -> None:
    view = make()
    heights: list[int] = []
    view.height_changed.connect(heights.append)
    view.set_text("some words " * 80)
    settle(view)
    assert heights[-1] == view.wanted_height() > 50
    view.show()
    view.resize(200, 300)
    assert view.wanted_height() > heights[0]
    assert heights[-1] == view.wanted_height()
    assert view.verticalScrollBar().maximum() == 0


def test_a_selection_survives_while_the_end_is_written_again(make: Make) -> None:
    view = make()
    view.append("First paragraph.\n\nSecond **bo")
    view._clock.flush()
    view.selectAll()
    cursor = view.textCursor()
    text = view.toPlainText()
    start = text.index("paragraph")
    cursor.setPosition(start)
    cursor.setPosition(text.index("bo") + 1, QTextCursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)
    before = view.textCursor().selectionStart()
    for part in ("ld** text", " goes on\n\n", "- and\n- on\n"):
        view.append(part)
        view._clock.flush()
        assert view.textCursor().selectionStart() == before
        assert view.textCursor().selectedText().startswith("paragraph.")
        assert "goes on" not in view.textCursor().selectedText()


def test_copies_clean_text(make: Make) -> None:
    view = make()
    view.set_text(
        "Intro\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n1. one\n2. two  \n   more\n\n```py\nx = 1\ny\n```\n"
    )
    settle(view)
    view.selectAll()
    text = view.createMimeDataFromSelection().text()
    assert text == "Intro\n\na\tb\n1\t2\n3\t4\n1. one\n2. two\nmore\n\nx = 1\ny"
    assert not set(text) & set("\ufdd0\ufdd1\u2028\u2029\ufffc")


HOSTILE = (
    "<script>alert(1)</script> <img src='http://evil/x.png'> <b>not bold</b>",
    "![pixel](http://evil/track.png) ![](file:///etc/passwd)",
    "[click](javascript:alert(1)) [data](data:text/html,x) <javascript:x>",
    "a" * 50_000,
    "\ud800 lone \udfff and \x00 NUL \ufdd0\ufdd1 \u2029 \ufffc \x1b[0m",
    "שלום עולם\n\n- مرحبا\n\nmixed עברית text",
    "中文字符" * 300 + "🎉👩‍👩‍👧‍👦",
    "```unclosed\n" + "x\n" * 300,
    "[" * 2000 + "*" * 2000 + "`" * 500,
    ">" * 300 + " deep\n" + "- " * 100 + "deep",
    "| a |\n|---|\n| " + "cell " * 3000 + "|\n",
    "a\r\nb\r\rc",
    "",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_shown_as_text(make: Make, text: str) -> None:
    view = make()
    loaded: list[object] = []
    view.show()
    for at in range(0, len(text), 997):
        view.append(text[at : at + 997])
        view._clock.flush()
    view.finish()
    settle(view)
    view.grab()
    assert view.plain_markdown() == text
    assert dump(view.document()) == shown(make, text)
    assert view.loadResource(QTextDocument.ResourceType.ImageResource.value, QUrl("http://evil/x.png")) is None
    assert not loaded
    if "<script>" in text:
        assert text in view.toPlainText()


def test_images_are_links_and_only_safe_addresses_are_opened(make: Make) -> None:
    view = make()
    view.link_activated.disconnect(view.open_link)
    opened: list[str] = []
    view.link_activated.connect(opened.append)
    view.set_text("![picture](https://example.org/a.png) [x](ftp://host/file)")
    settle(view)
    assert "picture" in view.toPlainText()
    safe = ["https://example.org/a.png", "mailto:a@b.c"]
    for address in (*safe, "ftp://host/file", "file:///etc/passwd", "javascript:1"):
        view.anchorClicked.emit(QUrl(address))
    assert opened == safe


def test_a_click_on_a_link_activates_it(make: Make, qtbot: QtBot) -> None:
    view = make()
    view.link_activated.disconnect(view.open_link)
    view.set_text("[words to click on](https://example.org/)")
    settle(view)
    view.show()
    hovered: list[str] = []
    view.link_hovered.connect(hovered.append)
    QTest.mouseMove(view.viewport(), QPoint(20, 14))
    with qtbot.waitSignal(view.link_activated) as caught:
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, 14))
    assert caught.args == ["https://example.org/"]
    assert "https://example.org/" in hovered


def test_wheel_is_left_to_the_list_around(make: Make) -> None:
    view = make()
    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, -120), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    view.wheelEvent(event)
    assert not event.isAccepted()


def test_the_copy_button_copies_code_and_goes_from_block_to_block(make: Make, qtbot: QtBot) -> None:
    view = make()
    view.set_text("```py\na = 1\n\nb = 2\n```\n\ntext\n\n```\nsecond\n```\n")
    settle(view)
    view.show()
    button = view.findChild(CopyCode)
    assert button is not None
    assert button.accessibleName() == "Copy code"
    assert button.isVisibleTo(view)
    button.click()
    assert QGuiApplication.clipboard().text() == "a = 1\n\nb = 2"
    QTest.keyClick(button, Qt.Key.Key_Down)
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == "second"


def test_a_new_style_reaches_everything(make: Make) -> None:
    text = "\n".join(CORPUS)
    view = make()
    view.set_text(text)
    settle(view)
    view.set_style(LIGHT)
    settle(view)
    other = make()
    other.set_style(LIGHT)
    other.set_text(text)
    settle(other)
    assert dump(view.document()) == dump(other.document())


def test_heat_tells_how_sure_a_word_was(make: Make, qtbot: QtBot) -> None:
    view = make()
    tokens: list[tuple[str, float | None]] = [("It **", 0.9), ("saves** ", 0.99), ("20", 0.38), (" ms", None)]
    view.set_text(
        "".join(text for text, _ in tokens),
        [(len(text), confidence) for text, confidence in tokens],
        {2: (("20", 0.38), ("30", 0.31), ("10", 0.17))},
    )
    settle(view)
    plain = view.grab().toImage()
    view.set_heat(True)
    view.show()
    assert view.grab().toImage() != plain
    block = view.document().begin().next()
    note = view._builder.writer.notes[block.userState()]
    words = view._marks.words(block, note.source, view._builder.source)
    assert [(block.text()[w.start : w.end], round(w.confidence, 2)) for w in words] == [
        ("It", 0.9), ("saves", 0.99), ("20", 0.38),
    ]  # fmt: skip
    line = block.layout().lineAt(0)
    x: Any = line.cursorToX(words[2].start + 1)
    at = QPoint(int(x[0]), 14)
    QTest.mouseMove(view.viewport(), at)
    popup = view.findChild(SurePopup)
    assert popup is not None
    assert popup.isVisible()
    assert popup.accessibleName() == "38 % sure"
    assert [name for name, _ in popup.rows] == ["20", "30", "10"]
    popup.grab()
    view.set_heat(False)
    assert not popup.isVisible()


def test_a_text_may_be_replaced_and_continued(make: Make) -> None:
    view = make()
    view.set_text("# One\n\n| a |\n|---|\n| b |\n")
    settle(view)
    view.set_text("two")
    settle(view)
    assert view.toPlainText().strip() == "two"
    view.append(" *three*")
    settle(view)
    assert view.toPlainText().strip() == "two three"


def test_warming_up_comes_to_an_end() -> None:
    while warm_up():
        pass
    assert not warm_up()


def test_importing_the_view_imports_no_parser() -> None:
    code = (
        "import sys, mirador_desktop.gui.markdown_view;"
        "sys.exit(any(name.split('.')[0] in ('markdown_it', 'pygments') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
