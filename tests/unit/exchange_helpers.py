"""What the tests of exporting and importing share: records of every kind, and ways to write them."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from mirador_desktop.core.conversation import (
    Answer,
    Attachment,
    ContextUsed,
    Conversation,
    Folder,
    MemoryUsed,
    StageRecord,
    Turn,
)
from mirador_desktop.exchange.formats import writer_of
from mirador_desktop.exchange.imported import ImportReport, Record
from mirador_desktop.exchange.options import ExportOptions, Format
from mirador_desktop.exchange.reading import read
from tests.unit import record_strategies
from tests.unit.record_strategies import counts

EVERYTHING = ExportOptions(stages=True, thoughts=True, confidences=True, metadata=True, branches=True)
HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> ![x](http://evil.example/p.png) [a](javascript:alert(1)) "
    "<http://ok.example/> <javascript:alert(1)> "
    "</div></section></main> &lt;b&gt; <!-- \"' [r]\n\n[r]: javascript:alert(2)"
)
ANSWER = f"""# A heading
Text **bold** `code <b>` [link](https://example.com/?a=1&b=2) {HOSTILE}

- one
  - two

| a | b |
|---|:-:|
| 1 | `2` |

```python
def f(x):
    return "<b>"
```

日本語のテキスト and العربية in one line 😀

<div onclick="alert(3)">raw</div>

```
a block that was cut off {"x" * 300}"""


def turn_of(number: int, conversation: Conversation, parent: str = "", text: str = ANSWER, **more: Any) -> Turn:
    """A turn with three stages, the second of which was left out."""
    quick = Answer("small:1b", "Quick *answer*", f"Thinking {HOSTILE}", reason="done", tokens=12, confidence=0.82)
    final = Answer("large:14b", text, reason="length", tokens=2000, first_token=0.3, tokens_per_second=41.5)
    return Turn(
        f"{number:032x}", conversation.id, parent, more.pop("question", f"Question {number} {HOSTILE}"),
        1.76e9 + number,
        "technical", "moderate", "Progressive", reason="done", final_stage="synthesis",
        stages=[
            StageRecord("quick", 0.6, answers=[quick]),
            StageRecord("deep", 0.6, skipped="It was good enough."),
            StageRecord("synthesis", answers=[final]),
        ],
        **more,
    )  # fmt: skip


def written(
    kind: Format,
    conversations: Sequence[tuple[Conversation, Sequence[Turn]]],
    options: ExportOptions = EVERYTHING,
    folders: Sequence[Folder] = (),
) -> bytes:
    """What an export of these records holds."""
    out = io.BytesIO()
    writer = writer_of(kind, out, options, [c for c, _ in conversations], {f.id: f for f in folders})
    writer.begin()
    for conversation, turns in conversations:
        children: dict[str, list[str]] = {}
        for turn in turns:
            children.setdefault(turn.parent, []).append(turn.id)
        writer.children = children
        writer.conversation(conversation)
        for turn in turns:
            writer.turn(turn)
        writer.end_conversation()
    writer.end()
    return out.getvalue()


def read_back(path: Path) -> tuple[list[Record], ImportReport]:
    """The records of a file, and the report."""
    report = ImportReport()
    return list(read(path, report)), report


def one(found: tuple[list[Record], ImportReport]) -> tuple[Conversation, list[Turn], ImportReport]:
    """The only conversation of what was read, and its turns."""
    records, report = found
    (conversation,) = (r for r in records if isinstance(r, Conversation))
    return conversation, [r for r in records if isinstance(r, Turn)], report


def read_one(path: Path, value: object) -> tuple[Conversation, list[Turn], ImportReport]:
    """The only conversation of a file that holds this as JSON."""
    path.write_text(json.dumps(value))
    return one(read_back(path))


def webui_message(
    key: str, parent: str | None, role: str, content: str, *children: str, **more: Any
) -> dict[str, Any]:
    """A message as Open WebUI keeps it."""
    return {"id": key, "parentId": parent, "childrenIds": list(children), "role": role, "content": content, **more}


def webui_chat(messages: list[dict[str, Any]], current: str, **more: Any) -> list[dict[str, Any]]:
    """An export of one chat of Open WebUI, shown up to the message `current`."""
    history = {"messages": {m["id"]: m for m in messages}, "currentId": current}
    chat = {"title": "Talk", "history": history, "params": {"system": "Be brief."}, "tags": ["x"]}
    return [
        {"id": "abc", "title": "Talk", "chat": chat, "created_at": 1_760_000_000, "updated_at": 1_760_000_900, **more}
    ]


# Records with anything in them. Texts hold what UTF-8 can: the database keeps nothing else.

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
texts = words | st.sampled_from(
    [HOSTILE, ANSWER, '<details type="reasoning">\n<summary>x</summary>\n> y\n</details>\n']
)
numbers = st.floats(0, 4e9, allow_nan=False)
maybe = st.none() | numbers
reasons: st.SearchStrategy[Any] = st.sampled_from(record_strategies.REASONS)
keys = st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}")


stages = record_strategies.stages(words, texts, numbers, reasons)
attachments = st.builds(
    Attachment,
    name=words,
    media=st.sampled_from(["text/csv", "image/png"]),
    size=counts,
    tokens=counts,
    note=words,
    text=texts,
    data=st.none() | st.binary(min_size=1, max_size=9),
)


@st.composite
def trees(draw: st.DrawFn) -> tuple[Conversation, list[Turn]]:
    """A conversation and its turns, each after the one it follows."""
    folders = draw(st.sampled_from(["", "f1", "f2"]))
    conversation = Conversation(
        draw(keys), draw(words), draw(st.booleans()), draw(st.booleans()), draw(numbers), draw(numbers),
        folder=folders, tags=sorted(set(draw(st.lists(words, max_size=2)))), archived=draw(st.booleans()),
        memory=draw(st.booleans()),
    )  # fmt: skip
    ids = sorted(set(draw(st.lists(keys, min_size=1, max_size=6))))
    turns: list[Turn] = []
    for place, key in enumerate(ids):
        parent = draw(st.sampled_from(["", *ids[:place]]))
        own = draw(st.lists(stages, max_size=3))
        final = draw(st.sampled_from([s.name for s in own] or [""]))
        turns.append(
            Turn(
                key,
                conversation.id,
                parent,
                draw(texts),
                draw(numbers),
                draw(words),
                draw(words),
                draw(words),
                draw(st.sampled_from(["auto", "quick", "full"])),
                draw(counts),
                draw(maybe),
                draw(reasons),
                final,
                draw(words),
                own,
                draw(st.lists(st.builds(ContextUsed, words, counts, words, maybe), max_size=1)),
                draw(st.lists(st.builds(MemoryUsed, words, words, counts), max_size=1)),
                draw(st.lists(attachments, max_size=2)),
            )
        )
    conversation.leaf = draw(st.sampled_from(ids))
    return conversation, turns
