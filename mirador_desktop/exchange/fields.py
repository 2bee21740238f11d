"""Reads what other programs wrote, and trusts nothing: a value of a wrong kind counts as one that is not there."""

import math
import re
from collections.abc import Mapping
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_IDENTIFIER = re.compile(r"[!-~]{1,128}")
_MOST = 2**53
"""Whole numbers beyond this are not exact in JSON."""
_SECONDS = 1e11
"""A Unix time above this (the year 5138) is not in seconds but in milliseconds, or in something smaller still."""
_LATEST = 253_402_300_799.0
"""The last second of the year 9999."""


def mapping(value: object) -> Mapping[str, Any]:
    """An object, {} for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """A list, [] for anything else."""
    return value if isinstance(value, list) else []


def text(value: object, default: str = "") -> str:
    """A text that UTF-8 can hold."""
    return _SURROGATE.sub("\ufffd", value) if isinstance(value, str) else default


def identifier(value: object) -> str:
    """An identifier of Mirador's, "" for anything else."""
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else ""


def flag(value: object, default: bool = False) -> bool:
    """True or False."""
    return value if isinstance(value, bool) else default


def number(value: object) -> float | None:
    """A finite number, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def count(value: object) -> int:
    """A whole number from 0, 0 for anything else."""
    found = number(value)
    return int(min(max(found, 0.0), _MOST)) if found is not None else 0


def when(value: object) -> float | None:
    """A Unix time in seconds from one in seconds or smaller units, or from an ISO date; None for anything else."""
    if isinstance(value, str):
        return _date(value)
    found = number(value)
    if found is None or found <= 0:
        return None
    while found > _SECONDS:
        found /= 1000
    return found if found <= _LATEST else None


def _date(value: str) -> float | None:
    from datetime import UTC, datetime

    try:
        if re.fullmatch(r"\d{9,19}(\.\d{1,9})?", value):
            return when(float(value))
        found = datetime.fromisoformat(value[:40])
        seconds = (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds <= _LATEST else None
