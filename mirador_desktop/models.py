"""The models of all hosts: what is installed where, made, copied, renamed, deleted and described."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mirador_desktop.core.amounts import count_words, part_words, round_words
from mirador_desktop.core.catalogue import Catalogue, parse
from mirador_desktop.core.computer import Computer
from mirador_desktop.core.engine import Engine, EngineList
from mirador_desktop.core.listeners import Listeners
from mirador_desktop.core.manager import ModelDetails, ModelManager, NewModel
from mirador_desktop.core.model_rows import Row, Use, rows_of
from mirador_desktop.core.names import full_name, same_model
from mirador_desktop.core.pull_names import wrong_name
from mirador_desktop.errors import EngineUnreachable, MiradorError, ModelRefused
from mirador_desktop.exchange import gguf_file
from mirador_desktop.preferences import Preferences

log = logging.getLogger(__name__)

TELL_EVERY = 0.1
"""Seconds between two tellings of how far a file is."""


@dataclass(eq=False)
class Making:
    """A model that is being made of a file.

    Attributes:
        words: what happens now, with amounts.
        share: of the step that is under way, None where it cannot be told.
        error: why it has failed, "" if it has not.
    """

    name: str
    path: Path
    host: str
    words: str = ""
    share: float | None = None
    state: Literal["running", "done", "failed"] = "running"
    error: str = ""


class Models:
    """The door to the models for the window.

    Args:
        hosts: the engines and what the last look found.
        preferences: how single models are run; a renamed model takes its options along.
        load_seconds: how long each model took to load the last time, by its name.
        catalogue: the file of well-known models.
        look_at_computer: finds out what this computer has.
        uses: the stages that use a model, by its name.
        is_here: whether an engine's address leads to this computer.

    Attributes:
        catalogue: well-known models, empty until `prepare` has read it.
        computer: what this computer has, nothing until `prepare` has looked.
        makings: models that are being made of files.
        loading: gives the model that is being loaded now, "" for none.
    """

    def __init__(
        self,
        hosts: EngineList,
        preferences: Preferences,
        load_seconds: Mapping[str, float],
        catalogue: Path,
        look_at_computer: Callable[[], Awaitable[Computer]],
        uses: Callable[[str], Sequence[Use]] = lambda model: (),
        is_here: Callable[[str], bool] = lambda address: False,
    ) -> None:
        self.catalogue, self.computer = Catalogue(), Computer(0)
        self.makings: list[Making] = []
        self.loading: Callable[[], str] = lambda: ""
        self._hosts, self._preferences, self._load_seconds = hosts, preferences, load_seconds
        self._file, self._look, self._uses, self._is_here = catalogue, look_at_computer, uses, is_here
        self._listeners = Listeners[()]("A change of the models could not be shown")
        self._tasks: dict[int, asyncio.Task[None]] = {}
        hosts.listen(self._listeners.tell)

    async def prepare(self) -> None:
        """Read the catalogue, and look at the computer. Nothing of it can fail; call it as often."""
        await asyncio.gather(self._read_catalogue(), self._look_at_computer())
        self._listeners.tell()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when something has changed; returns what ends that."""
        return self._listeners.add(listener)

    def changed(self) -> None:
        """Something that the rows show is different elsewhere: tell the listeners."""
        self._listeners.tell()

    # ── what is there ──────────────────────────────────────────────────────────────────────────────────

    def rows(self) -> list[Row]:
        """All models of all hosts that answer, by name."""
        return rows_of(
            {e.name: self._hosts.states.get(e.name) for e in self._hosts.engines},
            self._uses,
            self._took,
            self.loading(),
        )

    def hosts(self) -> list[str]:
        """The names of all hosts."""
        return [engine.name for engine in self._hosts.engines]

    def changeable(self) -> list[str]:
        """The names of the hosts that answer and whose models can be changed from here."""
        return [e.name for e in self._hosts.engines if e.manager is not None and self._answers(e)]

    @property
    def looked(self) -> bool:
        """Whether every host has been looked at."""
        return all(self._hosts.states.get(e.name) is not None for e in self._hosts.engines)

    def summary(self) -> str:
        """All of it in one line: "8 models on 2 hosts, 65 GB on disk, 212 GB free"."""
        rows = self.rows()
        answering = [e for e in self._hosts.engines if self._answers(e)]
        if not answering:
            return "No host answers" if self._hosts.engines and self.looked else "Looking for hosts"
        places = {place.host for row in rows for place in row.places}
        where = count_words(len(places), "host") if len(places) > 1 else next(iter(places), answering[0].name)
        parts = [f"{count_words(len(rows), 'model') if rows else 'No models'} on {where}"]
        seen = {(p.host, p.info.digest or p.info.name): p.info.size for row in rows for p in row.places}
        if size := sum(seen.values()):
            parts.append(f"{round_words(size)} on disk")
        if self.computer.free is not None and any(self._is_here(e.address) for e in answering):
            parts.append(f"{round_words(self.computer.free)} free")
        return ", ".join(parts)

    def expected(self, name: str) -> int:
        """Bytes of a model as far as the catalogue knows, 0 for unknown."""
        return self.catalogue.size(name)

    # ── what the person does ───────────────────────────────────────────────────────────────────────────

    async def show(self, row: Row, host: str = "") -> ModelDetails:
        """Describe a model. Raises an EngineError."""
        return await self._manager(host or row.hosts[0]).show(row.name)

    async def copy(self, row: Row, name: str, host: str = "") -> None:
        """Give a model a second name on a host ("" for its first one). Raises a MiradorError."""
        host = host or row.hosts[0]
        self._check_new(name, host)
        await self._manager(host).copy(row.name, name)
        await self._hosts.look()

    async def rename(self, row: Row, name: str) -> None:
        """Rename a model on all its hosts: copied first, deleted only when that has worked everywhere.

        Raises a MiradorError; then the model still has its old name wherever the new one was not made.
        """
        for host in row.hosts:
            self._check_new(name, host)
        for host in row.hosts:
            await self._manager(host).copy(row.name, name)
        for host in row.hosts:
            await self._manager(host).delete(row.name)
        self._preferences.rename_model(row.name, full_name(name))
        await self._hosts.look()

    async def delete(self, row: Row, hosts: Sequence[str]) -> None:
        """Delete a model on some of its hosts. Raises a MiradorError; the others are tried all the same."""
        failed: MiradorError | None = None
        for host in hosts:
            try:
                await self._manager(host).delete(row.name)
            except MiradorError as error:
                failed = error
        await self._hosts.look()
        if failed is not None:
            raise failed

    async def make_variant(self, row: Row, new: NewModel, host: str = "") -> None:
        """Make a model of another one, with a system prompt and parameters of its own. Raises a MiradorError."""
        host = host or row.hosts[0]
        self._check_new(new.name, host)
        async with aclosing(self._manager(host).create(replace(new, source=row.name))) as steps:
            async for _ in steps:
                pass
        await self._hosts.look()

    def taken(self, name: str, host: str) -> bool:
        """Whether a host has a model of that name."""
        return any(host in row.hosts and same_model(row.name, name) for row in self.rows())

    # ── a model of a file ──────────────────────────────────────────────────────────────────────────────

    async def check_file(self, path: Path) -> tuple[str, int]:
        """Look into a GGUF file before anything is sent; returns a name for its model, and its size in bytes.

        Raises:
            ModelRefused: no model can be made of it, with the reason.
        """
        header, size = await gguf_file.check(path)
        return _name_for(path.stem, header.name), size

    def make(self, path: Path, name: str, host: str = "") -> Making:
        """Make a model of a GGUF file: checked, hashed, sent, made. Goes on when nobody looks.

        Raises:
            MiradorError: the name is impossible or taken, or no host could do it.
        """
        able = self.changeable()
        host = host or (able[0] if able else "")
        self._check_new(name, host)
        self._manager(host)
        making = Making(name, path, host)
        self.makings.append(making)
        self._run(making)
        return making

    def retry(self, making: Making) -> None:
        """Try once more what has failed."""
        if making.state == "failed":
            making.state, making.error = "running", ""
            self._run(making)

    def drop(self, making: Making) -> None:
        """Stop making a model, and forget it."""
        task = self._tasks.pop(id(making), None)
        if task is not None:
            task.cancel()
        if making in self.makings:
            self.makings.remove(making)
        self._listeners.tell()

    async def close(self) -> None:
        """Stop all that is being made."""
        tasks = set(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _run(self, making: Making) -> None:
        task = asyncio.get_running_loop().create_task(self._make(making), name=f"make {making.name}")
        self._tasks[id(making)] = task
        task.add_done_callback(lambda _: self._tasks.pop(id(making), None))
        self._listeners.tell()

    async def _make(self, making: Making) -> None:
        try:
            await self._steps(making)
            making.state = "done"
        except MiradorError as error:
            making.state, making.error = "failed", str(error)
        except Exception as error:
            log.exception("Making %s failed", making.name)
            making.state, making.error = "failed", f"Something unexpected happened: {error}"
        if making.state == "done" and making in self.makings:
            self.makings.remove(making)
        self._listeners.tell()
        if making.state == "done":
            await self._hosts.look()

    async def _steps(self, making: Making) -> None:
        told = 0.0

        def at(words: str, done: int) -> None:
            nonlocal told
            making.words, making.share = f"{words} {part_words(done, size)}", done / size
            if time.monotonic() - told >= TELL_EVERY or done == size:
                told = time.monotonic()
                self._listeners.tell()

        manager = self._manager(making.host)
        making.words, making.share = "reading the header", None
        _, size = await gguf_file.check(making.path)
        digest = await gguf_file.digest(making.path, lambda done: at("computing its checksum,", done))
        making.words, making.share = f"asking {making.host}", None
        self._listeners.tell()
        if not await manager.has_blob(digest):
            async with aclosing(gguf_file.pieces(making.path, lambda done: at("sending", done))) as pieces:
                await manager.upload(digest, pieces)
        making.words, making.share = "making the model", None
        self._listeners.tell()
        async with aclosing(manager.create(NewModel(making.name, files={making.path.name: digest}))) as steps:
            async for step in steps:
                making.words = step[:60]
                self._listeners.tell()

    # ── helpers ────────────────────────────────────────────────────────────────────────────────────────

    def _manager(self, host: str) -> ModelManager:
        engine = next((e for e in self._hosts.engines if e.name == host), None)
        if engine is None:
            raise EngineUnreachable("No host that can do this answers. Start Ollama, then try again.")
        if engine.manager is None:
            raise ModelRefused(f"The models of {host} cannot be changed from here: it is not an Ollama host.")
        return engine.manager

    def _check_new(self, name: str, host: str) -> None:
        if why := wrong_name(name):
            raise ModelRefused(why)
        if self.taken(name, host):
            raise ModelRefused(f"{host} has a model called {name} already. Choose another name.")

    def _answers(self, engine: Engine) -> bool:
        state = self._hosts.states.get(engine.name)
        return state is not None and state.reachable

    def _took(self, model: str) -> float | None:
        return self._load_seconds.get(model)

    async def _read_catalogue(self) -> None:
        if self.catalogue.entries:
            return
        try:
            text = await asyncio.to_thread(self._file.read_text, "utf-8")
            self.catalogue = await asyncio.to_thread(parse, text)
        except (OSError, ValueError, KeyError, TypeError):
            log.exception("The catalogue of models cannot be read")

    async def _look_at_computer(self) -> None:
        self.computer = await self._look()


def _name_for(stem: str, said: str) -> str:
    """A name for the model of a file, made from the file's own, else from what the model calls itself."""
    for text in (stem, said):
        name = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in text.lower())
        name = name.strip("-._")[:60]
        if name and not wrong_name(name):
            return name
    return "model"
