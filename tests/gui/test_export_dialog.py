"""Exporting from the window: choices, preview, progress, what is said, and the file that is dragged out."""

import json
from pathlib import Path

import pypdf
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QPlainTextEdit, QPushButton, QWidget

from mirador_desktop.exchange.options import KINDS
from mirador_desktop.gui.export_dialog import ExportDialog
from mirador_desktop.gui.export_drag import DraggedFile
from mirador_desktop.gui.export_preview import ExportPreview
from mirador_desktop.gui.files import Files
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.settings.widgets import Segments
from tests import driving
from tests.driving import answered, part, send, until
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim


def _files(window: MainWindow) -> Files:
    return next(child for child in window.children() if isinstance(child, Files))


async def _two(window: MainWindow) -> None:
    await send(window, "Which bees live on the roof?")
    await answered(window)
    window.sidebar.new.emit()
    await until(lambda: not window.turns.turn_ids, "a new conversation")
    await send(window, "How tall is the lighthouse of Ostend?")
    await answered(window)
    await until(lambda: len(window.sidebar.list.conversations) == 2, "both in the list")


async def _open(window: MainWindow) -> ExportDialog:
    window.activateWindow()
    await until(window.isActiveWindow, "the window in front")
    QTest.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    return part(window, ExportDialog, "exportDialog")


async def _looked(dialog: ExportDialog, holds: str) -> None:
    await until(lambda: holds in dialog.preview.text.toPlainText() and dialog.preview.text.isVisible(), holds)


async def _choices_and_preview(window: MainWindow) -> None:
    dialog = await _open(window)
    await _looked(dialog, "# How tall is the lighthouse")
    assert dialog.ids == [window.sidebar.list.conversations[0].id] or dialog.scope == "this"
    final = dialog.preview.text.toPlainText()
    segments = part(dialog, Segments, "exportAnswers")
    next(b for b in segments.findChildren(QPushButton) if b.text() == "All stages").click()
    await until(lambda: dialog.preview.text.toPlainText() != final, "all stages")
    dialog.choose("json")
    await _looked(dialog, '"format"')
    assert not segments.isEnabled()
    assert all(switch.isChecked() and not switch.isEnabled() for switch in dialog.switches.values())
    assert "Always complete" in part(dialog, QLabel, "exportWhy").text()
    dialog.choose("pdf")
    await until(lambda: dialog.preview.area.isVisible(), "the first page")
    assert dialog.preview.page.minimumHeight() > dialog.preview.page.width()
    assert dialog.file_name() == "How tall is the lighthouse of Ostend.pdf"
    dialog.reject()
    await until(lambda: window.findChild(QWidget, "exportDialog") is None, "it is gone")
    again = await _open(window)
    assert again.choices.kind == "pdf", "what was chosen is remembered"
    again.reject()
    await until(lambda: window.findChild(QWidget, "exportDialog") is None, "it is gone")


async def _written(window: MainWindow, folder: Path) -> None:
    dialog = await _open(window)
    scope = part(dialog, Segments, "exportScope")
    next(b for b in scope.findChildren(QPushButton) if b.text() == "All").click()
    assert dialog.file_name().startswith("Mirador 20")
    dialog.choose("pdf")
    dialog.write(folder / "gone" / "all.pdf")
    await until(lambda: "There is no folder" in dialog.error.text(), "why not")
    part(dialog, QPushButton, "exportNow").click()
    chooser = part(dialog, QFileDialog, "exportFile")
    chooser.fileSelected.emit(str(folder / "all.pdf"))
    chooser.close()
    await until(lambda: (folder / "all.pdf").exists(), "the file")
    await until(lambda: "2 conversations saved as all.pdf" in window.toast.accessibleName(), "that it is saved")
    assert len(pypdf.PdfReader(folder / "all.pdf").outline) == 2


async def _several(window: MainWindow, folder: Path) -> None:
    ids = [c.id for c in window.sidebar.list.conversations]
    window.sidebar.list.export_wanted.emit(ids)
    dialog = part(window, ExportDialog, "exportDialog")
    assert dialog.scope == "selected"
    assert dialog.ids == ids
    dialog.choose("json")
    assert dialog.file_name() == "2 conversations.json"
    dialog.write(folder / "some.json")
    await until(lambda: (folder / "some.json").exists(), "the file")
    assert len(json.loads(_text(folder / "some.json"))["conversations"]) == 2


async def _stopped(window: MainWindow, folder: Path) -> None:
    await until(lambda: window.findChild(QWidget, "exportDialog") is None, "it is gone")
    dialog = await _open(window)
    dialog.choose("pdf")
    dialog.write(folder / "stopped.pdf")
    assert part(dialog, QLabel, "exportProgress").isVisible()
    part(dialog, QPushButton, "exportCancel").click()
    await until(lambda: not part(dialog, QLabel, "exportProgress").isVisible(), "the end of it")
    assert dialog.isVisible(), "the choices are still there"
    assert not (folder / "stopped.pdf").exists()
    part(dialog, QPushButton, "exportCancel").click()
    await until(lambda: window.findChild(QWidget, "exportDialog") is None, "it is gone")


async def _dragged(window: MainWindow) -> None:
    chosen = list(window.sidebar.list.conversations)
    found: list[Path] = []
    offered = DraggedFile(Path(), [], lambda data: None)
    moved = _files(window).mime_of([chosen[0].id])
    assert moved.hasUrls()
    assert moved.text() == chosen[0].title
    assert not _files(window)._tasks.runs("drag out"), "what is moved within the window is not written"

    def drag(ids: list[str]) -> None:
        """As it happens in a handler of Qt, not in a coroutine: what is dropped waits for the file."""
        nonlocal offered
        data = _files(window).mime_of(ids)
        assert isinstance(data, DraggedFile)
        offered = data
        found.extend(Path(url.toLocalFile()) for url in data.urls())

    QTimer.singleShot(0, window, lambda: drag([chosen[0].id]))
    await until(lambda: found, "the file")
    assert offered.text() == chosen[0].title
    assert found[0].suffix == ".md"
    assert _text(found[0]).startswith("# ")
    QTimer.singleShot(0, window, lambda: drag([c.id for c in chosen]))
    await until(lambda: len(found) == 2, "the file of both")
    assert found[1].name == "2 conversations.md"
    assert _text(found[1]).count("\n# ") == 1
    assert not found[0].exists(), "what was dragged before is deleted"
    window.sidebar.list.deleted.emit([chosen[0]])
    await until(lambda: not found[1].exists(), "what was dragged of a deleted conversation is deleted")


def _text(path: Path) -> str:
    return path.read_text("utf-8")


def test_from_the_choices_to_the_file(tmp_path: Path) -> None:
    steps = []

    async def drive(window: MainWindow) -> None:
        window.resize(1320, 860)
        await _two(window)
        await _choices_and_preview(window)
        steps.append("preview")
        await _written(window, tmp_path)
        steps.append("written")
        await _several(window, tmp_path)
        steps.append("several")
        await _stopped(window, tmp_path)
        steps.append("stopped")
        await _dragged(window)
        steps.append("dragged")

    with Sim(scenarios.THREE_MODELS) as sim:
        assert driving.run(drive, tmp_path / "home", sim.url) == 0
    assert steps == ["preview", "written", "several", "stopped", "dragged"]


def test_every_format_has_a_preview(tmp_path: Path) -> None:
    seen = []

    async def drive(window: MainWindow) -> None:
        await send(window, "Why is the sky blue?")
        await answered(window)
        dialog = await _open(window)
        preview: ExportPreview = dialog.preview
        for kind in KINDS:
            preview.say("")
            dialog.choose(kind)
            await until(lambda: not preview.words.isVisible(), f"a preview of {kind}")
            seen.append(isinstance(preview._stack.currentWidget(), QPlainTextEdit))

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert seen == [True, False, False, False, True, True, True]
