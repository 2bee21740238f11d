"""Words of the index that are spelled like a word that is nowhere in it."""

import json
from collections.abc import Iterator

import apsw

from mirador_desktop.core.search_query import Term

_VOCABULARIES = {"search_words": "search_vocabulary", "search_titles": "search_titles_vocabulary"}
_ALPHABETS = ("abcdefghijklmnopqrstuvwxyz", "абвгдежзиклмнопрстуфхцчшщъыьэюя", "αβγδεζηθικλμνξοπρστυφχψωσς")
_SHORTEST, _LONGEST = 3, 40
_BEGINNING = 3
"""Letters among which one mistake is looked for by trying; what begins with them is looked through."""
_LONG = 6
"""Letters from which on two mistakes are forgiven."""
_MOST = 4_000
_LIKE = 0.25


def near(connection: apsw.Connection, term: Term) -> str | None:
    """The word nearest to a term that is a single word and not in the index; None if it is there, or none is near.

    One mistake (a letter too many, missing, wrong, or two of them exchanged) may be in the first letters, or one or
    two behind them: words that begin alike are compared by their trigrams, and the likely ones letter by letter. Of
    words equally near, the one in more turns is taken.
    """
    word = term.words[0]
    if len(term.words) > 1 or not _SHORTEST <= len(word) <= _LONGEST or not word.isalpha():
        return None
    if any(_is_known(connection, table, word, prefix=term.prefix) for table in _VOCABULARIES):
        return None
    found: dict[str, tuple[int, int]] = {}
    once = json.dumps(list(_once_changed(word, _BEGINNING)))
    most = 2 if len(word) >= _LONG else 1
    for name in _VOCABULARIES.values():
        sql = f"SELECT term, doc FROM {name} WHERE term IN (SELECT value FROM json_each(?))"  # noqa: S608
        for other, turns in connection.execute(sql, (once,)):
            found[str(other)] = 1, -int(str(turns))
        sql = f"SELECT term, doc FROM {name} WHERE term BETWEEN ? AND ? LIMIT ?"  # noqa: S608
        begin = word[:_BEGINNING]
        for other, turns in connection.execute(sql, (begin, begin + "\U0010ffff", _MOST)):
            other = str(other)
            if abs(len(other) - len(word)) <= most and likeness(word, other) >= _LIKE:
                steps = distance(word, other)
                if steps <= most:
                    found[other] = steps, -int(str(turns))
    return min(found, key=lambda other: found[other]) if found else None


def _is_known(connection: apsw.Connection, table: str, word: str, *, prefix: bool) -> bool:
    """Whether there is a word, or one that begins so."""
    sql = f"SELECT 1 FROM {table} WHERE {table} MATCH ? LIMIT 1"  # noqa: S608 - a constant of this file
    return connection.execute(sql, (f'"{word}"{" *" * prefix}',)).fetchone() is not None


def _once_changed(word: str, places: int) -> Iterator[str]:
    """All words that are one mistake away, which is in one of the first places."""
    letters = next((a for a in _ALPHABETS if word[0] in a), "") or "".join(sorted(set(word)))
    for place in range(places):
        head, tail = word[:place], word[place:]
        for letter in letters:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]


def likeness(one: str, other: str) -> float:
    """How many of the trigrams of two words (with their ends) are the same, 0 to 1 (Jaccard)."""
    first, second = _trigrams(one), _trigrams(other)
    return len(first & second) / len(first | second)


def _trigrams(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


def distance(one: str, other: str) -> int:
    """Letters to insert, delete, replace or exchange with their neighbour (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        now = [i]
        for j, b in enumerate(other, 1):
            steps = min(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                steps = min(steps, before[j - 2] + 1)
            now.append(steps)
        before, last = last, now
    return last[-1]
