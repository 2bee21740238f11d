"""The `ModelManager` protocol: what can be done with the models of a host besides running them."""

from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class PullStep:
    """One line of a pull.

    Attributes:
        status: what the host says it does.
        digest: of the layer that is being fetched, "" for none.
        total, completed: bytes of that layer. `completed` can go backwards.
    """

    status: str
    digest: str = ""
    total: int = 0
    completed: int = 0


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model to be made of another one, or of files that were uploaded before.

    Attributes:
        source: the model it is made from, "" for none.
        files: names of files with their digests (`sha256:…`).
        system: its system prompt, "" to keep the source's.
        parameters: as in a Modelfile: `temperature`, `num_ctx`, …
    """

    name: str
    source: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    system: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """All that a host tells of a model; every text comes from others and is shown as plain text.

    Attributes:
        facts: family, format, and so on, with their names.
        info: what the model's file says of itself, with the keys of GGUF.
    """

    name: str
    parameters: str = ""
    template: str = ""
    system: str = ""
    licence: str = ""
    modelfile: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    info: tuple[tuple[str, str], ...] = ()
    capabilities: tuple[str, ...] = ()


class ModelManager(Protocol):
    """Pulls, makes, copies, deletes and describes the models of one host.

    Every method raises an `EngineError` and nothing else. Cancelling the task that waits for a method, or closing a
    generator, closes its connection.
    """

    def pull(self, name: str, insecure: bool = False) -> AsyncGenerator[PullStep, None]:
        """Fetch a model from its registry; ends after the host has said `success`, or raises.

        Closing the generator pauses: the host keeps what it has, and asking again goes on from there.
        """
        ...

    def create(self, model: NewModel) -> AsyncGenerator[str, None]:
        """Make a model; yields what the host says it does, and ends after `success`, or raises."""
        ...

    async def has_blob(self, digest: str) -> bool:
        """Whether the host has a file with this digest already."""
        ...

    async def upload(self, digest: str, chunks: AsyncIterable[bytes]) -> None:
        """Send a file, to be used by `create`."""
        ...

    async def copy(self, source: str, target: str) -> None:
        """Give a model a second name; costs no space."""
        ...

    async def delete(self, model: str) -> None:
        """Delete a model."""
        ...

    async def show(self, model: str) -> ModelDetails:
        """Describe a model."""
        ...
