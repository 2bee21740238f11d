"""Everything that can go wrong in words a person can act on.

    MiradorError
    ├── EngineError                 something that runs models did not do what was asked
    │   ├── EngineUnreachable       nothing answers at its address
    │   ├── EngineDenied            401 or 403: a token is missing or wrong
    │   ├── EngineBusy              503, also after waiting and asking again
    │   ├── ModelMissing            the model is not installed there
    │   ├── ModelRefused            the request does not suit the model, or the server rejects it
    │   └── StreamBroken            the answer ended before it was complete, or stalled
    ├── NoEngine                    no engine can answer at all
    ├── StoreError                  conversations cannot be kept or read right now
    │   ├── StoreLocked             another program holds the file
    │   ├── StoreReadOnly           the folder or file cannot be written
    │   ├── StoreFull               the disk is full
    │   ├── StoreDamaged            the file is not a Mirador database, or is broken
    │   ├── StoreKeyMissing         the key of the encrypted file is not where it should be
    │   └── StoreTooNew             a newer Mirador wrote the file
    └── SettingsError               settings.toml cannot be read or written

``str(error)`` is one sentence that says what happened and, where there is something to do, what.
"""


class MiradorError(Exception):
    """Base of all errors whose text is meant for the person."""


class EngineError(MiradorError):
    """Something that runs models did not do what was asked."""


class EngineUnreachable(EngineError):
    """Nothing answers at the engine's address."""


class EngineDenied(EngineError):
    """The engine answered 401 or 403."""


class EngineBusy(EngineError):
    """The engine answered 503, also after waiting and asking again."""


class ModelMissing(EngineError):
    """The model is not installed on the engine."""


class ModelRefused(EngineError):
    """The request does not suit the model, or the server rejects it."""


class StreamBroken(EngineError):
    """The answer ended before it was complete, or stood still for too long."""


class NoEngine(MiradorError):
    """No engine can answer at all."""


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
