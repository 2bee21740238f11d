"""Who wants to hear of a change."""

import logging
from collections.abc import Callable
from typing import Generic, TypeVarTuple

log = logging.getLogger(__name__)

Told = TypeVarTuple("Told")


class Listeners(Generic[*Told]):
    """Those who are called after a change, in the order in which they came.

    One that fails is written to the log: neither the others nor what is listened to may suffer from it.

    Args:
        failure: what the log says then, for example "The hosts could not be shown".
    """

    def __init__(self, failure: str) -> None:
        self._failure = failure
        self._all: list[Callable[[*Told], object]] = []

    def add(self, listener: Callable[[*Told], object]) -> Callable[[], None]:
        """Call `listener` from now on; returns what ends that, and may be called twice."""
        self._all.append(listener)
        return lambda: self.remove(listener)

    def remove(self, listener: Callable[[*Told], object]) -> None:
        """Do not call `listener` any more."""
        if listener in self._all:
            self._all.remove(listener)

    def tell(self, *told: *Told) -> None:
        """Call all of them."""
        for listener in list(self._all):
            try:
                listener(*told)
            except Exception:
                log.exception("%s", self._failure)
