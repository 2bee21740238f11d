"""The system's keyring, the one way to it: never for longer than a few seconds, never in the GUI thread."""

import threading
from collections.abc import Callable
from typing import TypeVar

SERVICE = "Mirador Desktop"
KEYRING_SECONDS = 3.0
"""How long the keyring may take; some ask a service that never answers."""

T = TypeVar("T")

_hanging: threading.Thread | None = None


def get(user: str) -> str | None:
    """The secret of an entry, None if there is none. The backends raise whatever their service gave them."""
    import keyring

    return keyring.get_password(SERVICE, user)


def put(user: str, secret: str) -> bool:
    """Keep a secret; whether it is kept. False where the system has no keyring that can be used."""
    import keyring

    if keyring.get_keyring().priority < 1:
        return False
    keyring.set_password(SERVICE, user, secret)
    return keyring.get_password(SERVICE, user) == secret


def delete(user: str) -> None:
    """Take an entry away; raises if there is none."""
    import keyring

    keyring.delete_password(SERVICE, user)


def in_time(call: Callable[[], T]) -> T:
    """Call in a thread of its own, and raise what it raises, or `TimeoutError` after `KEYRING_SECONDS`.

    While an earlier call still hangs, no other thread is spent on it.
    """
    global _hanging
    if _hanging is not None and _hanging.is_alive():
        raise TimeoutError
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(KEYRING_SECONDS)
    if errors:
        raise errors[0]
    if not results:
        _hanging = thread
        raise TimeoutError
    return results[0]
