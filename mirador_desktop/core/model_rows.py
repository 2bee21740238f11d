"""The rows of the table of models: one for each name, with what each host says of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mirador_desktop.core.amounts import size_words, time_words
from mirador_desktop.core.engine import EngineState, LoadedModel, ModelInfo
from mirador_desktop.core.names import same_model

Column = Literal["name", "size", "parameters", "quantisation", "context", "can", "memory", "modified", "uses"]
LABELS = ("tools", "thinking", "vision", "embedding", "remote")
"""Capabilities that are shown, in this order; that a model can chat goes without saying."""


@dataclass(frozen=True, slots=True)
class Use:
    """A stage that uses a model.

    Attributes:
        pipeline, stage: their names.
        place: of the stage in its pipeline, which gives its colour and shape.
        chosen: whether the person chose the model for it; else Mirador did.
    """

    pipeline: str
    stage: str
    place: int
    chosen: bool = True


@dataclass(frozen=True, slots=True)
class OnHost:
    """A model on one host.

    Attributes:
        host: the engine's name.
        loaded: what it takes in memory there, None while it is not loaded.
    """

    host: str
    info: ModelInfo
    loaded: LoadedModel | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A model, wherever it is.

    Attributes:
        places: the hosts it is on, in order of preference; never empty.
        load_seconds: how long it took to load the last time, None if that is not known.
        loading: whether Mirador is loading it now.
    """

    name: str
    places: tuple[OnHost, ...]
    uses: tuple[Use, ...] = ()
    load_seconds: float | None = None
    loading: bool = False

    @property
    def info(self) -> ModelInfo:
        """What the first host says of it."""
        return self.places[0].info

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where it is."""
        return tuple(place.host for place in self.places)

    @property
    def loaded(self) -> LoadedModel | None:
        """What it takes in the memory of the first host that has it there."""
        return next((place.loaded for place in self.places if place.loaded is not None), None)

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can do, as the table shows it."""
        return tuple(label for label in LABELS if label in self.info.capabilities)

    def memory_words(self, now: float) -> tuple[str, str]:
        """What stands in the column "In memory": one line, and a second one that may be "".

        Args:
            now: Unix time.
        """
        loaded = self.loaded
        if loaded is None:
            if self.loading:
                took = "" if self.load_seconds is None else f"last time it took {time_words(self.load_seconds)}"
                return "loading…", took
            if self.load_seconds is None:
                return "not loaded yet", ""
            return f"loads in about {time_words(self.load_seconds)}", ""
        share = 100 * loaded.size_gpu / loaded.size if loaded.size else 0
        words = (
            f"{size_words(loaded.size)} · {share:.0f} % GPU" if share >= 0.5 else f"{size_words(loaded.size)} · CPU"
        )
        if loaded.expires is None or loaded.expires - now > 10 * 365 * 86_400:
            return words, "always"
        left = loaded.expires - now
        return words, f"{time_words(left)} left" if left > 0 else "about to be unloaded"


def rows_of(
    states: Mapping[str, EngineState | None],
    uses: Callable[[str], Iterable[Use]],
    load_seconds: Callable[[str], float | None],
    loading: str = "",
) -> list[Row]:
    """One row for each model of the hosts that answer, in the order of their names.

    Args:
        loading: the model that is being loaded now, "" for none.
    """
    found: dict[str, list[OnHost]] = {}
    for host, state in states.items():
        for info in state.models if state is not None and state.reachable else ():
            loaded = next((m for m in state.loaded if same_model(m.name, info.name)), None) if state else None
            found.setdefault(info.name, []).append(OnHost(host, info, loaded))
    rows = [
        Row(name, tuple(places), tuple(uses(name)), load_seconds(name), bool(loading) and same_model(loading, name))
        for name, places in found.items()
    ]
    return sorted(rows, key=lambda row: row.name.lower())


def matching(rows: Sequence[Row], words: str, host: str = "", texts: Mapping[str, str] | None = None) -> list[Row]:
    """The rows in which all words occur, and that are on a host ("" for any).

    Args:
        texts: what `searched` gave for each row, by name, where it is known already.
    """
    wanted = words.lower().split()
    on_host = [row for row in rows if not host or host in row.hosts]
    if not wanted:
        return on_host
    found = texts if texts is not None else {row.name: searched(row) for row in on_host}
    return [row for row in on_host if all(w in found[row.name] for w in wanted)]


def searched(row: Row) -> str:
    """The text of a row in which words are looked for."""
    info = row.info
    parts = [row.name, info.parameters, info.quantisation, *row.hosts, *row.labels, *(u.stage for u in row.uses)]
    return " ".join(parts).lower()


def ordered(rows: Sequence[Row], column: Column, downwards: bool) -> list[Row]:
    """Sort rows by a column; what is the same stays in the order of names, and what is not known stands last."""
    pairs = [(_KEYS[column](row), row) for row in rows]
    known = [pair for pair in pairs if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=downwards)  # type: ignore[arg-type, return-value]  # none is None
    return [row for _, row in known] + [row for value, row in pairs if value is None]


def parameter_count(words: str) -> float | None:
    """The number of parameters in "7.6B" or "137M", None for something else."""
    units = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
    text = words.replace(" ", "").upper()
    try:
        return float(text[:-1]) * units[text[-1]] if text[-1:] in units else float(text)
    except ValueError:
        return None


def parameter_words(words: str) -> str:
    """A number of parameters with a space before its unit: "7.6 B"."""
    text = words.replace(" ", "")
    return f"{text[:-1]} {text[-1]}" if text[-1:].isalpha() and text[:-1] else text


def context_words(tokens: int) -> str:
    """A context length: "128 K"."""
    if not tokens:
        return ""
    return f"{tokens / 1024:.0f} K" if tokens >= 1024 else f"{tokens}"


_Key = tuple[float, ...] | tuple[str, ...] | float | str
_KEYS: dict[Column, Callable[[Row], "_Key | None"]] = {
    "name": lambda row: row.name.lower(),
    "size": lambda row: row.info.size or None,
    "parameters": lambda row: parameter_count(row.info.parameters),
    "quantisation": lambda row: row.info.quantisation.lower() or None,
    "context": lambda row: row.info.context or None,
    "can": lambda row: " ".join(row.labels) or None,
    "memory": lambda row: float(row.loaded.size) if row.loaded is not None else None,
    "modified": lambda row: row.info.modified or None,
    "uses": lambda row: (float(row.uses[0].place), float(-len(row.uses))) if row.uses else None,
}
