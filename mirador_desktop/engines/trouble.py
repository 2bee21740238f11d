"""Why a host cannot be reached, found in the chain of exceptions that the libraries raise, and put into words."""

import errno
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from mirador_desktop.engines import certificates
from mirador_desktop.engines.access import CONNECT_SECONDS
from mirador_desktop.errors import EngineUnreachable

_NO_WAY = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN, errno.EHOSTDOWN}


def nothing_at(address: str) -> str:
    """The sentence for an address where nothing listens."""
    return f"Nothing answers at {address}."


def late(address: str, seconds: float = CONNECT_SECONDS) -> EngineUnreachable:
    """The error of a host that does not answer in time."""
    return EngineUnreachable(f"{address} does not answer within {seconds:.0f} s.", "timeout")


def unreachable(address: str, error: BaseException, accepted: str = "") -> EngineUnreachable:
    """Put a failure to connect into a sentence.

    Args:
        address: of the host.
        error: what was raised.
        accepted: the one certificate (PEM) that was accepted for it, "" for none.
    """
    host = _host(address)
    causes = list(_chain(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            if accepted:
                return EngineUnreachable(f"{address} shows another certificate than the accepted one.", "certificate")
            return EngineUnreachable(
                f"The certificate of {address} {certificates.words_of(cause, host)}.", "certificate"
            )
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            why = getattr(cause, "reason", "") or cause  # only OpenSSL's own errors have a reason
            return EngineUnreachable(f"{address} does not speak TLS ({why}). Try http:// instead.", "certificate")
        if isinstance(cause, socket.gaierror):
            return EngineUnreachable(f"The name {host} is not known.", "name")
        if isinstance(cause, ConnectionRefusedError):
            return EngineUnreachable(nothing_at(address))
        if isinstance(cause, TimeoutError):
            return late(address)
        if isinstance(cause, OSError) and cause.errno in _NO_WAY:
            return EngineUnreachable(f"There is no way from this computer to {host}.", "route")
    return EngineUnreachable(nothing_at(address))


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or address
    except ValueError:  # not an address
        return address


def is_certificate(error: BaseException) -> bool:
    """Whether a certificate was the reason."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and all that led to it."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [*getattr(each, "exceptions", ()), each.__cause__, each.__context__]
