"""Imports the library `ollama`, whatever the environment is set to."""

import contextlib
import importlib
import logging
import os
from collections.abc import Iterator
from typing import Any

log = logging.getLogger(__name__)


def import_ollama() -> Any:
    """Import the library; takes 250 ms, so it belongs into a thread.

    While it is imported it makes a client of its own, which nobody uses: proxies of the environment that need
    another package, and a stale SSL_CERT_FILE, must not break that.
    """
    with _without_proxies():
        try:
            return importlib.import_module("ollama")
        except OSError as error:
            stale = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.pop(name, None)]
            log.warning("Ignoring %s: %s", " and ".join(stale), error)
        except ImportError as error:
            # PySide looks at every module that is imported. While the GUI thread imports too, its look at pydantic
            # can come too early, and a module is asked for names it does not have yet. The second time it has them.
            log.info("Importing the library once more: %s", error)
        return importlib.import_module("ollama")


@contextlib.contextmanager
def _without_proxies() -> Iterator[None]:
    before = os.environ.get("no_proxy")
    os.environ["no_proxy"] = "*"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("no_proxy", None)
        else:
            os.environ["no_proxy"] = before
