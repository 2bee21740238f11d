"""Every state of the windows that exists, as pictures: `python -m tests.screenshots OUT_DIR [NAME…]`."""
