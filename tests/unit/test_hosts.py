"""The door of the hosts: settings become engines and stay in step with them while the program runs."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import keyring.core
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from mirador_desktop.core.host import Certificate
from mirador_desktop.engines.guide import Guide
from mirador_desktop.engines.host_factory import HostFactory
from mirador_desktop.engines.registry import Registry
from mirador_desktop.hosts import Hosts
from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import HostSettings, Settings, load
from mirador_desktop.tokens import Tokens
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import LLAMA_3B, MISTRAL_7B, ONE_MODEL
from tests.unit.engine_helpers import first_piece
from tests.unit.helpers import chat_request, until


class Bench:
    """Hosts, registry and settings, as the program puts them together."""

    def __init__(self, folder: Path, *hosts: HostSettings, **environment: str) -> None:
        self.file = folder / "settings.toml"
        self.preferences = Preferences(self.file, Settings(hosts=hosts))
        self.tokens = Tokens()
        factory = HostFactory(lambda: self.preferences.current.num_ctx)
        self.hosts = Hosts(self.preferences, factory, self.tokens, environment)
        self.registry = Registry(self.hosts.engines(), Guide(folder), lambda: 0)
        self.hosts.attach(self.registry)

    @property
    def names(self) -> list[str]:
        return [engine.name for engine in self.registry.engines]

    async def close(self) -> None:
        await self.registry.close()
        self.preferences.close()


def run(
    folder: Path, work: Callable[[Bench], Coroutine[Any, Any, None]], *hosts: HostSettings, **environment: str
) -> None:
    async def main() -> None:
        bench = Bench(folder, *hosts, **environment)
        try:
            await work(bench)
        finally:
            await bench.close()

    asyncio.run(main())


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", NoKeyring())  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim(ONE_MODEL) as running:
        yield running


def test_without_hosts_it_is_ollama_host_else_this_computer(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        (entry,) = bench.hosts.entries()
        assert (entry.name, entry.address, entry.given) == ("this computer", "http://127.0.0.1:11434", False)
        bench.hosts.change(0, name="Mine")
        (entry,) = bench.hosts.entries()
        assert (entry.name, entry.settings.address, entry.given) == ("Mine", "127.0.0.1:11434", True)

    run(tmp_path, work)

    async def other(bench: Bench) -> None:
        assert bench.names == ["192.0.2.7:11434"]
        assert bench.hosts.entries()[0].problem == ""
        assert bench.hosts.add(HostSettings("10.0.0.1")) == 1
        assert bench.names == ["192.0.2.7:11434", "10.0.0.1:11434"]
        assert "user" not in str(bench.preferences.current.hosts)

    run(tmp_path, other, OLLAMA_HOST="user:pass@192.0.2.7")


def test_names_are_unique_and_wrong_hosts_are_not_used(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        entries = bench.hosts.entries()
        assert len({e.name for e in entries}) == len(entries)
        assert [bool(e.problem) for e in entries] == [False, False, True, True, False, False, True]
        assert entries[2].problem == f"This is the address of {entries[0].name} already."
        assert "password" in entries[3].problem
        assert "secret" not in entries[3].address + entries[3].shown_address
        assert [e.name for e in entries[:3]] == ["Same", "this computer", "Same (10.0.0.1:11434)"]
        assert len(bench.names) == 3, "one is off"
        assert [e.shown_address for e in entries][:2] == ["10.0.0.1:11434", "localhost:11434"]

    run(
        tmp_path, work,
        HostSettings("10.0.0.1", name="Same"),
        HostSettings("localhost"),
        HostSettings("http://10.0.0.1:11434", name="Same"),
        HostSettings("https://user:secret@10.0.0.2"),
        HostSettings("10.0.0.3", name="Off", on=False),
        HostSettings("https://llm.example/serve/one", "openai"),
        HostSettings("ftp://10.0.0.9"),
    )  # fmt: skip


def test_changes_take_effect_at_once_and_stand_in_the_file(tmp_path: Path, sim: Sim) -> None:
    async def work(bench: Bench) -> None:
        hosts, told = bench.hosts, list[int]()
        hosts.listen(lambda: told.append(1))
        await bench.registry.look()
        first = bench.registry.engines[0]
        hosts.add(HostSettings("localhost:1234", "openai"))
        assert bench.names == ["this computer", "localhost:1234/v1"]
        await hosts.remove(1)
        hosts.add(HostSettings("10.0.0.1", name="Far"))
        assert bench.registry.engines[0] is first, "what did not change is kept, with its state"
        assert bench.registry.states["this computer"] is not None
        assert bench.registry.states["Far"] is None
        hosts.move(1, 0)
        assert bench.names == ["Far", "this computer"]
        assert bench.registry.engines[1] is first
        hosts.change(0, on=False)
        assert bench.names == ["this computer"]
        hosts.change(1, kind="openai")
        assert bench.registry.engines[0] is not first
        assert bench.registry.engines[0].address == f"{sim.url}/v1"
        await hosts.remove(0)
        assert [e.name for e in hosts.entries()] == ["this computer"]
        assert told
        await asyncio.to_thread(bench.preferences.close)
        bench.preferences._writer = None
        assert load(bench.file)[0].hosts == bench.preferences.current.hosts
        bench.preferences.take(Settings(hosts=(HostSettings("10.0.0.5"),)))  # by hand
        assert bench.names == ["10.0.0.5:11434"]
        before = bench.registry.engines
        bench.preferences.change(theme="dark")
        assert bench.registry.engines is before
        bench.preferences.change(num_ctx=4096)
        assert bench.registry.engines[0] is not before[0]

    run(tmp_path, work, HostSettings(sim.url))


def test_an_answer_on_a_host_that_is_taken_away_goes_on(tmp_path: Path) -> None:
    with Sim({"models": [{**LLAMA_3B, "token_seconds": 0.005}]}) as sim:

        async def work(bench: Bench) -> None:
            await bench.registry.look()
            engine = bench.registry.engines[0]
            stream = engine.chat(chat_request())
            await first_piece(stream)
            bench.hosts.change(0, on=False)
            assert bench.names == []
            assert bench.registry.why_nothing().startswith("No host is switched on.")
            pieces = [chunk async for chunk in stream]
            assert len(pieces) > 50
            await until(lambda: not bench.registry._leaving)
            await until(lambda: sim.connections() == 0)

        run(tmp_path, work, HostSettings(sim.url))


def test_a_model_on_several_hosts_is_one_and_runs_where_it_is_loaded(tmp_path: Path) -> None:
    with Sim({"models": [LLAMA_3B]}) as one, Sim({"models": [LLAMA_3B, MISTRAL_7B]}) as two:

        async def work(bench: Bench) -> None:
            registry = bench.registry
            await registry.look()
            first, second = registry.engines
            assert [m.name for m in registry.models()] == ["llama3.2:3b", "mistral:7b"]
            assert registry.hosts_of("llama3.2:3b") == [first, second]
            assert registry.engine_of("llama3.2:3b") is first
            await second.preload("llama3.2:3b")
            await registry.look()
            assert registry.hosts_of("llama3.2:3b") == [second, first]
            assert registry.models()[0].engine == second.name
            two.kill()
            await registry.look()
            assert registry.hosts_of("llama3.2:3b") == [first]
            assert registry.hosts_of("mistral:7b") == []
            entry = bench.hosts.entries()[1]
            assert (entry.left_out, entry.since is not None) == (2, True)
            two.start()
            await registry.look()
            assert bench.hosts.entries()[1].left_out == 0

        run(tmp_path, work, HostSettings(one.url), HostSettings(two.url, name="Two"))


def test_a_token_belongs_to_its_address(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        hosts, tokens = bench.hosts, bench.tokens
        assert await hosts.set_token(0, "secret") == "run"
        assert (hosts.entries()[0].token, hosts.entries()[0].unsafe) == ("run", True)
        hosts.change(0, kind="openai")
        assert hosts.entries()[0].token == "run", "the same place, asked otherwise"
        hosts.change(0, address="https://10.0.0.2")
        assert (hosts.entries()[0].token, hosts.entries()[0].unsafe) == ("", False)
        assert await tokens.get("http://10.0.0.1:8000") == "secret"
        await hosts.prune()
        assert await tokens.get("http://10.0.0.1:8000") == ""
        await hosts.set_token(0, "other")
        assert await hosts.find_token(0) == "run"
        await hosts.remove_token(0)
        assert hosts.entries()[0].token == ""
        await hosts.set_token(0, "third")
        address = hosts.entries()[0].address
        await hosts.remove(0)
        assert await tokens.get(address) == ""
        await asyncio.to_thread(bench.preferences.close)
        bench.preferences._writer = None
        assert not any(t in bench.file.read_text() for t in ("secret", "other", "third"))

    run(tmp_path, work, HostSettings("10.0.0.1:8000"))


def test_an_accepted_certificate_belongs_to_its_address_too(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        hosts = bench.hosts
        hosts.accept_certificate(0, Certificate("a", "a", None, None, "AA", "-----PEM-----"))
        host = hosts.entries()[0].settings
        assert (host.certificate, len(host.accepted), host.ca_file) == ("-----PEM-----", 10, "")
        assert await hosts.fingerprint(0) == ""
        hosts.change(0, address="https://10.0.0.2")
        assert (hosts.entries()[0].settings.certificate, hosts.entries()[0].settings.accepted) == ("", "")

    run(tmp_path, work, HostSettings("https://10.0.0.1", ca_file="/x.pem"))


def test_what_is_wrong_with_an_address_is_said_before_it_is_taken(tmp_path: Path, sim: Sim) -> None:
    async def work(bench: Bench) -> None:
        hosts = bench.hosts
        assert hosts.problem(sim.url, "ollama") == "This is the address of this computer already."
        assert hosts.problem(sim.url, "ollama", 0) == ""
        assert hosts.problem(sim.url, "openai") == ""
        assert hosts.base_address("x/v1", "openai") == "http://x:80/v1"
        assert hosts.problem("", "ollama").startswith("Enter an address")
        found = await hosts.test(0)
        assert found.good

    run(tmp_path, work, HostSettings(sim.url, on=False))


def test_the_host_that_nobody_entered_gets_a_token_when_one_is_entered(tmp_path: Path) -> None:
    with Sim({**ONE_MODEL, "server": {"token": "secret"}}) as guarded:

        async def work(bench: Bench) -> None:
            await bench.registry.look()
            assert not bench.registry.has_models
            await bench.hosts.set_token(0, "secret")
            await bench.registry.look()
            assert bench.registry.has_models

        run(tmp_path, work, OLLAMA_HOST=guarded.url)
