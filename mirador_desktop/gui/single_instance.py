"""One window a home: a second start brings the first one's window to the front."""

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QCryptographicHash, QLockFile

_PATIENCE = 10.0
"""Seconds a start waits for the first one: many at once, or a slow disk, make the first one slow."""


class SingleInstance:
    """Holds the home's lock for as long as the program runs.

    Args:
        folder: the data folder; each has at most one window.

    Attributes:
        first: whether no other program has the lock. True also where no lock can be made at all, because a
            folder that cannot be written must not keep anybody from asking.
    """

    def __init__(self, folder: Path) -> None:
        user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
        place = QCryptographicHash.hash(f"{user} {folder.absolute()}".encode(), QCryptographicHash.Algorithm.Sha256)
        self._name = f"mirador-{bytes(place.data()).hex()[:24]}"
        self._lock: QLockFile | None = None
        self._server: object = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            self.first = True
            return
        self._lock = QLockFile(str(folder / "mirador.lock"))
        self._lock.setStaleLockTime(0)  # the lock of a program that is gone is taken at once, however old
        self.first = self._lock.tryLock(0) or self._lock.error() != QLockFile.LockError.LockFailedError

    def call_first(self) -> bool:
        """Ask the first program to show its window.

        False if it does not answer, or has ended meanwhile: then this one has become `first`.
        """
        from PySide6.QtNetwork import QLocalSocket

        end = monotonic() + _PATIENCE
        while monotonic() < end:  # it may only just be starting
            caller = QLocalSocket()
            caller.connectToServer(self._name)
            if caller.waitForConnected(200):
                caller.write(b"show\n")
                caller.flush()
                caller.waitForBytesWritten(500)
                caller.disconnectFromServer()
                return True
            if self._lock is not None and self._lock.tryLock(100):
                self.first = True
                return False
        return False

    def leave(self) -> None:
        """Answer nobody any more, because the window is closed; who starts now waits for the lock."""
        if self._server is not None:
            self._server.close()  # type: ignore[attr-defined]  # a QLocalServer, imported late
            self._server = None

    def listen(self, show: Callable[[], None]) -> None:
        """Call `show` whenever somebody starts the program again."""
        from PySide6.QtNetwork import QLocalServer

        server = QLocalServer()
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)

        def connected() -> None:
            while (caller := server.nextPendingConnection()) is not None:
                caller.disconnected.connect(caller.deleteLater)
                show()

        server.newConnection.connect(connected)
        QLocalServer.removeServer(self._name)  # left over by a program that was killed; the lock is ours
        server.listen(self._name)
        self._server = server

    def close(self) -> None:
        """Let others be first."""
        self.leave()
        if self._lock is not None:
            self._lock.unlock()
