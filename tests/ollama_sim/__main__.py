"""Starts the test server: `python -m tests.ollama_sim --port 0 --scenario FILE`."""

import argparse
import asyncio
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from tests.ollama_sim import scenario
from tests.ollama_sim.scenarios import THREE_MODELS
from tests.ollama_sim.server import Server


def _stop(signum: int, frame: FrameType | None) -> None:
    os._exit(0)


def _stop_with_stdin() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


async def _run(port: int, values: scenario.Json, certificate: Path | None) -> None:
    server = Server(scenario.parse(values))
    number = await server.listen(port, certificate)
    print(f"listening on http{'s' if certificate else ''}://127.0.0.1:{number}", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.ollama_sim", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--scenario", type=Path, help="a TOML or JSON file")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    parser.add_argument("--certificate", type=Path, help="a PEM file with certificate and key: speak TLS")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    if options.with_parent:
        threading.Thread(target=_stop_with_stdin, daemon=True).start()
    values = scenario.read(options.scenario) if options.scenario else THREE_MODELS
    asyncio.run(_run(options.port, values, options.certificate))


main()
