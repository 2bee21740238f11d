"""The hosts that the person uses: the door for the settings window. Keeps the engines in step with the settings."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol

from mirador_desktop.core.engine import Engine, EngineList, EngineState, ModelInfo
from mirador_desktop.core.host import Access, Certificate, Finding, GiveToken, HostKind, HostMaker
from mirador_desktop.core.listeners import Listeners
from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import HostSettings, Settings
from mirador_desktop.tokens import TokenPlace, Tokens

log = logging.getLogger(__name__)


class EngineRegistry(EngineList, Protocol):
    """What the hosts need of the registry of engines; its engines are those that are used."""

    @property
    def since(self) -> Mapping[str, float]:
        """When each began to answer, or not to, in Unix time."""
        ...

    @property
    def left_out(self) -> Mapping[str, tuple[ModelInfo, ...]]:
        """Models of those that do not answer any more."""
        ...

    @property
    def next_look(self) -> float | None:
        """When all are looked at again, in Unix time."""
        ...

    def set_engines(self, engines: Sequence[Engine]) -> None:
        """Take other engines."""
        ...


@dataclass(frozen=True, slots=True)
class HostEntry:
    """A host with all that is known of it.

    Attributes:
        name: shown to the person, unique.
        address: its base address, without secrets.
        given: whether the person entered it; else it stands for `OLLAMA_HOST` or this computer.
        problem: why it is not used though it is on, in a sentence; "" if nothing is wrong with what was entered.
        state: what the last look found, None before it or while the host is not used.
        since: when it began to answer, or not to, in Unix time; None if that is not known.
        left_out: how many models it had when it last answered, while it does not.
        next_look: when it is looked at again, in Unix time; None if that is not known.
        token: where its token is.
        unsafe: a token goes over the network in clear: plain http to another machine.
    """

    settings: HostSettings
    name: str
    address: str
    given: bool
    problem: str = ""
    state: EngineState | None = None
    since: float | None = None
    left_out: int = 0
    next_look: float | None = None
    token: TokenPlace = ""
    unsafe: bool = False

    @property
    def shown_address(self) -> str:
        """Its address as short as it is still clear."""
        scheme, _, rest = self.address.partition("://")
        place, slash, path = rest.partition("/")
        place = place.removesuffix({"http": ":80", "https": ":443"}.get(scheme, ""))
        return f"{'https://' if scheme == 'https' else ''}{place}{slash}{path}"


class Hosts:
    """The hosts in the person's order. Every change goes through the settings, also one made by hand in the file.

    Args:
        preferences: where they are kept.
        maker: makes engines of them.
        tokens: their bearer tokens.
        environment: `OLLAMA_HOST` in it is obeyed while the settings name no host.
    """

    def __init__(
        self,
        preferences: Preferences,
        maker: HostMaker,
        tokens: Tokens,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._preferences, self._maker, self._tokens = preferences, maker, tokens
        self._default = HostSettings(environment.get("OLLAMA_HOST", ""))
        self._made: dict[tuple[Any, ...], Engine] = {}
        self._registry: EngineRegistry | None = None
        self._listeners = Listeners[()]("The hosts could not be shown")
        self._left: set[str] = set()  # addresses whose tokens nobody may need any more
        preferences.listen(self._settings_changed)

    def attach(self, registry: EngineRegistry) -> None:
        """Keep this registry's engines in step from now on."""
        self._registry = registry
        registry.listen(self._listeners.tell)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever an entry is, or may be, different."""
        self._listeners.add(listener)

    def engines(self) -> list[Engine]:
        """The engines of all hosts that are used, in order. One whose host did not change is the same as before."""
        made: dict[tuple[Any, ...], Engine] = {}
        for entry in self._entries():
            host = entry.settings
            if not host.on or entry.problem:
                continue
            access = self._access(host, entry.address)
            key = (entry.name, access, self._preferences.current.num_ctx, entry.given)
            token = self._token_of(entry.address) if entry.given else _none
            made[key] = self._made.get(key) or self._maker.make(entry.name, access, token)
        self._made = made
        return list(made.values())

    def entries(self) -> list[HostEntry]:
        """All hosts, those that are off too."""
        registry = self._registry
        return self._entries() if registry is None else [self._with_state(e, registry) for e in self._entries()]

    # ── what the person does ───────────────────────────────────────────────────────────────────────────

    def problem(self, address: str, kind: HostKind, place: int | None = None) -> str:
        """What is wrong with an address for the host at a place (None: a new one), in a sentence; "" if nothing."""
        if why := self._maker.problem(address, kind):
            return why
        base = self._maker.base_address(address, kind)
        others = [e for i, e in enumerate(self._entries()) if i != place]
        same = next((e for e in others if e.address == base and e.settings.kind == kind), None)
        return f"This is the address of {same.name} already." if same is not None else ""

    def base_address(self, address: str, kind: HostKind) -> str:
        """What an address means: the base address that is really asked."""
        return self._maker.base_address(address, kind)

    def is_this_computer(self, base: str) -> bool:
        """Whether a base address leads to this computer itself."""
        return self._maker.is_this_computer(base)

    def add(self, host: HostSettings) -> int:
        """Add a host at the end; returns its place."""
        hosts = [*self._written(), host]
        self._preferences.change(hosts=tuple(hosts))
        return len(hosts) - 1

    def change(self, place: int, **changes: Any) -> None:
        """Change a host. A token stays with its address, an accepted certificate too."""
        hosts = list(self._written())
        before = self._base(hosts[place])
        hosts[place] = replace(hosts[place], **changes)
        after = self._base(hosts[place])
        if before.removesuffix("/v1") != after.removesuffix("/v1"):
            self._left.add(before)
            hosts[place] = replace(hosts[place], certificate="", accepted="")
        self._preferences.change(hosts=tuple(hosts))

    def move(self, place: int, to: int) -> None:
        """Move a host to another place in the order."""
        hosts = list(self._written())
        hosts.insert(to, hosts.pop(place))
        self._preferences.change(hosts=tuple(hosts))

    async def remove(self, place: int) -> None:
        """Delete a host, and its token."""
        hosts = list(self._written())
        self._left.add(self._base(hosts.pop(place)))
        self._preferences.change(hosts=tuple(hosts))
        await self.prune()

    async def set_token(self, place: int, token: str) -> TokenPlace:
        """Keep the token of a host; returns where: `run` means that the system has no usable keyring."""
        self._preferences.change(hosts=self._written())
        kept = await self._tokens.put(self._base(self._written()[place]), token)
        self.look_again()
        return kept

    async def remove_token(self, place: int) -> None:
        """Forget the token of a host."""
        await self._tokens.remove(self._base(self._written()[place]))
        self.look_again()

    async def find_token(self, place: int) -> TokenPlace:
        """Where the token of a host is; asks the keyring the first time."""
        address = self._base(self._written()[place])
        await self._tokens.get(address, insist=True)
        self._listeners.tell()
        return self._tokens.place(address)

    async def prune(self) -> None:
        """Forget the tokens of addresses that no host has any more."""
        used = {e.address.removesuffix("/v1") for e in self._entries()}
        left, self._left = self._left, set()
        for address in left:
            if address.removesuffix("/v1") not in used:
                await self._tokens.remove(address)

    async def test(self, place: int) -> Finding:
        """Look at a host closely, whether it is on or not."""
        host = self._written()[place]
        address = self._base(host)
        return await self._maker.test(self._access(host, address), self._token_of(address))

    def accept_certificate(self, place: int, certificate: Certificate) -> None:
        """Trust exactly this certificate of a host from now on."""
        today = date.today().isoformat()
        self.change(place, certificate=certificate.pem, accepted=today, ca_file="")

    async def fingerprint(self, place: int) -> str:
        """SHA-256 of the certificate that was accepted for a host."""
        return await self._maker.fingerprint(self._written()[place].certificate)

    def look_again(self) -> None:
        """Look at all hosts now."""
        if self._registry is not None:
            self._registry.wake()
        self._listeners.tell()

    # ── inside ─────────────────────────────────────────────────────────────────────────────────────────

    def _written(self) -> tuple[HostSettings, ...]:
        """The hosts as they stand, or would stand, in the settings."""
        hosts = self._preferences.current.hosts
        return hosts or (replace(self._default, address=self._entries()[0].shown_address),)

    def _base(self, host: HostSettings) -> str:
        return self._maker.base_address(host.address, host.kind)

    def _access(self, host: HostSettings, address: str) -> Access:
        return Access(host.kind, address, host.ca_file, host.certificate)

    def _token_of(self, address: str) -> GiveToken:
        return lambda: self._tokens.get(address)

    def _entries(self) -> list[HostEntry]:
        """The hosts without their states."""
        given = bool(self._preferences.current.hosts)
        hosts = self._preferences.current.hosts or (self._default,)
        entries: list[HostEntry] = []
        seen: dict[tuple[str, str], str] = {}
        addresses = [self._base(host) for host in hosts]
        names = self._names(hosts, addresses)
        for host, address, name in zip(hosts, addresses, names, strict=True):
            problem = self._maker.problem(host.address, host.kind) if given else ""
            if not problem and (same := seen.get((host.kind, address))):
                problem = f"This is the address of {same} already."
            seen.setdefault((host.kind, address), name)
            plain = address.startswith("http://") and not self._maker.is_this_computer(address)
            token = self._tokens.place(address)
            entries.append(HostEntry(host, name, address, given, problem, token=token, unsafe=plain and bool(token)))
        return entries

    def _names(self, hosts: Sequence[HostSettings], addresses: Sequence[str]) -> list[str]:
        """A name for each host, each another one; whoever comes first has the shorter one."""
        names: list[str] = []
        for host, address in zip(hosts, addresses, strict=True):
            given, place = host.name.strip(), address.partition("://")[2]
            if given:
                wanted = [given, f"{given} ({place})"]
            else:
                wanted = [*(["this computer"] if self._maker.is_this_computer(address) else []), place]
            wanted += [address, f"{address} ({len(names) + 1})"]
            names.append(next(name for name in wanted if name not in names))
        return names

    def _with_state(self, entry: HostEntry, registry: EngineRegistry) -> HostEntry:
        if not entry.settings.on or entry.problem or entry.name not in registry.states:
            return entry
        return replace(
            entry,
            state=registry.states[entry.name],
            since=registry.since.get(entry.name),
            left_out=len(registry.left_out.get(entry.name, ())),
            next_look=registry.next_look,
        )

    def _settings_changed(self, before: Settings) -> None:
        now = self._preferences.current
        if before.models != now.models and self._registry is not None:
            self._registry.wake()  # models have other windows now
        if (before.hosts, before.num_ctx) == (now.hosts, now.num_ctx):
            return
        engines = self.engines()
        if self._registry is not None and engines != list(self._registry.engines):
            self._registry.set_engines(engines)
        else:
            self._listeners.tell()


async def _none() -> str:
    """The host that nobody entered has no token, and the keyring is not asked for one."""
    return ""
