"""What the index of memories holds, and what is gone from it."""

from pathlib import Path

import pytest

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.memory import database, vectors
from mirador_desktop.memory import recall_keeping as keeping
from mirador_desktop.memory.recall import Recall
from mirador_desktop.memory.recall_index import speaker_in
from mirador_desktop.memory.store import Store
from tests.unit.recall_helpers import NOW, ids, index, remember, turn
from tests.unit.test_store import with_store, without_keyring
from tests.unit.test_store_bytes import all_bytes, plainly


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


async def numbers(store: Store) -> dict[str, int]:
    found = await store.read(lambda c: c.execute("SELECT id, number FROM memories").fetchall())
    return {str(key): int(str(number)) for key, number in found}


def test_putting_a_turn_again_replaces_it_and_keeps_what_the_person_did(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await remember(store, turn("a", "The saxophone is out of tune."))
        await store.write(lambda c: keeping.pin(c, ["a"], True))
        (number,) = (await numbers(store)).values()
        await store.write(lambda c: vectors.put(c, "m", [(number, [[1.0, 2.0]])]))
        await index(store, ["a"])
        assert await store.read(lambda c: vectors.counted(c, "m")) == (1, 1)
        await remember(store, turn("a", "The clarinet is out of tune."))
        assert await numbers(store) == {"a": number}
        assert await store.read(lambda c: vectors.counted(c, "m")) == (0, 1)
        memory = await store.read(lambda c: keeping.get(c, "a"))
        assert memory is not None
        assert memory.pinned
        assert "clarinet" in memory.text

    with_store(tmp_path, work)


def test_an_earlier_turn_that_is_indexed_later_is_linked(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        turns = [turn(f"t{n}", f"word{n}", parent=f"t{n - 1}" if n else "", created=NOW + n) for n in range(4)]
        await store.save([Conversation("c")], turns)
        await index(store, ["t3", "t1", "t2", "t0"])
        found = await store.read(lambda c: c.execute("SELECT id, before, session FROM memories").fetchall())
        by_id = {row[0]: row[1:] for row in found}
        known = await numbers(store)
        assert [by_id[f"t{n}"][0] for n in range(4)] == [None, known["t0"], known["t1"], known["t2"]]
        assert {row[1] for row in by_id.values()} == {known["t0"]}

    with_store(tmp_path, work)


def test_forgotten_turns_stay_forgotten_until_the_person_wants_them(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await remember(store, turn("a", "The saxophone."), turn("b", "The clarinet.", parent="a"))
        kept = await store.write(lambda c: keeping.forget(c, ["a", "nothing"]))
        assert [each.id for each in kept] == ["a"]
        await index(store, ["a", "b"])
        assert list(await numbers(store)) == ["b"]
        await store.write(lambda c: keeping.bring_back(c, kept))
        found = await numbers(store)
        assert set(found) == {"a", "b"}
        before = await store.read(lambda c: c.execute("SELECT before FROM memories WHERE id = 'b'").get)
        assert before == found["a"], "what followed it does so again"
        await index(store, ["a"])
        assert set(await numbers(store)) == {"a", "b"}

    with_store(tmp_path, work)


def test_what_is_brought_back_is_as_it_was(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await remember(store, turn("a", "The saxophone."), turn("b", "The clarinet."), turn("c", "The oboe."))
        note = await store.write(lambda c: keeping.add_note(c, "I play the bassoon", turn="b"))
        await store.write(lambda c: keeping.edit(c, "b", "The trombone.", "It is in tune."))
        assert await store.write(lambda c: keeping.pin(c, ["a", note.id, "nothing"], True)) == ["a", note.id]
        assert await store.write(lambda c: keeping.pin(c, ["a"], True)) == [], "it was so already"
        before = await store.read(keeping.listed)
        kept = await store.write(lambda c: keeping.forget(c, ["a", "b", "c", note.id]))
        assert await store.read(keeping.listed) == []
        await store.write(lambda c: c.execute("DELETE FROM turns WHERE id = 'c'").fetchall())
        for _ in range(2):  # twice is as once
            await store.write(lambda c: keeping.bring_back(c, kept))
        after = await store.read(keeping.listed)
        assert {memory.id: memory for memory in after} == {m.id: m for m in before if m.id != "c"}
        for words, number in (("trombone", 1), ("bassoon", 1), ("saxophone", 1), ("clarinet", 0), ("oboe", 0)):
            assert await store.read(lambda c, w=words: keeping.count(c, w)) == number, words  # type: ignore[misc]

    with_store(tmp_path, work)


def test_memory_of_a_conversation_goes_and_comes_back(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await remember(store, turn("a", "The saxophone."))
        await store.write(lambda c: c.execute("DELETE FROM to_index").fetchall())
        await store.save([Conversation("c", memory=False)])
        assert await numbers(store) == {}
        await index(store, ["a"])
        assert await numbers(store) == {}
        await store.save([Conversation("c", memory=True)])
        assert await store.read(lambda c: c.execute("SELECT turn FROM to_index").fetchall()) == [("a",)]

    with_store(tmp_path, work)


@pytest.mark.parametrize("how", ["conversation", "forget", "edit", "note"])
def test_no_byte_of_deleted_words_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """In no file: not in the table, not in the index, not in the vocabulary, not in the log."""
    monkeypatch.setattr(database, "connect", plainly)
    monkeypatch.setattr("mirador_desktop.memory.reader.connect", plainly)

    async def work(store: Store) -> None:
        others = [turn(f"o{n}", f"plainword{n} and clarinets", of="other") for n in range(40)]
        await remember(store, turn("a", "quixotry", "zymurgists"), *others)
        note = await store.write(lambda c: keeping.add_note(c, "sesquipedalian"))
        known = await numbers(store)
        await store.write(lambda c: vectors.put(c, "m", [(known["a"], [list(map(float, b"VECTORBYTES"))])]))
        packed = vectors.packed(list(map(float, b"VECTORBYTES")))
        assert packed in all_bytes(tmp_path)
        if how == "conversation":
            await store.set_deleted(["c"], 1.0)
            await store.purge(2.0)
        elif how == "forget":
            await store.write(lambda c: keeping.forget(c, ["a"]))
        elif how == "edit":
            await store.write(lambda c: keeping.edit(c, "a", "harmless"))
        else:
            await store.write(lambda c: keeping.forget(c, [note.id]))
        await store.write(database.checkpoint)
        after = all_bytes(tmp_path)
        gone = [b"sesquipedalian", b"sesquipedal"] if how == "note" else [b"zymurgist ", b"quixotri"]
        if how == "conversation":
            gone += [b"quixotry", b"zymurgist"]
        if how != "note":
            gone.append(packed)
        assert not [word for word in gone if word in after]
        assert b"plainword7" in after

    with_store(tmp_path, work)


_COUNTED = {"datab": 5, "Database": 5, "city 2": 1, "GROSSE": 1, "nowhere": 0, "": 5, "?": 0}


def test_the_list_searches_orders_and_counts(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        turns = [turn(f"t{n}", f"The databases of city {n}", "Fine.", created=NOW + n, of=f"c{n}") for n in range(5)]
        await remember(store, *turns, titles={"c3": "Größe und Ärger"})
        await store.write(lambda c: keeping.pin(c, ["t1"], True))
        listed = await store.read(lambda c: keeping.listed(c, limit=2))
        assert [each.id for each in listed] == ["t4", "t3"]
        assert [m.id for m in await store.read(lambda c: keeping.listed(c, limit=2, offset=4))] == ["t0"]
        assert [m.id for m in await store.read(lambda c: keeping.listed(c, order="pinned", limit=1))] == ["t1"]
        assert [m.id for m in await store.read(lambda c: keeping.listed(c, order="oldest", limit=1))] == ["t0"]
        for text, number in _COUNTED.items():
            assert await store.read(lambda c, t=text: keeping.count(c, t)) == number, text  # type: ignore[misc]
            found = await store.read(lambda c, t=text: keeping.listed(c, t))  # type: ignore[misc]
            assert len(found) == number

    with_store(tmp_path, work)


def test_notes_have_text_and_are_kept_once(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        note = await store.write(lambda c: keeping.add_note(c, " I work with Rust "))
        again = await store.write(lambda c: keeping.add_note(c, "I work with Rust"))
        assert (note.id, note.question) == (again.id, "I work with Rust")
        for wrong in ("", " ", "x" * 5000):
            with pytest.raises(ValueError, match="A note has"):
                await store.write(lambda c, w=wrong: keeping.add_note(c, w))  # type: ignore[misc]
        with pytest.raises(ValueError, match="cannot be kept"):
            await store.write(lambda c: keeping.edit(c, note.id, " "))
        assert ids(await Recall(store).find("Do I work with Rust?")) == [note.id]

    with_store(tmp_path, work)


def test_labels_of_speakers() -> None:
    assert speaker_in("Ann: hello") == ("ann", "hello")
    assert speaker_in("Ann Smith: hello: there") == ("ann smith", "hello: there")
    for text in ("hello: there", "https://example.com", "Ann:hello", "A long line of Words: x", "", "12: x"):
        assert speaker_in(text) == ("", text)
