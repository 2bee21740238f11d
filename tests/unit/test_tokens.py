"""Tokens: in the keyring or for this run only, for one address each, and nowhere in what is shown or written."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.core
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from mirador_desktop.core.engine import EngineKind
from mirador_desktop.core.host import Access, HostKind
from mirador_desktop.engines.host_factory import HostFactory
from mirador_desktop.errors import EngineError
from mirador_desktop.memory import keyring_access
from mirador_desktop.tokens import Tokens
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import ONE_MODEL
from tests.unit.helpers import canned, chat_request, http

HERE = "http://192.0.2.1:8000"
SECRET = "a-token-that-is-secret"


class Memory(KeyringBackend):
    """A keyring that lasts as long as a test."""

    priority = 5.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries: dict[tuple[str, str], str] = {}
        self.hold: threading.Event | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.hold is not None:
            self.hold.wait(20)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    memory = Memory()
    monkeypatch.setattr(keyring.core, "_keyring_backend", memory)
    monkeypatch.setattr(keyring_access, "_hanging", None)
    yield memory
    if memory.hold is not None:
        memory.hold.set()


def test_a_token_is_in_the_keyring_under_its_address(ring: Memory) -> None:
    async def main() -> None:
        tokens = Tokens()
        assert await tokens.get(HERE) == ""
        assert await tokens.put(HERE, SECRET) == tokens.place(HERE) == "keyring"
        assert ring.entries == {("Mirador Desktop", f"host {HERE}"): SECRET}
        assert await tokens.get(HERE) == await Tokens().get(f"{HERE}/v1") == SECRET
        assert await tokens.get("http://192.0.2.2:8000") == ""
        assert SECRET not in repr(tokens)
        await tokens.remove(HERE)
        assert (await tokens.get(HERE), tokens.place(HERE), ring.entries) == ("", "", {})
        await tokens.remove(HERE)

    asyncio.run(main())


def test_without_a_keyring_it_lasts_for_this_run(ring: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", NoKeyring())  # type: ignore[no-untyped-call]

    async def main() -> None:
        tokens = Tokens()
        assert (await tokens.get(HERE), tokens.place(HERE)) == ("", "")
        assert await tokens.put(HERE, SECRET) == "run"
        assert await tokens.get(HERE) == SECRET
        assert await Tokens().get(HERE) == ""

    asyncio.run(main())


def test_a_keyring_that_hangs_keeps_nobody_waiting(ring: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring_access, "KEYRING_SECONDS", 0.05)
    ring.entries["Mirador Desktop", f"host {HERE}"] = SECRET
    ring.hold = threading.Event()

    async def main() -> None:
        tokens = Tokens()
        assert (await tokens.get(HERE), tokens.place(HERE)) == ("", "locked")
        assert await tokens.put("http://192.0.2.2", "other") == "run"
        assert ring.hold is not None
        ring.hold.set()
        ring.hold = None
        hanging = keyring_access._hanging
        assert hanging is not None
        hanging.join(20)
        assert (await tokens.get(HERE), tokens.place(HERE)) == ("", "locked"), "it is left alone for a while"
        assert (await tokens.get(HERE, insist=True), tokens.place(HERE)) == (SECRET, "keyring")

    asyncio.run(main())


# Where a token goes


async def secret() -> str:
    return SECRET


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_a_token_opens_its_host_and_is_written_nowhere(
    kind: HostKind, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "from-the-environment")
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://192.0.2.9/v1")
    monkeypatch.setenv("OPENAI_ORG_ID", "from-the-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Odd: from-the-environment")
    caplog.set_level(logging.DEBUG)
    factory = HostFactory(lambda: 8192)
    with Sim({**ONE_MODEL, "server": {"token": SECRET}}) as sim:
        address = factory.base_address(sim.url, kind)

        async def main() -> None:
            engine = factory.make("host", Access(kind, address), secret)
            assert (await engine.look()).reachable
            assert [chunk async for chunk in engine.chat(chat_request())]
            await engine.close()
            assert SECRET not in repr(engine) + repr(vars(engine))

            async def wrong() -> str:
                return "wrong-and-secret"

            other = factory.make("host", Access(kind, address), wrong)
            state = await other.look()
            assert state.trouble == "denied"
            await other.close()
            found = await factory.test(Access(kind, address), wrong)
            assert found.words == "The token is wrong (401)."

        asyncio.run(main())
        allowed = {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent",
                   "authorization", "transfer-encoding"}  # fmt: skip
        assert all(set(each["headers"]) <= allowed for each in sim.requests())
    assert SECRET not in caplog.text
    assert "wrong-and-secret" not in caplog.text
    assert "Why is my program slow" not in caplog.text, "questions are not logged either"


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_the_environment_gives_no_token_to_a_host_without_one(
    kind: EngineKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "from-the-environment")
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    factory = HostFactory(lambda: 8192)
    with Sim(ONE_MODEL) as sim:
        wanted: HostKind = "openai" if kind == "openai" else "ollama"
        access = Access(wanted, factory.base_address(sim.url, wanted))

        async def none() -> str:
            return ""

        async def main() -> None:
            engine = factory.make("host", access, none)
            assert (await engine.look()).reachable
            assert [chunk async for chunk in engine.chat(chat_request())]
            await engine.close()
            assert (await factory.test(access, none)).good

        asyncio.run(main())
        assert not any("authorization" in each["headers"] for each in sim.requests())


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_no_redirect_takes_a_token_along(kind: HostKind, tmp_path: Path) -> None:
    factory = HostFactory(lambda: 8192)
    with Sim(ONE_MODEL) as elsewhere:

        async def main() -> None:
            leads = http(307, b"", "text/html", f"Location: {elsewhere.url}/api/version")
            paths = ["/api/version", "/api/chat", "/v1/models", "/v1/chat/completions", "/"]
            async with canned(dict.fromkeys(paths, leads)) as url:
                access = Access(kind, factory.base_address(url, kind))
                engine = factory.make("host", access, secret)
                state = await engine.look()
                assert "leads elsewhere (307)" in state.error
                with pytest.raises(EngineError):
                    [chunk async for chunk in engine.chat(chat_request())]
                await engine.close()
                found = await factory.test(access, secret)
                assert found.words == f"It leads to {elsewhere.url}/api/version (307)."

        asyncio.run(main())
        assert elsewhere.requests() == []


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_a_server_that_repeats_the_token_is_not_believed(kind: HostKind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    factory = HostFactory(lambda: 8192)
    says = http(400, b'{"error": "bad token ' + SECRET.encode() + b' given"}')

    async def main() -> None:
        async with canned({"/api/chat": says, "/v1/chat/completions": says, "/api/version": says}) as url:
            engine = factory.make("host", Access(kind, factory.base_address(url, kind)), secret)
            with pytest.raises(EngineError) as caught:
                [chunk async for chunk in engine.chat(chat_request())]
            assert "bad token … given" in str(caught.value)
            await engine.close()

    asyncio.run(main())
    assert SECRET not in caplog.text
