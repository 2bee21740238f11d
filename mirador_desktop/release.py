"""Ollama's releases for Linux: downloaded, compared with their checksum, and unpacked into a folder of Mirador's own.

Nothing of an archive is unpacked or run before its SHA-256 was found to be the one that the release server lists.
"""

import asyncio
import hashlib
import importlib
import logging
import os
import platform
import re
import shutil
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from mirador_desktop.core.amounts import part_words, size_words
from mirador_desktop.errors import ReleaseError

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

CHECKSUMS = "sha256sum.txt"
_CHUNK = 1 << 20
_MOST_CHECKSUMS = 1 << 20
_MOST_UNPACKED = 40 << 30
_SILENCE = 30.0
"""Seconds without a byte after which a download has failed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is.

    Attributes:
        what: what is being done now.
        done, total: bytes; `total` is 0 while it is not known.
        speed: bytes a second, 0 while it is not known.
    """

    what: Literal["download", "check", "unpack"]
    done: int = 0
    total: int = 0
    speed: float = 0.0

    @property
    def share(self) -> float | None:
        """How much of the whole is done, 0 to 1; None while the whole is not known."""
        return self.done / self.total if self.total else None

    @property
    def words(self) -> str:
        """Amount and speed: "0.7 of 1.9 GB · 48 MB/s"."""
        amount = part_words(self.done, self.total) if self.total else size_words(self.done)
        return f"{amount} · {size_words(self.speed)}/s" if self.speed else amount


def can_download() -> bool:
    """Whether there are releases to unpack for this system: Linux on x86-64 or ARM64."""
    return sys.platform == "linux" and _architecture() != ""


def _architecture() -> str:
    return {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower(), ""
    )


async def download(server: str, folder: Path, tell: Callable[[Progress], None]) -> None:
    """Download the current release and unpack it to `folder`, in place of what was there.

    A download that breaks off leaves its part beside `folder`; the next one goes on from there. Cancelling stops
    it within a moment.

    Args:
        server: the address under which `sha256sum.txt` and the archives are.
        tell: called on the loop's thread, at most about ten times a second.

    Raises:
        ReleaseError: what happened, and what to do. What was unpacked before is still there.
    """
    work = _Download(server, folder, tell)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part, checksum = await work.fetch()
        await work.in_thread(lambda: work.install(part, checksum))
    except tarfile.TarError as error:
        raise ReleaseError(f"The archive of Ollama cannot be unpacked: {error}. Try again.") from error
    except OSError as error:
        raise ReleaseError(f"Ollama cannot be written to {folder}: {error.strerror or error}.") from error


class _Stopped(Exception):
    """The person does not want it any more."""


class _Download:
    """One download."""

    def __init__(self, server: str, folder: Path, tell: Callable[[Progress], None]) -> None:
        self._server, self._folder, self._tell = server.rstrip("/"), folder, tell
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._told = 0.0

    async def fetch(self) -> tuple[Path, str]:
        """Download the archive; returns where it is and the checksum it should have."""
        httpx = await asyncio.to_thread(importlib.import_module, "httpx")
        try:
            # A mirror or a proxy of the environment may be used; no token of any host is ever sent here.
            client = await asyncio.to_thread(httpx.AsyncClient, timeout=_SILENCE, follow_redirects=True)
            async with client:
                name, checksum = await self._find(client)
                # Of which release a part is stands in its name: parts of two are never put together.
                part = self._folder.with_name(f"{name}.{checksum[:16]}.part")
                await asyncio.to_thread(self._forget_others, part)
                await self._fetch(client, name, part)
            return part, checksum
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ReleaseError(self._words(error)) from error

    async def in_thread(self, work: Callable[[], None]) -> None:
        """Do what takes long in a thread, which ends within a moment when the task is cancelled."""
        task = asyncio.create_task(asyncio.to_thread(work))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            self._stop.set()
            await asyncio.wait({task})
            raise

    def _forget_others(self, part: Path) -> None:
        for other in self._folder.parent.glob("ollama-linux-*.part"):
            if other != part:
                other.unlink()

    def install(self, part: Path, checksum: str) -> None:
        """Compare with the checksum, unpack, and delete the archive."""
        with suppress(_Stopped):
            self._check(part, checksum)
            try:
                self._unpack(part)
            finally:
                if not self._stop.is_set():
                    part.unlink()

    def _words(self, error: Exception) -> str:
        import httpx

        place = urlsplit(self._server).netloc
        if isinstance(error, httpx.HTTPStatusError):
            return f"{place} answers {error.response.status_code} instead of a release of Ollama."
        if isinstance(error, httpx.TimeoutException):
            return f"{place} sent nothing for {_SILENCE:.0f} s. What came is kept; Retry goes on from there."
        if isinstance(error, httpx.ConnectError):
            return f"{place} cannot be reached. Is this computer online?"
        return f"The connection to {place} broke. What came is kept; Retry goes on from there."

    async def _find(self, client: "httpx.AsyncClient") -> tuple[str, str]:
        """The archive's name and checksum, from the list of the release server."""
        async with client.stream("GET", f"{self._server}/{CHECKSUMS}") as response:
            self._fit(response)
            text = b""
            async for chunk in response.aiter_bytes():
                text += chunk
                if len(text) > _MOST_CHECKSUMS:
                    raise ReleaseError(f"{urlsplit(self._server).netloc} sent no list of checksums.")
        sums = checksums(text.decode("utf-8", "replace"))
        for end in ("tar.zst", "tgz"):
            name = f"ollama-linux-{_architecture()}.{end}"
            if name in sums:
                return name, sums[name]
        raise ReleaseError(
            f"{urlsplit(self._server).netloc} lists no release of Ollama for this computer "
            f"(Linux, {_architecture()})."
        )

    def _fit(self, response: "httpx.Response") -> None:
        """Refuse what is no success, and a redirect from https to http."""
        if self._server.startswith("https://") and response.url.scheme != "https":
            raise ReleaseError(f"{urlsplit(self._server).netloc} leads to an address without https. It is not used.")
        response.raise_for_status()

    async def _fetch(self, client: "httpx.AsyncClient", name: str, part: Path) -> None:
        have = await asyncio.to_thread(_size, part)
        headers = {"Range": f"bytes={have}-"} if have else {}
        async with client.stream("GET", f"{self._server}/{name}", headers=headers) as response:
            if response.status_code == 416:  # there is nothing after what we have
                return
            self._fit(response)
            if response.status_code != 206:
                have = 0
            coming = int(response.headers.get("content-length") or 0)
            free = (await asyncio.to_thread(shutil.disk_usage, part.parent)).free
            if coming * 3 > free:  # the archive, and what is unpacked from it
                raise ReleaseError(
                    f"Ollama needs about {size_words(coming * 3)}, and {size_words(free)} are free on this disk."
                )
            begun, first = time.monotonic(), have
            with await asyncio.to_thread(part.open, "ab" if have else "wb") as file:
                pending = bytearray()
                try:
                    async for chunk in response.aiter_raw():
                        pending += chunk
                        have += len(chunk)
                        if len(pending) >= _CHUNK:
                            await asyncio.to_thread(file.write, bytes(pending))
                            pending.clear()
                        speed = (have - first) / max(time.monotonic() - begun, 0.1)
                        self._say("download", have, first + coming if coming else 0, speed)
                finally:
                    file.write(pending)  # under a MB, and a cancelled task may not wait

    def _check(self, part: Path, checksum: str) -> None:
        digest, size, done = hashlib.sha256(), part.stat().st_size, 0
        with part.open("rb") as file:
            while chunk := file.read(_CHUNK):
                self._go_on()
                digest.update(chunk)
                done += len(chunk)
                self._say("check", done, size)
        if digest.hexdigest() != checksum:
            part.unlink()
            raise ReleaseError(
                "What came is not what the release server lists: its checksum is another. "
                "Nothing was unpacked, and the file was deleted. Try again."
            )

    def _unpack(self, part: Path) -> None:
        """Unpack beside the folder, then put it in its place at once."""
        fresh = self._folder.with_name(f"{self._folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o755)
        size = part.stat().st_size
        try:
            with part.open("rb") as file:
                if ".tar.zst." in part.name:
                    import zstandard

                    try:
                        with zstandard.ZstdDecompressor().stream_reader(file) as plain:
                            self._members(tarfile.open(fileobj=plain, mode="r|"), fresh, file, size)  # noqa: SIM115
                    except zstandard.ZstdError as error:
                        raise tarfile.ReadError(str(error)) from error
                else:
                    self._members(tarfile.open(fileobj=file, mode="r|gz"), fresh, file, size)  # noqa: SIM115
            if not (fresh / "bin" / "ollama").is_file():
                raise ReleaseError("The archive holds no bin/ollama. It is not used.")
            (fresh / "bin" / "ollama").chmod(0o755)
            shutil.rmtree(self._folder, ignore_errors=True)
            fresh.rename(self._folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _members(self, archive: tarfile.TarFile, folder: Path, file: IO[bytes], size: int) -> None:
        """Unpack plain files, folders and links that stay inside; anything else is refused."""
        total = 0
        with archive:
            for member in archive:
                self._go_on()
                path = folder / member.name
                if not _inside(path, folder):
                    raise ReleaseError(
                        f"The archive wants to write outside its folder ({member.name}). It is not used."
                    )
                if member.isdir():
                    path.mkdir(parents=True, exist_ok=True)
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                path.unlink(missing_ok=True)
                if member.issym():
                    if not _inside(path.parent / member.linkname, folder):
                        raise ReleaseError(f"The archive links outside its folder ({member.name}). It is not used.")
                    path.symlink_to(member.linkname)
                elif member.islnk():
                    if not _inside(folder / member.linkname, folder):
                        raise ReleaseError(f"The archive links outside its folder ({member.name}). It is not used.")
                    os.link(folder / member.linkname, path)
                elif member.isfile():
                    total += member.size
                    if total > _MOST_UNPACKED:
                        raise ReleaseError("The archive is larger than any release of Ollama. It is not used.")
                    source = archive.extractfile(member)
                    assert source is not None
                    with path.open("wb") as target:
                        while chunk := source.read(_CHUNK):
                            self._go_on()
                            target.write(chunk)
                            self._say("unpack", min(file.tell(), size), size)
                    path.chmod(0o755 if member.mode & 0o100 else 0o644)
                else:
                    raise ReleaseError(
                        f"The archive holds something that is no file ({member.name}). It is not used."
                    )

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise _Stopped

    def _say(self, what: Literal["download", "check", "unpack"], done: int, total: int, speed: float = 0.0) -> None:
        now = time.monotonic()
        if now - self._told > 0.1 or done == total:
            self._told = now
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._tell, Progress(what, done, total, speed))


def checksums(text: str) -> dict[str, str]:
    """Read a list as `sha256sum` writes it: a checksum and a file's name in each line, the last one counts."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*([0-9a-fA-F]{64})\s+\*?(?:\./)?(\S+)\s*$", line)
        if match:
            found[match[2]] = match[1].lower()
    return found


def _inside(path: Path, folder: Path) -> bool:
    """Whether a path, with `..` and links of what is there already resolved, lies in a folder."""
    return path.resolve().is_relative_to(folder.resolve())


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
