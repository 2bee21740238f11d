"""What was deleted is gone from the index, and anything can be kept and typed."""

import asyncio
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirador_desktop.core.conversation import Answer, Conversation
from mirador_desktop.core.folding import words_of
from mirador_desktop.core.search_query import parse
from mirador_desktop.memory import rows, search, search_index
from mirador_desktop.memory.database import connect
from mirador_desktop.memory.keeper import snapshot
from mirador_desktop.memory.migrations import transaction
from mirador_desktop.memory.store import Store
from tests.unit.search_helpers import (
    check_index,
    hits,
    index,
    keep,
    keys,
    look,
    plain_bytes,
    run,
    turn,
)
from tests.unit.test_store import without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


def test_deleted_words_are_nowhere_in_the_file(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        words = ["xylophone", "quagmire", "zeppelin", "kumquat", "obelisk", "marzipan"]
        secret = turn(
            "s", words[0], words[1], quick=words[2], thinking=words[3], files=((f"{words[4]}.txt", words[4]),)
        )
        others = [turn(f"o{n}", f"word{n} apple", "pear " * 20, when=float(n)) for n in range(40)]
        await keep(store, *others[:20])
        await keep(store, secret, title=words[5])
        await keep(store, *others[20:])
        for word in words:
            assert await keys(store, word) == "s"
            assert word.encode() in plain_bytes(store)
        await store.set_deleted(["s"], 1.0)
        assert await store.purge(2.0) == 1
        left = plain_bytes(store)
        for word in words:
            assert await keys(store, word) == ""
            for part in (word, word[1:], word[:5]):
                assert part.encode() not in left, part
        assert (await look(store, "apple")).turns == 40
        await check_index(store)

    run(tmp_path, work)


def test_an_answer_that_is_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        one = turn("a", "question", "marzipan", files=(("f.txt", "kumquat"),))
        await keep(store, one, turn("b", "other"))
        one.stages[1].answers[0].text = "nougat"
        one.stages[0].answers.append(Answer("m", "second", reason="done"))
        await keep(store, one, indexed=False)
        assert await keys(store, "marzipan") == ""
        assert await keys(store, "nougat second") == "a", "found before it is indexed again"
        await index(store)
        assert await keys(store, "nougat second") == "a"
        await store.write(lambda connection: connection.execute("DELETE FROM attachments").fetchall())
        await index(store)
        assert await keys(store, "kumquat") == ""
        await store.write(lambda connection: connection.execute("DELETE FROM answers").fetchall())
        await index(store)
        assert await keys(store, "nougat") == ""
        for word in (b"marzipan", b"kumquat", b"nougat"):
            assert word not in plain_bytes(store)
        await keep(store, one, title="Another", indexed=False)
        before = await store.read(lambda c: c.execute("SELECT count(*) FROM search_turns").get)
        await index(store)
        await store.save([], [snapshot(one)])  # nothing has changed: it stays indexed
        assert before == await store.read(lambda c: c.execute("SELECT count(*) FROM search_turns").get) - 1
        await check_index(store)

    run(tmp_path, work)


# ── anything can be typed, anything can be kept ────────────────────────────────────────────────────────────

_TEXT = st.text(max_size=40) | st.text(alphabet='ab "-*:()^\x00\ud800é\u0301東京🎉', max_size=20)


def test_anything_that_is_typed_has_an_answer(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await keep(store, turn("a", "a b apple 東京 é", "model before"), turn("b", "\x00 \ud800 ab", "x" * 10_000))

        @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(_TEXT)
        def check(text: str) -> None:
            search.search(connection, parse(text))

        connection = connect(store.path, store._key, read_only=True)
        try:
            check()
            search.search(connection, parse("word " * 2000))
            search.search(connection, parse("x" * 10_000))
            search.search(connection, parse('"' + "a " * 400))
        finally:
            connection.close()

    run(tmp_path, work)


def test_what_is_kept_is_found_by_its_words(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        number = 0

        def example(connection: apsw.Connection, question: str, answer: str) -> None:
            nonlocal number
            number += 1
            one = turn(f"k{number}", question, answer, when=float(number))
            conversation = Conversation(one.conversation)
            with transaction(connection):
                connection.execute(rows.WRITE_CONVERSATION, rows.conversation_row(conversation))
                connection.execute(rows.WRITE_TURN, rows.turn_row(one))
                for place, stage in enumerate(one.stages):
                    connection.execute(rows.WRITE_STAGE, rows.stage_row(one.id, place, stage))
                    connection.execute(rows.WRITE_ANSWER, rows.answer_row(one.id, place, 0, stage.answers[0]))
                search_index.put(connection, one)
                connection.execute("DELETE FROM to_index")
            words = words_of(rows.clean(question) + "\n" + rows.clean(answer)).split()
            for word in words[:4]:
                found = search.search(connection, parse(f'"{word}" '))
                assert one.id in [hit.turn for each in found.conversations for hit in each.hits], word
            with transaction(connection):
                connection.execute("DELETE FROM conversations")

        def work_in_store(connection: apsw.Connection) -> None:
            @settings(max_examples=60, deadline=None)
            @given(_TEXT, _TEXT)
            def check(question: str, answer: str) -> None:
                example(connection, question, answer)

            check()

        await store.write(work_in_store)
        await check_index(store)

    run(tmp_path, work)


def test_a_search_that_is_given_up_is_interrupted(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await keep(store, *(turn("a", f"apple {n}", when=float(n)) for n in range(50)))
        first = asyncio.create_task(look(store, "apple"))
        await asyncio.sleep(0)
        first.cancel()
        assert len(await hits(store, "apple")) == 3
        with pytest.raises(asyncio.CancelledError):
            await first

    run(tmp_path, work)
