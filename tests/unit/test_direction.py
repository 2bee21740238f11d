"""Which way a text is written."""

import pytest

from mirador_desktop.core.direction import right_to_left


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("Title", False),
        ("12 %, …", False),
        ("كيف", True),
        ("איך", True),
        ("2. “איך”", True),
        ("Qt و كيف", False),
        ("起動", False),
    ],
)
def test_the_first_letter_decides(text: str, expected: bool) -> None:
    assert right_to_left(text) is expected
