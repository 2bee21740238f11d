"""Jan's threads: a folder each, with `thread.json` and the messages in `messages.jsonl`, one a line.

Jan's documentation describes both as OpenAI's threads and messages ("object": "thread" and "thread.message"), with
content in parts of the types text, reasoning, image_url and tool_call. Files whose text went with a question are in
its metadata (`inline_file_contents`). The messages follow one another without branches.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from mirador_desktop.exchange import fields
from mirador_desktop.exchange.foreign import (
    conversation_of,
    file_of,
    folder_of,
    image_of,
    objects,
    records_of,
    split_thoughts,
    unique,
)
from mirador_desktop.exchange.imported import ImportReport, Records
from mirador_desktop.exchange.tree import Message

PROGRAM = "Jan"


def is_thread(value: Mapping[str, Any]) -> bool:
    """Whether an object is the description of a thread."""
    return value.get("object") == "thread" or ("assistants" in value and "title" in value and "messages" not in value)


def is_message(value: Mapping[str, Any]) -> bool:
    """Whether an object is a message of a thread."""
    return value.get("object") == "thread.message" or (
        "thread_id" in value and "role" in value and "content" in value
    )


def read(thread: Mapping[str, Any], lines: Iterable[Mapping[str, Any]], report: ImportReport) -> Records:
    """One thread; `thread` is {} where only its messages are known."""
    assistants = [fields.mapping(each) for each in fields.items(thread.get("assistants"))]
    assistant = assistants[0] if assistants else {}
    model = _model(thread.get("model")) or _model(assistant.get("model"))
    instructions = [fields.text(assistant.get("instructions"))]
    key = fields.text(thread.get("id"))
    messages: list[Message] = []
    for place, line in enumerate(lines):
        key = key or fields.text(line.get("thread_id"))
        found = _message(line, place, model, report)
        if line.get("role") == "system":
            instructions.append(found.text)
        elif line.get("role") in ("user", "assistant"):
            messages.append(found)
        else:
            report.left_out["results of tools"] += 1
    messages = unique(messages, report)
    for before, message in pairwise(messages):
        message.parent = before.id
    created = fields.when(thread.get("created")) or fields.when(thread.get("created_at"))
    updated = fields.when(thread.get("updated")) or fields.when(thread.get("updated_at"))
    title = fields.text(thread.get("title")) or fields.text(fields.mapping(thread.get("metadata")).get("title"))
    conversation = conversation_of(PROGRAM, key, title, created, updated, messages)
    conversation.pinned = fields.flag(thread.get("isFavorite")) or fields.flag(
        fields.mapping(thread.get("metadata")).get("is_favorite")
    )
    project = fields.mapping(fields.mapping(thread.get("metadata")).get("project"))
    if name := fields.text(project.get("name")):
        folder = folder_of(PROGRAM, fields.text(project.get("id")) or name, name)
        conversation.folder = folder.id
        yield folder
    system = "\n\n".join(each for each in dict.fromkeys(instructions) if each.strip())
    current = messages[-1].id if messages else ""
    yield from records_of(conversation, PROGRAM, key, messages, current, report, system)


def _model(value: object) -> str:
    """The name of a model; an assistant that takes any has "*"."""
    return fields.text(fields.mapping(value).get("id")).removeprefix("*")


def _message(line: Mapping[str, Any], place: int, model: str, report: ImportReport) -> Message:
    role = line.get("role")
    found = Message(fields.text(line.get("id")) or str(place), "", by_person=role == "user")
    found.when = fields.when(line.get("created_at"))
    metadata = fields.mapping(line.get("metadata"))
    texts, thoughts = [], []
    if isinstance(line.get("content"), str):
        texts.append(fields.text(line["content"]))
    for part in objects(line.get("content")):
        value = part.get("text")
        text = fields.text(value) or fields.text(fields.mapping(value).get("value"))
        if part.get("type") == "reasoning":
            thoughts.append(text)
        elif "image_url" in part:
            address = fields.text(part["image_url"]) or fields.mapping(part["image_url"]).get("url")
            image = image_of(address, "Image")
            if image is not None:
                found.attachments.append(image)
            else:
                report.left_out["images"] += 1
        elif part.get("type") == "tool_call":
            report.left_out["results of tools"] += 1
        elif part.get("type") == "input_audio":
            report.left_out["sound recordings"] += 1
        else:
            texts.append(text)
    for kind, left in (
        ("attached files", line.get("attachments")),
        ("results of tools", metadata.get("tool_calls")),
    ):
        if count := len(fields.items(left)):
            report.left_out[kind] += count
    for file in objects(metadata.get("inline_file_contents")):
        found.attachments.append(file_of(fields.text(file.get("name")), "", fields.text(file.get("content"))))
    found.text = "\n\n".join(each for each in texts if each)
    found.thinking = "\n\n".join(each for each in thoughts if each)
    if role == "assistant":
        found.model = _model(metadata.get("model")) or fields.text(metadata.get("modelId")) or model
        if not found.thinking:
            found.thinking, found.text = split_thoughts(found.text)
        speed = fields.mapping(metadata.get("tokenSpeed"))
        found.tokens = fields.count(speed.get("tokenCount"))
        found.tokens_per_second = fields.number(metadata.get("tokenSpeed")) or fields.number(speed.get("tokenSpeed"))
        found.stopped = line.get("status") in ("stopped", "pending")
        if line.get("status") == "error":
            found.error = fields.text(metadata.get("error")) or "It failed."
    return found
