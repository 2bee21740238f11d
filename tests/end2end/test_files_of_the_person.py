"""Exports, imports and backups that the end of the program interrupts leave nothing half behind."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.gui.export_dialog import ExportDialog
from mirador_desktop.gui.files import Files
from mirador_desktop.gui.import_dialog import ImportDialog
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.settings.backup_dialogs import WritePanel
from mirador_desktop.gui.settings.backup_section import BackupSection
from mirador_desktop.gui.settings.widgets import Progress
from mirador_desktop.memory.store import Store
from tests import driving
from tests.driving import ROOT, environment, part, until
from tests.end2end.helpers import kept, troubles, wait_until
from tests.end2end.test_settings import opened
from tests.end2end.test_terminal import NOWHERE
from tests.unit.exchange_helpers import turn_of
from tests.unit.exported_files import chatgpt_zip

MANY = 2_000
WINDOW = """
import asyncio, sys
from mirador_desktop import app
from tests.end2end.test_files_of_the_person import killed_while
sys.exit(app.run([], killed_while[sys.argv[1]]))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a long conversation."""

    async def fill() -> None:
        store = Store(tmp_path / "home" / "data")
        await store.open()
        talk = Conversation("a" * 32, "Long", created=1.76e9, updated=1.76e9)
        turns: list[Turn] = []
        for number in range(MANY):
            turn = turn_of(number, talk, "", text=f"Answer {number}. " + "The bees fly from dawn to dusk. " * 20)
            turn.id = f"{number:012x}" + "a" * 20
            turn.parent = turns[-1].id if turns else ""
            turns.append(turn)
        talk.leaf = turns[-1].id
        await store.save([talk], turns)
        await store.close()

    (tmp_path / "out").mkdir()
    with environment(tmp_path / "home", NOWHERE):
        asyncio.run(fill())
    return tmp_path / "home"


def _files(window: MainWindow) -> Files:
    return next(child for child in window.children() if isinstance(child, Files))


async def _exports(window: MainWindow, folder: Path) -> None:
    """Begin an export, and return in the middle of it."""
    _files(window).export_all()
    dialog = part(window, ExportDialog, "exportDialog")
    dialog.choose("pdf")
    dialog.write(folder / "all.pdf")
    progress = part(dialog, QLabel, "exportProgress")
    await until(lambda: " of 2,000 turns" in progress.text(), "that it is written")


async def _backs_up(window: MainWindow, folder: Path) -> None:
    page = await opened(window, "Memory")
    section = page.findChild(BackupSection)
    assert section is not None
    section.back_up()
    panel = part(page.window(), WritePanel, "backupPanel")
    panel.write(folder / "one.miradorbackup", "seven bees on a roof")
    bar = panel.findChildren(Progress)[0]
    await until(lambda: not panel.isVisible() or bar.value() > 0, "that it is written")


async def _imports(window: MainWindow, folder: Path) -> None:
    _files(window).import_files([folder.parent / "talks.zip"])
    dialog = part(window, ImportDialog, "importDialog")
    yes = part(dialog, QPushButton, "importNow")
    await until(yes.isEnabled, "what it is")
    yes.click()


ACTS = {"export": _exports, "back up": _backs_up, "import": _imports}


async def _to_be_killed(window: MainWindow, act: str) -> None:
    folder = Path(sys.argv[2])
    await ACTS[act](window, folder)
    (folder.parent / "reached").write_text("")
    await asyncio.Event().wait()


killed_while = {act: lambda window, act=act: _to_be_killed(window, act) for act in ACTS}


@pytest.mark.parametrize("act", ACTS)
def test_who_closes_the_window_meanwhile_finds_nothing_half_done(home: Path, tmp_path: Path, act: str) -> None:
    chatgpt_zip(tmp_path / "talks.zip", 600)

    async def drive(window: MainWindow) -> None:
        await ACTS[act](window, tmp_path / "out")

    assert driving.run(drive, home, NOWHERE) == 0
    assert [p.name for p in (tmp_path / "out").iterdir()] in ([], ["one.miradorbackup"])
    assert not list((home / "data").glob(".*"))
    assert len(kept(home)) in (1, 601)
    assert not troubles(home)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("act", ACTS)
def test_after_a_kill_what_is_kept_is_whole(home: Path, tmp_path: Path, act: str) -> None:
    chatgpt_zip(tmp_path / "talks.zip", 600)
    with environment(home, NOWHERE):
        program = subprocess.Popen([sys.executable, "-c", WINDOW, act, str(tmp_path / "out")], cwd=ROOT)
    wait_until((tmp_path / "reached").exists, "the middle of it")
    program.send_signal(signal.SIGKILL)
    program.wait()
    assert not (tmp_path / "out" / "all.pdf").exists()
    found = kept(home)
    assert len(found) in (1, 601)
    assert found[-1][0].turns == MANY or found[0][0].turns == MANY


def test_what_was_dragged_or_kept_aside_goes_with_the_next_start(home: Path) -> None:
    left = [home / "data" / "dragged" / "ab12" / "Long.md", home / "data" / "mirador-before-restore.db"]
    left += [home / "data" / ".restoring-ab12.db", home / "data" / "backups" / f".mirador-{'a' * 16}.tmp"]
    for each in left:
        each.parent.mkdir(parents=True, exist_ok=True)
        each.write_bytes(b"left by a program that was killed")

    async def drive(window: MainWindow) -> None:
        await until(lambda: not any(each.exists() for each in left), "that they are gone")

    assert driving.run(drive, home, NOWHERE) == 0
