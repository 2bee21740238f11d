"""Very long tables: counted without reading all of them, and never given up because they are long."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.providers import table as module
from mirador_desktop.providers.table import read_table, table

LINES = st.integers(0, 4000)


def rows(count: int, end: str, last: bool) -> str:
    return end.join(["n,square", *(f"{n},{n * n}" for n in range(count))]) + (end if last else "")


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_leaving_out_the_middle_changes_nothing(count: int, end: str, last: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        whole = table(rows(count, end, last), "t")
        patch.setattr(module, "_LONG", 0)
        short = table(rows(count, end, last), "t")
        assert (short.title, short.text) == (whole.title, whole.text)


def test_what_stands_in_quotation_marks_is_read_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a,b\n" + '"x\ny",2\n' * 3000
    monkeypatch.setattr(module, "_LONG", 0)
    assert table(text, "t").title == "t, a table of 3,000 rows"


def test_a_million_rows_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text("n,words\n" + "1,äöü äöü äöü\n" * 1_000_000, "utf-8")
    (section,), _ = read_table(str(file), "m.csv")
    assert section.title == "From the file m.csv, a table of 1,000,000 rows"
    assert section.text.splitlines()[-1] == "| 1 | äöü äöü äöü |"


def test_what_takes_too_long_is_read_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", -1.0)
    section = table('a,"b"\n' * 5000, "t")
    assert section.title == "t, a table of more than 999 rows"
