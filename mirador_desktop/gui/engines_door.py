"""What the window needs to know of the engines: it is handed an object, and imports none."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from mirador_desktop.core.engine import Engine, EngineState, LoadedModel, ModelSource


class Engines(ModelSource, Protocol):
    """What the window needs to know of the engines."""

    @property
    def engines(self) -> Sequence[Engine]:
        """All of them, in order of preference."""
        ...

    @property
    def states(self) -> Mapping[str, EngineState | None]:
        """What the last look found, by the engine's name."""
        ...

    @property
    def looked(self) -> bool:
        """Whether the first look is over."""
        ...

    @property
    def reachable(self) -> bool:
        """Whether any answers."""
        ...

    @property
    def has_models(self) -> bool:
        """Whether any has a model that can answer."""
        ...

    @property
    def only_guide(self) -> bool:
        """Whether the guide answers."""
        ...

    def listen(self, listener: Callable[[], None]) -> None:
        """Call after every look."""
        ...

    def hosts_of(self, model: str) -> list[Engine]:
        """The engines that have a model and answer, the best first."""
        ...

    def loaded(self) -> list[LoadedModel]:
        """What is in memory."""
        ...

    def remote_addresses(self) -> list[str]:
        """Addresses of engines on other machines."""
        ...

    def wake(self) -> None:
        """Look now."""
        ...
