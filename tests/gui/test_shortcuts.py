"""One walk through the real program with the keyboard alone: every shortcut does what it says."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from mirador_desktop.core.stages import GUIDE_PIPELINE
from mirador_desktop.gui.export_dialog import ExportDialog
from mirador_desktop.gui.main_window import MainWindow
from tests import driving
from tests.driving import answered, last, part, settled, tick, until
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
NONE = Qt.KeyboardModifier.NoModifier
K = Qt.Key


async def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press a key where the focus is."""
    QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)
    await tick()


async def _asks(window: MainWindow) -> None:
    text = window.composer.text
    assert text.hasFocus(), "one can type at once"
    QTest.keyClicks(text, "First line")
    await press(window, K.Key_Return, SHIFT)
    QTest.keyClicks(text, "second line")
    await press(window, K.Key_Return)
    await answered(window)
    assert last(window).question == "First line\nsecond line"
    assert text.toPlainText() == ""


async def _recalls_and_leaves(window: MainWindow) -> None:
    await press(window, K.Key_Up)
    assert window.composer.text.toPlainText() == "First line\nsecond line"
    assert part(window, QPushButton, "cancelEdit").isVisible()
    await press(window, K.Key_Escape)
    assert window.composer.text.toPlainText() == ""
    assert not part(window, QPushButton, "cancelEdit").isVisible()


async def _folds(window: MainWindow) -> None:
    view = window.turns.last_view()
    assert view is not None
    for place, key in enumerate((K.Key_1, K.Key_2, K.Key_3)):
        before = view.panels[place].folded
        await press(window, key, ALT)
        assert view.panels[place].folded is not before
        assert last(window).stages[place].folded is not before, "it is remembered"
        await press(window, key, ALT)
        assert view.panels[place].folded is before
    await press(window, K.Key_6, ALT)


async def _copies_and_exports(window: MainWindow) -> None:
    clipboard = QGuiApplication.clipboard()
    await press(window, K.Key_C, CTRL | SHIFT)
    assert clipboard.text() == last(window).final_text
    await press(window, K.Key_E, CTRL)
    await _leave_export(window, "this")
    menu = part(window, QPushButton, "exportButton").menu()
    menu.actions()[0].trigger()
    await until(lambda: clipboard.text().startswith("# First line"), "the export on the clipboard")
    assert "> second line" in clipboard.text()
    await until(lambda: window.toast.isVisible())


async def _leave_export(window: MainWindow, scope: str) -> None:
    """The dialog of an export stands over the window and offers this first: close it."""
    await until(lambda: window.findChild(ExportDialog) is not None, "the export")
    dialog = part(window, ExportDialog, "exportDialog")
    assert dialog.scope == scope
    dialog.reject()
    await until(lambda: window.findChild(ExportDialog) is None, "the end of the export")
    window.activateWindow()
    await until(window.isActiveWindow, "the window")


async def _shows_and_hides(window: MainWindow) -> None:
    for name, key in (("sidebar", K.Key_B), ("inspector", K.Key_I)):
        side = part(window, QWidget, name)
        opener = part(window, QPushButton, f"open{name.capitalize()}")
        assert side.isVisible()
        await press(window, key, CTRL)
        assert not side.isVisible()
        assert opener.isVisible()
        await press(window, key, CTRL)
        assert side.isVisible()
        assert not opener.isVisible()
    assert "from" in part(window, QWidget, "timeline").accessibleName()
    heat = window.look.heat
    await press(window, K.Key_H, CTRL)
    assert window.look.heat is not heat
    await press(window, K.Key_H, CTRL)
    assert window.look.heat is heat


async def _scales(window: MainWindow) -> None:
    seen = []
    for key in (K.Key_Plus, K.Key_Equal, K.Key_Minus, K.Key_0):
        await press(window, key, CTRL)
        seen.append(window.theme.scale)
    assert seen == [1.1, 1.25, 1.1, 1.0]
    await settled(window)


async def _searches(window: MainWindow) -> None:
    await press(window, K.Key_B, CTRL)
    await press(window, K.Key_K, CTRL)
    assert window.sidebar.search.hasFocus()
    assert window.sidebar.isVisible(), "the sidebar comes back for it"
    QTest.keyClicks(window.sidebar.search, "zeppelin")
    await until(lambda: part(window, QLabel, "emptyTitle").isVisible(), "no result")
    await press(window, K.Key_Escape)
    assert window.sidebar.search.text() == ""
    await until(lambda: window.sidebar.list.isVisible(), "all conversations")
    window.composer.text.setFocus()


async def _regenerates_and_stops(window: MainWindow) -> None:
    first = last(window)
    await press(window, K.Key_R, CTRL)
    await until(lambda: window.turns.turn_ids and window.turns.turn_ids[-1] != first.id, "another branch")
    await until(lambda: last(window).stages[0].answers and last(window).stages[0].answers[0].text)
    assert last(window).question == first.question
    await press(window, K.Key_Escape)
    await answered(window)
    assert last(window).reason == "stopped"


async def _opens_settings(window: MainWindow) -> None:
    await press(window, K.Key_Comma, CTRL)
    dialog = part(window, QWidget, "settingsDialog")
    assert dialog.isVisible()
    assert QTest.keyClick(dialog, K.Key_Escape) is None
    await until(lambda: not dialog.isVisible())
    window.activateWindow()
    await until(lambda: window.isActiveWindow())


async def _opens_the_guide(window: MainWindow) -> None:
    await press(window, K.Key_F1)
    assert window.turns.turn_ids == []
    title = part(window, QLabel, "welcomeTitle")
    guide = title.text()
    assert "Mirador" in guide
    looks: list[bool] = []
    desk = _desk(window)
    desk._engines.listen(lambda: looks.append(True))  # type: ignore[attr-defined]
    desk._engines.wake()  # type: ignore[attr-defined]
    await until(lambda: looks, "another look at the engines")
    assert title.text() == guide, "a look at the engines does not take the guide's page away"
    assert window.title_bar.pipeline == GUIDE_PIPELINE
    await press(window, K.Key_E, CTRL)
    await _leave_export(window, "all")
    await press(window, K.Key_N, CTRL)
    assert window.title_bar.pipeline != GUIDE_PIPELINE
    assert title.text() != guide
    assert window.composer.text.hasFocus()


def _desk(window: MainWindow) -> object:
    return next(child for child in window.children() if type(child).__name__ == "Desk")


async def _editing_ends_with_the_conversation(window: MainWindow) -> None:
    entries = window.sidebar.list
    await until(lambda: entries.model().rowCount() == 2)
    QTest.keyClicks(window.composer.text, "A draft")
    entries.setFocus()
    await press(window, K.Key_Down)
    await press(window, K.Key_Return)
    await until(lambda: window.turns.turn_ids, "the conversation")
    assert entries.currentIndex().isValid()
    window.composer.recalled.emit()
    assert window.composer.text.toPlainText().startswith("First line")
    await press(window, K.Key_N, CTRL)
    assert not part(window, QPushButton, "cancelEdit").isVisible()
    assert window.composer.text.toPlainText() == ""


def test_every_shortcut_does_what_it_says(tmp_path: Path) -> None:
    steps = []

    async def drive(window: MainWindow) -> None:
        window.resize(1320, 860)
        window.activateWindow()
        await until(lambda: QApplication.focusWidget() is not None, "the focus")
        for step in (
            _asks,
            _recalls_and_leaves,
            _folds,
            _copies_and_exports,
            _shows_and_hides,
            _scales,
            _searches,
            _opens_settings,
            _regenerates_and_stops,
            _opens_the_guide,
            _editing_ends_with_the_conversation,
        ):
            await step(window)
            steps.append(step)

    with Sim(scenarios.THREE_MODELS) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert len(steps) == 11
