"""What asyncio's loop does by itself and qasync's needs help with: generators, signals, unexpected exceptions."""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from types import TracebackType
from typing import Any

from PySide6.QtCore import QSocketNotifier

log = logging.getLogger(__name__)


@contextlib.contextmanager
def async_generators() -> Iterator[None]:
    """Have the loop close generators nobody iterates any more: asyncio's own loops do that, qasync's does not."""
    loop = asyncio.get_running_loop()

    def finalize(generator: AsyncGenerator[Any, Any]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lambda: loop.create_task(generator.aclose()))

    before = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(finalizer=finalize)
    try:
        yield
    finally:
        sys.set_asyncgen_hooks(*before)


@contextlib.contextmanager
def unexpected(say: Callable[[str], None]) -> Iterator[None]:
    """Log exceptions that nobody expected, with their trace, and say them in one line; the program goes on."""
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.error("Unexpected", exc_info=(kind, error, trace))
        say(f"Something unexpected happened ({kind.__name__}). The log says more.")
        before(kind, error, trace)

    sys.excepthook = hook
    try:
        yield
    finally:
        sys.excepthook = before


@contextlib.contextmanager
def signals(close: Callable[[], None]) -> Iterator[None]:
    """Close the window on SIGINT and SIGTERM. Qt's loop sleeps in C++, so a socket has to wake it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    for end in (reader, writer):
        end.setblocking(False)
    notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: reader.recv(64))
    before = {number: signal.signal(number, lambda *_: close()) for number in (signal.SIGINT, signal.SIGTERM)}
    old = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(old)
        for number, handler in before.items():
            signal.signal(number, handler)
        notifier.setEnabled(False)
        reader.close()
        writer.close()
