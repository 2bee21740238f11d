"""A library with backups, and a key derivation that takes no time."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.backups import Backups
from mirador_desktop.core.conversation import Conversation, Turn, new_id
from mirador_desktop.library import Library
from mirador_desktop.memory.keeper import Keeper
from mirador_desktop.memory.store import Store
from tests.unit.test_store import without_keyring

PASSPHRASE = "correct horse battery"


@pytest.fixture(autouse=True)
def fast_and_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)
    real = hashlib.scrypt

    def quick(password: bytes, *, n: int, **more: Any) -> bytes:
        assert n == 1 << 17
        return real(password, n=1 << 4, **more)

    monkeypatch.setattr(hashlib, "scrypt", quick)


class Home:
    """A library with backups."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "data")
        self.keeper = Keeper(self.store, lambda state: None)
        self.library = Library(self.store, self.keeper)
        self.backups = Backups(self.library, self.store, self.keeper, folder / "backups")

    async def add(self, question: str) -> Conversation:
        turn = Turn(new_id(), new_id(), question=question, reason="done")
        conversation = Conversation(turn.conversation, question, leaf=turn.id)
        self.keeper.keep(conversation, turn)
        await self.keeper.flush()
        return conversation

    async def titles(self) -> list[str]:
        return sorted(c.title for c in await self.library.conversations())


def at_home(folder: Path, work: Callable[[Home], Awaitable[None]]) -> None:
    async def main() -> None:
        home = Home(folder)
        await home.store.open()
        try:
            await work(home)
        finally:
            await home.keeper.flush()
            await home.store.close()

    asyncio.run(main())
