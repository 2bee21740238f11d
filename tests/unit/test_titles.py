"""Titles by the quick model: after the first answer, while nothing is answered, and never over another title."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mirador_desktop.titles import Titles
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import LLAMA_3B
from tests.unit.helpers import until
from tests.unit.test_assistant import Home, home_in
from tests.unit.test_orchestrator import FAST, fast
from tests.unit.test_store import without_keyring

TITLED = fast({**LLAMA_3B, "text": "“**Borrowing in Rust**”\nand more"})


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim(FAST) as running:
        running.change({"models": [TITLED]})
        yield running


@dataclass
class Desk:
    """A home with titles, which are asked for at once."""

    home: Home
    titles: Titles
    on: bool = True
    warm: bool = True
    changed: int = 0


@asynccontextmanager
async def desk_in(folder: Path, url: str) -> AsyncIterator[Desk]:
    async with home_in(folder, url) as home:
        await home.machine.registry.look()

        def loaded() -> set[str]:
            return {LLAMA_3B["name"]} if desk.warm else set()

        desk = Desk(home, Titles(home.assistant, home.machine.registry, loaded, lambda: desk.on, pause=0.0))

        def changed() -> None:
            desk.changed += 1

        desk.titles.changed = changed
        running = asyncio.create_task(desk.titles.run())
        try:
            yield desk
        finally:
            running.cancel()
            await asyncio.wait({running})


def title_requests(sim: Sim) -> list[str]:
    bodies = [request["body"] for request in sim.requests("/api/chat")]
    return [body["messages"][-1]["content"] for body in bodies if "title" in body["messages"][0]["content"]]


def test_the_first_answer_gives_a_title_with_question_and_answer_as_data(sim: Sim, tmp_path: Path) -> None:
    async def main() -> None:
        async with desk_in(tmp_path, sim.url) as desk:
            turn = await desk.home.ask("How do I\nborrow?")
            conversation = await desk.home.conversation(turn)
            await until(lambda: desk.changed, "a title")
            assert (conversation.title, conversation.title_by_person) == ("Borrowing in Rust", False)
            asked = title_requests(sim)[-1]
            assert "> How do I\n> borrow?" in asked
            await desk.home.keeper.flush()
            kept = await desk.home.store.conversation(conversation.id)
            assert kept is not None
            assert kept.title == "Borrowing in Rust"
            count = len(title_requests(sim))
            await desk.home.ask("And then?", turn)
            await desk.home.ask("Another one?")
            await until(lambda: desk.changed == 2, "the other title")
            assert len(title_requests(sim)) == count + 1  # none for the second turn

    asyncio.run(main())


@pytest.mark.parametrize("why", ["", "off", "cold", "renamed"])
def test_no_title_where_there_is_none_to_write(sim: Sim, tmp_path: Path, why: str) -> None:
    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            await home.machine.registry.look()
            loaded = set() if why == "cold" else {LLAMA_3B["name"]}
            titles = Titles(home.assistant, home.machine.registry, lambda: loaded, lambda: why != "off")
            turn = await home.ask("How?")
            conversation = await home.conversation(turn)
            if why == "renamed":
                home.assistant.rename(conversation, "Mine")
            before = len(title_requests(sim))
            await titles.write(turn)
            assert conversation.title == {"": "Borrowing in Rust", "renamed": "Mine"}.get(why, "How?")
            assert len(title_requests(sim)) - before == (not why)

    asyncio.run(main())


def test_a_question_comes_before_a_title(sim: Sim, tmp_path: Path) -> None:
    async def main() -> None:
        async with desk_in(tmp_path, sim.url) as desk:
            first = await desk.home.ask("First?")
            answering = asyncio.create_task(desk.home.ask("Second?"))
            await until(lambda: desk.home.assistant.answering, "the second question")
            assert not desk.changed
            second = await answering
            await until(lambda: desk.changed == 2, "both titles")
            for turn in (first, second):
                assert (await desk.home.conversation(turn)).title == "Borrowing in Rust"

    asyncio.run(main())
