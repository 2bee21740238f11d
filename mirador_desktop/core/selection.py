"""Which models answer in which stage when the person has not said so, and who stands in for whom."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from mirador_desktop.core.engine import ModelInfo
from mirador_desktop.core.stages import Pipeline

MOST_IN_BETWEEN = 2
"""How many models answer in a stage between the first and the last."""


def _candidates(models: Sequence[ModelInfo]) -> list[ModelInfo]:
    """Models that may be chosen by themselves, smallest first: they chat, on one's own machine."""
    own = [m for m in models if m.can_chat and "remote" not in m.capabilities]
    return sorted(own, key=lambda m: (m.size, m.name))


def assign(pipeline: Pipeline, models: Sequence[ModelInfo], fits: Callable[[ModelInfo], bool]) -> Pipeline:
    """Give every stage that names no models its models.

    The smallest chat model answers first, the largest that fits last, and at most two of those between them
    (the larger ones) in the stages between. Where nothing lies between, those stages are left out and
    `Pipeline.left_out` says why. A model with the capability `stages` answers each stage in its own way and
    takes all of them.
    """
    chat = _candidates(models)
    chat = [m for m in chat if fits(m)] or chat[:1]
    if not chat:
        return pipeline
    first, last = chat[0].name, chat[-1].name
    between = tuple(m.name for m in chat[1:-1][-MOST_IN_BETWEEN:])
    staged = next((m.name for m in chat if "stages" in m.capabilities), "")
    final = len(pipeline.stages) - 1
    stages, left_out = [], dict(pipeline.left_out)
    for place, stage in enumerate(pipeline.stages):
        if not stage.models and staged:
            stage = replace(stage, models=(staged,))
        elif not stage.models and place in (0, final):
            stage = replace(stage, models=(last,) if place == final else (first,))
        elif not stage.models and between:
            stage = replace(stage, models=between)
        elif not stage.models:
            left_out[stage.name] = _why_left_out(chat)
        stages.append(stage)
    return replace(pipeline, stages=tuple(stages), left_out=left_out)


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

    Similar means the smallest ratio of sizes on disk; where the size of `model` is not known (it is not
    installed and `sizes` has never seen it), the order is from small to large.
    """
    others = [m for m in _candidates(models) if fits(m) and "stages" not in m.capabilities]
    size = sizes.get(model, 0)
    if size:
        others.sort(key=lambda m: abs(math.log(max(m.size, 1) / size)))
    order = [*named, *(m.name for m in others)]
    return [name for name in dict.fromkeys(order) if name != model and name not in tried]
