"""The test server against recordings of a real one: the same statuses, the same kinds of lines."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ollama_sim.client import Sim
from tests.ollama_sim.recorded import scenario_for

FOLDER = Path(__file__).parents[2].parent / "shared" / "protocol"
CASES = sorted(path.stem for path in FOLDER.glob("*.json"))
AT_ONCE = {"parallel", "queue", "queue-full", "pull-twice-at-once"}
# Parts that depend on the model's file, not on the protocol.
OF_THE_FILE = {"model_info", "tensors", "context"}

Step = dict[str, Any]


@dataclass
class Got:
    """What came back for one step."""

    status: int | None = None
    content_type: str = ""
    lines: list[str] = field(default_factory=list)
    broken: bool = False


@pytest.fixture(scope="module")
def shared() -> Iterator[Sim]:
    with Sim(scenario_for("")) as sim:
        yield sim


def shape(value: Any, name: str = "") -> Any:
    """What kind of value it is: keys and types, for a list the kinds of its members."""
    if name in OF_THE_FILE:
        return name
    if isinstance(value, dict):
        return tuple((key, shape(each, key)) for key, each in sorted(value.items()))
    if isinstance(value, list):
        return ("list", *sorted({repr(shape(each)) for each in value}))
    if name in ("done", "done_reason", "error", "status", "finish_reason"):
        return _words(value)
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def _words(value: Any) -> Any:
    """Words of an error or a status without digests and places."""
    if not isinstance(value, str):
        return shape(value) if isinstance(value, dict) else value
    text = re.sub(r"[0-9a-f]{64}", "DIGEST", value)
    text = re.sub(r"^pulling [0-9a-f]{12}$", "pulling LAYER", text)
    return text.replace("MODELS/", "/models/").replace("//localhost:", "//127.0.0.1:")


def kind(line: str) -> Any:
    """What kind of line it is."""
    data = line.removeprefix("data: ")
    try:
        return shape(json.loads(data))
    except ValueError:
        return "verbose" if data.startswith('{"license"') else data


def kinds(lines: list[str]) -> list[Any]:
    """The kinds of lines in their order, repetitions as one."""
    return [each for each, _ in groupby(kind(line) for line in lines)]


def send(sim: Sim, step: Step, after: dict[int, Callable[[], None]] | None = None) -> Got:
    """Sends one recorded request and reads as many lines as were read then."""
    request, got = step["request"], Got()
    stop = re.search(r"after (\d+) lines", step.get("client") or "")
    content = request.get("raw_body")
    if content is None and request.get("body") is not None:
        content = json.dumps(request["body"])
    try:
        with (
            httpx.Client(base_url=sim.url, timeout=20, verify=False) as client,
            client.stream(
                request["method"], request["path"], content=content, headers=request.get("headers") or {}
            ) as response,
        ):
            got.status = response.status_code
            got.content_type = response.headers.get("content-type", "").split(";")[0]
            for line in response.iter_lines():
                if not line:
                    continue
                got.lines.append(line)
                if after and len(got.lines) in after:
                    after[len(got.lines)]()
                if stop and len(got.lines) == int(stop[1]):
                    break
    except httpx.HTTPError:
        got.broken = True
    return got


def replay_at_once(sim: Sim, steps: list[Step]) -> list[Got]:
    """Sends all steps at the same time, each when the one before has arrived."""
    results = [Got() for _ in steps]
    seen = len(sim.requests())

    def run(index: int) -> None:
        results[index] = send(sim, steps[index])

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(steps))]
    for number, thread in enumerate(threads, 1):
        thread.start()
        sim.wait_for(lambda all_seen, least=seen + number: len(all_seen) >= least)  # type: ignore[misc]
    for thread in threads:
        thread.join()
    return results


def without_empty_lists(one: str, other: str) -> tuple[str, str]:
    """Two kinds of ps where one of the servers had not yet let go of a model."""
    empty = "(('models', ('list',)),)"
    return (empty, empty) if empty in (one, other) else (one, other)


def compare(case: str, number: int, step: Step, got: Got) -> None:
    """The recorded answer and the one that came are of the same kinds."""
    wanted, where = step["response"], f"{case}, step {number}"
    assert got.status == wanted.get("status"), where
    assert got.broken == bool(wanted.get("broken")), where
    if got.status is None:
        return
    recorded_type = (wanted.get("headers") or {}).get("content-type", "").split(";")[0]
    assert got.content_type == recorded_type, where
    said, came = kinds([text for _, text in wanted["lines"]]), kinds(got.lines)
    assert len(came) == len(said), f"{where}: {came} instead of {said}"
    for one, other in zip(said, came, strict=True):
        left, right = repr(one), repr(other)
        if step["request"]["path"] == "/api/ps":
            left, right = without_empty_lists(left, right)
        if "verbose" in (left.strip("'"), right.strip("'")):
            continue
        assert right == left, where


@pytest.mark.skipif(not CASES, reason="the recordings of a real server are not beside this checkout")
@pytest.mark.parametrize("case", CASES or ["none"])
def test_answers_as_recorded(case: str, shared: Sim) -> None:
    steps: list[Step] = json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))["steps"]
    if case == "server-dies":
        with Sim(scenario_for(case)) as sim:
            for number, step in enumerate(steps):
                compare(case, number, step, send(sim, step))
        return
    shared.change(scenario_for(case))
    if case in AT_ONCE:
        for number, (step, got) in enumerate(zip(steps, replay_at_once(shared, steps), strict=True)):
            compare(case, number, step, got)
        return
    after = {4: lambda: shared.change({"kill_runner": "slow"})} if case == "chat-runner-dies" else None
    for number, step in enumerate(steps):
        compare(case, number, step, send(shared, step, after if number == 0 else None))
