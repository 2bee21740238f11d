"""Delete everything: the database, its copies and its key are gone, and nothing of it is written anew."""

import asyncio
import os
from pathlib import Path

import keyring.core
import pytest

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.errors import StoreError
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.key import FILE_NAME as KEY_FILE
from mirador_desktop.memory.key import destroy_key
from mirador_desktop.memory.store import Store
from tests.unit.helpers import until
from tests.unit.test_key import Memory
from tests.unit.test_store import chain, with_store, without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


async def fill(store: Store) -> None:
    await store.save([Conversation("c", "title")], chain(3))


def test_what_is_counted_and_remembered(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        conversations, turns, size = await store.counts()
        assert (conversations, turns) == (0, 0)
        assert size > 0
        await fill(store)
        assert (await store.counts())[:2] == (1, 3)
        assert await store.state("pulls") is None
        await store.remember("pulls", [{"name": "a"}])
        await store.remember("pulls", [{"name": "b"}])
        assert await store.state("pulls") == [{"name": "b"}]

    with_store(tmp_path, work)


def test_nothing_is_left_on_the_disk_and_the_next_call_begins_anew(tmp_path: Path) -> None:
    for copy in ("mirador-before-v1.db", "mirador-damaged-2026.db", "mirador-damaged-2026.key"):
        (tmp_path / copy).write_text("old")

    async def work(store: Store) -> None:
        await fill(store)
        before = (tmp_path / KEY_FILE).read_text()
        await store.erase()
        assert os.listdir(tmp_path) == []
        assert (await store.counts())[:2] == (0, 0)
        assert (tmp_path / KEY_FILE).read_text() != before, "it has another key"

    with_store(tmp_path, work)


def test_what_cannot_be_deleted_is_said_and_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(store: Store) -> None:
        await fill(store)
        unlink = Path.unlink

        def held(path: Path, missing_ok: bool = False) -> None:
            if path.suffix == ".db":
                raise PermissionError(13, "held by another program", str(path))
            unlink(path, missing_ok)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", held)
            with pytest.raises(StoreError):
                await store.erase()
        assert not (tmp_path / KEY_FILE).exists()
        assert (tmp_path / "mirador.db").exists()

    with_store(tmp_path, work)


def test_the_key_in_the_keyring_is_deleted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Memory()
    monkeypatch.setattr(keyring.core, "_keyring_backend", ring)

    async def work(store: Store) -> None:
        await fill(store)
        assert len(ring.entries) == 1
        await store.erase()
        assert ring.entries == {}

    with_store(tmp_path, work)
    destroy_key(tmp_path / "nowhere")  # there is none


def test_what_was_still_to_be_written_is_dropped_and_new_things_are_kept(tmp_path: Path) -> None:
    async def main() -> None:
        store, said = Store(tmp_path), list[str]()
        keeper = Keeper(store, said.append)
        again: list[bool] = []
        keeper.on_new_file = lambda: again.append(True)
        await store.open()
        for turn in chain(2):
            keeper.keep(Conversation("c", "title"), turn)
        await keeper.erase()
        await keeper.flush()
        assert (await store.counts())[:2] == (0, 0)
        keeper.keep(Conversation("d", "another"))
        await keeper.flush()
        await until(lambda: not keeper.dirty)
        assert [c.id for c in await store.conversations()] == ["d"]
        assert again == [], "the new file is new on purpose"
        await store.close()

    asyncio.run(main())
