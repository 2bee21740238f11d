"""What speaks for each of the memories that may be meant by a question.

Words. A term counts by how often a memory holds it and how rare it is (Robertson and Zaragoza, "The Probabilistic
Relevance Framework: BM25 and Beyond", 2009). It also counts, with less weight, for the memories around the one that
holds it: a follow-up does not repeat what it is about. Of all that is around, the best place counts for each term,
so that a memory is found by terms spread over an exchange, and what its session holds counts a little.

Questions and replies. What is asked in one memory is said by the next: a term in an open question counts half for
the memory that asks, and fully for the one that replies.

All weights are round numbers with these reasons, none is fitted. The person's own choices are (see `ranker`).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from mirador_desktop.core.memories import Features
from mirador_desktop.core.when import Span
from mirador_desktop.memory.recall_index import PERSON, QUESTION, TIME
from mirador_desktop.memory.terms import Sought

_K1, _B = 0.9, 0.3
_BACK, _ON = (0.6, 0.4, 0.2, 0.15), (0.4, 0.3, 0.2, 0.1)
"""How much a term counts for the memories one to four after the one that holds it, and before it."""
_SUM, _SESSION = 0.3, 0.4
"""Shares of all places together, and of the best place in the session, beside the best place around."""
_ASKED, _REPLY = 0.5, 0.8
"""What a question's own words, and its meaning for the reply, count."""
_NAME = 1.25
"""What a name or number weighs against another word as rare: it says more surely what is meant."""
_SEASON = 100
"""Days; longer times are no help to tell memories apart by the day."""
_HALF = 30.0
"""Days after which a memory counts as half as recent."""


@dataclass(slots=True)
class Node:
    """A memory that may be meant, or stands near one.

    Attributes:
        before: place of the memory before it in its session, -1 for none.
        after: places of those after it.
        day: the day it was said.
        spans: the times it speaks of.
    """

    number: int
    before: int
    session: int
    created: float
    day: date
    length: int
    traits: int
    speaker: str
    spans: Sequence[Span] = ()
    after: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Postings:
    """Where one word of the question occurs.

    Attributes:
        rarity: its inverse document frequency.
        places: for the place of each memory that holds it: how often, and whether in open questions only.
    """

    sought: Sought
    rarity: float
    places: dict[int, tuple[int, bool]]


@dataclass(slots=True)
class Scored:
    """The features of the memories, by place, and the rarity of the words they share with the question.

    Attributes:
        shares: for each place: the words that are found there or beside it, with what they count.
        known: what a memory would count that holds all words of the question once.
    """

    features: list[Features]
    shares: list[dict[str, float]]
    known: float


def rarity(memories: int, holding: int) -> float:
    """The inverse document frequency of a term."""
    return math.log(1 + (memories - holding + 0.5) / (holding + 0.5))


def score_words(nodes: Sequence[Node], found: Sequence[Postings], average: float) -> tuple[list[float], Scored]:
    """Score the memories by words alone.

    Args:
        average: terms that a memory has on average.
    """
    count = len(nodes)
    total = [0.0] * count
    shares: list[dict[str, float]] = [{} for _ in nodes]
    known = 0.0
    of_sessions: dict[int, float] = {}
    for posting in found:
        weight = posting.rarity * (_NAME if posting.sought.name else 1.0)
        known += weight
        best: dict[int, float] = {}
        sessions: dict[int, float] = {}
        everywhere: dict[int, float] = {}

        def count_for(place: int, value: float, best: dict[int, float], everywhere: dict[int, float]) -> None:
            everywhere[place] = everywhere.get(place, 0.0) + value
            if value > best.get(place, 0.0):
                best[place] = value

        for place, (times, only_asked) in posting.places.items():
            node = nodes[place]
            full = weight * times * (_K1 + 1) / (times + _K1 * (1 - _B + _B * node.length / average))
            count_for(place, full * _ASKED if only_asked else full, best, everywhere)
            if full > sessions.get(node.session, 0.0):
                sessions[node.session] = full
            earlier = node.before
            for share in _ON:
                if earlier < 0:
                    break
                count_for(earlier, share * full, best, everywhere)
                earlier = nodes[earlier].before
            later = node.after
            for step, share in enumerate(_BACK):
                if not later:
                    break
                part = 1.0 if only_asked and not step else share
                for each in later:
                    count_for(each, part * full, best, everywhere)
                later = [place for each in later for place in nodes[each].after] if step < len(_BACK) - 1 else []
        for place, value in best.items():
            total[place] += value
            shares[place][posting.sought.word] = value
        for place, value in everywhere.items():
            total[place] += _SUM * value
        for session, value in sessions.items():
            of_sessions[session] = of_sessions.get(session, 0.0) + value
    for place, node in enumerate(nodes):
        total[place] += _SESSION * of_sessions.get(node.session, 0.0)
    return total, Scored([{} for _ in nodes], shares, known)


def add_words(scored: Scored, total: Sequence[float], places: Iterable[int]) -> None:
    """The feature `words`: the best memory has 1."""
    best = max(total, default=0.0)
    if best > 0:
        for place in places:
            if total[place] > 0:
                scored.features[place]["words"] = total[place] / best


def add_traits(
    scored: Scored, nodes: Sequence[Node], places: Iterable[int], *, speaker: str, asks_when: bool, now: float
) -> None:
    """The features that do not depend on the question's subject."""
    for place in places:
        features, node = scored.features[place], nodes[place]
        if speaker and node.speaker == speaker:
            features["speaker"] = 1.0
        if node.before < 0:
            features["opening"] = 1.0
        if node.traits & PERSON:
            features["person"] = 1.0
        if node.traits & QUESTION:
            features["question"] = 1.0
        if asks_when and node.traits & TIME:
            features["time"] = 1.0
        features["recent"] = 1 / (1 + max(0.0, now - node.created) / 86400 / _HALF)


def add_dates(scored: Scored, nodes: Sequence[Node], spans: Iterable[Span]) -> None:
    """The features `date` and `date_said`.

    People tell what happened soon afterwards, so that a memory from soon after a time may be about it.
    """
    wanted = list(spans)
    if not wanted:
        return
    for features, node in zip(scored.features, nodes, strict=True):
        near = max((_closeness(node.day, span) for span in wanted), default=0.0)
        if near:
            features["date"] = near
        short = [span for span in wanted if (span[1] - span[0]).days <= _SEASON]
        if any(_tells(said, span) for said in node.spans for span in short):
            features["date_said"] = 1.0


def add_meaning(
    scored: Scored, nodes: Sequence[Node], similar: Mapping[int, float], usual: float
) -> Callable[[int], float]:
    """The feature `meaning`, from similarities by place; a reply is similar too when what it replies to is.

    Args:
        usual: the mean similarity of all memories, which differs much between models.
    """
    values: dict[int, float] = {}
    for place, value in similar.items():
        node = nodes[place]
        own = max(0.0, value - usual)
        if node.before >= 0 and nodes[node.before].traits & QUESTION:
            own = max(own, _REPLY * max(0.0, similar.get(node.before, usual) - usual))
        values[place] = own * _REPLY if node.traits & QUESTION else own
    best = max(values.values(), default=0.0)
    if best > 0:
        for place, value in values.items():
            if value > 0:
                scored.features[place]["meaning"] = value / best
    return lambda place: values.get(place, 0.0)


def _closeness(day: date, span: Span) -> float:
    first, last = span
    late = (day - last).days
    if (last - first).days > _SEASON:
        return 0.5 if first <= day <= last else 0.0
    if (last - first).days >= 20:  # a month, a season
        return 1.0 if first <= day <= last else 0.5 if 0 < late <= 15 else 0.25 if 0 < late <= 31 else 0.0
    if first <= day <= last:
        return 1.0
    if late > 0:
        return 0.6 if late <= 10 else 0.3 if late <= 21 else 0.0
    return 0.3 if (first - day).days <= 3 else 0.0


def _tells(said: Span, wanted: Span) -> bool:
    overlap = said[0] <= wanted[1] and wanted[0] <= said[1]
    return overlap and (said[1] - said[0]).days <= max(7, (wanted[1] - wanted[0]).days)
