"""What people say of themselves, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.self_facts import MOST, stated


@pytest.mark.parametrize(
    ("question", "notes"),
    [
        ("I work with Rust. How do I borrow twice?", ["I work with Rust"]),
        ("How do I borrow twice? I work mostly with Rust and C++", ["I work mostly with Rust and C++"]),
        ("i'm a nurse, what should I read?\nThanks", []),  # one sentence, and it asks
        ("I'm a nurse. What should I read?", ["I'm a nurse"]),
        ("My name is Ada and I live in Ghent!", ["My name is Ada and I live in Ghent"]),
        ("I use Debian 12.5 on my server. Why is it slow?", ["I use Debian 12.5 on my server"]),
        ("Remember that the deadline is on Friday", ["The deadline is on Friday"]),
        ("I have two kids and a dog.", ["I have two kids and a dog"]),
        ("I am allergic to nuts; suggest a cake", ["I am allergic to nuts"]),
        ("Ich arbeite als Lehrerin. Was soll ich lesen?", ["Ich arbeite als Lehrerin"]),
        ("Merk dir, dass ich kein Fleisch esse.", ["Dass ich kein Fleisch esse"]),
        ("Je travaille avec Python. Pourquoi ?", ["Je travaille avec Python"]),
        ("Me llamo Ana. ¿Qué hago?", ["Me llamo Ana"]),
        ("I prefer tea. I prefer tea! I like cats. I live in Ghent.", ["I prefer tea", "I like cats"]),
    ],
)
def test_what_is_lasting_is_found(question: str, notes: list[str]) -> None:
    assert stated(question) == notes


@pytest.mark.parametrize(
    "question",
    [
        "I am trying to borrow twice.",
        "I have a question about Rust.",
        "I'm a bit lost.",
        "I want to learn Rust.",
        "If I work with Rust, is it safer.",
        "Do I work with Rust?",
        "I would like to know more.",
        "I like to know why.",
        "He said “I work with Rust” yesterday.",
        "```\nI work with Rust\n```",
        "> I work with Rust",
        "Explain monads.",
        "",
    ],
)
def test_what_is_not_is_left_alone(question: str) -> None:
    assert stated(question) == []


@given(st.text(max_size=400))
def test_any_text_gives_few_short_notes(question: str) -> None:
    notes = stated(question)
    assert len(notes) <= MOST
    assert all(8 <= len(note) <= 201 and "\n" not in note for note in notes)
