"""A warmer with all that it works with, against a test server."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from mirador_desktop.core.computer import Computer
from mirador_desktop.core.orchestrator import AnswerRequest, StreamingOrchestrator
from mirador_desktop.core.stages import DEFAULT_PIPELINE, Pipeline
from mirador_desktop.engines.ollama import Ollama
from mirador_desktop.engines.registry import Registry
from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import Settings
from mirador_desktop.warming import Warmer
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import LLAMA_3B, QWEN_7B, QWEN_14B
from tests.unit.helpers import guide_in
from tests.unit.pull_helpers import Memory

GB = 1_000_000_000
THREE_MODELS: dict[str, Any] = {"models": [{**m, "text": "Short."} for m in (LLAMA_3B, QWEN_7B, QWEN_14B)]}
SMALL, MIDDLE, LARGE = (m["name"] for m in THREE_MODELS["models"])


class Bench:
    """A warmer with all that it works with."""

    def __init__(self, sim: Sim, folder: Path, memory: Memory, most: int | None, room: int) -> None:
        self.registry = Registry([Ollama("here", sim.url)], guide_in(folder / "guide"), lambda: 0)
        self.orchestrator = StreamingOrchestrator(self.registry)
        self.preferences = Preferences(folder / "settings.toml", Settings())

        async def most_models(address: str) -> int | None:
            return most

        self.warmer = Warmer(
            self.registry,
            memory,
            self.preferences,
            self.orchestrator.resolve,
            lambda: Computer(room + 2 * GB),
            most_models,
        )

    async def start(self) -> None:
        await self.registry.look()
        await self.warmer.prepare()
        await self.warmer.find_limits(lambda address: True)
        self.warmer.want(DEFAULT_PIPELINE)
        await self.idle()

    async def idle(self) -> None:
        task = self.warmer._task
        if task is not None:
            await asyncio.wait({task})

    async def ask(self, pipeline: Pipeline = DEFAULT_PIPELINE) -> None:
        self.warmer.asked(pipeline)
        async for event in self.orchestrator.stream(AnswerRequest("What now?", pipeline)):
            if type(event).__name__ == "StageFinished":
                await self.registry.look()
        self.warmer.answered()

    async def close(self) -> None:
        await self.warmer.close()
        await self.registry.close()
        self.preferences.close()


def bench(
    tmp_path: Path,
    work: Callable[[Bench, Sim], Awaitable[None]],
    *,
    memory: Memory | None = None,
    most: int | None = None,
    room: int = 64 * GB,
    scenario: dict[str, Any] | None = None,
    **server: Any,
) -> list[str]:
    """Run against a server; returns the names of all models that were loaded, in order."""
    values = dict(scenario or THREE_MODELS)
    values["server"] = {**values.get("server", {}), **server}
    with Sim(values) as sim:

        async def run() -> None:
            made = Bench(sim, tmp_path, memory or Memory(), most, room)
            try:
                await work(made, sim)
            finally:
                await made.close()

        asyncio.run(run())
        return [load["model"] for load in sim.loads()]
