"""Tables of comma-separated values as context: cut by rows, and said how many there are."""

import csv
import io
import time
from collections import deque
from functools import partial

from mirador_desktop.core.context import Quoted, estimate_tokens
from mirador_desktop.core.prompts import quote
from mirador_desktop.errors import ContextError
from mirador_desktop.providers.files import decode, read_bytes, whole_path

MOST_BYTES = 30_000_000
"""Largest CSV file that is read."""
_KEPT = 1500  # rows that are kept from the beginning, and half as many from the end
_CELL = 200  # characters of a cell
_COLUMNS = 60
_SECONDS = 1.2
_PIECE = 1 << 20
_LONG = 4 * _PIECE


def read_table(value: str, label: str) -> tuple[list[Quoted], float]:
    """A CSV file, and its age in seconds.

    Raises:
        ContextError: it cannot be read, or is no table.
    """
    path = whole_path(value)
    data, cut, age = read_bytes(path, MOST_BYTES)
    if cut:
        raise ContextError(f"is larger than {MOST_BYTES // 1_000_000} MB")
    return [table(_text_of(data), f"From the file {label}")], age


def _text_of(data: bytes) -> str:
    """See `decode`. In pieces: a large one would hold up everything else in the program."""
    ends = [data.find(b"\n", at) + 1 or len(data) for at in range(_PIECE, len(data), _PIECE)]
    if not ends or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return decode(data)
    return "".join(decode(data[a:b]) for a, b in zip([0, *ends], [*ends, len(data)], strict=True))


def table(text: str, title: str) -> Quoted:
    """A section of a table that is cut by rows.

    Raises:
        ContextError: there are no rows.
    """
    head: list[list[str]] = []
    tail: deque[list[str]] = deque(maxlen=_KEPT // 2)
    count, end, more = 0, time.monotonic() + _SECONDS, ""
    text, skipped = _without_middle(text)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), _dialect(text)):
            if not any(cell.strip() for cell in row):
                continue
            count += 1
            if len(head) <= _KEPT:
                head.append(row)
            else:
                tail.append(row)
            if count % 1000 == 0 and time.monotonic() > end:
                more = "more than "  # what comes then is not read
                break
    except csv.Error as error:
        raise ContextError(f"is no table ({error})") from error
    if not head:
        raise ContextError("is empty")
    names, rows = head[0], [*head[1:], *tail]
    count += skipped - 1
    heading = f"{title}, a table of {more}{count:,} {'row' if count == 1 else 'rows'}"
    lines = [_line(row) for row in rows]
    top = [_line(names), _line(["---"] * min(len(names), _COLUMNS))]
    if len(rows) < count:
        return Quoted(heading, _some(top, lines, count, len(rows)), partial(_fit, heading, top, lines, count))
    return Quoted(heading, "\n".join([*top, *lines]), partial(_fit, heading, top, lines, count))


def _without_middle(text: str) -> tuple[str, int]:
    """A long text without rows that are not kept anyway, and how many those are.

    Only where each line is a row: in quotation marks there may be line ends.
    """
    if len(text) < _LONG or '"' in text or "\n\n" in text or "\n\r" in text:
        return text, 0
    if text.count("\r") != text.count("\r\n"):
        return text, 0
    begin, end = -1, len(text.rstrip("\r\n"))
    for _ in range(_KEPT + 1):
        begin = text.find("\n", begin + 1)
        if begin < 0:
            return text, 0
    for _ in range(_KEPT // 2):
        end = text.rfind("\n", 0, max(0, end))
    begin += 1
    if begin > end:
        return text, 0
    skipped = sum(text.count("\n", at, min(at + _PIECE, end)) for at in range(begin, end, _PIECE))
    return text[:begin] + text[end + 1 :], skipped + 1


def _fit(heading: str, top: list[str], lines: list[str], count: int, tokens: int) -> str:
    """As many of the first and last rows as fit in so many tokens."""
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high + 1) // 2
        if estimate_tokens(quote(heading, _some(top, lines, count, middle))) <= tokens:
            low = middle
        else:
            high = middle - 1
    return _some(top, lines, count, low)


def _some(top: list[str], lines: list[str], count: int, shown: int) -> str:
    """So many of the rows, two thirds of them from the beginning, with words for the others."""
    if shown >= count:
        return "\n".join([*top, *lines])
    end = shown // 3
    first, last = lines[: shown - end], lines[len(lines) - end :]
    return "\n".join([*top, *first, f"[… {count - shown:,} of {count:,} rows left out here …]", *last])


def _line(row: list[str]) -> str:
    cells = [" ".join(cell.split()).replace("|", "\\|") for cell in row[:_COLUMNS]]
    cells = [cell if len(cell) <= _CELL else cell[: _CELL - 1] + "…" for cell in cells]
    more = ["…"] if len(row) > _COLUMNS else []
    return f"| {' | '.join([*cells, *more])} |"


class _Plain(csv.excel):
    """Commas, where nothing else is found."""


def _dialect(text: str) -> type[csv.Dialect]:
    """Which sign separates the cells: the one that is most often in the first lines, in each of them."""
    lines = [line for line in text[:20_000].splitlines()[:20] if line.strip()]
    best, most = ",", 0
    for sign in ",;\t|":
        least = min((line.count(sign) for line in lines), default=0)
        if least > most:
            best, most = sign, least

    class Found(_Plain):
        delimiter = best

    return Found
