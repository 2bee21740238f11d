"""Writes the events of an answer into its `Turn`, as they come."""

import time

from mirador_desktop.core.conversation import Answer, Turn
from mirador_desktop.core.events import (
    AnswerFinished,
    Event,
    StageFinished,
    StageStarted,
    StageWaiting,
    StreamToken,
)


class TurnRecorder:
    """Keeps a turn's record in step with its events.

    Args:
        turn: the record, with its stages in the order of the pipeline and no answers yet.
    """

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self._asked = time.monotonic()
        self._stages = {stage.name: stage for stage in turn.stages}
        self._open: dict[tuple[str, str], Answer] = {}
        self._begun = 0.0  # when the model that works now was asked: at its stage's start, or at the last one's end

    def seconds(self) -> float:
        """Seconds since the question was asked."""
        return time.monotonic() - self._asked

    def apply(self, event: Event) -> None:
        """Take in one event."""
        if isinstance(event, StreamToken):
            self._token(event)
        elif isinstance(event, StageFinished):
            self._finished(event)
        elif isinstance(event, StageStarted):
            self._begun = self.seconds()
        elif isinstance(event, StageWaiting):
            self._answer(event.stage, event.model).fallback_for = event.instead_of
        else:
            self.turn.reason, self.turn.final_stage = event.reason, event.stage
            self.turn.error = event.error

    def stop(self) -> list[Event]:
        """End everything that is still open as stopped; returns the events that say so."""
        events: list[Event] = [
            StageFinished(
                stage,
                answer.model,
                "stopped",
                answer.marks.tokens,
                answer.first_token,
                confidence=answer.marks.mean,
                source="none" if answer.marks.mean is None else "logprobs",
                fallback_for=answer.fallback_for,
            )
            for (stage, _), answer in self._open.items()
        ]
        final = next(((s.name, a) for s in reversed(self.turn.stages) for a in reversed(s.answers) if a.text), None)
        if final is None:
            events.append(AnswerFinished("", "", None, "stopped"))
        else:
            events.append(AnswerFinished(final[0], final[1].text, final[1].marks.mean, "stopped"))
        for event in events:
            self.apply(event)
        return events

    def _answer(self, stage: str, model: str) -> Answer:
        answer = self._open.get((stage, model))
        if answer is None:
            answer = self._open[stage, model] = Answer(model, started=self._begun)
            self._stages[stage].answers.append(answer)
        return answer

    def _token(self, token: StreamToken) -> None:
        answer = self._open.get((token.stage, token.model)) or self._answer(token.stage, token.model)
        if answer.first_token is None:
            answer.first_token = self.seconds() - (answer.started or 0.0)
            if self.turn.first_token is None:
                self.turn.first_token = self.seconds()
        if token.kind == "thinking":
            answer.thinking += token.content
            return
        if answer.thinking and answer.thinking_seconds is None:
            answer.thinking_seconds = self.seconds() - (answer.started or 0.0) - answer.first_token
        if token.alternatives:
            answer.alternatives[answer.marks.tokens] = token.alternatives
        answer.text += token.content
        answer.marks.append(len(token.content), token.confidence)

    def _finished(self, event: StageFinished) -> None:
        stage = self._stages[event.stage]
        if event.reason == "skipped":
            stage.skipped = event.error
            return
        answer = self._answer(event.stage, event.model)
        del self._open[event.stage, event.model]
        answer.reason, answer.error, answer.fallback_for = event.reason, event.error, event.fallback_for
        answer.tokens, answer.first_token = event.tokens, event.first_token
        answer.tokens_per_second = event.tokens_per_second
        answer.confidence, answer.source, answer.calibrated = event.confidence, event.source, event.calibrated
        answer.thinking_seconds = event.thinking_seconds or answer.thinking_seconds
        answer.ended = self._begun = self.seconds()
