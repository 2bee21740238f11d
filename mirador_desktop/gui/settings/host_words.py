"""What the page Hosts says of a host, in words."""

import time
from datetime import date, datetime

from mirador_desktop.core.host import Certificate
from mirador_desktop.hosts import HostEntry

KINDS = {"ollama": "Ollama", "openai": "OpenAI-compatible"}


def shown_name(entry: HostEntry) -> str:
    """Its name at the beginning of a line; a name that the person gave stays as it is."""
    given = entry.settings.name.strip()
    return entry.name if given or "://" in entry.name else entry.name[:1].upper() + entry.name[1:]


def kind_words(entry: HostEntry) -> str:
    """Its kind, and its version where that is known."""
    version = entry.state.version if entry.state is not None else ""
    return f"{KINDS[entry.settings.kind]} {version}".strip()


def numbers(entry: HostEntry) -> tuple[str, str]:
    """The two lines at the right of a host: how fast it answers, and what it has."""
    state = entry.state
    if not entry.settings.on:
        return "", "off"
    if entry.problem:
        return "", "not used"
    if state is None:
        return "", "looking…"
    if not state.reachable:
        left = f"{_models(entry.left_out)} left out" if entry.left_out else ""
        return "refused" if state.trouble == "denied" else "no answer", left
    loaded = f", {len(state.loaded)} in memory" if entry.settings.kind == "ollama" and state.models else ""
    return milliseconds(state.latency), f"{_models(len(state.models))}{loaded}"


def trouble(entry: HostEntry, now: float | None = None) -> str:
    """What is wrong with a host that is on, in sentences; "" if nothing.

    Args:
        now: Unix time.
    """
    if not entry.settings.on:
        return ""
    if entry.problem:
        return f"{entry.problem} This host is not used."
    state = entry.state
    if state is None or state.reachable:
        return ""
    now = time.time() if now is None else now
    since = f" since {moment(entry.since, now)}" if entry.since is not None else ""
    said = f"Nothing listens there{since}." if state.trouble == "nothing" else state.error
    if since and state.trouble != "nothing":
        said = f"{said} Left out{since}."
    if entry.left_out == 1:
        said += " Its model is left out, its stages use fallbacks."
    elif entry.left_out:
        said += f" Its {entry.left_out} models are left out, their stages use fallbacks."
    if entry.next_look is not None:
        left = max(1, round(entry.next_look - now))
        said += f" Next try in {left} s."
    return said


def moment(unix: float, now: float) -> str:
    """A time of today, or a day."""
    then, today = datetime.fromtimestamp(unix), datetime.fromtimestamp(now)
    return f"{then:%H:%M}" if then.date() == today.date() else day(then.date(), today.date())


def day(when: date, today: date | None = None) -> str:
    """A day, with its year where that is not this one."""
    words = f"{when.day} {when:%B}"
    return words if when.year == (today or date.today()).year else f"{words} {when.year}"


def accepted_on(text: str) -> str:
    """On which day a certificate was accepted, as the settings say it."""
    try:
        return f"Accepted by you on {day(date.fromisoformat(text))}"
    except ValueError:
        return "Accepted by you"


def certificate_lines(certificate: Certificate) -> str:
    """What a certificate says of itself, and its fingerprint, a line each."""
    lines = []
    if certificate.subject:
        signer = "itself" if certificate.signed_by_itself else certificate.issuer or "nobody named"
        lines.append(f"For {certificate.subject}, signed by {signer}")
    if certificate.begins is not None and certificate.ends is not None:
        begins, ends = (datetime.fromtimestamp(m) for m in (certificate.begins, certificate.ends))
        over = ", which is over" if ends < datetime.now() else ""
        lines.append(f"Valid from {begins.day} {begins:%B %Y} to {ends.day} {ends:%B %Y}{over}")
    pairs = certificate.fingerprint
    quarters = [pairs[start : start + 23] for start in range(0, len(pairs), 24)]
    return "\n".join(
        [*lines, "SHA-256", *(f"  {a} {b}" for a, b in zip(quarters[::2], quarters[1::2], strict=False))]
    )


def short_fingerprint(fingerprint: str) -> str:
    """Its beginning and its end."""
    return f"SHA-256 {fingerprint[:11]} … {fingerprint[-11:]}" if fingerprint else ""


def milliseconds(seconds: float) -> str:
    """A latency."""
    return f"{max(1, round(seconds * 1000))} ms"


def _models(count: int) -> str:
    return "1 model" if count == 1 else f"{count} models" if count else "no models"
