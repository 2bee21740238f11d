"""Meaning: vectors of memories by an embedding model, made in the background, and those of questions."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mirador_desktop.core.engine import Engine, ModelInfo, ModelSource
from mirador_desktop.core.listeners import Listeners
from mirador_desktop.core.names import full_name, same_model
from mirador_desktop.errors import MiradorError
from mirador_desktop.memory import vectors
from mirador_desktop.memory.store import Store

log = logging.getLogger(__name__)

NONE = "none"
"""The setting for no embedding model at all."""
PATIENCE = 1.0
"""Seconds that a question waits for its vector; loading the model may take longer, then it is ready next time."""
_LARGEST = 1_500_000_000
"""Bytes of a model that is chosen by itself."""
_AT_ONCE = 4
_RETRY = 30.0
_PREFIXES = {
    # What the makers say that texts are to begin with: questions, memories. (Their model cards on huggingface.co.)
    "nomic-embed": ("search_query: ", "search_document: "),
    "mxbai-embed": ("Represent this sentence for searching relevant passages: ", ""),
    "snowflake-arctic-embed": ("Represent this sentence for searching relevant passages: ", ""),
    "bge-large": ("Represent this sentence for searching relevant passages: ", ""),
    "bge-small": ("Represent this sentence for searching relevant passages: ", ""),
    "bge-base": ("Represent this sentence for searching relevant passages: ", ""),
    "e5-": ("query: ", "passage: "),
    "embeddinggemma": ("task: search result | query: ", "title: none | text: "),
    "qwen3-embedding": (
        "Instruct: Given a question, retrieve what was said before that helps to answer it\nQuery: ",
        "",
    ),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the vectors are: `done` of `all` memories by `model`; `error` says why it does not go on, or ""."""

    model: str
    done: int = 0
    all: int = 0
    error: str = ""


class Embedder:
    """Makes vectors, never while something is answered, and never where another model would have to leave memory.

    Args:
        wanted: the person's choice: a model's name, "" to choose by itself, `NONE` for none.
        on: whether the person wants memory at all.
        fits: whether a model can be used without another one having to leave memory for it.

    Attributes:
        progress: how far it is.
    """

    def __init__(
        self,
        store: Store,
        kept: vectors.Vectors,
        source: ModelSource,
        wanted: Callable[[], str],
        on: Callable[[], bool],
        fits: Callable[[str], bool],
    ) -> None:
        self._store, self._kept, self._source = store, kept, source
        self._wanted, self._on, self._fits = wanted, on, fits
        self._news, self._quiet = asyncio.Event(), asyncio.Event()
        self._quiet.set()
        self._working: asyncio.Task[list[list[float]]] | None = None
        self._asking: set[asyncio.Task[list[list[float]]]] = set()
        self._only = ""
        self._listeners = Listeners[()]("The progress of vectors could not be shown")
        self.progress = Progress("")

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when `progress` has changed; returns what ends that."""
        return self._listeners.add(listener)

    def wake(self) -> None:
        """There are new memories, other models or another choice."""
        self._news.set()

    def set_busy(self, busy: bool) -> None:
        """Whether something is being answered: then the models are needed for that."""
        if not busy:
            self._quiet.set()
            return
        self._quiet.clear()
        if self._working is not None:
            self._working.cancel()

    @property
    def choices(self) -> list[ModelInfo]:
        """The embedding models that are installed, the smallest first."""
        found = [m for m in self._source.models() if "embedding" in m.capabilities and not m.can_chat]
        return sorted(found, key=lambda m: (m.size, m.name))

    @property
    def model(self) -> ModelInfo | None:
        """The one that is used now: the person's choice, else the largest installed one of an ordinary size."""
        wanted = self._wanted()
        if wanted == NONE or not self._on():
            return None
        if wanted:
            return next((m for m in self._source.models() if same_model(m.name, wanted)), None)
        here = [m for m in self.choices if m.size <= _LARGEST and "remote" not in m.capabilities]
        return here[-1] if here else None

    async def question(self, text: str) -> tuple[Sequence[float] | None, str]:
        """The vector of a question and the model's key; None where there is none in time, or nothing to compare."""
        model = self.model
        engine = self._source.engine_of(model.name) if model is not None else None
        if model is None or engine is None or not self._fits(model.name):
            return None, ""
        done, _ = await self._store.read(lambda connection: vectors.counted(connection, _key(model)))
        if not done:
            return None, ""
        # Not cancelled when it is late: cutting the connection would end the loading of the model.
        task = asyncio.create_task(engine.embed(model.name, [f"{_prefixes(model)[0]}{text}"]))
        self._asking.add(task)
        task.add_done_callback(self._asked)
        await asyncio.wait({task}, timeout=PATIENCE)
        if not task.done() or task.cancelled() or task.exception() is not None:
            return None, ""
        return task.result()[0], _key(model)

    def _asked(self, task: "asyncio.Task[list[list[float]]]") -> None:
        self._asking.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("A question has no vector: %s", error)

    async def run(self) -> None:
        """Make vectors for memories that have none, for as long as the program runs."""
        while True:
            self._news.clear()
            try:
                more = await self._some()
            except MiradorError as error:
                self._tell(str(error))
                more = None
            except Exception:
                log.exception("Vectors could not be made.")
                more = None
            if more:
                continue
            try:
                async with asyncio.timeout(_RETRY if more is None else None):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def close(self) -> None:
        """End what is still being asked."""
        for task in self._asking:
            task.cancel()
        if self._asking:
            await asyncio.wait(self._asking)

    async def _some(self) -> bool | None:
        """Make some vectors; whether there are more to make, None to try again later."""
        model = self.model
        engine = self._source.engine_of(model.name) if model is not None else None
        if model is None or engine is None:
            self._tell()
            return False
        await self._store.open()
        if self._only != _key(model):
            await self._store.write(lambda connection: vectors.keep_only(connection, _key(model)))
            self._only = _key(model)
        missing = await self._store.read(lambda connection: vectors.missing(connection, _key(model), _AT_ONCE))
        await self._count(model)
        if not missing:
            return False
        await self._quiet.wait()
        if not self._fits(model.name):
            self._tell(f"{model.name} waits: loading it would push another model out of memory.")
            return None
        began = time.monotonic()
        made = await self._embed(engine, model, [text for each in missing for text in each.texts])
        if made is None:  # a question came between
            return True
        parts, at = [], 0
        for each in missing:
            parts.append((each.number, made[at : at + len(each.texts)]))
            at += len(each.texts)
        await self._store.write(lambda connection: vectors.put(connection, _key(model), parts))
        await self._count(model)
        await asyncio.sleep(time.monotonic() - began)  # others want the computer too
        return True

    async def _embed(self, engine: Engine, model: ModelInfo, texts: list[str]) -> list[list[float]] | None:
        prefix = _prefixes(model)[1]
        self._working = asyncio.create_task(engine.embed(model.name, [f"{prefix}{text}" for text in texts]))
        try:
            await asyncio.wait({self._working})
            return None if self._working.cancelled() else self._working.result()
        finally:
            self._working.cancel()
            self._working = None

    async def _count(self, model: ModelInfo) -> None:
        done, every = await self._store.read(lambda connection: vectors.counted(connection, _key(model)))
        self._show(Progress(model.name, done, every))

    def _tell(self, error: str = "") -> None:
        known = self.progress if self.model is not None else Progress("")
        self._show(Progress(known.model, known.done, known.all, error))

    def _show(self, progress: Progress) -> None:
        if progress != self.progress:
            self.progress = progress
            self._listeners.tell()

    async def forget(self) -> None:
        """Delete all vectors; they are made anew where there is an embedding model."""
        await self._store.write(lambda connection: vectors.keep_only(connection, ""))
        self._kept.unload()
        self.wake()


def _key(model: ModelInfo) -> str:
    """What tells vectors of one model from those of another, also from those of an older version of it."""
    return f"{full_name(model.name)}@{model.digest[:12]}"


def _prefixes(model: ModelInfo) -> tuple[str, str]:
    name = model.name.rpartition("/")[2].casefold()
    return next((both for start, both in _PREFIXES.items() if name.startswith(start)), ("", ""))
