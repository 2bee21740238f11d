"""What an OpenAI-compatible server says, read: chunks, models, refusals, whatever JSON it is."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.confidence import Aligner
from mirador_desktop.core.engine import Piece
from mirador_desktop.engines import openai_wire as wire
from mirador_desktop.engines.ollama_wire import without_halves
from mirador_desktop.errors import EngineError, StreamBroken
from tests.unit.test_ollama_wire import JSON


def aligners() -> dict[bool, Aligner]:
    return {True: Aligner(), False: Aligner()}


@given(JSON, JSON, JSON)
def test_any_json_is_read_or_refused_in_one_of_three_ways(one: Any, other: Any, third: Any) -> None:
    entry = {"id": one, "meta": {"n_ctx_train": one, "size": other, "n_params": third, "n_ctx": one},
             "max_model_len": other, "loaded_context_length": third, "type": third, "quantization": one}  # fmt: skip
    assert wire.model_info("e", entry, 4096).window > 0
    wire.entries_of({"data": [one, entry]})
    wire.entries_of(one)
    delta = {"content": one, "reasoning": other, "reasoning_content": third}
    values = [
        {"choices": [{"delta": delta, "finish_reason": one, "logprobs": {"content": [one, {"logprob": other}]}}]},
        {"choices": one, "usage": {"completion_tokens": other}, "timings": {"predicted_ms": third}},
        one,
    ]
    for value in values:
        try:
            part = wire.part_of(value, aligners())
        except (TypeError, ValueError, OverflowError):
            continue
        assert all(isinstance(piece.text, str) for piece in part.pieces)
        assert part.tokens is not None
    with suppress(TypeError, ValueError, OverflowError):
        assert len(wire.vectors_of({"data": [{"embedding": one, "index": other}]}, 1)) == 1


@given(JSON, st.integers(0, 599), st.text(max_size=30))
def test_every_refusal_has_a_sentence(body: Any, status: int, model: str) -> None:
    words = wire.words_of(body)
    assert "\n" not in words
    assert len(words) <= 500
    error = wire.refusal("cluster", "http://x/v1", status, words, model)
    assert isinstance(error, EngineError)
    assert str(error)
    assert wire.refused_field(status, words, {"logprobs": True}) in ("", "logprobs")


@given(st.lists(st.text(max_size=4), max_size=12), st.lists(st.booleans(), min_size=12, max_size=12))
def test_text_comes_back_whole_whatever_is_known_of_its_tokens(texts: list[str], known: list[bool]) -> None:
    """Spelled by bytes, by text, or not at all: the words are the same."""
    both = aligners()
    came: list[Piece] = []
    for text, spelled in zip(texts, known, strict=False):
        entry = {"token": text, "logprob": -0.5, "bytes": list(text.encode("utf-8", "replace")) if spelled else None}
        chunk = {"choices": [{"delta": {"content": text}, "logprobs": {"content": [entry]}}]}
        came += wire.part_of(chunk, both).pieces
    assert "".join(piece.text for piece in came) == "".join(without_halves(text) for text in texts)


def test_a_word_for_every_error() -> None:
    assert wire.words_of('{"error": {"message": "too\\n much"}}') == "too much"
    assert wire.words_of('{"detail": "Not Found"}') == "Not Found"
    extra = {"detail": [{"msg": "Extra inputs are not permitted", "loc": ["body", "logprobs"]}]}
    assert wire.words_of(extra) == "logprobs: Extra inputs are not permitted"
    assert wire.words_of('[{"error": {"message": "deep"}}]') == "deep"
    assert wire.words_of("<html>No</html>") == wire.words_of({}) == wire.words_of(None) == ""
    assert wire.words_of("{broken") == "{broken"


def test_the_window_that_a_refusal_tells() -> None:
    assert wire.limit_of("This model's maximum context length is 2048 tokens. However, you requested 2100") == 2048
    assert wire.limit_of("request (3000 tokens) exceeds the available context size (4096 tokens)") == 4096
    assert wire.limit_of("no") == 0


def test_which_field_a_server_refuses() -> None:
    sent = {"logprobs": True, "max_tokens": 5, "stream_options": {}, "temperature": 1}
    refused = wire.refused_field
    assert refused(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'", sent) == "max_tokens"
    assert refused(400, "max_tokens must be at least 1", sent) == ""
    assert refused(422, "", sent) == "stream_options"
    assert refused(500, "logprobs is not supported for models created with logits_all=False", sent) == "logprobs"
    assert refused(500, "out of memory", sent) == ""
    assert refused(400, "The model is missing", sent) == ""
    assert refused(401, "logprobs", sent) == ""


def test_parts_of_content_and_several_choices() -> None:
    content = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, 5]
    part = wire.part_of({"choices": [{"delta": {"content": content}}, {"delta": {"content": "z"}}]}, aligners())
    assert [piece.text for piece in part.pieces] == ["ab"]
    timings = {"choices": [], "timings": {"predicted_n": 7, "predicted_ms": 500.0}}
    assert wire.part_of(timings, aligners()) == wire.Part((), "", 7, 0, 0.5)


def test_models_that_do_not_chat() -> None:
    for name in ("whisper-large-v3", "text-embedding-3-small", "bge-reranker", "dall-e-3"):
        assert not wire.model_info("e", {"id": name}, 4096).can_chat
    assert wire.model_info("e", {"id": "meta-llama/Llama-3.1-8B-Instruct"}, 4096).can_chat


def test_ends_that_are_none() -> None:
    for reason in ("content_filter", "error"):
        with pytest.raises(StreamBroken, match="m "):
            wire.done_of("m", reason, 1, 1, 1)
    assert wire.done_of("m", "tool_calls", 1, 2, 3.0).reason == "done"


def test_names_tell_how_large_a_model_is() -> None:
    for name, size in {
        "meta-llama/Llama-3.1-70B-Instruct": "70B",
        "mixtral-8x7b": "8x7B",
        "qwen2.5-0.5b-instruct-q4.gguf": "0.5B",
        "gpt-4": "",
        "llama3.2:3b": "3B",
        "smollm-135M": "135M",
        "b12b4c": "",
    }.items():
        assert wire.model_info("e", {"id": name}, 4096).parameters == size


def test_errors_that_stand_where_a_chunk_should() -> None:
    assert wire.error_in({"object": "error", "message": "the engine died", "code": 500}) == "the engine died"
    assert wire.error_in({"message": "out of memory"}) == "out of memory"
    assert wire.error_in({"object": "error"}) == "it gave no reason"
    chunks: list[object] = [{"choices": []}, {"choices": [{"message": {}}], "message": "x"}, {"usage": {}}, [], None]
    for chunk in chunks:
        assert wire.error_in(chunk) == ""
