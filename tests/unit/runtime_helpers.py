"""What the tests of Ollama itself share: a program that can be started, and a server with releases of it."""

import hashlib
import io
import socket
import sys
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import zstandard

from mirador_desktop import release
from tests.driving import ROOT

SERVE = f"""#!{sys.executable}
import os, sys
assert sys.argv[1:] == ["serve"], sys.argv
print("flash", os.environ.get("OLLAMA_FLASH_ATTENTION"), flush=True)
port = os.environ["OLLAMA_HOST"].rpartition(":")[2]
os.chdir({str(ROOT)!r})
os.execv(sys.executable, [sys.executable, "-m", "tests.ollama_sim", "--port", port])
"""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def program(folder: Path, text: str = SERVE) -> Path:
    path = folder / "bin" / "ollama"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def archive(members: Mapping[str, str | bytes], end: str = "tar.zst", links: dict[str, str] | None = None) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz" if end == "tgz" else "w") as tar:
        for name, text in members.items():
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            tar.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return raw.getvalue() if end == "tgz" else zstandard.ZstdCompressor().compress(raw.getvalue())


GOOD = {"bin/ollama": "#!/bin/sh\nexit 0\n", "lib/ollama/libggml.so": "x" * 300_000}


class Server:
    """A release server with files, and what it does wrong."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.break_after = 0
        self.pause = 0.0  # seconds after each 2 MB
        self.redirect = ""
        self.ranges: list[str] = []
        self.url = ""

    def release(self, data: bytes, end: str = "tar.zst", checksum: str = "") -> None:
        name = f"ollama-linux-{release._architecture()}.{end}"
        digest = checksum or hashlib.sha256(data).hexdigest()
        self.files = {name: data, "sha256sum.txt": f"{digest}  ./{name}\n{'0' * 64}  ./Ollama.dmg\n".encode()}


@contextmanager
def running() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            if state.redirect:
                self.send_response(302)
                self.send_header("Location", state.redirect + self.path)
                self.end_headers()
                return
            data = state.files.get(self.path.rpartition("/")[2])
            if data is None:
                self.send_error(404)
                return
            wanted = self.headers.get("Range", "")
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if wanted:
                state.ranges.append(wanted)
            if start >= len(data) > 0 and wanted:
                self.send_error(416)
                return
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            if state.break_after and len(data) > 10_000:
                self.wfile.write(data[start : start + state.break_after])
                self.close_connection = True
                return
            with suppress(ConnectionError):
                for place in range(start, len(data), 2_000_000):
                    self.wfile.write(data[place : place + 2_000_000])
                    time.sleep(state.pause)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_address[1]}/latest/download"
    try:
        yield state
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
