"""Text as searching sees it: without case and diacritics, cut into words.

Indexes are made of what `words_of` returns, and what is deleted from them is computed by it again: a change of what
it returns needs a migration that makes them anew.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

_MARKS = ((0x300, 0x36F), (0x591, 0x5C7), (0x610, 0x61A), (0x64B, 0x65F), (0x670, 0x670), (0xFE00, 0xFE0F))
"""Marks that are left out: accents, vowel points of Hebrew and Arabic, variants. Others belong to the spelling."""
_ALONE = (
    *((0xE00, 0xEFF), (0x1000, 0x109F), (0x1780, 0x17FF)),  # Thai and Lao, Burmese, Khmer
    *((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3040, 0x318F), (0x31A0, 0x31FF), (0x3400, 0x9FFF)),
    *((0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
)
"""Scripts in which words are not, or not always, parted by spaces: each of their characters is a word."""


def _within(code: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _folded(code: int) -> str:
    """A character without case and diacritics; "" for what is left out."""
    char = chr(code)
    if _within(code, _MARKS) or unicodedata.category(char) == "Cf":
        return ""
    if 0xAC00 <= code <= 0xD7AF:  # Hangul would fall apart into its letters
        return char
    decomposed = unicodedata.normalize("NFKD", char).casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", decomposed) if not _within(ord(c), _MARKS))


class _Plain(dict[int, str]):
    """For `str.translate`: one entry for each character that was ever met."""

    def __missing__(self, code: int) -> str:
        # What becomes nothing by itself stays, so that a search for it alone can be told from an empty one.
        folded = self[code] = _folded(code)
        return folded


class _Words(dict[int, str]):
    """The same, with all that is no part of a word replaced by a space."""

    def __missing__(self, code: int) -> str:
        made = self[code] = "".join(map(_in_words, _folded(code)))
        return made


def _in_words(char: str) -> str:
    """A folded character, parted from others where it is a word, and a space for what belongs to none."""
    category = unicodedata.category(char)
    if category == "So" or _within(ord(char), _ALONE):  # emoji among them
        return f" {char} "
    return char if char.isalnum() or category[0] == "M" else " "


_PLAIN, _WORDS = _Plain(), _Words()


def fold(text: str) -> str:
    """The text without case and diacritics, with its punctuation and spaces."""
    return text.translate(_PLAIN)


def words_of(text: str) -> str:
    """The words of a text without case and diacritics, parted by spaces."""
    return text.translate(_WORDS)


def stands_alone(word: str) -> bool:
    """Whether a word is one character of a script without spaces."""
    return len(word) == 1 and len(_WORDS[ord(word)]) == 3


def spans(text: str, pattern: re.Pattern[str], *, words: bool, most: int = 0) -> list[tuple[int, int]]:
    """Where a pattern for the folded text is in the text itself, from and to.

    Args:
        words: whether the pattern is for `words_of` (else for `fold`).
        most: how many are looked for, 0 for all.
    """
    table = _WORDS if words else _PLAIN
    folded = text.translate(table)
    found: list[tuple[int, int]] = []
    starts: list[int] = []
    for start, end in _matches(pattern, folded):
        if not starts and not text.isascii():
            starts = [0, *accumulate(map(len, map(table.__getitem__, map(ord, text))))]
        if starts:  # the last character that begins there: those before it became nothing
            start = bisect_right(starts, start) - 1
            end = bisect_right(starts, end - 1)
            while end < len(text) and not table[ord(text[end])]:
                end += 1  # an accent of its own belongs to its letter
        found.append((start, end))
        if len(found) == most:
            break
    return found


def _matches(pattern: re.Pattern[str], folded: str) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(folded):
        start, end = match.span()
        while start < end and folded[start] == " " == folded[end - 1]:
            start, end = start + 1, end - 1
        if start < end:
            yield start, end
        elif match[0]:
            yield match.span()
