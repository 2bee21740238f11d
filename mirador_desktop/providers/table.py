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
_SECONDS = 1.5


def read_table(value: str, label: str) -> tuple[list[Quoted], float]:
    """A CSV file, and its age in seconds.

    Raises:
        ContextError: it cannot be read, or is no table.
    """
    path = whole_path(value)
    data, cut, age = read_bytes(path, MOST_BYTES)
    if cut:
        raise ContextError(f"is larger than {MOST_BYTES // 1_000_000} MB")
    return [table(decode(data), f"From the file {label}")], age


def table(text: str, title: str) -> Quoted:
    """A section of a table that is cut by rows.

    Raises:
        ContextError: there are no rows.
    """
    head: list[list[str]] = []
    tail: deque[list[str]] = deque(maxlen=_KEPT // 2)
    count, end = 0, time.monotonic() + _SECONDS
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
                raise ContextError("takes too long to read")
    except csv.Error as error:
        raise ContextError(f"is no table ({error})") from error
    if not head:
        raise ContextError("is empty")
    names, rows = head[0], [*head[1:], *tail]
    count -= 1
    heading = f"{title}, a table of {count:,} {'row' if count == 1 else 'rows'}"
    lines = [_line(row) for row in rows]
    top = [_line(names), _line(["---"] * min(len(names), _COLUMNS))]
    if len(rows) < count:
        return Quoted(heading, _some(top, lines, count, len(rows)), partial(_fit, heading, top, lines, count))
    return Quoted(heading, "\n".join([*top, *lines]), partial(_fit, heading, top, lines, count))


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
