"""Composition root: puts settings, engines, memory, assistant and window together, and runs them.

`compose()` and everything the terminal needs stay free of Qt; `run()` imports it.
"""

import logging
import logging.handlers
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mirador_desktop.settings import Folders, Settings, folders, load, resource_folder

if TYPE_CHECKING:
    from mirador_desktop.assistant import Assistant
    from mirador_desktop.engines.registry import Registry
    from mirador_desktop.gui.main_window import MainWindow
    from mirador_desktop.memory.keeper import Keeper
    from mirador_desktop.memory.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything below the window."""

    settings: Settings
    problems: list[str]
    folders: Folders
    registry: "Registry"
    store: "Store"
    keeper: "Keeper"
    assistant: "Assistant"

    async def close(self) -> None:
        """Keep what is not kept yet, and close everything."""
        await self.keeper.flush()
        await self.store.close()
        await self.registry.close()


def compose(on_kept: Callable[[str], None] = lambda why_not: None) -> Machine:
    """Put everything below the window together; opens and connects nothing yet.

    Args:
        on_kept: called with "" when all is being kept, or the sentence why it is not.
    """
    from mirador_desktop.assistant import Assistant
    from mirador_desktop.core.orchestrator import StreamingOrchestrator
    from mirador_desktop.engines.address import host_url, is_this_computer
    from mirador_desktop.engines.guide import Guide
    from mirador_desktop.engines.ollama import Ollama
    from mirador_desktop.engines.registry import Registry
    from mirador_desktop.memory.keeper import Keeper
    from mirador_desktop.memory.store import Store

    places = folders()
    settings, problems = load(places.settings_file)
    urls = dict.fromkeys(host_url(h) for h in settings.hosts or (os.environ.get("OLLAMA_HOST", ""),))
    names = ["this computer" if is_this_computer(u) else u.partition("://")[2] for u in urls]
    engines = [
        Ollama(n if names.count(n) == 1 else u, u, num_ctx=settings.num_ctx) for n, u in zip(names, urls, strict=True)
    ]
    registry = Registry(engines, Guide(resource_folder() / "guide"), _memory)
    store = Store(places.data)
    keeper = Keeper(store, on_kept)
    orchestrator = StreamingOrchestrator(registry, stall_after=settings.stall_seconds)
    assistant = Assistant(registry, orchestrator, store, keeper, registry.ready)
    return Machine(settings, problems, places, registry, store, keeper, assistant)


def _memory() -> int:
    """Bytes of main memory."""
    import psutil

    return int(psutil.virtual_memory().total)


def start_logging(places: Folders) -> None:
    """Write the log to a file that is kept small; the program goes on where that is not possible."""
    handlers: list[logging.Handler] = []
    try:
        places.log.mkdir(parents=True, exist_ok=True)
        handlers.append(
            logging.handlers.RotatingFileHandler(places.log / "mirador.log", maxBytes=1_000_000, backupCount=2)
        )
    except OSError:
        handlers.append(logging.NullHandler())
    logging.basicConfig(
        level=logging.INFO, handlers=handlers, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("qasync").setLevel(logging.WARNING)


def run(arguments: Sequence[str], on_ready: "Callable[[MainWindow], Awaitable[None]] | None" = None) -> int:
    """Start the program with its window in this process.

    Args:
        arguments: the command line without the program's name; a first question to ask, or nothing.
        on_ready: gets the window once it is painted and the engines have been looked at.

    Returns:
        The exit code.
    """
    from mirador_desktop.gui.running import run_window

    return run_window(list(arguments), compose, on_ready)
