"""What only a test server has: who asked what, how many are connected, and a change of the scenario."""

import json
import os

from tests.ollama_sim.state import State
from tests.ollama_sim.wire import Connection, Request


def handle(state: State, connection: Connection, request: Request, path: str) -> None:
    """GET /sim/requests, /sim/connections, /sim/loads; POST /sim/scenario."""
    match request.method, path:
        case "GET", "/sim/requests":
            connection.json(200, state.report())
        case "GET", "/sim/connections":
            connection.json(200, {"open": len(state.connections) - 1})
        case "GET", "/sim/loads":
            connection.json(200, [{"model": name, "context": size} for name, size in state.scheduler.loads])
        case "POST", "/sim/scenario":
            try:
                values = json.loads(request.body)
                if values.pop("die", False):
                    os._exit(1)
                state.change(values)
            except (ValueError, TypeError, AttributeError) as bad:
                connection.json(400, {"error": str(bad)})
            else:
                connection.json(200, {})
        case _:
            connection.json(404, {"error": "no such inspection"})
