"""Whatever ends the program, or keeps it from writing: what was asked and answered is there afterwards."""

import signal
import sys
from pathlib import Path

import pytest

from mirador_desktop.core.conversation import Turn
from mirador_desktop.gui.main_window import MainWindow
from tests import driving
from tests.driving import answered, last, send, until
from tests.end2end.helpers import (
    PROMISED_END,
    Window,
    ask_in_terminal,
    banner,
    click,
    database_files,
    fill,
    free_home,
    held,
    kept,
    open_conversation,
    slow,
    tokens,
    troubles,
    unmount,
    wait_until,
)
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import with_faults

SECONDS = 0.01
"""What a token takes in these tests."""


def _read_tokens(window: Window, count: int) -> int:
    """Wait until the window has got so many tokens; returns how many it has."""
    while (now := int(window.reads("tokens"))) < count:
        pass
    return now


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("after", [1, 60, 170])  # in the first stage, later in it, in the second one
def test_killed_at_any_moment_less_than_a_second_is_lost_and_the_conversation_goes_on(
    tmp_path: Path, after: int
) -> None:
    async def go_on(window: MainWindow) -> None:
        await open_conversation(window)
        assert last(window).reason == "stopped"
        assert last(window) == turn
        await send(window, "Go on")
        assert (await answered(window, 2)).memories == (1 if turn.final_text else 0)

    with Sim(slow(SECONDS)) as sim:
        with Window(tmp_path, sim.url, "Why is the sky blue?") as window:
            _read_tokens(window, after)
            wait_until(lambda: kept(tmp_path), "the question to be kept, which takes a quarter of a second")
            window.kill()
        sim.wait_for(lambda requests: requests[-1]["client_closed"], "/api/chat")
        sent = sum(request["tokens"] for request in sim.requests("/api/chat"))
        ((_, (turn,)),) = kept(tmp_path)
        assert (sent - tokens(turn)) * SECONDS < 1.0, "the program's promise"
        assert bool(turn.final_text) == bool(tokens(turn))
        sim.change({"models": scenarios.ONE_MODEL["models"]})
        assert driving.run(go_on, tmp_path, sim.url) == 0
    assert not troubles(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_within_two_seconds_and_everything_is_kept(tmp_path: Path, number: signal.Signals) -> None:
    with Sim(slow(SECONDS)) as sim, Window(tmp_path, sim.url, "Why is the sky blue?") as window:
        read = _read_tokens(window, 50)
        assert window.ends(number) < PROMISED_END
        assert "Traceback" not in window.errors()
    ((_, (turn,)),) = kept(tmp_path)
    assert turn.reason == "stopped"
    assert tokens(turn) >= read
    assert not troubles(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
@pytest.mark.parametrize("hangs", ["/none", "/api/version", "/api/tags", "/api/show"])
def test_closed_before_the_engines_were_looked_at(tmp_path: Path, hangs: str) -> None:
    log = tmp_path / "log" / "mirador.log"
    scenario = with_faults(scenarios.ONE_MODEL, {"path": hangs, "stall_before_headers": True})
    with Sim(scenario) as sim, Window(tmp_path, sim.url) as window:
        wait_until(log.exists, "the first paint")
        if hangs != "/none":
            sim.wait_for(bool, hangs)
        assert window.ends(signal.SIGTERM) < PROMISED_END
        assert "Traceback" not in window.errors()
    assert not troubles(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
def test_closed_while_another_program_holds_the_database(tmp_path: Path) -> None:
    with Sim(slow(SECONDS)) as sim, Window(tmp_path, sim.url, "Why is the sky blue?") as window:
        _read_tokens(window, 50)
        wait_until(lambda: kept(tmp_path) and tokens(kept(tmp_path)[0][1][0]), "the first words to be kept")
        with held(tmp_path):
            began = _read_tokens(window, 100)
            assert window.ends(signal.SIGTERM) < PROMISED_END
    ((_, (turn,)),) = kept(tmp_path)
    assert turn.reason == "stopped"
    assert 0 < tokens(turn) <= began


def test_of_many_starts_at_once_one_has_the_window_and_a_killed_one_is_followed_at_once(tmp_path: Path) -> None:
    with Sim(scenarios.ONE_MODEL) as sim:
        starts = [Window(tmp_path, sim.url) for _ in range(5)]
        try:
            wait_until(lambda: sum(w.process.poll() is not None for w in starts) == 4, "all but one to end")
            (first,) = [w for w in starts if w.process.poll() is None]
            assert [w.process.returncode for w in starts if w is not first] == [0] * 4
            first.kill()
            sim.change({"faults": []})
            looks = len(sim.requests("/api/version"))
            with Window(tmp_path, sim.url) as after:
                sim.wait_for(lambda requests: len(requests) > looks, "/api/version")
                assert after.process.poll() is None
        finally:
            for window in starts:
                window.kill()


def test_a_held_database_is_said_and_all_is_kept_when_it_is_free(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        await send(window, "First")
        await answered(window)
        with held(tmp_path) as let_go:
            click(window, "newConversation")
            await send(window, "Second")  # shown at once, and answered
            assert (await answered(window)).reason == "done"
            await until(lambda: banner(window), "the banner")
            assert "not being kept" in banner(window)
            assert "Another program holds" in banner(window)
            let_go()
        await until(lambda: not banner(window), "the banner to go by itself")

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert [(turns[0].question, [t.reason for t in turns]) for _, turns in kept(tmp_path)] == [
        ("Second", ["done"]),
        ("First", ["done"]),
    ]
    assert not troubles(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not delete what is open")
def test_a_deleted_database_is_made_anew_with_all_of_the_session(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        await send(window, "First")
        await answered(window)
        await until(lambda: kept_file.exists() and not banner(window), "the database")
        for each in database_files(tmp_path):
            each.unlink()
        await send(window, "Second")
        await answered(window, 2)

    kept_file = tmp_path / "data" / "mirador.db"
    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    ((_, turns),) = kept(tmp_path)
    assert [turn.question for turn in turns] == ["First", "Second"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not rename what is open")
def test_a_file_in_the_place_of_the_data_folder_is_said_and_all_is_kept_afterwards(tmp_path: Path) -> None:
    data, aside = tmp_path / "data", tmp_path / "aside"

    async def drive(window: MainWindow) -> None:
        await send(window, "First")
        await answered(window)
        data.rename(aside)
        data.write_text("a file")
        await send(window, "Second")
        await answered(window, 2)
        await until(lambda: "is a file" in banner(window), "the banner")
        data.unlink()
        aside.rename(data)
        await until(lambda: not banner(window), "the banner to go by itself")

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    ((_, turns),) = kept(tmp_path)
    assert [(turn.question, turn.reason) for turn in turns] == [("First", "done"), ("Second", "done")]


def test_a_new_file_after_damage_has_all_of_the_session(tmp_path: Path) -> None:
    seen: list[Turn] = []

    async def drive(window: MainWindow) -> None:
        await send(window, "Before the damage")
        seen.append(await answered(window))
        await until(lambda: tmp_path.joinpath("data", "mirador.db").stat().st_size > 0, "the database")
        for each in database_files(tmp_path):
            each.write_bytes(b"\xa5" * each.stat().st_size)
        await send(window, "After the damage")
        seen.append(await answered(window, 2))
        await until(lambda: "damaged" in banner(window), "the banner")
        click(window, "bannerButton")
        await until(lambda: not banner(window), "the new file")

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    ((_, turns),) = kept(tmp_path)
    assert turns == seen
    assert len(list(tmp_path.glob("data/mirador-damaged-*.db"))) == 1
    assert not troubles(tmp_path)


def test_a_full_disk_is_said_and_all_is_kept_when_there_is_room(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "small"
    if not free_home(home, "12m"):
        pytest.skip("mounting a small disk needs root on Linux")

    async def drive(window: MainWindow) -> None:
        await send(window, "First")
        await answered(window)
        filler = home / "filler"
        fill(filler)
        for number in range(2, 12):  # what SQLite has reserved already is used up first
            await send(window, "Another")
            assert (await answered(window, number)).reason == "done"
            if banner(window):
                break
        assert "The disk is full" in banner(window)
        filler.unlink()
        await until(lambda: not banner(window), "the banner to go by itself")
        asked.append(number)

    asked: list[int] = []
    try:
        with Sim(scenarios.ONE_MODEL) as sim:
            assert driving.run(drive, home, sim.url) == 0
        ((_, turns),) = kept(home)
        assert [turn.reason for turn in turns] == ["done"] * asked[0]
        assert not troubles(home)
    finally:
        unmount(home)
    assert "Traceback" not in capfd.readouterr().err


def test_a_question_in_the_terminal_beside_the_window(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        turn = await send(window, "In the window")
        await until(lambda: tokens(turn), "the first token")
        other = ask_in_terminal(tmp_path, sim.url, "In the terminal")
        await until(lambda: other.poll() is not None, "the terminal's answer")
        _, errors = other.communicate()
        assert other.returncode == 0, errors.decode()
        assert (await answered(window)).reason == "done"
        await open_conversation(window, 1)
        assert last(window).question in ("In the window", "In the terminal")

    with Sim({**slow(0.003, scenarios.ONE_MODEL), "server": {"num_parallel": 2}}) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert {turns[0].question: [t.reason for t in turns] for _, turns in kept(tmp_path)} == {
        "In the window": ["done"],
        "In the terminal": ["done"],
    }
    assert not troubles(tmp_path)
