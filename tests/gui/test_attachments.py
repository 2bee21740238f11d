"""Attached files: chips, what is made of images, and the way from a paste or a drop to the model and back."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import Attachment
from mirador_desktop.core.engine import ModelInfo
from mirador_desktop.errors import AttachmentError
from mirador_desktop.gui import pictures
from mirador_desktop.gui.attachment_chips import AttachmentChips
from mirador_desktop.gui.attachments import words_on
from mirador_desktop.gui.composer_text import LONG_TEXT
from mirador_desktop.gui.main_window import MainWindow
from tests import driving
from tests.driving import answered, last, part, settled, until
from tests.gui.test_turn_live import delete_now, the_theme
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim

REPORT = Attachment("report.pdf", "application/pdf", 9000, 2100, "cut after its first 400,000 characters", "text")
NOTES = Attachment("notes.txt", "text/plain", 20, 6, "", "text")


def image(width: int, height: int, colour: str = "#6CA8FF") -> QImage:
    made = QImage(width, height, QImage.Format.Format_RGB32)
    made.fill(QColor(colour))
    return made


# Chips


def test_chips_say_what_a_file_costs_and_go_with_cross_and_keys(qapp: QApplication, qtbot: QtBot) -> None:
    delete_now()
    parent = QWidget()
    qtbot.addWidget(parent)
    chips = AttachmentChips(the_theme(), True, parent)
    changes: list[bool] = []
    chips.changed.connect(lambda: changes.append(True))
    chips.show_all([REPORT, NOTES, NOTES])
    parent.show()
    chips.resize(600, 80)
    first = chips.chips[0]
    assert "report.pdf, 9 kB, about 2,100 tokens, Cut after its first" in first.accessibleName()
    first.resize(first.sizeHint())
    QTest.mouseClick(first, Qt.MouseButton.LeftButton, pos=first.rect().center())
    assert len(chips.chips) == 3  # only the cross takes it away
    QTest.mouseClick(first, Qt.MouseButton.LeftButton, pos=first.rect().center() + first.rect().topRight() / 2)
    assert [a.name for a in chips.attachments] == ["notes.txt", "notes.txt"]
    QTest.keyClick(chips.chips[1], Qt.Key.Key_Delete)
    QTest.keyClick(chips.chips[0], Qt.Key.Key_Space)
    assert not chips.attachments
    assert chips.isHidden()
    assert len(changes) == 3


def test_what_is_read_while_it_is_set_aside_is_told_like_all_else(qapp: QApplication, qtbot: QtBot) -> None:
    delete_now()
    parent = QWidget()
    qtbot.addWidget(parent)
    chips = AttachmentChips(the_theme(), True, parent)
    added: list[object] = []
    read: list[bool] = []
    chips.added.connect(added.append)
    chips.read.connect(read.append)
    first, second = chips.begin("report.pdf"), chips.begin("notes.txt")
    chips.set_aside()
    chips.finish(first, REPORT)
    chips.finish(second, None)
    assert (added, read) == ([first], [])  # its picture is wanted, and nobody waits for it
    chips.bring_back()
    assert chips.attachments == (REPORT,)
    assert chips.chips == [first]


def test_chips_go_on_in_the_next_line(qapp: QApplication, qtbot: QtBot) -> None:
    delete_now()
    parent = QWidget()
    qtbot.addWidget(parent)
    chips = AttachmentChips(the_theme(), False, parent)
    chips.show_all([REPORT] * 4)
    assert chips.heightForWidth(300) > 3 * chips.heightForWidth(3000)


def test_words_on_what_models_cannot_take() -> None:
    small = ModelInfo("small", "here", window=1000, capabilities=frozenset({"completion"}))
    sees = ModelInfo("sees", "here", window=9000, capabilities=frozenset({"completion", "vision"}))
    photo = Attachment("a.png", "image/png", 1, 300)
    assert words_on([NOTES], [small, sees]) == ""
    assert words_on([REPORT], [small, sees]).startswith("About 2,100 tokens, small reads 1,000:")
    assert words_on([photo], [small]) == "small cannot see images"
    assert words_on([photo], [small, sees]) == "small cannot see images"
    assert words_on([photo], [small, small]) == "None of these models can see images"
    assert words_on([photo], [sees]) == words_on([photo], []) == ""


# Images


def test_a_large_photograph_is_made_smaller(qapp: QApplication, tmp_path: Path) -> None:
    image(4000, 3000).save(str(tmp_path / "a.jpg"))
    found = pictures.read_image(tmp_path / "a.jpg")
    assert (found.name, found.media) == ("a.jpg", "image/jpeg")
    assert found.note == "made smaller, from 4,000 × 3,000 to 2,048 × 1,536"
    assert found.data is not None
    assert QImage.fromData(found.data).width() == 2048
    assert pictures.thumbnail(found.data).width() == 64


def test_a_picture_with_transparent_parts_stays_so(qapp: QApplication, tmp_path: Path) -> None:
    made = QImage(800, 800, QImage.Format.Format_ARGB32)
    made.fill(QColor(0, 0, 0, 0))
    made.save(str(tmp_path / "a.webp"))
    found = pictures.read_image(tmp_path / "a.webp")
    assert (found.media, found.note) == ("image/png", "")


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"no image at all"])
def test_a_broken_image_gets_a_sentence(qapp: QApplication, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(AttachmentError, match=r"^a\.png cannot be attached: it is not an image that can be read\.$"):
        pictures.read_image(tmp_path / "a.png")
    assert pictures.thumbnail(data).isNull()


def test_an_image_that_claims_to_be_huge_is_refused(qapp: QApplication, tmp_path: Path) -> None:
    image(10, 10).save(str(tmp_path / "a.png"))
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(AttachmentError, match=r"60,000 × 60,000 pixels"):
        pictures.read_image(tmp_path / "a.png")


# In the program


def files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


async def _attach_and_ask(window: MainWindow, folder: Path, sim: Sim) -> None:
    composer = window.composer
    (folder / "costs.csv").write_text("a,b\n1,2")
    (folder / "broken.pdf").write_bytes(b"%PDF")
    composer.text.insertFromMimeData(files(folder / "broken.pdf", folder / "costs.csv"))
    await until(lambda: len(composer.attachments) == 1, "the file that can be read")
    toast = part(window, QWidget, "toast")
    await until(lambda: "broken.pdf cannot be attached" in toast.accessibleName(), "what is wrong with the other")

    pasted = QMimeData()
    pasted.setImageData(image(300, 200))
    composer.text.insertFromMimeData(pasted)
    await until(lambda: len(composer.attachments) == 2, "the image")
    assert part(composer, QLabel, "onFiles").text() == "llama3.2:3b cannot see images"
    await until(lambda: composer.files.chips[1].picture is not None, "its picture")

    long = QMimeData()
    long.setText("word " * LONG_TEXT)
    composer.text.insertFromMimeData(long)
    await until(lambda: len(composer.attachments) == 3, "the long text")
    assert composer.text.toPlainText() == ""

    (folder / "notes.md").write_text("# Notes")
    dropped = files(folder / "notes.md")
    more = (Qt.DropAction.CopyAction, dropped, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    for event in (QDragEnterEvent(QPoint(50, 50), *more), QDropEvent(QPointF(50, 50), *more)):
        QApplication.sendEvent(window.centre, event)
        assert event.isAccepted()
    await until(lambda: len(composer.attachments) == 4, "the dropped one")
    names = [a.name for a in composer.attachments]
    assert names == ["costs.csv", "Pasted image 1", "Pasted text 2", "notes.md"]
    QTest.keyClick(composer.files.chips[2], Qt.Key.Key_Backspace)

    await driving.send(window, "What is in these?")
    turn = await answered(window)
    assert [a.name for a in turn.attachments] == ["costs.csv", "Pasted image 1", "notes.md"]
    assert composer.attachments == ()
    view = window.turns.last_view()
    assert view is not None
    assert len(part(view, AttachmentChips, "attachments").chips) == 3
    asked = [r["body"]["messages"][-1]["content"] for r in sim.requests("/api/chat") if r["body"]["messages"]]
    assert any("> a,b\n> 1,2" in content and "> # Notes" in content for content in asked)

    view.edit.emit()
    await until(lambda: len(composer.attachments) == 3, "the files of the question that is edited")
    QTest.keyClick(composer.files.chips[0], Qt.Key.Key_Delete)
    await driving.send(window, "And now?")
    edited = await answered(window)
    assert [a.name for a in edited.attachments] == ["Pasted image 1", "notes.md"]
    assert edited.attachments[0].data is not None

    before = edited.id
    view = window.turns.last_view()
    assert view is not None
    view.regenerate.emit()
    await until(lambda: window.turns.turn_ids and last(window).id != before, "another answer")
    again = await answered(window)
    assert again.attachments == edited.attachments


def test_files_go_from_the_composer_to_the_models_and_stay_with_the_question(tmp_path: Path) -> None:
    with Sim(scenarios.ONE_MODEL) as sim:

        async def drive(window: MainWindow) -> None:
            await _attach_and_ask(window, tmp_path, sim)

        assert driving.run(drive, tmp_path / "home", sim.url) == 0


async def _ask_while_reading(window: MainWindow, folder: Path) -> None:
    composer = window.composer
    for side in (900, 901, 902):
        pasted = QMimeData()
        pasted.setImageData(image(side, side))
        composer.text.insertFromMimeData(pasted)
    (folder / "broken.pdf").write_bytes(b"%PDF")
    long = QMimeData()
    long.setText("word " * LONG_TEXT)
    composer.text.insertFromMimeData(long)
    assert [chip.accessibleName() for chip in composer.files.chips[:1]] == [
        "Reading Pasted image 1. Press to take it away"
    ]
    assert composer.attachments == ()
    await driving.send(window, "What are these?")
    turn = await answered(window)
    names = ["Pasted image 1", "Pasted image 2", "Pasted image 3", "Pasted text 4"]
    assert [a.name for a in turn.attachments] == names
    assert composer.text.toPlainText() == ""
    assert composer.files.chips == []

    composer.text.setPlainText("And this?")
    composer.text.insertFromMimeData(files(folder / "broken.pdf"))
    composer.submit()
    await until(lambda: not composer.files.chips, "that it cannot be read")
    assert composer.text.toPlainText() == "And this?"  # it waits for what the person says to that
    assert window.turns.turn_ids == [turn.id]

    composer.text.insertFromMimeData(long)
    window.sidebar.new.emit()
    await until(lambda: not window.turns.turn_ids, "the new conversation")
    assert composer.files.chips == []
    (folder / "a\nb.txt").write_text("text")
    composer.text.insertFromMimeData(files(folder / "a\nb.txt"))
    await until(lambda: len(composer.attachments) == 1, "the file, and not the text of the other conversation")
    chip = composer.files.chips[0]
    assert chip.accessibleName().startswith("Attached: a b.txt,")
    chip.setFocus()
    QTest.keyClick(chip, Qt.Key.Key_Tab)
    assert composer.text.hasFocus()
    QTest.keyClick(composer.text, Qt.Key.Key_Backtab)
    assert chip.hasFocus()
    QTest.keyClick(chip, Qt.Key.Key_Delete)
    assert composer.text.hasFocus()

    for number in range(25):
        data = QMimeData()
        data.setText(f"{number} " * LONG_TEXT)
        composer.text.insertFromMimeData(data)
    await until(lambda: composer.files.chips and not composer.files.is_reading, "all of them")
    assert len(composer.attachments) == 20
    assert "A question takes 20 files" in part(window, QWidget, "toast").accessibleName()


async def _drafts_while_reading(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    composer = window.composer
    composer.clear()
    conversation = next(c for c in window.sidebar.list.conversations if c.title)
    long = QMimeData()
    long.setText("word " * LONG_TEXT)
    composer.text.setPlainText("A draft")
    composer.text.insertFromMimeData(long)  # is read on while another question is changed
    composer.edit("An earlier question", [NOTES])
    assert [a.name for a in composer.attachments] == ["notes.txt"]
    composer.leave_edit()
    assert composer.text.toPlainText() == "A draft"
    await until(lambda: len(composer.attachments) == 1, "the file of the draft")
    composer.text.insertFromMimeData(long)
    composer.edit("An earlier question")
    await until(lambda: not any(chip.reading for chip in composer.files._aside), "it to be read out of sight")
    composer.leave_edit()
    await until(lambda: len(composer.attachments) == 2, "both files of the draft")

    slow = composer.files.begin("slow.txt")
    composer.submit()
    words = part(composer, QLabel, "onFiles")
    assert words.text() == "Is sent as soon as the files are read"
    composer.set_answering(True)
    assert words.text() == "Not sent yet"
    composer.set_answering(False)
    composer.submit()
    window.sidebar.list.opened.emit(conversation)
    await until(lambda: len(window.turns.turn_ids) == 1, "the other conversation")
    assert words.text() == "Not sent yet"
    composer.files.finish(slow, NOTES)
    await settled(window)
    assert len(window.turns.turn_ids) == 1
    assert composer.text.toPlainText() == "A draft"
    assert len(composer.attachments) == 3
    composer.clear()

    def broken(name: str, text: str) -> Attachment:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("mirador_desktop.attaching.attach_text", broken)
        composer.text.insertFromMimeData(long)
        await until(lambda: not composer.files.chips, "what went wrong")
    toast = part(window, QWidget, "toast")
    await until(lambda: "cannot be attached: ZeroDivisionError." in toast.accessibleName(), "what went wrong")


def test_what_is_still_being_read_goes_with_the_question_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sim(scenarios.ONE_MODEL) as sim:

        async def drive(window: MainWindow) -> None:
            await _ask_while_reading(window, tmp_path)
            await _drafts_while_reading(window, monkeypatch)

        assert driving.run(drive, tmp_path / "home", sim.url) == 0
