"""Files are written whole or not at all: seen on the disk, with a disk that is full and links that lead elsewhere."""

import errno
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from mirador_desktop.atomic import write_new, write_whole

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and links")


def _full(*args: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    write_whole(path, b"one")
    write_whole(path, b"two\r\n")
    assert path.read_bytes() == b"two\r\n"
    assert os.listdir(tmp_path) == ["a.toml"]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"before")
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["a.toml"]


def test_what_a_killed_program_left_goes_with_the_next_file_there(tmp_path: Path) -> None:
    left, being_made, other = (
        tmp_path / f"{name}.tmp" for name in (".mirador-" + "a" * 16, ".mirador-" + "b" * 16, ".c")
    )
    for each in (left, being_made, other):
        each.write_bytes(b"half")
    for each in (left, other):
        os.utime(each, (1.0, 1.0))
    write_whole(tmp_path / "out", b"")
    assert sorted(tmp_path.iterdir()) == sorted((being_made, other, tmp_path / "out"))


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "nowhere" / "a", b"")


@needs_posix
def test_private_files_are_read_by_their_owner_only(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        write_whole(tmp_path / "own", b"")
        write_whole(tmp_path / "given", b"", private=False)
        write_new(tmp_path / "key", b"")
    finally:
        os.umask(umask)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"own": 0o600, "given": 0o644, "key": 0o600}


@needs_posix
def test_a_link_stays_and_the_file_behind_it_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "settings.toml"
    real.write_bytes(b"before")
    link = tmp_path / "settings.toml"
    link.symlink_to(real)
    write_whole(link, b"after")
    assert link.is_symlink()
    assert real.read_bytes() == b"after"


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_never_takes_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    path = tmp_path / "key"
    if not links:
        monkeypatch.setattr(os, "link", lambda *args: (_ for _ in ()).throw(OSError(errno.EPERM, "no hard links")))
    assert write_new(path, b"first")
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["key"]
    assert not write_new(path, b"second")
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["key"]
