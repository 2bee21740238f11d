"""Stages and pipelines: what is asked of which models, in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mirador_desktop.core import prompts

Choice = Literal["position", "smallest", "largest", "two", "several"]
"""How the models of a stage that names none are chosen, among those that fit (see `core.selection.assign`):

- `position`: by its place: the smallest in the first stage, the largest in the last one, up to two of those
  between them in the stages between, which are left out where nothing lies between;
- `smallest`, `largest`: that one;
- `two`: two models that look at the same thing, of those between the smallest and the largest if there are;
- `several`: the three largest, side by side.
"""

_WEB = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class ContextSource:
    """A named source that is put into the question as a quoted section.

    Attributes:
        kind: `file`, `folder`, `csv`, `url`, `clipboard`, `time`, or the name of a plug-in.
        value: what the kind needs to know: a path, an address; "" where it needs nothing or nothing is filled in.
        name: how it is called, "" for a name made from `value`.
    """

    kind: str
    value: str = ""
    name: str = ""

    @property
    def label(self) -> str:
        """How it is called."""
        if self.name:
            return self.name
        if self.kind == "url":
            return self.value.partition("://")[2].partition("/")[0].partition("?")[0] or self.value or "web page"
        own = {"clipboard": "clipboard", "time": "date and time"}.get(self.kind)
        return own or self.value.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or self.kind

    @property
    def is_web(self) -> bool:
        """Whether it is fetched from an address."""
        return self.kind == "url" or (self.kind == "csv" and self.value.strip().lower().startswith(_WEB))

    @property
    def empty(self) -> bool:
        """Whether the person has yet to say where it is."""
        return self.kind in ("file", "folder", "csv", "url") and not self.value.strip()


@dataclass(frozen=True, slots=True)
class ModelStage:
    """One step of a pipeline.

    Attributes:
        name: lower-case words shown in the panel's header and used in object names; unique in its pipeline.
        models: models that answer in this stage, in order; empty means "choose by itself", as `choose` says.
        confidence_threshold: from which confidence on the stage counts as sure, 0 to 1.
        max_tokens: most tokens of answer and thinking together.
        temperature: sampling temperature that is sent to the engine.
        fallback_models: asked, in order, when one of `models` is missing, fails or stalls.
        role_prompt: the system message: what this stage is to do.
        think: whether models that can think do so first.
        choose: how models are chosen where `models` is empty.
    """

    name: str
    models: tuple[str, ...] = ()
    confidence_threshold: float = 0.6
    max_tokens: int = 200
    temperature: float = 0.3
    fallback_models: tuple[str, ...] = ()
    role_prompt: str = ""
    think: bool = True
    choose: Choice = "position"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Named, ordered stages.

    Attributes:
        left_out: stages (by name) that will not run, each with the sentence that says why.
        description: one sentence for the person.
        context: sources that are put into every question.
        context_tokens: most tokens of all of them together.
    """

    name: str
    stages: tuple[ModelStage, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    context: tuple[ContextSource, ...] = ()
    context_tokens: int = 1500


DEFAULT_PIPELINE = Pipeline(
    "Progressive",
    (
        ModelStage("quick", (), 0.60, 200, 0.2, (), prompts.QUICK, think=False),
        ModelStage("deep", (), 0.85, 1000, 0.4, (), prompts.DEEP),
        ModelStage("synthesis", (), 0.95, 1500, 0.3, (), prompts.SYNTHESIS),
    ),
    description="A quick answer at once, a deeper look at it, then one answer that weighs both.",
)
"""Quick → deep → synthesis, with models chosen from what is installed. The preset's file says the same."""

FIRST_QUESTION = "How do I get a first answer from a model?"
"""What the guide is asked by somebody who has not begun yet, or where there is nobody to ask."""
GUIDE_PIPELINE = Pipeline(
    "Guide",
    tuple(ModelStage(stage.name, ("guide",), stage.confidence_threshold) for stage in DEFAULT_PIPELINE.stages),
)
"""Asks Mirador's own guide, whatever models there are."""
