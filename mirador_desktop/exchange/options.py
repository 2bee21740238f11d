"""What can be exported, and how much of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Format = Literal["markdown", "html", "pdf", "json", "openwebui", "text", "docx"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A format as people choose it.

    Attributes:
        label: its name in a list.
        suffix: how the names of its files end.
        is_text: whether it can be written to a terminal.
        whole: whether it always holds the whole tree of turns; `ExportOptions` make no difference then.
    """

    label: str
    suffix: str
    is_text: bool = True
    whole: bool = False


KINDS: Mapping[Format, Kind] = {
    "markdown": Kind("Markdown", ".md"),
    "html": Kind("Web page", ".html"),
    "pdf": Kind("PDF", ".pdf", is_text=False),
    "docx": Kind("Word document", ".docx", is_text=False),
    "text": Kind("Plain text", ".txt"),
    "json": Kind("Mirador’s JSON, complete", ".json", whole=True),
    "openwebui": Kind("Open WebUI’s JSON", ".json", whole=True),
}


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How much of a turn is written. Mirador's JSON is always complete; Open WebUI's takes final answers.

    Attributes:
        stages: the answers of all stages; else the final answer alone.
        thoughts: what models thought before they answered.
        confidences: how sure a model was, on average.
        metadata: dates, times, tokens and speeds.
        branches: every branch of a conversation; else the one that is shown.
    """

    stages: bool = False
    thoughts: bool = False
    confidences: bool = False
    metadata: bool = False
    branches: bool = False
