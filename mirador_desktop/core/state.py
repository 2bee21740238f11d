"""The `StateStore` protocol: what remembers between runs what the program knows about itself."""

from typing import Any, Protocol


class StateStore(Protocol):
    """Remembers JSON values by name; the database is one. Both methods raise a `StoreError` where that fails."""

    async def state(self, name: str) -> Any:
        """What was remembered under a name, None for nothing."""
        ...

    async def remember(self, name: str, value: Any) -> None:
        """Remember a JSON value under a name."""
        ...
