"""Ollama's rules for the address of a host, as `OLLAMA_HOST` and `ollama serve` read it."""

from urllib.parse import urlsplit

DEFAULT_PORT = 11434


def host_url(text: str) -> str:
    """Turn what a person or `OLLAMA_HOST` says into a base address, without a slash at its end.

    Scheme, port and path may each be missing: no scheme means http and port 11434; with a scheme and no port
    it is that scheme's own port. `0.0.0.0` and `[::]` are addresses to listen on; they are reached at the
    loopback address. A port that is no number from 0 to 65535 is replaced by the default one. White space and
    quotation marks around it are ignored, an empty text is the default host. `ollama.com` alone means https.
    """
    text = text.strip().strip("\"'").strip()
    scheme, separator, rest = ("https://ollama.com" if text == "ollama.com" else text).partition("://")
    if not separator:
        scheme, rest = "http", text
    default = {"http": 80, "https": 443}.get(scheme.lower(), DEFAULT_PORT) if separator else DEFAULT_PORT
    place, _, path = rest.partition("/")
    host, port = _split_port(place, default)
    if host in ("", "0.0.0.0"):  # noqa: S104  # replaced, not bound to
        host = "127.0.0.1"
    elif host in ("::", "0:0:0:0:0:0:0:0"):
        host = "::1"
    if ":" in host:
        host = f"[{host}]"
    path = path.strip("/")
    return f"{scheme.lower()}://{host}:{port}" + (f"/{path}" if path else "")


def _split_port(place: str, default: int) -> tuple[str, int]:
    place = place.rpartition("@")[2]  # a user and password have no place in an address
    if place.startswith("["):
        host, _, after = place[1:].partition("]")
        digits = after.removeprefix(":")
    elif place.count(":") > 1:  # a bare IPv6 address
        host, digits = place, ""
    else:
        host, _, digits = place.partition(":")
    if digits.isascii() and digits.isdigit() and int(digits[-6:]) <= 65535 and not digits[:-6].strip("0"):
        return host, int(digits[-6:])
    return host, default


def is_this_computer(url: str) -> bool:
    """Whether a base address leads to this computer itself."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # not an address
        return False
    return host in ("localhost", "::1") or host.startswith("127.")
