"""Plug-ins for context: a real distribution with entry points, and what it can do wrong."""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirador_desktop.core.context import Quoted
from mirador_desktop.core.conversation import ContextUsed
from mirador_desktop.providers import Providers
from tests.unit.test_providers import errors, gathered, of, source, total

# Plug-ins

PLUGIN = """
import asyncio, time
class Good:
    def __init__(self, value): self.value = value
    async def collect(self, budget):
        return [(f"Tickets of {self.value}", f"at most {budget}")]
class Raises(Good):
    async def collect(self, budget): raise ValueError("no way\\n  out")
class Exits(Good):
    async def collect(self, budget): raise SystemExit(3)
class Interrupts(Good):
    async def collect(self, budget): raise KeyboardInterrupt
class Hangs(Good):
    async def collect(self, budget): await asyncio.sleep(3600)
class Blocks(Good):
    async def collect(self, budget): time.sleep(20)
class Nonsense(Good):
    async def collect(self, budget): return {"a": 1}
class Pairs(Good):
    async def collect(self, budget): return [("a", 1)]
class Empty(Good):
    async def collect(self, budget): return [("a", " ")]
def refuses(value): raise RuntimeError("bad value")
class Floods(Good):
    async def collect(self, budget): return [("x" * 10_000, "y" * 3_000_000)] * 1000
"""
NAMES = [
    "Good",
    "Raises",
    "Exits",
    "Interrupts",
    "Hangs",
    "Blocks",
    "Nonsense",
    "Pairs",
    "Empty",
    "refuses",
    "Floods",
]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution with context providers, as an installer would leave it."""
    site = tmp_path / "site"
    info = site / "fake_context-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "fake_context.py").write_text(PLUGIN, "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-context\nVersion: 1.0\n", "utf-8")
    points = "\n".join(f"{name.lower()} = fake_context:{name}" for name in NAMES)
    (info / "entry_points.txt").write_text(
        f"[mirador_desktop.context_providers]\n{points}\ngone = fake_context:Gone\n", "utf-8"
    )
    monkeypatch.syspath_prepend(site)
    yield
    sys.modules.pop("fake_context", None)


@pytest.mark.usefixtures("installed")
def test_a_plug_in_is_found_by_its_entry_point(tmp_path: Path) -> None:
    assert set(asyncio.run(Providers(tmp_path).plugins())) == {*(n.lower() for n in NAMES), "gone"}
    found = gathered(tmp_path, source("good", "MIRADOR"))
    assert found.sections == (Quoted("From good: Tickets of MIRADOR", "at most 1500"),)
    assert found.used == (ContextUsed("MIRADOR", total(found)),)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("raises", "failed (ValueError: no way out)"),
        ("exits", "failed (SystemExit: 3)"),
        ("hangs", "did not answer in time"),
        ("nonsense", "gave dict, expected is a list of pairs"),
        ("pairs", "gave something else than pairs"),
        ("empty", "had nothing"),
        ("interrupts", "failed (RuntimeError)"),
        ("refuses", "failed (RuntimeError: bad value)"),
        ("gone", "failed (AttributeError"),
        ("missing", "is not installed"),
    ],
)
def test_a_plug_in_that_fails_is_named_and_left_out(tmp_path: Path, kind: str, words: str) -> None:
    found = gathered(tmp_path, source(kind, "", "tickets"), source("good", "x"), seconds=0.5)
    assert found.used[0].error.startswith(f"tickets {words}")
    assert found.used[0].error.endswith("and was left out")
    assert [s.title for s in found.sections] == ["From good: Tickets of x"]


@pytest.mark.usefixtures("installed")
def test_a_plug_in_that_blocks_holds_up_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        providers = Providers(tmp_path, 0.05)
        began = time.monotonic()
        found = await providers.gather(of(source("blocks", "", "slow")))
        again = await providers.gather(of(source("blocks", "", "slow")))
        assert time.monotonic() - began < 10
        assert errors(found) == ["slow did not answer in time and was left out"]
        assert errors(again) == ["slow has not come back since an earlier question and was left out"]

    asyncio.run(main())


@pytest.mark.usefixtures("installed")
def test_a_plug_in_that_floods_is_cut(tmp_path: Path) -> None:
    found = gathered(tmp_path, source("floods"), seconds=20)
    assert total(found) <= 1500


def test_what_is_unexpected_is_named_too(tmp_path: Path) -> None:
    def fails() -> str:
        raise OSError("no display")

    providers = Providers(tmp_path)
    providers.clipboard = fails
    found = asyncio.run(providers.gather(of(source("clipboard"))))
    assert errors(found) == ["clipboard failed (OSError) and was left out"]
