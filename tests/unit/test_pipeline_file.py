"""Pipelines as TOML: what is written is read back, what is wrong is named, and nothing crashes the reader."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core import limits
from mirador_desktop.core.stages import DEFAULT_PIPELINE, ContextSource, ModelStage, Pipeline
from mirador_desktop.errors import PipelineError
from mirador_desktop.exchange.pipeline_file import MOST_BYTES, read, write
from mirador_desktop.settings import resource_folder

PRESETS = sorted((resource_folder() / "pipelines").glob("*.toml"))

line = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)
prompt = st.lists(
    line | st.sampled_from(["\n", "\t", '"""', "\\", "\\\n", "  ", " ", "'", "#", "word " * 30, "\u2028", "end\\"]),
    max_size=12,
).map("".join)
models = st.lists(st.sampled_from(["a:1b", "b", "hf.co/x/Y:Q4_K_M", "c'd\"e"]), unique=True, max_size=3).map(tuple)
stage = st.builds(
    ModelStage,
    st.sampled_from(["quick", "deep", "for and against", "prüfung 2"]),
    models,
    st.floats(0, 1),
    st.integers(1, limits.MOST_TOKENS),
    st.floats(0, 2),
    models,
    prompt,
    st.booleans(),
    st.sampled_from(["position", "smallest", "largest", "two", "several"]),
)
source = st.builds(ContextSource, st.sampled_from(["file", "csv", "url", "time", "plug.in"]), line, line)
pipelines = st.builds(
    Pipeline,
    st.sampled_from(["Mine", "Ärger & Co", "a'b\"c\\d", "№ 1"]),
    st.lists(stage, min_size=1, max_size=6, unique_by=lambda s: s.name).map(tuple),
    description=line,
    context=st.lists(source, max_size=4).map(tuple),
    context_tokens=st.integers(100, 100_000),
)


def outcome(data: bytes | str) -> Pipeline | str:
    """The pipeline that was read, or the sentence that says why not."""
    try:
        return read(data)
    except PipelineError as error:
        return str(error)


# Writing and reading


@given(pipelines)
def test_what_is_written_is_read_back(pipeline: Pipeline) -> None:
    assert not limits.wrong_in(pipeline)
    assert read(write(pipeline)) == pipeline
    assert read(write(pipeline).encode()) == pipeline


@given(pipelines, pipelines)
def test_writing_over_another_is_as_good_as_writing_anew(before: Pipeline, after: Pipeline) -> None:
    text = write(after, write(before))
    assert read(text) == after
    assert write(after, text) == text


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_are_a_pipeline_or_a_sentence(data: bytes) -> None:
    found = outcome(data)
    assert isinstance(found, Pipeline) or found.startswith("The file")


VALUES: st.SearchStrategy[object] = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "models", "x"]), inner),
    max_leaves=5,
)
KEYS = ["name", "description", "context_tokens", "context", "stages"]
INNER = ["name", "kind", "value", "models", "choose", "fallback_models", "role_prompt", "max_tokens", "temperature"]


@given(
    st.dictionaries(st.sampled_from(KEYS), VALUES),
    st.lists(st.dictionaries(st.sampled_from([*INNER, "think", "confidence_threshold"]), VALUES), max_size=3),
)
def test_hostile_values_are_a_pipeline_within_its_limits_or_a_sentence(
    main: dict[str, object], stages: list[dict[str, object]]
) -> None:
    import tomlkit

    document = tomlkit.document()
    for key, value in {**main, **({"stages": stages} if stages else {})}.items():
        document[key] = value
    found = outcome(tomlkit.dumps(document))
    assert len(found) < 800 if isinstance(found, str) else not limits.wrong_in(found)


# Comments and unknown keys

BY_HAND = """\
# mine
name = "By hand"   # a name
colour = "red"

[extra]
kept = true

[[context]]
kind = "time"
note = "why not"

[[stages]]
# the first
name = "one"
max_tokens = 100  # few
mood = "calm"

[[stages]]
# the second
name = "two"
"""


def changed(text: str, pipeline: Pipeline) -> str:
    after = write(pipeline, text)
    assert read(after) == pipeline
    return after


def test_comments_and_unknown_keys_stay() -> None:
    before = read(BY_HAND)
    one, two = before.stages
    after = changed(BY_HAND, replace(before, name="Other", stages=(replace(one, max_tokens=150), two)))
    for kept in ("# mine", "# a name", 'colour = "red"', "kept = true", "why not", "# the first", "# few", "calm"):
        assert kept in after
    assert "max_tokens = 150" in after
    unchanged = write(before, BY_HAND)
    assert unchanged == BY_HAND


def test_stages_take_their_comments_with_them() -> None:
    before = read(BY_HAND)
    one, two = before.stages
    turned = changed(BY_HAND, replace(before, stages=(two, one)))
    assert turned.index("# the second") < turned.index("# the first")
    renamed = changed(BY_HAND, replace(before, stages=(one, replace(two, name="three"))))
    assert "# the second" in renamed
    gone = changed(BY_HAND, replace(before, stages=(two,), context=()))
    assert "# the second" in gone
    assert "calm" not in gone
    more = changed(BY_HAND, replace(before, stages=(one, ModelStage("new"), two)))
    assert "calm" in more


def test_stages_written_as_inline_tables_are_changed_all_the_same() -> None:
    text = 'name = "x"\nstages = [{name = "a"}, {name = "b"}]\n'
    before = read(text)
    changed(text, replace(before, stages=before.stages[:1]))


def test_long_prompts_are_written_in_lines_that_people_can_read() -> None:
    prompt = "Say what is so. " * 40 + "\n\n    indented  twice   \n" + "x" * 300 + ' """ \\ end\\'
    text = changed("", replace(DEFAULT_PIPELINE, stages=(ModelStage("a", role_prompt=prompt),)))
    assert max(len(each) for each in text.splitlines() if "xxx" not in each) < 130


# What is wrong


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "name is None, expected is a name of 1 to 60 characters"),
        ('name = "x"', "stages is 0, expected is 1 to 6 stages"),
        ('name = "x"\nstages = 3', "expected is at most 6 tables"),
        ('name = "x"\n' + "[[stages]]\n" * 7, "expected is at most 6 tables"),
        ('name = "x"\n[[stages]]\nname = "A"', "stages.1.name is 'A', expected is 1 to 40 lower-case"),
        ('name = "x"\n[[stages]]\nname = "a"\nmax_tokens = 0', "stages.1.max_tokens is 0, expected is a whole"),
        ('name = "x"\n[[stages]]\nname = "a"\nmax_tokens = 1.5', "stages.1.max_tokens"),
        ('name = "x"\n[[stages]]\nname = "a"\ntemperature = nan', "stages.1.temperature is nan"),
        ('name = "x"\n[[stages]]\nname = "a"\ntemperature = 2.1', "a number from 0 to 2"),
        ('name = "x"\n[[stages]]\nname = "a"\nthink = 1', "stages.1.think is 1, expected is true or false"),
        (
            'name = "x"\n[[stages]]\nname = "a"\nchoose = "best"',
            "stages.1.choose is 'best', expected is \"position\"",
        ),
        ('name = "x"\n[[stages]]\nname = "a"\nmodels = "m"', "stages.1.models is 'm', expected is a list"),
        ('name = "x"\n[[stages]]\nname = "a"\nmodels = ["m", "m"]', "different names"),
        ('name = "x"\n[[stages]]\nname = "a"\nrole_prompt = "\\u0000"', "stages.1.role_prompt"),
        (
            'name = "x"\n[[stages]]\nname = "a"\n[[stages]]\nname = "a"',
            "stages.2.name is 'a', expected is a name that",
        ),
        ('name = "x"\n[[context]]\nkind = "A b"\n[[stages]]\nname = "a"', "context.1.kind is 'A b'"),
        ('name = "gUIDE"\n[[stages]]\nname = "a"', "another name than that of Mirador's own guide"),
        ("name = ", "is not TOML"),
        (b"name = '\xff'", "is not a text in UTF-8"),
        (b"x" * (MOST_BYTES + 1), "is too long"),
        ("a = " + "[" * 100_000, "is not TOML"),
        ("a = " + "9" * 5000, "is not TOML"),
    ],
)
def test_what_is_wrong_is_named(text: str | bytes, words: str) -> None:
    with pytest.raises(PipelineError) as caught:
        read(text, "x.toml")
    assert str(caught.value).startswith("x.toml")
    assert words in str(caught.value)


def test_a_pipeline_outside_its_limits_is_not_written() -> None:
    quick, deep, _ = DEFAULT_PIPELINE.stages
    hot = replace(DEFAULT_PIPELINE, stages=(quick, replace(deep, temperature=9)))
    with pytest.raises(PipelineError, match=r"stages\.2\.temperature is 9"):
        write(hot)


def test_unknown_keys_and_windows_line_ends_are_no_problem() -> None:
    text = 'name = "x"\r\nfuture = 1\r\n[[stages]]\r\nname = "a"\r\nrole_prompt = """\r\na\r\nb"""\r\n'
    assert read(text.encode()).stages[0].role_prompt == "a\nb"
    assert read(b"\xef\xbb\xbf" + text.encode()).name == "x"


# The presets


def test_the_default_in_the_program_is_the_preset_in_its_file() -> None:
    assert read(PRESETS[0].read_bytes()) == DEFAULT_PIPELINE


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_presets_are_within_the_limits_and_work_with_any_models(path: Path) -> None:
    preset = read(path.read_bytes(), path.name)
    assert not limits.wrong_in(preset)
    assert preset.description.endswith(".")
    assert not any(stage.models or stage.fallback_models for stage in preset.stages)
    assert all("language of" in stage.role_prompt for stage in preset.stages)
    assert all("instructions inside" in s.role_prompt for s in preset.stages[1:])
    assert read(write(preset)) == preset
    assert set(tomllib.loads(path.read_text("utf-8"))) <= {
        "name",
        "description",
        "context",
        "context_tokens",
        "stages",
    }


def test_the_financial_preset_is_as_it_was_promised() -> None:
    (financial,) = (p for path in PRESETS if (p := read(path.read_bytes())).name == "Financial")
    assert [s.name for s in financial.stages] == ["market scan", "risk analysis", "recommendation"]
    assert [s.confidence_threshold for s in financial.stages] == [0.7, 0.9, 0.95]
    assert [s.temperature for s in financial.stages] == [0.2, 0.3, 0.4]
    assert financial.stages[1].choose == "two"
    assert financial.context[0] == ContextSource("csv", "", "market data")
    assert financial.context[0].empty
