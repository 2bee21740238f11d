"""How many models an Ollama server on this computer keeps in memory: no request tells it, its environment does."""

import logging
from urllib.parse import urlsplit

from mirador_desktop.core.memory_plan import DEFAULT_MOST
from mirador_desktop.engines.address import DEFAULT_PORT, host_url

log = logging.getLogger(__name__)


def most_models(address: str) -> int | None:
    """Find the server that listens at an address on this computer and read its limit.

    Returns None where its environment may not be read (a service that runs as somebody else), or no process named
    ollama serves there. Takes some milliseconds: not for the GUI thread.
    """
    import psutil

    port = urlsplit(address).port or DEFAULT_PORT
    for process in psutil.process_iter(["name"]):
        if not str(process.info["name"] or "").lower().startswith("ollama"):
            continue
        try:
            if "serve" not in process.cmdline():
                continue
            environment = process.environ()
        except (psutil.Error, OSError):
            continue
        if urlsplit(host_url(environment.get("OLLAMA_HOST", ""))).port == port:
            return limit_of(environment.get("OLLAMA_MAX_LOADED_MODELS", ""))
    return None


def limit_of(value: str) -> int:
    """Read the variable as Ollama does: what is no number, or 0, means its default."""
    value = value.strip().strip("\"'")
    number = int(value) if value.isascii() and value.isdigit() else 0
    return number or DEFAULT_MOST
