"""Memory in the program: what is done with one is seen in all turns, is taken back whole, and notes are offered."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton, QWidget

from mirador_desktop.core.conversation import Answer, Conversation, MemoryUsed, StageRecord, Turn, new_id
from mirador_desktop.gui.desk import Desk
from mirador_desktop.gui.folder_acts import Act
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.memories_used import MemoryRow
from mirador_desktop.gui.settings.memories_panel import MemoriesPanel
from mirador_desktop.memory.store import Store
from mirador_desktop.remembering import Memories
from tests import driving
from tests.driving import answered, last, part, send, settled, until
from tests.gui.ordering_helpers import NOWHERE, Program
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim

BEES = "I keep seven beehives on the roof in Ghent. What do they need?"
WHERE = "What is on the roof beside my beehives?"
AGAIN = "Which beehives are on the roof in Ghent?"


def desk_of(window: MainWindow) -> Desk:
    return next(child for child in window.children() if isinstance(child, Desk))


def memories_of(window: MainWindow) -> Memories:
    return desk_of(window)._doors.memories


def row_of(window: MainWindow, identifier: str) -> MemoryRow:
    return next(row for row in window.inspector.memories.rows if row.memory.id == identifier)


def offers(window: MainWindow) -> list[str]:
    view = window.turns.last_view()
    found = view.findChildren(QWidget, "noteOffer") if view is not None else []
    return [offer.accessibleName() for offer in found if not offer.isHidden()]


def header(window: MainWindow, turn: str) -> str:
    view = window.turns.view_of(turn)
    assert view is not None
    return part(view, QPushButton, "showMemories").text()


async def said(window: MainWindow, words: str) -> None:
    await until(lambda: words in window.toast.words.text(), f"“{words}”, not “{window.toast.words.text()}”")


def quiet(window: MainWindow) -> None:
    """No message is shown any more, and none that was covered comes back."""
    window.toast._later.clear()
    window.toast._next()
    window.toast.words.clear()


async def anew(window: MainWindow) -> None:
    window.sidebar.new.emit()
    await until(lambda: not window.turns.turn_ids, "a new conversation")


async def remembered(window: MainWindow, question: str) -> str:
    """Ask it in a conversation of its own, and wait until it is a memory; its identifier."""
    await anew(window)
    turn = await send(window, question)
    await answered(window)
    while await memories_of(window).get(turn.id) is None:
        await driving.tick()
    return turn.id


async def _one_memory_in_two_turns(window: MainWindow) -> str:
    bees = await remembered(window, BEES)
    await anew(window)
    for number, question in enumerate((WHERE, AGAIN), 1):
        await send(window, question)
        assert bees in [m.id for m in (await answered(window, number)).recalled]
    return bees


async def _forgotten_in_all_turns_and_back(window: MainWindow) -> None:
    bees = await _one_memory_in_two_turns(window)
    first, second = window.turns.turn_ids
    assert header(window, first) == header(window, second) == "1 memory used"
    learned = desk_of(window)._doors.memories._store
    row_of(window, bees).acted.emit("forget")
    await said(window, "forgotten")
    await until(lambda: row_of(window, bees).gone and not header(window, first), "both turns without it")
    assert not header(window, second)
    assert await learned.state("recall choices") is None, "it was recalled alone, so there is nothing to compare"
    window.toast.button.click()
    await until(lambda: not row_of(window, bees).gone and header(window, first), "both turns with it")
    assert row_of(window, bees).text_words().startswith("I keep seven beehives")


async def _forgotten_elsewhere(window: MainWindow) -> None:
    bees = last(window).recalled[0].id
    memory = await memories_of(window).get(bees)
    assert memory is not None
    before = replace(row_of(window, bees).memory)
    gone = await memories_of(window).forget([memory])  # as from the list of all
    for action in ("pin", "leave out", "forget"):
        window.inspector.memories.acted.emit(action, before)  # as from a menu that was open meanwhile
        await said(window, "This memory does not exist any more")
        quiet(window)
    await until(lambda: row_of(window, bees).gone, "its row")
    shown = desk_of(window).session.current
    await anew(window)
    desk_of(window).session.open(next(c for c in window.sidebar.list.conversations if c.id == shown))
    await until(lambda: window.turns.turn_ids, "the conversation again")
    await until(lambda: row_of(window, bees).gone, "its row again")
    assert gone.undo is not None
    await gone.undo()
    await until(lambda: not row_of(window, bees).gone, "it back")


async def _its_conversation_deleted_and_back(window: MainWindow) -> None:
    memory = last(window).recalled[0]
    desk_of(window).ordering.do(Act("delete", (memory.conversation,)))
    await until(lambda: row_of(window, memory.id).gone, "its row")
    desk_of(window).ordering.undo()
    await until(lambda: not row_of(window, memory.id).gone, "it back")


async def _always_and_no_longer(window: MainWindow) -> None:
    bees = last(window).recalled[0].id

    async def chosen(words: str) -> None:
        menu = row_of(window, bees).menu(row_of(window, bees).rect().center())
        next(action for action in menu.actions() if action.text() == words).trigger()
        menu.close()

    await chosen("Always remember it")
    await said(window, "It is always remembered now")
    await until(lambda: row_of(window, bees).memory.pinned, "the mark")
    await chosen("No longer always remember it")
    await said(window, "no longer always")
    window.toast.button.click()
    await until(lambda: row_of(window, bees).memory.pinned, "it as before")
    await memories_of(window).pin(bees, False)


async def _what_is_learned_goes_with_the_undo(window: MainWindow) -> None:
    await remembered(window, "Are the beehives on the roof in Ghent painted blue?")
    store = memories_of(window)._store
    await anew(window)
    await send(window, AGAIN)
    recalled = (await answered(window)).recalled
    assert len(recalled) > 1
    other = recalled[-1].id
    for action, words in (("leave out", "not used"), ("pin", "always remembered now"), ("forget", "forgotten")):
        quiet(window)
        row_of(window, other).acted.emit(action)
        await said(window, words)
        assert await store.state("recall choices")
        window.toast.button.click()
        while await store.state("recall choices"):
            await driving.tick()
        await until(lambda: not row_of(window, other).gone, "the row")
    memory = await memories_of(window).get(other)
    assert memory is not None
    assert not memory.pinned


async def _a_note_is_shown_where_it_stands(window: MainWindow) -> None:
    await memories_of(window).add_note("My beehives on the roof are called Ann and Bo")
    origin = await remembered(window, "Who cares for the beehives on the roof?")
    await memories_of(window).add_note("I care for the beehives on the roof of my aunt", origin)
    await anew(window)
    await send(window, "What are my beehives on the roof called, and whose are those of my aunt?")
    await answered(window)
    notes = {row.memory.turn: row for row in window.inspector.memories.rows if row.memory.kind == "note"}
    notes[""].click()
    await until(lambda: window.findChildren(MemoriesPanel), "the list")
    panel = window.findChild(MemoriesPanel)
    assert panel is not None
    await until(lambda: panel.list.chosen and panel.list.hasFocus(), "the note in it")
    assert [memory.question for memory in panel.list.chosen] == ["My beehives on the roof are called Ann and Bo"]
    panel.reject()
    notes[origin].click()
    await until(lambda: window.turns.turn_ids and last(window).id == origin, "where it was said")


async def _offered_only_with_memory_and_until_answered(window: MainWindow) -> None:
    await anew(window)
    part(window, QPushButton, "memorySwitch").click()
    await send(window, "I work as a plumber. What tools do I need?")
    await answered(window)
    part(window, QPushButton, "memorySwitch").click()
    await send(window, "I live in Bruges. I speak Dutch at home. Where is the market?")
    await answered(window, 2)
    await until(lambda: len(offers(window)) == 2, "two offers")
    with_offers = desk_of(window).session.conversation
    assert with_offers is not None
    await anew(window)
    desk_of(window).session.open(with_offers)
    await until(lambda: len(offers(window)) == 2, "the same offers")
    await settled(window)
    part(window, QPushButton, "keepNote").click()
    await said(window, "Kept: “I live in Bruges”")
    assert len(offers(window)) == 1
    window.toast.button.click()
    await until(lambda: len(offers(window)) == 2, "the offer again")
    notes = [m.question for m in await memories_of(window).listed() if m.kind == "note"]
    assert "I live in Bruges" not in notes
    desk_of(window).ordering.do(Act("remember", (with_offers.id,), value=False))
    await until(lambda: not with_offers.memory, "memory to be off")
    await send(window, "I am allergic to nuts. What is there to eat?")
    await answered(window, 3)
    assert offers(window) == []


STEPS: dict[str, tuple[Callable[[MainWindow], Awaitable[None]], ...]] = {
    "memories": (
        _forgotten_in_all_turns_and_back,
        _forgotten_elsewhere,
        _its_conversation_deleted_and_back,
        _always_and_no_longer,
        _what_is_learned_goes_with_the_undo,
    ),
    "notes": (_a_note_is_shown_where_it_stands, _offered_only_with_memory_and_until_answered),
}


@pytest.mark.parametrize("what", STEPS)
def test_what_is_done_with(what: str, tmp_path: Path) -> None:
    done = []

    async def drive(window: MainWindow) -> None:
        window.resize(1320, 860)
        for step in STEPS[what]:
            await step(window)
            done.append(step)

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert len(done) == len(STEPS[what])


LONG = 48


def long_conversation(home: Path) -> None:
    """Keep a conversation of `LONG` turns with two memories each that do not exist any more."""

    async def write() -> None:
        store = Store(home / "data")
        await store.open()
        made, turns = Conversation(new_id(), "Long", created=1.0, updated=2.0), list[Turn]()
        for number in range(LONG):
            stages = [StageRecord("quick", answers=[Answer("m", "text\n\n" * 9, reason="done")])]
            used = [MemoryUsed(f"{number}-{each}", "pinned", 5) for each in "ab"]
            turn = Turn(new_id(), made.id, made.leaf, f"{number}?", 1.0, reason="done", stages=stages, recalled=used)
            turn.final_stage, made.leaf = "quick", turn.id
            turns.append(turn)
        await store.save([made], turns)
        await store.close()

    with driving.environment(home, NOWHERE):
        asyncio.run(write())


def test_memories_of_a_turn_are_read_once_for_a_change_and_only_near_what_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_conversation(tmp_path)
    calls: list[list[str]] = []

    async def drive(window: MainWindow) -> None:
        session, memories, view = desk_of(window).session, memories_of(window), window.turns
        describe = memories.describe

        async def counted(used: Sequence[MemoryUsed]) -> None:
            calls.append([memory.id for memory in used])
            await describe(used)

        async def read() -> None:
            await settled(window)
            await until(lambda: not session._tasks.runs("describe memories"), "the end of reading")

        async def scrolled(places: Sequence[int]) -> None:
            for place in places:
                view.show_turn(view.turn_ids[place])
                await read()

        monkeypatch.setattr(memories, "describe", counted)
        await until(lambda: window.sidebar.list.conversations, "the list")
        await Program(window).open("Long")
        await until(lambda: len(view.turn_ids) == LONG, "all turns")
        await scrolled(range(0, LONG, 4))
        await scrolled([LONG - 1])
        assert not calls, "what was just read is known"

        await session.list_now()
        await read()
        assert len(calls) == 1, "those that have views, together"
        assert f"{LONG - 1}-a" in calls[0]
        assert len(calls[0]) < LONG, "not all that are loaded"
        await scrolled(range(0, LONG, 4))
        await scrolled(range(LONG - 1, -1, -9))
        times = Counter(memory for call in calls for memory in call)
        assert len(times) == 2 * LONG
        assert set(times.values()) == {1}, "once for the one change"
        assert len(calls) < LONG, "views that are made together are one call"

        calls.clear()
        memories.changed.tell(["0-a", "20-a", "21-b"])
        await read()
        await scrolled(range(0, LONG, 4))
        assert sorted(memory for call in calls for memory in call) == ["0-a", "0-b", "20-a", "20-b", "21-a", "21-b"]

    assert driving.run(drive, tmp_path, NOWHERE) == 0
    assert calls
