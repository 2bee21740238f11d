"""Collects the context of a pipeline for a question: all sources at once, each in time or left out."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mirador_desktop.core.context import Quoted, estimate_tokens, fitted
from mirador_desktop.core.conversation import ContextUsed
from mirador_desktop.core.prompts import quote
from mirador_desktop.core.stages import ContextSource, Pipeline
from mirador_desktop.errors import ContextError
from mirador_desktop.providers import files, table, web
from mirador_desktop.providers.plugins import Plugins
from mirador_desktop.providers.threads import in_thread

log = logging.getLogger(__name__)

SECONDS = 2.0
"""How long a source may take."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Gathered:
    """The context of a question.

    Attributes:
        sections: what is quoted, within the pipeline's budget.
        used: what each source gave, or why it was left out, in the order of the pipeline.
    """

    sections: tuple[Quoted, ...] = ()
    used: tuple[ContextUsed, ...] = ()


Found = tuple[Sequence[Quoted], float | None]
"""Sections of a source, and their age in seconds."""


class Providers:
    """What can be put into a question.

    Args:
        cache: a folder for what was fetched.
        seconds: how long a source may take.

    Attributes:
        clipboard: gives the text on the clipboard; called on the loop's thread. None where there is no window.
    """

    def __init__(self, cache: Path, seconds: float = SECONDS) -> None:
        self._cache = web.Cache(cache)
        self._seconds = seconds
        self._plugins = Plugins()
        self._fetch_errors: dict[str, str] = {}
        self.clipboard: Callable[[], str] | None = None

    async def gather(self, pipeline: Pipeline) -> Gathered:
        """Collect what a pipeline's sources have to say now. Never raises because of a source.

        Sources where nothing is filled in are left out silently.
        """
        sources = [source for source in pipeline.context if not source.empty]
        if not sources:
            return Gathered()
        answers = await asyncio.gather(*(self._try(source, pipeline.context_tokens) for source in sources))
        everything = [section for found, _ in answers for section in found]
        kept = fitted(everything, pipeline.context_tokens)
        used, left = [], list(kept)
        for found, record in answers:
            for section in found:
                if left and left[0].title == section.title:  # they are in the same order
                    record.tokens += estimate_tokens(quote(left[0].title, left.pop(0).text))
            if found and not record.tokens:
                record.error = f"{record.name} did not fit into {pipeline.context_tokens:,} tokens and was left out"
            used.append(record)
        return Gathered(tuple(kept), tuple(used))

    async def _try(self, source: ContextSource, budget: int) -> tuple[Sequence[Quoted], ContextUsed]:
        label = source.label
        try:
            sections, age = await self._collect(source, label, budget)
            return sections, ContextUsed(label, age=age)
        except ContextError as error:
            why = str(error)
        except TimeoutError:
            why = "did not answer in time"
        except Exception as error:
            log.exception("Unexpected error while collecting %s", source.kind)
            why = f"failed ({type(error).__name__})"
        return (), ContextUsed(label, error=f"{label} {why} and was left out")

    async def _collect(self, source: ContextSource, label: str, budget: int) -> Found:
        kind, value = source.kind, source.value
        if kind == "time":
            return [Quoted("Date and time of the question", words_of(datetime.now().astimezone()))], None
        if kind == "clipboard":
            return [self._from_clipboard()], None
        if source.is_web:
            return await self._from_web(value, label, "text/csv" if kind == "csv" else "")
        if kind == "file":
            return await in_thread(kind, lambda: files.read_file(value, label), self._seconds)
        if kind == "csv":
            return await in_thread(kind, lambda: table.read_table(value, label), self._seconds)
        if kind == "folder":
            return await in_thread(kind, lambda: files.read_folder(value, label), self._seconds), None
        ask = in_thread(kind, lambda: self._plugins.collect(kind, value, budget, self._seconds), self._seconds + 0.5)
        return await ask, None

    def _from_clipboard(self) -> Quoted:
        if self.clipboard is None:
            raise ContextError("can be read in the window only")
        text = self.clipboard()
        if not text.strip():
            raise ContextError("holds no text")
        return Quoted("From the clipboard", text[: files.MOST_BYTES])

    async def _from_web(self, value: str, label: str, kind: str) -> Found:
        """What was fetched last: nothing is asked for here."""
        url = web.checked(value)
        page = await in_thread("page", lambda: self._cache.read(url), self._seconds)
        if page is None:
            raise ContextError(self._fetch_errors.get(url, "has not been fetched yet"))
        if kind and page.kind in ("text/plain", kind):
            return [table.table(page.text, f"From {label}")], page.age
        return [page.section(label)], page.age

    # ── the web, when the person asks for it ───────────────────────────────────────────────────────────

    async def fetch(self, address: str) -> web.Page:
        """Fetch a page now and keep it; what was fetched before stays if this fails.

        Raises:
            ContextError: why not, as the end of a sentence that begins with the source's name.
        """
        url = web.checked(address)
        try:
            page = await web.fetch(url)
        except ContextError as error:
            self._fetch_errors[url] = str(error)
            raise
        self._fetch_errors.pop(url, None)
        try:
            await asyncio.to_thread(self._cache.keep, page)
        except OSError as error:
            raise ContextError(f"was fetched but cannot be kept ({error.strerror or error})") from error
        return page

    async def fetched(self, address: str) -> web.Page | None:
        """What was fetched last from an address, None if nothing was."""
        try:
            url = web.checked(address)
        except ContextError:
            return None
        return await asyncio.to_thread(self._cache.read, url)

    async def forget(self, address: str) -> None:
        """Delete what was fetched from an address."""
        try:
            url = web.checked(address)
        except ContextError:
            return
        self._fetch_errors.pop(url, None)
        await asyncio.to_thread(self._cache.forget, url)

    async def forget_all(self) -> None:
        """Delete everything that was fetched."""
        self._fetch_errors.clear()
        await asyncio.to_thread(self._cache.forget_all)

    async def plugins(self) -> list[str]:
        """The kinds that plug-ins add."""
        return await asyncio.to_thread(self._plugins.kinds)

    async def facts(self, source: ContextSource) -> tuple[str, float | None]:
        """What is wrong with a source now ("" if nothing), and the age of what it would give in seconds.

        Looks at files and at what was fetched; plug-ins and the clipboard are asked with a question only.
        """
        if source.empty or source.kind not in ("file", "folder", "csv", "url"):
            return "", None
        found, used = await self._try(source, 1000)
        return (used.error.removesuffix(" and was left out"), None) if not found else ("", used.age)


def words_of(moment: datetime) -> str:
    """A moment in words that mean the same in every language: "It is Tuesday, 2024-05-14, 15:04 (UTC+02:00)."."""
    zone = moment.strftime("%z")
    return f"It is {_DAYS[moment.weekday()]}, {moment:%Y-%m-%d}, {moment:%H:%M} (UTC{zone[:3]}:{zone[3:5]})."
