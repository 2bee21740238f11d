"""What is said of a pull, beside its name and in its tool tip."""

from mirador_desktop.core.amounts import part_words, size_words, time_words
from mirador_desktop.core.pull import Pull
from mirador_desktop.pulls import Pulls


def pull_words(pull: Pull, pulls: Pulls) -> str:
    """How a pull stands, in one line: "12.3 of 19.8 GB · 48 MB/s · 3 min left"."""
    transfer, now = pull.transfer, pulls.now()
    amount = part_words(transfer.completed, transfer.total) if transfer.total else ""
    about = f"about {size_words(transfer.expected)}" if transfer.expected else ""
    match pull.state:
        case "waiting":
            soon = pulls.starts_in(pull)
            return _joined(amount or about, f"queued, starts in about {time_words(soon)}" if soon else "queued")
        case "paused" if pull.offered:
            return f"was not finished: {amount}. Go on?" if amount else "was not begun. Go on?"
        case "paused":
            return _joined(amount or about, "paused")
        case "still":
            return _joined(amount or about, f"no data for {transfer.silent(now):.0f} s")
        case "pulling":
            return _running(pull, amount or about, now)
        case "done":
            return _joined(size_words(transfer.total) if transfer.total else "", pull.status or "success")
        case "failed":
            return _joined(amount, "failed")
        case _:
            return f"stopped at {amount}. Keep the part?" if amount else "stopped"


def _running(pull: Pull, amount: str, now: float) -> str:
    transfer = pull.transfer
    if not transfer.announced or not pull.status.startswith("pulling ") or pull.status == "pulling manifest":
        return _joined(amount, pull.status or "asking the host")
    again = f"{size_words(transfer.again)} were lost and come again" if transfer.again else ""
    speed, left = transfer.speed(now), transfer.left(now)
    fast = f"{size_words(speed)}/s" if speed else ""
    return _joined(amount, again, fast, f"{time_words(left)} left" if left else "")


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
