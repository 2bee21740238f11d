"""Web pages as context: fetched when the person asks for it, kept on disk, never asked for in the background.

Only http and https, redirects included. No cookie, no token, no name and password is ever sent; what comes back is
reduced to text and never run. A question is answered with what was fetched last, and its age is said.
"""

import asyncio
import contextlib
import hashlib
import ipaddress
import json
import shutil
import time
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from mirador_desktop.atomic import write_whole
from mirador_desktop.core.context import Quoted
from mirador_desktop.errors import ContextError
from mirador_desktop.providers.html import text_of
from mirador_desktop.providers.table import table

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 2_000_000
"""Largest page that is taken."""
SECONDS = 15.0
"""Most seconds for all of it, redirects included."""
MOST_REDIRECTS = 5
_TYPES = ("text/", "application/json", "application/xhtml+xml", "application/csv")
_TOO_LARGE = f"is larger than {MOST_BYTES // 1_000_000} MB"
_ENCODINGS = ("gzip", "deflate")
_REFUSED = ("text/javascript", "text/css", "text/ecmascript")


@dataclass(frozen=True)
class Page:
    """What an address gave.

    Attributes:
        fetched: Unix time.
        kind: the type the server named, without parameters.
        title: the page's own title, "" if it has none.
    """

    url: str
    fetched: float
    kind: str
    title: str
    text: str

    @property
    def age(self) -> float:
        """Seconds since it was fetched."""
        return max(0.0, time.time() - self.fetched)

    def section(self, label: str) -> Quoted:
        """Its text as a section.

        Raises:
            ContextError: it is empty.
        """
        heading = f"From {label}" + (f": {self.title}" if self.title else "")
        if self.kind in ("text/csv", "application/csv"):
            return table(self.text, heading)
        if not self.text.strip():
            raise ContextError("holds no text")
        return Quoted(heading, self.text)


def checked(url: str) -> str:
    """An address that may be fetched, without its fragment.

    Raises:
        ContextError: it may not be.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ContextError("is no web address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ContextError("is no address that begins with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ContextError("holds a name or password, which would be sent and kept; leave them out")
    return parts._replace(fragment="").geturl()


async def fetch(url: str) -> Page:
    """Ask for a page.

    Raises:
        ContextError: what came instead of it.
    """
    url = checked(url)
    httpx = await asyncio.to_thread(_httpx)
    made = await asyncio.to_thread(_client, httpx)  # reads certificates
    try:
        async with asyncio.timeout(SECONDS), made as client:
            return await _follow(client, url)
    except TimeoutError:
        raise ContextError("did not answer in time") from None
    except httpx.TimeoutException:
        raise ContextError("did not answer in time") from None
    except httpx.ConnectError:
        raise ContextError("did not answer") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, UnicodeError):
        raise ContextError("broke off or sent something that is not HTTP") from None


def _httpx() -> Any:
    import httpx

    return httpx


def _client(httpx: Any) -> "httpx.AsyncClient":
    options: dict[str, Any] = {"timeout": SECONDS / 2, "follow_redirects": False, "auth": None}
    try:
        made = httpx.AsyncClient(**options)
    except (ImportError, ValueError):  # a proxy in the environment that cannot be used
        made = httpx.AsyncClient(**options, trust_env=False)
    return made  # type: ignore[no-any-return]


async def _follow(client: "httpx.AsyncClient", url: str) -> Page:
    wanted = url
    for _ in range(MOST_REDIRECTS + 1):
        client.cookies.clear()
        headers = {
            "User-Agent": "Mirador",
            "Accept": "text/*, application/json;q=0.9",
            "Accept-Encoding": ", ".join(_ENCODINGS),
        }
        async with client.stream("GET", url, headers=headers) as answer:
            if answer.is_redirect:
                url = checked(urljoin(url, answer.headers["location"]))
                if _is_near(url) and not _is_near(wanted):
                    raise ContextError("leads into your own network, where it may not lead")
                continue
            if answer.status_code != 200:
                raise ContextError(f"answered {answer.status_code}")
            kind = answer.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
            if kind in _REFUSED or not (kind.startswith(_TYPES) or kind.endswith("+json")):
                raise ContextError(f"is no text ({kind[:60]})")
            encoding = answer.headers.get("content-encoding", "identity").strip().lower()
            if encoding not in (*_ENCODINGS, "identity"):
                raise ContextError(f"is packed in a way that is not read ({encoding[:20]})")
            data = bytearray()
            async for part in answer.aiter_raw():  # unpacked later: a few bytes may become gigabytes
                data += part
                if len(data) > MOST_BYTES:
                    raise ContextError(_TOO_LARGE)
            charset = answer.charset_encoding or "utf-8"
            return await asyncio.to_thread(_page, wanted, kind, bytes(data), encoding, charset)
    raise ContextError("redirects without end")


def _unpacked(data: bytes, encoding: str) -> bytes:
    """What was packed, as far as it is no larger than a page may be."""
    if encoding == "identity":
        return data
    for form in (47, -15):  # gzip or zlib; deflate as some servers have it
        unpacker = zlib.decompressobj(form)
        try:
            plain = unpacker.decompress(data, MOST_BYTES + 1)
        except zlib.error:
            continue
        if len(plain) > MOST_BYTES:
            raise ContextError(_TOO_LARGE)
        return plain
    raise ContextError("cannot be unpacked")


def _is_near(url: str) -> bool:
    """Whether an address names this computer or one of the network it is in."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".lan", ".internal", ".home.arpa"))


def _page(url: str, kind: str, packed: bytes, encoding: str, charset: str) -> Page:
    data = _unpacked(packed, encoding)
    try:
        text = data.decode(charset, "replace")
    except LookupError:
        text = data.decode("utf-8", "replace")
    text = text.removeprefix("\ufeff").replace("\0", "")
    title = ""
    if kind in ("text/html", "application/xhtml+xml"):
        title, text = text_of(text)
    return Page(url, time.time(), kind, title, text)


class Cache:
    """What was fetched last, one file an address.

    Args:
        folder: in the data folder; made when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, url: str) -> Page | None:
        """What was fetched from an address, or None. Blocks."""
        try:
            values = json.loads(self._file(url).read_text("utf-8"))
            page = Page(**values)
        except (OSError, ValueError, TypeError):
            return None
        texts = (page.url, page.kind, page.title, page.text)
        good = all(isinstance(t, str) for t in texts) and isinstance(page.fetched, int | float) and page.url == url
        return page if good else None

    def keep(self, page: Page) -> None:
        """Keep a page. Blocks.

        Raises:
            OSError: it cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(page), ensure_ascii=False)
        write_whole(self._file(page.url), text.encode("utf-8", "replace"))

    def forget(self, url: str) -> None:
        """Delete what was fetched from an address. Blocks."""
        with contextlib.suppress(OSError):
            self._file(url).unlink(missing_ok=True)

    def forget_all(self) -> None:
        """Delete everything that was fetched. Blocks."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _file(self, url: str) -> Path:
        return self._folder / f"{hashlib.sha256(url.encode('utf-8', 'replace')).hexdigest()[:32]}.json"
