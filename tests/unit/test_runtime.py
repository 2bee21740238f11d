"""Ollama itself: found, started once, ended, found again after a kill, downloaded and removed."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mirador_desktop import ollama_program, runtime
from mirador_desktop.errors import RuntimeMissing
from mirador_desktop.runtime import OllamaRuntime
from tests.driving import until
from tests.unit.runtime_helpers import GOOD, Server, archive, free_port, program, running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs are made and found as on Linux")


def made(tmp_path: Path, server: str = "", port: int = 0) -> OllamaRuntime:
    address = f"http://127.0.0.1:{port}"
    return OllamaRuntime(
        tmp_path / "data",
        tmp_path / "log" / "ollama.log",
        lambda: address,
        lambda: {"OLLAMA_FLASH_ATTENTION": "1"},
        lambda: server,
    )


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as made_one:
        yield made_one


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(ollama_program, "usual_places", list)
    (tmp_path / "data").mkdir()


# Starting


def test_it_is_found_on_the_path_first(tmp_path: Path) -> None:
    own = program(tmp_path / "data" / "ollama")
    assert ollama_program.find(tmp_path / "data" / "ollama") == own
    (tmp_path / "path").mkdir()
    other = tmp_path / "path" / "ollama"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert ollama_program.find(tmp_path / "data" / "ollama") == other


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
        assert not await ollama_program.listens("127.0.0.1", port)

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


def test_something_else_at_its_address_is_said(tmp_path: Path, server: Server) -> None:
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
