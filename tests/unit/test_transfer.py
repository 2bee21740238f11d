"""How far a pull is: never backwards, honest about what is not known."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.amounts import age_words, part_words, seconds_words, size_words, time_words
from mirador_desktop.core.manager import PullStep
from mirador_desktop.core.transfer import Transfer

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "protocol"
GB = 1_000_000_000
STEPS = st.lists(
    st.builds(
        lambda digest, total, share: PullStep(f"pulling {digest}", digest, total, int(total * share)),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([5, 1000, 4_000_000]),
        st.floats(0, 1),
    )
)


def layer(completed: float, total: float = 2 * GB, digest: str = "a") -> PullStep:
    return PullStep(f"pulling {digest}", digest, int(total), int(completed))


@given(STEPS, st.integers(0, 5_000_000))
def test_nothing_that_is_shown_goes_backwards(steps: list[PullStep], expected: int) -> None:
    transfer = Transfer(expected)
    transfer.begin(0)
    shown = (0, 0, 0.0)
    for second, step in enumerate(steps):
        transfer.take(step, second)
        now = (transfer.completed, transfer.total, transfer.share)
        assert all(after >= before for after, before in zip(now, shown, strict=True))
        assert transfer.completed <= transfer.total
        assert 0 <= transfer.share <= 1
        assert transfer.speed(second) >= 0
        assert (transfer.left(second) or 0) >= 0
        shown = now
    transfer.finish()
    assert transfer.share == 1


def test_bytes_of_all_layers_count_together() -> None:
    transfer = Transfer()
    transfer.begin(0)
    transfer.take(layer(2 * GB), 1)
    assert transfer.share == 1
    transfer.take(layer(GB, 2 * GB, "b"), 2)
    assert (transfer.completed, transfer.total) == (3 * GB, 4 * GB)
    assert transfer.share == 1, "a bar does not go back when a layer becomes known"


def test_the_catalogue_stands_in_for_layers_that_are_not_known_yet() -> None:
    transfer = Transfer(expected=4 * GB)
    transfer.begin(0)
    transfer.take(layer(GB), 1)
    assert transfer.total == 4 * GB
    transfer.take(layer(2 * GB, 2.5 * GB, "b"), 2)
    assert transfer.total == int(4.5 * GB)


def test_an_expectation_that_is_nearly_right_gives_way() -> None:
    transfer = Transfer(expected=2 * GB)
    transfer.begin(0)
    transfer.take(layer(GB, 1.99 * GB), 1)
    assert transfer.total == int(1.99 * GB)


def test_speed_is_that_of_the_last_seconds_and_what_was_there_does_not_count() -> None:
    transfer = Transfer()
    transfer.begin(0)
    transfer.take(layer(GB), 0)
    assert transfer.speed(1) == 0
    for second in range(1, 11):
        transfer.take(layer(GB + second * 20_000_000), second)
    assert transfer.speed(10) == pytest.approx(20_000_000, rel=0.2)
    assert transfer.left(10) == pytest.approx(40, rel=0.2)
    assert transfer.speed(30) == 0
    assert transfer.left(30) is None


def test_standing_still_counts_from_the_last_new_byte() -> None:
    transfer = Transfer()
    transfer.begin(0)
    transfer.take(layer(GB), 1)
    for second in range(2, 14):
        transfer.take(layer(GB), second)
    assert transfer.silent(13) == 12
    transfer.take(layer(0.1 * GB), 14)
    assert transfer.silent(14) == 13, "going back is no new byte"
    transfer.take(layer(0.2 * GB), 15)
    assert transfer.silent(15) == 0


def test_what_is_fetched_again_is_told() -> None:
    transfer = Transfer(completed=GB, total=2 * GB)
    transfer.begin(0)
    assert transfer.again == 0
    transfer.take(layer(0.25 * GB), 1)
    assert transfer.completed == GB
    assert transfer.again == int(0.75 * GB)
    transfer.take(layer(1.5 * GB), 2)
    assert transfer.again == 0


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings of a real server are not beside this checkout")
@pytest.mark.parametrize("case", ["pull", "pull-connection-lost", "pull-cancel-resume", "pull-registry-dies"])
def test_what_a_real_server_said(case: str) -> None:
    transfer, before = Transfer(), 0
    for step in json.loads((RECORDINGS / f"{case}.json").read_text("utf-8"))["steps"]:
        if step["request"]["path"] != "/api/pull":
            continue
        transfer.begin(0)
        for milliseconds, text in step["response"]["lines"]:
            line = json.loads(text)
            said = PullStep(
                line.get("status", ""), line.get("digest", ""), line.get("total", 0), line.get("completed", 0)
            )
            transfer.take(said, milliseconds / 1000)
            assert transfer.completed >= before
            before = transfer.completed
    if case == "pull-registry-dies":
        assert transfer.silent(63.7) > 30
        assert 0.2 < transfer.share < 0.3
    else:
        assert transfer.completed == transfer.total


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (size_words(12_300_000_000), "12.3 GB"),
        (size_words(274_000_000), "274 MB"),
        (size_words(404_000_000_000), "404 GB"),
        (size_words(3_400), "3 kB"),
        (size_words(12), "12 bytes"),
        (size_words(1), "1 byte"),
        (age_words(20), "20 s"),
        (age_words(7400), "2 h"),
        (age_words(250_000), "3 days"),
        (seconds_words(0.314), "0.31 s"),
        (seconds_words(1.25), "1.2 s"),
        (seconds_words(59), "59 s"),
        (seconds_words(200.9), "3 min 20 s"),
        (part_words(12_300_000_000, 19_800_000_000), "12.3 of 19.8 GB"),
        (part_words(10_000_000, 274_000_000), "10 of 274 MB"),
        (time_words(0.2), "1 s"),
        (time_words(48), "48 s"),
        (time_words(59.6), "1 min"),
        (time_words(181), "3 min"),
        (time_words(4800), "1 h 20 min"),
        (time_words(200_000), "2 days"),
    ],
)
def test_amounts_in_words(words: str, expected: str) -> None:
    assert words == expected
