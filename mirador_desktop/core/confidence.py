"""Confidence: the probabilities a model really gave its words, and their mean.

The probability of a token is exp(logprob), with the natural logarithm that engines report. The mean over an
answer is arithmetic; it says how predictable the words were to the model, not how often it is right, so it
is always marked as not calibrated.
"""

import math
import struct
from collections import deque
from collections.abc import Iterable, Iterator

_UNKNOWN = 0xFFFF
_SCALE = 0xFFFE
_PROBABILITY = struct.Struct("<H")


def probability(logprob: float | None) -> float | None:
    """Turn a natural logarithm into a probability from 0 to 1; None stays None.

    Engines round, so a logarithm slightly above 0 counts as 0. NaN and +inf are not probabilities: None.
    """
    if logprob is None or math.isnan(logprob) or logprob == math.inf:
        return None
    return math.exp(min(logprob, 0.0))


class Marks:
    """Per token of a text: how many characters it has, and its probability or None.

    Kept as bytes: the number of characters as a base-128 number (low part first, the high bit says that more
    follows), then the probability as 16 bits in steps of 1/65534, little end first (65535: unknown).
    Most tokens take three bytes.
    """

    __slots__ = ("_bytes", "_known", "_sum", "tokens")

    def __init__(self, data: bytes = b"") -> None:
        self._bytes = bytearray()
        self._sum = 0.0
        self._known = 0
        self.tokens = 0
        for characters, confidence in _read(data):
            self.append(characters, confidence)

    def append(self, characters: int, confidence: float | None) -> None:
        """Add a token of so many characters."""
        while characters > 0x7F:
            self._bytes.append(characters & 0x7F | 0x80)
            characters >>= 7
        self._bytes.append(characters)
        if confidence is None:
            self._bytes += b"\xff\xff"
        else:
            self._bytes += _PROBABILITY.pack(round(confidence * _SCALE))
            self._sum += confidence
            self._known += 1
        self.tokens += 1

    @property
    def mean(self) -> float | None:
        """Arithmetic mean of the known probabilities, None if none is known."""
        return self._sum / self._known if self._known else None

    def __iter__(self) -> Iterator[tuple[int, float | None]]:
        return _read(bytes(self._bytes))

    def __bytes__(self) -> bytes:
        return bytes(self._bytes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Marks) and self._bytes == other._bytes

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return f"Marks({self.tokens} tokens, mean {self.mean})"


def _read(data: bytes) -> Iterator[tuple[int, float | None]]:
    at, end = 0, len(data)
    while at < end:
        characters = shift = 0
        while at < end and data[at] & 0x80:
            characters |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
        if at + 3 > end:
            return  # cut off: what is whole is kept
        characters |= data[at] << shift
        (value,) = _PROBABILITY.unpack_from(data, at + 1)
        at += 3
        yield characters, None if value == _UNKNOWN else value / _SCALE


Alternatives = tuple[tuple[str, float], ...]
Token = tuple[bytes, float, Alternatives]
"""A token as an engine reports it: its bytes, its log-probability, what else was probable."""
Aligned = tuple[str, float | None, Alternatives]
"""A piece of text with its log-probability, None if unknown."""


class Aligner:
    """Gives every piece of streamed text the log-probabilities of the tokens it was made of.

    Engines hold text back while it could begin a stop string or is half a character, so a chunk may carry
    several tokens, or tokens without text whose text comes later, or the beginning of a token whose end comes
    later. Tokens wait here until text that they spell arrives. A character spread over several tokens becomes
    one piece with the sum of their logarithms: the joint probability. Where text and tokens disagree, the text
    is passed on with no probability.
    """

    def __init__(self) -> None:
        self._waiting: deque[Token] = deque()
        self._begun: Token = _NOTHING  # bytes of tokens that were taken and whose text has not come yet

    def feed(self, text: str, tokens: Iterable[Token]) -> list[Aligned]:
        """Split `text` into the tokens that spell it, with what is known of each."""
        waiting = self._waiting
        waiting.extend(tokens)
        if not text:
            return []
        part, logprob, alternatives = self._begun
        log, others = logprob, alternatives  # of the last token alone
        rest = text.encode("utf-8", "surrogatepass")
        if not part and len(waiting) == 1 and waiting[0][0] == rest:  # by far the most frequent
            _, logprob, alternatives = waiting.popleft()
            return [(text, logprob, alternatives)]
        self._begun = _NOTHING
        pieces: list[Aligned] = []
        while rest:
            if len(part) > len(rest) and part.startswith(rest):  # the rest of the token is held back
                self._begun = part[len(rest) :], log, others
                return [*pieces, (_text(rest), logprob, alternatives)]
            if part and rest.startswith(part) and _whole(part):
                pieces.append((_text(part), logprob, alternatives))
                rest, part, logprob = rest[len(part) :], b"", 0.0
                continue
            if not rest.startswith(part) or not waiting:
                waiting.clear()
                return [*pieces, (_text(rest), None, ())]
            spelled, log, others = waiting.popleft()
            alternatives = alternatives if part else others
            part, logprob = part + spelled, logprob + log
        return pieces


_NOTHING: Token = (b"", 0.0, ())


def _whole(part: bytes) -> bool:
    """Whether bytes do not end, or begin, within a character."""
    try:
        part.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _text(part: bytes) -> str:
    return part.decode("utf-8", "surrogatepass")
