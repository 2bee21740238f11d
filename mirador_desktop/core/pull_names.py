"""Names of models: Ollama's rules for them, and what a person may paste instead of one."""

import re
import shlex
from dataclasses import dataclass

from mirador_desktop.errors import ModelRefused

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SPACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")
_PART_LENGTH, _HOST_LENGTH = 80, 350
_QUANTISATION = re.compile(
    r"(?:^|[-_.])((?:IQ|Q|TQ)\d(?:_[A-Z0-9]+)*|BF16|F16|F32|MXFP4(?:_[A-Z]+)?)$", re.IGNORECASE
)
_SPLIT = re.compile(r"-\d{5}-of-\d{5}$")
_HUGGING_FACE = ("huggingface.co", "www.huggingface.co", "hf.co")
_OLLAMA = ("ollama.com", "www.ollama.com", "ollama.ai", "www.ollama.ai", "registry.ollama.ai")
_NOT_USERS = ("datasets", "spaces", "models", "collections", "docs", "papers", "blog", "settings")
# Whatever stands before it: a prompt, `sudo`, a variable, `docker exec -it ollama`.
_COMMAND = re.compile(r"(?:^|[\s>$#%])(?:\S*[/\\])?ollama(?:\.exe)?\s+(?:run|pull)(?:\s+(.*))?$")
_PROMPT = re.compile(r"^(?:[$#%>]|PS [^>]*>|[\w.-]+@[\w.-]+:[^$#]*[$#])\s+")
_QUOTES = " \t\"'`\u201c\u201d\u2018\u2019\u200b\ufeff"
_FLAGS_WITH_VALUE = ("--format", "--keepalive", "--think", "--dimensions", "--width", "--height", "--steps")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model that somebody wants to have.

    Attributes:
        name: as Ollama takes it.
        insecure: whether its registry may be asked without encryption: the person wrote `http://` or `--insecure`.
    """

    name: str
    insecure: bool = False


def parse_pull(text: str) -> Wanted:
    """Understand what a person typed or pasted as the model to pull.

    A plain name (`llama3.2`, `user/model:tag`, `registry.example:5000/ns/model:tag`, `hf.co/user/repo:Q4_K_M`), a
    line `ollama run …` or `ollama pull …` with prompt sign, flags, quotes and a question behind the name, an address
    of a page on huggingface.co or ollama.com.

    Raises:
        ModelRefused: no model can be called that, with the reason.
    """
    line = next((each.strip() for each in text.splitlines() if each.strip()), "")
    name, insecure = _from_command(line)
    name = _from_address(name.strip(_QUOTES))
    if why := wrong_name(name):
        raise ModelRefused(why)
    return Wanted(name, insecure or name.startswith("http://"))


def wrong_name(name: str) -> str:
    """Say what keeps a text from being a model's name, "" if nothing does. The rules are Ollama's."""
    if not name:
        return "A name is missing, for example llama3.2 or qwen2.5:14b."
    shown = f"“{name if len(name) <= 60 else name[:59] + '…'}”"
    scheme, separator, rest = name.partition("://")
    if separator and scheme not in ("http", "https"):
        return f"{shown} is an address of a kind that models do not have."
    rest = rest if separator else name
    if any(c.isspace() for c in rest):
        return f"{shown} is not a model's name: it has a space in it."
    parts = rest.split("/")
    if len(parts) > 3:
        return f"{shown} is not a model's name: it has more than two slashes. It is registry/user/model:tag."
    model, colon, tag = parts[-1].partition(":")
    if not all((model, *parts[:-1])):
        return f"{shown} is not a model's name: something is missing beside a slash or colon."
    if colon and not tag:
        return f"{shown} is not a model's name: the tag behind the colon is missing."
    checks = [("name", model, _PART, _PART_LENGTH)]
    if tag:
        checks.append(("tag", tag, _PART, _PART_LENGTH))
    if len(parts) > 1:
        checks.append(("user", parts[-2], _SPACE, _PART_LENGTH))
    if len(parts) > 2:
        checks.append(("registry", parts[0], _HOST, _HOST_LENGTH))
    for what, part, rule, longest in checks:
        if len(part) > longest:
            return f"{shown} is not a model's name: its {what} is longer than {longest} characters."
        if not rule.fullmatch(part):
            return f"{shown} is not a model's name: {_why(what, part, rule)}."
    return ""


def short_name(name: str) -> str:
    """A name as Ollama lists it: with a tag, without scheme, without what is the default."""
    parts = name.partition("://")[2].split("/") if "://" in name else name.split("/")
    if ":" not in parts[-1]:
        parts[-1] += ":latest"
    if len(parts) == 3 and parts[0] == "registry.ollama.ai":
        del parts[0]
    if len(parts) == 2 and parts[0] == "library":
        del parts[0]
    return "/".join(parts)


def _why(what: str, part: str, rule: re.Pattern[str]) -> str:
    first = part[0]
    if not re.fullmatch(r"[A-Za-z0-9_]", first):
        return f"its {what} begins with “{first}” instead of a letter or digit"
    bad = next((c for c in part if not rule.fullmatch(f"a{c}")), first)
    return f"“{bad}” cannot stand in its {what}"


# ── what is pasted ─────────────────────────────────────────────────────────────────────────────────────


def _from_command(line: str) -> tuple[str, bool]:
    """The name in a command line, and whether it says `--insecure`; a line that is none comes back as it is."""
    line = line.strip(_QUOTES)
    found = _COMMAND.search(line)
    if found is None:
        return _PROMPT.sub("", line), False
    try:
        words = shlex.split(found[1] or "", comments=True)
    except ValueError:  # a quote that is not closed, in the question behind the name
        words = (found[1] or "").split()
    insecure, name = False, ""
    values = iter(words)
    for word in values:
        if not word.startswith("-"):
            name = name or word
        elif word.partition("=")[0] == "--insecure":
            insecure = word != "--insecure=false"
        elif word in _FLAGS_WITH_VALUE and not name:
            next(values, None)
    return name, insecure


def _from_address(name: str) -> str:
    """Make a name of the address of a page; anything else comes back as it is."""
    bare, _, _ = name.partition("#")
    bare, _, query = bare.partition("?")
    scheme, separator, rest = bare.partition("://")
    if separator and scheme.lower() not in ("http", "https"):
        return name
    host, *parts = (rest if separator else bare).split("/")
    parts = [_decoded(part) for part in parts if part]
    if host.lower() in _HUGGING_FACE:
        return _of_hugging_face(parts, query)
    if host.lower() in _OLLAMA and (separator or parts):
        parts = parts[1:2] if parts[:1] == ["library"] else parts
        if parts and parts[-1] == "tags":
            parts = parts[:-1]
        if not parts or parts == ["search"]:
            raise ModelRefused(
                "This address leads to no model. Open a model's page on ollama.com, and copy its address."
            )
        return "/".join(parts[:2])
    return name


def _decoded(part: str) -> str:
    """Resolve percent signs as addresses have them."""
    return re.sub(r"%([0-7][0-9A-Fa-f])", lambda found: chr(int(found[1], 16)), part)


def _of_hugging_face(parts: list[str], query: str) -> str:
    """`hf.co/user/repo`, with the quantisation where the address leads to one file."""
    if len(parts) < 2 or parts[0] in _NOT_USERS:
        raise ModelRefused(
            "This address leads to no model. Open a model's page on huggingface.co, and copy its address."
        )
    user, repository = parts[0], parts[1]
    file = parts[-1] if len(parts) > 2 and parts[-1].lower().endswith(".gguf") else ""
    if not file:
        shown = re.search(r"(?:^|&)show_file_info=([^&]+)", query)
        file = _decoded(shown[1]) if shown else ""
    if not file or ":" in repository:
        return f"hf.co/{user}/{repository}"
    stem = _SPLIT.sub("", re.sub(r"\.gguf$", "", file.rpartition("/")[2], flags=re.IGNORECASE))
    quantisation = _QUANTISATION.search(stem)
    return f"hf.co/{user}/{repository}" + (f":{quantisation[1]}" if quantisation else "")
