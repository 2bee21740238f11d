"""The header of a GGUF file: what is refused before anything is sent, and why."""

import asyncio
import hashlib
import io
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.gguf import Header, read_header
from mirador_desktop.errors import ModelRefused
from mirador_desktop.exchange import gguf_file

REAL = Path(__file__).parents[2].parent / "shared" / "models"


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def pair(key: str, value: Any) -> bytes:
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    if isinstance(value, list):
        return text(key) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
    return text(key) + struct.pack("<II", 4, value)


def gguf(facts: dict[str, Any] | None = None, *, version: int = 3, tensors: int = 1, data: int = 128) -> bytes:
    """A small file of that format: each tensor has 32 numbers of 4 bytes."""
    facts = {"general.architecture": "llama", "tokenizer.ggml.tokens": ["a", "b"]} if facts is None else facts
    head = b"GGUF" + struct.pack("<IQQ", version, tensors, len(facts))
    head += b"".join(pair(key, value) for key, value in facts.items())
    for number in range(tensors):
        head += text(f"blk.{number}.weight") + struct.pack("<IQIQ", 1, 32, 0, number * 128)
    return head + bytes(-len(head) % 32) + bytes(data)


def read(raw: bytes) -> Header:
    return read_header(io.BytesIO(raw), len(raw))


def test_a_good_file_says_what_it_is() -> None:
    header = read(gguf({"general.architecture": "qwen2", "general.name": "Small"}, tensors=3, data=3 * 128))
    assert (header.version, header.architecture, header.tensors, header.name) == (3, "qwen2", 3, "Small")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "empty"),
        (b"GGUF", "cut off in its header"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "a web page"),
        (b"\n <html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n", "a pointer to it"),
        (b"PK\x03\x04" + bytes(100), "an archive"),
        (struct.pack("<Q", 20) + b'{"__metadata__":{}}' + bytes(40), "safetensors"),
        (b"tjgg" + bytes(100), "from before GGUF"),
        (b"hello, I am no model at all" * 3, "does not begin with the letters GGUF"),
        (b"GGUF" + struct.pack(">IQQ", 3, 1, 1) + bytes(60), "big-endian"),
        (gguf(version=9), "has version 9"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1) + bytes(60), "more entries than it could hold"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 1 << 60) + bytes(60), "more entries than it could hold"),
        (gguf({"general.name": "x"}), "which architecture"),
        (gguf({"general.architecture": "  "}), "which architecture"),
        (gguf(tensors=0, data=0), "no weights"),
        (gguf(data=127), "cut off: it is 1 byte too short"),
        (gguf(tensors=4, data=128), "cut off: it is 384 bytes too short"),
        (gguf({"general.architecture": "llama", "split.count": 3, "split.no": 0}), "part 1 of 3"),
        (gguf({"general.architecture": "llama", "general.type": "adapter"}), "an adapter"),
        (gguf({"general.architecture": "clip"}), "picture-reading"),
    ],
)
def test_a_bad_file_is_refused_with_the_reason(raw: bytes, why: str) -> None:
    with pytest.raises(ModelRefused, match=why):
        read(raw)


def with_value(raw: bytes) -> bytes:
    """A file whose only fact has a value of these bytes: a type, and what follows it."""
    return b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + text("general.thing") + raw + bytes(64)


def tensor(dimensions: int, *shape: int) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + pair("general.architecture", "llama")
    return head + text("blk.0.weight") + struct.pack(f"<I{len(shape)}QIQ", dimensions, *shape, 0, 0) + bytes(256)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (with_value(struct.pack("<I", 99)), "a value of an unknown type"),
        (with_value(struct.pack("<IIQ", 9, 8, 1 << 50)), "more entries than it could hold"),
        (with_value(struct.pack("<IIQ", 9, 4, 1 << 50)), "cut off in its header"),
        (with_value(struct.pack("<IQ", 8, 1 << 50)), "cut off in its header"),
        (with_value(struct.pack("<IIQ", 9, 9, 1) + struct.pack("<IQ", 9, 1) * 6), "a value of an unknown type"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 1 << 40) + bytes(64), "impossibly long"),
        (tensor(200, 1), "an impossible shape"),
        (gguf({"general.architecture": "llama", "general.alignment": 0}), "its alignment is impossible"),
        (gguf({"general.architecture": "llama", "general.alignment": 1 << 30}), "its alignment is impossible"),
        (gguf({"general.architecture": "llama", "general.alignment": "x"}), "its alignment is impossible"),
    ],
)
def test_a_damaged_header_is_refused_with_the_reason(raw: bytes, why: str) -> None:
    with pytest.raises(ModelRefused, match=why):
        read(raw)


def test_lists_and_long_texts_are_passed_over() -> None:
    nested = struct.pack("<IIQ", 9, 9, 2) + struct.pack("<IQ", 4, 2) + bytes(8) + struct.pack("<IQ", 8, 1) + text("x")
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 4) + pair("general.architecture", "llama")
    head += text("a.numbers") + struct.pack("<IIQ", 9, 6, 3) + bytes(12) + text("a.nested") + nested
    head += pair("tokenizer.chat_template", "x" * 5000)
    head += text("blk.0.weight") + struct.pack("<IQIQ", 1, 32, 0, 0)
    assert read(head + bytes(-len(head) % 32) + bytes(128)).architecture == "llama"


def test_a_file_that_is_cut_while_it_is_read() -> None:
    raw = gguf()
    with pytest.raises(ModelRefused, match="cut off in its header"):
        read_header(io.BytesIO(raw[:60]), len(raw))


@given(st.integers(4, 200))
def test_a_file_cut_anywhere_is_refused(length: int) -> None:
    whole = gguf()
    with pytest.raises(ModelRefused):
        read(whole[: min(length, len(whole) - 1)])


@given(st.binary(max_size=400))
def test_nothing_in_a_file_breaks_the_reader(rest: bytes) -> None:
    for raw in (rest, b"GGUF" + struct.pack("<I", 3) + rest, gguf()[: len(gguf()) // 2] + rest):
        with suppress(ModelRefused):
            read(raw)


@pytest.mark.skipif(not REAL.is_dir(), reason="the small models are not beside this checkout")
@pytest.mark.parametrize(("name", "architecture"), [("words.gguf", "llama"), ("embed.gguf", "bert")])
def test_real_files_are_taken(name: str, architecture: str) -> None:
    header, size = asyncio.run(gguf_file.check(REAL / name))
    assert header.architecture == architecture
    assert size == (REAL / name).stat().st_size


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    for path, why in ((tmp_path, "is a folder"), (tmp_path / "nothing.gguf", "is not a file")):
        with pytest.raises(ModelRefused, match=why):
            asyncio.run(gguf_file.check(path))


def test_the_checksum_and_the_pieces_are_those_of_the_file(tmp_path: Path) -> None:
    path, raw = tmp_path / "a.gguf", bytes(range(256)) * 10_000
    path.write_bytes(raw)
    hashed: list[int] = []
    sent: list[int] = []

    async def work() -> bytes:
        assert await gguf_file.digest(path, hashed.append) == f"sha256:{hashlib.sha256(raw).hexdigest()}"
        return b"".join([piece async for piece in gguf_file.pieces(path, sent.append)])

    assert asyncio.run(work()) == raw
    assert hashed[-1] == sent[-1] == len(raw)
    assert sent == sorted(sent)


def test_hashing_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "large.gguf"
    with path.open("wb") as file:
        file.truncate(64 << 30)

    async def work() -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(gguf_file.digest(path, lambda done: begun.set() if done else None))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
