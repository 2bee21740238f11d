"""The real program as a process that asks one question: `python -m tests.end2end.asking QUESTION`.

Prints a JSON object a line: `{"asked": ID}`, then `{"tokens": NUMBER}` whenever more have come, and at the end
`{"reason": …}`. Ends when its window is closed.
"""

import json
import sys
from typing import Any

from mirador_desktop import app
from mirador_desktop.gui.main_window import MainWindow
from tests.driving import send, tick
from tests.end2end.helpers import tokens


def _say(**values: Any) -> None:
    print(json.dumps(values), flush=True)


async def _ask(window: MainWindow) -> None:
    turn = await send(window, sys.argv[1])
    _say(asked=turn.id)
    before = 0
    while turn.reason is None:
        if (now := tokens(turn)) > before:
            before = now
            _say(tokens=now)
        await tick()
    _say(reason=turn.reason)


if __name__ == "__main__":
    sys.exit(app.run([], _ask))
