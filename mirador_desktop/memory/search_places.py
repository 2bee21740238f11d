"""Where in a turn the words are: reads its texts, chooses the best place, and cuts a snippet."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apsw

from mirador_desktop.core.folding import spans, words_of
from mirador_desktop.core.search_query import Query
from mirador_desktop.core.search_results import Hit, Kind
from mirador_desktop.memory.search_index import MOST_OF_A_FILE, has_code

_BEFORE, _LENGTH = 36, 160
"""Characters of a snippet before the first word, and in all."""
_MARKUP = re.compile(r"\*\*|`+|^#+ |^[>|] ?|\||:?-{3,}:?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Place:
    """A text of a turn, and what it is."""

    kind: Kind
    text: str
    stage: str = ""
    place: tuple[int, int] = (0, 0)
    model: str = ""
    file: str = ""


class Places:
    """Finds the place of a query in turns.

    Attributes:
        must_be_read: whether the index alone cannot tell if a turn is meant.
        read: how many turns were read.
    """

    def __init__(self, connection: apsw.Connection, query: Query) -> None:
        self._connection, self._query = connection, query
        self.must_be_read = bool(query.stages or (query.models and (query.terms or query.code)))
        self.read = 0
        self._patterns = [re.compile(term.expression) for term in query.terms]
        self._unwanted = [re.compile(term.expression) for term in query.without]

    def hit(self, turn: str) -> Hit | None:
        """The best place of a turn as it is shown, None if it is not meant."""
        found = self.find(turn)
        if found is None:
            return None
        place, created = found
        snippet, ranges = self._snippet(place.text)
        return Hit(
            turn, created, place.kind, snippet, ranges, place.stage, place.place, place.model, place.file
        )  # fmt: skip

    def find(self, turn: str) -> tuple[Place, float] | None:
        """The best place of a turn, and when it was asked; None if it is not meant."""
        self.read += 1
        row: Any = self._connection.execute(
            "SELECT question, created, final_stage FROM turns WHERE id = ?", (turn,)
        ).fetchone()
        if row is None:
            return None
        question, created, final = row
        best: Place | None = None
        most = -1
        everything: set[int] = set()
        for place in self._places(turn, question, final):
            words = words_of(place.text)
            if any(pattern.search(words) for pattern in self._unwanted):
                return None
            there = {number for number, pattern in enumerate(self._patterns) if pattern.search(words)}
            everything |= there
            if len(there) > most:
                best, most = place, len(there)
            if most == len(self._patterns) and not self._unwanted:
                break
        if best is None or len(everything) < len(self._patterns):
            return None
        return best, created

    def _places(self, turn: str, question: str, final: str) -> Iterator[Place]:
        """The texts of a turn that are searched, those first that say most about it."""
        query = self._query
        answers = list(self._answers(turn, final))
        if query.models or query.stages or query.code:
            answers = [answer for answer in answers if self._is_meant(answer[0])]
            if not answers:
                return
        if not query.stages and (query.terms or not (query.models or query.code)):
            yield Place("question", question)
        yield from (answer for answer, _ in answers if answer.text)
        yield from (thought for _, thought in answers if thought.text)
        if not query.stages:
            sql = "SELECT name, substr(text, 1, ?) FROM attachments WHERE turn = ? ORDER BY place"
            for name, text in self._connection.execute(sql, (MOST_OF_A_FILE, turn)):
                yield Place("file", f"{name}\n{text}", file=str(name))

    def _answers(self, turn: str, final: str) -> Iterator[tuple[Place, Place]]:
        """The answers with their thoughts, the final one first, then from the last to the first."""
        sql = """SELECT a.stage, a.place, s.name, a.model, a.text, a.thinking
            FROM answers a JOIN stages s ON s.turn = a.turn AND s.place = a.stage
            WHERE a.turn = ? ORDER BY s.name = ? DESC, a.stage DESC, a.place"""
        found: Any = self._connection.execute(sql, (turn, final))
        for stage, place, name, model, text, thinking in found:
            at = stage, place
            yield Place("answer", text, name, at, model), Place("thought", thinking, name, at, model)

    def _is_meant(self, answer: Place) -> bool:
        query = self._query
        model, stage = answer.model.casefold(), answer.stage.casefold()
        return (
            all(model.startswith(wanted) for wanted in query.models)
            and all(stage.startswith(wanted) for wanted in query.stages)
            and (not query.code or has_code(answer.text))
        )

    def _snippet(self, text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
        """What stands around the first word that was searched for, on one line, and where the words are in it."""
        pattern = self._query.pattern
        found = spans(text, pattern, words=True, most=1) if pattern is not None else []
        start = max(0, found[0][0] - 2 * _BEFORE) if found else 0
        head = " ".join(_MARKUP.sub("", text[start : found[0][0]]).split(" ")) if found else ""
        head = " ".join(head.split()) + " " * (head[-1:].isspace())
        if len(head) > _BEFORE or start:
            head = head[-_BEFORE:]
            head = "…" + (head[head.find(" ") + 1 :] if " " in head[:-1] else head)
        at = found[0][0] if found else 0
        rest = " ".join(_MARKUP.sub("", text[at : at + 2 * _LENGTH]).split())
        snippet = (head + rest).strip()
        if len(snippet) > _LENGTH or at + 2 * _LENGTH < len(text):
            snippet = snippet[:_LENGTH].rstrip() + "…"
        return snippet, tuple(spans(snippet, pattern, words=True)) if pattern is not None else ()
