"""Reads JSON from a stream piece by piece: one value is in memory at a time, not the whole file.

Values are read by Python's own reader, from as much text as they need; arrays and objects that are too large for
that are gone through element by element (`array`, `object`).
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from mirador_desktop.errors import ExchangeError

_PIECE = 1 << 20
_SPACE = re.compile(r"[ \t\n\r]*")
_DIGITS = 4000
"""Python refuses to read whole numbers that are longer."""


class BrokenJson(ExchangeError):
    """What was read is not JSON, or no sensible one."""


class Scanner:
    """Goes through one JSON document.

    Args:
        source: bytes in UTF-8, UTF-16 or UTF-32, with or without a mark of the order.
        most: characters that one value may have at most.

    Raises:
        BrokenJson: any method, when the text is not JSON, a value is too large or too deep.
        ExchangeError: any method, when the source cannot be read.
    """

    def __init__(self, source: BinaryIO, most: int) -> None:
        self._source, self._most = source, most
        self._decoder: codecs.IncrementalDecoder | None = None
        self._text = ""
        self._at = 0
        self._ended = False
        self._json = json.JSONDecoder(parse_constant=_nothing, parse_int=_whole, strict=False)

    def peek(self) -> str:
        """The character that the next value begins with, "" at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match is not None else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def begins(self, text: str) -> bool:
        """Whether the next value begins like that, but for spaces between signs."""
        self.peek()
        while len(self._text) - self._at < 1000 and self._more():
            pass
        return "".join(self._text[self._at : self._at + 1000].split()).startswith(text)

    def value(self) -> object:
        """The next value, whole."""
        if not self.peek():
            self._broken("it ends too early")
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # It may only be cut off; what is wrong in the middle is still wrong when there is more.
                if self._ended or (len(self._text) - error.pos > _PIECE and not error.msg.startswith("Unterminated")):
                    self._broken(f"{error.msg.lower().removesuffix(' at')} at line {error.lineno}")
            except RecursionError:
                self._broken("it is nested too deeply")
            except ValueError as error:
                self._broken(str(error))
            else:
                # A number may go on; everything else has its own end.
                if end < len(self._text) or self._ended or self._text[end - 1] in '"]}':
                    self._at = end
                    return found
            if len(self._text) - self._at > self._most:
                self._broken(f"one conversation has more than {self._most // 1_000_000} million characters")
            self._more(max(_PIECE, len(self._text) - self._at))

    def array(self) -> Iterator[None]:
        """Go through an array: each time the next element has to be read, by `value`, `array` or `object`."""
        self._take("[")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            yield
            if self._take(",", "]") == "]":
                return

    def object(self) -> Iterator[str]:
        """Go through an object: gives each key, whose value has to be read then."""
        self._take("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() != '"':
                self._broken("a key is missing")
            key = self.value()
            self._take(":")
            yield str(key)
            if self._take(",", "}") == "}":
                return

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self.peek():
            self._broken("something follows its end")

    def _take(self, *signs: str) -> str:
        found = self.peek()
        if found not in signs or not found:
            self._broken(f"“{signs[0]}” is missing" if found else "it ends too early")
        self._at += 1
        return found

    def _more(self, size: int = _PIECE) -> bool:
        """Read on; False at the end."""
        if self._ended:
            return False
        try:
            piece = self._source.read(size)
            if self._decoder is None:
                self._decoder = codecs.getincrementaldecoder(json.detect_encoding(piece[:4]))("surrogatepass")
            text = self._decoder.decode(piece, not piece)
        except UnicodeDecodeError:
            self._broken("it is not written in UTF-8")
        except ExchangeError:
            raise
        except Exception as error:  # zipfile and zlib raise a dozen kinds
            raise ExchangeError(f"The file cannot be read: {error}.") from error
        self._ended = not piece
        self._text = self._text[self._at :] + text
        self._at = 0
        return not self._ended or bool(text)

    def _broken(self, why: str) -> NoReturn:
        raise BrokenJson(f"The file is not JSON that can be read: {why.rstrip('.')}.")


def _nothing(name: str) -> None:
    """NaN and the infinities, which JSON does not have."""


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) < _DIGITS else None
