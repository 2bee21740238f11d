"""What the readers of other programs' files have in common."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import shorten
from typing import Any

from mirador_desktop.core.conversation import Attachment, Conversation, Folder, Turn
from mirador_desktop.exchange import fields
from mirador_desktop.exchange.images import MOST_BYTES
from mirador_desktop.exchange.imported import ImportReport, Records, foreign_id
from mirador_desktop.exchange.tree import Message, TooLarge, turns_of

_DATA_URL = re.compile(r"data:(image/(?:png|jpeg|gif|webp));base64,", re.IGNORECASE)
_THOUGHTS = re.compile(r"\s*<(think|thinking|reasoning)>(.*?)</\1>\s*", re.DOTALL)
_TITLE = 300
_FIRST_WORDS = 60
_PLACE = re.compile(r"\[(Image|File\b[^\]]*)\]")
"""What stands in a question for what is no text."""


def conversation_of(
    program: str, key: str, title: str, created: float | None, updated: float | None, messages: Sequence[Message]
) -> Conversation:
    """A conversation of another program; dates that are missing are those of its messages."""
    times = [m.when for m in messages if m.when is not None]
    begun = created if created is not None else min(times, default=0.0)
    ended = updated if updated is not None else max([begun, *times])
    identifier = foreign_id(begun, program, key)
    title = " ".join(title.split())[:_TITLE]
    return Conversation(identifier, title, title_by_person=bool(title), created=begun, updated=max(begun, ended))


def records_of(
    conversation: Conversation,
    program: str,
    key: str,
    messages: Sequence[Message],
    current: str,
    report: ImportReport,
    instructions: str = "",
    named: bool = False,
) -> Records:
    """The conversation and its turns, or an entry in the report.

    Args:
        named: whether a conversation without a title shall have none; else its first words are its title.
    """
    name = f"“{conversation.title or 'Untitled'}”"
    try:
        turns = turns_of(conversation, program, key, messages, current, instructions)
    except TooLarge:
        report.skip(f"{name} was skipped: its branches would take far too much room.")
        return
    if not turns:
        report.skip(f"{name} was skipped: it holds no messages.")
        return
    if not named and not conversation.title:
        conversation.title = _first_words(turns)
    yield conversation
    yield from turns


def _first_words(turns: Sequence[Turn]) -> str:
    """The beginning of the first question with words in it."""
    for turn in turns:
        for line in turn.question.splitlines():
            if line.strip() and not _PLACE.fullmatch(line.strip()):
                return shorten(line, _FIRST_WORDS, placeholder="…")
    return ""


def folder_of(program: str, key: str, name: str, parent: str = "") -> Folder:
    """A folder for what lies in one of another program's; `parent` is the identifier of the one it lies in."""
    return Folder(foreign_id(0, program, "folder", key), " ".join(name.split())[:100] or program, parent)


def tags_of(*lists: object) -> list[str]:
    """Tags from lists of names, or of objects that have one."""
    found = set()
    for each in lists:
        for tag in fields.items(each):
            name = fields.text(tag) or fields.text(fields.mapping(tag).get("name"))
            name = " ".join(name.split()).lstrip("#")[:60]
            if name:
                found.add(name)
    return sorted(found)


def split_thoughts(text: str) -> tuple[str, str]:
    """Thoughts that stand in front of an answer, between tags, and the answer."""
    match = _THOUGHTS.match(text) if text.lstrip()[:1] == "<" else None
    return (match[2].strip("\n"), text[match.end() :]) if match is not None else ("", text)


def image_of(url: object, name: str) -> Attachment | None:
    """An image that is part of the file, None where it is only named."""
    address = fields.text(url)
    match = _DATA_URL.match(address)
    if match is None or len(address) > MOST_BYTES * 4 // 3:
        return None
    try:
        data = base64.b64decode(address[match.end() :], validate=True)
    except (binascii.Error, ValueError):
        return None
    if not data:
        return None
    return Attachment(name[:200] or "Image", match[1].lower(), len(data), data=data)


def file_of(name: str, media: str, content: str, size: int = 0) -> Attachment:
    """A file whose text is known."""
    length = len(content.encode("utf-8", "replace"))
    media = media[:100] if re.fullmatch(r"(?!image/)[\w.+-]+/[\w.+-]+", media[:100]) else "text/plain"
    return Attachment(name[:200] or "File", media, size or length, max(1, length // 4), text=content)


def fenced(code: str, language: str = "") -> str:
    """Code as a block of Markdown."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    language = language if re.fullmatch(r"[\w+#.-]{1,30}", language) else ""
    body = code.removesuffix("\n")
    return f"{fence}{language}\n{body}\n{fence}"


def unique(messages: Iterable[Message], report: ImportReport) -> list[Message]:
    """Messages without those whose identifier was there before."""
    found: dict[str, Message] = {}
    for message in messages:
        if message.id in found:
            report.left_out["messages whose identifier was there twice"] += 1
        else:
            found[message.id] = message
    return list(found.values())


def objects(value: object) -> Iterator[Mapping[str, Any]]:
    """Those elements of a list that are objects."""
    return (each for each in fields.items(value) if isinstance(each, dict))
