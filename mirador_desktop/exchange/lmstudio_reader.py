"""LM Studio's conversations: `<time>.conversation.json` in `~/.lmstudio/conversations`, one file each.

LM Studio documents no schema; what is read here is what its files hold (versions 0.3 and 0.4): a list of messages,
each with one or more `versions` of which one is `currentlySelected`. A version of a question holds `content`, one of
an answer `steps`, whose style tells thoughts from the answer. What follows a message follows its selected version.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mirador_desktop.core.conversation import Folder
from mirador_desktop.exchange import fields
from mirador_desktop.exchange.documents import Document
from mirador_desktop.exchange.foreign import conversation_of, fenced, folder_of, objects, records_of, split_thoughts
from mirador_desktop.exchange.imported import ImportReport, Records
from mirador_desktop.exchange.tree import Message

PROGRAM = "LM Studio"
_TOP = "conversations"
_SYSTEM_PROMPT = "llm.prediction.systemPrompt"
_STEP_TIME = re.compile(r"\d{12,14}(?=-)")
_THOUGHT_FOR = re.compile(r"(\d{1,6}(?:\.\d{1,6})?) seconds?$")


def is_conversation(value: Mapping[str, Any]) -> bool:
    """Whether an object is a conversation of LM Studio's."""
    messages = value.get("messages")
    if not isinstance(messages, list):
        return False
    if not messages:
        return "perChatPredictionConfig" in value or "lastUsedModel" in value
    return any(isinstance(message, dict) and isinstance(message.get("versions"), list) for message in messages)


def path_of(document: Document) -> Sequence[str]:
    """The names of the folders a file lies in below LM Studio's own folder, the outermost first.

    Where that cannot be told, they are those below what was chosen, with it if it is a folder.
    """
    above, below = document.above.split("/"), [name for name in document.folder.split("/") if name]
    every = [*above, *below]
    if _TOP in every:
        return every[len(every) - every[::-1].index(_TOP) :]
    return below if document.alone or not document.above else [above[-1], *below]


def read(value: Mapping[str, Any], report: ImportReport, path: Sequence[str] = ()) -> Records:
    """One conversation; `path` has the names of the folders its file lies in, the outermost first."""
    messages: list[Message] = []
    parent = ""
    default = fields.text(fields.mapping(value.get("lastUsedModel")).get("identifier"))
    for place, message in enumerate(fields.items(value.get("messages"))):
        versions = fields.items(fields.mapping(message).get("versions"))
        chosen = fields.count(fields.mapping(message).get("currentlySelected"))
        selected = ""
        for number, version in enumerate(versions):
            found = _version(f"{place}.{number}", parent, fields.mapping(version), default, report)
            messages.append(found)
            if number == chosen or not selected:
                selected = found.id
        parent = selected or parent
    created = fields.when(value.get("createdAt"))
    times = [m.when for m in messages if m.when is not None]
    updated = fields.when(value.get("userLastMessagedAt")) or max(times, default=None)
    first = next((m.text for m in messages if m.text), "")
    key = f"{created:.3f}" if created is not None else first[:200]
    conversation = conversation_of(PROGRAM, key, fields.text(value.get("name")), created, updated, messages)
    conversation.pinned = fields.flag(value.get("pinned"))
    for folder in _folders(path):
        conversation.folder = folder.id
        yield folder
    if notes := fields.items(value.get("notes")):
        report.left_out["notes"] += len(notes)
    yield from records_of(conversation, PROGRAM, key, messages, parent, report, _instructions(value))


def _folders(path: Sequence[str]) -> Iterator[Folder]:
    """The outermost folder, and one in it for all of the rest: folders here nest once."""
    if path:
        outer = folder_of(PROGRAM, path[0], path[0])
        yield outer
        if path[1:]:
            yield folder_of(PROGRAM, "/".join(path), " / ".join(path[1:]), outer.id)


def _instructions(value: Mapping[str, Any]) -> str:
    """The system prompt: among the settings of the conversation, in older files by itself."""
    settings = fields.mapping(value.get("perChatPredictionConfig")).get("fields")
    texts = [fields.text(each.get("value")) for each in objects(settings) if each.get("key") == _SYSTEM_PROMPT]
    texts.append(fields.text(value.get("systemPrompt")))
    return "\n\n".join(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _version(key: str, parent: str, value: Mapping[str, Any], default: str, report: ImportReport) -> Message:
    role = fields.text(value.get("role"))
    found = Message(key, parent, by_person=role == "user", skip=role not in ("user", "assistant"))
    if not found.by_person:
        found.model = fields.text(fields.mapping(value.get("senderInfo")).get("senderName")) or default
    texts = [_content(value, report)]
    thoughts: list[str] = []
    for step in objects(value.get("steps")):
        if found.when is None:
            time = _STEP_TIME.match(fields.text(step.get("stepIdentifier")))
            found.when = fields.when(float(time[0])) if time is not None else None
        if step.get("type") == "citationBlock":
            report.left_out["sources"] += 1
        if step.get("type") != "contentBlock":
            continue
        text = _content(step, report)
        style = fields.mapping(step.get("style"))
        thinking = style.get("type") == "thinking"
        if thinking and (lasted := _THOUGHT_FOR.search(fields.text(style.get("title")))):
            found.thinking_seconds = (found.thinking_seconds or 0.0) + float(lasted[1])
        (thoughts if thinking else texts).append(text)
        _measures(found, fields.mapping(step.get("genInfo")))
    found.text = "\n\n".join(each for each in texts if each)
    found.thinking = "\n\n".join(each for each in thoughts if each)
    if not found.by_person and not found.thinking:
        found.thinking, found.text = split_thoughts(found.text)
    return found


def _measures(found: Message, info: Mapping[str, Any]) -> None:
    stats = fields.mapping(info.get("stats"))
    found.model = fields.text(info.get("identifier")) or found.model
    found.tokens += fields.count(stats.get("predictedTokensCount"))
    found.tokens_per_second = fields.number(stats.get("tokensPerSecond")) or found.tokens_per_second
    if found.first_token is None:
        found.first_token = fields.number(stats.get("timeToFirstTokenSec"))
    found.stopped = stats.get("stopReason") == "userStopped"


def _call(part: Mapping[str, Any]) -> str:
    """The name of a tool, and what it was called with."""
    name, parameters = fields.text(part.get("name")) or "tool", part.get("parameters")
    return f"{name} {fields.text(json.dumps(parameters, ensure_ascii=False))}" if parameters else name


def _content(value: Mapping[str, Any], report: ImportReport) -> str:
    texts: list[str] = []
    before = None
    for part in objects(value.get("content")):
        kind = part.get("type")
        if kind == "text" and before == "text":  # what a draft model wrote is kept apart, in the middle of sentences
            texts[-1] += fields.text(part.get("text"))
        elif kind == "text":
            texts.append(fields.text(part.get("text")))
        elif kind == "file":
            report.left_out["images" if part.get("fileType") == "image" else "attached files"] += 1
            name = fields.text(part.get("fileIdentifier")) or fields.text(part.get("name"))
            texts.append(f"[File: {name[:200]}]" if name else "[File]")
        elif kind == "toolCallRequest":
            texts.append(fenced(_call(part)))
        elif kind == "toolCallResult":
            report.left_out["results of tools"] += 1
        else:
            report.left_out["other parts of messages"] += 1
        before = kind
    return "\n\n".join(each for each in texts if each)
