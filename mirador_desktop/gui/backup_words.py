"""What the interface says of backups: how hard a passphrase is to guess, and which backups there are."""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from mirador_desktop.core.amounts import count_words, size_words

if TYPE_CHECKING:
    from mirador_desktop.backups import Backup

_WEAK, _FAIR = 45.0, 65.0
_WORD_BITS = 11.0
"""Of a word of everyday speech: one of about 2,000."""
_WORD = re.compile(r"[^\W\d_]{4,}")
_INSTEAD = str.maketrans("0134578@$!", "oieastbasi")
"""What is written instead of letters, as everybody knows who tries words."""
_COMMON = re.compile(
    r"passw|passphrase|kennwort|geheim|secret|qwert|asdf|letmein|welcome|iloveyou|admin|mirador|backup", re.IGNORECASE
)


def guess_bits(passphrase: str) -> float:
    """About how many bits somebody has to guess who tries the likely ones first; the true figure may be lower.

    Characters that repeat or continue the one before count nothing, words of letters no more than words of everyday
    speech, and what everybody takes counts nothing. There is no list of words here: it is an upper bound.
    """
    text = _COMMON.sub("", passphrase)
    if not text:
        return 0.0
    fresh = [c for before, c in zip(" " + text, text, strict=False) if not -2 < ord(c) - ord(before) < 2]
    kinds = ((str.islower, 26), (str.isupper, 26), (str.isdigit, 10))
    pool = sum(size for is_kind, size in kinds if any(map(is_kind, text)))
    pool += 20 if any(not c.isalnum() and c != " " for c in text) else 0
    pool += 100 if any(ord(c) > 127 for c in text) else 0
    bits = min(len(fresh), 4 * len(set(text))) * math.log2(max(pool, 2))
    for written in (text, text.translate(_INSTEAD)):
        words = _WORD.findall(written)
        if words:  # letters in a row are mostly words or names
            rest = _WORD.sub("", written).replace(" ", "")
            unlike = {word.casefold() for word in words}
            by_words = sum(max(_WORD_BITS, 2.0 * len(word)) for word in unlike) + len(set(rest)) * 4.0
            bits = min(bits, by_words)
    return bits


def strength_words(passphrase: str, least: int) -> str:
    """An honest hint at how strong a passphrase is."""
    if not passphrase:
        return f"At least {least} characters. Five or more words that have nothing to do with each other are best."
    if len(passphrase) < least:
        return f"{count_words(least - len(passphrase), 'character')} more needed."
    bits = guess_bits(passphrase)
    if bits < _WEAK:
        return "Weak: who has the file could guess it by trying. Add words, or more characters."
    if bits < _FAIR:
        return "Fair, if it is not a phrase or name that others know. Another word or two makes it strong."
    return "Strong, if nobody else would write the same: Mirador cannot know that."


def when_words(made: float) -> str:
    """A Unix time as local date and time."""
    moment = datetime.fromtimestamp(made).astimezone()
    return f"{moment.day} {moment:%b %Y, %H:%M}"


def kept_words(kept: Sequence["Backup"]) -> str:
    """The daily backups, one a line."""
    return "\n".join(f"{when_words(each.made)} · {size_words(each.size)}" for each in kept)
