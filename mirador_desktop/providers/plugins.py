"""Plug-ins for context: found by their entry points, and believed nothing. See the package for how one is written."""

import asyncio
import inspect
import logging
import threading
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from mirador_desktop.core.context import Quoted
from mirador_desktop.errors import ContextError

log = logging.getLogger(__name__)

GROUP = "mirador_desktop.context_providers"
MOST_SECTIONS = 100
_MOST_TEXT = 1_000_000


class Plugins:
    """The plug-ins that are installed."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def kinds(self) -> list[str]:
        """Their names. Blocks: reads the metadata of everything that is installed."""
        return sorted({point.name for point in entry_points(group=GROUP)})

    def collect(self, kind: str, value: str, budget: int, seconds: float) -> list[Quoted]:
        """Ask a plug-in. Blocks: runs in a thread of its own, with a loop of its own.

        Raises:
            ContextError: it gave nothing that can be used.
        """
        with self._lock:
            if kind in self._busy:
                raise ContextError("has not come back since an earlier question")
            self._busy.add(kind)
        try:
            point = next(iter(entry_points(group=GROUP, name=kind)), None)
            if point is None:
                raise ContextError("is not installed")
            return _sections(kind, asyncio.run(_ask(point, value, budget, seconds)))
        except ContextError:
            raise
        except TimeoutError:
            raise ContextError("did not answer in time") from None
        except asyncio.CancelledError:
            raise ContextError("broke off") from None
        except (Exception, SystemExit) as error:
            log.warning("The context provider %s failed", kind, exc_info=True)
            words = " ".join(str(error).split())[:120]
            raise ContextError(f"failed ({type(error).__name__}{f': {words}' if words else ''})") from None
        finally:
            with self._lock:
                self._busy.discard(kind)


async def _ask(point: EntryPoint, value: str, budget: int, seconds: float) -> Any:
    provider = point.load()(value)
    async with asyncio.timeout(seconds):
        found = provider.collect(budget)
        return await found if inspect.isawaitable(found) else found


def _sections(kind: str, found: Any) -> list[Quoted]:
    """What a plug-in gave, if it is what it should be."""
    if not isinstance(found, list | tuple):
        raise ContextError(f"gave {type(found).__name__}, expected is a list of pairs of heading and text")
    sections = []
    for each in found[:MOST_SECTIONS]:
        if not (isinstance(each, list | tuple) and len(each) == 2 and all(isinstance(part, str) for part in each)):
            raise ContextError("gave something else than pairs of heading and text")
        if each[1].strip():
            sections.append(Quoted(f"From {kind}: {each[0][:200]}", each[1][:_MOST_TEXT]))
    if not sections:
        raise ContextError("had nothing")
    return sections
