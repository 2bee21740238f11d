"""The real program as a process that pulls a model: `python -m tests.end2end.pulling NAME`.

Prints a JSON object a line: `{"share": NUMBER}` whenever more has come. Ends when its window is closed.
"""

import json
import sys

from PySide6.QtWidgets import QLineEdit, QProgressBar, QPushButton

from mirador_desktop import app
from mirador_desktop.gui.main_window import MainWindow
from tests.driving import part, tick
from tests.end2end.test_settings import opened


async def _pull(window: MainWindow) -> None:
    page = await opened(window, "Models")
    part(page, QLineEdit, "pullName").setText(sys.argv[1])
    part(page, QPushButton, "pullButton").click()
    before = -1
    while True:
        bar = page.findChild(QProgressBar, "pullProgress")
        if bar is not None and bar.value() > before:
            before = bar.value()
            print(json.dumps({"share": before / 1000}), flush=True)
        await tick()


if __name__ == "__main__":
    sys.exit(app.run([], _pull))
