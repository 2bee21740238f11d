"""States of searching: what was found over all conversations, and in the one that is shown."""

import time

from PySide6.QtWidgets import QLineEdit

from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn, new_id
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.memory.store import Store
from tests import driving
from tests.driving import part, settled, until
from tests.ollama_sim.sample_texts import LARGE, MIDDLE, QUESTION, SMALL
from tests.screenshots.state import NOWHERE, State, World

_OTHERS = (
    ("Sweep picking, 30 day plan", "How do I start with sweep picking?", "Start slowly, with a metronome."),
    ("Runway and pricing", "What does a cold start of the market cost?", "Most of it is **time**, not money."),
    ("SQLite WAL checkpointing", "Why does my log grow?", "A reader that never ends holds the checkpoint up."),
)


def _turn(conversation: str, parent: str, question: str, texts: tuple[str, ...], when: float) -> Turn:
    models = ("llama3.2:3b", "qwen2.5:14b", "gemma3:27b")
    stages = [
        StageRecord(name, 0.6, answers=[Answer(model, text, reason="done", tokens=80, first_token=0.3)])
        for name, model, text in zip(("quick", "deep", "synthesis"), models, texts, strict=False)
    ]
    stages[-1].answers[0].thinking = "The imports come first: what starts slowly imports too much."
    stages[-1].answers[0].thinking_seconds = 4.2
    return Turn(
        new_id(), conversation, parent, question, when, "technical", "moderate", "Progressive",
        reason="done", final_stage=stages[-1].name, stages=stages,
    )  # fmt: skip


def _kept(world: World) -> None:
    async def write() -> None:
        store = Store(world.home / "data")
        await store.open()
        now = time.time()
        main = Conversation(new_id(), "Cut cold-start of a Python CLI", created=1.0, updated=now)
        turns: list[Turn] = []
        for number in range(14):
            parent = turns[-1].id if turns else ""
            question = QUESTION if number % 5 == 0 else f"And step {number}?"
            turns.append(_turn(main.id, parent, question, (SMALL, MIDDLE, LARGE), now - 86_400 + number))
        main.leaf = turns[-1].id
        await store.save([main], turns)
        for place, (title, question, text) in enumerate(_OTHERS):
            other = Conversation(new_id(), title, created=1.0, updated=now - 86_400 * (place + 1))
            other.archived = place == 1
            turn = _turn(other.id, "", question, (text,), other.updated)
            other.leaf = turn.id
            await store.save([other], [turn])
        await store.close()

    with driving.environment(world.home, NOWHERE):
        import asyncio

        asyncio.run(write())


async def _type(window: MainWindow, text: str) -> None:
    window.show_sidebar()
    await until(lambda: window.sidebar.list.model().rowCount() > 1, "the conversations")
    window.sidebar.search.setFocus()
    window.sidebar.search.setText(text)
    await until(lambda: window.sidebar.list.shown_text == text, "what is found")
    await settled(window)


async def _hits(window: MainWindow, world: World) -> None:
    await _type(window, "start")
    window.sidebar.list.step(1)


async def _opened(window: MainWindow, world: World) -> None:
    await _type(window, "imports stage:deep")
    for _ in range(3):
        window.sidebar.list.step(1)
    window.sidebar.list.open_current()
    await until(lambda: window.turns.turn_ids, "the turns")
    await driving.tick(0.5)
    await settled(window)


async def _forgiven(window: MainWindow, world: World) -> None:
    await _type(window, "metronome")
    await driving.tick(2)  # only indexed words are compared with what is typed
    await _type(window, "metrnome before:soon")


async def _nothing(window: MainWindow, world: World) -> None:
    await _type(window, "zeppelin model:mistral")


async def _find(window: MainWindow, world: World) -> None:
    from mirador_desktop.gui.desk import Desk

    await _type(window, "cold")
    window.sidebar.list.open_current()
    await until(lambda: window.turns.turn_ids, "the turns")
    window.sidebar.search.clear()
    await settled(window)
    finding = next(d.finding for d in window.findChildren(Desk))
    finding.open_bar()
    part(window, QLineEdit, "findField").setText("import")
    await driving.tick(0.6)
    await until(lambda: finding._finder is not None and not finding._finder.looking, "all places")
    finding.next()
    await driving.tick(0.5)
    await settled(window)


STATES: dict[str, State] = {
    "search-hits": State(_hits, None, _kept),
    "search-hit-opened": State(_opened, None, _kept),
    "search-forgiven": State(_forgiven, None, _kept),
    "search-nothing": State(_nothing, None, _kept),
    "find-in-conversation": State(_find, None, _kept),
}
