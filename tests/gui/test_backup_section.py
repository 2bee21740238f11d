"""Backups from the window: written, made each day, brought back, deleted, and what is said of all that."""

import shutil
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QPushButton, QWidget

from mirador_desktop.gui.backup_words import guess_bits, strength_words
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.notices import Toast
from mirador_desktop.gui.settings.backup_dialogs import DailyPanel, PassphrasePanel, RestorePanel, WritePanel
from mirador_desktop.gui.settings.backup_section import BackupSection
from mirador_desktop.gui.settings.page import Page
from mirador_desktop.gui.settings.widgets import Field, Progress
from tests import driving
from tests.driving import answered, part, send, until
from tests.end2end.helpers import kept, slow
from tests.end2end.test_settings import opened
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim

PASSPHRASE = "seven bees on a roof in Ghent"


def _section(page: Page) -> BackupSection:
    found = page.findChild(BackupSection)
    assert found is not None
    return found


def _fill(panel: PassphrasePanel, passphrase: str, again: str | None = None) -> None:
    part(panel, Field, "passphrase").setText(passphrase)
    if again is not None:
        part(panel, Field, "passphraseAgain").setText(again)
    part(panel, QPushButton, "backupGo").click()


async def _closed(page: Page, name: str) -> None:
    await until(lambda: page.window().findChild(QWidget, name) is None, "it is closed")


def _said(page: Page) -> str:
    """What is shown in the window of the settings itself: it may cover the main one."""
    toast = page.window().findChild(Toast, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return toast.accessibleName() if toast is not None and toast.isVisible() else ""


async def _asked(window: MainWindow, question: str) -> None:
    window.sidebar.new.emit()
    await until(lambda: not window.turns.turn_ids, "a new conversation")
    await send(window, question)
    await answered(window)


async def _back_up(page: Page, path: Path) -> None:
    part(page, QPushButton, "backUpNow").click()
    panel = part(page.window(), WritePanel, "backupPanel")
    strength = part(panel, QLabel, "passphraseStrength")
    assert "At least 8 characters" in strength.text()
    _fill(panel, "short", "short")
    assert panel.error.text() == "A passphrase needs at least 8 characters."
    assert strength.text() == "3 characters more needed."
    _fill(panel, PASSPHRASE, f"{PASSPHRASE}.")
    assert panel.error.text() == "The two passphrases are not the same."
    _fill(panel, PASSPHRASE, PASSPHRASE)
    chooser = part(panel, QFileDialog, "backupFile")
    assert chooser.selectedFiles()[0].endswith(".miradorbackup")
    chooser.fileSelected.emit(str(path.parent / "gone" / path.name))
    chooser.close()
    await until(lambda: "could not be written" in panel.error.text(), "why not")
    panel.write(path, PASSPHRASE)
    assert part(panel, Field, "passphrase").isEnabled() is False
    await _closed(page, "backupPanel")
    assert _said(page) == f"Backed up to {path.name}"


async def _restore(page: Page, path: Path) -> None:
    part(page, QPushButton, "restoreBackup").click()
    chooser = part(page.window(), QFileDialog, "restoreFile")
    chooser.fileSelected.emit(str(path))
    chooser.close()
    panel = part(page.window(), RestorePanel, "restorePanel")
    assert path.name in panel.words.text()
    _fill(panel, "eight bees on a roof in Ghent")
    await until(lambda: "The passphrase does not open" in panel.error.text(), "that it is wrong")
    assert part(panel, Field, "passphrase").selectedText(), "it can be written anew at once"
    _fill(panel, PASSPHRASE)
    await _closed(page, "restorePanel")
    assert "The backup was restored" in _said(page)


def test_what_was_backed_up_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "out" / "Mirador.miradorbackup"
    path.parent.mkdir()
    steps = []

    async def drive(window: MainWindow) -> None:
        await _asked(window, "Which bees live on the roof?")
        page = await opened(window, "Memory")
        await _back_up(page, path)
        steps.append("written")
        page.window().close()
        await _asked(window, "How tall is the lighthouse?")
        await until(lambda: len(window.sidebar.list.conversations) == 2, "both")
        page = await opened(window, "Memory")
        facts = part(page, QLabel, "keptFacts")
        await until(lambda: facts.text().startswith("2 conversations"), "both are counted")
        await _restore(page, path)
        await until(lambda: len(window.sidebar.list.conversations) == 1, "the one of before")
        assert not window.turns.turn_ids, "the conversation that was shown is left"
        await until(lambda: facts.text().startswith("1 conversation with 1 turn"), "it is counted anew")
        page.window().close()
        await _asked(window, "And what is asked after that is kept?")
        steps.append("restored")

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert steps == ["written", "restored"]
    assert {turns[0].question for _, turns in kept(tmp_path)} == {
        "Which bees live on the roof?",
        "And what is asked after that is kept?",
    }
    assert not list(path.parent.glob(".*"))


def test_a_restore_ends_what_is_being_answered(tmp_path: Path) -> None:
    path = tmp_path / "Mirador.miradorbackup"
    steps = []

    async def drive(window: MainWindow) -> None:
        await send(window, "Why is the sky blue?")
        page = await opened(window, "Memory")
        section = _section(page)
        await section._backups.write(path, PASSPHRASE)
        section.restore(path)
        _fill(part(page.window(), RestorePanel, "restorePanel"), PASSPHRASE)
        await _closed(page, "restorePanel")
        assert not window.turns.turn_ids
        await until(lambda: len(window.sidebar.list.conversations) == 1, "the conversation of the backup")
        steps.append("restored")

    with Sim(slow(0.05)) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert steps == ["restored"]
    ((_, (turn,)),) = kept(tmp_path)
    assert turn.question == "Why is the sky blue?"


def test_who_stops_a_restore_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "Mirador.miradorbackup"

    async def drive(window: MainWindow) -> None:
        await _asked(window, "Which bees live on the roof?")
        page = await opened(window, "Memory")
        section = _section(page)
        await section._backups.write(path, PASSPHRASE)
        await section._backups._library.delete(window.sidebar.list.conversations[0])
        section.restore(path)
        panel = part(page.window(), RestorePanel, "restorePanel")
        _fill(panel, PASSPHRASE)
        assert panel.findChildren(Progress)[0].isVisible()
        QTest.keyClick(panel, Qt.Key.Key_Escape)
        assert panel.isVisible(), "first the work is stopped"
        await until(lambda: part(panel, Field, "passphrase").isEnabled(), "the end of it")
        assert not panel.error.text()
        panel.reject()
        await _closed(page, "restorePanel")

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert kept(tmp_path) == []


async def _daily(window: MainWindow) -> tuple[Page, Path]:
    """Switch daily backups on; returns the page and their folder."""
    page = await opened(window, "Memory")
    section = _section(page)
    switch = section._daily
    switch.click()
    panel = part(page.window(), DailyPanel, "dailyPanel")
    panel.reject()
    await _closed(page, "dailyPanel")
    await until(lambda: not switch.isChecked(), "that it is not on")
    switch.click()
    _fill(part(page.window(), DailyPanel, "dailyPanel"), PASSPHRASE, PASSPHRASE)
    await _closed(page, "dailyPanel")
    assert switch.isChecked()
    listed = part(section, QLabel, "dailyBackups")
    await until(lambda: "The last one was made" in listed.text(), "the first one, in the list")
    assert str(section._backups.folder) in listed.text()
    return page, section._backups.folder


def test_daily_backups_are_listed_and_deleted(tmp_path: Path) -> None:
    steps = []

    async def drive(window: MainWindow) -> None:
        await _asked(window, "Which bees live on the roof?")
        page, folder = await _daily(window)
        (first,) = folder.iterdir()
        shutil.copy(first, folder / "mirador-2020-01-01.miradorbackup")
        section = _section(page)
        section.refresh()
        await until(lambda: part(section, QLabel, "dailyBackups").text().count("\n") == 2, "both")
        part(section, QPushButton, "deleteBackups").click()
        panel = part(page.window(), QWidget, "deleteBackupsPanel")
        part(panel, QPushButton, "deleteBackupsNow").click()
        await _closed(page, "deleteBackupsPanel")
        assert list(folder.iterdir()) == []
        await until(lambda: not part(section, QPushButton, "deleteBackups").isVisible(), "that there is none")
        section._daily.click()
        await until(lambda: not part(section, QLabel, "dailyBackups").isVisible(), "that it is off")
        steps.append("deleted")

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert steps == ["deleted"]


def test_deleting_everything_deletes_the_daily_backups_and_what_was_dragged(tmp_path: Path) -> None:
    own = tmp_path / "own.miradorbackup"
    steps = []

    async def drive(window: MainWindow) -> None:
        await _asked(window, "Which bees live on the roof?")
        page, folder = await _daily(window)
        shutil.copy(next(folder.iterdir()), folder / "mirador-2020-01-01.miradorbackup")
        await _section(page)._backups.write(own, PASSPHRASE)
        dragged = tmp_path / "data" / "dragged"
        dragged.mkdir(exist_ok=True)
        (dragged / "bees.md").write_text("bees")
        part(page, QPushButton, "deleteEverything").click()
        part(page, QLineEdit, "deleteWord").setText("delete")
        part(page, QPushButton, "deleteEverythingNow").click()
        await until(lambda: "daily backups" in window.toast.accessibleName(), "the end of it")
        assert list(folder.iterdir()) == []
        assert not dragged.exists()
        assert own.exists(), "what the person has made stays"
        assert not await _section(page)._backups.is_daily()
        steps.append("deleted")

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert steps == ["deleted"]


def test_what_is_said_of_a_passphrase() -> None:
    assert strength_words("abc", 8) == "5 characters more needed."
    assert strength_words("password", 8).startswith("Weak")
    assert strength_words("aaaaaaaaaaaaaaaa", 8).startswith("Weak")
    assert strength_words("12345678901234", 8).startswith("Weak")
    assert strength_words("mirador2026", 8).startswith("Weak")
    assert strength_words("Tr0ub4dor&3", 8).startswith("Weak")
    assert strength_words("harbour lantern violet quartz mitten tundra", 8).startswith("Strong")
    assert strength_words("x7#Kq!9vLm2$wZ", 8).startswith("Strong")
    assert guess_bits("passphrase") == 0
