"""Finds what was said before that helps with a question: the best few memories within a token budget, and why."""

import heapq
import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

import apsw

from mirador_desktop.core.context import estimate_tokens
from mirador_desktop.core.memories import Features, Memory, Recalled
from mirador_desktop.core.prompts import CUT
from mirador_desktop.core.when import Span, asks_when, month_named, month_span, time_spans
from mirador_desktop.memory import ranker
from mirador_desktop.memory.recall_candidates import (
    Postboxes,
    around,
    dated,
    languages,
    postings_at,
    speakers_named,
)
from mirador_desktop.memory.recall_index import day_of
from mirador_desktop.memory.recall_keeping import read_memories
from mirador_desktop.memory.recall_score import (
    Node,
    Scored,
    add_dates,
    add_meaning,
    add_traits,
    add_words,
    score_words,
)
from mirador_desktop.memory.recall_why import reasons
from mirador_desktop.memory.store import Store
from mirador_desktop.memory.terms import question_terms
from mirador_desktop.memory.vectors import Scan, VectorRefused, Vectors

_log = logging.getLogger(__name__)
K, TOKENS = 5, 1500
"""How many memories are recalled, and in how many tokens."""
_SHARE = 0.4
"""Of the tokens, this much for one memory at most: a long answer leaves room for others."""
MOST_PINNED = 3
"""Pinned memories that come first; the latest, if more are pinned."""
_FEWEST_WORDS = 0.15
"""Of what a memory would count that holds all words of the question: with less around it, it is not meant."""
_FEWEST_OF_BEST = 0.25
"""Of what the best memory counts by its words."""
_IN_TIME = 0.5
"""How close to the time that the question names a memory is meant without sharing a word."""
_STANDS_OUT = 3.0
"""Standard deviations above the mean similarity of all memories: with less, likeness in meaning says nothing."""
_CLOSEST = 50
"""Memories that are looked at for their meaning alone."""
_PASSAGES = 200
"""Memories whose single passages are compared too."""
_LIKELY = 1000
"""Memories that are looked at further, of those that the words bring."""
_YEARS_BACK = 5
_SLACK = 4
"""Times as many memories are read as wanted: those already sent along and those too long are passed over."""


@dataclass(frozen=True, slots=True)
class _Question:
    text: str
    now: float
    conversation: str
    without: frozenset[str]
    k: int
    tokens: int
    vector: Sequence[float] | None
    model: str


@dataclass(frozen=True, slots=True)
class _Field:
    """Memories with what speaks for them.

    Attributes:
        meant: places of those that have anything to do with the question.
    """

    nodes: list[Node]
    scored: Scored
    spans: list[Span]
    meant: list[int]

    def about(self, place: int) -> tuple[Features, tuple[str, ...]]:
        """Features and reasons of one memory; none for one that is not here."""
        if place < 0:
            return {}, ()
        return self.scored.features[place], reasons(self.scored, place, self.nodes[place], self.spans)


class Recall:
    """Finds memories for a question. Everything runs in the thread of `Store.read`."""

    def __init__(self, store: Store, vectors: Vectors | None = None) -> None:
        self._store = store
        self._vectors = vectors

    async def wording(self, question: str) -> str:
        """A question as an embedding model should see it.

        Without the names of those who speak in remembered conversations: to a model, all that names somebody is
        alike.
        """
        named = await self._store.read(lambda connection: speakers_named(connection, question))
        return without_names(question, named)

    async def find(
        self,
        question: str,
        *,
        now: float | None = None,
        conversation: str = "",
        without: Collection[str] = (),
        k: int = K,
        tokens: int = TOKENS,
        vector: Sequence[float] | None = None,
        model: str = "",
    ) -> list[Recalled]:
        """The best memories for a question, pinned ones first; none if nothing fits.

        Args:
            now: Unix time; today if not given.
            conversation: the one in which the question is asked. Where it was asked in these words before, in
                another branch, that is no memory of help.
            without: identifiers of memories that are not wanted, such as turns that are sent along anyway.
            k: how many at most, pinned ones included.
            tokens: how many tokens their texts may take together. One that would take more than 2/5 of them is
                cut visibly, one that is too long for what is left is passed over.
            vector: the question (see `wording`) by the embedding model named `model`.
        """
        asked = _Question(
            *(question, time.time() if now is None else now, conversation, frozenset(without), k, tokens),
            *(vector, model),
        )
        return await self._store.read(lambda connection: self._find(connection, asked))

    def _find(self, connection: apsw.Connection, asked: _Question) -> list[Recalled]:
        pinned = _pinned(connection)
        weights = ranker.weights(connection)
        field = self._field(connection, asked)
        ordered = sorted(
            ((ranker.score(field.scored.features[place], weights), field.nodes[place].number, place)
            for place in field.meant),
            reverse=True,
        )  # fmt: skip
        known = {number: (score, place) for score, number, place in ordered}
        wanted = asked.k * _SLACK + len(asked.without)
        rest = [number for _, number, _ in ordered if number not in pinned][:wanted]
        memories = read_memories(connection, [*pinned, *rest])
        found: list[Recalled] = []
        said: set[str] = set()
        left = asked.tokens
        for number in (*pinned, *rest):
            memory = memories.get(number)
            if memory is None or memory.id in asked.without or len(found) >= asked.k:
                continue
            if memory.conversation == asked.conversation != "" and memory.question.strip() == asked.text.strip():
                continue
            words = " ".join(memory.question.casefold().split())
            if words in said:  # asked again, or a copy of the conversation: the best one is enough
                continue
            said.add(words)
            memory = shortened(memory, int(asked.tokens * _SHARE))
            size = estimate_tokens(memory.text)
            if size > left:
                continue
            left -= size
            score, place = known.get(number, (0.0, -1))
            features, why = field.about(place)
            if memory.pinned:
                features["pinned"], why = 1.0, ("you pinned it", *why)
            found.append(Recalled(memory, score, why, size, features))
        return found

    def _field(self, connection: apsw.Connection, asked: _Question) -> _Field:
        """What may be meant, with all that speaks for it."""
        today = day_of(asked.now)
        spans, rest = _times(asked.text, today)
        named = speakers_named(connection, asked.text)
        names = frozenset(part for name in named for part in name.split())
        sought = question_terms(rest if spans else asked.text, languages(connection), names)
        if not sought and not spans:  # a greeting, or small words only
            return _Field([], Scored([], [], 0.0), spans, [])
        boxes = Postboxes(connection, sought)
        scan = self._scan(connection, asked)
        closest = [number for number, _ in scan.top(_CLOSEST)] if scan is not None else []
        of_times = dated(connection, spans)
        nodes = around(connection, boxes.best(of_times, closest), spans=bool(spans))
        total, scored = score_words(nodes, postings_at(boxes, nodes), boxes.average)
        scored.known += sum(boxes.missing)
        likely = heapq.nlargest(_LIKELY, range(len(nodes)), key=total.__getitem__)
        add_words(scored, total, likely)
        add_dates(scored, nodes, spans)
        if scan is not None:
            add_meaning(scored, nodes, _similar(connection, scan, nodes, scored), scan.mean)
        meant = _meant(scored, nodes, scan, dated=bool(spans))
        speaker = named[0] if len(named) == 1 else ""
        add_traits(scored, nodes, meant, speaker=speaker, asks_when=asks_when(asked.text), now=asked.now)
        return _Field(nodes, scored, spans, meant)

    def _scan(self, connection: apsw.Connection, asked: _Question) -> Scan | None:
        if self._vectors is None or asked.vector is None:
            return None
        try:
            return self._vectors.scan(connection, asked.model, asked.vector)
        except VectorRefused as refused:
            _log.warning("Memories are found by words alone: %s", refused)
            return None


def shortened(memory: Memory, tokens: int) -> Memory:
    """The memory itself if it takes at most so many tokens, else with its texts cut off, visibly."""
    if estimate_tokens(memory.text) <= tokens:
        return memory
    question = _cut(memory.question, tokens // 2 if memory.answer else tokens)
    return replace(memory, question=question, answer=_cut(memory.answer, tokens - estimate_tokens(question) - 2))


def _cut(text: str, tokens: int) -> str:
    if estimate_tokens(text) <= tokens:
        return text
    keep = min(len(text), max(tokens, 0) * 4)
    while keep > 0 and estimate_tokens(f"{text[:keep]} {CUT}") > tokens:
        keep = keep * 9 // 10
    return f"{text[:keep].rstrip()} {CUT}"


def without_names(question: str, names: Sequence[str]) -> str:
    """A question without these names (in lower case), their possessive endings and the spaces they leave."""
    parts = {part for name in names for part in name.split()}
    words = [word for word in question.split() if _bare(word) not in parts]
    return " ".join(words)


def _bare(word: str) -> str:
    word = word.replace("’", "'").strip('.,;:!?"“”()').lower()
    return word.removesuffix("'s").removesuffix("'")


def _times(text: str, today: date) -> tuple[list[Span], str]:
    """The times that a question names, and the question without them."""
    spans, rest = time_spans(text, today)
    month = month_named(text)
    if month is not None:
        spans = [*spans, *(month_span(today.year - back, month) for back in range(_YEARS_BACK))]
    return sorted({span for span in spans if span[0] <= today}) or spans, rest


def _pinned(connection: apsw.Connection) -> list[int]:
    sql = """SELECT m.number FROM memories m INDEXED BY memories_pinned
        LEFT JOIN conversations c ON c.id = m.conversation
        WHERE m.pinned = 1 AND c.deleted IS NULL ORDER BY m.created DESC LIMIT ?"""
    return [int(str(number)) for (number,) in connection.execute(sql, (MOST_PINNED,))]


def _similar(connection: apsw.Connection, scan: Scan, nodes: Sequence[Node], scored: Scored) -> dict[int, float]:
    """How similar in meaning each memory is: the mean of its whole text and of its most similar passage."""
    whole = {place: value for place, node in enumerate(nodes) if (value := scan.of(node.number)) is not None}
    spread = scan.spread or 1.0
    promising = sorted(
        whole,
        key=lambda place: scored.features[place].get("words", 0.0) + 0.2 * (whole[place] - scan.mean) / spread,
        reverse=True,
    )[:_PASSAGES]
    passages = scan.passages(connection, [nodes[place].number for place in promising])
    for place in promising:
        best = passages.get(nodes[place].number)
        if best is not None:
            whole[place] = (whole[place] + best) / 2
    return whole


def _meant(scored: Scored, nodes: Sequence[Node], scan: Scan | None, *, dated: bool) -> list[int]:
    """The places of the memories that have anything to do with the question."""
    most = max((sum(shares.values()) for shares in scored.shares if shares), default=0.0)
    by_words = most >= _FEWEST_WORDS * scored.known > 0
    found = []
    for place, (node, features) in enumerate(zip(nodes, scored.features, strict=True)):
        enough = by_words and features.get("words", 0.0) >= _FEWEST_OF_BEST
        if enough or (dated and features.get("date", 0.0) >= _IN_TIME):
            found.append(place)
        elif scan is not None:
            value = scan.of(node.number)
            if value is not None and value >= scan.mean + _STANDS_OUT * scan.spread:
                found.append(place)
    return found
