"""The door to importing: one transaction, progress, cancelling, what is kept of the person's changes."""

import asyncio
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirador_desktop.core.conversation import Attachment, Conversation, Folder, StageRecord, Turn
from mirador_desktop.errors import ExchangeError
from mirador_desktop.exchanging import Exchange
from mirador_desktop.memory import staging
from mirador_desktop.memory.import_rows import add
from mirador_desktop.memory.store import Store
from tests.unit.exchange_helpers import trees, written
from tests.unit.exchanging_helpers import save, talk, with_exchange
from tests.unit.test_store import without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(trees(), min_size=1, max_size=3, unique_by=lambda tree: tree[0].id))
def test_json_goes_through_the_database_and_comes_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[Conversation, list[Turn]]]
) -> None:
    ids = [turn.id for _, turns in found for turn in turns]
    if len(set(ids)) < len(ids):
        return
    folder = tmp_path_factory.mktemp("round")
    folders = [Folder("f1", "Work"), Folder("f2", "Reports", "f1")]
    (folder / "a.json").write_bytes(written("json", found, folders=folders))

    async def work(exchange: Exchange, store: Store) -> tuple[bytes, bytes]:
        report = await exchange.import_file(folder / "a.json")
        assert (report.conversations, report.turns) == (len(found), len(ids))
        first = io.BytesIO()
        await exchange.export(first, "json")
        (folder / "b.json").write_bytes(first.getvalue())
        again = await exchange.import_file(folder / "b.json")
        assert (again.conversations, again.turns, again.changed) == (0, 0, [])
        assert (again.conversations_known, again.turns_known) == (len(found), len(ids))
        return first.getvalue(), (folder / "b.json").read_bytes()

    async def other(exchange: Exchange, store: Store) -> bytes:
        await exchange.import_file(folder / "b.json")
        out = io.BytesIO()
        await exchange.export(out, "json")
        return out.getvalue()

    data, _ = with_exchange(folder / "one", work)
    assert with_exchange(folder / "two", other) == data
    mine = {c["id"]: c for c in json.loads(data)["conversations"]}
    theirs = {c["id"]: c for c in json.loads(written("json", found, folders=folders))["conversations"]}
    for key, conversation in theirs.items():
        assert sorted(mine[key].pop("turns"), key=_id) == sorted(conversation.pop("turns"), key=_id)
        assert mine[key] == conversation


def _id(turn: dict[str, Any]) -> str:
    return str(turn["id"])


def test_images_are_part_of_it(tmp_path: Path) -> None:
    conversation, turns = talk("a", 1)
    turns[0].attachments = [
        Attachment("p.png", "image/png", 3, data=b"abc"),
        Attachment("t.txt", "text/plain", text="x"),
    ]
    (tmp_path / "a.json").write_bytes(written("json", [(conversation, turns)]))

    async def work(exchange: Exchange, store: Store) -> None:
        await exchange.import_file(tmp_path / "a.json")
        out = io.BytesIO()
        await exchange.export(out, "json")
        assert out.getvalue() == (tmp_path / "a.json").read_bytes()

    with_exchange(tmp_path / "data", work)


def test_broken_input_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(written("json", [talk("a", 300), talk("b")])[:-200])

    async def work(exchange: Exchange, store: Store) -> None:
        with pytest.raises(ExchangeError, match="not JSON that can be read"):
            await exchange.import_file(path)
        assert (await store.counts())[:2] == (0, 0)

    with_exchange(tmp_path / "data", work)


def test_a_cancelled_import_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(written("json", [talk("a", 1500)]))

    async def work(exchange: Exchange, store: Store) -> None:
        reached = asyncio.Event()
        task = asyncio.ensure_future(exchange.import_file(path, lambda done, total: reached.set()))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await store.counts())[:2] == (0, 0)
        assert (await exchange.import_file(path)).turns == 1500

    with_exchange(tmp_path / "data", work)


def test_the_persons_changes_stay_and_new_turns_are_added(tmp_path: Path) -> None:
    conversation, turns = talk("a", 4)
    (tmp_path / "old.json").write_bytes(written("json", [(replace(conversation, leaf=turns[1].id), turns[:2])]))
    (tmp_path / "new.json").write_bytes(written("json", [(replace(conversation, title="Theirs"), turns)]))

    async def work(exchange: Exchange, store: Store) -> None:
        await exchange.import_file(tmp_path / "old.json")
        mine = await store.conversation("a")
        assert mine is not None
        mine.title, mine.title_by_person, mine.tags, mine.pinned = "Mine", True, ["x"], True
        await store.save([mine])
        report = await exchange.import_file(tmp_path / "new.json")
        assert (report.conversations, report.conversations_known) == (0, 1)
        assert (report.turns, report.turns_known, report.changed) == (2, 2, ["a"])
        found = await store.conversation("a")
        assert found is not None
        assert (found.title, found.tags, found.pinned, found.turns) == ("Mine", ["x"], True, 4)
        assert found.leaf == turns[-1].id
        assert found.updated == turns[-1].created

    with_exchange(tmp_path / "data", work)


def test_a_branch_that_the_person_made_stays_the_one_that_is_shown(tmp_path: Path) -> None:
    conversation, turns = talk("a", 3)
    (tmp_path / "new.json").write_bytes(written("json", [(conversation, turns)]))

    async def work(exchange: Exchange, store: Store) -> None:
        mine = Turn("mine", "a", turns[0].id, "My own way", stages=[StageRecord("s")])
        await save(store, (replace(conversation, leaf="mine"), [turns[0], mine]))
        await exchange.import_file(tmp_path / "new.json")
        found = await store.conversation("a")
        assert found is not None
        assert (found.leaf, found.turns) == ("mine", 2)

    with_exchange(tmp_path / "data", work)


def test_an_answer_that_came_since_is_added_to_its_question(tmp_path: Path) -> None:
    conversation, turns = talk("a", 2)
    asked = replace(turns[1], stages=[], final_stage="", reason="stopped")
    (tmp_path / "old.json").write_bytes(written("json", [(conversation, [turns[0], asked])]))
    (tmp_path / "new.json").write_bytes(written("json", [(conversation, turns)]))

    async def work(exchange: Exchange, store: Store) -> None:
        await exchange.import_file(tmp_path / "old.json")
        assert (await exchange.import_file(tmp_path / "new.json")).turns == 1
        (found,) = await store.turns([turns[1].id])
        assert found.final_text == turns[1].final_text
        assert (await exchange.import_file(tmp_path / "old.json")).turns == 0
        assert (await store.turns([turns[1].id]))[0].final_text == turns[1].final_text

    with_exchange(tmp_path / "data", work)


def test_what_was_just_deleted_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(written("json", [talk("a")]))

    async def work(exchange: Exchange, store: Store) -> None:
        await exchange.import_file(path)
        await store.set_deleted(["a"], 1.0)
        report = await exchange.import_file(path)
        assert report.restored == ["a"]
        assert await store.conversation("a") is not None
        await store.set_deleted(["a"], 1.0)
        await store.purge(2.0)
        exchange._keeper.forget("a")
        assert (await exchange.import_file(path)).conversations == 1
        exchange._keeper.keep(turn=Turn("later", "a", question="And then?", reason="done"))
        await exchange._keeper.flush()
        assert await store.turns(["later"]), "what is asked after that is kept"

    with_exchange(tmp_path / "data", work)


def test_a_turn_of_another_conversation_is_left_alone(tmp_path: Path) -> None:
    conversation, turns = talk("a")
    stolen = [replace(turns[0], conversation="b")]
    (tmp_path / "b.json").write_bytes(written("json", [(Conversation("b", "Thief"), stolen)]))

    async def work(exchange: Exchange, store: Store) -> None:
        await save(store, (conversation, turns))
        report = await exchange.import_file(tmp_path / "b.json")
        assert report.left_out == {"turns whose identifier another conversation has": 1}
        assert (await store.turns([turns[0].id]))[0].conversation == "a"

    with_exchange(tmp_path / "data", work)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from("123456"), st.sampled_from(["", "gone", *"123456"]), min_size=1))
def test_circles_and_missing_parents_are_mended(
    tmp_path_factory: pytest.TempPathFactory, parents: dict[str, str]
) -> None:
    turns = [Turn(key, "c", parent, key) for key, parent in parents.items()]

    async def work(exchange: Exchange, store: Store) -> None:
        def write(connection: apsw.Connection) -> int:
            add(connection, [Conversation("c", leaf="1"), *turns])
            return len(list(connection.execute("SELECT 1 FROM turns")))

        assert await store.write(write) == len(turns)
        for turn in await store.turns([t.id for t in turns]):
            assert turn.parent in ("", *parents)
            assert turn.parent == "" or turn.parent == parents[turn.id]
        out = io.BytesIO()
        await exchange.export(out, "json")
        found = json.loads(out.getvalue())["conversations"][0]
        known = {""}
        for each in found["turns"]:
            assert each["parent"] in known
            known.add(each["id"])
        assert known == {"", *parents}
        assert found["leaf"] in known - {""}

    with_exchange(tmp_path_factory.mktemp("data"), work)


def test_folders_of_the_same_name_are_one(tmp_path: Path) -> None:
    conversation, turns = talk("a")
    conversation.folder = "theirs"
    folders = [Folder("theirs", "Work"), Folder("deep", "Deep", "theirs"), Folder("deeper", "Deeper", "deep")]
    data = json.loads(written("json", [(conversation, turns)], folders=folders))
    data["folders"] = [{"id": f.id, "name": f.name, "parent": f.parent} for f in folders]
    (tmp_path / "a.json").write_text(json.dumps(data))

    async def work(exchange: Exchange, store: Store) -> None:
        await store.write(lambda c: c.execute("INSERT INTO folders VALUES ('mine', 'Work', '')").fetchall())
        await exchange.import_file(tmp_path / "a.json")
        found = await store.conversation("a")
        assert found is not None
        assert found.folder == "mine"
        rows = await store.write(lambda c: c.execute("SELECT id, parent FROM folders ORDER BY id").fetchall())
        assert rows == [("deep", "mine"), ("deeper", ""), ("mine", "")]

    with_exchange(tmp_path / "data", work)


def test_reading_the_same_chats_again_adds_nothing(tmp_path: Path) -> None:
    messages = {
        "u": {"id": "u", "role": "user", "content": "Q", "timestamp": 1.7e9, "childrenIds": ["a"]},
        "a": {"id": "a", "parentId": "u", "role": "assistant", "content": "A", "model": "m"},
    }
    chat = {
        "id": "x",
        "title": "T",
        "chat": {"history": {"messages": messages, "currentId": "a"}},
        "created_at": 1.7e9,
    }
    (tmp_path / "a.json").write_text(json.dumps([chat, chat]))

    async def work(exchange: Exchange, store: Store) -> None:
        report = await exchange.import_file(tmp_path / "a.json")
        assert (report.conversations, report.turns, report.conversations_known, report.turns_known) == (1, 1, 1, 1)
        assert (await exchange.import_file(tmp_path / "a.json")).turns == 0

    with_exchange(tmp_path / "data", work)


def test_a_file_is_looked_at_before_anything_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "in.json"
    path.write_bytes(written("json", [talk("a", 45), talk("b", 2)]))
    data = tmp_path / "data"

    async def work(exchange: Exchange, store: Store) -> None:
        looked = await exchange.look(path)
        assert (looked.report.program, looked.conversations, looked.turns) == ("Mirador", 2, 47)
        assert await store.conversations() == []
        other = await exchange.look(path)
        other.close()
        other.close()
        steps: list[tuple[int, int]] = []
        report = await exchange.add(looked, lambda *figures: steps.append(figures))
        assert (report.conversations, report.turns) == (2, 47)
        assert steps[-1] == (49, 49)
        assert len(await store.conversations()) == 2

    with_exchange(data, work)
    assert list(data.glob(".importing-*")) == []


def test_a_look_that_is_cancelled_or_fails_leaves_nothing(tmp_path: Path) -> None:
    path, broken = tmp_path / "in.json", tmp_path / "broken.json"
    data = written("json", [talk("a", 400)])
    path.write_bytes(data)
    broken.write_bytes(data[:-10])
    folder = tmp_path / "data"

    async def work(exchange: Exchange, store: Store) -> None:
        reached = asyncio.Event()
        task = asyncio.ensure_future(exchange.look(path, lambda done, total: reached.set()))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ExchangeError):
            await exchange.look(broken)
        assert await store.conversations() == []

    with_exchange(folder, work)
    assert list(folder.glob(".importing-*")) == []


def test_what_an_import_that_was_killed_has_left_is_deleted(tmp_path: Path) -> None:
    left = tmp_path / f"{staging._NAME}0123.db"
    left.write_bytes(b"left")
    made: staging.Staging[int] = staging.Staging(tmp_path)
    assert not left.exists()
    for number in range(45):
        made.add(number)
    made.end()
    assert list(made.records()) == list(range(45))
    assert all(b"records" not in each.read_bytes() for each in tmp_path.iterdir())
    made.close()
    assert list(tmp_path.iterdir()) == []
