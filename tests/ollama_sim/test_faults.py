"""What the test server promises to tests beyond the recordings: faults, queues and its own record."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.ollama_sim.client import ROOT, Sim
from tests.ollama_sim.sample_texts import QUESTION, SMALL
from tests.ollama_sim.scenarios import FAULTY, LLAMA_3B, ONE_MODEL, THREE_MODELS, TOO_OLD, with_faults

NAME = "llama3.2:3b"


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim(ONE_MODEL) as running:
        yield running


def body(**more: Any) -> dict[str, Any]:
    return {"model": NAME, "messages": [{"role": "user", "content": QUESTION}], **more}


def ask(sim: Sim, *, timeout: float = 10.0, into: list[Any] | None = None, **more: Any) -> list[Any]:
    """The lines of one answer; one that is no JSON stays text."""
    lines: list[Any] = [] if into is None else into
    with httpx.stream("POST", sim.url + "/api/chat", json=body(**more), timeout=timeout, verify=False) as response:
        for line in response.iter_lines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                lines.append(line)
    return lines


def text_of(lines: list[Any]) -> str:
    return "".join(line["message"]["content"] for line in lines)


def fail(sim: Sim, **fault: Any) -> None:
    sim.change({"models": ONE_MODEL["models"], "faults": [fault]})


def test_the_whole_text_comes_with_log_probabilities(sim: Sim) -> None:
    fail(sim, model="another")
    lines = ask(sim, logprobs=True, top_logprobs=3)
    assert text_of(lines) == SMALL
    probabilities = [each for line in lines[:-1] for each in line["logprobs"]]
    assert lines[-1]["eval_count"] == len(probabilities)
    assert lines[-1]["done_reason"] == "stop"
    assert all(each["logprob"] < 0 and len(each["top_logprobs"]) == 3 for each in probabilities)
    ranks = [[top["logprob"] for top in each["top_logprobs"]] for each in probabilities]
    assert all(rank == sorted(rank, reverse=True) for rank in ranks)


def test_an_error_line_comes_after_exactly_so_many_tokens(sim: Sim) -> None:
    fail(sim, error_line_after=5)
    lines = ask(sim)
    assert len(lines) == 6
    assert "unexpected EOF" in lines[-1]["error"]


def test_the_connection_breaks_after_exactly_so_many_tokens(sim: Sim) -> None:
    fail(sim, break_after=5)
    lines: list[Any] = []
    with pytest.raises(httpx.RemoteProtocolError):
        ask(sim, into=lines)
    assert len(lines) == 5


def test_the_connection_breaks_before_any_headers(sim: Sim) -> None:
    fail(sim, break_after=0)
    with pytest.raises(httpx.RemoteProtocolError):
        ask(sim)


def test_the_stream_ends_without_a_last_line(sim: Sim) -> None:
    fail(sim, end_without_done_after=4)
    assert [line["done"] for line in ask(sim)] == [False] * 4


@pytest.mark.parametrize("fault", [{"stall_after": 3}, {"stall_before_headers": True}])
def test_a_stalled_answer_says_nothing_more(sim: Sim, fault: dict[str, Any]) -> None:
    fail(sim, **fault)
    with pytest.raises(httpx.ReadTimeout):
        ask(sim, timeout=0.3)
    sim.wait_for(lambda seen: seen[-1]["client_closed"] is not None, "/api/chat")


def test_garbage_is_a_line_of_its_own(sim: Sim) -> None:
    fail(sim, garbage_after=3)
    lines = ask(sim)
    assert [index for index, line in enumerate(lines) if isinstance(line, str)] == [3]


def test_half_a_character_is_held_back(sim: Sim) -> None:
    fail(sim, half_character_after=2)
    lines = ask(sim, logprobs=True)
    assert lines[2]["message"]["content"] == ""
    assert lines[2]["logprobs"][0]["bytes"] == [0xF0, 0x9F]
    assert lines[3]["message"]["content"] == "\N{SLIGHTLY SMILING FACE}"


def test_an_empty_answer_has_only_its_last_line(sim: Sim) -> None:
    fail(sim, empty_answer=True)
    assert [line["done"] for line in ask(sim)] == [True]


def test_the_first_two_requests_fail_the_third_does_not(sim: Sim) -> None:
    fail(sim, status=503, first=2)
    assert [sim.ask("POST", "/api/chat", body(stream=False))[0] for _ in range(3)] == [503, 503, 200]


def test_a_fault_may_be_meant_for_loading_only(sim: Sim) -> None:
    fail(sim, status=500, on="load")
    assert sim.ask("POST", "/api/chat", {"model": NAME, "messages": []})[0] == 500
    assert sim.ask("POST", "/api/chat", body(stream=False))[0] == 200


def test_several_tokens_in_a_chunk(sim: Sim) -> None:
    sim.change({"models": [{**LLAMA_3B, "hold_back": [3, 1]}], "faults": []})
    lines = ask(sim, logprobs=True)
    assert [len(line["logprobs"]) for line in lines[:4]] == [3, 1, 3, 1]
    assert text_of(lines) == SMALL


def test_closing_the_connection_stops_the_answer(sim: Sim) -> None:
    sim.change({"models": [{**LLAMA_3B, "never_ends": True}], "faults": []})
    with httpx.stream("POST", sim.url + "/api/chat", json=body(), timeout=10) as response:
        next(response.iter_lines())
    sim.wait_for(lambda seen: seen[-1]["client_closed"] is not None, "/api/chat")
    seen = sim.requests("/api/chat")[-1]
    assert not seen["completed"]
    assert 1 <= seen["tokens"] < 1000
    assert sim.requests("/api/chat")[-1]["tokens"] == seen["tokens"]


def test_the_second_answer_waits_without_headers(sim: Sim) -> None:
    sim.change({"models": ONE_MODEL["models"], "faults": []})
    threads = [threading.Thread(target=ask, args=(sim,)) for _ in range(2)]
    before = len(sim.requests())
    for number, thread in enumerate(threads, before + 1):
        thread.start()
        sim.wait_for(lambda seen, least=number: len(seen) >= least)  # type: ignore[misc]
    for thread in threads:
        thread.join()
    first, second = sim.requests("/api/chat")[-2:]
    assert second["received"] < first["ended"] <= second["first_byte"]


def test_what_does_not_fit_leaves_and_another_context_loads_again() -> None:
    with Sim({"server": {"memory": 11_000_000_000}, "models": THREE_MODELS["models"]}) as sim:
        for name, context in ((NAME, 2048), (NAME, 2048), (NAME, 4096), ("qwen2.5:14b", 4096)):
            asked = {"model": name, "messages": [], "options": {"num_ctx": context}}
            assert sim.ask("POST", "/api/chat", asked)[0] == 200
        assert [(each["model"], each["context"]) for each in sim.loads()] == [
            (NAME, 2048),
            (NAME, 4096),
            ("qwen2.5:14b", 4096),
        ]
        loaded = sim.ask("GET", "/api/ps")[1]["models"]
        assert [each["name"] for each in loaded] == ["qwen2.5:14b"]


def test_a_token_is_asked_for_and_an_old_server_has_no_log_probabilities() -> None:
    with Sim(with_faults(TOO_OLD, token="secret")) as old:
        assert old.ask("GET", "/api/tags")[0] == 401
        with httpx.Client(headers={"Authorization": "Bearer secret"}, base_url=old.url) as client:
            shown = client.post("/api/show", json={"model": NAME}).json()
            assert "capabilities" not in shown
            answer = client.post("/api/chat", json=body(stream=False, logprobs=True)).json()
            assert "logprobs" not in answer
        assert old.requests("/api/chat")[0]["status"] == 200


def test_a_killed_server_refuses_and_comes_back_on_its_port() -> None:
    with Sim(ONE_MODEL) as sim:
        port = sim.port
        sim.change({"die": True})
        with pytest.raises(httpx.ConnectError):
            httpx.get(sim.url)
        sim.restart()
        assert sim.port == port
        assert httpx.get(sim.url).text == "Ollama is running"


def test_every_faulty_scenario_starts() -> None:
    with Sim(THREE_MODELS) as sim:
        for scenario in FAULTY.values():
            sim.change(scenario)
        with pytest.raises(ValueError, match="Fault has no breaks_after"):
            sim.change({"faults": [{"breaks_after": 2}]})


def test_the_process_ends_on_a_signal_and_with_its_parent() -> None:
    command = [sys.executable, "-m", "tests.ollama_sim", "--port", "0", "--with-parent"]
    for end in ("signal", "stdin"):
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline().startswith(b"listening on http://127.0.0.1:")
        began = time.monotonic()
        if end == "signal":
            os.kill(process.pid, signal.SIGTERM)
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()
        assert time.monotonic() - began < 2
