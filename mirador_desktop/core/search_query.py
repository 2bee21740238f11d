"""What is typed to search: words, "phrases", -words, and filters such as model:llama3.2 or before:2026-05."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from mirador_desktop.core.folding import stands_alone, words_of

LONGEST = 1000
"""Characters that are read; what is longer was not typed to search."""
_MOST_TERMS = 32
_PART = re.compile(
    r'(?P<name>-?[A-Za-z]+):"(?P<quoted>[^"]*)"?|(?P<minus>-?)"(?P<phrase>[^"]*)(?P<closed>"?)|(?P<word>\S+)'
)
_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as it is explained.

    Attributes:
        text: what is inserted when it is chosen.
        example: how it looks when it is complete.
        words: what it finds.
    """

    text: str
    example: str
    words: str


FILTERS = (
    Filter('"', '"cold start"', "words exactly in this order"),
    Filter("-", "-word", "without a word"),
    Filter("model:", "model:llama3.2", "answered by a model"),
    Filter("stage:", "stage:deep", "in the answers of a stage"),
    Filter("after:", "after:2026-05-17", "asked on or after a date"),
    Filter("before:", "before:2026-05", "asked before a date"),
    Filter("tag:", "tag:work", "in conversations with a tag"),
    Filter("has:code", "has:code", "with code in the answer"),
    Filter("in:title", "in:title", "in titles only"),
)
"""All filters, for the window to explain."""
_NAMES = frozenset(each.text.partition(":")[0] for each in FILTERS if ":" in each.text)


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other; a single one unless it is a phrase.

    Attributes:
        words: folded (`folding.words_of`), not empty.
        prefix: whether the last one may go on.
        typed: as the person wrote it.
    """

    words: tuple[str, ...]
    prefix: bool = False
    typed: str = ""

    @property
    def expression(self) -> str:
        """A regular expression for what `words_of` returns."""
        return "(?<![^ ])" + " +".join(map(re.escape, self.words)) + ("" if self.prefix else "(?![^ ])")


@dataclass(frozen=True)
class Query:
    """What to look for: all of it must be the case.

    Attributes:
        text: as it was typed.
        without: what must not be there.
        models, stages: an answer of such a model in such a stage; beginnings of names, folded by case.
        tags: the conversation has all of these, folded by case.
        after, before: Unix times between which the question was asked, the second one excluded.
        code: whether an answer has a block of code.
        titles_only: whether titles alone are searched.
        problems: sentences about what could not be understood; it is left out.
    """

    text: str = ""
    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    models: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    after: float | None = None
    before: float | None = None
    code: bool = False
    titles_only: bool = False
    problems: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not (self.terms or self.without or self.filters_turns or self.tags)

    @property
    def filters_turns(self) -> bool:
        """Whether there are filters that a title alone cannot pass."""
        dated = self.after is not None or self.before is not None
        return bool(self.models or self.stages or self.code or dated)

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """Finds what to highlight in what `words_of` returns, None if there are only filters."""
        return pattern_of(self.terms)


def pattern_of(terms: Iterable[Term]) -> re.Pattern[str] | None:
    """A pattern that finds each of the terms; a word that may go on is found with all of it."""
    parts = [t.expression + "[^ ]*" * t.prefix for t in sorted(terms, key=lambda t: -len("".join(t.words)))]
    return re.compile("|".join(parts)) if parts else None


def parse(text: str, now: datetime | None = None) -> Query:
    """Read what is typed; anything is a query.

    Args:
        now: what "today" means; the current time if None.
    """
    reader = _Reader(now or datetime.now().astimezone())
    shown, text = text, text[:LONGEST]
    parts = list(_PART.finditer(text))
    for part in parts:
        last = part is parts[-1] and part.end() == len(text)
        if part["name"] is not None:
            if not reader.filter(part["name"], part["quoted"]):
                reader.term(part[0], last=False)
        elif part["phrase"] is not None:
            reader.term(part["phrase"], last=last and not part["closed"], minus=bool(part["minus"]), typed=part[0])
        else:
            reader.word(part["word"], last)
    return reader.query(shown)


class _Reader:
    def __init__(self, now: datetime) -> None:
        self._now = now
        self._terms: list[Term] = []
        self._without: list[Term] = []
        self._named: dict[str, list[str]] = {"model": [], "stage": [], "tag": []}
        self._after: float | None = None
        self._before: float | None = None
        self._code = self._titles = False
        self._problems: list[str] = []

    def word(self, word: str, last: bool) -> None:
        name, colon, value = word.partition(":")
        if colon and self.filter(name, value):
            return
        minus = len(word) > 1 and word[0] == "-" and words_of(word[1:]).strip() != ""
        self.term(word[1:] if minus else word, last=last and not minus, minus=minus, typed=word)

    def term(self, text: str, last: bool, minus: bool = False, typed: str = "") -> None:
        words = tuple(words_of(text).split())
        if words and len(self._terms) + len(self._without) < _MOST_TERMS:
            ends = bool(text) and words_of(text[-1]).strip() != ""  # "half." is whole
            prefix = last and ends and not stands_alone(words[-1])
            (self._without if minus else self._terms).append(Term(words, prefix, typed or text))

    def filter(self, name: str, value: str) -> bool:
        """Take a filter; False if it is none."""
        typed, name, value = name, name.lower(), value.strip()
        if name[:1] == "-" and name[1:] in _NAMES:
            self._problems.append(f"{typed}: is not understood; words and phrases can be left out with “-”.")
        elif name in self._named:
            value = value.lstrip("#") if name == "tag" else value
            if value:
                self._named[name].append(value.casefold())
            else:
                example = {"model": "model:llama3.2", "stage": "stage:deep", "tag": "tag:work"}[name]
                self._problems.append(f"{name}: needs a name, as in {example}.")
        elif name in ("before", "after"):
            self._date(name, value)
        elif name == "has":
            self._code = self._code or value.lower() == "code"
            if value.lower() != "code":
                self._problems.append("has: is understood with code only, as in has:code.")
        elif name == "in" and "title".startswith(value.lower().rstrip("s")) and value:
            self._titles = True
        else:
            return False
        return True

    def _date(self, name: str, value: str) -> None:
        day = read_date(value, self._now.date())
        if day is None:
            example = "2026-05" if name == "before" else "2026-05-01"
            self._problems.append(f"{name}: needs a date, as in {name}:{example}.")
            return
        moment = _local(day)
        if name == "before":
            self._before = moment if self._before is None else min(moment, self._before)
        else:
            self._after = moment if self._after is None else max(moment, self._after)

    def query(self, text: str) -> Query:
        return Query(
            text,
            tuple(dict.fromkeys(self._terms)),
            tuple(dict.fromkeys(self._without)),
            tuple(dict.fromkeys(self._named["model"])),
            tuple(dict.fromkeys(self._named["stage"])),
            tuple(dict.fromkeys(self._named["tag"])),
            self._after,
            self._before,
            self._code,
            self._titles,
            tuple(dict.fromkeys(self._problems)),
        )


def read_date(value: str, today: date) -> date | None:
    """The first day of a year, month or day (2026, 2026-05, 2026-05-17), "today" or "yesterday"; else None."""
    word = value.casefold()
    if word in ("today", "yesterday"):
        return today - timedelta(days=word == "yesterday")
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None


def _local(day: date) -> float:
    """When a day begins here; days that this system cannot tell are as far away as it can."""
    try:
        return datetime(day.year, day.month, day.day).astimezone().timestamp()
    except (OverflowError, OSError, ValueError):
        return (day - date(1970, 1, 1)).days * 86400.0
