"""Folders, tags, pins, the archive and copies: what changes, what is kept, and that all of it can be undone."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.conversation import Answer, Attachment, Conversation, StageRecord, Turn, new_id
from mirador_desktop.errors import OrderError
from mirador_desktop.library import Library
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.store import Store
from mirador_desktop.order import Order, tags_of
from tests.unit.test_store import without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


class Shelf:
    """A library with an order, and conversations in it."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)
        self.keeper = Keeper(self.store, lambda state: None)
        self.library = Library(self.store, self.keeper)
        self.order = Order(self.library, self.store, self.keeper)

    async def add(self, title: str, questions: int = 1) -> Conversation:
        """A conversation with a chain of turns."""
        conversation, parent = Conversation(new_id(), title, created=1.0, updated=1.0), ""
        turns = []
        for number in range(questions):
            answer = Answer("llama3.2:3b", f"Answer {number}", reason="done")
            answer.marks.append(8, 0.5)
            turns.append(
                Turn(
                    new_id(), conversation.id, parent, f"Question {number}", 2.0, reason="done", final_stage="quick",
                    stages=[StageRecord("quick", 0.5, answers=[answer])],
                    attachments=[Attachment("a.txt", "text/plain", 3, 1, "", "abc")],
                )
            )  # fmt: skip
            parent = turns[-1].id
        conversation.leaf = parent
        await self.store.save([conversation], turns)
        return conversation

    async def stored(self, conversation: Conversation) -> Conversation:
        """What the file says of a conversation."""
        await self.keeper.flush()
        found = await self.store.conversation(conversation.id)
        assert found is not None
        return found


def on_a_shelf(folder: Path, work: Callable[[Shelf], Awaitable[None]]) -> None:
    async def main() -> None:
        shelf = Shelf(folder)
        await shelf.store.open()
        try:
            await work(shelf)
        finally:
            await shelf.keeper.flush()
            await shelf.store.close()

    asyncio.run(main())


def test_folders_hold_conversations_and_give_them_back(tmp_path: Path) -> None:
    async def work(shelf: Shelf) -> None:
        order = shelf.order
        first, second = await shelf.add("First"), await shelf.add("Second")
        upper, _ = await order.add_folder("  Work ")
        lower, _ = await order.add_folder("Letters", upper.id)
        assert [(f.name, f.parent) for f in await order.folders()] == [("Letters", upper.id), ("Work", "")]
        done = await order.move([first.id, second.id, "nobody"], upper)
        assert (done.words, done.count) == ("2 conversations were moved to “Work”", 2)
        assert (await shelf.stored(first)).folder == upper.id
        await order.move([second.id], lower)

        deleted = await order.delete_folder(upper)
        assert [(f.name, f.parent) for f in await order.folders()] == [("Letters", "")]
        assert (await shelf.stored(first)).folder == ""
        assert (await shelf.stored(second)).folder == lower.id
        await deleted.undo()
        assert [(f.name, f.parent) for f in await order.folders()] == [("Letters", upper.id), ("Work", "")]
        assert (await shelf.stored(first)).folder == upper.id

        await (await order.delete_folder(lower)).undo()
        inner = await order.delete_folder(lower)
        assert (await shelf.stored(second)).folder == upper.id  # one up, not out
        await inner.undo()
        assert (await shelf.stored(second)).folder == lower.id

        await order.add_folder("letters")
        again = await order.delete_folder(upper)  # no two of one name side by side
        assert [(f.name, f.parent) for f in await order.folders()] == [("letters", ""), ("Letters 2", "")]
        await again.undo()
        assert ("Letters", upper.id) in [(f.name, f.parent) for f in await order.folders()]
        named = await order.move([first.id], (await order.add_folder("Mum and their garden"))[0])
        assert named.words == "“First” was moved to “Mum and their garden”"

    on_a_shelf(tmp_path, work)


def test_folders_are_nested_once_and_names_are_told_apart(tmp_path: Path) -> None:
    async def work(shelf: Shelf) -> None:
        order = shelf.order
        work, _ = await order.add_folder("Work")
        home, made = await order.add_folder("Home")
        inner, _ = await order.add_folder("Inner", work.id)
        for wrong in (
            order.add_folder(" "),
            order.add_folder("work"),
            order.add_folder("Deeper", inner.id),
            order.move_folder(work, home.id),
            order.add_folder("Lost", "nobody"),
            order.rename_folder(home, "WORK"),
        ):
            with pytest.raises(OrderError, match=r"\.$"):
                await wrong
        moved = await order.move_folder(home, work.id)
        assert {f.name: f.parent for f in await order.folders()}["Home"] == work.id
        await moved.undo()
        renamed = await order.rename_folder(home, "House")
        assert "House" in [f.name for f in await order.folders()]
        await renamed.undo()
        await made.undo()
        assert [f.name for f in await order.folders()] == ["Inner", "Work"]

    on_a_shelf(tmp_path, work)


def test_every_change_of_conversations_can_be_undone(tmp_path: Path) -> None:
    async def work(shelf: Shelf) -> None:
        order = shelf.order
        one, two = await shelf.add("One"), await shelf.add("Two")
        ids = [one.id, two.id]
        before = [await shelf.stored(one), await shelf.stored(two)]
        for change, field, value in (
            (order.pin(ids, True), "pinned", True),
            (order.archive(ids, True), "archived", True),
            (order.remember(ids, False), "memory", False),
            (order.add_tags(ids, ["#Rust", "work, home"]), "tags", ["home", "Rust", "work"]),
        ):
            done = await change
            assert done.count == 2
            assert [getattr(await shelf.stored(c), field) for c in (one, two)] == [value, value]
            await done.undo()
            assert [await shelf.stored(one), await shelf.stored(two)] == before
        renamed = await order.rename(one.id, "  Uno  ")
        found = await shelf.stored(one)
        assert (found.title, found.title_by_person) == ("Uno", True)
        await renamed.undo()
        assert await shelf.stored(one) == before[0]
        assert (await order.rename(one.id, " ")).count == 0
        assert (await order.pin(ids, False)).count == 0

    on_a_shelf(tmp_path, work)


def test_tags_are_added_taken_off_and_counted(tmp_path: Path) -> None:
    async def work(shelf: Shelf) -> None:
        order = shelf.order
        one, two = await shelf.add("One"), await shelf.add("Two")
        await order.add_tags([one.id, two.id], ["rust"])
        await order.add_tags([one.id], ["RUST", "zeta", "Alpha"])
        assert (await shelf.stored(one)).tags == ["Alpha", "rust", "zeta"]
        assert await order.tags() == {"rust": 2, "Alpha": 1, "zeta": 1}
        await order.remove_tags([one.id, two.id], ["Rust"])
        assert (await shelf.stored(one)).tags == ["Alpha", "zeta"]
        await order.delete([one.id])
        assert await order.tags() == {}

    on_a_shelf(tmp_path, work)


@given(st.lists(st.text()))
def test_tags_are_short_words_each_once(names: list[str]) -> None:
    found = tags_of(*names)
    assert found == tags_of(*found)
    assert all(tag and tag == tag.strip() and "," not in tag and len(tag) <= 40 for tag in found)
    assert len({tag.casefold() for tag in found}) == len(found)


def test_many_are_deleted_and_come_back(tmp_path: Path) -> None:
    async def work(shelf: Shelf) -> None:
        ids = [(await shelf.add(f"Number {n}")).id for n in range(5)]
        done = await shelf.order.delete(ids[:4])
        assert done.words == "4 conversations were deleted"
        assert [c.id for c in await shelf.library.conversations()] == ids[4:]
        await done.undo()
        assert {c.id for c in await shelf.library.conversations()} == set(ids)

    on_a_shelf(tmp_path, work)


def test_thousands_are_changed_deleted_and_brought_back_in_parts(tmp_path: Path) -> None:
    async def work(shelf: Shelf) -> None:
        made = [Conversation(new_id(), f"Number {n}", updated=float(n)) for n in range(1200)]
        await shelf.store.save(made)
        ids, order = [c.id for c in made], shelf.order
        tagged = await order.add_tags([*ids, ids[0], "nobody"], ["work"])
        assert tagged.words == "1,200 conversations were tagged"
        assert await order.tags() == {"work": 1200}
        deleted = await order.delete(ids)
        assert await shelf.library.conversations() == []
        await tagged.undo()  # what is deleted stays so
        assert await shelf.library.conversations() == []
        await deleted.undo()
        assert await order.tags() == {"work": 1200}
        await tagged.undo()
        assert await order.tags() == {}
        assert not shelf.keeper.dirty

    on_a_shelf(tmp_path, work)


def test_a_copy_that_has_gone_on_is_not_undone(tmp_path: Path) -> None:
    async def work(shelf: Shelf) -> None:
        made, done = await shelf.order.duplicate((await shelf.add("Source")).id)
        more = Turn(new_id(), made.id, made.leaf, "And then?", 3.0, reason="done")
        made.leaf = more.id
        await shelf.store.save([made], [more])
        with pytest.raises(OrderError, match="has gone on since"):
            await done.undo()
        assert await shelf.library.open(made.id) is made

    on_a_shelf(tmp_path, work)


def test_a_copy_is_the_same_under_other_identifiers(tmp_path: Path) -> None:
    async def work(shelf: Shelf) -> None:
        source = await shelf.add("Source", 4)
        await shelf.order.add_tags([source.id], ["rust"])
        first = (await shelf.store.tail(source.leaf, 9))[0]
        extra = Turn(new_id(), source.id, first.id, "A branch", 2.0, reason="done")
        await shelf.store.save([], [extra])
        copy, done = await shelf.order.duplicate(source.id)
        assert (copy.title, copy.turns, copy.tags) == ("Source (copy)", 4, ["rust"])
        was, now = await shelf.order.tree(source.id), await shelf.order.tree(copy.id)
        place = {key: n for n, (key, *_) in enumerate(was)}
        again = {key: n for n, (key, *_) in enumerate(now)}
        assert not place.keys() & again.keys()
        assert [place.get(parent) for _, parent, *_ in was] == [again.get(parent) for _, parent, *_ in now]
        old, new = await shelf.store.tail(source.leaf, 1), await shelf.store.tail(copy.leaf, 1)
        assert old[0].stages == new[0].stages
        assert old[0].attachments == new[0].attachments
        await done.undo()
        assert [c.id for c in await shelf.library.conversations()] == [source.id]

    on_a_shelf(tmp_path, work)


def test_a_conversation_is_continued_from_a_turn_in_a_new_one(tmp_path: Path) -> None:
    async def work(shelf: Shelf) -> None:
        source = await shelf.add("Source", 4)
        turns = await shelf.store.tail(source.leaf, 4)
        made, _ = await shelf.order.continue_from(turns[1])
        assert [t.question for t in await shelf.store.tail(made.leaf, 9)] == ["Question 0", "Question 1"]
        assert (await shelf.stored(source)).turns == 4
        await shelf.order.delete([source.id])
        with pytest.raises(OrderError, match="does not exist"):
            await shelf.order.duplicate(source.id)

    on_a_shelf(tmp_path, work)
