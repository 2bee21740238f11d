"""The commands `export` and `import`: conversations to files and back, without a window or beside one."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO, Protocol

from mirador_desktop.errors import MiradorError
from mirador_desktop.exchange.options import KINDS, ExportOptions, Format
from mirador_desktop.exchanging import Exchange
from mirador_desktop.terminal import DONE, FAILED, STOPPED, USAGE

_ENDINGS: dict[str, Format] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".json": "json",
    ".txt": "text",
    ".docx": "docx",
}


class Machine(Protocol):
    """What these commands need of `machine.Machine`."""

    @property
    def exchange(self) -> Exchange:
        """What exports and imports."""
        ...

    async def close(self) -> None:
        """Keep and close everything."""
        ...


Compose = Callable[[], Machine]


def write(compose: Compose, options: argparse.Namespace) -> int:
    """Export; returns the exit code."""
    kind: Format | None = options.format or _ENDINGS.get(Path(options.file).suffix.lower())
    to_output = options.file == "-"
    if kind is None:
        return _say("Name a format with --format: the file’s ending does not tell it.", USAGE)
    if to_output and not KINDS[kind].is_text:
        return _say(f"{KINDS[kind].label} cannot be written to the standard output: name a file.", USAGE)
    much = ExportOptions(options.stages, options.thoughts, options.confidences, options.metadata, options.branches)
    progress = _Progress("turns")

    async def work(exchange: Exchange) -> int:
        wanted = None
        if options.conversation:
            wanted = [await exchange.find(prefix) for prefix in options.conversation]
        target = _output() if to_output else Path(options.file)
        done = await exchange.export(target, kind, wanted, much, progress.show)
        if not isinstance(target, Path):
            await asyncio.to_thread(target.flush)
        progress.end()
        if not to_output:
            conversations = f"{done.conversations:,} conversation{'' if done.conversations == 1 else 's'}"
            turns = f"{done.turns:,} turn{'' if done.turns == 1 else 's'}"
            print(f"{conversations} with {turns} written to {options.file}.", file=sys.stderr)  # noqa: T201
        return DONE

    return _run(compose, work, progress)


def read(compose: Compose, options: argparse.Namespace) -> int:
    """Import; returns the exit code. A file that cannot be read does not keep the others from being read."""
    progress = _Progress("MB", 1_000_000)

    async def work(exchange: Exchange) -> int:
        code = DONE
        for name in options.files:
            try:
                report = await exchange.import_file(Path(name), progress.show)
            except MiradorError as error:
                progress.end()
                code = _say(f"{name}: {error}" if len(options.files) > 1 else str(error), FAILED)
                continue
            progress.end()
            if len(options.files) > 1:
                print(f"{name}:")  # noqa: T201
            for line in report.lines():
                print(_printable(line))  # noqa: T201
        return code

    return _run(compose, work, progress)


def _run(compose: Compose, work: Callable[[Exchange], Awaitable[int]], progress: "_Progress") -> int:
    """Do something with the machine; Ctrl+C stops it, and so does a reader who has gone."""

    async def run() -> int:
        machine = compose()
        task = asyncio.ensure_future(work(machine.exchange))
        loop = asyncio.get_running_loop()
        with contextlib.suppress(NotImplementedError):  # Windows
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            progress.end()
            return STOPPED
        except (MiradorError, BrokenPipeError) as error:
            progress.end()
            if isinstance(error.__cause__ or error, BrokenPipeError):  # who read the output has gone
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter flushes it at the end
                return FAILED
            return _say(str(error), FAILED)
        finally:
            with contextlib.suppress(NotImplementedError):
                for number in (signal.SIGINT, signal.SIGTERM):
                    loop.remove_signal_handler(number)
            await machine.close()

    return asyncio.run(run())


def _output() -> BinaryIO:
    return sys.stdout.buffer


def _say(words: str, code: int) -> int:
    print(_printable(words), file=sys.stderr)  # noqa: T201
    return code


def _printable(words: str) -> str:
    """Words without what a terminal would take for commands: names of files and titles may hold anything."""
    return "".join(c if c.isprintable() else "\ufffd" for c in words)


class _Progress:
    """One line on a terminal that tells how far it is; nothing elsewhere."""

    def __init__(self, unit: str, size: int = 1) -> None:
        self._unit, self._size = unit, size
        self._shown = ""
        self._is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, done: int, total: int) -> None:
        """Show how much is done."""
        words = f"{done // self._size:,} of {total // self._size:,} {self._unit}"
        if self._is_terminal and words != self._shown:
            print(f"\r\x1b[K{words}", end="", flush=True, file=sys.stderr)  # noqa: T201
            self._shown = words

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            print("\r\x1b[K", end="", flush=True, file=sys.stderr)  # noqa: T201
            self._shown = ""
