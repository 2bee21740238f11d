"""Amounts in words, as the interface writes them: bytes, speeds, times."""


def size_words(count: float) -> str:
    """Bytes in decimal units: "1.2 TB", "12.3 GB", "274 MB", "3 kB"."""
    if count >= 999.5e9:
        return f"{count / 1e12:.1f} TB"
    if count >= 0.95e9:
        return f"{count / 1e9:.1f} GB" if count < 99.95e9 else f"{count / 1e9:.0f} GB"
    if count >= 0.95e6:
        return f"{count / 1e6:.0f} MB"
    return f"{count / 1e3:.0f} kB" if count >= 1000 else count_words(round(count), "byte")


def round_words(count: float) -> str:
    """Bytes as roughly as they matter for a decision: "43 GB", "4.9 GB", "274 MB"."""
    return f"{count / 1e9:.0f} GB" if 9.95e9 <= count < 999.5e9 else size_words(count)


def part_words(part: float, whole: float) -> str:
    """A part of so many bytes: "12.3 of 19.8 GB"; both in the unit of the whole."""
    unit, divisor = ("GB", 1e9) if whole >= 0.95e9 else ("MB", 1e6) if whole >= 0.95e6 else ("kB", 1e3)
    digits = 1 if unit == "GB" and whole < 99.95e9 else 0
    return f"{part / divisor:.{digits}f} of {whole / divisor:.{digits}f} {unit}"


def seconds_words(seconds: float) -> str:
    """A measured time: "0.31 s", "12 s", "3 min 20 s"."""
    if seconds < 10:
        return f"{seconds:.2g} s" if seconds >= 1 else f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def time_words(seconds: float) -> str:
    """A time that is left, roundly: "8 s", "3 min", "1 h 20 min", "2 days"."""
    if seconds < 59.5:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"
    return f"{round(hours / 24)} days"


def age_words(seconds: float) -> str:
    """How old something is, in one unit: "20 s", "5 min", "2 h", "3 days"."""
    for unit, length, most in (("s", 1, 60), ("min", 60, 60), ("h", 3600, 48)):
        if seconds < length * most:
            return f"{seconds / length:.0f} {unit}"
    return count_words(round(seconds / 86_400), "day")


def count_words(count: int, one: str, several: str = "") -> str:
    """A number of things: "1 model", "8 models"."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"
