"""Names of models, as Ollama writes, completes and refuses them."""

import re
from dataclasses import dataclass

HOME = "registry.ollama.ai"
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,79}\Z")
_SPACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_\-]{0,79}\Z")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-:]{0,349}\Z")


@dataclass(frozen=True)
class Name:
    """A complete name."""

    scheme: str
    host: str
    space: str
    model: str
    tag: str

    @property
    def short(self) -> str:
        """As tags and ps show it: what is the default is left out."""
        if self.host != HOME:
            return f"{self.host}/{self.space}/{self.model}:{self.tag}"
        if self.space != "library":
            return f"{self.space}/{self.model}:{self.tag}"
        return f"{self.model}:{self.tag}"

    @property
    def full(self) -> str:
        return f"{self.host}/{self.space}/{self.model}:{self.tag}"

    def manifest(self, scheme: str) -> str:
        """Where its registry keeps it."""
        return f"{scheme}://{self.host}/v2/{self.space}/{self.model}/manifests/{self.tag}"


def parse_name(text: str) -> Name | None:
    """The complete name, or None for one that Ollama refuses."""
    scheme, mark, rest = text.partition("://")
    if not mark:
        scheme, rest = "https", text
    parts = rest.split("/")
    if len(parts) > 3:
        return None
    model, colon, tag = parts[-1].partition(":")
    if colon and not tag:
        return None
    space = parts[-2] if len(parts) > 1 else "library"
    host = parts[-3] if len(parts) > 2 else HOME
    tag = tag or "latest"
    if not all(map(_PART.match, (model, tag))) or not _SPACE.match(space) or not _HOST.match(host):
        return None
    return Name(scheme, host, space, model, tag)


def short(text: str) -> str:
    """The name as it is listed; an impossible name stays as it is."""
    name = parse_name(text)
    return name.short if name is not None else text
