"""Order among conversations: branches, search, deleting and restoring, and a store that cannot be used."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirador_desktop import assistant as module
from mirador_desktop import library
from mirador_desktop.assistant import Ask, Assistant, QuestionAsked
from mirador_desktop.core.events import Event, StreamToken
from mirador_desktop.errors import StoreError
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import LLAMA_3B
from tests.unit.helpers import until
from tests.unit.test_assistant import ECHO, ONE_STAGE, home_in
from tests.unit.test_orchestrator import FAST
from tests.unit.test_store import without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim(FAST) as running:
        running.change({"models": [ECHO]})
        yield running


async def found(assistant: Assistant, text: str) -> list[str]:
    """The conversations that are found for a text."""
    return [each.conversation.id for each in (await assistant.search(text)).conversations]


# Branches


def test_branches_their_order_and_which_is_shown(sim: Sim, tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            assistant = home.assistant
            root = await home.ask("Root?")
            old = await home.ask("Old?", root)
            older = await home.ask("Further?", old)
            new = await home.ask("Edited?", root)
            conversation = await home.conversation(root)
            assert conversation.leaf == new.id
            assert await assistant.siblings(new) == [old.id, new.id]
            assert (new.position, new.siblings) == (2, 2)
            assert await assistant.siblings(old) == [old.id, new.id]
            assert (old.position, old.siblings) == (1, 2)
            assert [t.id for t in await assistant.tail(conversation.leaf, 9)] == [root.id, new.id]
            assert [o.id for o in await assistant.outline(older.id)] == [root.id, old.id, older.id]
            (listed,) = await assistant.conversations()
            assert listed.turns == 2
            await assistant.show_branch(conversation, old.id)
            assert conversation.leaf == older.id
            again = await home.ask("Root?", conversation=conversation.id, parent="")  # regenerate the first
            assert await assistant.siblings(again) == [root.id, again.id]
        async with home_in(tmp_path, sim.url) as home:
            (kept,) = await home.assistant.conversations()
            assert (kept.leaf, kept.turns) == (again.id, 1)
            await home.assistant.show_branch(kept, root.id)
            assert kept.leaf == new.id
            assert [t.question for t in await home.assistant.tail(kept.leaf, 9)] == ["Root?", "Edited?"]
            (turn,) = await home.assistant.turns([old.id])
            assert (turn.position, turn.siblings) == (1, 2)

    asyncio.run(main())


def test_folding_is_remembered(sim: Sim, tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            turn = await home.ask()
            home.assistant.fold(turn, "only", True)
            home.assistant.fold(turn, "other", True)
        async with home_in(tmp_path, sim.url) as home:
            (again,) = await home.assistant.turns([turn.id])
            assert again.stages[0].folded is True

    asyncio.run(main())


# Finding


def test_search_and_the_order_of_the_list(sim: Sim, tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            moon = await home.ask("How far is the moon?")
            sun = await home.ask("How far is the sun?")
            assert [c.id for c in await home.assistant.conversations()] == [sun.conversation, moon.conversation]
            assert await found(home.assistant, "FAR moon") == [moon.conversation]
            await home.ask("And back?", moon)
            assert [c.id for c in await home.assistant.conversations()] == [moon.conversation, sun.conversation]

    asyncio.run(main())


def test_sixty_turns_are_let_go_of_and_found_again(sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            turn = await home.ask("0?", memory=False)
            for number in range(1, 60):
                turn = await home.ask(f"{number}?", turn, memory=False)
            assert await home.keeper.flush()
            last = await home.ask("60?", turn)
            assert last.memories == 12
            kept = home.assistant._session.turns
            assert len(kept) == module._MOST_IN_SESSION + 1
            questions = [f"{n}?" for n in range(61)]
            assert [t.question for t in await home.assistant.tail(last.id, 99)] == questions
            outline = await home.assistant.outline(last.id)
            assert [t.question for t in await home.assistant.turns([o.id for o in outline])] == questions
            assert (await home.assistant.conversations())[0].turns == 61

    asyncio.run(main())


# Deleting


def test_delete_restore_and_purge(sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            assistant = home.assistant
            turn = await home.ask("Secret?")
            conversation = await home.conversation(turn)
            await assistant.delete(conversation)
            assert await assistant.conversations() == []
            assert await found(assistant, "secret") == []
            await assistant.purge()  # not yet: it can still be brought back
            await assistant.restore(conversation)
            assert await assistant.conversations() == [conversation]
            assert [t.question for t in await assistant.tail(conversation.leaf, 9)] == ["Secret?"]
            await home.ask("More?", turn)
            await assistant.delete(conversation)
            monkeypatch.setattr(library, "UNDO_SECONDS", -1.0)
            await assistant.purge()
            await assistant.restore(conversation)
            assert await home.store.conversations() == []

    asyncio.run(main())


@pytest.mark.parametrize("undone", [True, False])
def test_what_still_streams_does_not_bring_a_deleted_conversation_back(
    sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undone: bool
) -> None:
    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            events: list[QuestionAsked | Event] = []
            task = asyncio.create_task(home.assistant.ask(Ask("Why?", pipeline=ONE_STAGE), events.append))
            await until(lambda: any(isinstance(e, StreamToken) for e in events))
            asked = events[0]
            assert isinstance(asked, QuestionAsked)
            await home.assistant.delete(asked.conversation)
            monkeypatch.setattr(library, "UNDO_SECONDS", 10.0 if undone else -1.0)
            await home.assistant.purge()
            if undone:
                await home.assistant.restore(asked.conversation)
            count = len(events)
            await until(lambda: len(events) > count)
            task.cancel()
            await asyncio.wait({task})
            await home.keeper.flush()
        async with home_in(tmp_path, sim.url) as home:
            found = await home.assistant.conversations()
            assert [c.id for c in found] == [asked.conversation.id] * undone
            turns = await home.assistant.tail(asked.turn.id, 1)
            assert [t.final_text for t in turns] == [asked.turn.final_text] * undone

    sim.change({"models": [{**LLAMA_3B, "never_ends": True, "token_seconds": 0.002}]})
    try:
        asyncio.run(main())
    finally:
        sim.change({"models": [ECHO]})


# A store that cannot be used


def test_without_a_store_the_answer_goes_on_and_is_kept_later(sim: Sim, tmp_path: Path) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("a file where the folder should be")

    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            assistant = home.assistant
            first = await home.ask("First?")
            assert first.reason == "done"
            second = await home.ask("Second?", first)
            assert second.memories == 1
            (conversation,) = await assistant.conversations()
            assert home.states[-1] != ""
            assert [t.id for t in await assistant.tail(second.id, 9)] == [first.id, second.id]
            assert await assistant.siblings(second) == [second.id]
            await assistant.show_branch(conversation, first.id)
            assert conversation.leaf == second.id
            assert not assistant.can_start_afresh
            with pytest.raises(StoreError):
                await assistant.search("first")
            with pytest.raises(StoreError):
                await assistant.delete(conversation)
            assert await assistant.conversations() == [conversation], "it could not be deleted"
            blocked.unlink()
            assert await home.keeper.flush()
            assert home.states[-1] == ""
            assert await found(assistant, "second") == [conversation.id]
        async with home_in(tmp_path, sim.url) as home:
            assert [t.question for t in await home.assistant.tail(second.id, 9)] == ["First?", "Second?"]

    asyncio.run(main())


def test_a_kept_conversation_is_continued_without_its_store(sim: Sim, tmp_path: Path) -> None:
    async def main() -> None:
        async with home_in(tmp_path, sim.url) as home:
            first = await home.ask("First?")
        (tmp_path / "data").rename(tmp_path / "aside")
        (tmp_path / "data").write_text("a file where the folder should be")
        async with home_in(tmp_path, sim.url) as home:
            with pytest.raises(StoreError):
                await home.assistant.conversations()
            second = await home.ask("Second?", first)
            assert (second.reason, second.memories) == ("done", 0)

    asyncio.run(main())


def test_a_broken_database_is_set_aside(sim: Sim, tmp_path: Path) -> None:
    async def main() -> str:
        async with home_in(tmp_path, sim.url) as home:
            await home.ask("Before?")
            path = home.store.path
        path.write_bytes(b"no database" * 1000)
        async with home_in(tmp_path, sim.url) as home:
            turn = await home.ask("After?")
            assert not await home.keeper.flush()
            assert home.assistant.can_start_afresh
            aside = await home.assistant.start_afresh()
            assert [c.id for c in await home.assistant.conversations()] == [turn.conversation]
            assert (home.states[-1], home.assistant.can_start_afresh) == ("", False)
            return aside

    assert Path(asyncio.run(main())).read_bytes().startswith(b"no database")
