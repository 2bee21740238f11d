"""Hosts as the person enters them: what is needed to reach one, and what a test of it found."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mirador_desktop.core.engine import Engine

HostKind = Literal["ollama", "openai"]
GiveToken = Callable[[], Awaitable[str]]
"""The bearer token of one host, "" for none; asked for before each request, never kept by who asks."""


@dataclass(frozen=True, slots=True)
class Access:
    """What is needed to reach a host, but for its token.

    Attributes:
        address: base address without a slash at its end; for `openai` it ends with the version, as in `/v1`.
        ca_file: a file with the certificates of the authority that signed the host's, "" for the system's.
        certificate: the one certificate (PEM) that is trusted for this host, "" for none.
    """

    kind: HostKind
    address: str
    ca_file: str = ""
    certificate: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a host showed to prove who it is. All texts come from the host.

    Attributes:
        subject, issuer: names, "" where they cannot be read.
        begins, ends: its validity in Unix time, None where it cannot be read.
        fingerprint: SHA-256, as "4F:9A:…".
        pem: the certificate itself.
    """

    subject: str
    issuer: str
    begins: float | None
    ends: float | None
    fingerprint: str
    pem: str = field(repr=False)

    @property
    def signed_by_itself(self) -> bool:
        """Whether nobody else vouches for it."""
        return bool(self.subject) and self.subject == self.issuer


@dataclass(frozen=True, slots=True)
class Finding:
    """What a test of a host found.

    Attributes:
        good: whether Mirador can use it as it is entered.
        words: what was found, or what is wrong; plain text.
        advice: what to do, "" if nothing.
        version: of the server, "" if it does not tell.
        latency: seconds for the answer to the shortest request.
        models: how many it has.
        certificate: the one it showed, where that is what is wrong.
        better_kind: the kind that suits this server, "" if the entered one does.
    """

    good: bool
    words: str
    advice: str = ""
    version: str = ""
    latency: float = 0.0
    models: int = 0
    certificate: Certificate | None = None
    better_kind: HostKind | Literal[""] = ""


class HostMaker(Protocol):
    """Makes engines of hosts; in `engines`, which the doors do not import."""

    def problem(self, text: str, kind: HostKind) -> str:
        """What is wrong with an address that the person wrote, in a sentence; "" if nothing."""
        ...

    def base_address(self, text: str, kind: HostKind) -> str:
        """The base address that an address means; never with a user name or password."""
        ...

    def is_this_computer(self, address: str) -> bool:
        """Whether a base address leads to this computer itself."""
        ...

    def make(self, name: str, access: Access, token: GiveToken) -> Engine:
        """An engine for a host."""
        ...

    async def test(self, access: Access, token: GiveToken) -> Finding:
        """Look at a host closely. Never raises an EngineError."""
        ...

    async def certificate(self, address: str) -> Certificate:
        """Ask a host for its certificate; no request and no token is sent. Raises an EngineError."""
        ...

    async def fingerprint(self, pem: str) -> str:
        """SHA-256 of a certificate, as "4F:9A:…"; "" if it is none."""
        ...
