"""What the window has to say at its start: once, and never in place of what matters more."""

from pathlib import Path

from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from mirador_desktop.gui.desk import Desk
from mirador_desktop.gui.main_window import MainWindow
from tests import driving
from tests.driving import part, until


def test_a_notice_waits_while_nothing_is_kept_and_goes_when_it_was_read(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        desk = window.findChildren(Desk)[0]
        words, banner = part(window, QLabel, "bannerText"), part(window, QWidget, "banner")
        button = part(window, QPushButton, "bannerButton")
        await until(lambda: "keyring" in words.text(), "that there is no keyring")
        desk.show_kept("The disk is full.")
        assert "The disk is full." in words.text()
        desk.tell_all("", "A setting is wrong.")
        assert "A setting is wrong." not in words.text()
        desk.show_kept("")
        assert "keyring" in words.text()
        assert "A setting is wrong." in words.text()
        button.click()
        assert banner.isHidden()
        desk.tell_all("A setting is wrong.")
        desk.show_kept("Locked.")
        desk.show_kept("")
        assert banner.isHidden(), "what was read is not said again"

    assert driving.run(drive, tmp_path, "127.0.0.1:1") == 0


def test_the_key_notice_is_said_also_when_the_store_opens_late(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")

    async def drive(window: MainWindow) -> None:
        words = part(window, QLabel, "bannerText")
        await until(lambda: "not being kept" in words.text(), "the banner")
        (tmp_path / "data").unlink()
        await until(lambda: "keyring" in words.text(), "that there is no keyring")

    assert driving.run(drive, tmp_path, "127.0.0.1:1") == 0
