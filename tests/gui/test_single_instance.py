"""One window a home."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mirador_desktop.gui import single_instance
from mirador_desktop.gui.single_instance import SingleInstance

HOLD = """
import sys
from pathlib import Path
from mirador_desktop.gui.single_instance import SingleInstance
held = SingleInstance(Path(sys.argv[1]))
print(held.first, flush=True)
sys.stdin.read()
"""


def test_a_second_one_is_not_first_until_the_first_has_closed(qapp: QApplication, tmp_path: Path) -> None:
    first = SingleInstance(tmp_path / "home")
    assert first.first
    assert not SingleInstance(tmp_path / "home").first
    elsewhere = SingleInstance(tmp_path / "another home")
    assert elsewhere.first
    first.close()
    again = SingleInstance(tmp_path / "home")
    assert again.first
    again.close()
    elsewhere.close()


def test_the_first_is_called_each_time(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    calls: list[bool] = []
    first = SingleInstance(tmp_path)
    first.listen(lambda: calls.append(True))
    second = SingleInstance(tmp_path)
    assert second.call_first()
    qtbot.waitUntil(lambda: len(calls) == 1)
    assert second.call_first()
    qtbot.waitUntil(lambda: len(calls) == 2)
    second.close()
    assert not SingleInstance(tmp_path).first, "the second one's end does not let go of the first one's lock"
    first.close()


def test_nobody_answers_when_there_is_no_first(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_instance, "_PATIENCE", 0.05)
    assert not SingleInstance(tmp_path).call_first()


def test_the_lock_of_a_killed_process_is_taken(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder.stdin, holder.stdout:
        assert holder.stdout.readline() == "True\n"
        assert not SingleInstance(tmp_path).first
        holder.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        holder.wait()
    assert (tmp_path / "mirador.lock").exists(), "it was left behind"
    calls: list[bool] = []
    after = SingleInstance(tmp_path)
    assert after.first
    after.listen(lambda: calls.append(True))
    assert SingleInstance(tmp_path).call_first()
    qtbot.waitUntil(lambda: bool(calls))
    after.close()


def test_a_folder_that_cannot_be_made_keeps_nobody_from_asking(qapp: QApplication, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    instance = SingleInstance(tmp_path / "file" / "home")
    assert instance.first
    instance.close()
