"""Opening a conversation of 10,000 turns against one of 10."""

import asyncio
import gc
import statistics
import tempfile
import time
from pathlib import Path

from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn, new_id
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.markdown_view import MarkdownView
from mirador_desktop.memory.store import Store
from tests import driving
from tests.benchmarks.table import Row
from tests.ollama_sim.sample_texts import LARGE, MIDDLE, QUESTION, SMALL


def _fill(home: Path, counts: tuple[int, ...]) -> list[Conversation]:
    """Write conversations of so many turns, each with three stages."""

    async def write() -> list[Conversation]:
        store = Store(home / "data")
        await store.open()
        made = []
        for count in counts:
            conversation = Conversation(new_id(), f"{count} turns", created=1.0, updated=time.time(), turns=count)
            turns: list[Turn] = []
            for number in range(count):
                parent = turns[-1].id if turns else ""
                turns.append(_turn(conversation.id, parent, number))
            conversation.leaf = turns[-1].id
            await store.save([conversation], turns)
            made.append(conversation)
        await store.close()
        return made

    with driving.environment(home, "127.0.0.1:1"):
        return asyncio.run(write())


def _turn(conversation: str, parent: str, number: int) -> Turn:
    stages = []
    for name, text in (("quick", SMALL), ("deep", MIDDLE), ("synthesis", LARGE if number % 3 else SMALL)):
        answer = Answer(f"{name}:7b", text, reason="done", tokens=200, first_token=0.3, started=0.0, ended=1.0)
        for start in range(0, len(text), 5):
            answer.marks.append(len(text[start : start + 5]), 0.8)
        stages.append(StageRecord(name, 0.6, answers=[answer]))
    return Turn(
        new_id(), conversation, parent, f"{QUESTION} ({number})", 1.0 + number, "technical", "moderate",
        "Progressive", reason="done", final_stage="synthesis", stages=stages,
    )  # fmt: skip


def _painted(window: MainWindow) -> bool:
    """Whether the last turn is there, and the text in sight has been filled in and painted."""
    view = window.turns.last_view()
    if view is None or not view.panels[-1].isVisible():
        return False
    texts = view.panels[-1].findChildren(MarkdownView)
    if not texts or not all(text.is_settled() for text in texts):
        return False
    window.turns.viewport().repaint()
    return True


def measure(runs: int = 9) -> list[Row]:
    """Open both in turn; the time is from the click to the last turn being painted whole."""
    times: dict[str, list[float]] = {}
    slices: list[float] = []

    async def drive(window: MainWindow) -> None:
        from mirador_desktop.gui.desk import Desk

        session = next(d.session for d in window.findChildren(Desk))
        await driving.until(lambda: window.sidebar.list.model().rowCount() >= 3)
        for turn in range(runs + 1):
            for conversation in made:
                session.new()
                await driving.settled(window)
                gc.collect()
                begun = time.perf_counter()
                session.open(conversation)
                while not (window.turns.turn_ids and _painted(window)):
                    await driving.tick(0.001)
                opened = time.perf_counter()
                await driving.until(lambda c=conversation: len(window.turns.turn_ids) == c.turns)  # type: ignore[misc]
                await driving.settled(window)
                if turn:
                    times.setdefault(conversation.title, []).append((opened - begun) * 1000)
        await driving.until(lambda: len(window.turns.turn_ids) == 10_000)
        bar = window.turns.verticalScrollBar()
        for step in range(300):
            begun = time.perf_counter()
            bar.setValue(bar.maximum() - step * 900)
            window.turns.viewport().repaint()
            slices.append((time.perf_counter() - begun) * 1000)
            await driving.tick(0.001)

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        made = _fill(home, (10, 10_000))
        driving.run(drive, home, "127.0.0.1:1")
    ten, many = (statistics.median(times[c.title]) for c in made)
    slices.sort()
    p99 = slices[round(len(slices) * 0.99) - 1]
    return [
        Row("opening 10,000 turns", f"{many:.0f} ms", f"10 turns {ten:.0f} ms", many / ten, "≤ 1.5"),
        Row(
            "scrolling 10,000 turns by a page, p50 / p99",
            f"{statistics.median(slices):.1f} / {p99:.1f} ms",
            "one frame 16 ms",
            p99 / 16,
            "≤ 1",
        ),
    ]
