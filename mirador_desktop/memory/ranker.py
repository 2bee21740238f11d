"""How the order of what is recalled adapts to the person.

A memory's score is a weighted sum of its features. The default weights are round numbers chosen with reasons, and
the prior: when the person opens, keeps or throws out what was recalled, the weights become those under which the
choices are probable (logistic regression), with a penalty on every step away from the defaults. So a few choices
change little, and consistent ones change the order.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import apsw

from mirador_desktop.core.memories import Feature, Features
from mirador_desktop.memory.migrations import transaction

DEFAULTS: dict[Feature, float] = {
    "words": 1.0,  # the measure of all others
    "meaning": 0.6,
    "date": 0.4,
    "date_said": 0.2,
    "speaker": 0.15,
    "time": 0.1,
    "opening": 0.05,
    "person": 0.05,
    "recent": 0.05,
    "question": -0.05,
    "pinned": 0.0,  # what is pinned comes first anyway
}
Choice = Literal["opened", "kept", "thrown out"]
_WANTED: dict[Choice, tuple[bool, float]] = {"opened": (True, 0.5), "kept": (True, 1.0), "thrown out": (False, 1.0)}
"""Whether it was wanted, and how much that counts: to open one may be mere curiosity."""
_PENALTY = 20.0
"""Of a squared step of a weight: about so many consistent choices move it as far as the defaults differ."""
_SHARPNESS = 4.0
"""How probable it is that the better of two memories is the wanted one, by the difference of their scores."""
_STEPS = 100
_KEPT = 500
"""Choices that are remembered, the latest; tastes change."""
_STATE = "recall choices"

Weights = Mapping[Feature, float]
Chosen = tuple[Features, Features, float]
"""The features of the wanted memory, of the one it is compared with, and how much that counts."""


def score(features: Features, weights: Weights) -> float:
    """The weighted sum of the features."""
    return sum(weights.get(name, 0.0) * value for name, value in features.items())


def fit(choices: Sequence[Chosen]) -> dict[Feature, float]:
    """The weights under which the choices are probable, near the defaults.

    Minimises Σ count · ln(1 + exp(-s · difference)) + penalty/2 · Σ (weight - default)² by gradient descent. It is
    convex, so there is one answer.
    """
    names = list(DEFAULTS)
    rows = [
        ([better.get(name, 0.0) - worse.get(name, 0.0) for name in names], count) for better, worse, count in choices
    ]
    weights = [DEFAULTS[name] for name in names]
    # The curvature is at most this; a step of its inverse never goes too far.
    steepest = _PENALTY + sum(c * _SHARPNESS**2 * sum(d * d for d in row) / 4 for row, c in rows)
    for _ in range(_STEPS):
        slope = [_PENALTY * (w - DEFAULTS[name]) for w, name in zip(weights, names, strict=True)]
        for row, count in rows:
            margin = _SHARPNESS * sum(w * d for w, d in zip(weights, row, strict=True))
            pull = -count * _SHARPNESS / (1 + math.exp(min(margin, 500.0)))
            slope = [s + pull * d for s, d in zip(slope, row, strict=True)]
        weights = [w - s / steepest for w, s in zip(weights, slope, strict=True)]
    return dict(zip(names, weights, strict=True))


def choose(connection: apsw.Connection, choice: Choice, chosen: Features, others: Iterable[Features]) -> list[Any]:
    """Learn from what the person did with one of the recalled memories; returns what `take_back` unlearns.

    Args:
        others: the features of the memories that were recalled with it. A wanted one should come before all of
            them, one that was thrown out after.
    """
    wanted, count = _WANTED[choice]
    pairs = [(chosen, other) if wanted else (other, chosen) for other in others]
    if not pairs:
        return []
    new: list[Any] = [[better, worse, count / len(pairs)] for better, worse in pairs]
    with transaction(connection):
        _keep(connection, [*_read(connection).get("choices", ()), *new][-_KEPT:])
    return new


def take_back(connection: apsw.Connection, learned: Iterable[Any]) -> None:
    """Unlearn what `choose` has returned: the weights become those without it."""
    with transaction(connection):
        kept = _read(connection).get("choices", [])
        for each in learned:
            if each in kept:  # it may be forgotten by now
                kept.remove(each)
        _keep(connection, kept)


def weights(connection: apsw.Connection) -> dict[Feature, float]:
    """The weights now: the person's, or the defaults."""
    stored = _read(connection).get("weights", {})
    return {name: float(stored.get(name, default)) for name, default in DEFAULTS.items()}


def reset(connection: apsw.Connection) -> None:
    """Forget all choices: the defaults hold again."""
    with transaction(connection):
        _keep(connection, [])


def _read(connection: apsw.Connection) -> dict[str, Any]:
    text = connection.execute("SELECT value FROM state WHERE name = ?", (_STATE,)).get
    return dict(json.loads(str(text))) if text else {}


def _keep(connection: apsw.Connection, choices: Sequence[Any]) -> None:
    """Keep these choices and the weights that follow from them; nothing at all for none."""
    if not choices:
        connection.execute("DELETE FROM state WHERE name = ?", (_STATE,))
        return
    value = {"choices": choices, "weights": fit([(better, worse, count) for better, worse, count in choices])}
    connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (_STATE, json.dumps(value)))
