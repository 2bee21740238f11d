"""What a search has found."""

from dataclasses import dataclass
from typing import Literal

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.core.search_query import Query

Kind = Literal["question", "answer", "thought", "file"]
Ranges = tuple[tuple[int, int], ...]
"""Parts of a text, from and to."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A turn that was found, and where in it.

    Attributes:
        turn: its identifier.
        created: Unix time of the question.
        stage: name of the answer's stage, "" for a question or a file.
        place: number of the stage in the turn, and of the answer in the stage.
        model: of the answer.
        file: name of the file.
        snippet: what stands around, on one line.
        ranges: what of the snippet was searched for.
    """

    turn: str
    created: float
    kind: Kind
    snippet: str
    ranges: Ranges = ()
    stage: str = ""
    place: tuple[int, int] = (0, 0)
    model: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class FoundConversation:
    """A conversation with its newest hits.

    Attributes:
        title_ranges: what of the title was searched for.
    """

    conversation: Conversation
    hits: tuple[Hit, ...] = ()
    title_ranges: Ranges = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search.

    Attributes:
        query: what was looked for in the end: after forgiving, not what was typed.
        conversations: those with matching titles first, else the newest hit first.
        turns: how many turns were found, not only those that are shown.
        more: whether there are more than `turns`.
        instead: words that are nowhere, and those near to them that were looked for instead.
        waiting: how many older turns are not indexed yet, and so were not searched.
    """

    query: Query
    conversations: tuple[FoundConversation, ...] = ()
    turns: int = 0
    more: bool = False
    instead: tuple[tuple[str, str], ...] = ()
    waiting: int = 0
