"""What goes wrong in the middle of an answer, and who stands in."""

import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.core.engine import ChatRequest, Chunk, EngineState, ModelInfo, Piece
from mirador_desktop.core.events import Event
from mirador_desktop.core.orchestrator import MOST_STAND_INS, AnswerRequest, StreamingOrchestrator
from mirador_desktop.core.stages import DEFAULT_PIPELINE, ModelStage, Pipeline
from mirador_desktop.engines.ollama import Ollama
from mirador_desktop.engines.registry import Registry
from tests.ollama_sim.client import Sim
from tests.ollama_sim.sample_texts import LARGE, MIDDLE, SMALL
from tests.ollama_sim.scenarios import LLAMA_3B, MISTRAL_7B, QWEN_14B
from tests.unit.helpers import Machine, Still, checked, finished, last_of, run_machine, text_of, tokens, waiting
from tests.unit.test_orchestrator import FAST, LARGE_ONE, MID_ONE, MID_TWO, SMALL_ONE, asked

LARGE_ONLY = {"model": LARGE_ONE}


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim(FAST) as running:
        yield running


@pytest.mark.parametrize(
    ("fault", "words", "written"),
    [
        ({"error_line_after": 40}, "unexpected EOF", True),
        ({"break_after": 40}, "connection to this computer broke", True),
        ({"reset_after": 40}, "connection to this computer broke", True),
        ({"end_without_done_after": 40}, "closed the stream too early", True),
        ({"garbage_after": 40}, "not an answer", True),
        ({"stall_after": 40}, "stood still", True),
        ({"empty_answer": True}, "ended without writing anything", False),
        ({"status": 500}, "failed", False),
        ({"status": 503}, "too many requests are waiting", False),
        ({"break_after": 0}, "broke", False),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_a_model_that_fails_is_replaced_and_its_text_stays(
    sim: Sim, tmp_path: Path, fault: dict[str, Any], words: str, written: bool
) -> None:
    events, bodies = asked(sim, tmp_path, faults=[{**LARGE_ONLY, **fault}], stall_after=0.3)
    failed, instead = finished(events, "synthesis")
    assert (failed.model, failed.reason) == (LARGE_ONE, "failed")
    assert words in failed.error
    assert (instead.model, instead.fallback_for, instead.reason) == (MID_TWO, LARGE_ONE, "done")
    assert (failed.tokens > 0) == written
    part = "".join(t.content for t in tokens(events, "synthesis") if t.model == LARGE_ONE)
    assert bool(part) == written
    assert LARGE.startswith(part)
    (named,) = [w for w in waiting(events) if w.why == "fallback"]
    assert (named.model, named.instead_of) == (MID_TWO, LARGE_ONE)
    assert LARGE_ONE in named.text
    assert MID_TWO in named.text
    assert (last_of(events).content, last_of(events).reason) == (MIDDLE, "done")
    assert bodies[-1]["messages"][0]["content"] == DEFAULT_PIPELINE.stages[-1].role_prompt


def test_busy_twice_is_no_failure(sim: Sim, tmp_path: Path) -> None:
    events, _ = asked(sim, tmp_path, faults=[{**LARGE_ONLY, "status": 503, "first": 2}])
    assert [w.why for w in waiting(events) if w.model == LARGE_ONE and w.why == "busy"] == ["busy", "busy"]
    assert all(e.reason == "done" for e in finished(events))


def test_the_stages_own_fallback_models_come_first(sim: Sim, tmp_path: Path) -> None:
    stage = ModelStage("only", (LARGE_ONE,), fallback_models=("missing:1b", SMALL_ONE))
    events, _ = asked(
        sim, tmp_path, faults=[{**LARGE_ONLY, "error_line_after": 3}], pipeline=Pipeline("own", (stage,))
    )
    assert [(e.model, e.fallback_for, e.reason) for e in finished(events)] == [
        (LARGE_ONE, "", "failed"),
        ("missing:1b", LARGE_ONE, "failed"),
        (SMALL_ONE, LARGE_ONE, "done"),
    ]


def test_what_a_failed_model_wrote_is_quoted_as_unfinished(sim: Sim, tmp_path: Path) -> None:
    _, bodies = asked(sim, tmp_path, faults=[{"model": SMALL_ONE, "break_after": 20}])
    said = bodies[-1]["messages"][-1]["content"]
    assert f"### Written in the stage “quick” by {SMALL_ONE}, unfinished\n> " in said
    assert f"### Written in the stage “quick” by {MID_ONE}, unfinished\n> " in said, "cut off by its limit"
    assert f"### Written in the stage “deep” by {MID_ONE}\n> " in said


def test_a_stage_that_fails_altogether_does_not_end_the_answer(sim: Sim, tmp_path: Path) -> None:
    deep = DEFAULT_PIPELINE.stages[1].role_prompt
    events, _ = asked(sim, tmp_path, faults=[{"when": deep, "status": 500}])
    assert {e.reason for e in finished(events, "deep")} == {"failed"}
    assert {e.model for e in finished(events, "deep")} == {SMALL_ONE, MID_ONE, MID_TWO, LARGE_ONE}
    assert (last_of(events).stage, last_of(events).content) == ("synthesis", LARGE)


def test_the_last_stage_fails_and_the_one_before_stands(sim: Sim, tmp_path: Path) -> None:
    final = DEFAULT_PIPELINE.stages[2].role_prompt
    events, _ = asked(sim, tmp_path, faults=[{"when": final, "status": 500}])
    last = last_of(events)
    assert (last.stage, last.content, last.reason) == ("deep", MIDDLE, "done")


def test_all_fail_with_a_sentence(sim: Sim, tmp_path: Path) -> None:
    events, _ = asked(sim, tmp_path, LLAMA_3B, MISTRAL_7B, QWEN_14B, faults=[{"status": 500}])
    assert {e.reason for e in finished(events)} == {"failed"}
    last = last_of(events)
    assert (last.stage, last.content, last.confidence, last.reason) == ("", "", None, "failed")
    assert last.error.startswith(f"{SMALL_ONE} failed: ")


def test_only_some_stand_ins_are_tried(sim: Sim, tmp_path: Path) -> None:
    events, _ = asked(sim, tmp_path, faults=[{"status": 500}])
    assert len(finished(events, "quick")) == len(finished(events, "synthesis")) == 1 + MOST_STAND_INS


def test_a_stand_in_answers_once_in_a_stage(sim: Sim, tmp_path: Path) -> None:
    """Both models of the deep stage fail: the nearest one stands in for the first, another for the second."""
    faults = [{"model": MID_ONE, "status": 500}, {"model": MID_TWO, "status": 500}]
    events, _ = asked(sim, tmp_path, faults=faults)
    done = [(e.model, e.fallback_for) for e in finished(events, "deep") if e.reason == "done"]
    assert done == [(SMALL_ONE, MID_ONE), (LARGE_ONE, MID_TWO)] or done == [
        (LARGE_ONE, MID_ONE),
        (SMALL_ONE, MID_TWO),
    ]


def test_a_model_that_was_removed_is_replaced_by_one_of_its_size(tmp_path: Path, sim: Sim) -> None:
    async def work(machine: Machine) -> None:
        sim.change({"models": FAST["models"]})
        await machine.answer()
        sim.change({"remove": [MID_TWO]})
        own = Pipeline("own", (ModelStage("only", (MID_TWO,)),))
        events = await machine.answer(pipeline=own)
        missing, instead = finished(events)
        assert missing.error == f"{MID_TWO} is not installed."
        assert (instead.model, instead.fallback_for) == (MID_ONE, MID_TWO)
        sim.change({"remove": [MID_ONE]})  # not noticed by a look yet
        request = AnswerRequest("Why?", Pipeline("own", (ModelStage("only", (MID_ONE,)),)))
        again = checked([event async for event in machine.orchestrator.stream(request)])
        assert f"{MID_ONE} is not installed on this computer." in finished(again)[0].error
        assert (finished(again)[1].model, finished(again)[1].reason) == (LARGE_ONE, "length")

    run_machine(sim.url, tmp_path, work)


def test_a_server_that_dies_keeps_what_was_written_and_is_not_asked_for_every_model(tmp_path: Path) -> None:
    faults = [{**LARGE_ONLY, "die_after": 30}]
    with Sim({**FAST, "faults": faults}) as mortal:
        events = run_machine(mortal.url, tmp_path, lambda m: m.answer())
        (broken,) = finished(events, "synthesis")
        assert broken.error == "The connection to this computer broke."
        last = last_of(events)
        assert last.stage == "synthesis"
        assert last.content
        assert LARGE.startswith(last.content)
    with Sim({**FAST, "faults": [{"model": SMALL_ONE, "die_after": 5}]}) as mortal:
        events = run_machine(mortal.url, tmp_path, lambda m: m.answer())
        assert len(finished(events, "quick")) <= 3
        assert [e.stage for e in finished(events)][-3:] == ["deep", "deep", "synthesis"]
        assert last_of(events).content == text_of(events, "quick") != ""
        assert SMALL.startswith(last_of(events).content)


@pytest.mark.parametrize(
    "stage", [ModelStage("only", models, max_tokens=900) for models in ((SMALL_ONE,), (SMALL_ONE, MID_ONE))]
)
def test_the_same_model_on_another_host_goes_on_where_a_host_dies(
    sim: Sim, tmp_path: Path, stage: ModelStage
) -> None:
    async def work(machine: Machine) -> list[Event]:
        other = Ollama("the other", sim.url)
        registry = Registry([machine.engine, other], machine.registry.guide, lambda: 0)
        await registry.look()
        stream = StreamingOrchestrator(registry).stream(AnswerRequest("Why?", Pipeline("own", (stage,))))
        events = checked([event async for event in stream])
        await other.close()
        return events

    sim.change({"models": FAST["models"], "faults": []})
    with Sim({**FAST, "faults": [{"model": SMALL_ONE, "die_after": 5}]}) as mortal:
        events = run_machine(mortal.url, tmp_path, work)
    broken, *good = finished(events)
    assert (broken.model, broken.reason) == (SMALL_ONE, "failed")
    assert [(e.model, e.reason, e.fallback_for) for e in good] == [(m, "done", "") for m in stage.models]
    assert [w.text for w in waiting(events) if w.why == "fallback"] == [f"{SMALL_ONE} is asked at the other"]
    assert text_of(events, "only").endswith(last_of(events).content)


def test_a_stall_is_noticed_in_time_and_the_connection_closed(sim: Sim, tmp_path: Path) -> None:
    began = time.monotonic()
    asked(sim, tmp_path, faults=[{"model": SMALL_ONE, "stall_after": 3}], depth="quick", stall_after=0.3)
    assert time.monotonic() - began < 10
    stalled = next(r for r in reversed(sim.requests("/api/chat")) if r["body"]["model"] == SMALL_ONE)
    assert stalled["client_closed"] is not None


def test_an_error_nobody_expected_is_told_and_the_next_model_asked(tmp_path: Path) -> None:
    class Odd(Still):
        async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
            yield Piece("Well")
            raise RuntimeError("unheard of")

    async def work(machine: Machine) -> None:
        models = tuple(ModelInfo(name, "odd", size) for name, size in (("a", 1), ("b", 2)))
        odd = Odd("odd", EngineState(True, models=models))
        registry = Registry([odd], Still("guide", EngineState(False)), lambda: 0)
        await registry.look()
        stream = StreamingOrchestrator(registry).stream(AnswerRequest("Why?", DEFAULT_PIPELINE))
        events = checked([event async for event in stream])
        assert [e.model for e in finished(events, "quick")] == ["a", "b"]
        assert finished(events)[0].error == "Something unexpected happened while asking a: unheard of"
        assert last_of(events).content == "Well"

    run_machine("http://127.0.0.1:1", tmp_path, work)
