"""What can be typed to search: everything is a query, and says what it did not understand."""

import re
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.folding import fold, spans, words_of
from mirador_desktop.core.search_query import Query, parse, pattern_of, read_date

NOW = datetime(2026, 5, 17, 12, 0).astimezone()


def words(query: Query) -> list[tuple[str, bool]]:
    return [(" ".join(term.words), term.prefix) for term in query.terms]


def at(year: int, month: int = 1, day: int = 1) -> float:
    return datetime(year, month, day).astimezone().timestamp()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cold start", [("cold", False), ("start", True)]),
        ("cold start ", [("cold", False), ("start", False)]),
        ('"cold start"', [("cold start", False)]),
        ('"cold sta', [("cold sta", True)]),
        ('a"b c"', [("a b", False), ("c", False)]),
        ("snake_case.method", [("snake case method", True)]),
        ("Ünïcode STRASSE straße", [("unicode", False), ("strasse", False), ("strasse", True)]),
        ("half.", [("half", False)]),
        ("東京", [("東 京", False)]),
        ("AND OR NEAR(", [("and", False), ("or", False), ("near", False)]),
        ("C++", [("c", False)]),
        ("- -- ** \x00 ()", []),
        ("http://example.com/a", [("http example com a", True)]),
        ("name:value", [("name value", True)]),
    ],
)
def test_words_and_phrases(text: str, expected: list[tuple[str, bool]]) -> None:
    assert words(parse(text)) == expected


def test_what_must_not_be_there() -> None:
    query = parse('moon -sun -"red planet" -')
    assert words(query) == [("moon", False)]
    assert [term.words for term in query.without] == [("sun",), ("red", "planet")]


def test_filters_are_taken_out_of_the_words() -> None:
    query = parse('moon model:LLama3.2 stage:deep tag:#Work tag:"two words" has:code before:2026-05 after:2025-12-31')
    assert words(query) == [("moon", False)]
    assert (query.models, query.stages, query.tags) == (("llama3.2",), ("deep",), ("work", "two words"))
    assert query.code
    assert (query.after, query.before) == (at(2025, 12, 31), at(2026, 5))
    assert query.problems == ()
    assert parse("in:title moon").titles_only
    assert not parse("in:the moon").titles_only


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("before:", "before: needs a date, as in before:2026-05."),
        ("before:soon", "before: needs a date, as in before:2026-05."),
        ("after:2026-13", "after: needs a date, as in after:2026-05-01."),
        ("after:2026-02-30", "after: needs a date, as in after:2026-05-01."),
        ("model:", "model: needs a name, as in model:llama3.2."),
        ("tag:#", "tag: needs a name, as in tag:work."),
        ("has:pictures", "has: is understood with code only, as in has:code."),
        ("-tag:work", "-tag: is not understood; words and phrases can be left out with “-”."),
        ('-Model:"a b"', "-Model: is not understood; words and phrases can be left out with “-”."),
    ],
)
def test_a_filter_that_is_not_understood_says_what_it_needs(text: str, problem: str) -> None:
    query = parse(f"moon {text} sun")
    assert query.problems == (problem,)
    assert words(query) == [("moon", False), ("sun", True)]


def test_dates() -> None:
    today = date(2026, 5, 17)
    assert read_date("2026", today) == date(2026, 1, 1)
    assert read_date("2026-5", today) == date(2026, 5, 1)
    assert read_date("2026/05/09", today) == date(2026, 5, 9)
    assert read_date("today", today) == today
    assert read_date("Yesterday", today) == date(2026, 5, 16)
    assert read_date("0000", today) is None
    assert parse("after:today", NOW).after == at(2026, 5, 17)
    assert parse("before:2026-03 before:2026-02 after:2025 after:2024").before == at(2026, 2)
    assert parse("after:0001 before:9999-12-31").problems == ()


@given(st.text() | st.text(alphabet='"-*:()^ab c\x00model:tagbefore2026東é\u0301🎉'))
def test_anything_can_be_typed(text: str) -> None:
    query = parse(text)
    assert query.text == text
    for term in query.terms + query.without:
        assert term.words
        for word in term.words:
            assert words_of(word).split() == [word], "what is put between quotes is one word"
            assert '"' not in word
    if query.pattern is not None:
        query.pattern.findall(words_of(text))


@given(st.text(), st.text(min_size=1))
def test_spans_are_parts_of_the_text_that_fold_to_what_is_looked_for(text: str, wanted: str) -> None:
    folded = fold(wanted)
    if not folded.strip():
        return
    for start, end in spans(text, re.compile(re.escape(folded)), words=False):
        assert 0 <= start < end <= len(text)
        assert folded.strip() in fold(text[start:end])


@given(st.text())
def test_a_word_of_a_text_is_found_in_it(text: str) -> None:
    for word in words_of(text).split()[:5]:
        pattern = pattern_of(parse(f'"{word}"').terms)
        assert pattern is not None
        assert spans(text, pattern, words=True)


def test_accents_case_and_scripts_without_spaces() -> None:
    text = "Ein Café (cafe\u0301) in der STRAẞE: 東京タワー, naïve Öl, 서울에서"
    found = {}
    for wanted in ("cafe", "strasse", "京タ", "naïve", "ol", "서울"):
        pattern = pattern_of(parse(wanted).terms)
        assert pattern is not None
        found[wanted] = [text[start:end] for start, end in spans(text, pattern, words=True)]
    assert found == {
        "cafe": ["Café", "cafe\u0301"],
        "strasse": ["STRAẞE"],
        "京タ": ["京タ"],
        "naïve": ["naïve"],
        "ol": ["Öl"],
        "서울": ["서울"],
    }
