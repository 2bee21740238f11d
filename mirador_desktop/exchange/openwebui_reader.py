"""Open WebUI's export: a list of chats, each with a tree of messages under `chat.history`.

The form is that of Open WebUI's own export and import (`ChatResponse` in its backend, `history` in its window).
Older ones have only a list of messages. Mirador's own files of this form are recognised and keep their identifiers.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

from mirador_desktop.core.conversation import Attachment
from mirador_desktop.exchange import fields
from mirador_desktop.exchange.foreign import (
    conversation_of,
    file_of,
    folder_of,
    image_of,
    objects,
    records_of,
    split_thoughts,
    tags_of,
)
from mirador_desktop.exchange.imported import ImportReport, Records
from mirador_desktop.exchange.openwebui import CONVERSATION, TEXT_AT, TURN
from mirador_desktop.exchange.tree import Message

PROGRAM = "Open WebUI"
_FENCE = r"^[ \t]*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})"
_FOLDED = re.compile(
    rf'{_FENCE}|^[ \t]*<details type="(?P<kind>reasoning|tool_calls|code_interpreter)"(?P<about>[^<>]*)>'
    r"\s*(?:<summary>[^<]*</summary>)?\n?",
    re.MULTILINE,
)
"""How a block begins that its window shows folded (what the model thought, a tool it called, code it ran), or a
block of code, in which nothing is one."""
_CODE = re.compile(_FENCE, re.MULTILINE)
_END = re.compile(r"\n?</details>\n*")
_LEFT_OUT = {
    "sources": "sources",
    "citations": "sources",
    "annotation": "ratings",
    "code_executions": "results of tools",
    "statusHistory": "reports of what a tool did",
    "embeds": "embedded pages",
    "followUps": "proposed questions",
}
"""What a message may have that is not kept, and what the report calls it."""
_DURATION = re.compile(r'duration="(\d{1,9}(?:\.\d{1,9})?)"')


def is_chat(value: Mapping[str, Any]) -> bool:
    """Whether an object is a chat of Open WebUI's."""
    return _history(_chat(value)) is not None


def _chat(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return fields.mapping(value["chat"]) if isinstance(value.get("chat"), dict) else value


def _history(chat: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Messages by identifier, None where there are none."""
    messages = fields.mapping(chat.get("history")).get("messages")
    if isinstance(messages, dict):
        return messages
    listed = chat.get("messages")
    if not isinstance(listed, list) or not all(isinstance(m, dict) and "role" in m for m in listed):
        return None
    found: dict[str, Any] = {}
    before = None
    for place, message in enumerate(listed):
        key = fields.text(message.get("id")) or str(place)
        found.setdefault(key, {"parentId": before, **message})
        before = key
    return found


def read(value: Mapping[str, Any], report: ImportReport) -> Records:
    """One chat."""
    chat = _chat(value)
    history = _history(chat) or {}
    rank: dict[str, int] = {}
    for message in history.values():
        for place, child in enumerate(fields.items(fields.mapping(message).get("childrenIds"))):
            if isinstance(child, str):
                rank.setdefault(child, place)
    instructions = [fields.text(fields.mapping(chat.get("params")).get("system"))]
    messages = [_message(key, fields.mapping(m), report, instructions) for key, m in history.items()]
    messages.sort(key=lambda message: rank.get(message.id, 0))
    key = fields.text(value.get("id")) or fields.text(chat.get("id"))
    title = fields.text(value.get("title")) or fields.text(chat.get("title"))
    created = fields.when(value.get("created_at")) or fields.when(chat.get("timestamp"))
    if not key:
        key = next((m.id for m in messages), title)
    conversation = conversation_of(PROGRAM, key, title, created, fields.when(value.get("updated_at")), messages)
    meta = fields.mapping(value.get("meta"))
    conversation.id = fields.identifier(meta.get(CONVERSATION)) or conversation.id
    conversation.tags = tags_of(meta.get("tags"), chat.get("tags"))
    conversation.archived = fields.flag(value.get("archived"))
    conversation.pinned = fields.flag(value.get("pinned"))
    folder_id = fields.text(value.get("folder_id"))
    if folder_id:
        name = fields.text(meta.get("folder_name")) or f"Open WebUI {folder_id[:8]}"
        folder = folder_of(PROGRAM, folder_id, name)
        conversation.folder = folder.id
        yield folder
    current = fields.text(fields.mapping(chat.get("history")).get("currentId"))
    if not current and messages:
        current = messages[-1].id
    system = "\n\n".join(each for each in dict.fromkeys(instructions) if each.strip())
    ours = CONVERSATION in meta
    yield from records_of(conversation, PROGRAM, key, messages, current, report, system, named=ours)


def _message(key: str, value: Mapping[str, Any], report: ImportReport, instructions: list[str]) -> Message:
    found = Message(fields.text(key), fields.text(value.get("parentId")), by_person=False)
    found.when = fields.when(value.get("timestamp"))
    role = fields.text(value.get("role"))
    content = _content(value, found, report)
    if role == "system":
        instructions.append(content)
        found.skip = True
        return found
    for file in objects(value.get("files")):
        attachment = _file(file)
        if attachment is None:
            report.left_out["images" if file.get("type") == "image" else "attached files"] += 1
        else:
            found.attachments.append(attachment)
            if not attachment.text and not attachment.is_image:
                report.left_out["texts of attached files"] += 1
    if role == "user":
        found.by_person, found.text = True, content
        found.side_by_side = len(fields.items(value.get("models"))) > 1
        found.turn_id = fields.identifier(value.get(TURN))
        return found
    found.model = fields.text(value.get("model")) or fields.text(value.get("modelName"))
    found.slot = str(fields.count(value["modelIdx"])) if "modelIdx" in value else found.model
    _take_answer(found, content, value.get(TEXT_AT), report)
    error = value.get("error")
    if error:
        found.error = fields.text(error) or fields.text(fields.mapping(error).get("content")) or "It failed."
    usage = fields.mapping(value.get("usage")) or fields.mapping(value.get("info"))
    found.tokens = fields.count(usage.get("eval_count")) or fields.count(usage.get("completion_tokens"))
    found.tokens_per_second = fields.number(usage.get("response_token/s"))
    found.stopped = value.get("done") is False
    found.merged = fields.text(fields.mapping(value.get("merged")).get("content"))
    for name, kind in _LEFT_OUT.items():
        if inner := value.get(name):
            report.left_out[kind] += len(inner) if isinstance(inner, list) else 1
    return found


def _content(value: Mapping[str, Any], found: Message, report: ImportReport) -> str:
    """The text of a message: a string, or a list of parts as models' servers take them; else its output items.

    Thoughts are output items too, or stand in the text.
    """
    content = value.get("content")
    texts = [fields.text(content)] if isinstance(content, str) and content else []
    for part in objects(content):
        if "text" in part:
            texts.append(fields.text(part["text"]))
        elif "image_url" in part:
            address = fields.text(part["image_url"]) or fields.mapping(part["image_url"]).get("url")
            image = image_of(address, "Image")
            if image is not None:
                found.attachments.append(image)
            else:
                report.left_out["images"] += 1
    said = bool(texts)
    for item in objects(value.get("output")):
        inner = "\n".join(fields.text(part.get("text")) for part in objects(item.get("content")))
        if item.get("type") == "reasoning":
            found.thinking = "\n\n".join(each for each in (found.thinking, inner) if each)
        elif inner and not said:
            texts.append(inner)
    return "\n".join(each for each in texts if each)


def _take_answer(found: Message, content: str, text_at: object, report: ImportReport) -> None:
    """Part what a model thought from what it answered."""
    if isinstance(text_at, int) and not isinstance(text_at, bool) and 0 <= text_at <= len(content):
        ours = content[:text_at]
        if not ours or ours.endswith("</details>\n"):
            found.text = content[text_at:]
            found.thinking = _unquoted(ours.partition("</summary>\n")[2].removesuffix("\n</details>\n"))
            duration = _DURATION.search(ours[:200])
            found.thinking_seconds = float(duration[1]) if duration is not None and float(duration[1]) else None
            return
    thoughts, texts, at, kept = list[str](), list[str](), 0, 0
    while begin := _FOLDED.search(content, at):
        if begin["fence"]:
            at = _behind_code(content, begin)
            continue
        code = _CODE.match(content, begin.end())
        end = _END.search(content, _behind_code(content, code) if code is not None else begin.end())
        if end is None and 'type="reasoning" done="false"' not in begin[0]:
            break
        texts.append(content[kept : begin.start()])
        inner = content[begin.end() : end.start() if end is not None else len(content)]
        at = kept = end.end() if end is not None else len(content)
        if begin["kind"] == "code_interpreter":
            texts.append(f"{inner}\n\n")
        if begin["kind"] != "reasoning":
            report.left_out["results of tools"] += 1
            continue
        thoughts.append(_unquoted(inner))
        duration = _DURATION.search(begin["about"])
        if duration is not None:
            found.thinking_seconds = (found.thinking_seconds or 0.0) + float(duration[1])
    content = "".join([*texts, content[kept:]])
    if not thoughts and not found.thinking:
        found.thinking, content = split_thoughts(content)
    found.thinking = "\n\n".join(thoughts) or found.thinking
    found.text = content


def _behind_code(content: str, begin: re.Match[str]) -> int:
    """Where a block of code ends: at the end of the text if it has none of its own."""
    fence = begin["fence"]
    end = re.compile(rf"^[ \t]*{fence[0]}{{{len(fence)},}}[ \t]*$", re.MULTILINE).search(content, begin.end())
    return end.end() if end is not None else len(content)


def _unquoted(thoughts: str) -> str:
    """Thoughts without the ">" before each line, and without the entities that newer versions write."""
    lines = thoughts.split("\n")
    if all(line.startswith("&gt;") for line in lines if line):
        lines = [html.unescape(line) for line in lines]
    return "\n".join(line[2:] if line.startswith("> ") else line.removeprefix(">") for line in lines)


def _file(value: Mapping[str, Any]) -> Attachment | None:
    """A file of a question, None where only its name is there."""
    file = fields.mapping(value.get("file"))
    name = fields.text(value.get("name")) or fields.text(file.get("filename"))
    if value.get("type") == "image":
        return image_of(value.get("url"), name)
    content = fields.text(fields.mapping(file.get("data")).get("content"))
    meta = fields.mapping(file.get("meta"))
    if not content and not name:
        return None
    size = fields.count(value.get("size")) or fields.count(meta.get("size"))
    attachment = file_of(name, fields.text(meta.get("content_type")), content, size)
    if not content:
        attachment.note = "Its text was not in the export."
        attachment.tokens = 0
    return attachment
