"""What an import brings, and the report of it."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from mirador_desktop.core.conversation import Conversation, Folder, Turn

Record = Folder | Conversation | Turn
Records = Iterator[Record]
"""Folders come before the conversations in them, conversations before their turns."""

_MOST_SKIPPED = 100
_MOST_MILLISECONDS = 0xFFFF_FFFF_FFFF


@dataclass(slots=True)
class ImportReport:
    """What became of a file.

    Attributes:
        program: whose conversations they are, as in "ChatGPT"; several are joined by ", ".
        conversations, turns: how many were added. A conversation that was here already and got new turns counts as
            one that was here.
        conversations_known, turns_known: how many were here already and stayed as they were.
        restored: identifiers of conversations that had been deleted a moment ago and are back.
        changed: identifiers of conversations that are new or have new turns.
        skipped: sentences about what could not be taken at all, the first hundred.
        skipped_count: how many there were.
        left_out: what could not be kept, by kind, as in "images": how many.
    """

    program: str = ""
    conversations: int = 0
    turns: int = 0
    conversations_known: int = 0
    turns_known: int = 0
    restored: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    skipped_count: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def skip(self, sentence: str) -> None:
        """Note that something could not be taken."""
        self.skipped_count += 1
        if len(self.skipped) < _MOST_SKIPPED:
            self.skipped.append(sentence)

    def lines(self) -> list[str]:
        """The report in sentences."""
        lines = [
            f"{self.program or 'Nothing'}: {_many(self.conversations, 'conversation')} and "
            f"{_many(self.turns, 'turn')} added."
        ]
        if self.conversations_known or self.turns_known:
            known = f"{_many(self.conversations_known, 'conversation')} and {_many(self.turns_known, 'turn')}"
            lines.append(f"Already here: {known}.")
        if self.restored:
            lines.append(f"Brought back: {_many(len(self.restored), 'conversation')} that had just been deleted.")
        if self.left_out:
            kinds = ", ".join(f"{kind} ({count:,})" for kind, count in sorted(self.left_out.items()))
            lines.append(f"Left out: {kinds}.")
        lines += self.skipped
        if self.skipped_count > len(self.skipped):
            lines.append(f"{self.skipped_count - len(self.skipped):,} more were skipped.")
        return lines


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def foreign_id(seconds: float, *names: str) -> str:
    """An identifier of ours for something of another program: always the same one for the same thing.

    Args:
        seconds: when it was made; identifiers sort by it as `core.conversation.new_id` does.
        names: what it is, in the other program's identifiers.
    """
    digest = hashlib.sha256("\x1f".join(names).encode("utf-8", "surrogatepass")).hexdigest()
    milliseconds = min(max(round(seconds * 1000), 0), _MOST_MILLISECONDS)
    return f"{milliseconds:012x}{digest[:20]}"
