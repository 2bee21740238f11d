"""Which models answer where when nobody said so, and who stands in for whom."""

from collections.abc import Sequence

import pytest

from mirador_desktop.core.engine import ModelInfo
from mirador_desktop.core.selection import assign, stand_ins, weight
from mirador_desktop.core.stages import DEFAULT_PIPELINE, GUIDE_PIPELINE, ModelStage, Pipeline
from mirador_desktop.exchange.pipeline_file import read
from mirador_desktop.settings import resource_folder

GB = 10**9


def model(name: str, size: float, *capabilities: str) -> ModelInfo:
    return ModelInfo(name, "here", int(size * GB), capabilities=frozenset(capabilities or {"completion"}))


def fits(model: ModelInfo) -> bool:
    return model.size <= 20 * GB


A, B, C, D, E = (model(name, size) for name, size in zip("abcde", (1, 2, 4, 8, 16), strict=True))
EMBED = model("embed", 0.3, "embedding")
OLD = ModelInfo("old", "here", 3 * GB)  # an engine too old to give capabilities
CLOUD = model("big-cloud", 0, "completion", "remote")
GUIDE = ModelInfo("guide", "guide", capabilities=frozenset({"completion", "stages"}))


def chosen(*models: ModelInfo, pipeline: Pipeline = DEFAULT_PIPELINE) -> list[tuple[str, ...]]:
    return [stage.models for stage in assign(pipeline, models, fits).stages]


@pytest.mark.parametrize(
    ("models", "quick", "deep", "synthesis"),
    [
        ([A], "a", "", "a"),
        ([A, B], "a", "", "b"),
        ([C, A, B], "a", "b", "c"),
        ([D, C, B, A], "a", "bc", "d"),
        ([E, D, C, B, A], "a", "cd", "e"),
        ([A, EMBED], "a", "", "a"),
        ([A, B, C, EMBED, CLOUD], "a", "b", "c"),
        ([A, B, model("huge", 99)], "a", "", "b"),
    ],
)
def test_the_smallest_the_largest_and_at_most_two_between(
    models: list[ModelInfo], quick: str, deep: str, synthesis: str
) -> None:
    assert chosen(*models) == [tuple(quick), tuple(deep), tuple(synthesis)]


def test_a_model_of_an_old_engine_may_be_chosen() -> None:
    assert chosen(A, OLD, C) == [("a",), ("old",), ("c",)]


def test_equal_sizes_are_ordered_by_name() -> None:
    assert chosen(model("z", 1), model("y", 1), model("x", 1)) == [("x",), ("y",), ("z",)]


def test_a_stage_left_out_says_why() -> None:
    assert assign(DEFAULT_PIPELINE, [A], fits).left_out == {
        "deep": "a is the only model here. With two more, they would check its answer."
    }
    assert assign(DEFAULT_PIPELINE, [A, B, EMBED], fits).left_out["deep"].startswith("a and b are the only models")
    assert assign(DEFAULT_PIPELINE, [A, B, C], fits).left_out == {}


def test_where_nothing_fits_the_smallest_is_tried() -> None:
    assert chosen(model("huge", 99), model("huger", 999)) == [("huge",), (), ("huge",)]


def test_without_models_nothing_is_chosen() -> None:
    assert assign(DEFAULT_PIPELINE, [], fits) == DEFAULT_PIPELINE
    assert assign(DEFAULT_PIPELINE, [EMBED, CLOUD], fits) == DEFAULT_PIPELINE


def test_what_the_person_chose_stays() -> None:
    own = Pipeline("own", (ModelStage("quick", ("b", "big-cloud")), ModelStage("deep"), ModelStage("synthesis")))
    assert chosen(A, B, C, CLOUD, pipeline=own) == [("b", "big-cloud"), ("b",), ("c",)]
    deep = Pipeline("own", (ModelStage("quick"), ModelStage("deep", ("a",)), ModelStage("synthesis")))
    assert assign(deep, [A], fits).left_out == {}
    assert assign(GUIDE_PIPELINE, [A, B], fits) == GUIDE_PIPELINE


def test_the_guide_answers_every_stage() -> None:
    assert chosen(GUIDE) == [("guide",)] * 3
    assert chosen(EMBED, GUIDE) == [("guide",)] * 3


def test_other_numbers_of_stages() -> None:
    one = Pipeline("one", (ModelStage("only"),))
    two = Pipeline("two", (ModelStage("first"), ModelStage("last")))
    four = Pipeline("four", tuple(ModelStage(name) for name in ("first", "second", "third", "last")))
    assert chosen(A, B, C, pipeline=one) == [("c",)]
    assert chosen(A, B, C, pipeline=two) == [("a",), ("c",)]
    assert chosen(A, B, C, D, pipeline=four) == [("a",), ("b", "c"), ("b", "c"), ("d",)]
    assert set(assign(four, [A], fits).left_out) == {"second", "third"}


# Who stands in


def replaced(name: str, named: Sequence[str] = (), tried: Sequence[str] = (), **sizes: float) -> str:
    known = {m.name: m.size for m in (A, B, C, D, E)} | {k: int(v * GB) for k, v in sizes.items()}
    models = [A, B, C, D, E, EMBED, CLOUD, GUIDE, model("huge", 99)]
    return " ".join(stand_ins(name, named, models, fits, known, tried))


def test_the_named_ones_first_then_those_of_similar_size() -> None:
    assert replaced("c") == "b d a e"
    assert replaced("c", ["e", "gone"]) == "e gone b d a"
    assert replaced("e") == "d c b a"
    assert replaced("c", ["c", "e", "e"], ["c", "b"]) == "e d a"


def test_a_model_that_is_gone_is_replaced_by_what_is_like_it_in_size() -> None:
    assert replaced("gone", gone=7.5) == "d c e b a"
    assert replaced("gone") == "a b c d e"


def test_models_of_unknown_size_count_as_smallest() -> None:
    assert stand_ins("c", (), [ModelInfo("zero", "here"), B], fits, {"c": 4 * GB}, ()) == ["b", "zero"]


# Presets, with what people have

PRESETS = {p.name: p for path in (resource_folder() / "pipelines").glob("*.toml") if (p := read(path.read_bytes()))}


def for_preset(name: str, *models: ModelInfo) -> str:
    """Who answers, stage by stage; a stage left out as "-"."""
    return " ".join("".join(stage) or "-" for stage in chosen(*models, pipeline=PRESETS[name]))


@pytest.mark.parametrize(
    ("name", "one", "two", "three", "five"),
    [
        ("Progressive", "a - a", "a - b", "a b c", "a cd e"),
        ("One model", "a", "b", "c", "e"),
        ("Compare", "a", "ab", "abc", "cde"),
        ("Council", "a a", "ab b", "abc c", "cde e"),
        ("Code review", "a a a", "a ab b", "a bc c", "a cd e"),
        ("Decision", "a a a", "a ab b", "a bc c", "a cd e"),
        ("Writing", "a a", "a b", "a c", "a e"),
        ("Financial", "a a a", "a ab b", "a bc c", "a cd e"),
    ],
)
def test_every_preset_is_sensible_with_few_and_many_models(
    name: str, one: str, two: str, three: str, five: str
) -> None:
    assert for_preset(name, A) == one
    assert for_preset(name, A, B, EMBED) == two
    assert for_preset(name, A, B, C) == three
    assert for_preset(name, A, B, C, D, E, CLOUD) == five


def test_every_preset_asks_the_guide_where_there_is_nothing_else() -> None:
    for preset in PRESETS.values():
        assert set(chosen(GUIDE, pipeline=preset)) == {("guide",)}


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.name)
def test_models_of_a_stage_go_from_small_to_large_and_none_comes_twice(preset: Pipeline) -> None:
    for count in range(1, 6):
        for names in chosen(*[A, B, C, D, E][:count], pipeline=preset):
            assert list(names) == sorted(set(names))


# Sizes that are not told


def unsized(name: str, parameters: str = "") -> ModelInfo:
    return ModelInfo(name, "server", 0, parameters)


@pytest.mark.parametrize(
    ("name", "parameters", "billions"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "", 8),
        ("mixtral-8x7b", "", 56),
        ("qwen3-30b-a3b", "", 30),
        ("smol-360m", "", 0.36),
        ("x", "7.6B", 7.6),
        ("gpt-4o-mini", "", 0),
        ("abc123b", "", 0),
        ("phi-3.5", "", 0),
    ],
)
def test_a_size_is_read_off_the_number_of_parameters(name: str, parameters: str, billions: float) -> None:
    assert weight(unsized(name, parameters)) == pytest.approx(billions * 0.6e9)


def test_models_of_a_server_that_tells_no_sizes_are_ordered_by_their_names() -> None:
    served = [unsized("big-70b"), unsized("tiny-1b"), unsized("mid-8b")]
    assert chosen(*served) == [("tiny-1b",), ("mid-8b",), ("big-70b",)]


def test_what_nothing_is_known_of_stands_in_the_middle() -> None:
    assert chosen(A, unsized("mystery"), E) == [("a",), ("mystery",), ("e",)]
    assert chosen(unsized("only")) == [("only",), (), ("only",)]
    assert chosen(unsized("y"), unsized("x")) == [("x",), (), ("y",)]


def test_stand_ins_for_a_model_that_only_its_name_tells_of() -> None:
    assert stand_ins("other-7b", (), [A, C, E], fits, {}, ()) == ["c", "e", "a"]
