"""The page Hosts with a keyring that takes its time: no token is lost."""

import threading
from pathlib import Path

import keyring.backend
import keyring.core
import pytest
from pytestqt.qtbot import QtBot

from mirador_desktop.settings import HostSettings
from tests.driving import until
from tests.gui.test_hosts_page import SECRET, Shown, run


class _Slow(keyring.backend.KeyringBackend):
    """Takes a token when it is let."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.go_on, self.kept = threading.Event(), dict[str, str]()

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.go_on.wait(10)
        self.kept[username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.kept.pop(username, None)


def test_a_slow_keyring_keeps_the_token_when_another_host_is_opened(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = _Slow()
    monkeypatch.setattr(keyring.core, "_keyring_backend", slow)

    async def work(shown: Shown) -> None:
        shown.open(0)
        shown.enter("hostToken", SECRET)
        shown.open(1)
        await until(lambda: shown.bench.hosts._tokens._lock.locked(), "the keyring")
        slow.go_on.set()
        await until(lambda: shown.bench.hosts.entries()[0].token == "keyring", "the token")
        assert await shown.bench.hosts._tokens.get(shown.bench.hosts.entries()[0].address) == SECRET

    run(tmp_path, qtbot, work, HostSettings("http://127.0.0.1:1"), HostSettings("http://127.0.0.1:2"))
