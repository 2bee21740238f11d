"""Questions asked through the assistant: kept, found again, continued, stopped. Also helpers of its other tests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.assistant import Ask, Assistant, QuestionAsked, title_of
from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.core.events import AnswerFinished, Event, StageFinished, StreamToken
from mirador_desktop.core.stages import ModelStage, Pipeline
from mirador_desktop.errors import StoreError
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.store import Store
from tests.ollama_sim.client import Sim
from tests.ollama_sim.sample_texts import LARGE, SMALL
from tests.ollama_sim.scenarios import LLAMA_3B
from tests.unit.helpers import QUESTION, Machine, checked, until
from tests.unit.test_orchestrator import FAST, SMALL_ONE, fast
from tests.unit.test_store import without_keyring

ONE_STAGE = Pipeline("one", (ModelStage("only", (SMALL_ONE,), 0.6, 400),))
ECHO = fast({**LLAMA_3B, "text": ["one", "two", "three", "four"]})


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim(FAST) as running:
        yield running


@dataclass
class Home:
    """An assistant with all it needs, and what it has told."""

    assistant: Assistant
    keeper: Keeper
    store: Store
    machine: Machine
    states: list[str]
    events: list[QuestionAsked | Event] = field(default_factory=list)

    async def ask(self, question: str = QUESTION, after: Turn | None = None, **more: Any) -> Turn:
        """Ask, after another turn if one is given, and check the events."""
        place = {"conversation": after.conversation, "parent": after.id} if after else {}
        values: dict[str, Any] = {"pipeline": ONE_STAGE, **place, **more}
        self.events = []
        turn = await self.assistant.ask(Ask(question, **values), self.events.append)
        asked, *rest = self.events
        assert isinstance(asked, QuestionAsked)
        assert asked.turn is turn
        checked([event for event in rest if not isinstance(event, QuestionAsked)])
        return turn

    async def conversation(self, turn: Turn) -> Conversation:
        found = await self.assistant.open(turn.conversation)
        assert found is not None
        return found


@asynccontextmanager
async def home_in(folder: Path, url: str) -> AsyncIterator[Home]:
    """Put an assistant together as the program does, its data under `folder`."""
    machine = Machine(url, folder)
    store, states = Store(folder / "data"), list[str]()
    keeper = Keeper(store, states.append)
    assistant = Assistant(machine.registry, machine.orchestrator, store, keeper, machine.registry.ready)
    running = asyncio.create_task(keeper.run())
    with suppress(StoreError):
        await store.open()
    try:
        yield Home(assistant, keeper, store, machine, states)
    finally:
        running.cancel()
        await asyncio.wait({running})
        await keeper.flush()
        await store.close()
        await machine.registry.close()


def messages(sim: Sim) -> list[tuple[str, str]]:
    """What the last request carried besides the role."""
    return [(m["role"], m["content"]) for m in sim.requests("/api/chat")[-1]["body"]["messages"][1:]]


# Asking


def test_an_answer_is_kept_and_a_reopened_store_shows_the_same(sim: Sim, tmp_path: Path) -> None:
    sim.change(FAST)

    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            turn = await home.ask(pipeline=home.assistant.pipelines[0])
            assert (turn.reason, turn.final_stage, turn.final_text) == ("done", "synthesis", LARGE)
            assert (turn.intent, turn.complexity, turn.pipeline, turn.depth) == (
                "technical",
                "simple",
                "Progressive",
                "auto",
            )
            assert [s.threshold for s in turn.stages] == [0.6, 0.85, 0.95]
            assert [len(s.answers) for s in turn.stages] == [1, 2, 1]
            (listed,) = await home.assistant.conversations()
            assert (listed.title, listed.leaf, listed.turns) == (QUESTION, turn.id, 1)
        async with home_in(tmp_path, sim.url) as home:
            (again,) = await home.assistant.conversations()
            assert again == listed
            assert await home.assistant.tail(again.leaf, 5) == [turn]
            assert await home.assistant.turns([turn.id, "none"]) == [turn]
            (outline,) = await home.assistant.outline(again.leaf)
            assert outline.characters == len(QUESTION) + sum(len(a.text) for s in turn.stages for a in s.answers)

    asyncio.run(main())


@pytest.mark.parametrize("reopened", [False, True])
def test_earlier_turns_are_sent_along_with_memory_only(sim: Sim, tmp_path: Path, reopened: bool) -> None:
    sim.change({"models": [ECHO]})

    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            first = await home.ask("First?")
            second = await home.ask("Second?", first)
            assert second.memories == 1
            assert messages(sim) == [("user", "First?"), ("assistant", first.final_text), ("user", "Second?")]
            if not reopened:
                await third(home, second)
        if reopened:
            async with home_in(tmp_path, sim.url) as home:
                await third(home, second)

    async def third(home: Home, second: Turn) -> None:
        turn = await home.ask("Third?", second, memory=False)
        assert turn.memories == 0
        assert messages(sim) == [("user", "Third?")]
        await home.ask("Fourth?", turn)
        assert [text for role, text in messages(sim) if role == "user"] == ["First?", "Second?", "Third?", "Fourth?"]
        (conversation,) = await home.assistant.conversations()
        assert (conversation.title, conversation.turns) == ("First?", 4)

    asyncio.run(main())


def test_a_question_in_a_kept_conversation_leaves_its_title_and_pin(sim: Sim, tmp_path: Path) -> None:
    sim.change({"models": [ECHO]})

    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            first = await home.ask("First?")
            conversation = await home.conversation(first)
            home.assistant.rename(conversation, "My own")
            home.assistant.pin(conversation, True)
        async with home_in(tmp_path, sim.url) as home:
            await home.ask("Second?", first)
            (again,) = await home.assistant.conversations()
            assert (again.title, again.title_by_person, again.pinned) == ("My own", True, True)
            assert again.created == conversation.created

    asyncio.run(main())


def test_nobody_there_is_told_and_kept(tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path, "http://127.0.0.1:1") as home:
            turn = await home.ask("What is the capital of France?", pipeline=home.assistant.pipelines[0])
            assert turn.reason == "failed"
            assert "Start Ollama, then retry." in turn.error
            assert turn.final_text
            assert turn.stages[1].skipped

    asyncio.run(main())


def test_what_is_unexpected_ends_the_answer_with_a_sentence(sim: Sim, tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:

            async def broken() -> None:
                raise RuntimeError("unheard of")

            home.assistant._ready = broken
            events: list[QuestionAsked | Event] = []
            failed = await home.assistant.ask(Ask("Why?"), events.append)
            assert failed.error == "Something unexpected happened: unheard of"
            assert isinstance(events[-1], AnswerFinished)

    asyncio.run(main())


# Stopping


@pytest.mark.parametrize("after", [0, 5])
def test_stopping_keeps_what_was_streamed(sim: Sim, tmp_path: Path, after: int) -> None:
    sim.change({"models": [{**LLAMA_3B, "never_ends": True, "token_seconds": 0.002}]})
    if not after:
        sim.change({"models": [{**LLAMA_3B, "load_seconds": 60}]})
    before = len(sim.requests("/api/chat"))

    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            events: list[QuestionAsked | Event] = []
            task = asyncio.create_task(home.assistant.ask(Ask(QUESTION, pipeline=ONE_STAGE), events.append))
            await until(lambda: len(sim.requests("/api/chat")) > before)
            await until(lambda: sum(isinstance(e, StreamToken) for e in events) >= after)
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()
            last = events[-1]
            assert isinstance(last, AnswerFinished)
            assert last.reason == "stopped"
            assert bool(last.content) == bool(after)
            ended = [e for e in events if isinstance(e, StageFinished)]
            assert {e.reason for e in ended} <= {"stopped"}
            assert bool(ended) or not after
            asked = events[0]
            assert isinstance(asked, QuestionAsked)
            sim.wait_for(lambda seen: seen[-1]["client_closed"] is not None, "/api/chat")
        async with home_in(tmp_path, sim.url) as home:
            (turn,) = await home.assistant.tail(asked.turn.id, 1)
            assert (turn.reason, turn.final_text) == ("stopped", last.content)
            assert (SMALL + " ").startswith(turn.final_text[: len(SMALL)])

    asyncio.run(main())


# Titles


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Why?", "Why?"),
        ("\n\n  ## `Slow` *start*: \nand more", "Slow start"),
        ("", "Untitled"),
        ("***", "Untitled"),
        ("\n \n", "Untitled"),
        ("word " * 30, ("word " * 12).strip() + "…"),
        ("x" * 100, "x" * 59 + "…"),
        ("Fine.", "Fine"),
    ],
)
def test_a_title_is_the_first_line_cut_between_words(question: str, title: str) -> None:
    assert title_of(question) == title


@given(st.text(max_size=200))
def test_every_question_has_a_title(question: str) -> None:
    title = title_of(question)
    assert 0 < len(title) <= 60
    assert len(title.splitlines()) == 1


def test_asking_for_nothing_calls_nobody(sim: Sim, tmp_path: Path) -> None:
    """Reading methods on an empty store."""

    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            assert await home.assistant.conversations() == []
            assert (await home.assistant.search("x")).conversations == ()
            assert await home.assistant.open("none") is None
            assert await home.assistant.tail("none", 3) == []
            assert await home.assistant.outline("") == []

    asyncio.run(main())
