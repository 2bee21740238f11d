"""Which memories may be meant by a question: read from the index, with what stands around them.

Nothing is loaded whole. The postings of the question's rarest words are read, within a budget; the memories that
look best by them alone bring their sessions, and all of these are then scored exactly.
"""

import heapq
import json
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any

import apsw

from mirador_desktop.core.when import Span
from mirador_desktop.memory.recall_index import day_of
from mirador_desktop.memory.recall_score import Node, Postings, rarity
from mirador_desktop.memory.terms import Sought, words_of

_BUDGET = 25_000
"""Postings that are read for a question. Words beyond are so common that they hardly tell memories apart."""
_POOL = 150
"""Memories whose sessions are scored exactly."""
_MOST_NODES = 8_000
_MOST_WORDS = 48
"""A question that is longer, such as a pasted text, is looked for by its rarest words."""
_MOST_DATED = 5_000
_DATED = 0.4

_LANGUAGES = """
    WITH RECURSIVE each (language) AS (
        SELECT min(language) FROM memories
        UNION ALL SELECT (SELECT min(language) FROM memories WHERE language > each.language) FROM each
        WHERE each.language IS NOT NULL)
    SELECT language FROM each WHERE language IS NOT NULL"""
_SPEAKERS = """
    WITH RECURSIVE each (speaker) AS (
        SELECT min(speaker) FROM memories WHERE speaker <> ''
        UNION ALL SELECT (SELECT min(speaker) FROM memories WHERE speaker <> '' AND speaker > each.speaker) FROM each
        WHERE each.speaker IS NOT NULL)
    SELECT speaker FROM each WHERE speaker IS NOT NULL LIMIT 1000"""
_IN_DIALOGUE = """
    SELECT 1 FROM (SELECT DISTINCT conversation FROM memories WHERE speaker = ?1 LIMIT 20) a
    WHERE 2 = (SELECT count(*) FROM (SELECT 1 FROM memories b
        WHERE b.conversation = a.conversation AND b.speaker <> '' AND b.speaker <> ?1 LIMIT 2))
    LIMIT 1"""
_COUNT = """
    SELECT (SELECT count(*) FROM memories),
        (SELECT avg(length) FROM (SELECT length FROM memories ORDER BY number DESC LIMIT 2000))"""
_NODES = f"""
    SELECT number, before, session, created, length, traits, speaker FROM memories INDEXED BY memories_sessions
    WHERE session IN (SELECT session FROM memories WHERE number IN (SELECT value FROM json_each(?1)))
    LIMIT {_MOST_NODES}"""  # noqa: S608 - constants of this file


def languages(connection: apsw.Connection) -> list[str]:
    """The languages of what is remembered, English first if it is among them."""
    found = [str(language) for (language,) in connection.execute(_LANGUAGES)]
    return sorted(found, key=lambda language: language != "english")


def speakers_named(connection: apsw.Connection, question: str) -> list[str]:
    """Whom a question names of those who speak in remembered conversations of several people."""
    words = set(words_of(question))
    labels = [str(label) for (label,) in connection.execute(_SPEAKERS)]
    named = [label for label in labels if words.issuperset(label.split())]
    return [label for label in named if connection.execute(_IN_DIALOGUE, (label,)).get]


class Postboxes:
    """The postings of a question's words, as far as the budget goes.

    Attributes:
        memories: how many there are.
        average: terms that one has on average.
        words: the words of which postings were read, the rarest first, with rarity and postings by number.
        missing: the rarity of the words that nothing holds.
    """

    def __init__(self, connection: apsw.Connection, sought: Iterable[Sought]) -> None:
        row = connection.execute(_COUNT).fetchone()
        self.memories, self.average = (int(str(row[0])), float(str(row[1] or 1)) or 1.0) if row else (0, 1.0)
        counted = sorted(((self._holding(connection, each), each) for each in sought), key=lambda pair: pair[0])
        counted = [pair for pair in counted if pair[0]][:_MOST_WORDS] + [pair for pair in counted if not pair[0]]
        self.missing = [rarity(self.memories, 0) for holding, _ in counted if not holding]
        self.words: list[tuple[Sought, float, dict[int, tuple[int, bool]]]] = []
        left = _BUDGET
        for holding, each in counted:
            if not holding:
                continue
            if left < holding and self.words:
                break
            postings = self._read(connection, each, None if left >= holding else left)
            left -= holding
            self.words.append((each, rarity(self.memories, holding), postings))

    def _holding(self, connection: apsw.Connection, sought: Sought) -> int:
        holes = ",".join("?" * len(sought.terms))
        sql = f"SELECT sum(doc) FROM recall_vocabulary WHERE term IN ({holes})"  # noqa: S608
        return min(int(str(connection.execute(sql, tuple(sought.terms)).get or 0)), self.memories)

    def _read(self, connection: apsw.Connection, sought: Sought, newest: int | None) -> dict[int, tuple[int, bool]]:
        """The postings of a word: how often a memory holds it, and whether in open questions only."""
        if newest is not None:  # every memory holds it: the latest ones, how often is not worth the time
            sql = "SELECT rowid FROM recall_terms WHERE recall_terms MATCH ? ORDER BY rowid DESC LIMIT ?"
            match = " OR ".join(f'"{term}"' for term in sought.terms)
            return {int(str(number)): (1, False) for (number,) in connection.execute(sql, (match, newest))}
        found: dict[int, tuple[int, bool]] = {}
        for term in sought.terms:
            rows: Iterable[Any] = connection.execute("SELECT doc, col FROM recall_postings WHERE term = ?", (term,))
            for number, column in rows:
                times, asked = found.get(number, (0, True))
                found[number] = (times + 1, asked and column == "asked")
        return found

    def best(self, dated: Collection[int], further: Iterable[int]) -> list[int]:
        """The memories that look best by the words that they hold themselves, and those that are given."""
        rough: dict[int, float] = {}
        for _, weight, postings in self.words:
            for number, (times, _) in postings.items():
                rough[number] = rough.get(number, 0.0) + weight * times / (times + 1)
        if dated:
            bonus = _DATED * max(rough.values(), default=1.0)
            for number in dated:
                rough[number] = rough.get(number, 0.0) + bonus
        return list({*heapq.nlargest(_POOL, rough, key=rough.__getitem__), *further})


def dated(connection: apsw.Connection, spans: Iterable[Span]) -> set[int]:
    """Memories of the times that are named, the latest ones if there are very many."""
    found: set[int] = set()
    for first, last in spans:
        row = (_start(first), _start(last + timedelta(1)), _MOST_DATED)
        sql = "SELECT number FROM memories WHERE created >= ? AND created < ? ORDER BY created DESC LIMIT ?"
        found.update(int(str(number)) for (number,) in connection.execute(sql, row))
    return found


def around(connection: apsw.Connection, numbers: Collection[int], *, spans: bool) -> list[Node]:
    """The sessions of these memories, as nodes that know what comes before and after them.

    Args:
        spans: whether their days, and the times that they speak of, are wanted.
    """
    rows: list[Any] = connection.execute(_NODES, (json.dumps(list(numbers)),)).fetchall()
    nodes: list[Node] = []
    places: dict[int, int] = {}
    parents: list[int | None] = []
    for number, before, session, created, length, traits, speaker in rows:
        places[number] = len(nodes)
        day = day_of(created) if spans else date.min
        nodes.append(Node(number, -1, session, created, day, length, traits, speaker))
        parents.append(before)
    for place, parent in enumerate(parents):
        above = places.get(parent, -1) if parent is not None else -1
        if above >= 0:
            nodes[place].before = above
            nodes[above].after.append(place)
    if spans:
        sql = "SELECT number, spans FROM memories WHERE spans <> '[]' AND number IN (SELECT value FROM json_each(?))"
        for number, text in connection.execute(sql, (json.dumps(list(places)),)):
            days_of = [(date.fromordinal(first), date.fromordinal(last)) for first, last in json.loads(str(text))]
            nodes[places[int(str(number))]].spans = days_of
    return nodes


def postings_at(boxes: Postboxes, nodes: Collection[Node]) -> list[Postings]:
    """The postings by the places of the nodes."""
    places = {node.number: place for place, node in enumerate(nodes)}
    found = []
    for sought, weight, postings in boxes.words:
        few = places.keys() & postings.keys() if len(postings) > len(places) else postings.keys()
        found.append(Postings(sought, weight, {places[n]: postings[n] for n in few if n in places}))
    return found


def _start(day: date) -> float:
    return datetime.combine(day, clock()).timestamp()
