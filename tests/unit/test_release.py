"""A release of Ollama: downloaded, checked before anything is unpacked, unpacked into its own folder only."""

import asyncio
import io
import os
import stat
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.errors import ReleaseError
from mirador_desktop.release import Progress, checksums, download
from tests.unit.runtime_helpers import GOOD, Server, archive, program, running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="releases are unpacked on Linux only")


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as made_one:
        yield made_one


@pytest.fixture(autouse=True)
def _data(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()


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
