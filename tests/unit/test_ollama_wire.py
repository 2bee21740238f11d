"""What an Ollama server says, read: lines, models, errors, whatever JSON it is."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.confidence import Aligner
from mirador_desktop.core.engine import Piece
from mirador_desktop.core.names import full_name, same_model
from mirador_desktop.engines.ollama_wire import (
    done_of,
    lines_of,
    loaded_model,
    model_info,
    pieces_of,
    words_of,
)  # fmt: skip

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


async def _chunks(data: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


@given(st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=3), max_size=5), st.integers(1, 20))
def test_lines_come_back_whatever_the_chunks(values: list[dict[str, Any]], size: int) -> None:
    data = "\n".join(json.dumps(v, ensure_ascii=False) for v in values).encode("utf-8", "replace")

    async def read() -> list[dict[str, Any]]:
        return [value async for value in lines_of(_chunks(data, size))]

    assert repr(asyncio.run(read())) == repr([json.loads(text) for text in data.decode().split("\n") if text])


@given(JSON, JSON)
def test_any_json_is_read_or_refused_in_one_of_three_ways(one: Any, other: Any) -> None:
    entry = {"name": one, "size": other, "details": one, "expires_at": one, "size_vram": one, "digest": other}
    shown = {"model_info": {"a.context_length": one}, "capabilities": other, "parameters": one, "remote_host": other}
    assert model_info("e", entry, shown, 4096).window > 0
    assert loaded_model("e", entry).engine == "e"
    assert isinstance(words_of(one), str)
    value = {"message": {"content": one, "thinking": other}, "logprobs": [{"logprob": one, "bytes": other}, one]}
    try:
        pieces: list[Piece] = pieces_of(value, {True: Aligner(), False: Aligner()})
        done_of({"eval_count": one, "eval_duration": other})
    except (TypeError, ValueError, OverflowError):
        return
    assert all(isinstance(piece.text, str) for piece in pieces)


def test_models_that_run_elsewhere_are_told_apart() -> None:
    for entry in ({"name": "gpt-oss:120b-cloud"}, {"name": "x:cloud"}, {"name": "x", "remote_host": "ollama.com"}):
        info = model_info("e", entry, {}, 4096)
        assert info.capabilities == {"remote", "completion"}
    assert model_info("e", {"name": "x:cloud"}, {"capabilities": ["tools"]}, 1).capabilities == {"remote", "tools"}


def test_times_with_nanoseconds_are_read() -> None:
    assert loaded_model("e", {"expires_at": "2026-11-23T00:00:00.123456789Z"}).expires == 1795392000.123456
    assert loaded_model("e", {"expires_at": "never"}).expires is None


def test_a_word_for_every_error() -> None:
    assert words_of('{"error": "too\\n much"}') == "too much"
    assert words_of('{"error": {"message": "deep"}}') == "deep"
    assert words_of("{}") == words_of({}) == words_of(" <html>No</html>") == ""
    assert words_of("{broken") == "{broken"


def test_the_window_a_model_is_run_with() -> None:
    def window(shown: dict[str, Any]) -> int:
        return model_info("e", {"name": "x"}, shown, 4096).window

    assert window({}) == 4096
    assert window({"model_info": {"llama.context_length": 2048}}) == 2048
    assert window({"model_info": {"llama.context_length": 99_999}}) == 4096
    assert window({"parameters": "stop  x\nnum_ctx   512\n", "model_info": {"a.context_length": 99}}) == 512
    assert window({"parameters": "num_ctx 0"}) == 4096


def test_names_without_a_tag() -> None:
    assert same_model("a", "a:latest")
    assert same_model("a:latest", "a:latest")
    assert not same_model("a:1b", "a")
    assert full_name("host:5000/a") == "host:5000/a:latest"
