"""What this computer has for models: main memory, memory of graphics cards, room on the disk. Never fails."""

import asyncio
import os
import platform
import subprocess
import sys
from pathlib import Path

from mirador_desktop.core.computer import Computer

_SECONDS = 5.0


async def look_at_computer(models: Path | None = None) -> Computer:
    """Find out what there is; takes up to some seconds where a driver is slow.

    Args:
        models: folder of Ollama's models, None for the one Ollama itself would take.
    """
    return await asyncio.to_thread(_look, models)


def models_folder() -> Path:
    """Where an Ollama started by this person keeps its models; a service has a folder of its own on Linux."""
    said = os.environ.get("OLLAMA_MODELS", "").strip()
    if said:
        return Path(said).expanduser()
    own, service = Path.home() / ".ollama" / "models", Path("/usr/share/ollama/.ollama/models")
    try:
        return service if service.is_dir() and not own.is_dir() else own
    except OSError:
        return own


def _look(models: Path | None) -> Computer:
    memory = _memory()
    unified = sys.platform == "darwin" and platform.machine() == "arm64"
    # Apple lets the GPU have about three quarters of the memory that all share.
    gpu = memory * 3 // 4 if unified else _nvidia() + _amd()
    folder = models or models_folder()
    return Computer(memory, gpu, unified, _free(folder), str(folder))


def _memory() -> int:
    try:
        import psutil

        return int(psutil.virtual_memory().total)
    except Exception:
        return 0


def _nvidia() -> int:
    """Bytes of all NVIDIA cards together: Ollama spreads a model over them."""
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # on Windows: no console flashes up
    try:
        done = subprocess.run(  # noqa: S603  # nothing in it comes from outside
            command, capture_output=True, text=True, timeout=_SECONDS, check=True, creationflags=hidden
        )
        return sum(int(line) for line in done.stdout.split()) * 1024 * 1024
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


def _amd(drm: Path = Path("/sys/class/drm")) -> int:
    """Bytes of all AMD cards together. What processors with graphics set aside for it (under 2 GB) does not count."""
    total = 0
    try:
        for file in drm.glob("card[0-9]*/device/mem_info_vram_total"):
            if "-" not in file.parent.parent.name:
                size = int(file.read_text("ascii"))
                total += size if size >= 2 << 30 else 0
    except (OSError, ValueError):
        return total
    return total


def _free(folder: Path) -> int | None:
    import shutil

    for place in (folder, *folder.parents):
        try:
            if place.exists():
                return shutil.disk_usage(place).free
        except OSError:
            continue
    return None
