"""The test server as a test uses it: `with Sim(scenario) as sim: … sim.url …`."""

import json
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0  # seconds a condition may take before a test fails


class Sim:
    """A test server in a process of its own. Ends with the block, or with the tests if they die.

    With `certificate`, a PEM file that holds its key too, it speaks TLS.
    """

    def __init__(
        self, scenario: Mapping[str, Any] | None = None, port: int = 0, certificate: Path | None = None
    ) -> None:
        self._scenario = scenario
        self._certificate = certificate
        self.port = port
        self._process: subprocess.Popen[str] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="ollama-sim-")

    @property
    def url(self) -> str:
        return f"{'http' if self._certificate is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._folder.cleanup()

    def start(self) -> None:
        """Starts the process and waits until it listens."""
        command = [sys.executable, "-m", "tests.ollama_sim", "--port", str(self.port), "--with-parent"]
        if self._scenario is not None:
            file = Path(self._folder.name) / "scenario.json"
            file.write_text(json.dumps(self._scenario), encoding="utf-8")
            command += ["--scenario", str(file)]
        if self._certificate is not None:
            command += ["--certificate", str(self._certificate)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if "listening on" not in line:
            self.kill()
            raise RuntimeError("the test server did not start: see its words above")
        self.port = int(line.rsplit(":", 1)[1])

    def kill(self) -> None:
        """Ends the process at once: open connections break, new ones are refused."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    def restart(self, scenario: Mapping[str, Any] | None = None) -> None:
        """A new process on the same port, with the same scenario or another."""
        self.kill()
        if scenario is not None:
            self._scenario = scenario
        self.start()

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One small request of its own: the status, and the JSON or the text that came."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        if self._certificate is not None:
            trusting = ssl.create_default_context(cafile=str(self._certificate))
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            connection = HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE, context=trusting)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            raw = answer.read()
            kind = answer.headers.get("Content-Type", "")
            whole = raw and kind.startswith("application/json")
            return answer.status, json.loads(raw) if whole else raw.decode()
        finally:
            connection.close()

    def requests(self, path: str | None = None) -> list[dict[str, Any]]:
        """What was asked so far, oldest first; only of a path if one is given."""
        _, seen = self.ask("GET", "/sim/requests")
        return [each for each in seen if path is None or each["path"] == path]

    def loads(self) -> list[dict[str, Any]]:
        """Every load of a model so far: model and context."""
        loads: list[dict[str, Any]] = self.ask("GET", "/sim/loads")[1]
        return loads

    def connections(self) -> int:
        """How many connections are open."""
        return int(self.ask("GET", "/sim/connections")[1]["open"])

    def change(self, values: Mapping[str, Any]) -> None:
        """Changes the scenario; with `die` the process ends at once."""
        try:
            status, said = self.ask("POST", "/sim/scenario", dict(values))
        except (OSError, ConnectionError):
            if not values.get("die"):
                raise
            return
        if status != 200:
            raise ValueError(said["error"])

    def wait_for(self, condition: Callable[[list[dict[str, Any]]], bool], path: str | None = None) -> None:
        """Waits until the requests so far fulfil a condition."""
        end = time.monotonic() + PATIENCE
        while not condition(self.requests(path)):
            if time.monotonic() > end:
                raise TimeoutError("the test server did not come into the state waited for")
            time.sleep(0.005)
