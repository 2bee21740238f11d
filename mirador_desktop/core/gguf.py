"""The header of a GGUF file: read far enough to say whether a host could make a model of it.

Reference: "GGUF", ggml-org/ggml, docs/gguf.md, 2024. The file is untrusted: no count in it is believed before it is
compared with the size of the file.
"""

import struct
from dataclasses import dataclass, field
from math import prod
from typing import Any, Protocol

from mirador_desktop.core.amounts import size_words
from mirador_desktop.errors import ModelRefused

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
# Of each type of tensor that is known: how many numbers a block has, and its bytes.
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
_OLD = (b"lmgg", b"fmgg", b"tjgg", b"algg")
_LONGEST_KEY, _MOST_DIMENSIONS = 65_535, 8


class Reader(Protocol):
    """A file that is open for reading bytes."""

    def read(self, count: int, /) -> bytes:
        """Read at most so many bytes."""
        ...

    def seek(self, place: int, /) -> object:
        """Go to a place."""
        ...

    def tell(self) -> int:
        """The place."""
        ...


@dataclass(frozen=True)
class Header:
    """What a GGUF file says of itself.

    Attributes:
        architecture: for example `llama`.
        tensors: how many there are.
        facts: its scalar values and short texts by their keys.
    """

    version: int
    architecture: str
    tensors: int
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the model is called in its file, "" if it says nothing."""
        return str(self.facts.get("general.name") or "")


def read_header(file: Reader, size: int) -> Header:
    """Read the header of a file of `size` bytes.

    Raises:
        ModelRefused: a host could not make a model of this file, with the reason.
    """
    begin = file.read(512)
    _check_kind(begin, size)
    file.seek(4)
    take = _Taker(file, size)
    version = take.number("I")
    if version > 0xFFFF:
        raise ModelRefused("This GGUF file is written for big-endian machines, which Ollama cannot read.")
    if not 1 <= version <= 3:
        raise ModelRefused(f"This GGUF file has version {version}; versions 1 to 3 are known.")
    take.count_code = "I" if version == 1 else "Q"
    tensors, pairs = take.number(take.count_code), take.number(take.count_code)
    if tensors > size // 24 or pairs > size // 13:
        raise ModelRefused("This GGUF file is damaged: it promises more entries than it could hold.")
    facts: dict[str, Any] = {}
    for _ in range(pairs):
        key = take.text(_LONGEST_KEY)
        value = take.value(take.number("I"))
        if value is not None:
            facts[key] = value
    architecture = facts.get("general.architecture")
    _check_facts(facts, tensors)
    _check_end(take, tensors, facts, size)
    return Header(version, str(architecture), tensors, facts)


def _check_kind(begin: bytes, size: int) -> None:
    """Say what a file is that is not GGUF."""
    text = begin.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not size:
        raise ModelRefused("This file is empty.")
    if begin[:4] == b"GGUF":
        if size < 24:
            raise ModelRefused("This GGUF file is cut off in its header: download it again.")
        return
    if begin[:4] in _OLD:
        raise ModelRefused("This file has the format from before GGUF, which Ollama cannot read any more.")
    if text.startswith(b"version https://git-lfs"):
        raise ModelRefused(
            "This is not the model but a pointer to it (Git LFS): get the file itself with `git lfs pull`, "
            "or download it from the model's page."
        )
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise ModelRefused("This is a web page, not a model: the download brought the page instead of the file.")
    if begin[:2] == b"PK":
        raise ModelRefused("This is an archive or a PyTorch file, not a GGUF file.")
    if begin[8:9] == b"{" and 0 < int.from_bytes(begin[:8], "little") < size:
        raise ModelRefused("This is a safetensors file, not a GGUF file: convert it first.")
    raise ModelRefused("This is not a GGUF file: it does not begin with the letters GGUF.")


def _check_facts(facts: dict[str, Any], tensors: int) -> None:
    architecture, kind = facts.get("general.architecture"), facts.get("general.type")
    if not isinstance(architecture, str) or not architecture.strip():
        raise ModelRefused("This GGUF file does not say which architecture its model has, so nothing can run it.")
    parts = facts.get("split.count")
    if isinstance(parts, int) and parts > 1:
        number = facts.get("split.no")
        place = f"part {number + 1} of {parts}" if isinstance(number, int) else f"one of {parts} parts"
        raise ModelRefused(
            f"This is {place} of a model that was split. Ollama takes whole files only: join the parts first, "
            "with `llama-gguf-split --merge`."
        )
    if kind == "adapter" or kind == "mmproj" or architecture == "clip":
        what = "an adapter" if kind == "adapter" else "the picture-reading part of a model"
        raise ModelRefused(f"This is {what}, not a whole model: it cannot answer by itself.")
    if not tensors:
        raise ModelRefused("This GGUF file holds no weights, only a description.")


def _check_end(take: "_Taker", tensors: int, facts: dict[str, Any], size: int) -> None:
    """Find out from the places of the tensors whether the file's end is there."""
    end = 0
    for _ in range(tensors):
        take.text(_LONGEST_KEY)
        dimensions = take.number("I")
        if dimensions > _MOST_DIMENSIONS:
            raise ModelRefused("This GGUF file is damaged: a tensor has an impossible shape.")
        shape = [take.number(take.count_code) for _ in range(dimensions)]
        kind, offset = take.number("I"), take.number("Q")
        numbers, length = _BLOCKS.get(kind, (1, 0))
        end = max(end, offset + prod(shape) // numbers * length)
    alignment = facts.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
        raise ModelRefused("This GGUF file is damaged: its alignment is impossible.")
    begin = -(-take.place // alignment) * alignment
    if begin + end > size:
        missing = size_words(begin + end - size)
        raise ModelRefused(f"This GGUF file is cut off: it is {missing} too short. Download it again.")


class _Taker:
    """Takes values from the file one after the other."""

    def __init__(self, file: Reader, size: int) -> None:
        self._file, self._size = file, size
        self.place = file.tell()
        self.count_code = "Q"

    def bytes(self, count: int) -> bytes:
        if count > self._size - self.place:
            raise ModelRefused("This GGUF file is cut off in its header: download it again.")
        found = self._file.read(count)
        self.place += count
        if len(found) != count:
            raise ModelRefused("This GGUF file is cut off in its header: download it again.")
        return found

    def number(self, code: str) -> Any:
        return struct.unpack(f"<{code}", self.bytes(struct.calcsize(f"<{code}")))[0]

    def text(self, longest: int) -> str:
        length = self.number(self.count_code)
        if length > longest:
            raise ModelRefused("This GGUF file is damaged: a name in its header is impossibly long.")
        return self.bytes(length).decode("utf-8", "replace")

    def skip(self, count: int) -> None:
        if count > self._size - self.place:
            raise ModelRefused("This GGUF file is cut off in its header: download it again.")
        self.place += count
        self._file.seek(self.place)

    def value(self, kind: int, depth: int = 0) -> Any:
        """A scalar or a short text; None for lists and long texts, which are passed over."""
        if kind in _SCALARS:
            return self.number(_SCALARS[kind])
        if kind == _STRING:
            length = self.number(self.count_code)
            if length <= 4096:
                return self.bytes(length).decode("utf-8", "replace")
            self.skip(length)
            return None
        if kind != _ARRAY or depth > 4:
            raise ModelRefused("This GGUF file is damaged: its header has a value of an unknown type.")
        member, count = self.number("I"), self.number(self.count_code)
        if member in _SCALARS:
            self.skip(struct.calcsize(f"<{_SCALARS[member]}") * count)
        elif count > self._size - self.place:
            raise ModelRefused("This GGUF file is damaged: it promises more entries than it could hold.")
        elif member == _STRING:
            self._skip_texts(count)
        else:
            for _ in range(count):
                self.value(member, depth + 1)
        return None

    def _skip_texts(self, count: int) -> None:
        """Pass over a list of texts: vocabularies have some 100,000 of them."""
        wide = struct.calcsize(f"<{self.count_code}")
        for _ in range(count):
            length = int.from_bytes(self.bytes(wide), "little")
            if length > self._size - self.place:
                raise ModelRefused("This GGUF file is cut off in its header: download it again.")
            self._file.read(length)
            self.place += length
