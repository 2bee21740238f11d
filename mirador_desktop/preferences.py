"""The settings while the program runs: changed at once in memory, a moment later in the file, by hand at any time."""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from mirador_desktop.atomic import write_whole
from mirador_desktop.core.listeners import Listeners
from mirador_desktop.core.names import same_model
from mirador_desktop.errors import SettingsError
from mirador_desktop.settings import HostSettings, ModelOptions, Settings, is_host

log = logging.getLogger(__name__)


class Preferences:
    """The current settings, and the only way to change them.

    Args:
        path: `settings.toml`.
        current: what was read from it.

    Attributes:
        current: the settings now.
        path: where they are kept.
        moment: another number after each change here and each writing of the file.
    """

    def __init__(self, path: Path, current: Settings) -> None:
        self.path, self.current = path, current
        self._listeners = Listeners[Settings]("A change of the settings could not be taken up")
        self._complaint: Callable[[str], None] = lambda words: log.warning("%s", words)
        self._changes: dict[str, Any] = {}
        self._writing: dict[str, Any] = {}
        self.moment = 0
        self._lock = threading.Lock()
        self._writer: Executor | None = None

    def listen(self, listener: Callable[[Settings], None]) -> None:
        """Call `listener` with the settings before, after each change."""
        self._listeners.add(listener)

    def on_complaint(self, complaint: Callable[[str], None]) -> None:
        """Call `complaint`, from any thread, with a sentence when the file could not be changed."""
        self._complaint = complaint

    def change(self, **changes: Any) -> None:
        """Change settings, and keep them. What is as it was is not touched; without arguments the file is made."""
        before = self.current
        changes = {k: v for k, v in changes.items() if v != getattr(before, k)} if changes else {}
        self.current = replace(before, **changes)
        with self._lock:
            self._changes |= changes
            self.moment += 1
        if self._writer is None:
            from concurrent.futures import ThreadPoolExecutor

            self._writer = ThreadPoolExecutor(1, "settings")
        self._writer.submit(self._write)
        if changes:
            self._listeners.tell(before)

    def options_of(self, model: str) -> ModelOptions:
        """How one model is run. Somebody may have written its name without `:latest`."""
        return self.current.models.get(self._written_name(model), ModelOptions())

    def change_model(self, model: str, **changes: Any) -> None:
        """Change how one model is run; None means the default."""
        options = replace(self.options_of(model), **changes)
        self.change(models={**self.current.models, self._written_name(model): options})

    def rename_model(self, model: str, name: str) -> None:
        """Let the options of a model go along to its new name; nothing changes where it has none."""
        old = self._written_name(model)
        if old in self.current.models:
            others = {each: options for each, options in self.current.models.items() if each != old}
            self.change(models={**others, name: self.current.models[old]})

    def forget_model(self, model: str) -> None:
        """Run a model as by default."""
        self.change(models={name: o for name, o in self.current.models.items() if not same_model(name, model)})

    def _written_name(self, model: str) -> str:
        return next((name for name in self.current.models if same_model(name, model)), model)

    def take(self, read: Settings) -> None:
        """Take what somebody wrote into the file by hand; what was changed here and is not written yet stays."""
        with self._lock:
            pending = self._writing | self._changes
        before, self.current = self.current, replace(read, **pending)
        if before != self.current:
            self._listeners.tell(before)

    def _write(self) -> None:
        with self._lock:
            self._writing, self._changes = self._changes, {}
        try:
            save(self.path, self._writing)
        except SettingsError as error:
            with self._lock:
                self._changes = self._writing | self._changes  # tried again with the next change
            self._complaint(str(error))
        finally:
            with self._lock:
                self._writing = {}
                self.moment += 1

    def close(self) -> None:
        """Wait until everything is written."""
        if self._writer is not None:
            self._writer.shutdown(wait=True)


def save(path: Path, changes: Mapping[str, Any]) -> None:
    """Change some settings in the file, atomically. Comments and unknown keys stay; only differences are written.

    Raises:
        SettingsError: the file cannot be read or written; nothing was changed in it.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
        for key, value in changes.items():
            if key == "hosts":
                _put_hosts(document, value)
            elif key == "models":
                _put_models(document, value)
            else:
                document[key] = value
        text = tomlkit.dumps(document)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode())
    except (OSError, ValueError, TypeError, RecursionError, TOMLKitError) as error:
        raise SettingsError(f"{path} cannot be changed: {error}.") from error


def _put_hosts(document: Any, hosts: tuple[HostSettings, ...]) -> None:
    """Write the hosts as tables. What a host's table held besides stays, and so do tables that cannot be read."""
    import tomlkit

    there = document.get("hosts")
    old = [table for table in there if hasattr(table, "get")] if isinstance(there, list) else []
    read = [table for table in old if is_host(table)]
    found: dict[int, Any] = {}
    for keys in (("address", "kind"), ("address",), ()):  # the one that fits best; last, the one at its place
        for place, host in enumerate(hosts):
            free = [t for t in read if all(t is not other for other in found.values())]
            if not keys:
                free = [t for t in free if len(hosts) == len(read) and t is read[place]]
            fits = [t for t in free if all(t.get(k, "ollama") == getattr(host, k) for k in keys)]
            if place not in found and fits:
                found[place] = fits[0]
    tables = tomlkit.aot()
    for place, host in enumerate(hosts):
        table = found.get(place, tomlkit.table())
        _put(table, host, HostSettings())
        tables.append(table)
    for table in old:
        if not is_host(table):
            tables.append(table)
    document.pop("hosts", None)
    if len(tables):
        document["hosts"] = tables


def _put_models(document: Any, models: Mapping[str, ModelOptions]) -> None:
    import tomlkit

    if not hasattr(document.get("models"), "keys"):
        document["models"] = tomlkit.table(is_super_table=True)
    for name, options in models.items():
        table = document["models"].get(name)
        if not hasattr(table, "keys"):
            table = tomlkit.table()
        _put(table, options, ModelOptions())
        if len(table):
            document["models"][name] = table
        else:
            document["models"].pop(name, None)
    for name in [n for n, table in document["models"].items() if n not in models and hasattr(table, "keys")]:
        del document["models"][name]
    if not len(document["models"]):
        del document["models"]


def _put(table: Any, value: Any, default: Any) -> None:
    """Bring the keys of a table to the fields of `value`; what equals the default is left out.

    What somebody wrote that is no value of the kind stays where it is until there is one.
    """
    for key in fields(value):
        now = getattr(value, key.name)
        if now == getattr(default, key.name) and key.name not in ("address", "kind"):
            there = table.get(key.name)
            if there is not None and key.metadata["good"](there.unwrap() if hasattr(there, "unwrap") else there):
                table.pop(key.name)
        elif key.name not in table or table[key.name] != now:
            table[key.name] = now
