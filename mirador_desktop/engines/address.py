"""Addresses of hosts: Ollama's rules, as `OLLAMA_HOST` and `ollama serve` read it, and OpenAI-compatible servers'."""

import ipaddress
import re
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


def is_near(url: str) -> bool:
    """Whether a base address leads to this computer or its own network: no proxy stands between."""
    if is_this_computer(url):
        return True
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".home.arpa", ".internal"))


def openai_url(text: str) -> str:
    """Turn what a person says into the base address of an OpenAI-compatible server, without a slash at its end.

    No scheme means http, no port the scheme's own. The path is kept (a Ray Serve application or a Kubernetes ingress
    has one); where none of its parts names a version, `/v1` is added. The address of a single endpoint, as in
    `/v1/chat/completions`, means the server.
    """
    text = text.strip().strip("\"'").strip()
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "http", text
    place, _, path = rest.partition("/")
    host, port = _split_port(place, {"https": 443}.get(scheme.lower(), 80))
    if host in ("", "0.0.0.0"):  # noqa: S104  # replaced, not bound to
        host = "127.0.0.1"
    elif host in ("::", "0:0:0:0:0:0:0:0"):
        host = "::1"
    parts = [p for p in path.split("/") if p]
    for endpoint in _ENDPOINTS:
        if parts[-len(endpoint) :] == endpoint:
            parts = parts[: -len(endpoint)]
    if not any(_VERSION.fullmatch(p) for p in parts):
        parts.append("v1")
    return f"{scheme.lower()}://{f'[{host}]' if ':' in host else host}:{port}/{'/'.join(parts)}"


_ENDPOINTS = (["chat", "completions"], ["completions"], ["embeddings"], ["models"])
_VERSION = re.compile(r"v\d+(?:(?:alpha|beta)\d*)?")
_HOST = re.compile(r"(?=.{1,253}$)[^\s/?#@:\[\]\\<>\"'`^{|}%]+")


def address_problem(text: str) -> str:
    """What is wrong with an address that a person wrote, in a sentence; "" if nothing.

    Stricter than `host_url`, which has to take what `OLLAMA_HOST` holds: a typing error is said, not corrected.
    """
    text = text.strip().strip("\"'").strip()
    if not text:
        return "Enter an address, for example 192.168.1.20 or https://llm.example.org."
    scheme, separator, rest = text.partition("://")
    if separator and scheme.lower() not in ("http", "https"):
        return "An address begins with http:// or https://, or with neither."
    place = (rest if separator else text).partition("/")[0]
    if "@" in place:
        return "Leave the user name and the password out: a token has a field of its own and goes to the keyring."
    if any(mark in text for mark in "?#"):
        return "An address has neither ? nor #: it ends with the path."
    if any(c.isspace() or not c.isprintable() for c in text):
        return "An address has no spaces."
    digits = ""
    if place.startswith("["):
        host, closed, after = place[1:].partition("]")
        if not closed or not _is_ipv6(host) or (after and not after.startswith(":")):
            return "This is no IPv6 address: write it as [fd00::1]:11434."
        digits = after[1:] if after else ""
        given = after.startswith(":")
    elif place.count(":") > 1:
        if not _is_ipv6(place):
            return "An address has at most one colon and a port after its name."
        given = False
    else:
        host, colon, digits = place.partition(":")
        given = bool(colon)
        if host and not _HOST.fullmatch(host):
            return f"“{host[:40]}” is not the name of a computer."
        if not host and not given:
            return "The name of the computer is missing."
    if given and not (digits.isascii() and digits.isdigit() and 0 < int(digits[:6]) <= 65535 and len(digits) < 6):
        return "After the colon comes a port: a number from 1 to 65535."
    return ""


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
