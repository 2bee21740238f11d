"""Bearer tokens of hosts: in the system's keyring and nowhere else, one entry for each address."""

import asyncio
import contextlib
import logging
import time
from typing import Literal

from mirador_desktop.memory import keyring_access

log = logging.getLogger(__name__)

_PAUSE = 60.0  # seconds

TokenPlace = Literal["", "keyring", "run", "locked"]
"""Where a token is: there is none, in the keyring, in memory for this run only, in a keyring that does not answer."""


class Tokens:
    """The tokens of all hosts, each fetched from the keyring when it is first needed.

    All calls of the keyring are made in threads: it may take seconds, or ask the person to unlock it.
    """

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._places: dict[str, TokenPlace] = {}
        self._failed: dict[str, float] = {}  # when the keyring gave no answer
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Tokens({len(self._known)})"

    def place(self, address: str) -> TokenPlace:
        """Where the token of a base address is, as far as it was asked for."""
        return self._places.get(_user(address), "")

    async def get(self, address: str, *, insist: bool = False) -> str:
        """The token of a base address, "" if there is none.

        A keyring that failed is left alone for a minute (it may ask the person for a password each time), unless
        `insist`.
        """
        user = _user(address)
        if user in self._known:
            return self._known[user]
        if not insist and time.monotonic() - self._failed.get(user, -_PAUSE) < _PAUSE:
            return ""
        async with self._lock:
            if user in self._known:
                return self._known[user]
            try:
                found = await asyncio.to_thread(keyring_access.in_time, lambda: keyring_access.get(user))
            except Exception as error:  # whatever a backend raises, there is no token now; it is asked again later
                log.info("The keyring does not give the token of a host (%s)", type(error).__name__)
                unusable = type(error).__name__ == "NoKeyringError"
                self._places[user] = "" if unusable else "locked"
                self._failed[user] = time.monotonic()
                if unusable:
                    self._known[user] = ""
                return ""
            self._known[user] = found or ""
            self._places[user] = "keyring" if found else ""
            return self._known[user]

    async def put(self, address: str, token: str) -> TokenPlace:
        """Keep a token; returns where: `run` means that the system has no usable keyring."""
        user = _user(address)
        async with self._lock:
            try:
                kept = await asyncio.to_thread(keyring_access.in_time, lambda: keyring_access.put(user, token))
            except Exception as error:
                log.info("The keyring does not take the token of a host (%s)", type(error).__name__)
                kept = False
            self._known[user] = token
            self._places[user] = "keyring" if kept else "run"
            return self._places[user]

    async def remove(self, address: str) -> None:
        """Forget the token of a base address."""
        user = _user(address)
        async with self._lock:
            self._known[user] = ""
            self._places[user] = ""
            with contextlib.suppress(Exception):  # there was none, or there is no keyring
                await asyncio.to_thread(keyring_access.in_time, lambda: keyring_access.delete(user))


def _user(address: str) -> str:
    """The entry of a base address: the same whether the host is asked as Ollama or as OpenAI-compatible."""
    return f"host {address.removesuffix('/v1')}"
