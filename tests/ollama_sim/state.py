"""What a running test server knows: its scenario, its models, what it was asked."""

import asyncio
import hashlib
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.ollama_sim.loading import FOREVER, Refused, Scheduler
from tests.ollama_sim.names import parse_name, short
from tests.ollama_sim.scenario import Fault, Json, Model, Scenario, all_faults, build
from tests.ollama_sim.wire import Connection

_LAYERS = 5  # small layers a model has if its scenario gives none


@dataclass(eq=False)
class Seen:
    """One request as the inspection shows it. Times are seconds since the epoch."""

    method: str
    path: str
    body: Any
    headers: list[str]
    received: float = field(default_factory=time.time)
    first_byte: float | None = None
    ended: float | None = None
    client_closed: float | None = None
    completed: bool = False  # the whole answer was sent
    status: int | None = None
    tokens: int = 0  # tokens sent so far


@dataclass(eq=False)
class Download:
    """The large layer of a pull, shared by all who ask for it."""

    total: int
    completed: float = 0.0
    users: int = 0
    lost_once: bool = False
    error: str | None = None
    task: asyncio.Task[None] | None = None


def sha(*parts: object) -> str:
    """A digest that depends on the parts only."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def stamp(moment: float | None = None) -> str:
    """A time as Ollama writes it."""
    when = time.time() if moment is None else moment
    if when - time.time() > FOREVER / 2:
        return "2319-03-05T00:13:46.894392296Z"
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z"


class State:
    """Everything that lives as long as the process."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.models: dict[str, Model] = {}
        for model in scenario.models:
            self.install(model)
        self.scheduler = Scheduler(scenario.server)
        self.seen: list[Seen] = []
        self.connections: set[Connection] = set()
        self.blobs = set(scenario.blobs)
        self.asked: Counter[str] = Counter()  # answers per model, for lists of texts
        self.active = 0  # answers being given at this moment
        self.downloads: dict[str, Download] = {}  # by digest, also those that were paused

    def install(self, model: Model) -> None:
        """Puts a model on the disk, in front of the others."""
        model.name = short(model.name)
        model.digest = model.digest or sha("manifest", model.name, model.size)
        if model.modified is None:
            moment = time.time() - (0 if hasattr(self, "scheduler") else len(self.models))
            model.modified = stamp(moment)
        self.models[model.name] = model

    def model(self, name: str, words: str = "model '{}' not found") -> Model:
        """The installed model of that name, else a 404 in the words given."""
        found = self.models.get(short(name))
        if found is None:
            raise Refused(404, words.format(name))
        return found

    def layers(self, model: Model) -> list[tuple[str, int]]:
        """Digests and sizes: the weights first."""
        sizes = model.layers or [215, 9, 3, 46, 563][:_LAYERS]
        weights = sha("weights", model.parameter_size, model.size, model.family)
        return [(weights, model.size), *((sha("layer", model.name, i, n), n) for i, n in enumerate(sizes))]

    def fault(self, path: str, body: Any, kind: str) -> Fault | None:
        """What goes wrong with this request, if anything."""
        name = body.get("model") or body.get("name") if isinstance(body, dict) else None
        hit = None
        for fault in self.scenario.faults:
            if fault.model is not None and (not name or short(str(name)) != short(fault.model)):
                continue
            if fault.path is not None and fault.path != path:
                continue
            if fault.path is None and kind not in ({"answer", "load"} if fault.on == "any" else {fault.on}):
                continue
            if fault.when is not None and fault.when not in str(body):
                continue
            if fault.takes() and hit is None:
                hit = fault
        return hit

    def change(self, values: Json) -> None:
        """A new scenario, or parts of one, while the server runs.

        `server` is merged; `models`, `registry`, `faults` and `blobs` replace what was there;
        `install` adds models, `remove` and `kill_runner` take names.
        """
        for name, value in values.get("server", {}).items():
            if not hasattr(self.scenario.server, name):
                raise ValueError(f"ServerOptions has no {name}")
            setattr(self.scenario.server, name, value)
        if "models" in values:
            models = [build(Model, each) for each in values["models"]]
            self.models.clear()
            self.downloads.clear()
            for runner in list(self.scheduler.runners.values()):
                if not runner.users:
                    self.scheduler.drop(runner)
            for model in models:
                self.install(model)
        if "registry" in values:
            self.scenario.registry = [build(Model, each) for each in values["registry"]]
        if "blobs" in values:
            self.blobs = set(values["blobs"])
        if "faults" in values or "models" in values:
            given = {"faults": values.get("faults", [])}
            self.scenario.faults = all_faults(given, list(self.models.values()))
        for each in values.get("install", []):
            model = build(Model, each)
            self.install(model)
            self.scenario.faults += all_faults({}, [model])
        for name in values.get("remove", []):
            self.models.pop(short(name), None)
        if "kill_runner" in values:
            self.scheduler.kill(short(values["kill_runner"]))

    def full_name(self, name: str) -> str:
        """With registry and tag."""
        parsed = parse_name(name)
        return parsed.full if parsed is not None else name

    def report(self) -> list[Json]:
        """All requests so far."""
        return [asdict(each) for each in self.seen]
