"""Typed settings (`settings.toml`), the program's folders, and where its resources lie."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from mirador_desktop.errors import SettingsError

Theme = Literal["system", "light", "dark"]


@dataclass(frozen=True)
class Folders:
    """Where settings, data and logs are kept."""

    config: Path
    data: Path
    log: Path

    @property
    def settings_file(self) -> Path:
        """The settings, readable by people."""
        return self.config / "settings.toml"


def folders(environment: Mapping[str, str] = os.environ) -> Folders:
    """Find the folders: all under `MIRADOR_HOME` where that is set, else the platform's own."""
    home = environment.get("MIRADOR_HOME", "").strip()
    if home:
        base = Path(home).expanduser().absolute()
        return Folders(base / "config", base / "data", base / "log")
    import appdirs

    dirs = appdirs.AppDirs("mirador-desktop", appauthor=False)
    return Folders(Path(dirs.user_config_dir), Path(dirs.user_data_dir), Path(dirs.user_log_dir))


def resource_folder() -> Path:
    """The folder `resources`: inside the installed package, else the checkout's."""
    installed = Path(__file__).parent / "resources"
    return installed if installed.is_dir() else Path(__file__).parents[1] / "resources"


def _in(low: float, high: float) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int | float) and not isinstance(v, bool) and low <= v <= high


def _setting(default: Any, good: Callable[[Any], bool], expected: str) -> Any:
    return field(default=default, metadata={"good": good, "expected": expected})


@dataclass(frozen=True)
class Settings:
    """All settings with their defaults; each is a key of `settings.toml`.

    Attributes:
        theme: `system`, `light` or `dark`.
        text_scale: factor of all text sizes.
        hosts: addresses of Ollama hosts; empty means `OLLAMA_HOST`, else this computer.
        num_ctx: window in tokens that models are run with.
        stall_seconds: after so many seconds without a word a model counts as stalled.
        confidence: whether unsure words are tinted.
        layout: how the panels of a turn stand: `stack`, `columns` or `final`.
        sidebar, inspector: whether they are shown where there is room.
        width, height: of the window in pixels, 0 where it has not been sized yet.
    """

    theme: Theme = _setting(  # noqa: RUF009  # it makes a field
        "system", lambda v: v in ("system", "light", "dark"), '"system", "light" or "dark"'
    )
    text_scale: float = _setting(1.0, _in(0.5, 3.0), "a number from 0.5 to 3")
    hosts: tuple[str, ...] = _setting(
        (),
        lambda v: isinstance(v, list | tuple) and all(isinstance(h, str) for h in v),
        "a list of addresses",
    )
    num_ctx: int = _setting(8192, lambda v: type(v) is int and 512 <= v <= 1_048_576, "a number from 512 to 1048576")
    stall_seconds: float = _setting(30.0, _in(1, 3600), "a number of seconds from 1 to 3600")
    confidence: bool = _setting(False, lambda v: isinstance(v, bool), "true or false")
    layout: str = _setting("stack", lambda v: v in ("stack", "columns", "final"), '"stack", "columns" or "final"')
    sidebar: bool = _setting(True, lambda v: isinstance(v, bool), "true or false")
    inspector: bool = _setting(True, lambda v: isinstance(v, bool), "true or false")
    width: int = _setting(0, lambda v: type(v) is int and 0 <= v <= 20000, "a number of pixels")
    height: int = _setting(0, lambda v: type(v) is int and 0 <= v <= 20000, "a number of pixels")


class Preferences(Protocol):
    """Where the window's own settings live: a change is kept at once."""

    current: Settings

    def change(self, **changes: Any) -> None:
        """Change settings, and keep them."""
        ...


def load(path: Path) -> tuple[Settings, list[str]]:
    """Read the settings.

    Returns:
        The settings, and a sentence for each thing that was wrong and replaced by its default. A file that is
        not there is no problem; unknown keys are left alone.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Settings(), []
    except (OSError, UnicodeDecodeError) as error:
        return Settings(), [_unreadable(path, error)]
    import tomllib

    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Settings(), [_unreadable(path, error)]
    good: dict[str, Any] = {}
    problems: list[str] = []
    for key in fields(Settings):
        if key.name not in values:
            continue
        value = values[key.name]
        if key.metadata["good"](value):
            good[key.name] = tuple(value) if isinstance(value, list) else value
        else:
            problems.append(
                f"{path}: {key.name} is {value!r}, expected is {key.metadata['expected']}. The default is used."
            )
    return Settings(**good), problems


def _unreadable(path: Path, error: Exception) -> str:
    return f"{path} cannot be read ({error}). The defaults are used, the file is left as it is."


def save(path: Path, settings: Settings, **changes: Any) -> Settings:
    """Change some settings, in the file (atomically; comments and unknown keys stay) and in the result.

    Raises:
        SettingsError: the file cannot be read or written; nothing was changed in it.
    """
    import tempfile

    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
        for key, value in changes.items():
            document[key] = list(value) if isinstance(value, tuple) else value
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".settings-", suffix=".toml")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(tomlkit.dumps(document))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise SettingsError(f"{path} cannot be changed: {error}.") from error
    return replace(settings, **changes)
