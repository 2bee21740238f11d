"""Collects what one model writes: text, probabilities, times, and how it ended."""

import time

from mirador_desktop.core.confidence import Marks, probability
from mirador_desktop.core.engine import Chunk, Done, Piece, Wait
from mirador_desktop.core.events import Event, Reason, StageFinished, StageWaiting, StreamToken

_SHORTEST = 0.02  # seconds: what comes faster was not generated word by word, so it has no rate


class GrowingAnswer:
    """One model's answer while it grows.

    Attributes:
        reason: how it ended; `failed` while a request runs.
        error: why it failed.
        engine_gone: it failed because its engine cannot be reached or refuses access.
        nothing: the engine has nothing to say on the question.
        thought: whether any thoughts came.
        marks: the answer's tokens and their probabilities.
    """

    def __init__(self, stage: str, model: str, fallback_for: str) -> None:
        self.stage, self.model, self.fallback_for = stage, model, fallback_for
        self.reason: Reason = "done"
        self.error = ""
        self.engine_gone = False
        self.nothing = False
        self.thought = False
        self.marks = Marks()
        self._pieces: list[str] = []
        self._tokens = 0
        self._counted = 0
        self._seconds = 0.0
        self._begun = time.monotonic()
        self._first: float | None = None
        self._last = self._begun
        self._answered: float | None = None

    @property
    def text(self) -> str:
        """What was written so far, without thoughts."""
        return "".join(self._pieces)

    def begin(self) -> None:
        """A request is sent (a second one goes on with the same answer)."""
        self.reason = "failed"  # until a `Done` says otherwise

    def take(self, chunk: Chunk) -> Event | None:
        """Take in what the engine sent; returns the event it becomes."""
        if isinstance(chunk, Wait):
            return StageWaiting(self.stage, self.model, chunk.why, chunk.text, self.fallback_for)
        if isinstance(chunk, Done):
            self.reason = "length" if chunk.reason == "length" else "done"
            self.nothing = chunk.reason == "nothing"
            self._counted += chunk.tokens
            self._seconds += chunk.seconds
            return None
        return self._token(chunk)

    def _token(self, piece: Piece) -> StreamToken:
        self._last = time.monotonic()
        if self._first is None:
            self._first = self._last
        self._tokens += 1
        confidence = probability(piece.logprob)
        if piece.thinking:
            self.thought = True
        else:
            if self._answered is None:
                self._answered = self._last
            self._pieces.append(piece.text)
            self.marks.append(len(piece.text), confidence)
        return StreamToken(
            self.stage,
            self.model,
            piece.text,
            "thinking" if piece.thinking else "answer",
            confidence,
            "none" if confidence is None else "logprobs",
            piece.alternatives,
        )

    def fail(self, error: str) -> None:
        """It ended for this reason, a sentence."""
        self.reason, self.error = "failed", error

    def finished(self) -> StageFinished:
        """The event for its end, with what was measured.

        The rate is the engine's own count over its own time; where it gives none, tokens over the time
        between the first and the last one.
        """
        tokens = self._counted or self._tokens
        span = (self._last - self._first) if self._first is not None else 0.0
        if self._seconds and self._counted:
            rate: float | None = self._counted / self._seconds
        else:
            rate = (self._tokens - 1) / span if self._tokens > 1 and span > _SHORTEST else None
        mean = self.marks.mean
        thinking = (self._answered or self._last) - self._first if self.thought and self._first is not None else None
        return StageFinished(
            self.stage,
            self.model,
            self.reason,
            tokens,
            None if self._first is None else self._first - self._begun,
            rate,
            mean,
            "none" if mean is None else "logprobs",
            False,
            self.fallback_for,
            self.error,
            thinking,
        )
