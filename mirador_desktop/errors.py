"""Everything that can go wrong in words a person can act on.

    MiradorError
    ├── EngineError                 something that runs models did not do what was asked
    │   ├── EngineUnreachable       nothing that can be used answers at its address
    │   ├── EngineDenied            401 or 403: a token is missing or wrong
    │   ├── EngineBusy              503, also after waiting and asking again
    │   ├── ModelMissing            the model is not installed there
    │   ├── ModelRefused            the request does not suit the model, or the server rejects it
    │   └── StreamBroken            the answer ended before it was complete, or stalled
    ├── StoreError                  conversations cannot be kept or read right now
    │   ├── StoreLocked             another program holds the file
    │   ├── StoreReadOnly           the folder or file cannot be written
    │   ├── StoreFull               the disk is full
    │   ├── StoreDamaged            the file is not a Mirador database, or is broken
    │   ├── StoreKeyMissing         the key of the encrypted file is not where it should be
    │   └── StoreTooNew             a newer Mirador wrote the file
    ├── SettingsError               settings.toml cannot be read or written
    ├── PipelineError               a pipeline, or its file, cannot be taken or written
    ├── ExchangeError               conversations cannot be written to a file, or read from one
    ├── BackupError                 a backup cannot be written, or not brought back
    ├── AttachmentError             a file cannot be attached to a question
    ├── MemoryRefused               a memory or note cannot be as it was asked to be
    ├── OrderError                  folders or tags cannot be as they were asked to be
    ├── ContextError                a source of a pipeline's context gave nothing
    ├── ReleaseError                Ollama could not be downloaded or unpacked
    └── RuntimeMissing              Ollama could not be found or started on this computer

``str(error)`` is one sentence that says what happened and, where there is something to do, what.
"""

from typing import Literal

Trouble = Literal["", "nothing", "name", "route", "timeout", "certificate", "denied", "foreign"]
"""Why an engine cannot be used: nothing listens there, its name is unknown, there is no way to it, it does not answer
in time, its certificate is not trusted, it refuses access, it is something else. "" is none of these."""


class MiradorError(Exception):
    """Base of all errors whose text is meant for the person."""

    def __str__(self) -> str:
        """The sentence. It may begin with the name of a host that is written small inside a sentence."""
        text = super().__str__()
        return f"T{text[1:]}" if text.startswith("this computer ") else text


class EngineError(MiradorError):
    """Something that runs models did not do what was asked.

    Attributes:
        trouble: the kind of reason, where the engine cannot be used at all.
    """

    trouble: Trouble = ""


class EngineUnreachable(EngineError):
    """Nothing that can be used answers at the engine's address."""

    def __init__(self, words: str, trouble: Trouble = "nothing") -> None:
        super().__init__(words)
        self.trouble = trouble


class EngineDenied(EngineError):
    """The engine answered 401 or 403."""

    trouble: Trouble = "denied"


class EngineBusy(EngineError):
    """The engine answered 503, also after waiting and asking again."""


class ModelMissing(EngineError):
    """The model is not installed on the engine."""


class ModelRefused(EngineError):
    """The request does not suit the model, or the server rejects it."""


class StreamBroken(EngineError):
    """The answer ended before it was complete, or stood still for too long."""


class StoreError(MiradorError):
    """Conversations cannot be kept or read right now."""


class StoreLocked(StoreError):
    """Another program holds the database file."""


class StoreReadOnly(StoreError):
    """The data folder or the database file cannot be written."""


class StoreFull(StoreError):
    """The disk is full."""


class StoreDamaged(StoreError):
    """The file is not a Mirador database, or it is broken."""


class StoreKeyMissing(StoreError):
    """The key of the encrypted file is not where it should be."""


class StoreTooNew(StoreError):
    """A newer version of Mirador wrote the database."""


class SettingsError(MiradorError):
    """settings.toml cannot be read or written."""


class ReleaseError(MiradorError):
    """Ollama could not be downloaded, checked or unpacked."""


class RuntimeMissing(MiradorError):
    """Ollama could not be found or started on this computer."""


class PipelineError(MiradorError):
    """A pipeline's file cannot be read or written, or what it says cannot be taken."""


class ExchangeError(MiradorError):
    """Conversations cannot be written to a file, or read from one."""


class BackupError(MiradorError):
    """A backup cannot be written, or not brought back."""


class AttachmentError(MiradorError):
    """A file cannot be attached to a question."""


class MemoryRefused(MiradorError):
    """A memory or note cannot be as it was asked to be."""


class OrderError(MiradorError):
    """Folders or tags cannot be as they were asked to be."""


class ContextError(MiradorError):
    """A source of a pipeline's context gave nothing: why, as the end of "… and was left out"."""
