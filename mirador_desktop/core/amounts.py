"""Amounts in words, as the interface writes them: bytes, speeds, times."""


def size_words(count: float) -> str:
    """Bytes in decimal units: "12.3 GB", "274 MB", "3 kB"."""
    if count >= 0.95e9:
        return f"{count / 1e9:.1f} GB" if count < 99.95e9 else f"{count / 1e9:.0f} GB"
    if count >= 0.95e6:
        return f"{count / 1e6:.0f} MB"
    return f"{count / 1e3:.0f} kB" if count >= 1000 else f"{count:.0f} bytes"


def round_words(count: float) -> str:
    """Bytes as roughly as they matter for a decision: "43 GB", "4.9 GB", "274 MB"."""
    return f"{count / 1e9:.0f} GB" if count >= 9.95e9 else size_words(count)


def part_words(part: float, whole: float) -> str:
    """A part of so many bytes: "12.3 of 19.8 GB"; both in the unit of the whole."""
    unit, divisor = ("GB", 1e9) if whole >= 0.95e9 else ("MB", 1e6) if whole >= 0.95e6 else ("kB", 1e3)
    digits = 1 if unit == "GB" and whole < 99.95e9 else 0
    return f"{part / divisor:.{digits}f} of {whole / divisor:.{digits}f} {unit}"


def time_words(seconds: float) -> str:
    """A stretch of time, roundly: "8 s", "3 min", "1 h 20 min", "2 days"."""
    if seconds < 59.5:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"
    return f"{round(hours / 24)} days"


def count_words(count: int, one: str, several: str = "") -> str:
    """A number of things: "1 model", "8 models"."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"
