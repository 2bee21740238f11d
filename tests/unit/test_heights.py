"""The Fenwick tree of heights, held against a plain list."""

from collections.abc import Callable
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.gui.heights import Heights

Change = Callable[[Heights, list[int]], None]

HEIGHT = st.integers(1, 5000)
HEIGHTS = st.lists(HEIGHT, max_size=40)


def _append(height: int) -> Change:
    def change(heights: Heights, plain: list[int]) -> None:
        heights.append(height)
        plain.append(height)

    return change


def _set(where: float, height: int) -> Change:
    def change(heights: Heights, plain: list[int]) -> None:
        if plain:
            place = int(where * len(plain))
            heights.set(place, height)
            plain[place] = height

    return change


def _insert(more: list[int]) -> Change:
    def change(heights: Heights, plain: list[int]) -> None:
        heights.insert_before(iter(more))
        plain[:0] = more

    return change


CHANGES = st.lists(
    st.one_of(
        st.builds(_append, HEIGHT),
        st.builds(_set, st.floats(0, 1, exclude_max=True), HEIGHT),
        st.builds(_insert, HEIGHTS),
    ),
    max_size=40,
)


@given(HEIGHTS, CHANGES)
def test_agrees_with_a_plain_list_after_any_changes(start: list[int], changes: list[Change]) -> None:
    heights, plain = Heights(start), list(start)
    for change in changes:
        change(heights, plain)
    assert len(heights) == len(plain)
    assert [heights[place] for place in range(len(plain))] == plain
    assert [heights.before(place) for place in range(len(plain) + 1)] == [0, *accumulate(plain)]
    assert heights.total == sum(plain)


@given(st.lists(HEIGHT, min_size=1, max_size=40), st.integers(0, 250_000))
def test_finds_the_span_that_contains_an_offset(plain: list[int], offset: int) -> None:
    heights = Heights(plain)
    place = heights.find(offset)
    if offset >= sum(plain):
        assert place == len(plain) - 1
    else:
        assert heights.before(place) <= offset < heights.before(place) + plain[place]


@given(st.lists(HEIGHT, min_size=1, max_size=40), CHANGES)
def test_finds_the_edges_of_every_span_after_changes(start: list[int], changes: list[Change]) -> None:
    heights, plain = Heights(start), list(start)
    for change in changes:
        change(heights, plain)
    for place, height in enumerate(plain):
        top = sum(plain[:place])
        assert heights.find(top) == place
        assert heights.find(top + height - 1) == place


def test_an_empty_one_has_nothing_and_finds_the_first_place() -> None:
    heights = Heights()
    assert (len(heights), heights.total, heights.before(0), heights.find(0), heights.find(99)) == (0, 0, 0, 0, 0)
