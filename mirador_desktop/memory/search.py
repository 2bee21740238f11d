"""Searches all conversations: titles, questions, answers, thoughts and files, from the index.

The index says which turns may be meant, newest first; the texts of those that are shown are read to see where the
words are, and whether really. Nothing depends on how many turns there are beyond those that are looked at.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import apsw

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.core.folding import spans
from mirador_desktop.core.search_query import Query, Term
from mirador_desktop.core.search_results import Found, FoundConversation, Hit, Ranges
from mirador_desktop.memory import rows
from mirador_desktop.memory.search_index import BETWEEN, fact, number_at
from mirador_desktop.memory.search_near import near
from mirador_desktop.memory.search_places import Places

MOST_CONVERSATIONS = 30
MOST_HITS = 3
"""Of a conversation."""
_MOST_FIRST = 10
"""Conversations that stand first because of their titles."""
_MOST_TITLES = 200
_ENOUGH, _ENOUGH_OF_PHRASE, _MOST_TURNS = 2_000, 150, 10_000
"""Turns that are looked at, also for a phrase, whose places are compared in each text; and at most until there are
enough conversations. Then there are "more than" those."""
_MOST_READ = 3_000
"""Turns whose texts are read, where the index alone cannot tell."""
_MOST_WAITING = 200
"""Turns that are searched although they are not indexed yet: those that were asked last."""
_FEW = 300
"""Conversations that are named to the index one by one."""
_MOST_NAMED = 50
"""Models, or models in stages, that are looked for by their whole names."""
_SHORTEST = 3
"""Letters a word has at least that is taken for the beginning of others when it is not found as it is."""
_END = 2**62


def search(connection: apsw.Connection, query: Query) -> Found:
    """Find a query; where nothing is found, words that begin so, and then words that are spelled alike."""
    with connection:  # all of it in one state of the database
        found = _search(connection, query)
    return found  # noqa: RET504 - for mypy, the connection might swallow an exception


def _search(connection: apsw.Connection, query: Query) -> Found:
    found = _Search(connection, query).run()
    if found.conversations or not query.terms:
        return found
    wider = replace(query, terms=tuple(_widened(term) for term in query.terms))
    if wider.terms != query.terms:
        again = _Search(connection, wider).run()
        if again.conversations:
            return again
    changed: list[Term] = []
    instead: list[tuple[str, str]] = []
    for term in wider.terms:
        other = near(connection, term)
        changed.append(term if other is None else Term((other,), typed=other))
        if other is not None:
            instead.append((term.typed, other))
    if instead:
        again = _Search(connection, replace(query, terms=tuple(changed))).run()
        if again.conversations:
            return replace(again, instead=tuple(instead))
    return found


def _widened(term: Term) -> Term:
    whole = len(term.words) > 1 or len(term.words[0]) < _SHORTEST or not term.words[0].isalnum()
    return term if whole else replace(term, prefix=True)


@dataclass(slots=True)
class _Group:
    """A conversation that is to be shown."""

    conversation: Conversation
    title: Ranges = ()
    by_title: bool = False
    hits: list[Hit] = field(default_factory=list)


class _Search:
    def __init__(self, connection: apsw.Connection, query: Query) -> None:
        self._connection, self._query = connection, query
        self._groups: dict[int, _Group] = {}
        self._more_titles: list[int] = []
        self._turns = 0
        self._uncounted = False
        self._places = Places(connection, query)
        self._deleted = self._numbers("SELECT id FROM conversations WHERE deleted IS NOT NULL")
        self._tagged = self._with_tags() if query.tags else None

    def run(self) -> Found:
        query = self._query
        if query.is_empty or self._tagged == set():
            return Found(query)
        if not query.filters_turns:
            self._find_titles()
        first = list(self._groups.values())
        more, waiting = False, 0
        if not query.titles_only and (query.terms or query.without or query.filters_turns):
            waiting = self._find_waiting()
            more = self._find_turns()
        others = [group for group in self._groups.values() if not group.by_title]
        others.sort(key=lambda group: -group.hits[0].created)
        room = max(0, MOST_CONVERSATIONS - len(self._groups))
        others += self._groups_of([n for n in self._more_titles if n not in self._groups][:room])
        made = tuple(
            FoundConversation(group.conversation, tuple(group.hits), group.title)
            for group in [*first, *others][:MOST_CONVERSATIONS]
        )
        return Found(query, made, self._turns, more, waiting=waiting)

    # ── titles ─────────────────────────────────────────────────────────────────────────────────────────

    def _find_titles(self) -> None:
        query = self._query
        numbers: list[int] = []
        if query.terms:
            match = " AND ".join(_phrase(t.words, t.prefix) for t in query.terms)
            sql = "SELECT rowid FROM search_titles WHERE search_titles MATCH ? ORDER BY rowid DESC LIMIT ?"
            if query.without:
                match = f"({match}) NOT ({' OR '.join(_phrase(t.words) for t in query.without)})"
            found = self._connection.execute(sql, (match, _MOST_TITLES))
            numbers = [int(str(n)) for (n,) in found if self._wanted(int(str(n)))]
        elif self._tagged is not None and not query.without:
            numbers = sorted(self._tagged - self._deleted)
        newest = self._newest(numbers)
        first = MOST_CONVERSATIONS if query.titles_only or not query.terms else _MOST_FIRST
        self._groups = dict(zip(newest[:first], self._groups_of(newest[:first]), strict=True))
        self._more_titles = newest[first:]

    def _groups_of(self, numbers: list[int]) -> list[_Group]:
        """Conversations that were found by their titles."""
        records = self._conversations(numbers)
        return [_Group(records[n], self._title_ranges(records[n]), by_title=True) for n in numbers]

    def _title_ranges(self, conversation: Conversation) -> Ranges:
        pattern = self._query.pattern
        return tuple(spans(conversation.title, pattern, words=True)) if pattern is not None else ()

    # ── turns ──────────────────────────────────────────────────────────────────────────────────────────

    def _find_waiting(self) -> int:
        """Search the newest turns that are not indexed; says how many older ones are not searched."""
        sql = """SELECT q.turn, s.id, t.created FROM to_index q JOIN turns t ON t.id = q.turn
            JOIN search_conversations s ON s.conversation = t.conversation
            WHERE NOT EXISTS (SELECT 1 FROM search_turns x WHERE x.turn = q.turn) ORDER BY q.turn DESC LIMIT ?"""
        found = self._connection.execute(sql, (_MOST_WAITING,)).fetchall()
        first, last = self._range()
        for turn, number, created in found:
            moment = number_at(float(str(created)))
            if first <= moment <= last and self._wanted(int(str(number))):
                self._take(str(turn), int(str(number)), sure=False, read=True)
        if len(found) < _MOST_WAITING:
            return 0
        return int(str(self._connection.execute("SELECT count(*) FROM to_index").get)) - len(found)

    def _find_turns(self) -> bool:
        """Go through the turns that may be meant, newest first; says whether there are more than were looked at."""
        candidates, seen, size, sure = self._candidates(), 0, 64, not self._places.must_be_read
        phrase = any(len(_whole(term)) > 1 for term in self._query.terms)
        enough = _ENOUGH_OF_PHRASE if phrase else _ENOUGH
        sql = "SELECT id, turn, conversation FROM search_turns WHERE id IN (SELECT value FROM json_each(?))"
        while batch := list(islice(candidates, size)):
            found: Any = self._connection.execute(f"{sql} ORDER BY id DESC", (json.dumps(batch),))
            for _, turn, conversation in found.fetchall():
                if self._wanted(conversation):
                    self._take(turn, conversation, sure=sure)
                if not sure and (self._is_full() or self._places.read >= _MOST_READ):
                    return True
            seen += len(batch)
            if seen >= (enough if len(self._groups) >= MOST_CONVERSATIONS else _MOST_TURNS):
                return next(candidates, None) is not None
            size = min(2 * size, 512)
        return self._uncounted

    def _take(self, turn: str, number: int, *, sure: bool, read: bool = False) -> None:
        """Show a turn if there is room for it, else count it, if it is sure to be meant or is read to see that."""
        group = self._groups.get(number)
        room = len(group.hits) < MOST_HITS if group is not None else len(self._groups) < MOST_CONVERSATIONS
        if room:
            hit = self._places.hit(turn)
            if hit is None:
                return
            if group is None:
                group = self._groups[number] = _Group(self._conversations([number])[number])
                group.title = self._title_ranges(group.conversation)
            group.hits.append(hit)
        elif not sure and not read:
            self._uncounted = True
            return
        elif not sure and self._places.find(turn) is None:
            return
        self._turns += 1

    def _is_full(self) -> bool:
        full = len(self._groups) >= MOST_CONVERSATIONS
        return full and sum(len(group.hits) for group in self._groups.values()) >= MOST_CONVERSATIONS

    def _wanted(self, conversation: int) -> bool:
        return conversation not in self._deleted and (self._tagged is None or conversation in self._tagged)

    def _range(self) -> tuple[int, int]:
        """From which number to which: the turns of the time that is asked for."""
        after, before = self._query.after, self._query.before
        return 0 if after is None else number_at(after), _END if before is None else number_at(before) - 1

    def _candidates(self) -> Iterator[int]:
        """Numbers of the turns that may be meant, the newest first."""
        query = self._query
        exact = [term.words for term in query.terms if len(term.words) > 1 and not term.prefix]
        words = [_phrase((word,)) for term in query.terms if term.words not in exact for word in _whole(term)]
        words += [_phrase(term.words[-1:], prefix=True) for term in query.terms if term.prefix]
        # The last word of a phrase that may go on is left to the other table, which knows beginnings.
        exact += [_whole(term) for term in query.terms if term.prefix and len(term.words) > 2]
        words += [self._any_of(each) for each in self._facts()]
        if self._tagged is not None and len(self._tagged) <= _FEW:
            words.append(f"({' OR '.join(_phrase((fact('k', str(n)),)) for n in sorted(self._tagged))})")
        unwanted = [_phrase(term.words) for term in query.without if len(term.words) == 1]
        streams = []
        if words:
            without = f" NOT ({' OR '.join(unwanted)})" if unwanted else ""
            streams.append(self._stream("search_words", f"({' AND '.join(words)}){without}"))
        if exact:
            streams.append(self._stream("search_phrases", " AND ".join(map(_phrase, exact))))
        if not streams:
            sql = "SELECT id FROM search_turns WHERE id BETWEEN ? AND ? ORDER BY id DESC"
            everything: Any = self._connection.execute(sql, self._range())
            streams.append(number for (number,) in everything)
        wanted = streams[0] if len(streams) == 1 else _in_all(streams)
        for term in query.without:
            if len(term.words) > 1:
                wanted = _not_in(wanted, self._stream("search_phrases", _phrase(term.words)))
            elif not words:
                wanted = _not_in(wanted, self._stream("search_words", _phrase(term.words)))
        return wanted

    def _facts(self) -> list[str]:
        """Beginnings of words that turns with the wanted answers have."""
        query = self._query
        facts = [fact("m", model) for model in query.models]
        facts += [fact("s", stage) for stage in query.stages]
        if len(query.models) == len(query.stages) == 1 and self._is_stage(query.stages[0]):
            facts = [fact("s", f"{query.stages[0]}{BETWEEN}{query.models[0]}")]
        return facts + [fact("c", "")] * query.code

    def _any_of(self, beginning: str) -> str:
        """An expression for the words that begin so.

        Named one by one they are gone through from the newest turn on, while FTS5 would first merge all there are.
        """
        sql = "SELECT term FROM search_vocabulary WHERE term >= ? AND term < ? LIMIT ?"
        found = self._connection.execute(sql, (beginning, f"{beginning}\U0010ffff", _MOST_NAMED + 1)).fetchall()
        if not 0 < len(found) <= _MOST_NAMED:
            return _phrase((beginning,), prefix=True)
        return f"({' OR '.join(_phrase((str(term),)) for (term,) in found)})"

    def _is_stage(self, name: str) -> bool:
        """Whether a stage has exactly this name, somewhere."""
        sql = "SELECT 1 FROM search_words WHERE search_words MATCH ? LIMIT 1"
        match = _phrase((fact("s", name + BETWEEN),), prefix=True)
        return self._connection.execute(sql, (match,)).fetchone() is not None

    def _stream(self, table: str, match: str) -> Iterator[int]:
        sql = f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC"  # noqa: S608
        found: Any = self._connection.execute(sql, (match, *self._range()))
        return (number for (number,) in found)

    # ── conversations ──────────────────────────────────────────────────────────────────────────────────

    def _numbers(self, sql: str) -> set[int]:
        """The numbers that these conversations have in the index."""
        sql = f"SELECT id FROM search_conversations WHERE conversation IN ({sql})"  # noqa: S608 - constants
        return {int(str(n)) for (n,) in self._connection.execute(sql)}

    def _with_tags(self) -> set[int]:
        sql = """SELECT s.id, c.tags FROM conversations c JOIN search_conversations s ON s.conversation = c.id
            WHERE c.tags != '[]' AND c.deleted IS NULL"""
        found = [
            (int(str(number)), [str(tag).casefold() for tag in json.loads(str(tags))])
            for number, tags in self._connection.execute(sql)
        ]
        sets = []
        for wanted in self._query.tags:
            exact = {number for number, tags in found if wanted in tags}
            sets.append(exact or {n for n, tags in found if any(tag.startswith(wanted) for tag in tags)})
        return set.intersection(*sets)

    def _newest(self, numbers: list[int]) -> list[int]:
        """Those of some conversations that were changed last, the last one first."""
        sql = """SELECT s.id FROM search_conversations s JOIN conversations c ON c.id = s.conversation
            WHERE s.id IN (SELECT value FROM json_each(?)) ORDER BY c.updated DESC LIMIT ?"""
        found = self._connection.execute(sql, (json.dumps(numbers), MOST_CONVERSATIONS))
        return [int(str(n)) for (n,) in found]

    def _conversations(self, numbers: list[int]) -> dict[int, Conversation]:
        sql = f"""{rows.READ_CONVERSATIONS} WHERE id IN
            (SELECT conversation FROM search_conversations WHERE id IN (SELECT value FROM json_each(?)))"""  # noqa: S608
        records = {c.id: c for c in rows.read_conversations(self._connection.execute(sql, (json.dumps(numbers),)))}
        sql = "SELECT id, conversation FROM search_conversations WHERE id IN (SELECT value FROM json_each(?))"
        found = self._connection.execute(sql, (json.dumps(numbers),))
        return {int(str(n)): records[str(key)] for n, key in found if str(key) in records}


def _whole(term: Term) -> tuple[str, ...]:
    """The words of a term that do not go on."""
    return term.words[:-1] if term.prefix else term.words


def _phrase(words: tuple[str, ...], prefix: bool = False) -> str:
    """An expression of FTS5; words are made of letters and digits, so that quotes are enough."""
    return f'"{" ".join(words)}"{" *" * prefix}'


def _in_all(streams: list[Iterator[int]]) -> Iterator[int]:
    """Numbers that are in each of some falling sequences."""
    first, *others = streams
    heads = [next(other, -1) for other in others]
    for number in first:
        for place, other in enumerate(others):
            while heads[place] > number:
                heads[place] = next(other, -1)
            if heads[place] != number:
                break
        else:
            yield number
        if -1 in heads:
            return


def _not_in(wanted: Iterator[int], unwanted: Iterator[int]) -> Iterator[int]:
    """Numbers of a falling sequence that are not in another one."""
    head = next(unwanted, -1)
    for number in wanted:
        while head > number:
            head = next(unwanted, -1)
        if head != number:
            yield number
