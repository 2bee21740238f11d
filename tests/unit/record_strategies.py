"""Records with anything in them, for property tests."""

from typing import Any

from hypothesis import strategies as st

from mirador_desktop.core.confidence import Marks
from mirador_desktop.core.conversation import Answer, StageRecord

Texts = st.SearchStrategy[str]
REASONS = ("done", "length", "stopped", "failed", "skipped")
counts = st.integers(0, 2**40)


@st.composite
def marks(draw: st.DrawFn) -> Marks:
    """Some tokens with how probable they were."""
    found = Marks()
    pairs = st.tuples(st.integers(0, 300), st.none() | st.floats(0, 1))
    for characters, confidence in draw(st.lists(pairs, max_size=5)):
        found.append(characters, confidence)
    return found


def stages(
    words: Texts, texts: Texts, numbers: st.SearchStrategy[float], reasons: st.SearchStrategy[Any]
) -> st.SearchStrategy[StageRecord]:
    """Stages with up to three answers.

    Args:
        words: for what is short: names, errors.
        texts: for what models wrote.
        numbers: for times and shares.
    """
    maybe = st.none() | numbers
    answers = st.builds(
        Answer,
        model=words,
        text=texts,
        thinking=texts,
        marks=marks(),
        alternatives=st.dictionaries(
            st.integers(0, 10**6), st.lists(st.tuples(words, st.floats(0, 1)), max_size=3).map(tuple), max_size=3
        ),
        reason=reasons,
        error=words,
        fallback_for=words,
        tokens=counts,
        first_token=maybe,
        tokens_per_second=maybe,
        confidence=maybe,
        source=st.sampled_from(["logprobs", "agreement", "none"]),
        calibrated=st.booleans(),
        thinking_seconds=maybe,
        started=maybe,
        ended=maybe,
    )
    return st.builds(
        StageRecord,
        name=words,
        threshold=numbers,
        skipped=words,
        folded=st.none() | st.booleans(),
        answers=st.lists(answers, max_size=3),
    )
