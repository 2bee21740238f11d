"""How single models are run, as Ollama is told."""

from collections.abc import Callable, Mapping

OptionsOf = Callable[[str], Mapping[str, int]]
"""The options of a model that the person has set, by its name; what is not set is missing."""


def no_options(model: str) -> Mapping[str, int]:
    """Everything as Mirador and the server have it."""
    return {}


def keep_alive(minutes: int) -> int | str:
    """How long a model stays in memory after an answer, in Ollama's words: -1 is a number there, never a text.

    Args:
        minutes: -1 means always, 0 not at all.
    """
    return f"{minutes}m" if minutes > 0 else max(minutes, -1)
