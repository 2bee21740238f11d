"""Conversations as Markdown: the branch that is shown, with the final answers."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from mirador_desktop.core.conversation import Conversation, Turn

_RESERVED = re.compile(r"CON|PRN|AUX|NUL|COM\d|LPT\d", re.IGNORECASE)
"""Names of devices, which Windows takes for no file even with an ending."""


def export(conversation: Conversation, turns: Sequence[Turn]) -> str:
    """Write a conversation as Markdown.

    Questions are quoted, so that nothing in them is taken for the document's own headings. Answers are
    Markdown already and stand as they are, under a line that says which model wrote them.
    """
    moment = datetime.fromtimestamp(conversation.created).astimezone()
    parts = [f"# {conversation.title or 'Untitled'}", f"*{moment:%Y-%m-%d %H:%M}*"]
    for turn in turns:
        parts.append("\n".join(f"> {line}".rstrip() for line in turn.question.splitlines()))
        text = turn.final_text
        if text:
            answers = [a for s in turn.stages if s.name == turn.final_stage for a in s.answers if a.text == text]
            model = f", {answers[-1].model}" if answers else ""
            parts.append(f"**{turn.final_stage.capitalize()}**{model}")
            parts.append(text.strip())
        else:
            parts.append(f"*No answer{f': {turn.error}' if turn.error else ''}*")
    return "\n\n".join(parts) + "\n"


def file_name(conversation: Conversation) -> str:
    """A name for the file that every platform takes."""
    kept = "".join(c if c in " -_." or unicodedata.category(c)[0] in "LMN" else " " for c in conversation.title)
    name = " ".join(kept.split())[:60].strip(". ") or "Conversation"
    if _RESERVED.fullmatch(name.partition(".")[0].strip()):
        name = f"{name} conversation"
    return f"{name}.md"
