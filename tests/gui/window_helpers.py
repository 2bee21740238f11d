"""The window with everything that can be in it, for tests that look at it as a whole."""

from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import Conversation, StageRecord, Turn
from mirador_desktop.core.events import QUICK_ONLY
from mirador_desktop.core.stages import DEFAULT_PIPELINE, GUIDE_PIPELINE
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import Settings
from tests.gui.test_turn_live import STAGES, answer, delete_now, new_turn, settle, the_theme


def turns() -> list[Turn]:
    """Two turns with everything that can be in one."""
    full = [
        StageRecord(n, 0.6, folded=False, answers=[answer(text="A [link](https://x.y).\n\n" * 6)]) for n in STAGES
    ]
    full[1].answers[0].thinking = "Hm."
    failed = [StageRecord("quick", answers=[answer(text="", reason="failed", error="It broke.")])]
    failed.append(StageRecord("deep", skipped=QUICK_ONLY))
    return [
        new_turn(*full, siblings=2, position=2, intent="code"),
        new_turn(*failed, reason="failed", error="It broke. Retry."),
        *(new_turn(StageRecord("quick", answers=[answer()])) for _ in range(12)),
    ]


def full_window(qtbot: QtBot, folder: Path) -> MainWindow:
    """A window with turns, a banner and a toast, its settings in a folder."""
    delete_now()
    theme = the_theme()
    theme.choose("dark")
    theme.set_scale(1.0)
    window = MainWindow(theme, Preferences(folder / "settings.toml", Settings()), (DEFAULT_PIPELINE, GUIDE_PIPELINE))
    qtbot.addWidget(window)
    window.resize(1320, 860)
    window.show()
    window.activateWindow()
    window.turns.show_turns(turns())
    window.show_conversation("A title", True)
    window.sidebar.show_conversations([Conversation("c", "A title", updated=1.0)], "c")
    window.inspector.show_turn(turns()[0], None)
    window.banner.say("Something happened.", "OK")
    window.toast.say("Copied", 60, "Undo")
    window.arrange()
    settle(window.look)
    QApplication.processEvents()
    settle(window.look)
    return window
