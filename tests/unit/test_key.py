"""The key of the database: in the keyring where one works, in a file where not, and never made anew."""

import logging
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring.backend
import keyring.core
import pytest
from keyring.errors import KeyringLocked, PasswordDeleteError

from mirador_desktop.errors import StoreKeyMissing
from mirador_desktop.memory import key, keyring_access
from mirador_desktop.memory.key import load_key
from mirador_desktop.memory.keyring_access import SERVICE
from tests.unit.test_store import without_keyring


class Memory(keyring.backend.KeyringBackend):
    """A keyring in memory.

    Attributes:
        error: raised by every call if not None.
        hold: calls wait for it.
    """

    priority = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None
        self.hold = threading.Event()
        self.hold.set()
        self.calls = 0

    def _pass(self) -> None:
        self.calls += 1
        self.hold.wait(20)
        if self.error:
            raise self.error

    def get_password(self, service: str, username: str) -> str | None:
        self._pass()
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._pass()
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._pass()
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    memory = Memory()
    monkeypatch.setattr(keyring.core, "_keyring_backend", memory)
    monkeypatch.setattr(keyring_access, "_hanging", None)
    yield memory
    memory.hold.set()


def load(folder: Path) -> key.Key:
    return load_key(folder, database_exists=False)


def line(folder: Path) -> str:
    return (folder / "mirador.key").read_text()


def test_a_key_in_the_keyring(tmp_path: Path, ring: Memory, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = load(tmp_path)
    assert (made.place, made.notice, len(made.material)) == ("keyring", "", 32)
    ((service, user),) = ring.entries
    assert service == SERVICE
    assert line(tmp_path) == f"keyring {user.removeprefix('database ')}\n"
    assert load_key(tmp_path, database_exists=True) == made
    assert [path.name for path in tmp_path.iterdir()] == ["mirador.key"]
    shown = caplog.text + repr(made) + str(made)
    assert made.material.hex() not in shown
    assert repr(made.material) not in shown


def test_a_key_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)
    made = load(tmp_path)
    assert made.place == "file"
    assert str(tmp_path / "mirador.key") in made.notice
    assert line(tmp_path) == f"raw {made.material.hex()}\n"
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "mirador.key").stat().st_mode) == 0o600
    again = load_key(tmp_path, database_exists=True)
    assert (again.material, again.notice) == (made.material, "")


class Forgetful(Memory):
    def set_password(self, service: str, username: str, password: str) -> None:
        pass


def test_a_keyring_that_forgets_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", Forgetful())
    assert load(tmp_path).place == "file"


def test_a_keyring_that_fails_is_not_used(tmp_path: Path, ring: Memory) -> None:
    ring.error = RuntimeError("no service")
    assert load(tmp_path).place == "file"


def test_a_keyring_that_hangs_is_not_used(tmp_path: Path, ring: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring_access, "KEYRING_SECONDS", 0.05)
    ring.hold.clear()
    assert load(tmp_path).place == "file"
    assert ring.calls == 1
    other = tmp_path / "other"
    other.mkdir()
    assert load(other).place == "file"
    assert ring.calls == 1, "no second thread hangs"
    hanging = keyring_access._hanging
    ring.hold.set()
    assert hanging is not None
    hanging.join(10)
    third = tmp_path / "third"
    third.mkdir()
    monkeypatch.setattr(keyring_access, "KEYRING_SECONDS", 3.0)
    assert load(third).place == "keyring", "once it answers again it is used again"


def test_a_locked_keyring_says_so(tmp_path: Path, ring: Memory) -> None:
    made = load(tmp_path)
    before = line(tmp_path)
    ring.error = KeyringLocked("locked")
    with pytest.raises(StoreKeyMissing, match="Unlock the keyring"):
        load_key(tmp_path, database_exists=True)
    ring.error = None
    assert load_key(tmp_path, database_exists=True) == made
    assert line(tmp_path) == before


def test_a_key_that_is_gone_from_the_keyring(tmp_path: Path, ring: Memory) -> None:
    load(tmp_path)
    before = line(tmp_path)
    ring.entries.clear()
    for exists in (True, False):
        with pytest.raises(StoreKeyMissing, match="has no entry “Mirador Desktop”"):
            load_key(tmp_path, database_exists=exists)
    assert line(tmp_path) == before
    assert not ring.entries


def test_a_key_file_that_is_gone(tmp_path: Path, ring: Memory) -> None:
    with pytest.raises(StoreKeyMissing, match=r"mirador\.key is missing"):
        load_key(tmp_path, database_exists=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "keyring", "raw", "raw 1234", "raw zz", "other 12", "\xff\xfe"])
def test_a_key_file_that_cannot_be_understood(tmp_path: Path, ring: Memory, text: str) -> None:
    (tmp_path / "mirador.key").write_bytes(text.encode("latin-1"))
    with pytest.raises(StoreKeyMissing, match="cannot be understood"):
        load_key(tmp_path, database_exists=True)
    assert line_bytes(tmp_path) == text.encode("latin-1")


def line_bytes(folder: Path) -> bytes:
    return (folder / "mirador.key").read_bytes()


def test_the_key_of_a_faster_process_wins(tmp_path: Path, ring: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = key._keep_in_keyring

    def slow(name: str, material: bytes) -> bool:
        (tmp_path / "mirador.key").write_text("raw " + "ab" * 32)
        return keep(name, material)

    monkeypatch.setattr(key, "_keep_in_keyring", slow)
    assert load(tmp_path).material == bytes.fromhex("ab" * 32)
    assert not ring.entries, "the one that lost leaves nothing in the keyring"
    assert [path.name for path in tmp_path.iterdir()] == ["mirador.key"]


def test_a_file_system_without_hard_links(tmp_path: Path, ring: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("not here")

    monkeypatch.setattr(os, "link", refuse)
    made = load(tmp_path)
    assert load_key(tmp_path, database_exists=True) == made
    assert [path.name for path in tmp_path.iterdir()] == ["mirador.key"]
