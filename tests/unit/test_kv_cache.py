"""Memory of a window, against what llama.cpp says when it allocates one ("KV self size")."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.kv_cache import BYTES, kv_cache_bytes

MIB = 1 << 20
LLAMA_2_7B = {
    "general.architecture": "llama",
    "llama.block_count": "32",
    "llama.attention.head_count": "32",
    "llama.embedding_length": "4,096",
}
LLAMA_3_1_8B = {**LLAMA_2_7B, "llama.attention.head_count_kv": "8"}
GEMMA_2_9B = {
    "general.architecture": "gemma2",
    "gemma2.block_count": "42",
    "gemma2.attention.head_count": "16",
    "gemma2.attention.head_count_kv": "8",
    "gemma2.embedding_length": "3,584",
    "gemma2.attention.key_length": "256",
    "gemma2.attention.value_length": "256",
}


@pytest.mark.parametrize(
    ("info", "window", "kind", "expected"),
    [
        (LLAMA_2_7B, 4096, "f16", 2048 * MIB),
        (LLAMA_2_7B, 4096, "q8_0", 1088 * MIB),
        (LLAMA_2_7B, 4096, "q4_0", 576 * MIB),
        (LLAMA_3_1_8B, 8192, "f16", 1024 * MIB),
        (LLAMA_3_1_8B, 131_072, "f16", 16 * 1024 * MIB),
        (GEMMA_2_9B, 8192, "f16", 2688 * MIB),
    ],
)
def test_figures_of_well_known_models(info: dict[str, str], window: int, kind: str, expected: int) -> None:
    assert kv_cache_bytes(info, window, kind) == expected


@pytest.mark.parametrize("gone", ["general.architecture", "llama.block_count", "llama.attention.head_count"])
def test_what_a_file_does_not_say_is_not_guessed(gone: str) -> None:
    assert kv_cache_bytes({k: v for k, v in LLAMA_2_7B.items() if k != gone}, 4096) == 0


def test_an_unknown_type_counts_as_the_largest() -> None:
    assert kv_cache_bytes(LLAMA_2_7B, 4096, "new") == kv_cache_bytes(LLAMA_2_7B, 4096)


@given(st.dictionaries(st.sampled_from([*GEMMA_2_9B, *LLAMA_3_1_8B]), st.text(max_size=20)), st.integers(1, 10**6))
def test_any_description_gives_a_number(info: dict[str, str], window: int) -> None:
    assert all(kv_cache_bytes(info, window, kind) >= 0 for kind in BYTES)
