"""What `StreamingOrchestrator.stream()` yields, in the order a person sees it.

For every answer: `StageStarted`, then per model any number of `StageWaiting` and `StreamToken` and one
`StageFinished`, stage after stage, and `AnswerFinished` last, whatever happened.
"""

from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["answer", "thinking"]
Source = Literal["logprobs", "agreement", "none"]
Reason = Literal["done", "length", "stopped", "failed", "skipped"]
RANK: dict[Reason, int] = {"done": 3, "length": 2, "stopped": 1, "failed": 0, "skipped": -1}
"""Which of a stage's answers stands for it: the highest, and the later of two equal ones."""
QUICK_ONLY = "A quick answer was asked for."
"""Why a stage was left out that the person can still have."""
Waiting = Literal["loading", "queued", "busy", "fallback"]


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage begins; its models will answer in this order."""

    stage: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StageWaiting:
    """A model of a stage has not written anything yet, and why.

    Attributes:
        why: `loading` (into memory), `queued` (behind another request, or reading the prompt), `busy`
            (the server sent 503 and is asked again), `fallback` (`model` stands in for `instead_of`).
        text: one short phrase for the panel, for example "Loading qwen2.5:32b".
    """

    stage: str
    model: str
    why: Waiting
    text: str
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class StreamToken:
    """A piece of text as a model wrote it.

    Attributes:
        confidence: probability the model gave this token, 0 to 1, or None where the engine gives none.
        source: where `confidence` comes from; `none` exactly when it is None.
        alternatives: the most probable tokens at this place with their probabilities, where known.
    """

    stage: str
    model: str
    content: str
    kind: TokenKind = "answer"
    confidence: float | None = None
    source: Source = "none"
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class StageFinished:
    """One model of a stage has ended, or (with `model` empty) the stage was left out.

    Attributes:
        tokens: tokens of answer and thinking together, as the engine counted them.
        first_token: seconds from the stage's request to its first token, None if none came.
        tokens_per_second: generation rate, None if unknown.
        confidence: mean probability of the answer's tokens, None if unknown.
        calibrated: whether `confidence` was compared with how often answers are right. Not yet: False.
        fallback_for: the model this one stood in for, or "".
        error: for `failed` and `skipped`, a sentence that says why.
        thinking_seconds: time spent thinking before the answer, None without thinking.
    """

    stage: str
    model: str
    reason: Reason
    tokens: int = 0
    first_token: float | None = None
    tokens_per_second: float | None = None
    confidence: float | None = None
    source: Source = "none"
    calibrated: bool = False
    fallback_for: str = ""
    error: str = ""
    thinking_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class AnswerFinished:
    """The last event.

    Attributes:
        stage: the stage whose text is the final answer, "" if there is none.
        content: the final answer, the text of the last stage that wrote any.
        confidence: as in `StageFinished`, of the final answer.
        reason: `done`, `length`, `stopped`, or `failed` if no stage ended well.
        error: for `failed`, what happened and what to do.
    """

    stage: str
    content: str
    confidence: float | None
    reason: Reason
    error: str = ""


Event = StageStarted | StageWaiting | StreamToken | StageFinished | AnswerFinished
