"""The record of a turn while its events come, and what stopping makes of it."""

from mirador_desktop.core.answering import GrowingAnswer
from mirador_desktop.core.conversation import StageRecord, Turn, new_id
from mirador_desktop.core.engine import Done, Piece, Wait
from mirador_desktop.core.events import (
    AnswerFinished,
    Event,
    StageFinished,
    StageStarted,
    StageWaiting,
    StreamToken,
)
from mirador_desktop.core.recorder import TurnRecorder

OTHERS = (("other", 0.25),)


def recorder(*stages: str) -> TurnRecorder:
    return TurnRecorder(Turn("t", "c", stages=[StageRecord(name) for name in stages or ("quick", "synthesis")]))


def apply(to: TurnRecorder, *events: Event) -> Turn:
    for event in events:
        to.apply(event)
    return to.turn


def test_tokens_become_text_marks_and_alternatives() -> None:
    turn = apply(
        recorder(),
        StageStarted("quick", ("m",)),
        StreamToken("quick", "m", "Hmm", "thinking", 0.9, "logprobs"),
        StreamToken("quick", "m", "Hel", "answer", 0.5, "logprobs"),
        StreamToken("quick", "m", "lo", "answer", None, "none", OTHERS),
    )
    (answer,) = turn.stages[0].answers
    assert (answer.text, answer.thinking) == ("Hello", "Hmm")
    assert [length for length, _ in answer.marks] == [3, 2]
    assert answer.marks.mean == 0.5
    assert answer.alternatives == {1: OTHERS}
    assert answer.reason is None
    assert answer.first_token is not None
    assert answer.thinking_seconds is not None
    assert turn.first_token is not None
    assert turn.first_token >= answer.first_token >= 0


def test_the_end_of_an_answer_is_kept_as_measured() -> None:
    end = StageFinished("quick", "b", "length", 7, 0.1, 33.0, 0.8, "logprobs", False, "a", "", 1.5)
    turn = apply(
        recorder(),
        StageStarted("quick", ("a",)),
        StageWaiting("quick", "b", "fallback", "b stands in for a", "a"),
        StreamToken("quick", "b", "x"),
        end,
        AnswerFinished("quick", "x", 0.8, "length"),
    )
    (answer,) = turn.stages[0].answers
    assert (answer.model, answer.fallback_for, answer.reason, answer.tokens) == ("b", "a", "length", 7)
    assert (answer.first_token, answer.tokens_per_second, answer.thinking_seconds) == (0.1, 33.0, 1.5)
    assert (answer.confidence, answer.source, answer.calibrated) == (0.8, "logprobs", False)
    assert answer.ended is not None
    assert (turn.reason, turn.final_stage, turn.final_text) == ("length", "quick", "x")


def test_a_skipped_stage_says_why_and_a_failed_answer_too() -> None:
    turn = apply(
        recorder(),
        StageFinished("quick", "", "skipped", error="No time."),
        StageFinished("synthesis", "m", "failed", error="It broke."),
        AnswerFinished("", "", None, "failed", "It broke."),
    )
    assert turn.stages[0].skipped == "No time."
    assert turn.stages[0].answers == []
    assert turn.stages[1].answers[0].error == "It broke."
    assert (turn.reason, turn.error, turn.final_text) == ("failed", "It broke.", "")


def test_the_same_model_twice_in_a_stage_gives_two_answers() -> None:
    rounds: list[Event] = [StreamToken("quick", "m", "a"), StageFinished("quick", "m", "failed", error="It broke.")]
    turn = apply(recorder(), *rounds, *rounds)
    assert [answer.text for answer in turn.stages[0].answers] == ["a", "a"]


def test_the_best_ended_latest_text_is_final() -> None:
    turn = apply(
        recorder("quick"),
        StreamToken("quick", "a", "first"),
        StageFinished("quick", "a", "done"),
        StreamToken("quick", "b", "second"),
        StageFinished("quick", "b", "done"),
        StreamToken("quick", "c", "broken"),
        StageFinished("quick", "c", "failed", error="It broke."),
        AnswerFinished("quick", "second", None, "done"),
    )
    assert turn.final_text == "second"


def test_stopping_ends_what_is_open_and_keeps_its_text() -> None:
    record = recorder()
    apply(record, StreamToken("quick", "m", "done text"), StageFinished("quick", "m", "done"))
    apply(record, StageWaiting("synthesis", "n", "fallback", "n stands in for o", "o"))
    apply(record, StreamToken("synthesis", "n", "half", "answer", 0.5, "logprobs"))
    ended, last = record.stop()
    assert isinstance(ended, StageFinished)
    assert (ended.stage, ended.model, ended.reason, ended.tokens) == ("synthesis", "n", "stopped", 1)
    assert (ended.confidence, ended.source, ended.fallback_for) == (0.5, "logprobs", "o")
    assert last == AnswerFinished("synthesis", "half", 0.5, "stopped")
    assert record.turn.reason == "stopped"
    assert record.turn.final_text == "half"


def test_stopping_before_anything_was_written() -> None:
    record = recorder()
    assert record.stop() == [AnswerFinished("", "", None, "stopped")]
    waiting = recorder()
    apply(waiting, StageWaiting("quick", "m", "loading", "Loading m"))
    ended, last = waiting.stop()
    assert isinstance(ended, StageFinished)
    assert (ended.reason, ended.first_token, ended.source) == ("stopped", None, "none")
    assert last == AnswerFinished("", "", None, "stopped")
    finished = recorder()
    apply(finished, StreamToken("quick", "m", "text"), StageFinished("quick", "m", "done"))
    assert finished.stop() == [AnswerFinished("quick", "text", None, "stopped")]


def test_identifiers_sort_by_time() -> None:
    ids = [new_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(len(each) == 32 for each in ids)
    assert [each[:12] for each in ids] == sorted(each[:12] for each in ids)


# What one model's answer measures


def test_an_answer_measures_itself() -> None:
    answer = GrowingAnswer("quick", "m", "other")
    answer.begin()
    assert answer.reason == "failed"
    assert answer.take(Wait("loading", "Loading m")) == StageWaiting("quick", "m", "loading", "Loading m", "other")
    answer.take(Piece("Hm", True, -0.1))
    event = answer.take(Piece("A", False, 0.0, OTHERS))
    assert event == StreamToken("quick", "m", "A", "answer", 1.0, "logprobs", OTHERS)
    assert answer.take(Done("length", 10, 2.0)) is None
    end = answer.finished()
    assert (end.reason, end.tokens, end.tokens_per_second, end.confidence) == ("length", 10, 5.0, 1.0)
    assert end.fallback_for == "other"
    assert end.thinking_seconds is not None
    assert end.thinking_seconds >= 0


def test_an_engine_that_counts_nothing_is_measured_from_outside() -> None:
    answer = GrowingAnswer("quick", "m", "")
    nothing = answer.finished()
    assert (nothing.tokens, nothing.first_token, nothing.tokens_per_second, nothing.thinking_seconds) == (0,) + (
        None,
    ) * 3
    for _ in range(3):
        answer.take(Piece("a"))
    answer.take(Done("done"))
    end = answer.finished()
    assert (end.reason, end.tokens, end.confidence, end.source) == ("done", 3, None, "none")
    assert end.tokens_per_second is None or end.tokens_per_second > 0
    answer.take(Done("nothing"))
    assert answer.nothing
    answer.fail("It broke.")
    assert (answer.finished().reason, answer.finished().error) == ("failed", "It broke.")
