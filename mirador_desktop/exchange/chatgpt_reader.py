"""ChatGPT's export: `conversations.json`, alone or in the zip, in one piece or in several.

OpenAI documents no schema; what is read here is what exports hold: a list of conversations, each with a `mapping`
from identifiers to nodes {message, parent, children} and the `current_node`. A message has an author's role, content
of some content_type, and metadata with the model. What the person showed is in files beside the document (`images`).
"""

import re
from collections.abc import Container, Mapping
from typing import Any

from mirador_desktop.exchange import fields
from mirador_desktop.exchange.canvas import Canvas
from mirador_desktop.exchange.foreign import conversation_of, fenced, folder_of, records_of
from mirador_desktop.exchange.images import Images, key_of
from mirador_desktop.exchange.imported import ImportReport, Records
from mirador_desktop.exchange.tree import Message

PROGRAM = "ChatGPT"
_CITATION = re.compile("\ue200[^\ue200\ue201]*\ue201|[\ue200-\ue2ff]")
"""Marks of sources, written with characters for private use: they mean nothing outside ChatGPT."""
_TEXTS = ("text", "result", "content", "shared_prefix")
"""Where text stands in content without parts."""
_PROJECT = "g-p-"
_IMAGE = "image_asset_pointer"
_SOUNDS = ("audio_asset_pointer", "real_time_user_audio_video_asset_pointer")


def is_conversation(value: Mapping[str, Any]) -> bool:
    """Whether an object is a conversation of ChatGPT's."""
    return isinstance(value.get("mapping"), dict)


def read(value: Mapping[str, Any], report: ImportReport, images: Images) -> Records:
    """One conversation; `images` finds those that it names."""
    images.begin()
    key = fields.text(value.get("conversation_id")) or fields.text(value.get("id"))
    mapping = fields.mapping(value["mapping"])
    instructions: list[str] = []
    rank: dict[str, int] = {}
    for node in mapping.values():
        for place, child in enumerate(fields.items(fields.mapping(node).get("children"))):
            if isinstance(child, str):
                rank.setdefault(child, place)
    canvas = Canvas()
    messages = [_message(k, fields.mapping(n), report, images, canvas, instructions) for k, n in mapping.items()]
    messages.sort(key=lambda message: rank.get(message.id, 0))
    kept = [m for m in messages if not m.skip]
    title, created = fields.text(value.get("title")), fields.when(value.get("create_time"))
    if not key:
        key = next((m.id for m in kept), title)
    conversation = conversation_of(PROGRAM, key, title, created, fields.when(value.get("update_time")), kept)
    conversation.archived = fields.flag(value.get("is_archived"))
    conversation.pinned = fields.flag(value.get("is_starred"))
    project = fields.text(value.get("gizmo_id")) or fields.text(value.get("conversation_template_id"))
    if project.startswith(_PROJECT):
        folder = folder_of(PROGRAM, project, f"ChatGPT project {project.removeprefix(_PROJECT)[:8]}")
        conversation.folder = folder.id
        yield folder
    current = fields.text(value.get("current_node"))
    yield from records_of(conversation, PROGRAM, key, messages, current, report, "\n\n".join(instructions))


def _message(
    key: str,
    node: Mapping[str, Any],
    report: ImportReport,
    images: Images,
    canvas: Canvas,
    instructions: list[str],
) -> Message:
    key = fields.text(key)
    message = fields.mapping(node.get("message"))
    found = Message(key, fields.text(node.get("parent")), by_person=False, skip=True)
    if not message:
        return found
    metadata, content = fields.mapping(message.get("metadata")), fields.mapping(message.get("content"))
    role = fields.text(fields.mapping(message.get("author")).get("role"))
    kind = fields.text(content.get("content_type"))
    found.when = fields.when(message.get("create_time"))
    if kind == "user_editable_context":
        about = (fields.text(content.get("user_profile")), fields.text(content.get("user_instructions")))
        instructions += [each for each in about if each.strip() and each not in instructions]
        return found
    if fields.flag(metadata.get("is_visually_hidden_from_conversation")) or kind == "model_editable_context":
        return found
    if role == "system":
        text = _parts(content, report)
        if text.strip() and text not in instructions:
            instructions.append(text)
        return found
    if role == "user":
        found.by_person, found.skip = True, False
        _question(found, content, metadata, report, images)
        return found
    if metadata.get("citations") or metadata.get("content_references"):
        report.left_out["sources"] += 1
    written = fields.text(content.get("text")) or "".join(map(fields.text, fields.items(content.get("parts"))))
    document = canvas.shown(fields.text(message.get("recipient")), written)
    if document:
        found.text, found.model, found.skip = document, fields.text(metadata.get("model_slug")), False
        return found
    return _answer(found, role, kind, content, metadata, report)


def _question(
    found: Message, content: Mapping[str, Any], metadata: Mapping[str, Any], report: ImportReport, images: Images
) -> None:
    """What the person wrote and showed. An image stands among the parts, and most are named as attachments too."""
    files = [fields.mapping(each) for each in fields.items(metadata.get("attachments"))]
    named = [(key_of(each.get("id")), fields.text(each.get("name"))[:200]) for each in files]
    names = dict(named)
    parts = [fields.mapping(each) for each in fields.items(content.get("parts"))]
    pointers = [key_of(part.get("asset_pointer")) for part in parts if part.get("content_type") == _IMAGE]
    pictures = [key_of(each.get("id")) for each in files if fields.text(each.get("mime_type")).startswith("image/")]
    kept = set()
    for key in dict.fromkeys(pointers + pictures):
        image = images.find(key, names.get(key, ""))
        if image is not None:
            found.attachments.append(image)
            kept.add(key)
    found.text = _CITATION.sub("", _parts(content, report, kept))
    for key, name in named:
        if key in kept:
            continue
        if key not in pointers:  # else it is counted as an image
            report.left_out["attached files"] += 1
        if name:
            found.text += f"\n[File: {name}]"


def _answer(
    found: Message,
    role: str,
    kind: str,
    content: Mapping[str, Any],
    metadata: Mapping[str, Any],
    report: ImportReport,
) -> Message:
    """A message of a model or of a tool that it used."""
    found.model = fields.text(metadata.get("model_slug"))
    if kind == "thoughts":
        thoughts = (fields.mapping(each) for each in fields.items(content.get("thoughts")))
        pairs = ((fields.text(each.get("summary")), fields.text(each.get("content"))) for each in thoughts)
        found.thinking = "\n\n".join("\n".join(part for part in pair if part) for pair in pairs)
    elif kind == "reasoning_recap":
        found.thinking_seconds = fields.number(metadata.get("finished_duration_sec"))
    elif kind == "code" or kind == "execution_output" or kind == "system_error":
        text = fields.text(content.get("text")) or _parts(content, report)
        language = fields.text(content.get("language"))
        found.text = fenced(text, "" if language == "unknown" or kind != "code" else language) if text.strip() else ""
    elif kind == "citable_code_output":
        output = fields.text(content.get("output_str"))
        found.text = fenced(output) if output.strip() else ""
    elif role == "assistant":
        found.text = _CITATION.sub("", _parts(content, report))
        if not found.text and kind not in ("text", "multimodal_text"):
            report.left_out["other parts of messages"] += 1
    elif kind == "multimodal_text":
        found.text = _parts(content, report)
    else:
        report.left_out["results of tools"] += 1
    found.skip = not (found.text or found.thinking or found.thinking_seconds is not None)
    return found


def _parts(content: Mapping[str, Any], report: ImportReport, kept: Container[str] = ()) -> str:
    """The text of a message, with a word in brackets for images other than those that are kept."""
    texts: list[str] = []
    for part in fields.items(content.get("parts")) or fields.items(content.get("context_parts")):
        if isinstance(part, str):
            texts.append(fields.text(part))
            continue
        inner = fields.mapping(part)
        kind = fields.text(inner.get("content_type"))
        if "text" in inner:
            texts.append(fields.text(inner["text"]))
        elif kind == _IMAGE and key_of(inner.get("asset_pointer")) in kept:
            continue
        elif kind == _IMAGE:
            report.left_out["images"] += 1
            texts.append("[Image]")
        elif kind in _SOUNDS:
            report.left_out["sound recordings"] += 1
        elif inner:
            report.left_out["other parts of messages"] += 1
    if not texts:
        texts = [fields.text(content.get(name)) for name in _TEXTS if content.get(name)]
    return "\n".join(each for each in texts if each)
