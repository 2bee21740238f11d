"""Pulls after the end of the program: offered again, never begun by themselves, and no trace that can do harm."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mirador_desktop.core.pull import Pull, read_pull, record_of
from tests.ollama_sim.client import Sim
from tests.unit.helpers import until
from tests.unit.pull_helpers import NAMES, Doors, Memory, run_doors, scenario, slow


@pytest.fixture
def sim() -> Iterator[Sim]:
    with Sim(scenario()) as running:
        yield running


def test_what_was_not_finished_is_offered_again(sim: Sim, tmp_path: Path) -> None:
    memory = Memory()

    async def first(doors: Doors) -> None:
        slow(sim, 1.0)
        pull = doors.pulls.add("one:1b")
        waiting = [doors.pulls.add(name) for name in NAMES[1:3]]
        await until(lambda: pull.transfer.share > 0.3)
        assert waiting[1].state == "waiting"

    async def second(doors: Doors) -> None:
        await doors.pulls.restore()
        await doors.pulls.restore()
        assert [p.name for p in doors.pulls.unfinished] == list(NAMES[:3])
        pull = doors.pulls.unfinished[0]
        assert pull.state == "paused"
        assert 0.3 < pull.transfer.share < 1
        assert sim.requests("/api/pull")[-1]["client_closed"], "nothing goes on by itself"
        doors.pulls.resume(pull)
        assert not pull.offered
        await until(lambda: pull.state == "done")
        assert pull.transfer.again == 0
        for other in doors.pulls.unfinished:
            doors.pulls.cancel(other)
            doors.pulls.keep_part(other)
        await until(lambda: memory.values["pulls"] == [])

    run_doors(sim.url, tmp_path, first, memory)
    run_doors(sim.url, tmp_path, second, memory)


def test_a_crash_leaves_a_trace_before_the_first_byte_is_counted(sim: Sim, tmp_path: Path) -> None:
    async def work(doors: Doors) -> None:
        slow(sim)
        pull = doors.pulls.add("one:1b")
        await until(lambda: doors.memory.values.get("pulls"))
        await until(lambda: pull.transfer.announced and doors.memory.values["pulls"][0]["total"])

    run_doors(sim.url, tmp_path, work)


def test_a_locked_store_is_no_hindrance_and_loses_nothing(sim: Sim, tmp_path: Path) -> None:
    memory = Memory()
    memory.values["pulls"] = [record_of(Pull("four:4b", "this computer"))]
    memory.locked = True

    async def work(doors: Doors) -> None:
        await doors.pulls.restore()
        slow(sim)
        pull = doors.pulls.add("one:1b")
        await until(lambda: pull.running)
        assert memory.written == 0
        memory.locked = False
        doors.pulls.pause(pull)
        await until(lambda: memory.written)
        assert [p.name for p in doors.pulls.items] == ["four:4b", "one:1b"]

    run_doors(sim.url, tmp_path, work, memory)
    assert {p["name"] for p in memory.values["pulls"]} == {"four:4b", "one:1b"}


def test_what_could_not_be_written_is_written_with_the_next_change(sim: Sim, tmp_path: Path) -> None:
    memory = Memory()

    async def work(doors: Doors) -> None:
        await doors.pulls.restore()
        slow(sim)
        memory.locked = True
        pull = doors.pulls.add("one:1b")
        await until(lambda: memory.refused)
        memory.locked = False
        doors.pulls.pause(pull)
        await until(lambda: memory.values.get("pulls"))

    run_doors(sim.url, tmp_path, work, memory)
    assert [p["name"] for p in memory.values["pulls"]] == ["one:1b"]


@pytest.mark.parametrize("value", [None, 3, "x", {}, [3, None, {"name": 3}, {"name": "x"}, []], [{"name": "x" * 9}]])
def test_a_strange_memory_is_ignored(sim: Sim, tmp_path: Path, value: object) -> None:
    memory = Memory()
    memory.values["pulls"] = value

    async def work(doors: Doors) -> None:
        await doors.pulls.restore()
        assert doors.pulls.items == []

    run_doors(sim.url, tmp_path, work, memory)


def test_a_record_comes_back_as_it_was() -> None:
    pull = Pull("a/b:c", "box", "http://box", insecure=True)
    pull.transfer.completed, pull.transfer.total = 3, 10
    again = read_pull(record_of(pull))
    assert again is not None
    assert (again.name, again.host, again.address, again.insecure) == ("a/b:c", "box", "http://box", True)
    assert (again.transfer.share, again.offered, again.state) == (0.3, True, "paused")
    broken = record_of(pull) | {"completed": 20}
    assert (found := read_pull(broken)) is not None
    assert found.transfer.total == 0
