"""From the first token to its paint, and the reading rate of the whole pipeline against the client alone."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject

from mirador_desktop.core.events import StreamToken
from mirador_desktop.core.orchestrator import AnswerRequest, StreamingOrchestrator
from mirador_desktop.core.stages import ModelStage, Pipeline
from mirador_desktop.engines.guide import Guide
from mirador_desktop.engines.ollama import ALTERNATIVES, Ollama
from mirador_desktop.engines.registry import Registry
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.markdown_view import MarkdownView
from tests import driving
from tests.benchmarks.table import Row
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import model

_WORDS = " ".join(f"word{i} stands here," for i in range(4000))


def _scenario(token_seconds: float) -> dict[str, Any]:
    fast = model(
        "fast:1b",
        1.0,
        "1B",
        "llama",
        text=_WORDS,
        token_seconds=token_seconds,
        load_seconds=0.0,
        first_token_seconds=0.0,
    )
    return {"models": [fast]}


def reading_rate(tokens: int = 6000, runs: int = 5) -> Row:
    """Tokens a second through engine and orchestrator, in ratio to `ollama.AsyncClient` on the same request."""

    async def alone(url: str) -> float:
        import ollama

        client = ollama.AsyncClient(host=url)
        begun, count = time.perf_counter(), 0
        stream = await client.chat(
            "fast:1b",
            [{"role": "user", "content": "Go on"}],
            stream=True,
            logprobs=True,
            top_logprobs=ALTERNATIVES,
            options={"num_predict": tokens, "num_ctx": 8192},
        )
        async for part in stream:
            count += bool(part.message.content)
        await client.close()  # type: ignore[no-untyped-call]
        return count / (time.perf_counter() - begun)

    async def pipeline(url: str) -> float:
        registry = Registry([Ollama("this computer", url)], Guide(Path()), lambda: 0)
        await registry.look()
        one = Pipeline("One", (ModelStage("quick", ("fast:1b",), max_tokens=tokens),))
        orchestrator = StreamingOrchestrator(registry)
        begun, count = time.perf_counter(), 0
        async for event in orchestrator.stream(AnswerRequest("Go on", one)):
            count += isinstance(event, StreamToken)
        took = time.perf_counter() - begun
        await registry.close()
        return count / took

    floors, own = [], []
    with Sim(_scenario(0.0)) as sim:
        asyncio.run(alone(sim.url))
        asyncio.run(pipeline(sim.url))
        for _ in range(runs):
            floors.append(asyncio.run(alone(sim.url)))
            own.append(asyncio.run(pipeline(sim.url)))
    floor, rate = statistics.median(floors), statistics.median(own)
    return Row(
        "reading rate of the pipeline",
        f"{rate:,.0f} tok/s",
        f"ollama.AsyncClient {floor:,.0f} tok/s",
        rate / floor,
        "≥ 0.8",
    )


class _FirstPaint(QObject):
    """Notes when an answer's first token came, and the first paint after its text was there."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = self.painted = 0.0
        self._view: MarkdownView | None = None

    def token(self, view: MarkdownView) -> None:
        """A token comes."""
        if not self.arrived:
            self.arrived = time.perf_counter()
            self._view = view
            view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at the paints."""
        view = self._view
        if event.type() == QEvent.Type.Paint and view is not None and view.document().characterCount() > 1:
            self.painted = time.perf_counter()
            self._view = None
            watched.removeEventFilter(self)
        return False


def first_token_to_paint(answers: int = 60) -> Row:
    """From a token's arrival at its panel to the paint that shows it, over the first tokens of many answers."""
    delays: list[float] = []
    current = _FirstPaint()
    original = MarkdownView.append

    def append(self: MarkdownView, *arguments: Any) -> None:
        current.token(self)
        original(self, *arguments)

    async def drive(window: MainWindow) -> None:
        nonlocal current
        window.composer._depths.actions()[1].trigger()
        window.composer.text.setPlainText("While a person types, what the answer needs is warmed up")
        await driving.settled(window)
        for number in range(answers):
            current = _FirstPaint()
            await driving.send(window, f"Question {number}")
            await driving.until(lambda first=current: first.painted)  # type: ignore[misc]
            delays.append((current.painted - current.arrived) * 1000)
            window.composer.stop.click()
            await driving.answered(window, number + 1)

    MarkdownView.append = append  # type: ignore[method-assign, assignment]
    try:
        with tempfile.TemporaryDirectory() as home, Sim(_scenario(0.01)) as sim:
            driving.run(drive, Path(home), sim.url)
    finally:
        MarkdownView.append = original  # type: ignore[method-assign]
    delays.sort()
    p50, p99 = statistics.median(delays), delays[min(len(delays) - 1, round(len(delays) * 0.99))]
    return Row("first token to its paint, p50 / p99", f"{p50:.1f} / {p99:.1f} ms", "one frame 16 ms", p99 / 16, "≤ 1")


def measure() -> list[Row]:
    """Both."""
    return [first_token_to_paint(), reading_rate()]
