"""Tokens of an answer: cut from a text, with log-probabilities that are the same in every run."""

import hashlib
import math
import random
import re
from dataclasses import dataclass, field
from typing import Any

from tests.ollama_sim.scenario import Model

_PIECES = re.compile(r"\n+|[ \t]*[A-Za-z]{1,9}|[ \t]*\d{1,3}|[ \t]*[^\sA-Za-z0-9]|[ \t]+")
_SURE = {
    "the",
    "a",
    "of",
    "to",
    "and",
    "in",
    "is",
    "it",
    "that",
    ",",
    ".",
    ":",
    "|",
    "`",
    "-",
    "*",
    "#",
    "\n",
}
_OTHERS = ("the", "a", "this", "import", "about", "not", "more", "first", "it", "when", "time", "be", "only",
           "use", "your", "one", "with", "two", "command", "slow", "fast", "before")  # fmt: skip
_SUBJECTS = ("The start", "Your program", "Each import", "A lazy import", "The slowest part", "This change",
             "A small test", "The profile", "Every module")  # fmt: skip
_VERBS = ("takes most of", "moves", "measures", "explains", "saves", "hides", "costs", "shortens", "keeps")
_OBJECTS = ("the time before the first line", "what the user waits for", "the work you never see",
            "a tenth of a second", "the part that is easy to change", "one file at a time")  # fmt: skip
_TITLES = ("What to measure", "The short answer", "Why it happens", "What to change first", "How to check")


@dataclass
class Token:
    """A token as the model gives it: bytes, which need not be whole characters."""

    data: bytes
    logprob: float = -0.1
    others: list[tuple[bytes, float]] = field(default_factory=list)
    thinking: bool = False
    silent: bool = False  # the end of the thoughts: counted, never shown

    def described(self, top: int | None) -> dict[str, Any]:
        """As it stands in the list of log-probabilities."""

        def one(data: bytes, logprob: float) -> dict[str, Any]:
            return {"token": data.decode(errors="replace"), "logprob": logprob, "bytes": list(data)}

        said = one(self.data, self.logprob)
        if top:
            ranked = sorted([(self.data, self.logprob), *self.others], key=lambda each: -each[1])
            said["top_logprobs"] = [one(*each) for each in ranked[:top]]
        return said


def seeded(*parts: object) -> random.Random:
    """Random numbers that depend on nothing but the parts."""
    return random.Random(hashlib.sha256("\0".join(map(str, parts)).encode()).digest())


def cut(text: str, *, split_characters: bool = False) -> list[bytes]:
    """A text in tokens of a word, a sign or a line break each."""
    tokens: list[bytes] = []
    for piece in _PIECES.findall(text):
        data = piece.encode()
        if split_characters and len(data) > len(piece):
            tokens += [data[:-1], data[-1:]]
        else:
            tokens.append(data)
    return tokens


def generated(prompt: str, count: int, chooser: random.Random) -> str:
    """Markdown that looks like English, of about so many tokens."""
    asked = re.findall(r"[A-Za-z]{5,}", prompt)[:8] or ["question"]
    parts = [f"About {chooser.choice(asked)}:"]
    size = 4
    while size < count:
        kind = chooser.random()
        if kind < 0.15:
            parts.append(f"## {chooser.choice(_TITLES)}")
        elif kind < 0.35:
            parts.append("\n".join(f"- {chooser.choice(_SUBJECTS)} {chooser.choice(_VERBS)} "
                                   f"{chooser.choice(_OBJECTS)}" for _ in range(3)))  # fmt: skip
        else:
            parts.append(" ".join(f"{chooser.choice(_SUBJECTS)} {chooser.choice(_VERBS)} "
                                  f"{chooser.choice(_OBJECTS)}." for _ in range(3)))  # fmt: skip
        size = len(cut("\n\n".join(parts)))
    return "\n\n".join(parts)


def _logprob(model: Model, word: str, place: int, chooser: random.Random) -> float:
    if word in model.token_logprobs:
        return model.token_logprobs[word]
    rule = model.logprob
    if isinstance(rule, list):
        return rule[place % len(rule)]
    if isinstance(rule, dict):
        mean, spread = float(rule.get("mean", -0.45)), float(rule.get("spread", 0.6))
        if word.lower() in _SURE:
            mean, spread = mean / 6, spread / 6
        value = chooser.gauss(mean, spread)
        return value if value < -0.003 else -0.003 - 0.06 * chooser.random()
    return float(rule)


def weigh(model: Model, data: bytes, place: int, *, thinking: bool = False) -> Token:
    """A token with its log-probability and up to twenty alternatives."""
    word = data.decode(errors="replace").strip()
    chooser = seeded(model.name, place, data)
    logprob = _logprob(model, word, place, chooser)
    chance = math.exp(logprob)
    rest = 1 - chance
    others = []
    for other in chooser.sample(_OTHERS, 20):
        share = rest * chooser.uniform(0.35, 0.7)
        if chance > 0.3 and share > chance:
            share = chance * 0.9
        rest = max(rest - share, 1e-9)
        spelt = f" {other}".encode()
        if spelt != data:
            others.append((spelt, math.log(max(share, 1e-9))))
    return Token(data, logprob, others, thinking)
