"""Recall: the right memories come first, with reasons, within their limits, and none where nothing fits."""

from datetime import datetime
from pathlib import Path

import pytest

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.core.memories import Recalled
from mirador_desktop.core.prompts import CUT
from mirador_desktop.memory import recall_keeping as keeping
from mirador_desktop.memory.recall import MOST_PINNED, TOKENS, Recall, without_names
from mirador_desktop.memory.store import Store
from tests.unit.recall_helpers import DAY, NOW, ids, remember, turn
from tests.unit.test_store import with_store, without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


FILLING = [
    turn(f"f{number}", f"Tell me about {subject}", f"{subject.title()} is a wide subject.", of=f"other{number}")
    for number, subject in enumerate(
        ["cooking rice", "tax returns", "chess openings", "running shoes", "old maps", "bread ovens", "river boats"]
    )
]


async def asked(store: Store, question: str, **arguments: object) -> list[Recalled]:
    return await Recall(store).find(question, now=NOW, **arguments)  # type: ignore[arg-type]


def test_what_shares_rare_words_comes_first_with_reasons(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await remember(
            store,
            turn("a", "Why does the borrow checker of Rust reject this?", "Two mutable borrows are alive at once."),
            *FILLING,
            titles={"c": "Rust"},
        )
        found = await asked(store, "What did we say about the borrow checker in Rust?")
        assert ids(found)[0] == "a"
        assert found[0].memory.title == "Rust"
        assert found[0].memory.answer.startswith("Two mutable")
        assert found[0].why[0].startswith("shares “")
        assert "“rust”" in found[0].why[0]

    with_store(tmp_path, work)


@pytest.mark.parametrize("question", ["hello", "Hello!", "thanks, bye", "ok", "", "?!", "zebra quokka axolotl"])
def test_nothing_is_recalled_where_nothing_fits(tmp_path: Path, question: str) -> None:
    async def work(store: Store) -> None:
        await remember(store, turn("a", "Hello!", "Hello! How can I help you?"), *FILLING)
        assert await asked(store, question) == []

    with_store(tmp_path, work)


def test_an_empty_store_recalls_nothing(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        assert await asked(store, "What about Rust last May?") == []

    with_store(tmp_path, work)


def test_a_reply_is_found_by_what_it_replies_to(tmp_path: Path) -> None:
    """The one that says it does not repeat the words of the question before it."""

    async def work(store: Store) -> None:
        await remember(
            store,
            turn("a", "Which telescope should we get for the observatory?"),
            turn("b", "The Dobsonian with ten inches, because it is cheap.", parent="a", created=NOW + 60),
            turn("z", "The observatory is closed on Mondays.", of="d"),
            *FILLING,
        )
        found = await asked(store, "Which telescope did we choose?")
        assert ids(found)[0] == "b"

    with_store(tmp_path, work)


def test_a_pause_parts_sessions_and_branches_have_their_own_neighbours(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await remember(
            store,
            turn("a", "The saxophone is out of tune."),
            turn("b", "It was dropped by the movers.", parent="a", created=NOW + 60),
            turn("c2", "It was left in the sun.", parent="a", created=NOW + 90),
            turn("d", "It is insured for theft.", parent="b", created=NOW + 10 * 3600),
            *FILLING,
        )
        rows = await store.read(
            lambda connection: connection.execute("SELECT id, before, session, number FROM memories").fetchall()
        )
        by_id = {row[0]: row[1:] for row in rows}
        assert by_id["b"][0] == by_id["c2"][0] == by_id["a"][2]
        assert by_id["d"][0] is None
        assert by_id["d"][1] != by_id["a"][1] == by_id["c2"][1]
        found = ids(await asked(store, "What happened to the saxophone?"))
        assert found[0] == "a"
        assert {"b", "c2"} <= set(found)
        assert "d" not in found

    with_store(tmp_path, work)


def test_times_in_a_question_find_what_was_said_then(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        may = datetime(2026, 5, 12, 12).timestamp()
        await remember(
            store,
            turn("may", "I repaired the bicycle and it took all day.", created=may),
            turn("march", "I repaired the bicycle and it took all day.", created=may - 60 * DAY, of="d"),
            turn("told", "Last Tuesday the lawn was cut.", created=may, of="e"),
            *FILLING,
        )
        now = datetime(2026, 6, 3, 12).timestamp()
        recall = Recall(store)
        found = await recall.find("What did I repair last May?", now=now)
        assert ids(found)[0] == "may"
        assert "asked in May 2026, as the question says" in found[0].why
        found = await recall.find("What did I repair in March?", now=now)
        assert ids(found)[0] == "march"
        assert "may" in ids(await recall.find("What was on 12 May 2026?", now=now))

    with_store(tmp_path, work)


def test_several_speakers_are_told_apart(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        lines = [
            "Ann: I adopted a beagle.",
            "Bob: I adopted a parrot.",
            "Ann: It is loud.",
            "Bob: Hey Ann, mine too.",
        ]
        parents = ["", "t0", "t1", "t2"]
        await remember(
            store,
            *(turn(f"t{n}", line, parent=parents[n], created=NOW + n) for n, line in enumerate(lines)),
            *FILLING,
        )
        assert ids(await asked(store, "What did Bob adopt?"))[0] == "t1"
        found = await asked(store, "What did Ann adopt?")
        assert ids(found)[0] == "t0"
        assert "said by Ann" in found[0].why
        assert await Recall(store).wording("What is Ann's new pet?") == "What is new pet?"

    with_store(tmp_path, work)


def test_limits_of_number_tokens_and_turns_sent_along(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        many = [turn(f"k{n}", f"The kiln number {n} reached heat.", "word " * 20 * n, of=f"c{n}") for n in range(8)]
        await remember(store, *many, *FILLING)
        found = await asked(store, "How hot was the kiln?", k=3)
        assert len(found) == 3
        rest = await asked(store, "How hot was the kiln?", k=8, without=ids(found))
        assert not set(ids(found)) & set(ids(rest))
        few = await asked(store, "How hot was the kiln?", k=8, tokens=100)
        assert few
        assert sum(each.tokens for each in few) <= 100

    with_store(tmp_path, work)


def test_a_long_memory_is_cut_visibly(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await remember(store, turn("a", "Why is the kiln cold?", "Because it is off. " * 5000), *FILLING)
        await remember(store, turn("b", "The kiln is " + "very " * 5000, of="d"))
        found = await asked(store, "What of the cold kiln?")
        assert set(ids(found)) == {"a", "b"}
        for each in found:
            assert each.memory.text.endswith(CUT)
            assert 400 < each.tokens <= TOKENS * 0.4

    with_store(tmp_path, work)


def test_the_same_question_in_another_branch_is_no_memory(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await remember(
            store, turn("a", "Why is the kiln cold?"), turn("b", "Why is the kiln cold?", of="d"), *FILLING
        )
        assert ids(await asked(store, "Why is the kiln cold? ", conversation="c")) == ["b"]
        assert ids(await asked(store, "Why is the kiln cold?")) == ["b"]  # once is enough

    with_store(tmp_path, work)


def test_pinned_memories_come_first_and_are_bounded(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await remember(store, turn("a", "The saxophone is out of tune."), *FILLING)
        for number in range(MOST_PINNED + 2):
            await store.write(lambda c, n=number: keeping.pin(c, [f"f{n}"], True))  # type: ignore[misc]
        found = await asked(store, "What about the saxophone?")
        assert [each.memory.pinned for each in found] == [True] * MOST_PINNED + [False]
        assert found[0].why[0] == "you pinned it"
        assert ids(found)[-1] == "a"
        assert len(await asked(store, "hello")) == MOST_PINNED

    with_store(tmp_path, work)


def test_deleted_conversations_and_those_without_memory_are_not_recalled(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await remember(store, turn("a", "The saxophone is out of tune."), *FILLING)
        await store.set_deleted(["c"], NOW)
        assert await asked(store, "What about the saxophone?") == []
        await store.set_deleted(["c"], None)
        assert ids(await asked(store, "What about the saxophone?")) == ["a"]
        await store.save([Conversation("c", memory=False)])
        assert await asked(store, "What about the saxophone?") == []

    with_store(tmp_path, work)


def test_an_edited_memory_and_a_note_are_found_by_their_text(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await remember(store, turn("a", "The saxophone is out of tune."), *FILLING)
        await store.write(lambda c: keeping.edit(c, "a", "The clarinet is out of tune."))
        note = await store.write(lambda c: keeping.add_note(c, "I work with Rust on weekdays", turn="a"))
        assert await asked(store, "What about the saxophone?") == []
        found = await asked(store, "And the clarinet?")
        assert ids(found) == ["a"]
        assert found[0].memory.edited
        found = await asked(store, "Do I work with Rust?")
        assert ids(found)[0] == note.id
        assert found[0].memory.kind == "note"
        assert found[0].memory.turn == "a"

    with_store(tmp_path, work)


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("Ich habe die größeren Datenbanken nach Zürich verlegt.", "Wohin habe ich die größte Datenbank verlegt?"),
        ("J'ai préféré les cafés de Montréal.", "Quel café est-ce que je préfère ?"),
        ("Я изучаю программирование на языке Раст.", "Что я говорил о программировании?"),
        ("昨日は東京でラーメンを食べました。", "東京で何を食べましたか"),
        ("我喜欢北京的秋天。", "我喜欢北京的什么季节？"),
        ("저는 서울에서 일합니다.", "서울에서 무엇을 합니까?"),
        ("Bu kitapları İstanbul'da aldım.", "İSTANBUL'da hangi kitap?"),
    ],
)
def test_questions_find_what_was_said_in_their_language(tmp_path: Path, said: str, question: str) -> None:
    async def work(store: Store) -> None:
        await remember(store, turn("a", said), *FILLING)
        assert ids(await asked(store, question))[:1] == ["a"]

    with_store(tmp_path, work)


def test_words_that_everything_holds_do_not_stop_a_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirador_desktop.memory.recall_candidates._BUDGET", 3)

    async def work(store: Store) -> None:
        await remember(store, *(turn(f"k{n}", f"The kiln number {n}.", of=f"c{n}") for n in range(8)))
        assert "k7" in ids(await asked(store, "Which kiln?"))

    with_store(tmp_path, work)


def test_names_leave_a_question() -> None:
    assert without_names("When did Ann's dog meet Bob?", ["ann", "bob"]) == "When did dog meet"
    assert without_names("Nothing here", []) == "Nothing here"
