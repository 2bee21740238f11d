"""What is remembered: records of memories, and of those that were found again for a question."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["turn", "note"]
Feature = Literal[
    "words", "date", "date_said", "meaning", "speaker", "opening", "person", "question", "time", "recent", "pinned"
]
"""What speaks for a memory, each about 0 to 1:

words: it, and what was said around it, holds the question's words; the best one has 1.
date, date_said: it was said at the time that the question names; it speaks of that time.
meaning: similar in meaning, by an embedding model; the most similar one has 1.
speaker: it was said by the one whom the question names, in a conversation of several.
opening, person, question, time: it opens a conversation; its writer speaks of themselves; it ends with a question
that is not answered in it; it names a time and the question asks for one.
recent: 1 for today, 1/2 after 30 days.
pinned: the person wants it always remembered.
"""
Features = dict[Feature, float]


@dataclass(frozen=True, slots=True)
class Memory:
    """A turn, or a note of the person's own.

    Attributes:
        id: the turn's identifier for a turn.
        turn: where it was said, "" for a note that comes from nowhere else.
        conversation, title: the conversation of that turn; "" without one. A note has no title.
        question, answer: what is remembered; a note has its text in `question`.
        created: Unix time.
        pinned: always sent along.
        edited: whether the person changed the text.
    """

    id: str
    kind: Kind
    turn: str
    conversation: str
    title: str
    question: str
    answer: str
    created: float
    pinned: bool = False
    edited: bool = False

    @property
    def text(self) -> str:
        """Question and answer together."""
        return f"{self.question}\n\n{self.answer}" if self.answer else self.question


@dataclass(frozen=True, slots=True)
class Recalled:
    """A memory found for a question.

    Attributes:
        memory: it, with its texts cut visibly if they are too long to be sent along.
        score: what it was ordered by; comparable within one question only.
        why: reasons in plain words, the weightiest first, as in "shares “Rust” and “borrow checker”".
        tokens: about how many tokens its text takes.
        features: what the score was made of, for the ranker.
    """

    memory: Memory
    score: float
    why: tuple[str, ...]
    tokens: int
    features: Features
