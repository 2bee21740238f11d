"""How many models a server keeps, read from the environment of the real process that serves there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from mirador_desktop.core.memory_plan import DEFAULT_MOST
from mirador_desktop.engines.limits import limit_of, most_models

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a script has its own name as a process on Linux")


@contextmanager
def serving(folder: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program that is called ollama and waits."""
    path = folder / "ollama"
    path.write_text("#!/bin/sh\nread line\n")
    path.chmod(0o755)
    wanted = {"PATH": os.environ["PATH"], **environment}
    process = subprocess.Popen([path, *arguments], stdin=subprocess.PIPE, env=wanted)
    try:
        yield process
    finally:
        process.communicate(b"\n")


def test_the_limit_of_the_server_at_an_address(tmp_path: Path) -> None:
    with serving(tmp_path, "serve", OLLAMA_HOST="127.0.0.1:48217", OLLAMA_MAX_LOADED_MODELS="1"):
        assert most_models("http://127.0.0.1:48217") == 1
        assert most_models("http://127.0.0.1:48218") is None, "that is another one"
    assert most_models("http://127.0.0.1:48217") is None


def test_without_the_variable_it_is_the_default(tmp_path: Path) -> None:
    with serving(tmp_path, "serve", OLLAMA_HOST="0.0.0.0:48217"):
        assert most_models("http://127.0.0.1:48217") == DEFAULT_MOST


def test_a_command_of_ollama_is_no_server(tmp_path: Path) -> None:
    with serving(tmp_path, "run", OLLAMA_HOST="127.0.0.1:48217"):
        assert most_models("http://127.0.0.1:48217") is None


def test_a_process_that_may_not_be_read_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(process: psutil.Process) -> dict[str, str]:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "environ", denied)
    with serving(tmp_path, "serve", OLLAMA_HOST="127.0.0.1:48217"):
        assert most_models("http://127.0.0.1:48217") is None


@pytest.mark.parametrize(("value", "most"), [("2", 2), (' "4" ', 4), ("", 3), ("0", 3), ("many", 3), ("²", 3)])
def test_the_variable_is_read_as_ollama_does(value: str, most: int) -> None:
    assert limit_of(value) == most
