"""Ollama itself, on this computer: found, started, ended, downloaded and removed.

Mirador starts it only when nothing listens at the address, ends it only if it has started it, and never runs two.
What it started is remembered in a file, so that a Mirador that was killed finds its Ollama again.
"""

import asyncio
import json
import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from mirador_desktop import release
from mirador_desktop.core.listeners import Listeners
from mirador_desktop.errors import MiradorError, ReleaseError, RuntimeMissing
from mirador_desktop.ollama_program import clean_environment, find, is_ollama, listens
from mirador_desktop.release import Progress

log = logging.getLogger(__name__)

Doing = Literal["", "starting", "stopping", "download", "check", "unpack", "removing"]
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_MOST_LOG = 5_000_000


class OllamaRuntime:
    """Ollama on this computer.

    Args:
        data: Mirador's data folder: a downloaded Ollama is unpacked to `ollama` in it.
        log_file: where an Ollama that Mirador starts writes its log.
        address: gives the base address it is to listen at, "" if no host on this computer is in use.
        environment: gives further variables for it, for example for flash attention.
        server: gives the address of the release server.
        answers: tells whether something answers at its address.

    Attributes:
        binary: the program, None if there is none or nobody has looked yet.
        looked: whether somebody has looked.
        doing: what is being done now, "" for nothing.
        progress: how far a download is, None without one.
        error: what went wrong last, "" if nothing.
    """

    def __init__(
        self,
        data: Path,
        log_file: Path,
        address: Callable[[], str],
        environment: Callable[[], Mapping[str, str]],
        server: Callable[[], str],
        answers: Callable[[], bool] = lambda: False,
    ) -> None:
        self.folder = data / "ollama"
        self.log_file = log_file
        self.binary: Path | None = None
        self.looked = False
        self.doing: Doing = ""
        self.progress: Progress | None = None
        self.error = ""
        self._note = data / "ollama-started.json"
        self._address, self._environment, self._server, self._answers = address, environment, server, answers
        self._process: subprocess.Popen[bytes] | None = None
        self._adopted: Any = None  # the psutil.Process that an earlier Mirador started
        self._listeners = Listeners[()]("What Ollama does could not be shown")
        self._busy = asyncio.Lock()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something is different."""
        self._listeners.add(listener)

    @property
    def doing_words(self) -> str:
        """What is being done now while there is no progress to tell of."""
        doing = {"starting": "Starting Ollama…", "stopping": "Ending Ollama…", "removing": "Removing Ollama…"}
        return doing.get(self.doing, "Asking the release server…")

    @property
    def wanted(self) -> bool:
        """Whether a host on this computer is in use at all."""
        return bool(self._address())

    @property
    def answers(self) -> bool:
        """Whether something answered at its address when the hosts were looked at last."""
        return self._answers()

    @property
    def can_download(self) -> bool:
        """Whether it can be downloaded for this system."""
        return release.can_download()

    @property
    def downloaded(self) -> bool:
        """Whether the one that was found is the one Mirador has downloaded."""
        return self.binary is not None and self.binary.is_relative_to(self.folder)

    @property
    def started_here(self) -> bool:
        """Whether it runs and Mirador has started it."""
        if self._process is not None:
            return self._process.poll() is None
        return self._adopted is not None and bool(self._adopted.is_running())

    async def look(self) -> None:
        """Find the program, and the one an earlier Mirador has started."""
        self.binary = await asyncio.to_thread(find, self.folder)
        if not self.looked:
            self._adopted = await asyncio.to_thread(self._find_started)
        self.looked = True
        self._listeners.tell()

    # ── starting and ending ────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """Start it and wait until it answers. Does nothing where something listens already.

        Raises:
            RuntimeMissing: it is not there, or it ended, or it does not answer; with the last line of its log.
        """
        async with self._busy:
            await self._do("starting", self._start())

    async def stop(self) -> None:
        """End it, if Mirador has started it."""
        async with self._busy:
            await self._do("stopping", asyncio.to_thread(self._end))

    async def _start(self) -> None:
        place = urlsplit(self._address())
        host, port = place.hostname or "127.0.0.1", place.port or 11434
        if await listens(host, port):
            if place.scheme == "http" and not await is_ollama(host, port):
                raise RuntimeMissing(
                    f"Something else than Ollama answers at {host}:{port}. End that program, or give the host "
                    "another port on the page Hosts."
                )
            return
        await self.look()  # it may have been installed or removed meanwhile
        await asyncio.to_thread(self._end)  # one that was started here and does not answer: never two
        if self.binary is None:
            raise RuntimeMissing("Ollama was not found on this computer. Get it first.")
        at = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        await asyncio.to_thread(self._run, self.binary, at)
        until = time.monotonic() + _START_SECONDS
        while not await listens(host, port):
            process = self._process
            if process is None or process.poll() is not None:
                raise RuntimeMissing(f"Ollama ended by itself. {await asyncio.to_thread(self._last_line)}".strip())
            if time.monotonic() > until:
                raise RuntimeMissing(
                    f"Ollama was started and does not answer at {at} after {_START_SECONDS:.0f} s. "
                    f"Its log is {self.log_file}."
                )
            await asyncio.sleep(0.1)
        log.info("Ollama was started at %s", at)

    def _run(self, binary: Path, at: str) -> None:
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > _MOST_LOG:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        environment = {**clean_environment(), **self._environment(), "OLLAMA_HOST": at}
        hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # no console window on Windows
        with self.log_file.open("ab") as file:
            try:
                self._process = subprocess.Popen(  # noqa: S603  # the program that was found, without a shell
                    [str(binary), "serve"],
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    env=environment,
                    start_new_session=sys.platform != "win32",  # Ctrl+C in a terminal ends Mirador, which ends it
                    creationflags=hidden,
                )
            except OSError as error:
                raise RuntimeMissing(f"{binary} cannot be started: {error.strerror or error}.") from error
        self._remember(self._process.pid)

    def _end(self) -> None:
        import psutil

        process, self._process = self._process, None
        adopted, self._adopted = self._adopted, None
        if process is not None and process.poll() is None:
            adopted = psutil.Process(process.pid)
        if adopted is None:
            return
        with suppress(psutil.Error):
            family = [*adopted.children(recursive=True), adopted]
            adopted.terminate()
            _, left = psutil.wait_procs(family, timeout=_STOP_SECONDS)
            for each in left:  # runners that outlive the server would hold its memory
                with suppress(psutil.Error):
                    each.kill()
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
        self._note.unlink(missing_ok=True)
        log.info("Ollama was ended")

    def _remember(self, pid: int) -> None:
        import psutil

        with suppress(OSError, psutil.Error):
            self._note.write_text(json.dumps({"pid": pid, "created": psutil.Process(pid).create_time()}), "utf-8")

    def _find_started(self) -> Any:
        """The process an earlier Mirador has started and could not end, None if there is none."""
        import psutil

        try:
            note = json.loads(self._note.read_text("utf-8"))
            process = psutil.Process(int(note["pid"]))
            if abs(process.create_time() - float(note["created"])) < 1 and process.is_running():
                return process
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            pass
        return None

    def _last_line(self) -> str:
        with suppress(OSError):
            lines = self.log_file.read_text("utf-8", "replace")[-4000:].strip().splitlines()
            if lines:
                return f"Its last words: “{lines[-1].strip()[:300]}”."
        return ""

    # ── downloading ────────────────────────────────────────────────────────────────────────────────────

    async def download(self) -> None:
        """Download, check and unpack it. Raises a `ReleaseError`; cancelling stops it and keeps the part."""
        async with self._busy:

            def tell(progress: Progress) -> None:
                if self.doing:
                    self.progress, self.doing = progress, progress.what
                    self._listeners.tell()

            try:
                await self._do("download", release.download(self._server(), self.folder, tell))
            finally:
                self.progress = None
                self._listeners.tell()
            await self.look()

    async def remove(self) -> None:
        """Delete the one that was downloaded, and parts of downloads; models stay. Raises a `ReleaseError`."""
        async with self._busy:
            await self._do("removing", asyncio.to_thread(self._remove))
            await self.look()

    def _remove(self) -> None:
        if self.downloaded:
            self._end()
        try:
            if self.folder.exists():
                shutil.rmtree(self.folder)
            for part in self.folder.parent.glob("ollama-linux-*.part"):
                part.unlink()
        except OSError as error:
            raise ReleaseError(f"{self.folder} cannot be deleted: {error.strerror or error}.") from error

    # ── telling ────────────────────────────────────────────────────────────────────────────────────────

    async def _do(self, doing: Doing, work: Any) -> None:
        self.doing, self.error = doing, ""
        self._listeners.tell()
        try:
            await work
        except MiradorError as error:
            self.error = str(error)
            log.warning("%s", error)
            raise
        finally:
            self.doing = ""
            self._listeners.tell()
