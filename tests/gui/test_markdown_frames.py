"""The frame clock: who gets time, and when."""

import pytest
from pytestqt.qtbot import QtBot

from mirador_desktop.gui.frames import FrameClock, Work


def note(calls: list[str], name: str, *, more: bool = False) -> Work:
    def work(_: float) -> bool:
        calls.append(name)
        return more

    return work


def test_what_comes_after_a_pause_runs_without_waiting_for_a_frame(qtbot: QtBot) -> None:
    clock = FrameClock(interval=3600)
    calls: list[str] = []
    with qtbot.waitSignal(clock.frame):
        clock.request("a", note(calls, "a"))
    assert calls == ["a"]
    assert clock.idle


def test_a_first_token_does_not_wait_for_the_frame_of_others_to_end(qtbot: QtBot) -> None:
    clock = FrameClock(interval=3600)
    calls: list[str] = []
    clock.request("a", note(calls, "a"))
    clock.flush()
    clock.request("a", note(calls, "a again"))  # was just served: waits
    with qtbot.waitSignal(clock.frame):
        clock.request("b", note(calls, "b"))
    assert sorted(calls) == ["a", "a again", "b"], "one frame for all"


def test_asking_again_before_the_frame_changes_nothing() -> None:
    clock = FrameClock()
    calls: list[str] = []
    clock.request("a", note(calls, "first"))
    clock.request("a", note(calls, "second"))
    clock.flush()
    assert calls == ["first"]


def test_work_left_over_runs_again_with_the_next_frame(qtbot: QtBot) -> None:
    clock = FrameClock(interval=0.001)
    left = [3]

    def work(_: float) -> bool:
        left[0] -= 1
        return left[0] > 0

    clock.request("a", work)
    qtbot.waitUntil(lambda: left[0] == 0 and clock.idle)


def test_without_time_left_the_panels_take_turns() -> None:
    clock = FrameClock(interval=3600, budget=1e-9)
    calls: list[str] = []
    for name in "abc":
        clock.request(name, note(calls, name, more=True))
    for _ in range(6):
        clock.flush()
    assert calls == list("abcabc")


def test_one_that_fails_does_not_take_the_others_with_it() -> None:
    clock = FrameClock(interval=3600, budget=1)
    calls: list[str] = []

    def broken(_: float) -> bool:
        raise ValueError("broken")

    clock.request("a", broken)
    clock.request("b", note(calls, "b"))
    with pytest.raises(ValueError, match="broken"):
        clock.flush()
    clock.flush()
    assert calls == ["b"]


def test_forgotten_work_never_runs() -> None:
    clock = FrameClock(interval=3600)
    clock.request("a", lambda _: pytest.fail("forgotten"))
    clock.forget("a")
    clock.flush()
    assert clock.idle
