"""The `ModelManager` of an Ollama host: its models pulled, made, copied, deleted and described."""

import re
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing
from typing import Any

from mirador_desktop.core.manager import ModelDetails, NewModel, PullStep
from mirador_desktop.engines import ollama_wire as wire
from mirador_desktop.engines.ollama_connection import OllamaConnection
from mirador_desktop.errors import EngineError, ModelMissing, ModelRefused, StreamBroken

_FACTS = (
    ("parameter_size", "Parameters"),
    ("quantization_level", "Quantisation"),
    ("family", "Family"),
    ("format", "Format"),
    ("parent_model", "Made from"),
)
_KEPT = "What has come so far is kept; retrying goes on from there."
_LONGEST = 200_000  # characters of a text that are shown


class OllamaModels:
    """See `ModelManager`.

    Args:
        connection: to the host.
    """

    def __init__(self, connection: OllamaConnection) -> None:
        self._connection = connection

    async def pull(self, name: str, insecure: bool = False) -> AsyncGenerator[PullStep, None]:
        """See `ModelManager.pull`."""
        body = {"model": name, "insecure": insecure}
        async with aclosing(self._lines("/api/pull", name, body)) as lines:
            async for line in lines:
                yield PullStep(
                    str(line.get("status") or ""),
                    str(line.get("digest") or ""),
                    _bytes(line.get("total")),
                    _bytes(line.get("completed")),
                )

    async def create(self, model: NewModel) -> AsyncGenerator[str, None]:
        """See `ModelManager.create`."""
        body: dict[str, Any] = {"model": model.name, "from": model.source, "system": model.system}
        body |= {"files": dict(model.files), "parameters": dict(model.parameters)}
        body = {key: value for key, value in body.items() if value}
        async with aclosing(self._lines("/api/create", model.name, body)) as lines:
            async for line in lines:
                yield str(line.get("status") or "")

    async def has_blob(self, digest: str) -> bool:
        """See `ModelManager.has_blob`."""
        try:
            await self._connection.send("HEAD", f"/api/blobs/{digest}", digest)
        except ModelMissing:
            return False
        return True

    async def upload(self, digest: str, chunks: AsyncIterable[bytes]) -> None:
        """See `ModelManager.upload`."""
        try:
            await self._connection.send("POST", f"/api/blobs/{digest}", "", chunks)
        except ModelRefused as error:
            if "digest mismatch" in str(error):
                raise ModelRefused("The file was changed while it was sent. Try again.") from error
            raise
        except StreamBroken as error:
            if _disk_is_full(str(error)):
                raise StreamBroken(
                    f"The disk of {self._connection.name} is full. Make room, then try again."
                ) from error
            raise

    async def copy(self, source: str, target: str) -> None:
        """See `ModelManager.copy`."""
        await self._connection.send("POST", "/api/copy", source, {"source": source, "destination": target})

    async def delete(self, model: str) -> None:
        """See `ModelManager.delete`."""
        await self._connection.send("DELETE", "/api/delete", model, {"model": model})

    async def show(self, model: str) -> ModelDetails:
        """See `ModelManager.show`."""
        shown = await self._connection.post("/api/show", model, {"model": model})
        details, info, said = shown.get("details"), shown.get("model_info"), shown.get("capabilities")
        details = details if isinstance(details, dict) else {}
        info = info if isinstance(info, dict) else {}
        return ModelDetails(
            name=model,
            parameters=_text(shown.get("parameters")),
            template=_text(shown.get("template")),
            system=_text(shown.get("system")),
            licence=_text(shown.get("license")),
            modelfile=_text(shown.get("modelfile")),
            facts=tuple((words, str(details[key])) for key, words in _FACTS if details.get(key)),
            info=tuple((str(key), _value(value)) for key, value in sorted(info.items()) if value is not None),
            capabilities=tuple(str(c) for c in said) if isinstance(said, list) else (),
        )

    async def _lines(self, path: str, model: str, body: Mapping[str, Any]) -> AsyncGenerator[Mapping[str, Any], None]:
        """The lines of a long work. Its errors are about the registry and the disk, not about an answer."""
        name, succeeded = self._connection.name, False
        with self._connection.running.one():
            try:
                client = await self._connection.client()
                async with client.stream("POST", path, json=body, timeout=None) as response:
                    if response.status_code != 200:
                        await response.aread()
                        raise self._refused(response.status_code, wire.words_of(response.text), model)
                    async with aclosing(wire.lines_of(response.aiter_bytes())) as lines:
                        async for line in lines:
                            if error := line.get("error"):
                                raise explain(wire.words_of(error), model, name)
                            succeeded = succeeded or line.get("status") == "success"
                            yield line
            except Exception as error:
                translated = self._connection.translate(error, model)
                if type(translated) is StreamBroken and translated is not error:
                    kept = f" {_KEPT}" if path == "/api/pull" else ""
                    translated = StreamBroken(f"The connection to {name} broke, or Ollama ended there.{kept}")
                raise translated from error
        if not succeeded:
            raise StreamBroken(f"{name} stopped before it was done. {_KEPT}")

    def _refused(self, status: int, words: str, model: str) -> EngineError:
        if status in (400, 500) and words:
            return explain(words, model, self._connection.name)
        return self._connection.refusal(status, words, "")


def explain(words: str, model: str, host: str) -> EngineError:
    """Put what a server says of a pull or a creation that failed into a sentence with what to do."""
    low = words.lower()
    registry = _registry(model)
    begin = registry[0].upper() + registry[1:]
    if "invalid model name" in low or "invalid name" in low:
        return ModelRefused(f"Ollama takes no model of the name {model}.")
    if _disk_is_full(low):
        return StreamBroken(f"The disk of {host} is full. Delete models or make room, then retry. {_KEPT}")
    if "newer version of ollama" in low:
        return ModelRefused(f"{model} needs a newer Ollama than {host} has. Update it there, then retry.")
    if "not gguf" in low or "not compatible with llama.cpp" in low:
        return ModelRefused(
            f"{model} is not in the GGUF format, so Ollama cannot run it. Look for a repository that is."
        )
    if "file does not exist" in low or "manifest unknown" in low or "not found" in low:
        return ModelMissing(f"{begin} has no model {model}. Check name and tag, or look into the catalogue.")
    if "unauthorized" in low or "401" in low or "403" in low or "access to model" in low or "denied" in low:
        return ModelRefused(f"{begin} does not give {model} to everybody: it asks for a sign-in.")
    if "no such host" in low or "server misbehaving" in low or "name resolution" in low or "unreachable" in low:
        return StreamBroken(f"{host} cannot find {registry}: is it connected to the internet? {_KEPT}")
    if "server gave http response to https client" in low or _speaks_plainly(low):
        return StreamBroken(f"{begin} gave no encrypted answer. If it speaks plain http, write http:// before it.")
    if "digest mismatch" in low:
        return StreamBroken(
            "What came does not match its checksum, and Ollama threw it away. Retry fetches it again."
        )
    reasons = (
        "refused",
        "timeout",
        "timed out",
        "max retries",
        "eof",
        "reset",
        "no route",
        "tls",
        "x509",
        "broken pipe",
    )
    if any(reason in low for reason in reasons):
        return StreamBroken(f"{begin} does not answer any more ({_last(words)}). {_KEPT}")
    if "no such file or directory" in low:
        return StreamBroken(f"{host} does not have the uploaded file any more. Try again.")
    return StreamBroken(f"{host} could not do it: {words or 'it gave no reason'}.")


def _registry(model: str) -> str:
    """The registry of a model, as it stands in sentences."""
    parts = model.partition("://")[2].split("/") if "://" in model else model.split("/")
    if len(parts) < 3:
        return "the Ollama library"
    return "Hugging Face" if parts[0] in ("hf.co", "huggingface.co") else f"the registry {parts[0]}"


def _speaks_plainly(words: str) -> bool:
    """Whether a registry answered a TLS greeting by closing: it most likely speaks plain http."""
    return words.endswith(": eof") and "/manifests/" in words and '"https://' in words


def _last(words: str) -> str:
    """The reason at the end of a chain of Go's errors."""
    return words.rstrip(".").rpartition(": ")[2][:120] or words[:120]


def _disk_is_full(words: str) -> bool:
    low = words.lower()
    return any(w in low for w in ("no space left", "not enough space", "disk quota exceeded", "disk is full"))


def _bytes(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _text(value: object) -> str:
    """A text of a server, kept to what a window can show."""
    text = wire.without_halves(value if isinstance(value, str) else "")
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "\ufffd", text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… ({len(text) - _LONGEST:,} more characters)"


def _value(value: object) -> str:
    if isinstance(value, list):
        shown = ", ".join(_value(v) for v in value[:8])
        return f"[{shown}, … {len(value):,} in all]" if len(value) > 8 else f"[{shown}]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else _text(str(value))[:500]
