"""What is kept of a conversation: the records that the store writes and the window shows.

Identifiers are made by `new_id()` where a record is created, not by the database, so that an answer can be
kept later when the database could not be written at the time.
"""

import time
import uuid
from dataclasses import dataclass, field

from mirador_desktop.core.confidence import Marks
from mirador_desktop.core.events import RANK, Reason, Source


def new_id() -> str:
    """Make an identifier: 32 hexadecimal digits that sort by the time they were made."""
    return f"{time.time_ns() // 1_000_000:012x}{uuid.uuid4().hex[:20]}"


@dataclass(slots=True)
class Conversation:
    """A tree of turns.

    Attributes:
        title_by_person: whether the person wrote the title; such a title is never replaced.
        created, updated: Unix times.
        leaf: the last turn of the branch that is shown, "" while there is none.
        turns: how many turns the branch that is shown has; filled by lists of conversations.
        folder: identifier of the folder it lies in, "" for none.
        tags: names without "#", sorted, each once.
        archived: whether it is out of the way: lists show it only when they are asked for such.
        memory: whether its turns are remembered, and others recalled in it.
    """

    id: str
    title: str = ""
    title_by_person: bool = False
    pinned: bool = False
    created: float = 0.0
    updated: float = 0.0
    leaf: str = ""
    turns: int = 0
    folder: str = ""
    tags: list[str] = field(default_factory=list)
    archived: bool = False
    memory: bool = True


@dataclass(slots=True)
class Folder:
    """A place for conversations; `parent` is the folder it lies in, "" for none. One in another holds no folders."""

    id: str
    name: str
    parent: str = ""


@dataclass(slots=True)
class Attachment:
    """A file that belongs to a question.

    Attributes:
        media: its type, as in "text/csv" or "image/png".
        size: bytes of the file.
        tokens: about how many tokens it takes in a prompt.
        note: what was left out of it, in words; "" if nothing was.
        text: what a model reads of it, "" for an image.
        data: the bytes of an image; None where there are none or they are in the store only.
    """

    name: str
    media: str
    size: int = 0
    tokens: int = 0
    note: str = ""
    text: str = ""
    data: bytes | None = None

    @property
    def is_image(self) -> bool:
        """Whether it is sent as a picture."""
        return self.media.startswith("image/")


@dataclass(slots=True)
class Answer:
    """What one model wrote in one stage of a turn.

    Attributes:
        marks: how many characters each token of `text` has, and the probability the model gave it.
        alternatives: for some of the tokens, by position in `marks`: what else the model considered,
            with probabilities, most probable first.
        reason: None while it streams; what the store reads back as None was cut off, and is `stopped`.
        started, ended: seconds since the turn was asked (the timeline's bar); None if it never began.
    """

    model: str
    text: str = ""
    thinking: str = ""
    marks: Marks = field(default_factory=Marks)
    alternatives: dict[int, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    reason: Reason | None = None
    error: str = ""
    fallback_for: str = ""
    tokens: int = 0
    first_token: float | None = None
    tokens_per_second: float | None = None
    confidence: float | None = None
    source: Source = "none"
    calibrated: bool = False
    thinking_seconds: float | None = None
    started: float | None = None
    ended: float | None = None


@dataclass(slots=True)
class StageRecord:
    """One stage of a turn with the answers of its models, in the order they began.

    Attributes:
        threshold: the stage's confidence threshold, 0 to 1.
        skipped: why the stage was left out, "" if it was not.
        folded: what the person chose: True folded, False open, None not chosen.
    """

    name: str
    threshold: float = 0.0
    skipped: str = ""
    folded: bool | None = None
    answers: list[Answer] = field(default_factory=list)

    @property
    def best(self) -> Answer | None:
        """The answer that stands for the stage: the best ended, latest one with any text."""
        answers = [a for a in self.answers if a.text]
        return max(reversed(answers), key=lambda a: RANK[a.reason or "stopped"]) if answers else None

    @property
    def best_text(self) -> str:
        """Its text, "" if there is none."""
        best = self.best
        return best.text if best is not None else ""


@dataclass(slots=True)
class ContextUsed:
    """What one source of the pipeline's context gave for a turn.

    Attributes:
        name: how the source is called.
        tokens: about how many tokens of it were put into the question.
        error: why it was left out, as in "prices.example.com did not answer and was left out"; "" if it was not.
        age: seconds since it was fetched or last changed, None where it is as new as the question.
    """

    name: str
    tokens: int = 0
    error: str = ""
    age: float | None = None


@dataclass(slots=True)
class MemoryUsed:
    """A memory that was sent along with a question.

    Attributes:
        id: the memory's identifier: that of the turn it is of, or of a note.
        why: why it was recalled, in words.
        tokens: about how many tokens of it were sent.
        kind: "turn" or "note"; "" if the memory does not exist any more, then nothing below is known either.
        turn, conversation, title: where it comes from; "" for a note that was written by hand.
        created: Unix time.
        text: the beginning of what it says.
        pinned: whether it is always sent along.
    """

    id: str
    why: str = ""
    tokens: int = 0
    kind: str = ""
    turn: str = ""
    conversation: str = ""
    title: str = ""
    created: float = 0.0
    text: str = ""
    pinned: bool = False


@dataclass(slots=True)
class Turn:
    """A question and what came back.

    Attributes:
        parent: the turn before it in its branch, "" for the first.
        created: Unix time of the question.
        memories: how many earlier turns of the conversation were sent along.
        reason: how the answer ended; None while it streams.
        final_stage: the stage whose text is the final answer, "" if there is none.
        error: what happened and what to do, if the answer failed.
        context: what the sources of the pipeline's context gave.
        recalled: the memories of other conversations that were sent along.
        attachments: the files that belong to the question.
        position, siblings: this is branch `position` (from 1) of `siblings`; filled when read.
    """

    id: str
    conversation: str
    parent: str = ""
    question: str = ""
    created: float = 0.0
    intent: str = ""
    complexity: str = ""
    pipeline: str = ""
    depth: str = "auto"
    memories: int = 0
    first_token: float | None = None
    reason: Reason | None = None
    final_stage: str = ""
    error: str = ""
    stages: list[StageRecord] = field(default_factory=list)
    context: list[ContextUsed] = field(default_factory=list)
    recalled: list[MemoryUsed] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    position: int = 1
    siblings: int = 1

    @property
    def final_text(self) -> str:
        """The final answer: the text that stands for the final stage."""
        return next((s.best_text for s in self.stages if s.name == self.final_stage), "")

    @property
    def characters(self) -> int:
        """Length of the question and of all answers together."""
        return len(self.question) + sum(len(a.text) for s in self.stages for a in s.answers)


@dataclass(frozen=True, slots=True)
class TurnOutline:
    """Enough of a turn to give it a place in a list without reading its text.

    Attributes:
        characters: see `Turn.characters`.
    """

    id: str
    characters: int
