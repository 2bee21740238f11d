"""Context providers: what they give, what they refuse, what is cut, and that none of them holds up an answer."""

import asyncio
import base64
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.context import Quoted, estimate_tokens, fitted
from mirador_desktop.core.conversation import ContextUsed
from mirador_desktop.core.prompts import CUT, quote
from mirador_desktop.core.stages import ContextSource, ModelStage, Pipeline
from mirador_desktop.errors import ContextError
from mirador_desktop.providers import Gathered, Providers
from mirador_desktop.providers.door import words_of
from mirador_desktop.providers.files import decode
from mirador_desktop.providers.html import text_of
from mirador_desktop.providers.table import table
from mirador_desktop.providers.web import MOST_BYTES


def gathered(
    folder: Path, *sources: ContextSource, budget: int = 1500, seconds: float = 5.0, clipboard: str | None = None
) -> Gathered:
    """What a pipeline with these sources gets."""
    providers = Providers(folder / "cache", seconds)
    if clipboard is not None:
        providers.clipboard = lambda: clipboard
    return asyncio.run(providers.gather(of(*sources, budget=budget)))


def of(*sources: ContextSource, budget: int = 1500) -> Pipeline:
    return Pipeline("p", (ModelStage("a"),), context=sources, context_tokens=budget)


def text(found: Gathered) -> str:
    return "\n\n".join(section.text for section in found.sections)


def errors(found: Gathered) -> list[str]:
    return [each.error for each in found.used]


def total(found: Gathered) -> int:
    return sum(estimate_tokens(quote(s.title, s.text)) for s in found.sections)


def source(kind: str, value: object = "", name: str = "") -> ContextSource:
    return ContextSource(kind, str(value), name)


# Files


def test_a_text_file_with_its_age(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("One.\n> Two.\n", "utf-8")
    os.utime(path, (time.time() - 7200, time.time() - 7200))
    found = gathered(tmp_path, source("file", path))
    assert found.sections == (Quoted("From the file notes.txt", "One.\n> Two.\n"),)
    (used,) = found.used
    assert (used.name, used.error) == ("notes.txt", "")
    assert 7190 < (used.age or 0) < 7300
    assert used.tokens == total(found)


def test_what_is_longer_than_the_budget_is_cut_visibly(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("begin " + "words and more " * 90_000 + "the end", "utf-8")
    found = gathered(tmp_path, source("file", tmp_path / "long.txt"), source("time"), budget=500)
    assert total(found) <= 500
    assert text(found).startswith("begin")
    assert CUT in text(found)
    assert "the end" in text(found)
    assert len(found.sections) == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("gone.txt", "gone.txt is not there any more and was left out"),
        ("folder", "folder is no file and was left out"),
        ("pipe", "pipe is no file and was left out"),
        ("empty.txt", "empty.txt is empty and was left out"),
        ("picture.png", "picture.png is no text and was left out"),
    ],
)
def test_files_that_give_nothing(tmp_path: Path, value: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.txt").write_text(" \n", "utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    found = gathered(tmp_path, source("file", tmp_path / value))
    assert errors(found) == [words]
    assert found.sections == ()


def test_paths_must_be_whole(tmp_path: Path) -> None:
    assert "needs its whole path" in errors(gathered(tmp_path, source("file", "../x")))[0]
    assert "somebody unknown" in errors(gathered(tmp_path, source("file", "~nobody-here/x")))[0]


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_none(data: bytes) -> None:
    try:
        decode(data)
    except ContextError:
        assert b"\0" in data


def test_other_encodings() -> None:
    assert decode("Größe".encode("utf-16")) == "Größe"
    assert decode("Größe".encode("cp1252")) == "Größe"
    assert decode("Größe".encode("utf-8-sig")) == "Größe"


# Folders


def test_a_folder_in_order_without_what_is_hidden_or_leads_out(tmp_path: Path) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_text("secret", "utf-8")
    root = tmp_path / "docs"
    (root / "b").mkdir(parents=True)
    (root / ".git").mkdir()
    for name, words in (("c.md", "third"), ("a.md", "first"), ("b/x.md", "second"), (".env", "secret")):
        (root / name).write_text(words, "utf-8")
    (root / ".git" / "config").write_text("secret", "utf-8")
    (root / "binary").write_bytes(b"\0\1secret")
    (root / "link.md").symlink_to(outside)
    (root / "up").symlink_to(tmp_path)
    (root / "loop").symlink_to(root / "loop")
    (root / "hidden").symlink_to(root / ".env")
    found = gathered(tmp_path, source("folder", root))
    assert text(found) == "--- a.md ---\nfirst\n\n--- c.md ---\nthird\n\n--- b/x.md ---\nsecond"
    assert found.sections[0].title == "From the folder docs, 3 files"


def test_a_large_folder_gives_its_first_files_and_says_so(tmp_path: Path) -> None:
    root = tmp_path / "many"
    root.mkdir()
    for number in range(150):
        (root / f"{number:03}.txt").write_text(f"file {number} " * 50, "utf-8")
    found = gathered(tmp_path, source("folder", root), budget=600)
    assert 300 < total(found) <= 600
    assert text(found).startswith("--- 000.txt ---\nfile 0")
    assert "files left out here" in text(found)
    assert "of 150 files" in text(found)


def test_folders_that_give_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x", "utf-8")
    assert "holds no text files" in errors(gathered(tmp_path, source("folder", tmp_path / "empty")))[0]
    assert "is no folder" in errors(gathered(tmp_path, source("folder", tmp_path / "file")))[0]
    assert "is not there" in errors(gathered(tmp_path, source("folder", tmp_path / "gone")))[0]


# Tables


def test_a_table(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text('day;price\n1;"2,5"\n\n2;a|b\n', "utf-8")
    found = gathered(tmp_path, source("csv", tmp_path / "m.csv", "market data"))
    assert found.sections[0].title == "From the file market data, a table of 2 rows"
    assert text(found) == "| day | price |\n| --- | --- |\n| 1 | 2,5 |\n| 2 | a\\|b |"


def test_a_long_table_is_cut_by_rows(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n * n}\n" for n in range(1, 10_001))
    (tmp_path / "m.csv").write_text(f"n,square\n{rows}", "utf-8")
    found = gathered(tmp_path, source("csv", tmp_path / "m.csv"), budget=400)
    lines = text(found).splitlines()
    assert "a table of 10,000 rows" in found.sections[0].title
    assert lines[2] == "| 1 | 1 |"
    assert lines[-1] == "| 10000 | 100000000 |"
    (cut,) = [line for line in lines if "left out" in line]
    shown = len(lines) - 3
    assert cut == f"[… {10_000 - shown:,} of 10,000 rows left out here …]"
    assert 250 < total(found) <= 400


@given(st.text(max_size=300), st.integers(0, 200))
def test_any_text_is_a_table_within_its_room_or_none(words: str, room: int) -> None:
    try:
        section = table(words, "t")
    except ContextError:
        return
    assert section.text
    for kept in fitted([section], room):
        assert estimate_tokens(quote(kept.title, kept.text)) <= room


def test_tables_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("\n\n", "utf-8")
    (tmp_path / "odd.csv").write_text('a,"' + "x" * 200_000, "utf-8")
    assert "is empty" in errors(gathered(tmp_path, source("csv", tmp_path / "empty.csv")))[0]
    assert "is no table" in errors(gathered(tmp_path, source("csv", tmp_path / "odd.csv")))[0]


# Clipboard, time, nothing


def test_clipboard_and_time(tmp_path: Path) -> None:
    found = gathered(tmp_path, source("clipboard"), source("time"), clipboard="copied")
    assert found.sections[0] == Quoted("From the clipboard", "copied")
    assert found.sections[1].text.startswith("It is ")
    assert [u.age for u in found.used] == [None, None]
    assert errors(gathered(tmp_path, source("clipboard"), clipboard=" ")) == [
        "clipboard holds no text and was left out"
    ]
    assert "in the window only" in errors(gathered(tmp_path, source("clipboard")))[0]
    moment = datetime(2024, 5, 14, 15, 4, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert words_of(moment) == "It is Tuesday, 2024-05-14, 15:04 (UTC+05:30)."


def test_what_nothing_is_filled_in_for_is_left_out_silently(tmp_path: Path) -> None:
    assert gathered(tmp_path, source("csv", " ", "market data"), source("url")) == Gathered()
    assert gathered(tmp_path) == Gathered()


def test_one_that_does_not_fit_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("word " * 900, "utf-8")
    many = [source("file", tmp_path / "a.txt", f"number {n}") for n in range(12)]
    found = gathered(tmp_path, *many, budget=100)
    assert all("did not fit into 100 tokens" in each.error for each in found.used)
    assert total(found) <= 100


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


# Plug-ins

PLUGIN = """
import asyncio, time
class Good:
    def __init__(self, value): self.value = value
    async def collect(self, budget):
        return [(f"Tickets of {self.value}", f"at most {budget}")]
class Raises(Good):
    async def collect(self, budget): raise ValueError("no way\\n  out")
class Exits(Good):
    async def collect(self, budget): raise SystemExit(3)
class Hangs(Good):
    async def collect(self, budget): await asyncio.sleep(3600)
class Blocks(Good):
    async def collect(self, budget): time.sleep(20)
class Nonsense(Good):
    async def collect(self, budget): return {"a": 1}
class Pairs(Good):
    async def collect(self, budget): return [("a", 1)]
class Empty(Good):
    async def collect(self, budget): return [("a", " ")]
def refuses(value): raise RuntimeError("bad value")
class Floods(Good):
    async def collect(self, budget): return [("x" * 10_000, "y" * 3_000_000)] * 1000
"""
NAMES = ["Good", "Raises", "Exits", "Hangs", "Blocks", "Nonsense", "Pairs", "Empty", "refuses", "Floods"]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution with context providers, as an installer would leave it."""
    site = tmp_path / "site"
    info = site / "fake_context-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "fake_context.py").write_text(PLUGIN, "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-context\nVersion: 1.0\n", "utf-8")
    points = "\n".join(f"{name.lower()} = fake_context:{name}" for name in NAMES)
    (info / "entry_points.txt").write_text(
        f"[mirador_desktop.context_providers]\n{points}\ngone = fake_context:Gone\n", "utf-8"
    )
    monkeypatch.syspath_prepend(site)
    yield
    sys.modules.pop("fake_context", None)


@pytest.mark.usefixtures("installed")
def test_a_plug_in_is_found_by_its_entry_point(tmp_path: Path) -> None:
    assert set(asyncio.run(Providers(tmp_path).plugins())) == {*(n.lower() for n in NAMES), "gone"}
    found = gathered(tmp_path, source("good", "MIRADOR"))
    assert found.sections == (Quoted("From good: Tickets of MIRADOR", "at most 1500"),)
    assert found.used == (ContextUsed("MIRADOR", total(found)),)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("raises", "failed (ValueError: no way out)"),
        ("exits", "failed (SystemExit: 3)"),
        ("hangs", "did not answer in time"),
        ("nonsense", "gave dict, expected is a list of pairs"),
        ("pairs", "gave something else than pairs"),
        ("empty", "had nothing"),
        ("refuses", "failed (RuntimeError: bad value)"),
        ("gone", "failed (AttributeError"),
        ("missing", "is not installed"),
    ],
)
def test_a_plug_in_that_fails_is_named_and_left_out(tmp_path: Path, kind: str, words: str) -> None:
    found = gathered(tmp_path, source(kind, "", "tickets"), source("good", "x"), seconds=0.5)
    assert found.used[0].error.startswith(f"tickets {words}")
    assert found.used[0].error.endswith("and was left out")
    assert [s.title for s in found.sections] == ["From good: Tickets of x"]


@pytest.mark.usefixtures("installed")
def test_a_plug_in_that_blocks_holds_up_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        providers = Providers(tmp_path, 0.05)
        began = time.monotonic()
        found = await providers.gather(of(source("blocks", "", "slow")))
        again = await providers.gather(of(source("blocks", "", "slow")))
        assert time.monotonic() - began < 10
        assert errors(found) == ["slow did not answer in time and was left out"]
        assert errors(again) == ["slow has not come back since an earlier question and was left out"]

    asyncio.run(main())


@pytest.mark.usefixtures("installed")
def test_a_plug_in_that_floods_is_cut(tmp_path: Path) -> None:
    found = gathered(tmp_path, source("floods"), seconds=20)
    assert total(found) <= 1500


def test_what_is_unexpected_is_named_too(tmp_path: Path) -> None:
    def fails() -> str:
        raise OSError("no display")

    providers = Providers(tmp_path)
    providers.clipboard = fails
    found = asyncio.run(providers.gather(of(source("clipboard"))))
    assert errors(found) == ["clipboard failed (OSError) and was left out"]
