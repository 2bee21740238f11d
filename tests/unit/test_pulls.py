"""The queue of pulls against a test server: two at a time, paused, gone on with, cancelled, and its faults."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.core.pull import Pull
from mirador_desktop.errors import EngineUnreachable, ModelRefused
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import model
from tests.unit.helpers import until
from tests.unit.pull_helpers import NAMES, Doors, run_doors, scenario, slow


@pytest.fixture
def sim() -> Iterator[Sim]:
    with Sim(scenario()) as running:
        yield running


def installed(sim: Sim) -> set[str]:
    return {m["name"] for m in sim.ask("GET", "/api/tags")[1]["models"]}


def test_pulls_and_looks_again(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        pull = doors.pulls.add("ollama run one:1b")
        assert (pull.name, pull.host) == ("one:1b", "this computer")
        told: list[float] = []
        doors.pulls.listen(lambda: told.append(pull.transfer.share))
        await until(lambda: pull.state == "done")
        assert pull.transfer.completed == pull.transfer.total > 1_000_000_000
        await until(lambda: any(m.name == "one:1b" for m in doors.registry.models()))
        await until(lambda: told and told[-1] == 1.0)
        assert told == sorted(told)
        assert len(told) < 40, "listeners are told ten times a second at most"

    run_doors(sim.url, tmp_path, work)
    assert installed(sim) == {"one:1b"}


def test_two_at_a_time_and_the_others_queue(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        slow(sim, 1.0)
        pulls = [doors.pulls.add(name) for name in NAMES]
        most = 0

        def count() -> bool:
            nonlocal most
            most = max(most, sum(p.running for p in pulls))
            return all(p.state == "done" for p in pulls)

        await until(lambda: all(p.transfer.left(doors.pulls.now()) is not None for p in pulls[:2]))
        assert [p.state for p in pulls] == ["pulling", "pulling", "waiting", "waiting"]
        first, second = doors.pulls.starts_in(pulls[2]), doors.pulls.starts_in(pulls[3])
        assert first is not None
        assert second is not None
        assert 0 <= first <= second
        await until(count)
        assert most == 2

    run_doors(sim.url, tmp_path, work)
    assert installed(sim) == set(NAMES)


def test_pause_closes_the_connection_and_going_on_begins_where_it_was(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        slow(sim, 1.0)
        pull = doors.pulls.add("one:1b")
        await until(lambda: pull.transfer.share > 0.3)
        doors.pulls.pause(pull)
        await until(lambda: sim.requests("/api/pull")[-1]["client_closed"])
        assert pull.state == "paused"
        kept = pull.transfer.completed
        doors.pulls.resume(pull)
        await until(lambda: pull.transfer.announced and pull.state == "pulling")
        assert pull.transfer.completed >= kept
        assert pull.transfer.again == 0
        await until(lambda: pull.state == "done")

    run_doors(sim.url, tmp_path, work)
    assert len(sim.requests("/api/pull")) == 2


def test_a_paused_pull_makes_room_for_the_next(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        slow(sim)
        pulls = [doors.pulls.add(name) for name in NAMES[:3]]
        await until(lambda: pulls[0].transfer.announced)
        doors.pulls.pause(pulls[0])
        await until(lambda: pulls[2].running)
        doors.pulls.resume(pulls[0])
        assert pulls[0].state == "waiting"
        await until(lambda: pulls[1].transfer.completed)
        doors.pulls.cancel(pulls[1])
        await until(lambda: pulls[0].running)
        assert pulls[1].state == "cancelled"
        doors.pulls.keep_part(pulls[1])
        assert doors.pulls.items == [pulls[0], pulls[2]]
        await until(lambda: doors.pulls.share is not None)

    run_doors(sim.url, tmp_path, work)


def test_the_same_model_is_pulled_once(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        slow(sim)
        pull = doors.pulls.add("one:1b")
        assert doors.pulls.add("registry.ollama.ai/library/one:1b") is pull
        doors.pulls.pause(pull)
        assert doors.pulls.add("one:1b") is pull
        assert pull.state != "paused"

    run_doors(sim.url, tmp_path, work)


def test_a_bad_name_is_said_at_once(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        with pytest.raises(ModelRefused, match="a space"):
            doors.pulls.add("no such:name/x y")
        assert doors.pulls.items == []

    run_doors(sim.url, tmp_path, work)
    assert sim.requests("/api/pull") == []


def test_without_a_host_that_can_pull(tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        with pytest.raises(EngineUnreachable, match="Add an Ollama host"):
            doors.pulls.add("one:1b")

    run_doors({}, tmp_path, work)


def test_an_unknown_model_fails_with_a_sentence_and_can_be_tried_again(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        pull = doors.pulls.add("five:5b")
        await until(lambda: pull.state == "failed")
        assert "has no model five:5b" in pull.error
        sim.change({"registry": [model("five:5b", 1, "5B", "llama")]})
        doors.pulls.resume(pull)
        assert pull.error == ""
        await until(lambda: pull.state == "done")

    run_doors(sim.url, tmp_path, work)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"error_line_after": 8, "error": "write: no space left on device"}, "The disk of this computer is full"),
        ({"break_after": 8}, "The connection to this computer broke"),
    ],
)
def test_a_fault_in_mid_pull_keeps_what_has_come(sim: Sim, tmp_path: Path, fault: dict[str, Any], words: str) -> None:
    async def work(doors: Doors) -> None:
        sim.change({"faults": [{"path": "/api/pull", **fault}]})
        pull = doors.pulls.add("one:1b")
        await until(lambda: pull.state == "failed")
        assert words in pull.error
        kept = pull.transfer.completed
        assert kept > 0
        sim.change({"faults": []})
        doors.pulls.resume(pull)
        await until(lambda: pull.state == "done")
        await until(lambda: doors.memory.values["pulls"] == [])

    run_doors(sim.url, tmp_path, work)


def test_a_registry_that_dies(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        slow(sim, 0.5, dies_at=0.3, retry_seconds=0.05)
        pull = doors.pulls.add("one:1b")
        await until(lambda: pull.state == "failed")
        assert "does not answer any more" in pull.error
        assert 0.2 < pull.transfer.share < 0.4
        slow(sim, 0.5)
        doors.pulls.resume(pull)
        await until(lambda: pull.state == "done")

    run_doors(sim.url, tmp_path, work)


def test_a_server_that_dies_and_comes_back_without_the_part(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        slow(sim, 1.0)
        pull = doors.pulls.add("one:1b")
        await until(lambda: pull.transfer.share > 0.4)
        shown = pull.transfer.completed
        sim.kill()
        await until(lambda: pull.state == "failed")
        doors.pulls.resume(pull)
        await until(lambda: pull.state == "failed")
        assert "Nothing answers at" in pull.error
        sim.restart(scenario(0.5))  # a real one too has thrown unfinished parts away when it starts
        doors.pulls.resume(pull)
        await until(lambda: pull.transfer.again > 0)
        assert pull.transfer.completed >= shown, "what is shown does not go backwards"
        await until(lambda: pull.state == "done")

    run_doors(sim.url, tmp_path, work)


def test_a_lost_connection_of_the_server_is_no_step_back(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        slow(sim, 0.6, lose_connection_at=0.5, standstill_seconds=0.1)
        pull = doors.pulls.add("one:1b")
        shown: list[int] = []
        again = 0
        while pull.state != "done":
            shown.append(pull.transfer.completed)
            again = max(again, pull.transfer.again)
            await asyncio.sleep(0.005)
        assert shown == sorted(shown)
        assert again > 300_000_000, "and it is told that a part comes a second time"

    run_doors(sim.url, tmp_path, work)


def test_what_stands_still_says_so(sim: Sim, tmp_path: Path) -> None:
    now = [0.0]

    async def work(doors: Doors) -> None:
        sim.change({"faults": [{"path": "/api/pull", "stall_after": 8}]})
        pull = doors.pulls.add("one:1b")

        def still() -> bool:
            now[0] += 0.05
            return pull.state == "still"

        await until(still)
        assert pull.transfer.completed
        assert pull.transfer.silent(now[0]) >= 5
        now[0] += 7
        assert pull.transfer.silent(now[0]) >= 12
        assert doors.memory.values["pulls"][0]["name"] == "one:1b"

    run_doors(sim.url, tmp_path, work, clock=lambda: now[0])


def test_a_cancelled_pull_asks_what_becomes_of_its_part(sim: Sim, tmp_path: Path) -> None:
    deleted: list[tuple[str, int]] = []

    async def delete(address: str, digests: Sequence[str]) -> bool:
        deleted.append((address, len(digests)))
        return len(deleted) == 1

    async def work(doors: Doors) -> None:
        slow(sim)
        begun, other, waiting = (doors.pulls.add(name) for name in NAMES[:3])
        await until(lambda: begun.transfer.completed and other.transfer.completed)
        doors.pulls.cancel(waiting)
        assert waiting not in doors.pulls.items, "of which nothing had come"
        doors.pulls.cancel(begun)
        await until(lambda: sim.requests("/api/pull")[0]["client_closed"])
        doors.pulls.resume(begun)
        await until(lambda: begun.running and begun.transfer.announced)
        for pull, said in ((begun, "The part of one:1b was deleted."), (other, "does that itself the next time")):
            doors.pulls.cancel(pull)
            assert said in await doors.pulls.delete_part(pull)
        assert doors.pulls.items == []
        assert deleted == [(sim.url, 1), (sim.url, 1)]

    run_doors(sim.url, tmp_path, work, delete_parts=delete)


def test_several_hosts(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        assert doors.pulls.choices() == ["workstation", "this computer"], "the one that answers first"
        assert doors.pulls.add("one:1b").host == "workstation"
        refused = doors.pulls.add("two:2b", "this computer")
        await until(lambda: refused.state == "failed")
        gone = Pull("three:3b", "old", "http://nowhere:1")
        doors.pulls.items.append(gone)
        doors.pulls.resume(doors.pulls.items[0])
        doors.pulls.pause(gone)
        doors.pulls.resume(gone)
        await until(lambda: gone.state == "failed")
        assert "not among the hosts any more" in gone.error

    run_doors({"this computer": "http://127.0.0.1:1", "workstation": sim.url}, tmp_path, work)
