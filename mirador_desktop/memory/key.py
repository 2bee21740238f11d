"""The key of the encrypted database: 32 random bytes, in the system keyring where there is one.

A small file beside the database, `mirador.key`, holds one line that says where the key is: `keyring <id>`, or
`raw <hexadecimal digits>` on systems without a usable keyring.
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mirador_desktop.atomic import write_new
from mirador_desktop.errors import StoreKeyMissing
from mirador_desktop.memory import keyring_access
from mirador_desktop.memory.keyring_access import SERVICE

FILE_NAME = "mirador.key"

KeyPlace = Literal["keyring", "file"]


@dataclass(frozen=True, slots=True)
class Key:
    """The key of one database.

    Attributes:
        material: 32 bytes; never shown, not even by `repr`.
        place: whether the system keyring or the key file holds it.
        notice: a sentence for the person when a key file had just to be made, else "".
    """

    material: bytes = field(repr=False)
    place: KeyPlace
    notice: str = ""


def load_key(folder: Path, *, database_exists: bool) -> Key:
    """Find the key of the database in `folder`, or make one if there is neither key nor database.

    Raises `StoreKeyMissing` if the key is not where it should be (nothing is overwritten then), and `OSError`
    if the key file cannot be read or written. Takes up to `KEYRING_SECONDS`: not for the GUI thread.
    """
    path = folder / FILE_NAME
    try:
        line = path.read_text("ascii", errors="replace")
    except FileNotFoundError:
        if database_exists:
            raise StoreKeyMissing(
                f"{path} is missing, and without it the conversations in {folder} cannot be read. "
                "Put it back from a backup, or set the database aside to start with a new one."
            ) from None
        return _make(path)
    return _read(path, line)


def destroy_key(folder: Path) -> None:
    """Delete the key of the database in `folder`, in the keyring too: without it the database is noise.

    Raises OSError if the key file cannot be deleted. A keyring that does not answer keeps an entry that is of no
    use any more.
    """
    path = folder / FILE_NAME
    try:
        kind, _, name = path.read_text("ascii", errors="replace").strip().partition(" ")
    except FileNotFoundError:
        return
    path.unlink()
    if kind == "keyring" and name:
        _forget(name)


def _read(path: Path, line: str) -> Key:
    kind, _, value = line.strip().partition(" ")
    if kind == "raw":
        return Key(_decode(path, value), "file")
    if kind != "keyring" or not value:
        raise StoreKeyMissing(_unreadable(path))
    try:
        stored = keyring_access.in_time(lambda: keyring_access.get(_user(value)))
    except Exception as error:
        # The backends raise whatever their service gave them; all of it means: not now.
        raise StoreKeyMissing(
            f"The system keyring does not give the key of {path.parent} ({type(error).__name__}). "
            "Unlock the keyring; it is tried again by itself."
        ) from error
    if stored is None:
        raise StoreKeyMissing(
            f"The system keyring has no entry “{SERVICE}” for “{_user(value)}”, the key of {path.parent}. "
            "Log in as the person who made it, or set the database aside to start with a new one."
        )
    return Key(_decode(path, stored), "keyring")


def _make(path: Path) -> Key:
    material = secrets.token_bytes(32)
    name = secrets.token_hex(8)
    in_keyring = _keep_in_keyring(name, material)
    line = f"keyring {name}" if in_keyring else f"raw {material.hex()}"
    if not write_new(path, f"{line}\n".encode("ascii")):  # another process was faster, and its key is the one in use
        if in_keyring:
            _forget(name)
        return _read(path, path.read_text("ascii", errors="replace"))
    if in_keyring:
        return Key(material, "keyring")
    return Key(
        material,
        "file",
        f"This system has no usable keyring, so the key of your conversations is in {path}. "
        "Who can read that file can read them.",
    )


def _decode(path: Path, digits: str) -> bytes:
    try:
        material = bytes.fromhex(digits)
    except ValueError:
        material = b""
    if len(material) != 32:
        raise StoreKeyMissing(_unreadable(path))
    return material


def _unreadable(path: Path) -> str:
    return f"The key of {path.parent} cannot be understood. Put {path} back from a backup."


def _keep_in_keyring(name: str, material: bytes) -> bool:
    try:
        return keyring_access.in_time(lambda: keyring_access.put(_user(name), material.hex()))
    except Exception:
        return False  # whatever a backend raises, it cannot be used


def _forget(name: str) -> None:
    import contextlib

    with contextlib.suppress(Exception):
        keyring_access.in_time(lambda: keyring_access.delete(_user(name)))


def _user(name: str) -> str:
    return f"database {name}"
