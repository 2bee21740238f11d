"""Windows of tests are never shown."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
