"""Mirador's own JSON: everything that is kept of conversations (`resources/schema/conversations.schema.json`).

Keys and order are always the same, and nothing in it tells when it was written: what is written, read into an empty
database and written again is the same to the byte.
"""

import base64
import json
import math
from typing import Any

from mirador_desktop.core.conversation import Answer, Attachment, Conversation, StageRecord, Turn
from mirador_desktop.exchange.writer import Writer

FORMAT = "mirador-conversations"
VERSION = 1


class MiradorWriter(Writer):
    """Writes conversations as Mirador's JSON: a line for each turn."""

    def begin(self) -> None:
        """The head, with the folders that are needed."""
        self._first_conversation = True
        folders = [{"id": f.id, "name": f.name, "parent": f.parent} for f in self._needed()]
        head = {"format": FORMAT, "version": VERSION, "folders": folders}
        self.write(f'{_dump(head)[:-1]},"conversations":[')

    def conversation(self, conversation: Conversation) -> None:
        """What is kept of the conversation itself."""
        record = {
            "id": conversation.id,
            "title": conversation.title,
            "title_by_person": conversation.title_by_person,
            "pinned": conversation.pinned,
            "archived": conversation.archived,
            "memory": conversation.memory,
            "created": _finite(conversation.created) or 0.0,
            "updated": _finite(conversation.updated) or 0.0,
            "folder": conversation.folder if conversation.folder in self.folders else "",
            "tags": conversation.tags,
            "leaf": conversation.leaf,
        }
        self.write(f'{"" if self._first_conversation else ","}\n{_dump(record)[:-1]},"turns":[')
        self._first_conversation = False
        self._first_turn = True

    def turn(self, turn: Turn) -> None:
        """A turn with all that belongs to it."""
        self.write(f"{'' if self._first_turn else ','}\n{_dump(turn_record(turn))}")
        self._first_turn = False

    def end_conversation(self) -> None:
        """The end of the conversation."""
        self.write("]}")

    def end(self) -> None:
        """The end."""
        self.write("\n]}\n")

    def _needed(self) -> list[Any]:
        wanted = {c.folder for c in self.conversations}
        wanted |= {f.parent for f in self.folders.values() if f.id in wanted}
        return sorted((f for f in self.folders.values() if f.id in wanted), key=lambda f: (f.parent != "", f.id))


def turn_record(turn: Turn) -> dict[str, Any]:
    """A turn as JSON has it."""
    return {
        "id": turn.id,
        "parent": turn.parent,
        "created": _finite(turn.created) or 0.0,
        "question": turn.question,
        "intent": turn.intent,
        "complexity": turn.complexity,
        "pipeline": turn.pipeline,
        "depth": turn.depth,
        "memories": turn.memories,
        "first_token": _finite(turn.first_token),
        "reason": turn.reason or "stopped",
        "final_stage": turn.final_stage,
        "error": turn.error,
        "context": [
            {"name": c.name, "tokens": c.tokens, "error": c.error, "age": _finite(c.age)} for c in turn.context
        ],
        "recalled": [{"id": m.id, "why": m.why, "tokens": m.tokens} for m in turn.recalled],
        "attachments": [_attachment(each) for each in turn.attachments],
        "stages": [_stage(each) for each in turn.stages],
    }


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "name": attachment.name,
        "media": attachment.media,
        "size": attachment.size,
        "tokens": attachment.tokens,
        "note": attachment.note,
        "text": attachment.text,
        "data": None if attachment.data is None else base64.b64encode(attachment.data).decode(),
    }


def _stage(stage: StageRecord) -> dict[str, Any]:
    return {
        "name": stage.name,
        "threshold": _finite(stage.threshold) or 0.0,
        "skipped": stage.skipped,
        "folded": stage.folded,
        "answers": [_answer(each) for each in stage.answers],
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "model": answer.model,
        "reason": answer.reason or "stopped",
        "error": answer.error,
        "fallback_for": answer.fallback_for,
        "tokens": answer.tokens,
        "first_token": _finite(answer.first_token),
        "tokens_per_second": _finite(answer.tokens_per_second),
        "confidence": _finite(answer.confidence),
        "source": answer.source,
        "calibrated": answer.calibrated,
        "thinking_seconds": _finite(answer.thinking_seconds),
        "started": _finite(answer.started),
        "ended": _finite(answer.ended),
        "text": answer.text,
        "thinking": answer.thinking,
        "marks": base64.b64encode(bytes(answer.marks)).decode(),
        "alternatives": [
            [place, [[text, _finite(probability) or 0.0] for text, probability in others]]
            for place, others in answer.alternatives.items()
        ],
    }


def _finite(value: float | None) -> float | None:
    """A number as a floating one: JSON has neither NaN nor infinities."""
    return None if value is None or not math.isfinite(value) else float(value)


def _dump(record: object) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
