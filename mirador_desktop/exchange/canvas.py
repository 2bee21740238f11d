"""Documents that ChatGPT writes beside a conversation ("canvas"), as part of the answer.

A message to "canmore.create_textdoc" holds JSON {"name", "type", "content"}, where the type is "document" or "code/"
with a language; one to "canmore.update_textdoc" {"updates": [{"pattern", "multiple", "replacement"}]}, where the
pattern ".*" stands for the whole document; one to "canmore.comment_textdoc" {"comments": [{"pattern", "comment"}]}.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mirador_desktop.exchange import fields
from mirador_desktop.exchange.foreign import fenced, objects

_RECIPIENTS = "canmore."
_WHOLE = ".*"


class Canvas:
    """What is known of the documents of one conversation: of which type the last one was."""

    def __init__(self) -> None:
        self._type = "code"

    def shown(self, recipient: str, text: str) -> str:
        """What a message says about a document, as Markdown; "" if it is about none or cannot be told."""
        if not recipient.startswith(_RECIPIENTS):
            return ""
        try:
            value = fields.mapping(json.loads(text, strict=False))
        except (ValueError, RecursionError):
            return ""
        return "\n\n".join(self._parts(value))

    def _parts(self, value: Mapping[str, Any]) -> Iterator[str]:
        content = fields.text(value.get("content"))
        if content:
            self._type = fields.text(value.get("type"))
            if name := " ".join(fields.text(value.get("name")).split()):
                yield f"**{name}**"
            yield self._document(content)
        for each in objects(value.get("updates")):
            pattern, replacement = fields.text(each.get("pattern")), fields.text(each.get("replacement"))
            if pattern == _WHOLE:
                yield "**The document, written anew**"
                yield self._document(replacement)
            else:
                yield f"In the document, instead of\n\n{fenced(pattern)}\n\nnow\n\n{fenced(replacement)}"
        for each in objects(value.get("comments")):
            yield f"On the document’s\n\n{fenced(fields.text(each.get('pattern')))}"
            yield fields.text(each.get("comment"))

    def _document(self, content: str) -> str:
        kind, _, language = self._type.partition("/")
        return fenced(content, language) if kind == "code" else content
