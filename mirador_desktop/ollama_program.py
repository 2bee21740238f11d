"""The program `ollama` on this computer: where it is, what it is started with, and whether it answers somewhere."""

import asyncio
import os
import shutil
import sys
from pathlib import Path


def find(folder: Path) -> Path | None:
    """Find the program: on the PATH, in each platform's usual places, in Mirador's own folder. Takes the disk."""
    found = shutil.which("ollama")
    if found:
        return Path(found)
    return next((path for path in [*usual_places(), folder / "bin" / "ollama"] if _runs(path)), None)


def usual_places() -> list[Path]:
    """Where each platform's installers put it."""
    home = Path.home()
    if sys.platform == "darwin":
        app = "Applications/Ollama.app/Contents/Resources/ollama"
        return [Path("/") / app, home / app, Path("/usr/local/bin/ollama"), Path("/opt/homebrew/bin/ollama")]
    if sys.platform == "win32":
        bases = [os.environ.get(name, "") for name in ("LOCALAPPDATA", "ProgramFiles")]
        return [Path(base) / sub / "ollama.exe" for base in bases if base for sub in ("Programs/Ollama", "Ollama")]
    folders = ["/usr/local/bin", "/usr/bin", "/opt/ollama/bin", "/snap/bin", "/var/lib/flatpak/exports/bin"]
    return [Path(folder) / "ollama" for folder in folders] + [
        home / ".local/bin/ollama",
        home / "bin/ollama",
        Path("/home/linuxbrew/.linuxbrew/bin/ollama"),
    ]


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def clean_environment() -> dict[str, str]:
    """The environment for another program: without what a packaged Mirador needs for itself."""
    environment = dict(os.environ)
    if getattr(sys, "frozen", False):
        for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
            before = environment.pop(f"{name}_ORIG", None)
            environment.pop(name, None)
            if before:
                environment[name] = before
    return environment


async def listens(host: str, port: int) -> bool:
    """Whether anything listens there."""
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, ValueError):
        return False
    writer.close()
    return True


async def is_ollama(host: str, port: int) -> bool:
    """Whether what listens there tells a version, as Ollama does."""
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET /api/version HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n".encode())
            said = b""
            while b'"version"' not in said and len(said) < 65536 and (more := await reader.read(4096)):
                said += more
            writer.close()
    except (OSError, ValueError):
        return False
    return b'"version"' in said
