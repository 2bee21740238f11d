"""Ollama itself: found, started once, ended, found again after a kill, downloaded, checked, unpacked and removed."""

import asyncio
import hashlib
import io
import os
import socket
import stat
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop import release, runtime
from mirador_desktop.errors import ReleaseError, RuntimeMissing
from mirador_desktop.release import Progress, checksums, download
from mirador_desktop.runtime import OllamaRuntime
from tests.driving import ROOT, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="releases are unpacked on Linux only")

SERVE = f"""#!{sys.executable}
import os, sys
assert sys.argv[1:] == ["serve"], sys.argv
print("flash", os.environ.get("OLLAMA_FLASH_ATTENTION"), flush=True)
port = os.environ["OLLAMA_HOST"].rpartition(":")[2]
os.chdir({str(ROOT)!r})
os.execv(sys.executable, [sys.executable, "-m", "tests.ollama_sim", "--port", port])
"""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def program(folder: Path, text: str = SERVE) -> Path:
    path = folder / "bin" / "ollama"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def made(tmp_path: Path, server: str = "", port: int = 0) -> OllamaRuntime:
    address = f"http://127.0.0.1:{port}"
    return OllamaRuntime(
        tmp_path / "data",
        tmp_path / "log" / "ollama.log",
        lambda: address,
        lambda: {"OLLAMA_FLASH_ATTENTION": "1"},
        lambda: server,
    )


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(runtime, "_usual_places", list)
    (tmp_path / "data").mkdir()


# Starting


def test_it_is_found_on_the_path_first(tmp_path: Path) -> None:
    own = program(tmp_path / "data" / "ollama")
    assert runtime.find(tmp_path / "data" / "ollama") == own
    (tmp_path / "path").mkdir()
    other = tmp_path / "path" / "ollama"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert runtime.find(tmp_path / "data" / "ollama") == other


def test_it_is_started_once_and_ended(tmp_path: Path) -> None:
    port = free_port()
    program(tmp_path / "data" / "ollama")

    async def work() -> None:
        mine = made(tmp_path, port=port)
        seen: list[str] = []
        mine.listen(lambda: seen.append(mine.doing))
        await mine.start()
        assert mine.started_here
        assert "starting" in seen
        assert seen[-1] == ""
        process = mine._process
        await mine.start()  # something listens: nothing is started
        assert mine._process is process
        other = made(tmp_path / "other", port=port)
        (tmp_path / "other" / "data").mkdir(parents=True)
        await other.start()
        assert not other.started_here  # not started here, so not ended here
        await other.stop()
        assert mine.started_here
        await mine.stop()
        assert mine._process is None
        assert not await runtime._listens("127.0.0.1", port)

    asyncio.run(work())
    assert "flash 1" in (tmp_path / "log" / "ollama.log").read_text()
    assert not (tmp_path / "data" / "ollama-started.json").exists()


def test_one_that_a_killed_mirador_started_is_found_again(tmp_path: Path) -> None:
    port = free_port()
    program(tmp_path / "data" / "ollama")

    async def work() -> None:
        killed = made(tmp_path, port=port)
        await killed.start()
        process = killed._process
        assert process is not None
        again = made(tmp_path, port=port)
        await again.look()
        assert again.started_here
        await again.stop()
        await until(lambda: process.poll() is not None)

    asyncio.run(work())


def test_a_number_that_another_process_has_now_is_left_alone(tmp_path: Path) -> None:
    note = tmp_path / "data" / "ollama-started.json"
    note.write_text(f'{{"pid": {os.getpid()}, "created": 5.0}}')

    async def work() -> None:
        mine = made(tmp_path, port=free_port())
        await mine.look()
        assert not mine.started_here
        await mine.stop()

    asyncio.run(work())
    assert psutil.pid_exists(os.getpid())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#!/bin/sh\necho 'cannot open the models folder' >&2\nexit 3\n", "cannot open the models folder"),
        ("#!/nowhere\n", "cannot be started"),
    ],
)
def test_one_that_ends_at_once_says_why(tmp_path: Path, text: str, words: str) -> None:
    program(tmp_path / "data" / "ollama", text)
    mine: list[OllamaRuntime] = []

    async def work() -> None:
        mine.append(made(tmp_path, port=free_port()))
        await mine[0].start()

    with pytest.raises(RuntimeMissing, match=words):
        asyncio.run(work())
    assert words in mine[0].error
    assert mine[0].doing == ""


def test_one_that_hangs_is_ended_before_another_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_START_SECONDS", 0.3)
    program(tmp_path / "data" / "ollama", f"#!{sys.executable}\nimport time\ntime.sleep(1000)\n")
    port = free_port()

    async def work() -> None:
        started: list[subprocess.Popen[bytes]] = []
        mine, again = made(tmp_path, port=port), made(tmp_path, port=port)
        for each in (mine, mine, again):  # the last one after a Mirador that was killed
            with pytest.raises(RuntimeMissing, match="does not answer"):
                await each.start()
            assert each._process is not None
            started.append(each._process)
            assert [p.pid for p in started if p.poll() is None] == [each._process.pid]
        await again.stop()

    asyncio.run(work())


def test_something_else_at_its_address_is_said(tmp_path: Path, server: "Server") -> None:
    program(tmp_path / "data" / "ollama")
    mine: list[OllamaRuntime] = []

    async def work() -> None:
        mine.append(made(tmp_path, port=int(server.url.partition("127.0.0.1:")[2].partition("/")[0])))
        await mine[0].start()

    with pytest.raises(RuntimeMissing, match="Something else than Ollama"):
        asyncio.run(work())
    assert mine[0]._process is None


def test_nothing_is_there(tmp_path: Path) -> None:
    async def work() -> None:
        await made(tmp_path, port=free_port()).start()

    with pytest.raises(RuntimeMissing, match="was not found"):
        asyncio.run(work())


# Downloading


def archive(members: Mapping[str, str | bytes], end: str = "tar.zst", links: dict[str, str] | None = None) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz" if end == "tgz" else "w") as tar:
        for name, text in members.items():
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            tar.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return raw.getvalue() if end == "tgz" else zstandard.ZstdCompressor().compress(raw.getvalue())


GOOD = {"bin/ollama": "#!/bin/sh\nexit 0\n", "lib/ollama/libggml.so": "x" * 300_000}


class Server:
    """A release server with files, and what it does wrong."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.break_after = 0
        self.pause = 0.0  # seconds after each 2 MB
        self.redirect = ""
        self.ranges: list[str] = []
        self.url = ""

    def release(self, data: bytes, end: str = "tar.zst", checksum: str = "") -> None:
        name = f"ollama-linux-{release._architecture()}.{end}"
        digest = checksum or hashlib.sha256(data).hexdigest()
        self.files = {name: data, "sha256sum.txt": f"{digest}  ./{name}\n{'0' * 64}  ./Ollama.dmg\n".encode()}


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as made_one:
        yield made_one


@contextmanager
def running() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            if state.redirect:
                self.send_response(302)
                self.send_header("Location", state.redirect + self.path)
                self.end_headers()
                return
            data = state.files.get(self.path.rpartition("/")[2])
            if data is None:
                self.send_error(404)
                return
            wanted = self.headers.get("Range", "")
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if wanted:
                state.ranges.append(wanted)
            if start >= len(data) > 0 and wanted:
                self.send_error(416)
                return
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            if state.break_after and len(data) > 10_000:
                self.wfile.write(data[start : start + state.break_after])
                self.close_connection = True
                return
            with suppress(ConnectionError):
                for place in range(start, len(data), 2_000_000):
                    self.wfile.write(data[place : place + 2_000_000])
                    time.sleep(state.pause)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_address[1]}/latest/download"
    try:
        yield state
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def fetched(server: Server, folder: Path) -> list[Progress]:
    told: list[Progress] = []

    async def work() -> None:
        await download(server.url, folder, told.append)
        await asyncio.sleep(0)

    asyncio.run(work())
    return told


@pytest.mark.parametrize("end", ["tar.zst", "tgz"])
def test_a_release_is_downloaded_checked_and_unpacked(tmp_path: Path, server: Server, end: str) -> None:
    server.release(archive(GOOD, end, {"lib/ollama/libggml.so.1": "libggml.so"}), end)
    folder = tmp_path / "data" / "ollama"
    told = fetched(server, folder)
    assert stat.S_IMODE((folder / "bin" / "ollama").stat().st_mode) == 0o755
    assert (folder / "lib/ollama/libggml.so.1").read_text() == GOOD["lib/ollama/libggml.so"]
    assert [*dict.fromkeys(p.what for p in told)] == ["download", "check", "unpack"]
    assert sorted(p.name for p in (tmp_path / "data").iterdir()) == ["ollama"]


def test_a_wrong_checksum_unpacks_nothing(tmp_path: Path, server: Server) -> None:
    server.release(archive(GOOD), checksum="a" * 64)
    old = program(tmp_path / "data" / "ollama", "old")
    with pytest.raises(ReleaseError, match="checksum is another"):
        fetched(server, tmp_path / "data" / "ollama")
    assert old.read_text() == "old"
    assert sorted(p.name for p in (tmp_path / "data").iterdir()) == ["ollama"]


def test_a_download_that_broke_goes_on(tmp_path: Path, server: Server) -> None:
    data = archive({**GOOD, "lib/noise": os.urandom(400_000)})
    server.release(data)
    server.break_after = 150_000
    folder = tmp_path / "data" / "ollama"
    with pytest.raises(ReleaseError, match="What came is kept"):
        fetched(server, folder)
    (part,) = (tmp_path / "data").glob("*.part")
    assert part.stat().st_size == 150_000
    server.break_after = 0
    fetched(server, folder)
    assert server.ranges == ["bytes=150000-"]
    assert (folder / "bin" / "ollama").exists()


@pytest.mark.parametrize(
    ("members", "links", "words"),
    [
        ({**GOOD, "../evil": "x"}, {}, "outside its folder"),
        ({**GOOD, "/tmp/mirador-evil": "x"}, {}, "outside its folder"),
        (GOOD, {"lib/out": "../../../etc"}, "links outside"),
        (GOOD, {"lib/out": "/etc/passwd"}, "links outside"),
        ({"bin/other": "x"}, {}, "holds no bin/ollama"),
    ],
)
def test_a_hostile_archive_is_not_used(
    tmp_path: Path, server: Server, members: dict[str, str | bytes], links: dict[str, str], words: str
) -> None:
    server.release(archive(members, links=links))
    with pytest.raises(ReleaseError, match=words):
        fetched(server, tmp_path / "data" / "ollama")
    assert not (tmp_path / "data" / "ollama").exists()
    assert not (tmp_path / "evil").exists()
    assert not (tmp_path / "data" / "evil").exists()


def test_a_link_cannot_be_written_through(tmp_path: Path, server: Server) -> None:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        link = tarfile.TarInfo("lib")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        tar.addfile(link)
        info = tarfile.TarInfo("lib/evil")
        tar.addfile(info, io.BytesIO())
    server.release(zstandard.ZstdCompressor().compress(raw.getvalue()))
    with pytest.raises(ReleaseError, match="outside"):
        fetched(server, tmp_path / "data" / "ollama")
    assert not (tmp_path / "evil").exists()


def test_what_the_server_may_do_wrong_is_said(tmp_path: Path, server: Server) -> None:
    folder = tmp_path / "data" / "ollama"
    with pytest.raises(ReleaseError, match="answers 404"):
        fetched(server, folder)
    server.files = {"sha256sum.txt": b"<html>\n"}
    with pytest.raises(ReleaseError, match="lists no release"):
        fetched(server, folder)
    server.files = {"sha256sum.txt": b"a" * (2 << 20)}
    with pytest.raises(ReleaseError, match="no list of checksums"):
        fetched(server, folder)
    server.release(zstandard.ZstdCompressor().compress(b"no archive" * 1000))
    with pytest.raises(ReleaseError, match="cannot be unpacked"):
        fetched(server, folder)
    server.release(b"no compression either" * 1000)
    with pytest.raises(ReleaseError, match="cannot be unpacked"):
        fetched(server, folder)
    server.url = "http://127.0.0.1:1"
    with pytest.raises(ReleaseError, match="cannot be reached"):
        fetched(server, folder)
    assert not folder.exists()


def test_stopping_a_download_keeps_the_part(tmp_path: Path, server: Server) -> None:
    data = archive({**GOOD, "lib/noise": os.urandom(3_000_000)})
    server.release(data)

    async def work() -> None:
        mine = made(tmp_path, server.url)
        task = asyncio.create_task(mine.download())
        await until(lambda: mine.progress is not None)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (mine.doing, mine.progress) == ("", None)
        await mine.download()
        assert mine.downloaded
        await mine.remove()
        assert mine.binary is None

    asyncio.run(work())
    assert list((tmp_path / "data").iterdir()) == []


def test_a_full_disk_is_said_before_anything_is_downloaded(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.release(archive(GOOD))
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10})())
    with pytest.raises(ReleaseError, match="are free on this disk"):
        fetched(server, tmp_path / "data" / "ollama")


def test_a_list_of_checksums() -> None:
    text = f"{'A' * 64}  ./one.tgz\n{'b' * 64} *two\nnot a line\n{'c' * 64}  three four\n"
    assert checksums(text) == {"one.tgz": "a" * 64, "two": "b" * 64}


@given(st.text())
def test_any_list_can_be_read(text: str) -> None:
    assert all(len(value) == 64 for value in checksums(text).values())
