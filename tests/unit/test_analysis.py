"""Intent and complexity of a question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.analysis import analyse


@pytest.mark.parametrize(
    ("question", "intent", "complexity"),
    [
        ("Why does my Python program start slowly?", "technical", "simple"),
        ("What does `lru_cache` do?", "technical", "simple"),
        ("```\nx\n```", "technical", "moderate"),
        ("Should I rent or buy a flat?", "decision", "simple"),
        ("Write a haiku about rain", "creative", "simple"),
        ("Is my pension portfolio too careful?", "financial", "simple"),
        ("How do I bake bread?", "how-to", "simple"),
        ("Why is the sky blue?", "explanation", "simple"),
        ("Who was Ada Lovelace?", "factual", "simple"),
        ("Guten Morgen", "general", "simple"),
        ("", "general", "simple"),
        ("Tea and coffee, but not milk; and why?", "explanation", "moderate"),
        ("One and two and three and four, but five; six? Seven without eight, because nine.", "general", "complex"),
    ],
)
def test_what_a_question_looks_like(question: str, intent: str, complexity: str) -> None:
    reading = analyse(question)
    assert (reading.intent, reading.complexity) == (intent, complexity)


def test_only_the_beginning_is_read() -> None:
    head = "word " * 400
    assert analyse(head + "python " * 100_000) == analyse(head)


@given(st.text(max_size=3000))
def test_every_text_can_be_read(text: str) -> None:
    reading = analyse(text)
    assert reading.complexity in {"simple", "moderate", "complex"}
    assert reading.intent


@pytest.mark.parametrize("unit", ["{ ", "; \n", "`", "how ", "--", " " * 99, "a\n"])
def test_texts_made_to_be_slow_end(unit: str) -> None:
    assert analyse(unit * 2000)
