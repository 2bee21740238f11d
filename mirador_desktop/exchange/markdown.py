"""Conversations as Markdown.

Questions are quoted, so that nothing in them is taken for the document's own headings. Answers are Markdown already
and stand as they are, under a line that says which model wrote them; only what could do harm is escaped
(`safe_markdown`).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.exchange.options import ExportOptions
from mirador_desktop.exchange.parts import Part, about_conversation, parts_of, title_of
from mirador_desktop.exchange.safe_markdown import harmless
from mirador_desktop.exchange.writer import Writer

_RESERVED = re.compile(r"CON|PRN|AUX|NUL|COM\d|LPT\d", re.IGNORECASE)
"""Names of devices, which Windows takes for no file even with an ending."""
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~]|&(?=#?\w+;)")
_ENTITIES = {"<": "&lt;", "&": "&amp;"}
"""Not every reader knows a backslash before these."""


class MarkdownWriter(Writer):
    """Writes conversations as one Markdown document."""

    def conversation(self, conversation: Conversation) -> None:
        """A heading and the date; a line between two conversations."""
        between = "\n---\n\n" if conversation.id != self.conversations[0].id else ""
        about = about_conversation(conversation, self.options, self.path_of(conversation))
        parts = [f"# {_heading(title_of(conversation))}", *([f"*{_text(about)}*"] if about else [])]
        self.write(between + "\n\n".join(parts) + "\n")

    def turn(self, turn: Turn) -> None:
        """A quoted question, and what followed."""
        self.write("".join(f"\n{part}\n" for part in _parts(parts_of(turn, self.options))))


def export(conversation: Conversation, turns: Sequence[Turn], options: ExportOptions | None = None) -> str:
    """Write a conversation as Markdown, for the clipboard."""
    from io import BytesIO

    out = BytesIO()
    writer = MarkdownWriter(out, options or ExportOptions(), [conversation], {})
    writer.begin()
    writer.conversation(conversation)
    for turn in turns:
        writer.turn(turn)
    writer.end_conversation()
    writer.end()
    return out.getvalue().decode()


def _parts(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        if part.kind == "question":
            yield _quoted(harmless(part.text)) or ">"
        elif part.kind == "heading":
            yield f"**{_text(part.text)}**" + (f", {_text(part.detail)}" if part.detail else "")
        elif part.kind == "note":
            yield f"*{_text(part.text)}*"
        elif part.kind == "thinking":
            yield _quoted(f"*Thoughts*\n\n{harmless(part.text)}")
        else:
            yield harmless(part.text).strip("\n")  # not spaces: they make code of a line


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n")) if text else ""


def _text(text: str) -> str:
    """A line of our own: nothing in it is a sign."""
    return re.sub(r"(?<=\w)\\_(?=\w)", "_", _heading(text))


def _heading(text: str) -> str:
    return _SPECIAL.sub(lambda sign: _ENTITIES.get(sign[0], f"\\{sign[0]}"), text)


def file_name_of(conversations: Sequence[Conversation], suffix: str = ".md") -> str:
    """A name for the file of one conversation, or of some."""
    if len(conversations) == 1:
        return file_name(conversations[0], suffix)
    return f"{count_words(len(conversations), 'conversation').replace(',', '')}{suffix}"


def file_name(conversation: Conversation, suffix: str = ".md") -> str:
    """A name for the file that every platform takes."""
    kept = "".join(c if c in " -_." or unicodedata.category(c)[0] in "LMN" else " " for c in conversation.title)
    name = " ".join(kept.split())[:60].strip(". ") or "Conversation"
    if _RESERVED.fullmatch(name.partition(".")[0].strip()):
        name = f"{name} conversation"
    return f"{name}{suffix}"
