"""The program in a terminal, as a process: answers, event lines, exit codes, Ctrl+C, kill."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.driving import ROOT
from tests.end2end.helpers import configure
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import with_faults

NOWHERE = "127.0.0.1:1"


def _environment(home: Path, ollama: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return {
        **kept,
        "MIRADOR_HOME": str(home),
        "OLLAMA_HOST": ollama,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PYTHONUTF8": "1",
    }


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mirador_desktop", *arguments]


def _run(home: Path, ollama: str, *arguments: str, words: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        _command(*arguments),
        cwd=ROOT,
        env=_environment(home, ollama),
        input=words,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def _events(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_event_lines_have_the_promised_form(tmp_path: Path) -> None:
    with Sim(scenarios.THREE_MODELS) as sim:
        done = _run(tmp_path, sim.url, "ask", "--json", "Why", "is the sky blue?")
    events = _events(done.stdout)
    assert done.returncode == 0
    assert [e["event"] for e in events if e["event"] != "token"] == [
        "question",
        "stage_started",
        "stage_finished",
        "stage_started",
        "stage_finished",
        "stage_finished",
        "stage_started",
        "stage_finished",
        "answer_finished",
    ]
    assert list(events[0]) == ["event", "t", "intent", "complexity", "pipeline", "depth", "memories"]
    token = next(e for e in events if e["event"] == "token")
    assert list(token) == ["event", "t", "stage", "model", "kind", "content", "confidence", "source"]
    assert token["source"] == "logprobs"
    assert 0 <= token["confidence"] <= 1
    finished = next(e for e in events if e["event"] == "stage_finished")
    assert list(finished) == [
        *("event", "t", "stage", "model", "reason", "tokens", "first_token", "tokens_per_second"),
        *("confidence", "calibrated"),
    ]
    assert finished["calibrated"] is False
    assert list(events[-1]) == ["event", "t", "stage", "content", "confidence", "reason"]
    written = "".join(e["content"] for e in events if e["event"] == "token" and e["stage"] == "synthesis")
    assert events[-1]["content"] == written
    assert [e["t"] for e in events] == sorted(e["t"] for e in events)


def test_plain_text_has_no_escape_sequences_whatever_a_model_writes(tmp_path: Path) -> None:
    model = {**scenarios.ONE_MODEL["models"][0], "text": "red \x1b[31m and a bell \x07 and a title \x1b]0;x\x07."}
    with Sim({**scenarios.ONE_MODEL, "models": [model]}) as sim:
        done = _run(tmp_path, sim.url, "ask", "--depth", "quick", "Colours?")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout
    assert "Quick (llama3.2:3b)" in done.stdout


def test_a_question_from_standard_input(tmp_path: Path) -> None:
    with Sim(scenarios.ONE_MODEL) as sim:
        done = _run(tmp_path, sim.url, "ask", "--json", "-", words="What now?\n")
        body = sim.requests("/api/chat")[0]["body"]
    assert done.returncode == 0
    assert body["messages"][-1]["content"] == "What now?"


OWN = """
name = "My own"
[[context]]
kind = "file"
value = "/gone/notes.txt"
[[context]]
kind = "time"
[[stages]]
name = "only one"
max_tokens = 900
role_prompt = "Be brief."
"""


def test_a_pipeline_of_ones_own_by_name_with_its_context(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "pipelines"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(OWN, "utf-8")
    (folder / "broken.toml").write_text("name = ", "utf-8")
    with Sim(scenarios.ONE_MODEL) as sim:
        done = _run(tmp_path, sim.url, "ask", "--json", "--pipeline", "MY own", "What now?")
        said = sim.requests("/api/chat")[-1]["body"]["messages"]
        plain = _run(tmp_path, sim.url, "ask", "--pipeline", "my own", "What now?")
        wrong = _run(tmp_path, sim.url, "ask", "--pipeline", "yours", "What now?")
    assert done.returncode == 0
    context = next(e for e in _events(done.stdout) if e["event"] == "context")
    left_out = "notes.txt is not there any more and was left out"
    assert context["sources"][0] == {"name": "notes.txt", "tokens": 0, "error": left_out, "age": None}
    assert context["sources"][1]["name"] == "date and time"
    assert said[1]["content"].startswith("### Question\n\nWhat now?\n\n### Date and time of the question\n> It is ")
    assert f"{left_out}." in plain.stdout
    assert "Only one (llama3.2:3b)" in plain.stdout
    assert wrong.returncode == 2
    assert "“Financial”, “My own” or “Guide”" in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("ask",), 2),
        (("ask", "--depth", "deepest", "x"), 2),
        (("ask", "--pipeline", "Nonsense", "x"), 2),
        (("nonsense",), 2),
        (("--version",), 0),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    assert _run(tmp_path, NOWHERE, *arguments).returncode == code


def test_without_a_model_the_guide_answers_what_it_knows_and_says_what_it_does_not(tmp_path: Path) -> None:
    knows = _run(tmp_path, NOWHERE, "ask", "How do I pull a model?")
    does_not = _run(tmp_path, NOWHERE, "ask", "--json", "What is the capital of France?")
    assert knows.returncode == 0
    assert "press Pull" in knows.stdout
    assert does_not.returncode == 3
    last = _events(does_not.stdout)[-1]
    assert last["event"] == "answer_finished"
    assert last["reason"] == "failed"
    assert "only a model could answer it" in last["content"]
    assert len(does_not.stderr.strip().splitlines()) == 1


def test_failing_models_end_with_one_sentence(tmp_path: Path) -> None:
    with Sim(scenarios.ALL_FAIL) as sim:
        done = _run(tmp_path, sim.url, "ask", "--json", "Hello?")
    assert done.returncode == 1
    assert _events(done.stdout)[-1]["reason"] == "failed"
    assert len(done.stderr.strip().splitlines()) == 1


def test_wrong_settings_are_named_and_the_answer_comes_all_the_same(tmp_path: Path) -> None:
    configure(tmp_path, "theme = 5")
    with Sim(scenarios.ONE_MODEL) as sim:
        done = _run(tmp_path, sim.url, "ask", "Why?")
    assert done.returncode == 0
    assert done.stdout
    assert "theme is 5, expected is" in done.stderr


def _ask_slowly(home: Path, sim: Sim) -> "subprocess.Popen[str]":
    """Start an answer that never ends, and read until some tokens have come."""
    process = subprocess.Popen(
        _command("ask", "--json", "Tell me"),
        cwd=ROOT,
        env=_environment(home, sim.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "token":
            break
    return process


def test_interrupt_stops_as_the_window_does(tmp_path: Path) -> None:
    with Sim(with_faults(scenarios.ONE_MODEL, {"stall_after": 30})) as sim:
        process = _ask_slowly(tmp_path, sim)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        sim.wait_for(lambda requests: requests[-1]["client_closed"], "/api/chat")
    assert process.returncode == 130
    last = _events(output)[-1]
    assert (last["event"], last["reason"]) == ("answer_finished", "stopped")
    assert last["content"]


def test_killed_in_mid_answer_the_half_answer_is_there(tmp_path: Path) -> None:
    with Sim(with_faults(scenarios.ONE_MODEL, {"stall_after": 40})) as sim:
        process = _ask_slowly(tmp_path, sim)
        assert process.stdout is not None
        tokens = 1
        while tokens < 40:
            tokens += json.loads(process.stdout.readline())["event"] == "token"
        _wait_until_kept(tmp_path)
        process.kill()
        process.communicate(timeout=20)
    turn = _only_turn(tmp_path)
    assert turn.reason == "stopped"
    assert turn.stages[0].answers[0].marks.tokens == 40
    assert turn.stages[0].answers[0].reason == "stopped"


def _wait_until_kept(home: Path) -> None:
    """Wait until forty tokens are in the database, which another process is writing."""
    import time

    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if _only_turn(home).stages[0].answers[0].marks.tokens >= 40:
                return
        except IndexError:
            continue
    raise TimeoutError("the answer was not kept")


def _only_turn(home: Path) -> Any:
    import asyncio

    from mirador_desktop.memory.store import Store

    async def read() -> Any:
        store = Store(home / "data")
        try:
            await store.open()
            return (await store.tail((await store.conversations())[0].leaf, 1))[0]
        finally:
            await store.close()

    return asyncio.run(read())


def test_doctor_names_what_it_found(tmp_path: Path) -> None:
    with Sim(scenarios.THREE_MODELS) as sim:
        well = _run(tmp_path, sim.url, "doctor")
    ill = _run(tmp_path, NOWHERE, "doctor")
    assert well.returncode == 0
    for words in ("Mirador", "Python", "Display", "Key", "llama3.2:3b", "Stage synthesis", "qwen2.5:14b"):
        assert words in well.stdout
    assert ill.returncode == 1
    assert "Nothing answers at http://127.0.0.1:1" in ill.stdout


def test_without_a_display_questions_come_from_standard_input(tmp_path: Path) -> None:
    with Sim(scenarios.ONE_MODEL) as sim:
        done = _run(tmp_path, sim.url, words="First?\nSecond?\n")
        asked = [r["body"]["messages"] for r in sim.requests("/api/chat")]
    assert done.returncode == 0
    assert done.stderr.count("No display here") == 1
    questions = [m[-1]["content"] for m in asked if "### Question" not in m[-1]["content"]]
    assert questions == ["First?", "Second?"]
    assert len(asked[-1]) > 2, "the first turn was sent along"


def test_without_a_display_and_with_nothing_to_read_the_guide_is_asked(tmp_path: Path) -> None:
    done = _run(tmp_path, NOWHERE)
    assert done.returncode == 0
    assert "How do I get a first answer" in done.stdout
    assert "Synthesis (guide)" in done.stdout
