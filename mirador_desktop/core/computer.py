"""What a computer has for models, and which models fit into it."""

from dataclasses import dataclass
from typing import Literal

OVERHEAD = 1.2
"""Memory a model takes, in sizes of its file: weights, the cache of an ordinary window, buffers."""
_SYSTEM = 2_000_000_000  # bytes that everything else on the computer needs at least

Fit = Literal["gpu", "memory", "too large", "unknown"]


@dataclass(frozen=True, slots=True)
class Computer:
    """What was found.

    Attributes:
        memory: bytes of main memory, 0 if unknown.
        gpu: bytes of graphics memory, 0 for none or unknown.
        unified: whether processor and graphics share one memory.
        free: bytes free where models are kept, None if unknown.
        models: the folder where they are kept.
    """

    memory: int
    gpu: int = 0
    unified: bool = False
    free: int | None = None
    models: str = ""

    @property
    def room(self) -> int:
        """Bytes that models may take in main memory, 0 if unknown."""
        return max(self.memory - _SYSTEM, self.memory // 2)


def needs(size: int) -> int:
    """Bytes of memory that a model takes whose file has `size` bytes."""
    return int(size * OVERHEAD)


def fit(size: int, computer: Computer) -> Fit:
    """Whether a model fits, and where it would run."""
    if not computer.memory:
        return "unknown"
    need = needs(size)
    if computer.gpu and need <= computer.gpu:
        return "gpu"
    # What does not fit the GPU is shared between it and main memory.
    if need <= (computer.room if computer.unified else computer.room + computer.gpu):
        return "memory"
    return "too large"


def fit_words(size: int, computer: Computer) -> str:
    """The same in words, as the catalogue says it."""
    match fit(size, computer):
        case "gpu":
            return "fits the GPU"
        case "memory" if computer.gpu:
            return "fits in memory, slower"
        case "memory":
            return "fits in memory"
        case "too large":
            return f"too large: needs {needs(size) / 1e9:.0f} GB, this computer has {computer.memory / 1024**3:.0f}"
        case _:
            return ""
