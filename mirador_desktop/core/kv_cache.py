"""Memory that a window of so many tokens takes."""

import re
from collections.abc import Mapping

BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Bytes a number takes in each type of cache: blocks of 32 numbers with a scale of two bytes (GGML's formats)."""


def kv_cache_bytes(info: Mapping[str, str], window: int, kind: str = "f16") -> int:
    """Bytes of the key-value cache of a window, 0 where the model's file does not say enough.

    window × layers × key-value heads × (length of a key + length of a value) × bytes of a number, as llama.cpp
    allocates it. Models that keep only a part of their layers' windows (sliding attention) take less.

    Args:
        info: what the model's file says of itself, with the keys of GGUF.
    """
    kind_of_model = info.get("general.architecture", "")

    def number(key: str, otherwise: int = 0) -> int:
        found = re.search(r"\d+", info.get(f"{kind_of_model}.{key}", "").replace(",", ""))
        return int(found[0]) if found else otherwise

    layers, heads = number("block_count"), number("attention.head_count")
    if not layers or not heads:
        return 0
    length = number("embedding_length") // heads
    key = number("attention.key_length", length)
    value = number("attention.value_length", length)
    groups = number("attention.head_count_kv", heads) or heads
    return int(window * layers * groups * (key + value) * BYTES.get(kind, 2.0))
