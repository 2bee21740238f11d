"""What this computer has: found without ever failing, and off the caller's thread."""

import asyncio
import platform
import stat
import sys
from pathlib import Path

import psutil
import pytest

from mirador_desktop.core.computer import Computer
from mirador_desktop.engines import computer
from mirador_desktop.engines.computer import look_at_computer, models_folder

GIB = 1 << 30


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer without graphics, whose programs lie in a folder that is returned."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(computer, "_amd", lambda: 0)
    monkeypatch.setattr(sys, "platform", "linux")
    return programs


def look(models: Path | None = None) -> Computer:
    return asyncio.run(look_at_computer(models))


def program(folder: Path, words: str) -> None:
    file = folder / "nvidia-smi"
    file.write_text(f"#!/bin/sh\n{words}\n", "ascii")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def test_memory_disk_and_no_graphics(bare: Path, tmp_path: Path) -> None:
    found = look()
    assert found.memory == psutil.virtual_memory().total
    assert (found.gpu, found.unified) == (0, False)
    assert found.models == str(tmp_path / "models")
    assert found.free is not None
    assert found.free > 0, "of the disk on which the folder would be made"


def test_all_nvidia_cards_count_together(bare: Path) -> None:
    program(bare, "echo 8188; echo 24564")
    assert look().gpu == (8188 + 24564) * 1024 * 1024


@pytest.mark.parametrize("words", ["exit 9", "echo Failed to initialize NVML", "echo '[N/A]'"])
def test_a_driver_that_fails_is_no_graphics(bare: Path, words: str) -> None:
    program(bare, words)
    assert look().gpu == 0


def test_amd_cards_count_but_not_what_a_processor_sets_aside(tmp_path: Path) -> None:
    for name, size in (("card0", 16 * GIB), ("card1", GIB // 2), ("card0-DP-1", 16 * GIB), ("card2", None)):
        device = tmp_path / name / "device"
        device.mkdir(parents=True)
        if size is not None:
            (device / "mem_info_vram_total").write_text(f"{size}\n", "ascii")
    assert computer._amd(tmp_path) == 16 * GIB
    (tmp_path / "card0" / "device" / "mem_info_vram_total").write_text("unknown", "ascii")
    assert computer._amd(tmp_path) <= 16 * GIB
    assert computer._amd(tmp_path / "nothing") == 0


def test_apple_shares_its_memory(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    found = look()
    assert found.unified
    assert found.gpu == found.memory * 3 // 4


def test_nothing_that_goes_wrong_is_an_error(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*values: object) -> None:
        raise OSError("broken")

    monkeypatch.setattr(psutil, "virtual_memory", broken)
    monkeypatch.setattr(Path, "exists", broken)
    found = look(Path("/somewhere"))
    assert (found.memory, found.free, found.models) == (0, None, "/somewhere")


def test_where_models_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_MODELS", "~/big/models")
    assert models_folder() == Path.home() / "big" / "models"
    monkeypatch.delenv("OLLAMA_MODELS")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert models_folder() in (tmp_path / ".ollama" / "models", Path("/usr/share/ollama/.ollama/models"))
    (tmp_path / ".ollama" / "models").mkdir(parents=True)
    assert models_folder() == tmp_path / ".ollama" / "models"
