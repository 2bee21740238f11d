"""Importing from the window: what the files are, progress, the report, and what happens when it is left."""

import json
from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QWidget

from mirador_desktop.gui.files import Files
from mirador_desktop.gui.import_dialog import ImportDialog
from mirador_desktop.gui.import_report import few, refused_words, short_name
from mirador_desktop.gui.main_window import MainWindow
from tests import driving
from tests.driving import answered, last, part, send, until
from tests.end2end.helpers import kept, slow
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim
from tests.unit import exported_files as made


def _files(window: MainWindow) -> Files:
    return next(child for child in window.children() if isinstance(child, Files))


async def _looked(window: MainWindow) -> ImportDialog:
    dialog = part(window, ImportDialog, "importDialog")
    progress = part(dialog, QLabel, "importProgress")
    await until(lambda: not progress.isVisible(), "what the files are")
    return dialog


async def _gone(window: MainWindow) -> None:
    await until(lambda: window.findChild(QWidget, "importDialog") is None, "it is gone")


def _click(dialog: ImportDialog, name: str) -> None:
    button = part(dialog, QPushButton, name)
    assert button.isVisible()
    assert button.isEnabled()
    button.click()


def _titles(window: MainWindow) -> set[str]:
    return {c.title for c in window.sidebar.list.conversations}


def test_files_of_all_programs_with_a_broken_one_among_them(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    chats = folder / "all-chats-export.json"
    chats.write_text(json.dumps([made.open_webui_chat(number) for number in range(2)]), "utf-8")
    broken, empty = folder / "broken.json", folder / "empty.json"
    broken.write_text('[{"mapping": {', "utf-8")
    empty.write_text(json.dumps([{**made.chatgpt_talk(7), "mapping": {}}]), "utf-8")
    archive = made.chatgpt_zip(folder / "export.zip", 5)
    lamp = made.lm_studio(folder / "1763.conversation.json")
    tides = made.jan_thread(folder / "threads" / "01JABC") / "messages.jsonl"
    steps = []

    async def drive(window: MainWindow) -> None:
        _files(window).choose_import()
        chooser = part(window, QFileDialog, "importFiles")
        chooser.filesSelected.emit([str(each) for each in (chats, broken, archive, empty, lamp, tides)])
        chooser.close()
        dialog = await _looked(window)
        assert part(dialog, QLabel, "importFound").text().splitlines() == [
            "all-chats-export.json: Open WebUI, 2 conversations with 4 turns.",
            "export.zip: ChatGPT, 5 conversations with 15 turns.",
            "1763.conversation.json: LM Studio, 1 conversation with 2 turns.",
            "messages.jsonl: Jan, 1 conversation with 1 turn.",
        ]
        one, two = dialog.error.text().splitlines()
        assert one.startswith("broken.json: The file is not JSON that can be read")
        assert two.startswith("empty.json: ")
        assert "holds no messages" in two
        assert not window.sidebar.list.conversations, "nothing is kept before the person says so"
        _click(dialog, "importNow")
        await until(lambda: dialog.report.isVisible(), "the report")
        report = dialog.report.toPlainText()
        assert "ChatGPT: 5 conversations and 15 turns added." in report
        assert "Left out: images (5), ratings (1), results of tools (5)." in report
        assert "broken.json: " in report
        assert part(dialog, QLabel, "importFound").text() == "9 conversations and 22 turns added"
        _click(dialog, "importCopy")
        assert QGuiApplication.clipboard().text() == report
        await until(lambda: {"Lamp", "Tides", "Hive 4", "🐦 Birds 1"} <= _titles(window), "them in the list")
        _click(dialog, "importShow")
        await until(lambda: window.turns.turn_ids and last(window).final_text == "A tit.", "the first one")
        await _gone(window)
        steps.append("added")

        _files(window).import_files([archive])
        dialog = await _looked(window)
        _click(dialog, "importNow")
        await until(lambda: dialog.report.isVisible(), "the report")
        assert part(dialog, QLabel, "importFound").text() == "Nothing was new"
        assert "Already here: 5 conversations and 15 turns." in dialog.report.toPlainText()
        assert not part(dialog, QPushButton, "importShow").isVisible()
        _click(dialog, "importCancel")
        await _gone(window)
        steps.append("known")

        _files(window).import_files([broken])
        dialog = await _looked(window)
        assert not part(dialog, QPushButton, "importNow").isVisible()
        assert part(dialog, QPushButton, "importCancel").text() == "Close"
        _click(dialog, "importCancel")
        await _gone(window)
        steps.append("broken")

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert steps == ["added", "known", "broken"]


def test_who_leaves_while_it_is_read_or_known_keeps_nothing(tmp_path: Path) -> None:
    archive = made.chatgpt_zip(tmp_path / "export.zip", 400)
    steps = []

    async def drive(window: MainWindow) -> None:
        _files(window).import_files([archive])
        dialog = part(window, ImportDialog, "importDialog")
        await until(lambda: "export.zip" in part(dialog, QLabel, "importProgress").text(), "that it is read")
        dialog.reject()
        await _gone(window)
        _files(window).import_files([archive])
        dialog = await _looked(window)
        dialog.reject()
        await _gone(window)
        await until(lambda: not list((tmp_path / "data").glob(".importing-*")), "no file is left")
        steps.append("left")

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert steps == ["left"]
    assert kept(tmp_path) == []


def test_an_answer_that_streams_meanwhile_loses_nothing(tmp_path: Path) -> None:
    archive = made.chatgpt_zip(tmp_path / "export.zip", 40)

    async def drive(window: MainWindow) -> None:
        await send(window, "Why is the sky blue?")
        _files(window).import_files([archive])
        dialog = await _looked(window)
        _click(dialog, "importNow")
        await until(lambda: dialog.report.isVisible(), "the report")
        assert last(window).reason is None, "it still answers"
        dialog.reject()
        await answered(window)

    with Sim(slow(0.01)) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    found = kept(tmp_path)
    assert len(found) == 41
    ((_, (turn,)),) = [each for each in found if each[1][0].question == "Why is the sky blue?"]
    assert turn.reason == "done"
    assert turn.final_text


def _drop(window: MainWindow, paths: list[Path]) -> bool:
    """Drop files on the sidebar; whether it takes them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    none, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    entered = QDragEnterEvent(QPointF(20, 300).toPoint(), Qt.DropAction.CopyAction, data, left, none)
    entered.ignore()
    QApplication.sendEvent(window.sidebar, entered)
    if entered.isAccepted():
        dropped = QDropEvent(QPointF(20, 300), Qt.DropAction.CopyAction, data, left, none)
        QApplication.sendEvent(window.sidebar, dropped)
    return entered.isAccepted()


def test_files_and_folders_are_dropped_on_the_sidebar(tmp_path: Path) -> None:
    folder = made.jan_thread(tmp_path / "threads" / "01JABC").parent
    picture = tmp_path / "bee.png"
    picture.write_bytes(b"x")
    steps = []

    async def drive(window: MainWindow) -> None:
        assert not _drop(window, [picture])
        assert _drop(window, [folder])
        dialog = await _looked(window)
        _click(dialog, "importNow")
        await until(lambda: _titles(window) == {"Tides"}, "the thread")
        steps.append("dropped")

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path / "home", sim.url) == 0
    assert steps == ["dropped"]


def test_names_are_cut_and_lists_too() -> None:
    long = Path(f"{'a' * 100}.conversation.json")
    assert len(short_name(long)) == 61
    assert short_name(long).endswith("conversation.json")
    assert refused_words(long, f"{long.name} is broken.") == f"{short_name(long)} is broken."
    assert refused_words(Path("a.json"), "It is broken.") == "a.json: It is broken."
    assert few(["a"] * 7) == "\n".join(["a"] * 7)
    assert few(["a"] * 9).endswith("\nand 3 more files")
