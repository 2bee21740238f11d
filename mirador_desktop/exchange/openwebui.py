"""Open WebUI's JSON: the list of chats that it exports and imports, each the whole tree of messages.

Answers are those of the final stage, because Open WebUI knows no stages; several of them stand side by side as its
answers of several models do. Thoughts are written as Open WebUI keeps them, in front of the answer. Open WebUI keeps
what it does not know of a message, so Mirador's own identifiers come back with it.
"""

import base64
import html
import json
import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

from mirador_desktop.core.conversation import Answer, Attachment, Conversation, Turn
from mirador_desktop.exchange.writer import Writer

_ANSWER_BITS = 0xA11_0000
CONVERSATION, TURN = "mirador_conversation", "mirador_turn"
"""Mirador's own identifiers, by which it recognises what comes back."""
TEXT_AT = "mirador_text_at"
"""Where in an answer's content its text begins, behind the thoughts."""


class OpenWebUIWriter(Writer):
    """Writes conversations as a list of chats.

    A chat lists the messages of the shown branch once more behind the tree; that list waits in a temporary file.
    """

    def begin(self) -> None:
        """The beginning of the list."""
        self._first_chat = True
        self._shown_list: IO[bytes] | None = None
        self.write("[")

    def conversation(self, conversation: Conversation) -> None:
        """The chat up to its messages."""
        self._conversation = conversation
        self._parents = {child: parent for parent, children in self.children.items() for child in children}
        self._shown = set(_up(conversation.leaf, self._parents))
        self._last: dict[str, str] = {}
        self._models: dict[str, None] = {}
        self._first_message = self._first_shown = True
        self._shown_list = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the chat
        head = _dump({"id": message_id(conversation.id), "user_id": "", "title": conversation.title})
        chat = _dump({"id": "", "title": conversation.title, "params": {}})
        before = "\n" if self._first_chat else ",\n"
        self._first_chat = False
        self.write(f'{before}{head[:-1]},"chat":{chat[:-1]},"history":{{"messages":{{')

    def turn(self, turn: Turn) -> None:
        """A message for the question and one for each final answer."""
        final = next((s for s in turn.stages if s.name == turn.final_stage), None)
        best = final.best if final is not None else None
        answers = [a for a in final.answers if a.text and a is not best] if final is not None else []
        answers += [best] if best is not None else []  # of several equal ones the last one counts
        following = [message_id(key) for key in self.children.get(turn.id, ())]
        question = message_id(turn.id)
        keys = [message_id(turn.id, place + 1) for place in range(len(answers))]
        asked = _message(question, self._last.get(self._parents.get(turn.id, "")), "user", turn)
        asked |= {"content": turn.question, "childrenIds": keys or following}
        asked |= {"models": [a.model for a in answers], TURN: turn.id}
        if turn.attachments:
            asked["files"] = [_file(each) for each in turn.attachments]
        self._last[turn.id] = question
        self._put(asked, turn.id in self._shown)
        for place, (key, answer) in enumerate(zip(keys, answers, strict=True)):
            thoughts = _thoughts(answer)
            reply = _message(key, question, "assistant", turn)
            reply |= {"content": thoughts + answer.text, "childrenIds": following if answer is best else []}
            reply |= {"model": answer.model, "modelName": answer.model, "modelIdx": place, "done": True}
            reply[TEXT_AT] = len(thoughts)
            self._models[answer.model] = None
            if answer is best:
                self._last[turn.id] = key
            self._put(reply, answer is best and turn.id in self._shown)

    def end_conversation(self) -> None:
        """The chat from behind its messages."""
        assert self._shown_list is not None
        conversation = self._conversation
        current = self._last.get(conversation.leaf) or next(reversed(self._last.values()), None)
        self.write(f'}},"currentId":{_dump(current)}}},"messages":[')
        self._shown_list.seek(0)
        shutil.copyfileobj(self._shown_list, self.out)
        self.abort()
        folder = self.folders.get(conversation.folder)
        chat = {
            "models": list(self._models),
            "tags": conversation.tags,
            "timestamp": _whole(conversation.created * 1000),
            "files": [],
        }
        tail = {
            "updated_at": _whole(conversation.updated),
            "created_at": _whole(conversation.created),
            "share_id": None,
            "archived": conversation.archived,
            "pinned": conversation.pinned,
            "meta": {
                "tags": conversation.tags,
                CONVERSATION: conversation.id,
                **({"folder_name": folder.name} if folder is not None else {}),
            },
            "folder_id": folder.id if folder is not None else None,
        }
        self.write(f"],{_dump(chat)[1:]},{_dump(tail)[1:]}")

    def end(self) -> None:
        """The end of the list."""
        self.write("\n]\n")

    def abort(self) -> None:
        """Close the temporary file."""
        if self._shown_list is not None:
            self._shown_list.close()
            self._shown_list = None

    def _put(self, message: Mapping[str, object], shown: bool) -> None:
        text = _dump(message)
        self.write(f"{'' if self._first_message else ','}\n{_dump(message['id'])}:{text}")
        self._first_message = False
        if shown and self._shown_list is not None:
            self._shown_list.write(("" if self._first_shown else ",").encode() + text.encode("utf-8", "replace"))
            self._first_shown = False


def _up(leaf: str, parents: Mapping[str, str]) -> Iterator[str]:
    """A turn and those before it."""
    seen: set[str] = set()
    while leaf in parents and leaf not in seen:
        seen.add(leaf)
        yield leaf
        leaf = parents[leaf]


def _message(key: str, parent: str | None, role: str, turn: Turn) -> dict[str, Any]:
    return {"id": key, "parentId": parent, "role": role, "timestamp": _whole(turn.created)}


def _dump(record: object) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def message_id(key: str, place: int = 0) -> str:
    """An identifier in the form that Open WebUI gives them (a UUID), from one of Mirador's.

    Args:
        place: 0 for the question, 1 and more for its answers: they follow from the question's.
    """
    if len(key) != 32 or key.strip("0123456789abcdef"):
        return f"{key}-{place}" if place else key
    number = int(key, 16) ^ (_ANSWER_BITS + place if place else 0)
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _thoughts(answer: Answer) -> str:
    if not answer.thinking:
        return ""
    seconds = answer.thinking_seconds
    known = seconds is not None and math.isfinite(seconds)
    duration, words = (f"{seconds:.0f}", f"Thought for {seconds:.0f} seconds") if known else ("0", "Thought")
    quoted = html.escape("\n".join(f"> {line}" for line in answer.thinking.split("\n")))
    return (
        f'<details type="reasoning" done="true" duration="{duration}">\n<summary>{words}</summary>\n'
        f"{quoted}\n</details>\n"
    )


def _file(attachment: Attachment) -> dict[str, Any]:
    if attachment.is_image and attachment.data is not None:
        data = base64.b64encode(attachment.data).decode()
        return {"type": "image", "name": attachment.name, "url": f"data:{attachment.media};base64,{data}"}
    about = {"name": attachment.name, "content_type": attachment.media, "size": attachment.size}
    file = {"filename": attachment.name, "data": {"content": attachment.text}, "meta": about}
    return {"type": "file", "name": attachment.name, "size": attachment.size, "status": "uploaded", "file": file}


def _whole(seconds: float) -> int:
    return int(seconds) if math.isfinite(seconds) else 0
