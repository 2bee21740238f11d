"""Probabilities: the marks that are kept, and the tokens that streamed text is made of."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.confidence import Aligner, Marks, Token, probability
from mirador_desktop.engines.ollama_wire import pieces_of

RECORDED = Path(__file__).parents[2].parent / "shared" / "protocol"
CASES = sorted(RECORDED.glob("chat-logprobs*.json"))
TEXT = st.text(st.sampled_from("aé🙂\n ·日👩\u200d") | st.characters(exclude_categories=["Cs"]), max_size=30)
MARKS = st.lists(st.tuples(st.integers(0, 1 << 20), st.none() | st.floats(0, 1)), max_size=40)


# Probabilities


@pytest.mark.parametrize(
    ("logprob", "expected"),
    [
        (None, None),
        (math.nan, None),
        (math.inf, None),
        (0.0, 1.0),
        (0.001, 1.0),
        (-math.inf, 0.0),
        (-1.0, 1 / math.e),
        (-1e300, 0.0),
    ],
)
def test_a_probability_is_the_exponential_of_its_logarithm(logprob: float | None, expected: float | None) -> None:
    assert probability(logprob) == pytest.approx(expected)


# Marks


@given(MARKS)
def test_marks_come_back_from_their_bytes(given_marks: list[tuple[int, float | None]]) -> None:
    marks = Marks()
    for characters, confidence in given_marks:
        marks.append(characters, confidence)
    again = Marks(bytes(marks))
    assert again == marks
    assert bytes(again) == bytes(marks)
    assert again.tokens == marks.tokens == len(given_marks)
    for (characters, confidence), (had, was) in zip(again, given_marks, strict=True):
        assert characters == had
        assert confidence == (None if was is None else pytest.approx(was, abs=1 / 65534))
    known = [confidence for _, confidence in given_marks if confidence is not None]
    assert marks.mean == (pytest.approx(sum(known) / len(known)) if known else None)
    assert again.mean == (pytest.approx(sum(known) / len(known), abs=1 / 65534) if known else None)


@given(MARKS, st.integers(0, 200))
def test_marks_that_are_cut_off_keep_what_is_whole(given_marks: list[tuple[int, float | None]], end: int) -> None:
    marks = Marks()
    for characters, confidence in given_marks:
        marks.append(characters, confidence)
    cut = list(Marks(bytes(marks)[:end]))
    assert cut == list(marks)[: len(cut)]


@given(st.binary(max_size=50))
def test_marks_of_any_bytes_can_be_read_and_written_again(data: bytes) -> None:
    marks = Marks(data)
    assert list(Marks(bytes(marks))) == list(marks)


def test_marks_of_most_tokens_take_three_bytes() -> None:
    marks = Marks()
    marks.append(127, 0.5)
    assert len(bytes(marks)) == 3
    marks.append(128, None)
    assert len(bytes(marks)) == 7
    assert repr(marks) == "Marks(2 tokens, mean 0.5)"
    assert marks != bytes(marks)


# The aligner


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The bytes in pieces, cut at places anywhere, also in the middle of a character; none is empty."""
    marks = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(marks)]


def starts(pieces: list[tuple[int, Any]]) -> list[Any]:
    """What holds for each position, from lengths and values."""
    return [value for length, value in pieces for _ in range(length)]


@given(TEXT, st.lists(st.integers(0, 200), max_size=12), st.lists(st.integers(0, 200), max_size=8))
def test_any_split_gives_back_the_text_and_the_sums(text: str, places: list[int], chunks: list[int]) -> None:
    """Each chunk carries some tokens, and of their text what is whole characters, or less."""
    data = text.encode()
    tokens: list[Token] = [(spelled, -1.5 - n, ((f"{n}", 0.5),)) for n, spelled in enumerate(cut(data, places))]
    aligner, got, sent, shown = Aligner(), list[tuple[str, float | None]](), 0, 0
    for end in [*sorted({c % (len(tokens) + 1) for c in chunks}), len(tokens)]:
        batch, sent = tokens[sent:end], end
        whole = b"".join(t[0] for t in tokens[:end]).decode(errors="ignore")
        held = 0 if end == len(tokens) else chunks[end % len(chunks)] % 3
        upto = max(shown, len(whole) - held)
        got += [(piece, log) for piece, log, _ in aligner.feed(whole[shown:upto], batch)]
        shown = upto
    assert "".join(piece for piece, _ in got) == text
    assert all(piece for piece, _ in got)

    owner = starts([(len(spelled), n) for n, (spelled, _, _) in enumerate(tokens)])
    at = 0
    for piece, log in got:
        own = owner[at : at + len(piece.encode())]
        assert log == pytest.approx(sum(tokens[n][1] for n in dict.fromkeys(own)))
        at += len(own)


def test_text_that_disagrees_with_its_tokens_has_no_probability() -> None:
    aligner = Aligner()
    assert aligner.feed("one", [(b"two", -1.0, ())]) == [("one", None, ())]
    assert aligner.feed("a b", [(b"a", -1.0, ()), (b"b", -2.0, ())]) == [("a", -1.0, ()), (" b", None, ())]
    assert aligner.feed("alone", []) == [("alone", None, ())]
    assert aligner.feed("fine", [(b"fine", -0.5, (("good", 0.2),))]) == [("fine", -0.5, (("good", 0.2),))]


def test_a_token_shown_in_parts_gives_each_part_its_probability() -> None:
    aligner = Aligner()
    assert aligner.feed(" ", [(b" \xc3", -1.0, (("x", 0.1),))]) == [(" ", -1.0, (("x", 0.1),))]
    assert aligner.feed("é", [(b"\xa9", -0.25, ())]) == [("é", -1.25, (("x", 0.1),))]
    assert aligner.feed("st", [(b"stop", -1.0, ())]) == [("st", -1.0, ())]
    assert aligner.feed("ep", [(b"ep", -2.0, ())]) == [("ep", None, ())]
    assert aligner.feed("!", [(b"!", -2.0, ())]) == [("!", -2.0, ())]


def test_tokens_without_bytes_are_passed_over() -> None:
    aligner = Aligner()
    assert aligner.feed("", [(b"", -1.0, ())]) == []
    assert aligner.feed("a", [(b"a", -2.0, ())])[0][0] == "a"
    assert aligner.feed("b", [(b"b", -2.0, ())]) == [("b", -2.0, ())]


@given(st.text(max_size=20), st.lists(st.tuples(st.binary(max_size=4), st.floats(-9, 0), st.just(())), max_size=6))
def test_whatever_tokens_say_the_text_comes_through(text: str, tokens: list[Token]) -> None:
    aligner = Aligner()
    for _ in range(2):
        assert "".join(piece for piece, _, _ in aligner.feed(text, tokens)) == text


# Recorded from a real server


@pytest.mark.parametrize("path", CASES or [None], ids=lambda p: p.stem if p else "absent")
def test_recorded_answers_have_a_probability_for_every_token(path: Path | None) -> None:
    if path is None:
        pytest.skip("the recordings are not beside this checkout")
    for step in json.loads(path.read_text("utf-8"))["steps"]:
        aligners = {True: Aligner(), False: Aligner()}
        lines = [json.loads(text) for _, text in step["response"]["lines"]]
        pieces = [piece for line in lines for piece in pieces_of(line, aligners)]
        for thinking, key in ((False, "content"), (True, "thinking")):
            said = "".join((line.get("message") or {}).get(key) or "" for line in lines)
            assert "".join(p.text for p in pieces if p.thinking is thinking) == said
        if (step["request"].get("body") or {}).get("logprobs") is True:
            assert all(p.logprob is not None for p in pieces)
        else:
            assert all(p.logprob is None for p in pieces)
