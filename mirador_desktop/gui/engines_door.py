"""What the window needs to know of the engines: it is handed an object, and imports none."""

from typing import Protocol

from mirador_desktop.core.engine import Engine, EngineList, LoadedModel, ModelSource


class Engines(EngineList, ModelSource, Protocol):
    """What the window needs to know of the engines."""

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

    def hosts_of(self, model: str) -> list[Engine]:
        """The engines that have a model and answer, the best first."""
        ...

    def loaded(self) -> list[LoadedModel]:
        """What is in memory."""
        ...

    def remote_addresses(self) -> list[str]:
        """Addresses of engines on other machines."""
        ...
