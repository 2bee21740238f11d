"""Unfinished layers of an Ollama on this computer are deleted, and nothing else ever."""

import asyncio
from pathlib import Path

import pytest

from mirador_desktop.engines import ollama_parts
from mirador_desktop.engines.ollama_parts import delete_parts

HERE, MINE, OTHER = "http://127.0.0.1:11434", "a" * 64, "b" * 64


@pytest.fixture
def blobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path))
    monkeypatch.setattr(ollama_parts, "_QUIET", 0.02)
    folder = tmp_path / "blobs"
    folder.mkdir()
    for name in (f"sha256-{MINE}-partial", f"sha256-{MINE}-partial-0", f"sha256-{MINE}-partial-12"):
        (folder / name).write_bytes(b"part")
    for name in (f"sha256-{MINE}", f"sha256-{OTHER}", f"sha256-{OTHER}-partial"):
        (folder / name).write_bytes(b"keep")
    return folder


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_only_the_parts_of_these_layers_are_deleted(blobs: Path) -> None:
    assert asyncio.run(delete_parts(HERE, [f"sha256:{MINE}"]))
    assert names(blobs) == {f"sha256-{MINE}", f"sha256-{OTHER}", f"sha256-{OTHER}-partial"}
    assert not asyncio.run(delete_parts(HERE, [f"sha256:{MINE}"])), "there is nothing left to delete"


@pytest.mark.parametrize(
    ("address", "digest"),
    [
        ("http://workstation:11434", f"sha256:{MINE}"),
        (HERE, "sha256:../../etc"),
        (HERE, "*"),
        (HERE, f"sha256:{MINE}-partial-0"),
        (HERE, f"sha256:{'c' * 64}"),
    ],
)
def test_nothing_is_deleted_elsewhere_or_by_a_strange_name(blobs: Path, address: str, digest: str) -> None:
    before = names(blobs)
    assert not asyncio.run(delete_parts(address, [digest]))
    assert names(blobs) == before


def test_what_another_program_is_writing_is_left_alone(blobs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = blobs / f"sha256-{MINE}-partial"
    before = names(blobs)

    async def work() -> bool:
        deleting = asyncio.create_task(delete_parts(HERE, [f"sha256:{MINE}"]))
        while not deleting.done():
            file.write_bytes(file.read_bytes() + b"more")
            await asyncio.sleep(0.002)
        return deleting.result()

    assert not asyncio.run(work())
    assert names(blobs) == before


def test_what_cannot_be_deleted_is_not_said_to_be_gone(blobs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def held(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "another user's", str(path))

    before = names(blobs)
    monkeypatch.setattr(Path, "unlink", held)
    assert not asyncio.run(delete_parts(HERE, [f"sha256:{MINE}"]))
    assert names(blobs) == before
