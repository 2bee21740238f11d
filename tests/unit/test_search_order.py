"""In which order things are found, how many are shown, and what is not found."""

from pathlib import Path

import pytest

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.memory import search
from mirador_desktop.memory.store import Store
from tests.unit.search_helpers import hits, index, keep, keys, look, run, turn
from tests.unit.test_store import without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


def test_titles_first_then_the_newest_and_no_more_than_fit(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        many = [turn(f"c{n:03}", "apple", when=5000.0 + n) for n in range(60)]
        await keep(store, *many, *(turn("many", f"apple {n}", when=100.0 + n) for n in range(9)))
        await store.save([Conversation("named", "An apple a day", updated=1.0)])
        found = await look(store, "apple")
        assert len(found.conversations) == search.MOST_CONVERSATIONS
        assert found.conversations[0].conversation.id == "named"
        assert found.conversations[0].title_ranges == ((3, 8),)
        assert [each.conversation.id for each in found.conversations[1:4]] == ["c059", "c058", "c057"]
        assert (found.turns, found.more) == (69, False)
        (one,) = (await look(store, "apple before:1970-01-01 ")).conversations or (None,)
        assert one is None
        (only,) = (await look(store, "title many -zzz")).conversations
        assert (only.conversation.id, only.hits, only.title_ranges) == ("many", (), ((0, 5), (6, 10)))
        found = await look(store, '"apple 3" ')
        assert [each.conversation.id for each in found.conversations] == ["many"]

    run(tmp_path, work)


def test_many_titles_leave_room_for_what_was_said(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await store.save([Conversation(f"t{n:02}", f"apple {n}", updated=float(n)) for n in range(40)])
        await keep(store, *(turn(f"c{n}", "apple", when=float(n)) for n in range(5)))
        await keep(store, turn("t25", "apple", when=9.0), title="apple 25", updated=25.0)
        shown = [each.conversation.id for each in (await look(store, "apple")).conversations]
        assert shown[:10] == [f"t{n}" for n in range(39, 29, -1)]
        assert shown[10:16] == ["t25", "c4", "c3", "c2", "c1", "c0"]
        assert shown[16:20] == ["t29", "t28", "t27", "t26"]
        assert len(shown) == len(set(shown)) == search.MOST_CONVERSATIONS
        assert len((await look(store, "in:title apple")).conversations) == search.MOST_CONVERSATIONS

    run(tmp_path, work)


def test_of_very_many_it_is_said_that_there_are_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_ENOUGH", 100)
    monkeypatch.setattr(search, "_MOST_TURNS", 200)

    async def work(store: Store) -> None:
        await keep(store, *(turn("a", "apple", when=float(n)) for n in range(700)))
        found = await look(store, "apple")
        assert found.more
        assert 200 <= found.turns < 700
        assert [hit.created for hit in found.conversations[0].hits] == [699.0, 698.0, 697.0]

    run(tmp_path, work)


def test_turns_of_one_second_and_without_a_date_have_places_of_their_own(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        same = [turn("a", f"apple number{n}", when=0.0) for n in range(150)]
        odd = [turn("b", "apple", when=when) for when in (float("nan"), -5.0, 1e300, 4e9)]
        await keep(store, *same, *odd)
        await index(store)
        found = await look(store, "apple")
        assert found.turns == 154
        for number in (0, 31, 32, 99, 149):
            assert len(await hits(store, f"number{number} ")) == 1

    run(tmp_path, work)


def test_deleted_ones_are_not_found_and_archived_ones_are(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await keep(store, turn("a", "apple"), archived=True)
        await keep(store, turn("b", "apple"))
        await store.set_deleted(["b"], 1.0)
        found = await look(store, "apple")
        assert [(c.conversation.id, c.conversation.archived) for c in found.conversations] == [("a", True)]
        assert found.turns == 1
        assert await keys(store, "title") == "a"
        await store.set_deleted(["b"], None)
        assert sorted(await keys(store, "apple")) == ["a", "b"]

    run(tmp_path, work)


def test_what_is_being_written_and_what_was_renamed_is_found(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        live = turn("a", "apple", "pear so far")
        live.reason = live.stages[1].answers[0].reason = None
        await keep(store, live, indexed=False)
        assert await keys(store, "pear") == "a"
        live.stages[1].answers[0].text += " and plum"
        live.reason = "done"
        await keep(store, live, title="A new name")
        assert await keys(store, "plum") == "a"
        assert await keys(store, "new name") == "a"
        assert await keys(store, "title") == ""

    run(tmp_path, work)


def test_what_waits_for_the_index_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_MOST_WAITING", 5)

    async def work(store: Store) -> None:
        await keep(store, *(turn("a", "apple", when=float(n)) for n in range(12)), indexed=False)
        found = await look(store, "apple")
        assert (found.turns, found.waiting) == (5, 7)
        await index(store)
        found = await look(store, "apple")
        assert (found.turns, found.waiting) == (12, 0)

    run(tmp_path, work)
