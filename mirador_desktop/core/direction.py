"""Which way a text is written."""

import unicodedata

_ENOUGH = 500
"""Characters that are looked at: a text that has no letter among them is no sentence."""


def right_to_left(text: str) -> bool:
    """Whether its first letter with a direction is written from right to left (rules P2 and P3 of UAX #9)."""
    if text.isascii():
        return False
    directions = (unicodedata.bidirectional(character) for character in text[:_ENOUGH])
    return next((direction != "L" for direction in directions if direction in ("L", "R", "AL")), False)
