"""Web pages as context: fetched when asked, kept, reduced to text; nothing of the person is sent."""

import asyncio
import base64
import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.context import Quoted
from mirador_desktop.errors import ContextError
from mirador_desktop.providers import Gathered, Providers
from mirador_desktop.providers.html import text_of
from mirador_desktop.providers.web import MOST_BYTES, _is_near
from tests.unit.test_providers import errors, gathered, of, source, text

# Web pages

Answer = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """A server that says what it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        web = self
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.pages: dict[str, Answer] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                web.pages[self.path](self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def says(body: bytes, kind: str = "text/plain", status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def web() -> Iterator[Web]:
    running = Web()
    yield running
    running.close()


def fetched(folder: Path, *urls: str) -> list[str]:
    """Fetch pages; what each gave, or why it gave nothing."""

    async def main() -> list[str]:
        providers = Providers(folder / "cache")
        found = []
        for url in urls:
            try:
                found.append((await providers.fetch(url)).text)
            except ContextError as error:
                found.append(f"! {error}")
        return found

    return asyncio.run(main())


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw", "zstd"])
def test_what_is_packed_is_unpacked_up_to_the_size_of_a_page(tmp_path: Path, web: Web, encoding: str) -> None:
    def packed(data: bytes) -> bytes:
        match encoding:
            case "gzip":
                return gzip.compress(data)
            case "deflate":
                return zlib.compress(data)
            case "raw":
                return zlib.compress(data)[2:-4]  # without the frame that it should have
            case _:
                return zstandard.ZstdCompressor().compress(data)

    named = {"Content-Encoding": "deflate" if encoding == "raw" else encoding}
    web.pages["/small"] = says(packed(b"Prices rose. " * 50), "text/plain", 200, **named)
    web.pages["/bomb"] = says(packed(bytes(50 * MOST_BYTES)), "text/plain", 200, **named)
    web.pages["/wrong"] = says(b"no such thing" * 10, "text/plain", 200, **named)
    small, bomb, wrong = fetched(tmp_path, *(web.url + path for path in ("/small", "/bomb", "/wrong")))
    if encoding == "zstd":
        assert small == bomb == wrong == "! is packed in a way that is not read (zstd)"
        return
    assert small.startswith("Prices rose.")
    assert bomb == "! is larger than 2 MB"
    assert wrong == "! cannot be unpacked"


def test_a_page_of_the_world_leads_nowhere_near(tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirador_desktop.providers.web._is_near", lambda url: url.endswith("/inside"))
    web.pages["/world"] = says(b"", status=302, Location="/inside")
    web.pages["/inside"] = says(b"secret")
    world, inside = fetched(tmp_path, f"{web.url}/world", f"{web.url}/inside")
    assert world == "! leads into your own network, where it may not lead"
    assert inside == "secret"
    assert [path for path, _ in web.asked] == ["/world", "/inside"]


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:11434/", True),
        ("http://[::1]/", True),
        ("http://169.254.169.254/latest/meta-data", True),
        ("http://10.1.2.3/", True),
        ("http://localhost/", True),
        ("http://nas.local/", True),
        ("http://printer/", True),
        ("https://example.org/", False),
        ("https://93.184.216.34/", False),
    ],
)
def test_what_is_near(url: str, near: bool) -> None:
    assert _is_near(url) is near


def test_a_page_is_fetched_only_when_asked_and_kept(web: Web, tmp_path: Path) -> None:
    web.pages["/a?b=1"] = says(
        b"<title>Prices</title><p>Gold: <b>1</b></p>", "text/html", 200, **{"Set-Cookie": "a=b"}
    )
    page = source("url", f"{web.url}/a?b=1#part")
    before = gathered(tmp_path, page)
    assert errors(before) == [f"{page.label} has not been fetched yet and was left out"]
    assert web.asked == []
    assert fetched(tmp_path, page.value, page.value) == ["Gold: 1"] * 2
    after = gathered(tmp_path, page)
    assert after.sections == (Quoted(f"From {page.label}: Prices", "Gold: 1"),)
    assert after.used[0].age is not None
    assert len(web.asked) == 2
    for path, headers in web.asked:
        assert path == "/a?b=1"
        assert not {"authorization", "cookie", "referer"} & set(headers)


def test_a_failed_fetch_keeps_what_was_there(web: Web, tmp_path: Path) -> None:
    web.pages["/"] = says(b"old")
    assert fetched(tmp_path, f"{web.url}/") == ["old"]
    web.pages["/"] = says(b"no", status=500)
    assert fetched(tmp_path, f"{web.url}/") == ["! answered 500"]
    assert text(gathered(tmp_path, source("url", f"{web.url}/"))) == "old"


def test_a_host_that_did_not_answer_is_named_so(tmp_path: Path) -> None:
    async def main() -> Gathered:
        providers = Providers(tmp_path)
        page = source("url", "http://127.0.0.1:9/x", "prices.example.com")
        with pytest.raises(ContextError):
            await providers.fetch(page.value)
        return await providers.gather(of(page))

    assert errors(asyncio.run(main())) == ["prices.example.com did not answer and was left out"]


def test_pages_that_are_not_taken(web: Web, tmp_path: Path) -> None:
    web.pages["/png"] = says(b"x", "image/png")
    web.pages["/js"] = says(b"x", "text/javascript")
    web.pages["/large"] = says(b"x" * (MOST_BYTES + 1))
    web.pages["/loop"] = says(b"", status=302, Location="/loop")
    web.pages["/file"] = says(b"", status=302, Location="file:///etc/passwd")
    web.pages["/login"] = says(b"", status=302, Location=web.url.replace("//", "//me:secret@") + "/ok")
    web.pages["/away"] = says(b"", status=307, Location="/ok")
    web.pages["/ok"] = says(b"\xefk", "text/plain; charset=nonsense")
    web.pages["/garbage"] = lambda handler: (handler.wfile.write(b"nothing like HTTP\r\n\r\n") and None) or None
    urls = [f"{web.url}/{p}" for p in ("png", "js", "large", "loop", "file", "login", "away", "garbage")]
    found = fetched(tmp_path, *urls, "ftp://x/y", "file:///etc/passwd", "no address", "http://[", "http://u:p@h/")
    assert found == [
        "! is no text (image/png)",
        "! is no text (text/javascript)",
        "! is larger than 2 MB",
        "! redirects without end",
        "! is no address that begins with http:// or https://",
        "! holds a name or password, which would be sent and kept; leave them out",
        "\ufffdk",
        "! broke off or sent something that is not HTTP",
        "! is no address that begins with http:// or https://",
        "! is no address that begins with http:// or https://",
        "! is no address that begins with http:// or https://",
        "! is no web address",
        "! holds a name or password, which would be sent and kept; leave them out",
    ]
    assert not any("authorization" in headers for _, headers in web.asked)


def test_a_netrc_file_is_not_used(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n", "utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    web.pages["/"] = says(b"x")
    fetched(tmp_path, f"{web.url}/")
    assert base64.b64encode(b"me:secret").decode() not in str(web.asked)


def test_a_table_from_the_web(web: Web, tmp_path: Path) -> None:
    web.pages["/m.csv"] = says(b"a,b\n1,2\n")
    assert fetched(tmp_path, f"{web.url}/m.csv") == ["a,b\n1,2\n"]
    found = gathered(tmp_path, source("csv", f"{web.url}/m.csv", "market data"))
    assert text(found) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert found.sections[0].title == "From market data, a table of 1 row"


def test_a_broken_cache_means_not_fetched(web: Web, tmp_path: Path) -> None:
    web.pages["/"] = says(b"x")
    fetched(tmp_path, f"{web.url}/")
    for path in (tmp_path / "cache").iterdir():
        path.write_text('{"url": 3}', "utf-8")
    assert "not been fetched" in errors(gathered(tmp_path, source("url", f"{web.url}/")))[0]


# HTML


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(["<p>", "<script>", "</", "<!--", "&#x", "<td", "]]>"])).map("".join)
)
def test_any_text_is_html(words: str) -> None:
    title, found = text_of(words)
    assert "\n\n\n" not in found
    assert isinstance(title, str)


def test_what_a_reader_would_see() -> None:
    html = """<html><head><title>A &amp; B</title><style>x{}</style><script>alert("no")</script></head>
    <body><h1>Head</h1><p>One<br>two &lt;3</p><ul><li>a</li><li>b</li></ul>
    <table><tr><th>x</th><th>y</th></tr><tr><td>1</td><td>2</td></tr></table>
    <noscript>no</noscript><svg><text>no</text></svg><pre>a  b
      c</pre></body></html>"""
    title, found = text_of(html)
    assert title == "A & B"
    assert "no" not in found.split()
    assert "# Head" in found
    assert "One\ntwo <3" in found
    assert "- a\n- b" in found
    assert "x | y\n1 | 2" in found
    assert "a  b\n      c" in found
    assert text_of("<head><title>t</title><body>never closed head")[1] == "never closed head"
