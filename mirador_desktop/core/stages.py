"""Stages and pipelines: what is asked of which models, in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mirador_desktop.core import prompts


@dataclass(frozen=True, slots=True)
class ModelStage:
    """One step of a pipeline.

    Attributes:
        name: one word shown in the panel's header and used in object names, lower case.
        models: models that answer in this stage, in order; empty means "choose by itself".
        confidence_threshold: from which confidence on the stage counts as sure, 0 to 1.
        max_tokens: most tokens of answer and thinking together.
        temperature: sampling temperature that is sent to the engine.
        fallback_models: asked, in order, when one of `models` is missing, fails or stalls.
        role_prompt: the system message: what this stage is to do.
        think: whether models that can think do so first.
    """

    name: str
    models: tuple[str, ...] = ()
    confidence_threshold: float = 0.6
    max_tokens: int = 200
    temperature: float = 0.3
    fallback_models: tuple[str, ...] = ()
    role_prompt: str = ""
    think: bool = True


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Named, ordered stages.

    Attributes:
        left_out: stages (by name) that will not run, each with the sentence that says why.
    """

    name: str
    stages: tuple[ModelStage, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)


DEFAULT_PIPELINE = Pipeline(
    "Progressive",
    (
        ModelStage("quick", (), 0.60, 200, 0.2, (), prompts.QUICK, think=False),
        ModelStage("deep", (), 0.85, 1000, 0.4, (), prompts.DEEP),
        ModelStage("synthesis", (), 0.95, 1500, 0.3, (), prompts.SYNTHESIS),
    ),
)
"""Quick → deep → synthesis, with models chosen from what is installed."""

FIRST_QUESTION = "How do I get a first answer from a model?"
"""What the guide is asked by somebody who has not begun yet, or where there is nobody to ask."""
GUIDE_PIPELINE = Pipeline(
    "Guide",
    tuple(ModelStage(stage.name, ("guide",), stage.confidence_threshold) for stage in DEFAULT_PIPELINE.stages),
)
"""Asks Mirador's own guide, whatever models there are."""
