"""Time expressions, seen from Wednesday, 7 June 2023."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.when import asks_when, month_named, names_time, time_spans

TODAY = date(2023, 6, 7)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("last May", "2023-05-01", "2023-05-31"),
        ("last June", "2022-06-01", "2022-06-30"),
        ("next month", "2023-07-01", "2023-07-31"),
        ("in the summer of 2022", "2022-06-01", "2022-08-31"),
        ("last winter", "2022-12-01", "2023-02-28"),
        ("two weeks ago", "2023-05-21", "2023-05-27"),
        ("3 days ago", "2023-06-04", "2023-06-04"),
        ("a few years ago", "2020-01-01", "2020-12-31"),
        ("on 3 March 2024", "2024-03-03", "2024-03-03"),
        ("May 3rd, 2023", "2023-05-03", "2023-05-03"),
        ("2023-05-06", "2023-05-06", "2023-05-06"),
        ("03.05.2023", "2023-05-03", "2023-05-03"),
        ("yesterday", "2023-06-06", "2023-06-06"),
        ("the day after tomorrow", "2023-06-09", "2023-06-09"),
        ("last Tuesday", "2023-06-06", "2023-06-06"),
        ("on Friday", "2023-06-02", "2023-06-02"),
        ("last weekend", "2023-06-03", "2023-06-04"),
        ("in June", "2023-06-01", "2023-06-30"),
        ("in 2021", "2021-01-01", "2021-12-31"),
        ("vor zwei Wochen", "2023-05-21", "2023-05-27"),
        ("letzten Mai", "2023-05-01", "2023-05-31"),
        ("gestern", "2023-06-06", "2023-06-06"),
        ("il y a 3 jours", "2023-06-04", "2023-06-04"),
        ("la semaine dernière", "2023-05-29", "2023-06-04"),
        ("hace dos meses", "2023-04-01", "2023-04-30"),
    ],
)
def test_times_are_resolved(text: str, first: str, last: str) -> None:
    spans, rest = time_spans(f"What did I do {text}?", TODAY)
    assert [(str(a), str(b)) for a, b in spans] == [(first, last)]
    assert rest.startswith("what did i do")


@pytest.mark.parametrize("text", ["I may go", "March on", "31 February 2023 x", "version 3.11", "", "Wer ist hier?"])
def test_what_names_no_day_is_left_alone(text: str) -> None:
    spans, _ = time_spans(text, TODAY)
    assert all((last - first).days > 20 for first, last in spans)


def test_questions_for_a_time() -> None:
    for text in ("When was it?", "how long did it take", "In which year was it?", "Wann war das?", "Когда это было?"):
        assert asks_when(text), text
    for text in ("What happened when it rained?", "Who was there?"):
        assert not asks_when(text), text
    assert names_time("It took two weeks.")
    assert names_time("It was yesterday.")
    assert not names_time("It was blue.")
    assert month_named("What was in May?") == 5
    assert month_named("What was in May 2022?") is None


@given(st.text(), st.dates(date(1, 1, 1)))
def test_any_text_on_any_day_can_be_read(text: str, day: date) -> None:
    time_spans(text, day)


@given(
    st.lists(st.sampled_from(["last", "next", "two", "weeks", "ago", "may", "31", "2023", "on", "summer", "in"])),
    st.dates(date(1, 1, 1)),
)
def test_spans_end_after_they_begin(words: list[str], day: date) -> None:
    spans, _ = time_spans(" ".join(words), day)
    assert all(first <= last for first, last in spans)
