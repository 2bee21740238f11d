"""`mirador-desktop doctor`: what was found on this computer, each line with ok or what to do."""

import asyncio
import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mirador_desktop import __version__
from mirador_desktop.core.amounts import size_words
from mirador_desktop.errors import StoreError

if TYPE_CHECKING:
    from mirador_desktop.machine import Machine

_PACKAGES = ("PySide6-Essentials", "qasync", "ollama", "apsw-sqlite3mc", "keyring", "markdown-it-py", "pygments")


def run(compose: "Callable[[], Machine]", display: bool) -> int:
    """Print what was found; returns 0 if nothing keeps Mirador from answering, else 1."""
    return asyncio.run(_run(compose(), display))


async def _run(machine: "Machine", display: bool) -> int:
    _say("Mirador", __version__)
    _say("Python", f"{platform.python_version()} at {sys.executable}")
    _say("System", platform.platform())
    for package in _PACKAGES:
        try:
            _say(package, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            _say(package, "missing", "run ./packaging/run, which installs it")
    _say("Display", *_display(display))
    places = machine.folders
    for name, folder in (("Settings", places.config), ("Data", places.data), ("Log", places.log)):
        _say(name, str(folder), _writable(folder))
    for problem in machine.problems:
        _say("Settings file", problem, "correct it")
    kept = True
    try:
        await machine.store.open()
        count = len(await machine.store.conversations())
        _say("Conversations", f"{count} in {machine.store.path}")
        place = "in the system's keyring" if machine.store.key_place == "keyring" else "in a file beside the database"
        advice = "" if machine.store.key_place == "keyring" else "that is safe if only you can read the data folder"
        _say("Key", place, f"ok, {advice}" if advice else "ok")
    except StoreError as error:
        kept = False
        _say("Conversations", "not being kept", str(error))
    await machine.registry.look()
    for entry in machine.hosts.entries():
        if entry.problem:
            _say(f"Host {entry.name}", entry.address, f"{entry.problem} It is not used.")
    for engine in machine.registry.engines:
        state = machine.registry.states[engine.name]
        if state is None or not state.reachable:
            start = " Start Ollama there." if engine.kind == "ollama" and state and state.trouble == "nothing" else ""
            _say(f"Engine {engine.name}", engine.address, state.error + start if state else "?")
            continue
        what = "OpenAI-compatible" if engine.kind == "openai" else f"version {state.version}"
        _say(f"Engine {engine.name}", f"{engine.address}, {what}, {state.latency * 1000:.0f} ms")
        for model in state.models:
            abilities = ", ".join(sorted(model.capabilities)) or "abilities not told"
            fits = (
                "ok" if machine.registry.fits(model) else "larger than this computer's memory: never chosen by itself"
            )
            size = size_words(model.size) if model.size else "size not told"
            _say(f"  {model.name}", f"{size}, {abilities}", fits)
    if not machine.registry.has_models:
        _say("Models", "none that can answer", machine.registry.why_nothing() + " Until then the guide answers.")
    else:
        chosen = machine.assistant.chosen(machine.assistant.pipelines[0])
        for stage in chosen.stages:
            _say(f"Stage {stage.name}", chosen.left_out.get(stage.name) or ", ".join(stage.models))
    await machine.close()
    return 0 if kept and machine.registry.has_models else 1


def _say(name: str, found: str, verdict: str = "ok") -> None:
    print(f"{name:<22} {found}  [{verdict}]")  # noqa: T201


def _display(display: bool) -> tuple[str, str]:
    names = [f"{n}={os.environ[n]}" for n in ("WAYLAND_DISPLAY", "DISPLAY", "QT_QPA_PLATFORM") if os.environ.get(n)]
    if display:
        return ", ".join(names) or "the system's own", "ok"
    return "none", "questions are answered in the terminal; for the window, start it in a desktop session"


def _writable(folder: Path) -> str:
    place = folder
    while not place.exists() and place.parent != place:
        place = place.parent
    if not os.access(place, os.W_OK):
        return f"{place} cannot be written: change its permissions, or set MIRADOR_HOME to another folder"
    free = shutil.disk_usage(place).free
    return "ok" if free > 100_000_000 else f"only {size_words(free)} are free: make room"
