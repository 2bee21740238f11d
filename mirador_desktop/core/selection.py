"""Which models answer in which stage when the person has not said so, and who stands in for whom."""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from statistics import median

from mirador_desktop.core.engine import ModelInfo
from mirador_desktop.core.stages import Choice, Pipeline

MOST_IN_BETWEEN = 2
"""How many models answer in a stage between the first and the last."""
MOST_SIDE_BY_SIDE = 3
"""How many models answer in a stage that lets several answer."""
_BILLIONS = re.compile(r"(?<![a-z0-9.])(?:(\d+)x)?(\d+(?:\.\d+)?)\s?([bm])(?![a-z0-9])", re.IGNORECASE)
_BYTES_PER_PARAMETER = 0.6  # of a file quantised to four bits, as most are


def weight(model: ModelInfo) -> float:
    """About how many bytes a model's file has; 0 if nothing tells.

    Servers that speak OpenAI's protocol tell no sizes; then it is read off the number of parameters, which
    most names hold ("llama-3.1-8b", "mixtral-8x7b").
    """
    if model.size:
        return float(model.size)
    found = _BILLIONS.search(model.parameters) or _BILLIONS.search(model.name)
    if found is None:
        return 0.0
    unit = 1e9 if found[3].lower() == "b" else 1e6
    return int(found[1] or 1) * float(found[2]) * unit * _BYTES_PER_PARAMETER


def _candidates(models: Sequence[ModelInfo]) -> list[ModelInfo]:
    """Models that may be chosen by themselves, smallest first: they chat, on one's own machine.

    Those of which nothing tells the size stand in the middle, so that they are neither taken for the quickest
    nor for the best while others are known.
    """
    own = [m for m in models if m.can_chat and "remote" not in m.capabilities]
    known = [w for m in own if (w := weight(m))]
    middle = median(known) if known else 0.0
    return sorted(own, key=lambda m: (weight(m) or middle, m.name))


def assign(pipeline: Pipeline, models: Sequence[ModelInfo], fits: Callable[[ModelInfo], bool]) -> Pipeline:
    """Give every stage that names no models its models, as its `choose` says.

    Where nothing lies between the smallest and the largest, stages chosen by their position between the first
    and the last one are left out, and `Pipeline.left_out` says why. A model with the capability `stages`
    answers each stage in its own way and takes all of them.
    """
    chat = _candidates(models)
    chat = [m for m in chat if fits(m)] or chat[:1]
    if not chat:
        return pipeline
    staged = next((m.name for m in chat if "stages" in m.capabilities), "")
    stages, left_out = [], dict(pipeline.left_out)
    for place, stage in enumerate(pipeline.stages):
        if not stage.models:
            names = (staged,) if staged else _chosen(stage.choose, place, len(pipeline.stages) - 1, chat)
            stage = replace(stage, models=names)
            if not names:
                left_out[stage.name] = _why_left_out(chat)
        stages.append(stage)
    return replace(pipeline, stages=tuple(stages), left_out=left_out)


def _chosen(choose: Choice, place: int, final: int, chat: Sequence[ModelInfo]) -> tuple[str, ...]:
    """The models of a stage, from the smallest to the largest, out of `chat` in that order."""
    if choose == "position":
        choose = "largest" if place == final else "smallest"
        if 0 < place < final:
            return tuple(m.name for m in chat[1:-1][-MOST_IN_BETWEEN:])
    if choose == "several":
        return tuple(m.name for m in chat[-MOST_SIDE_BY_SIDE:])
    if choose == "two":
        between = chat[1:-1] if len(chat) > MOST_IN_BETWEEN + 1 else chat
        return tuple(m.name for m in between[-MOST_IN_BETWEEN:])
    return (chat[0].name,) if choose == "smallest" else (chat[-1].name,)


def _why_left_out(chat: Sequence[ModelInfo]) -> str:
    if len(chat) == 1:
        return f"{chat[0].name} is the only model here. With two more, they would check its answer."
    return (
        f"{chat[0].name} and {chat[-1].name} are the only models here that fit. "
        "With one of a size between them, it would check the first answer."
    )


def stand_ins(
    model: str,
    named: Sequence[str],
    models: Sequence[ModelInfo],
    fits: Callable[[ModelInfo], bool],
    sizes: Mapping[str, int],
    tried: Collection[str],
) -> list[str]:
    """List who answers when `model` cannot: the `named` fallback models, then any of similar size.

    Similar means the smallest ratio of sizes (see `weight`); where the size of `model` is not known (it is not
    installed, `sizes` has never seen it and its name does not tell), the order is from small to large. Models
    of unknown size come last.
    """
    others = [m for m in _candidates(models) if fits(m) and "stages" not in m.capabilities]
    size = sizes.get(model, 0) or weight(ModelInfo(model, ""))
    if size:
        others.sort(key=lambda m: abs(math.log(max(weight(m), 1) / size)))
    order = [*named, *(m.name for m in others)]
    return [name for name in dict.fromkeys(order) if name != model and name not in tried]
