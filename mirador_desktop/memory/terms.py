"""From text to the terms by which it is found: words without endings, and pieces of words where nothing parts them.

A word is stemmed with the Snowball stemmer of its text's language, then case and diacritics are folded. Scripts
without spaces between words (Chinese, Japanese, Thai …, and Korean, whose words carry their particles) give every
two and every three neighbouring characters.

Indexes are made of what `terms_of` returns: a change of it needs a migration that makes them anew.
"""

import re
import unicodedata
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mirador_desktop.core.folding import fold
from mirador_desktop.core.function_words import FUNCTION_WORDS, IRREGULAR, OF_ONESELF

DEFAULT_LANGUAGE = "english"
_LANGUAGES = frozenset(FUNCTION_WORDS)
_PIECES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # kana and Han
    "\uac00-\ud7af\U00020000-\U0003ffff"  # Hangul, further Han
)
_WORD = re.compile(
    rf"[{_PIECES}]+|(?:(?![{_PIECES}_])[\w\u0300-\u036f])+(?:'(?:(?![{_PIECES}_])\w)+)*(?:\+\+|#(?!\w))?"
)
_OF_PIECES = re.compile(f"[{_PIECES}]")
_HIRAGANA = re.compile("[\u3040-\u309fー]+")
_WITH_SIGNS = {"c++": "cplusplus", "c#": "csharp", "f#": "fsharp", "j#": "jsharp"}
_ENDING = frozenset(("s", "t", "m", "re", "ve", "ll", "d"))
_SENTENCE = re.compile(r"[^.!?。！？؟\n]+[.!?。！？؟\n]*")
_QUESTION_MARK = ("?", "？", "؟")
_LONGEST = 40
"""Characters of a term; what is longer is a key or a hash, of which the beginning is enough."""


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case, with their diacritics; runs of scripts without spaces stay whole."""
    found: list[str] = []
    text = unicodedata.normalize("NFKC", text).replace("İ", "i").lower().replace("’", "'").replace("ʼ", "'")
    for word in _WORD.findall(text):
        if "'" not in word:
            found.append(word)
            continue
        first, *rest = word.split("'")
        if rest[-1] == "s":  # the possessive, and "it's"
            found.append(first)
        elif rest[-1] in _ENDING:  # don't, I'm: in the lists of function words without the apostrophe
            found.append(first + "".join(rest))
        else:  # l'été, o'clock
            found += [first, *rest]
    return found


def language_of(text: str, before: str = DEFAULT_LANGUAGE) -> str:
    """The language of a text by its function words; `before` where they do not say.

    Args:
        before: the language of what was said before: a short reply is mostly in the same.
    """
    counts = dict.fromkeys(FUNCTION_WORDS, 0)
    for word in words_of(text[:4000]):
        for language in _languages_with(_folded(word)):
            counts[language] += 1
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] > counts.get(before, 0) + (counts[best] < 3) else before


def terms_of(text: str, language: str) -> list[str]:
    """All terms of a text, in order and as often as they occur, without the language's function words."""
    found: list[str] = []
    for word in words_of(text):
        found += _terms(word, language)
    return found


def said_and_asked(text: str, language: str, *, answered: bool = False) -> tuple[list[str], list[str]]:
    """The terms of a text: those that it says, and those that stand in its questions only.

    What is asked is said by whoever replies. Where the reply is part of the text (`answered`), only the questions
    with which it ends are still open.
    """
    sentences = _SENTENCE.findall(text)
    open_from = len(sentences)
    while answered and open_from and _asks(sentences[open_from - 1]):
        open_from -= 1
    said: list[str] = []
    asked: list[str] = []
    for place, sentence in enumerate(sentences):
        is_open = place >= open_from if answered else _asks(sentence)
        (asked if is_open else said).extend(terms_of(sentence, language))
    return said, asked


def ends_with_question(text: str) -> bool:
    """Whether the last thing a text says is a question."""
    return text.rstrip(" \n\t\"'”’)*_").endswith(_QUESTION_MARK)


def speaks_of_self(text: str, language: str) -> bool:
    """Whether whoever wrote the text speaks of themselves."""
    own = OF_ONESELF.get(language, frozenset())
    return any(_folded(word) in own for word in words_of(text))


@dataclass(frozen=True, slots=True)
class Sought:
    """One word of a question, or a piece of one in a script without spaces.

    Attributes:
        word: as it is shown.
        terms: what to look for: its term in each language, so that names are found in texts of all of them.
        name: whether it names something: a capitalised word inside the question, or a number.
    """

    word: str
    terms: frozenset[str]
    name: bool = False


def question_terms(text: str, languages: Iterable[str], without: Container[str] = ()) -> list[Sought]:
    """What to look for with a question.

    Args:
        languages: of the texts among which is looked, the most frequent first.
        without: words, in lower case, that are not looked for.
    """
    known = [language for language in dict.fromkeys(languages) if language in _LANGUAGES] or [DEFAULT_LANGUAGE]
    own = language_of(text, known[0])
    names = names_in(text)
    found: dict[frozenset[str], Sought] = {}
    words = [word for word in words_of(text) if word not in without]
    grammar = any(_OF_PIECES.match(word) and not _HIRAGANA.fullmatch(word) for word in words)
    for word in words:
        if _OF_PIECES.match(word):
            for piece in _pieces(word):
                if not (grammar and _HIRAGANA.fullmatch(piece)):  # endings and particles beside Han and katakana
                    found.setdefault(frozenset((piece,)), Sought(piece, frozenset((piece,))))
        elif _terms(word, own):
            terms = frozenset(term for language in (own, *known) for term in _terms(word, language))
            found.setdefault(terms, Sought(word, terms, _folded(word) in names))
    return list(found.values())


def names_in(text: str) -> frozenset[str]:
    """Capitalised words and numbers inside a question: they name something. Folded; not the first word."""
    words = re.findall(r"(?<!^)(?<![.!?] )\b(?:[^\W\d_]*[A-ZÀ-ÖØ-ÞΑ-ΩА-Я]|\d)\w*", text.strip())
    return frozenset(_folded(word.lower()) for word in words)


def _asks(sentence: str) -> bool:
    return sentence.rstrip().endswith(_QUESTION_MARK)


def _terms(word: str, language: str) -> tuple[str, ...]:
    if _OF_PIECES.match(word):
        return _pieces(word)
    return _term(word, language)


@lru_cache(maxsize=50_000)
def _term(word: str, language: str) -> tuple[str, ...]:
    """The term of a word, none for a function word."""
    if word in _WITH_SIGNS:
        return (_WITH_SIGNS[word],)
    word = word.rstrip("+#")
    folded = _folded(word)
    if folded in FUNCTION_WORDS.get(language, frozenset()):
        return ()
    irregular = IRREGULAR.get(language, {}).get(folded)
    if irregular is not None:
        return (_stem(irregular, language),)
    stemmed = _folded(_stem(word, language)) if not folded.isdigit() else folded
    cleaned = "".join(char for char in stemmed[:_LONGEST] if char.isalnum() or char > "\x7f")
    return (cleaned,) if cleaned else ()


def _pieces(run: str) -> tuple[str, ...]:
    """Every two and every three neighbouring characters of a run; a single one is a term itself."""
    if len(run) < 2:
        return (run,)
    return tuple(run[at : at + size] for size in (2, 3) for at in range(len(run) - size + 1))


def _folded(word: str) -> str:
    return fold(word).replace("ı", "i").replace("'", "")


@lru_cache(maxsize=20_000)
def _languages_with(word: str) -> tuple[str, ...]:
    return tuple(language for language, words in FUNCTION_WORDS.items() if word in words)


@lru_cache(maxsize=32)
def _stemmer(language: str) -> Any:
    import Stemmer  # where it is first used, not at the start

    return Stemmer.Stemmer(language)


def _stem(word: str, language: str) -> str:
    if language not in _LANGUAGES or len(word) > _LONGEST:
        return word
    return str(_stemmer(language).stemWord(word))
