"""Certificates of hosts: whom to trust, and what a host shows that is not trusted."""

import asyncio
import hashlib
import ssl
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from mirador_desktop.core.host import Certificate
from mirador_desktop.errors import EngineError, EngineUnreachable

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME: a certificate that the person accepted is accepted whatever its dates say."""
_SECONDS = 5.0


class _Pinned(ssl.SSLObject):
    """Ends the handshake unless the other side has shown exactly one certificate.

    OpenSSL would also take one that the accepted certificate has signed, where that may sign.
    """

    wanted = ""

    def do_handshake(self) -> None:
        super().do_handshake()
        shown = fingerprint(self.getpeercert(True) or b"")
        if shown != self.wanted:
            raise ssl.SSLCertVerificationError(f"the certificate {shown} is not the accepted one")


def context(ca_file: str = "", certificate: str = "") -> ssl.SSLContext:
    """Make the context for a host; takes 20 ms and reads files, so it belongs into a thread.

    With neither argument the system's authorities are trusted, and those that come with the program. With
    `ca_file` only those in it are, with `certificate` (PEM) only exactly that one, whatever it says.

    Raises:
        EngineUnreachable: the file or the certificate cannot be read.
    """
    if certificate:
        made = _context()
        made.check_hostname = False
        made.verify_flags |= _NO_CHECK_TIME
        try:
            made.load_verify_locations(cadata=certificate)
            wanted = fingerprint(ssl.PEM_cert_to_DER_cert(certificate.strip()))
        except (ssl.SSLError, ValueError) as error:
            raise EngineUnreachable(
                "The accepted certificate cannot be read. Test the host and accept it again.", "certificate"
            ) from error
        made.sslobject_class = type("_PinnedToOne", (_Pinned,), {"wanted": wanted})
        return made
    if ca_file:
        made = _context()
        try:
            made.load_verify_locations(cafile=ca_file)
        except ssl.SSLError as error:
            raise EngineUnreachable(
                f"{ca_file} holds no certificate (PEM). Choose another CA file.", "certificate"
            ) from error
        except OSError as error:
            why = "is not there" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
            raise EngineUnreachable(f"The CA file {ca_file} {why}. Choose another one.", "certificate") from error
        return made
    made = ssl.create_default_context()
    import certifi

    made.load_verify_locations(certifi.where())  # a bundled program may find no authorities of the system
    return made


def _context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return made


def fingerprint(der: bytes) -> str:
    """SHA-256 of a certificate, as "4F:9A:…"; "" for none."""
    return hashlib.sha256(der).digest().hex(":").upper() if der else ""


def fingerprint_of(pem: str) -> str:
    """See `fingerprint`; "" if the text is no certificate."""
    try:
        return fingerprint(ssl.PEM_cert_to_DER_cert(pem.strip()))
    except ValueError:
        return ""


async def fetch(address: str) -> Certificate:
    """Ask a host for its certificate. Only a handshake takes place: no request, no token.

    Raises:
        EngineUnreachable: it cannot be reached, or does not speak TLS.
    """
    parts = urlsplit(address)
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anything.check_hostname = False
    anything.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(_SECONDS):
            der, _ = await _shown(parts.hostname, parts.port or 443, anything)
        pem = ssl.DER_cert_to_PEM_cert(der)
        try:  # Python reads the certificate only where it has verified it: so a second handshake trusts it
            async with asyncio.timeout(_SECONDS):
                again, read = await _shown(parts.hostname, parts.port or 443, context(certificate=pem))
        except (OSError, ValueError, EngineUnreachable):
            again, read = der, {}
    except (OSError, ValueError) as error:
        raise EngineUnreachable(f"{address} did not show its certificate: {error}.", "certificate") from error
    return Certificate(
        _name(read.get("subject")), _name(read.get("issuer")), _moment(read.get("notBefore")),
        _moment(read.get("notAfter")), fingerprint(again), pem,
    )  # fmt: skip


async def _shown(host: str | None, port: int, trust: ssl.SSLContext) -> tuple[bytes, dict[str, Any]]:
    _, writer = await asyncio.open_connection(host, port, ssl=trust, server_hostname=host)
    try:
        side = writer.get_extra_info("ssl_object")
        return side.getpeercert(True) or b"", side.getpeercert() or {}
    finally:
        writer.transport.abort()


async def changed(address: str, accepted: str, error: EngineError) -> EngineError:
    """What to say of a host that failed although its certificate (PEM) was accepted.

    Returns:
        An error with both fingerprints if it shows another one now, else `error`.
    """
    known = fingerprint_of(accepted)
    if error.trouble != "certificate" or not known:
        return error
    try:
        shown = (await fetch(address)).fingerprint
    except EngineUnreachable:
        return error
    if shown == known:
        return error
    return EngineUnreachable(
        f"{address} shows another certificate (SHA-256 {shown}) than the one that was accepted (SHA-256 {known}). "
        "Nothing was sent.",
        "certificate",
    )


def _name(parts: Any) -> str:
    """The common name of a subject, else its other parts."""
    pairs = [pair for part in parts or () for pair in part]
    common = [value for key, value in pairs if key == "commonName"]
    name = common[0] if common else ", ".join(value for _, value in pairs)
    return "".join(c if c.isprintable() else " " for c in name)[:200]


def _moment(text: str | None) -> float | None:
    try:
        return float(ssl.cert_time_to_seconds(text)) if text else None
    except ValueError:
        return None


def words_of(error: ssl.SSLCertVerificationError, host: str) -> str:
    """Why a certificate is not trusted, as the second half of a sentence."""
    code = getattr(error, "verify_code", 0)
    if code in (10,):
        return "has expired"
    if code == 9:
        return f"is not valid yet (this computer's clock says {datetime.now(UTC):%d %B %Y})"
    if code in (62, 63, 64):
        return f"is for another name than {host}"
    if code == 18:
        return "is signed by itself"
    if code in (2, 19, 20, 21):
        return "is signed by an authority that this computer does not know"
    return f"is not trusted ({getattr(error, 'verify_message', '') or error})"
