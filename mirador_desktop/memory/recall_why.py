"""Why a memory was recalled, in plain words."""

from collections.abc import Sequence
from datetime import date

from mirador_desktop.core.when import Span
from mirador_desktop.memory.recall_score import Node, Scored

_MOST_WORDS = 3
_WORTH = 0.25
"""Of what the weightiest shared word counts: words with less are no reason."""
_SIMILAR = 0.6
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
    *("November", "December"),
)


def reasons(scored: Scored, place: int, node: Node, spans: Sequence[Span]) -> tuple[str, ...]:
    """The reasons for one memory, the weightiest first."""
    features = scored.features[place]
    shares = scored.shares[place]
    said: list[tuple[float, str]] = []
    if shares:
        best = max(shares.values())
        words = sorted((word for word in shares if shares[word] >= _WORTH * best), key=lambda word: -shares[word])
        said.append((features.get("words", 0.0), f"shares {_listed(words[:_MOST_WORDS])}"))
    if features.get("date", 0.0) > 0:
        exact = any(first <= node.day <= last for first, last in spans)
        close = ", as the question says" if exact else ", soon after what the question says"
        if exact or features["date"] >= 0.5:
            said.append((0.4 * features["date"], f"asked {_day(node.day, spans)}{close}"))
    if features.get("date_said"):
        said.append((0.2, "speaks of the time that the question says"))
    if features.get("meaning", 0.0) >= _SIMILAR:
        said.append((0.6 * features["meaning"], "similar in meaning"))
    if features.get("speaker"):
        said.append((0.15, f"said by {node.speaker.title()}"))
    return tuple(text for _, text in sorted(said, key=lambda each: -each[0]))


def _listed(words: Sequence[str]) -> str:
    quoted = [f"“{word}”" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _day(day: date, spans: Sequence[Span]) -> str:
    """The day where the question names a day, the month where it names more."""
    month = f"{_MONTHS[day.month - 1]} {day.year}"
    if any((last - first).days < 7 for first, last in spans):
        return f"on {day.day} {month}"
    return f"in {month}"
