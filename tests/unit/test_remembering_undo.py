"""What the person does with memories and takes back: all is as it was before, and what is forgotten is on no disk."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirador_desktop.core.conversation import MemoryUsed
from mirador_desktop.memory import database
from tests.ollama_sim.client import Sim
from tests.unit.remembering_helpers import ANSWERS, BEES, home_in
from tests.unit.test_orchestrator import FAST
from tests.unit.test_store import without_keyring
from tests.unit.test_store_bytes import all_bytes, plainly


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim(FAST) as running:
        running.change({"models": [ANSWERS]})
        yield running


def test_undo_of_always_remember_leaves_what_was_so_before(sim: Sim, tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            first, second = await home.ask(BEES), await home.ask("The roof is painted blue.")
            told: list[str] = []
            home.memories.changed.add(told.extend)
            assert (await home.memories.pin(first.id, True)).words == "It is always remembered now"
            assert (await home.memories.pin(first.id, True)).undo is None, "it was so already"
            both = await home.memories.pin_all([first.id, second.id], True)
            assert both.undo is not None
            await both.undo()
            assert [m.id for m in await home.memories.listed() if m.pinned] == [first.id]
            assert told == [first.id, second.id, second.id]

    asyncio.run(main())


def test_it_is_said_which_are_sent_if_more_are_always_remembered(sim: Sim, tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            texts = ["I keep bees", "I drive a blue car", "My cat is called Mimi", "x " * 50]
            notes = [await home.memories.add_note(text) for text in texts]
            said = [(await home.memories.pin(note.id, True)).words for note in notes]
            assert said[:3] == ["It is always remembered now"] * 3
            assert said[3] == (
                "It is always remembered now. Only 3 of these are sent along, those said last: "
                f"“{'x ' * 19}x…”, “My cat is called Mimi” and “I drive a blue car”"
            )
            sent = [m.id for m in (await home.ask("Hello")).recalled]
            assert sent == [note.id for note in reversed(notes[1:])]

    asyncio.run(main())


def test_all_kinds_are_forgotten_on_disk_and_come_back_by_the_undo(
    sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "connect", plainly)
    monkeypatch.setattr("mirador_desktop.memory.reader.connect", plainly)

    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            said, edited = await home.ask(BEES), await home.ask("The roof is blue.")
            await home.memories.add_note("I play the sesquipedalian bassoon", said.id)
            changed = await home.memories.get(edited.id)
            assert changed is not None
            await home.memories.edit(changed, "It is quixotry.", "")
            await home.memories.pin(said.id, True)
            before = await home.memories.listed()
            used = [MemoryUsed(memory.id) for memory in before]
            await home.memories.describe(used)
            assert [(m.text, m.pinned) for m in used] == [(m.question, m.pinned) for m in before]
            assert b"quixotry" in all_bytes(tmp_path / "data")
            told: list[str] = []
            home.memories.changed.add(told.extend)
            gone = await home.memories.forget(before)
            assert gone.words == "3 memories are forgotten"
            files = all_bytes(tmp_path / "data")
            assert not [word for word in (b"quixotry", b"sesquipedalian") if word in files]
            assert await home.memories.count() == 0
            await home.memories.describe(used)
            assert {(m.kind, m.text) for m in used} == {("", "")}
            assert (await home.memories.forget(before)).words == "It does not exist any more"
            assert gone.undo is not None
            await gone.undo()
            assert await home.memories.listed() == before
            assert len(told) == 9

    asyncio.run(main())
