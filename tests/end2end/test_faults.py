"""What servers, models and settings can do wrong: the window goes on, says it, and tells nobody of it."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from mirador_desktop.core.conversation import Turn
from mirador_desktop.gui.main_window import MainWindow
from tests import driving
from tests.driving import answered, last, part, send, until
from tests.end2end.helpers import (
    ask_in_terminal,
    banner,
    click,
    configure,
    kept,
    slow,
    tokens,
    troubles,
    wait_until,
)
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim
from tests.ollama_sim.sample_texts import SMALL
from tests.ollama_sim.scenarios import with_faults

PROMISED_STOP = 0.1
"""Seconds within which Stop closes the connection."""
LARGE = "qwen2.5:14b"


def _ends(turn: Turn, stage: str) -> list[tuple[str, str | None]]:
    """How the models of a stage ended."""
    (record,) = [each for each in turn.stages if each.name == stage]
    return [(answer.model, answer.reason) for answer in record.answers]


def _written(turn: Turn) -> Callable[[], bool]:
    return lambda: tokens(turn) > 10


# ── the server ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_server_that_dies_in_mid_answer_has_failed_it_and_when_it_is_back_retry_asks_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def drive(window: MainWindow) -> None:
        turn = await send(window, "What now?")
        await until(_written(turn), "some words")
        sim.kill()
        await answered(window)
        assert turn.reason == "failed", "half an answer is not an answer"
        assert turn.error == "The connection to this computer broke."
        assert turn.final_text, "what was written is kept"
        assert part(window, QLabel, "turnError").text() == turn.error
        sim.restart(scenarios.ONE_MODEL)
        click(window, "retry")
        await until(lambda: window.turns.turn_ids not in ([], [turn.id]), "the second turn")
        assert (await answered(window)).reason == "done"

    with Sim(slow(0.01, scenarios.ONE_MODEL)) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert not troubles(tmp_path)
    assert not capfd.readouterr().err


def test_a_model_that_was_deleted_since_the_look_is_replaced(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        await send(window, "What now?")
        turn = await answered(window)
        assert turn.reason == "done"
        assert _ends(turn, "synthesis") == [(LARGE, "failed"), ("qwen2.5:7b", "done")]

    gone = {"model": LARGE, "status": 404, "error": f"model '{LARGE}' not found"}
    with Sim(with_faults(scenarios.THREE_MODELS, gone)) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert not troubles(tmp_path)


def test_models_may_come_and_go_while_an_answer_streams(tmp_path: Path) -> None:
    new = {**scenarios.QWEN_14B, "name": "new:13b"}

    async def drive(window: MainWindow) -> None:
        turn = await send(window, "What now?")
        await until(_written(turn), "some words")
        looks = len(sim.requests("/api/tags"))
        sim.change({"remove": [LARGE], "install": [new]})
        window.activated.emit()
        await until(lambda: len(sim.requests("/api/tags")) > looks, "another look")
        await answered(window)
        assert turn.reason == "done"
        assert _ends(turn, "synthesis")[-1] == ("new:13b", "done")

    with Sim(slow(0.003)) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert not troubles(tmp_path)


def test_the_settings_say_how_long_a_model_may_stand_still(tmp_path: Path) -> None:
    configure(tmp_path, "stall_seconds = 1\n")

    async def drive(window: MainWindow) -> None:
        await send(window, "What now?")
        turn = await answered(window)
        assert turn.reason == "done"
        assert turn.stages[0].answers[0].error == "llama3.2:3b stood still for 1 s."

    with Sim(with_faults(scenarios.THREE_MODELS, {"stall_after": 5, "first": 1})) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert not troubles(tmp_path)


STOPS: dict[str, tuple[scenarios.Scenario, Callable[[Turn], object]]] = {
    "loading": ({"models": [{**scenarios.LLAMA_3B, "load_seconds": 30.0}]}, lambda turn: True),
    "silent": (with_faults(scenarios.ONE_MODEL, {"stall_before_headers": True}), lambda turn: True),
    "thinking": (
        {"models": [{**scenarios.DEEPSEEK, "token_seconds": 0.01}]},
        lambda turn: any(answer.thinking for stage in turn.stages for answer in stage.answers),
    ),
    "second stage": (slow(0.003), lambda turn: turn.stages[1].answers),
}


def _asked(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in requests if each["body"]["messages"]]


@pytest.mark.parametrize("where", STOPS)
def test_stop_closes_the_connection_wherever_the_answer_is(tmp_path: Path, where: str) -> None:
    scenario, reached = STOPS[where]

    async def drive(window: MainWindow) -> None:
        turn = await send(window, "What now?")
        # A request without messages loads the model before it is needed, and goes on.
        await until(lambda: _asked(sim.requests("/api/chat")) and reached(turn), where)
        stopped = time.time()
        click(window, "stopButton")
        await answered(window)
        sim.wait_for(lambda seen: _asked(seen)[-1]["client_closed"] or _asked(seen)[-1]["completed"], "/api/chat")
        request = _asked(sim.requests("/api/chat"))[-1]
        assert (request["client_closed"] or request["ended"]) - stopped < PROMISED_STOP
        assert turn.reason == "stopped"
        assert part(window, QPushButton, "sendButton").isVisible()

    with Sim(scenario) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert not troubles(tmp_path)


def test_stop_while_a_busy_server_is_waited_for_asks_no_more(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        turn = await send(window, "What now?")
        await until(lambda: len(sim.requests("/api/chat")) == 1, "the first refusal")
        click(window, "stopButton")
        await answered(window)
        assert turn.reason == "stopped"
        again = await send(window, "And now?")
        await until(lambda: len(sim.requests("/api/chat")) > 1, "the next question")
        assert "And now?" in str(sim.requests("/api/chat")[1]["body"])
        click(window, "stopButton")
        await until(lambda: again.reason, "its end")

    with Sim(with_faults(scenarios.ONE_MODEL, {"status": 503})) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert not troubles(tmp_path)


# ── what a model writes ────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _web() -> Iterator[tuple[str, list[str]]]:
    """A web server that notes who asks for what."""
    asked: list[str] = []

    class Note(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name http.server looks for
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Note)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _remote(web: str) -> str:
    return f"""![a]({web}/markdown.png) ![b](file:///etc/hostname) <img src="{web}/img.png"> <img src=x onerror=y>

<script src="{web}/script.js"></script>

<link rel="stylesheet" href="{web}/link.css">

<style>@import url({web}/import.css); p {{background: url({web}/p)}}</style>

<iframe src="{web}/frame"></iframe><object data="{web}/object"></object><body background="{web}/body">

<table background="{web}/table"><tr><td style="background-image: url({web}/td)">cell</td></tr></table>

| ![t]({web}/cell.png) | <img src="{web}/cell"> |
|---|---|
| [link]({web}/link) | <{web}/auto> |

[f](file:///etc/hostname) [j](javascript:alert(1)) [r]

[r]: {web}/reference
"""


HOSTILE = {
    "controls": "nul \x00 escape \x1b[31mred\x1b[0m bell \x07 \u202ecod.exe\u202c \u2066x marks \ufeff \ufffe end",
    "newlines": "first" + "\n" * 600 + "last",
    "lists": "".join("  " * depth + "- item\n" for depth in range(60)),
    "quotes": ">" * 200 + " quote\n\n" + "[" * 200 + "x" + "]" * 200 + "*" * 200 + "y" + "_" * 200,
    "one word": "x" * 20_000,
    "table": "| a | b |\n|---|---|\n" + "| one | two |\n" * 150,
}


def _says(text: str) -> scenarios.Scenario:
    return {"models": [{**scenarios.LLAMA_3B, "text": text, "token_seconds": 0.0}]}


@pytest.mark.parametrize("what", [*HOSTILE, "remote"])
def test_whatever_a_model_writes_is_shown_kept_and_asks_for_nothing_remote(
    tmp_path: Path, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async def drive(window: MainWindow) -> None:
        await send(window, "Write something odd")
        turn = await answered(window)
        assert turn.reason in ("done", "length")
        assert turn.final_text
        seen.append(turn)

    seen: list[Turn] = []
    with _web() as (web, asked):
        with Sim(_says(HOSTILE.get(what) or _remote(web))) as sim:
            assert driving.run(drive, tmp_path, sim.url) == 0
        assert not asked
    ((_, turns),) = kept(tmp_path)
    assert turns == seen
    assert not troubles(tmp_path)
    assert not capfd.readouterr().err


# ── settings and privacy ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theme = ", "settings.toml cannot be read"),
        ("theme = 'neon'", "theme is 'neon'"),
        ("stall_seconds = nan", "stall_seconds is nan"),
        ("something = 1", ""),
    ],
)
def test_what_is_wrong_in_the_settings_is_said_and_stays_in_the_file(tmp_path: Path, text: str, said: str) -> None:
    file = configure(tmp_path, text + "\n")

    async def drive(window: MainWindow) -> None:
        if said:
            await until(lambda: said in banner(window), "the banner")
        await send(window, "Do you work?")
        assert (await answered(window)).reason == "done"

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert file.read_text("utf-8").startswith(text), "what the person wrote stays"
    assert not troubles(tmp_path)


def test_nobody_but_the_host_is_spoken_to_and_the_log_knows_nothing(tmp_path: Path) -> None:
    def spoken_to() -> set[int]:
        connections = psutil.Process().net_connections("inet")
        return {c.raddr.port for c in connections if c.raddr and c.status == psutil.CONN_ESTABLISHED}

    async def drive(window: MainWindow) -> None:
        assert spoken_to() <= {sim.port}
        turn = await send(window, "What is a zebrafish?")
        await until(_written(turn), "some words")
        assert spoken_to() == {sim.port}
        await answered(window)
        assert spoken_to() <= {sim.port}
        assert part(window, QWidget, "turn-1").isVisible()
        assert last(window).final_text == SMALL

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    for file in (each for each in tmp_path.rglob("*") if each.is_file()):
        content = file.read_bytes()
        assert b"zebrafish" not in content
        assert SMALL.split()[3].encode() + b" " + SMALL.split()[4].encode() not in content


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_dead_proxy_does_not_stand_before_a_server_on_this_computer(
    tmp_path: Path, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [each for each in os.environ if each.lower() == "no_proxy"]:
        monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"{scheme}://127.0.0.1:1")
    with Sim(scenarios.ONE_MODEL) as sim:
        asked = ask_in_terminal(tmp_path, sim.url, "Do you hear me?")
        wait_until(lambda: asked.poll() is not None, "the answer")
        _, errors = asked.communicate()
    assert asked.returncode == 0, errors.decode()
    assert not troubles(tmp_path)
