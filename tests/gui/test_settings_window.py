"""The settings window: its pages, its search, its keys, and the pages for appearance, memory and privacy."""

import itertools
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.gui.settings.appearance_page import AppearancePage
from mirador_desktop.gui.settings.dialog import SettingsDialog
from mirador_desktop.gui.settings.memory_page import MemoryPage
from mirador_desktop.gui.settings.page import Page
from mirador_desktop.gui.settings.privacy_page import PrivacyPage
from mirador_desktop.gui.settings.widgets import Segments, Switch
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.library import Facts, Library
from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import Settings
from tests.driving import part
from tests.gui.test_turn_live import the_theme

KEY = Qt.Key


class Now(Tasks):
    """Runs what is started to its first waiting, without a loop."""

    def __init__(self) -> None:
        super().__init__(lambda words: None)
        self.names: list[str] = []

    def start(self, name: str, coroutine: Coroutine[Any, Any, Any]) -> Any:
        self.names.append(name)
        coroutine.close()


class Kept(Library):
    """A library that is asked for nothing."""

    def __init__(self) -> None:
        pass


class Plain(Page):
    """A page with one field."""

    title = "Plain"

    def __init__(self, theme: Theme, log: list[str]) -> None:
        super().__init__(theme, "plainPage", "Something")
        self.log = log
        self.field = QLineEdit()
        self.field.setAccessibleName("Colour of the sky")
        self.body.addWidget(self.field)
        self.finds(self.field, "Colour of the sky", "blue")
        self.words = ""

    def badge(self) -> str:
        return self.words

    def shown(self) -> None:
        self.log.append("shown")

    def left(self) -> None:
        self.log.append("left")


Open = Callable[..., SettingsDialog]


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    theme = the_theme()
    theme.choose("dark")
    theme.set_scale(1.0)
    return theme


@pytest.fixture
def preferences(tmp_path: Path) -> Preferences:
    return Preferences(tmp_path / "settings.toml", Settings())


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme, preferences: Preferences, tmp_path: Path) -> Iterator[SettingsDialog]:
    parent = QWidget()
    qtbot.addWidget(parent)
    erased: list[bool] = []
    log = tmp_path / "mirador.log"
    log.write_text("one\ntwo\n")
    made = SettingsDialog(
        theme,
        (
            ("Plain", lambda: Plain(theme, [])),
            ("Memory", lambda: MemoryPage(theme, Kept(), Now(), lambda: erased.append(True))),
            ("Appearance", lambda: AppearancePage(theme, preferences)),
            ("Privacy", lambda: PrivacyPage(theme, preferences, Now(), log, lambda: ["https://big:11434"])),
        ),
        lambda: None,
        parent,
    )
    made.erased = erased  # type: ignore[attr-defined]
    made.open_at("Appearance")
    qtbot.waitUntil(lambda: not made._idle.isActive())
    yield made
    parent.close()


def found(dialog: SettingsDialog) -> list[str]:
    return [row.text() for row in dialog._navigation._found()]


def current(dialog: SettingsDialog) -> str:
    page = dialog._stack.currentWidget()
    assert isinstance(page, Page)
    return page.title


def choose(page: QWidget, name: str, words: str) -> None:
    segments = part(page, Segments, name)
    next(b for b in segments.findChildren(QPushButton) if b.text() == words).click()


# The window


def test_it_is_not_modal_and_stays_where_it_was(dialog: SettingsDialog, qtbot: QtBot) -> None:
    assert not dialog.isModal()
    assert dialog.objectName() == "settingsDialog"
    dialog.show_page("Privacy")
    QTest.keyClick(dialog, KEY.Key_Escape)
    assert not dialog.isVisible()
    dialog.open_at()
    assert dialog.isVisible()
    assert current(dialog) == "Privacy"


def test_the_search_finds_a_setting_on_any_page_and_goes_there(dialog: SettingsDialog) -> None:
    search = part(dialog, QLineEdit, "settingsSearch")
    search.setText("text size")
    assert found(dialog) == ["Text size"]
    search.setText("BLUE")
    assert found(dialog) == ["Colour of the sky"]
    QTest.keyClick(search, KEY.Key_Return)
    assert current(dialog) == "Plain"
    assert dialog.page(0).entries[0].widget.hasFocus() or QApplication.focusWidget() is None
    search.setText("zeppelin")
    assert found(dialog) == []
    shown = [label.text() for label in dialog._navigation.findChildren(QLabel) if label.isVisible()]
    assert any("Nothing found for “zeppelin”" in words for words in shown)
    QTest.keyClick(search, KEY.Key_Escape)
    assert search.text() == ""
    assert dialog.isVisible(), "Esc empties the field first"
    assert all(row.isVisible() for row in dialog._navigation.rows)


def test_the_keyboard_goes_through_the_pages(dialog: SettingsDialog, qtbot: QtBot) -> None:
    dialog.activateWindow()
    search = part(dialog, QLineEdit, "settingsSearch")
    search.setFocus()
    qtbot.waitUntil(search.hasFocus)
    QTest.keyClick(search, KEY.Key_Down)
    assert dialog._navigation.rows[0].hasFocus()
    QTest.keyClick(dialog._navigation.rows[0], KEY.Key_Down)
    QTest.keyClick(dialog._navigation.rows[1], KEY.Key_Return)
    assert current(dialog) == "Memory"
    QTest.keyClick(dialog._navigation.rows[1], KEY.Key_Up)
    QTest.keyClick(dialog._navigation.rows[0], KEY.Key_Up)
    assert search.hasFocus()


def test_a_page_hears_when_it_is_shown_and_left_and_tells_its_badge(dialog: SettingsDialog) -> None:
    page = dialog.page(0)
    assert isinstance(page, Plain)
    dialog.show_page(0)
    dialog.show_page(1)
    assert page.log == ["shown", "left"]
    page.words = "62 %"
    page.badge_changed.emit()
    assert dialog._navigation.rows[0].accessibleName() == "Plain, 62 %"
    page.words = "struck"
    page.badge_changed.emit()
    assert "does not answer" in dialog._navigation.rows[0].accessibleName()


def test_larger_text_makes_it_anew_where_it_was(dialog: SettingsDialog, theme: Theme, qtbot: QtBot) -> None:
    before = dialog.page(2)
    theme.set_scale(1.5)
    qtbot.waitUntil(lambda: dialog.page(2) is not before)
    assert current(dialog) == "Appearance"
    qtbot.waitUntil(lambda: not dialog._idle.isActive())
    theme.set_scale(1.0)


def test_every_control_has_a_name_for_screen_readers(dialog: SettingsDialog) -> None:
    for place in range(4):
        for widget in dialog.page(place).findChildren(QWidget):
            if isinstance(widget, QAbstractButton | QLineEdit | QPlainTextEdit):
                named = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
                assert named, widget


# The pages


def test_appearance_applies_at_once_and_follows_others(dialog: SettingsDialog, preferences: Preferences) -> None:
    page = dialog.page(2)
    choose(page, "themeChoice", "Light")
    choose(page, "densityChoice", "Compact")
    choose(page, "layoutChoice", "Columns")
    part(page, Switch, "confidenceSwitch").click()
    now = preferences.current
    assert (now.theme, now.density, now.layout, now.confidence) == ("light", "compact", "columns", True)
    part(page, QPushButton, "largerText").click()
    assert preferences.current.text_scale == 1.1
    assert part(page, QLabel, "textScale").text() == "110 %"
    part(page, QPushButton, "normalText").click()
    assert preferences.current.text_scale == 1.0
    preferences.change(theme="dark", confidence=False, text_scale=3.0)  # by a key, or by hand in the file
    assert part(page, Segments, "themeChoice").value() == "dark"
    assert not part(page, Switch, "confidenceSwitch").isChecked()
    assert not part(page, QPushButton, "largerText").isEnabled()
    preferences.close()


def test_everything_is_deleted_only_after_the_word(dialog: SettingsDialog) -> None:
    dialog.show_page("Memory")
    page = dialog.page(1)
    assert isinstance(page, MemoryPage)
    page.show_facts(Facts(Path("/data"), 1, 3, 2_000_000, True))
    assert part(page, QLabel, "keptFacts").text() == "1 conversation with 3 turns, 2 MB in /data"
    assert "keyring" in part(page, QLabel, "keyPlace").text()
    erased: list[bool] = dialog.erased  # type: ignore[attr-defined]
    part(page, QPushButton, "deleteEverything").click()
    word, sure = part(page, QLineEdit, "deleteWord"), part(page, QPushButton, "deleteEverythingNow")
    assert word.isVisible()
    assert not sure.isEnabled()
    QTest.keyClicks(word, "delet")
    QTest.keyClick(word, KEY.Key_Return)
    assert not sure.isEnabled()
    QTest.keyClicks(word, "e ")
    assert sure.isEnabled()
    part(page, QPushButton, "keepEverything").click()
    assert not word.isVisible()
    assert erased == []
    part(page, QPushButton, "deleteEverything").click()
    assert word.text() == ""
    word.setText("Delete")
    sure.click()
    assert erased == [True]


def test_privacy_says_what_leaves_and_shows_the_log(
    dialog: SettingsDialog, preferences: Preferences, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dialog.show_page("Privacy")
    page = dialog.page(3)
    assert "https://big:11434" in part(page, QLabel, "whatLeaves").text()
    choose(page, "logLevel", "Everything")
    assert preferences.current.log_level == "debug"
    text = part(page, QPlainTextEdit, "logText")
    assert not text.isVisible()
    part(page, QPushButton, "showLog").click()
    assert text.isVisible()
    text.setPlainText("two")
    part(page, QPushButton, "copyLog").click()
    assert QGuiApplication.clipboard().text() == "two"
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    part(page, QPushButton, "openLogFolder").click()
    assert opened == [str(tmp_path)]
    preferences.close()


def test_the_buttons_of_the_text_size_are_reached_by_tab(dialog: SettingsDialog) -> None:
    dialog.show_page("Appearance")
    page = dialog.page(2)
    normal = part(page, QPushButton, "normalText")
    after = [normal, *(part(page, QPushButton, name) for name in ("smallerText", "largerText"))]
    normal.setFocus()
    for here, there in itertools.pairwise(after):
        QTest.keyClick(here, KEY.Key_Tab)
        assert there.hasFocus()
    QTest.keyClick(after[-1], KEY.Key_Backtab)
    QTest.keyClick(after[1], KEY.Key_Backtab)
    QTest.keyClick(normal, KEY.Key_Backtab)
    assert not any(each.hasFocus() for each in after)
    before = page.window().focusWidget()
    assert before is not None
    QTest.keyClick(before, KEY.Key_Tab)
    assert normal.hasFocus()
