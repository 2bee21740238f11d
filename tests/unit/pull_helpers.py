"""What the tests of the doors to models share: a queue and a door on a test server, and a memory that can fail."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from mirador_desktop.core.computer import Computer
from mirador_desktop.core.model_rows import Use
from mirador_desktop.engines.ollama import Ollama
from mirador_desktop.engines.registry import Registry
from mirador_desktop.errors import StoreLocked
from mirador_desktop.models import Models
from mirador_desktop.preferences import Preferences
from mirador_desktop.pulls import Pulls
from mirador_desktop.settings import Settings, resource_folder
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import model
from tests.unit.helpers import guide_in

T = TypeVar("T")
GB = 1_000_000_000
NAMES = ("one:1b", "two:2b", "three:3b", "four:4b")


class Memory:
    """A store that remembers in memory, and fails while it is `locked`.

    Attributes:
        written, refused: how often something was written, and how often that failed.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.locked = False
        self.written = self.refused = 0

    async def state(self, name: str) -> Any:
        if self.locked:
            raise StoreLocked("locked")
        return self.values.get(name)

    async def remember(self, name: str, value: Any) -> None:
        if self.locked:
            self.refused += 1
            raise StoreLocked("locked")
        self.written += 1
        self.values[name] = value


class Doors:
    """Registry, queue and door to the models over some hosts, as the program puts them together."""

    def __init__(self, urls: dict[str, str], folder: Path, memory: Memory | None = None, **more: Any) -> None:
        self.memory = memory or Memory()
        self.engines = [Ollama(name, url) for name, url in urls.items()]
        self.registry = Registry(self.engines, guide_in(folder / "guide"), lambda: 0)
        self.preferences = Preferences(folder / "settings.toml", Settings())
        self.uses: dict[str, list[Use]] = {}
        self.load_seconds: dict[str, float] = {}
        self.computer = Computer(16 << 30, 0, False, 212 * GB)
        self.models = Models(
            self.registry,
            self.preferences,
            self.load_seconds,
            resource_folder() / "models.toml",
            self._look,
            lambda model: self.uses.get(model, ()),
            lambda address: "127.0.0.1" in address,
        )
        self.pulls = Pulls(self.registry, self.memory, self.models.expected, **more)

    async def _look(self) -> Computer:
        return self.computer

    async def close(self) -> None:
        await self.pulls.close()
        await self.models.close()
        await self.registry.close()
        await asyncio.to_thread(self.preferences.close)


def run_doors(
    urls: dict[str, str] | str,
    folder: Path,
    work: Callable[[Doors], Coroutine[Any, Any, T]],
    memory: Memory | None = None,
    **more: Any,
) -> T:
    """Let `work` have the doors once the hosts have been looked at, and close them."""

    async def main() -> T:
        doors = Doors({"this computer": urls} if isinstance(urls, str) else urls, folder, memory, **more)
        try:
            await doors.registry.look()
            return await work(doors)
        finally:
            await doors.close()

    return asyncio.run(main())


def scenario(seconds: float = 0.3, **more: Any) -> dict[str, Any]:
    """A server without models, and a registry whose models come in so many seconds each."""
    # Sizes differ, so that each has weights of its own.
    return {
        "models": [],
        "registry": [
            model(name, 1 + place / 10, f"{place + 1}B", "llama", pull_seconds=seconds, **more)
            for place, name in enumerate(NAMES)
        ],
    }


def slow(sim: Sim, seconds: float = 30.0, **more: Any) -> None:
    """Let the registry give its models slowly."""
    sim.change({"registry": scenario(seconds, **more)["registry"]})
