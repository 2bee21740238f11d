"""The catalogue of well-known models, and the set of them that suits a computer."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass

from mirador_desktop.core.computer import Computer, needs
from mirador_desktop.core.pull_names import short_name

_STAGES = ("quick", "deep", "synthesis")
_GPU_FROM = 5_900_000_000
"""Bytes of graphics memory from which on it pays to choose models that stay in it altogether."""
_ORDINARY = 8 << 30  # what a computer is taken to have whose memory is not known


@dataclass(frozen=True, slots=True)
class Entry:
    """A well-known model.

    Attributes:
        name: as Ollama takes it.
        size: bytes of its file, as exactly as its page tells (two digits).
        context: longest context in tokens.
        can: `tools`, `thinking`, `vision`, `embedding`.
        good_for: what for, in a few words.
    """

    name: str
    size: int
    parameters: str
    context: int
    can: tuple[str, ...]
    licence: str
    good_for: str

    @property
    def needs(self) -> int:
        """Bytes of memory it takes."""
        return needs(self.size)


@dataclass(frozen=True)
class Catalogue:
    """Well-known models, and sets of three for the stages, largest first: for graphics and for main memory."""

    entries: tuple[Entry, ...] = ()
    gpu_sets: tuple[tuple[Entry, ...], ...] = ()
    memory_sets: tuple[tuple[Entry, ...], ...] = ()

    def entry(self, name: str) -> Entry | None:
        """The entry of a model, None for one that is not listed."""
        wanted = short_name(name)
        return next((each for each in self.entries if short_name(each.name) == wanted), None)

    def size(self, name: str) -> int:
        """Bytes of a model's file, 0 for one that is not listed."""
        found = self.entry(name)
        return found.size if found else 0

    def recommended(self, memory: int, gpu: int) -> list[tuple[str, Entry]]:
        """The best models for the stages `quick`, `deep` and `synthesis` that fit together, so that all stay loaded.

        Where there is a GPU worth it, they fit into its memory; else into main memory beside everything else. A model
        may stand for several stages. The smallest set is returned where nothing fits, nothing for an empty catalogue.

        Args:
            memory, gpu: bytes of main and graphics memory, 0 for unknown or none.
        """
        sets, room = self.memory_sets, Computer(memory or _ORDINARY).room
        if gpu >= _GPU_FROM:
            sets, room = self.gpu_sets, gpu
        best = next((each for each in sets if together(each) <= room), sets[-1] if sets else ())
        return list(zip(_STAGES, best, strict=False))


def together(entries: Sequence[Entry]) -> int:
    """Bytes of memory that models take together, each counted once."""
    return sum(each.needs for each in dict.fromkeys(entries))


def download(entries: Sequence[Entry]) -> int:
    """Bytes that are to be fetched for some models, each counted once."""
    return sum(each.size for each in dict.fromkeys(entries))


def parse(text: str) -> Catalogue:
    """Read the catalogue.

    Raises:
        ValueError, KeyError, TypeError: it is not written as it should be.
    """
    values = tomllib.loads(text)
    entries = {
        each["name"]: Entry(
            name=each["name"],
            size=round(each["size"] * 1e9),
            parameters=each["parameters"],
            context=each["context"],
            can=tuple(each["can"]),
            licence=each["licence"],
            good_for=each["good_for"],
        )
        for each in values["model"]
    }
    sets: dict[str, list[tuple[Entry, ...]]] = {"gpu": [], "memory": []}
    for each in values["set"]:
        sets[each["for"]].append(tuple(entries[each[stage]] for stage in _STAGES))
    return Catalogue(tuple(entries.values()), tuple(sets["gpu"]), tuple(sets["memory"]))
