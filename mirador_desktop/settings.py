"""Typed settings (`settings.toml`), the program's folders, and where its resources lie."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

Theme = Literal["system", "light", "dark"]
T = TypeVar("T")


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

    @property
    def pipelines(self) -> Path:
        """The person's own pipelines and changed presets, one TOML file each."""
        return self.config / "pipelines"

    @property
    def log_file(self) -> Path:
        """What Mirador writes about its own work."""
        return self.log / "mirador.log"


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


# ── what a value may be ────────────────────────────────────────────────────────────────────────────────


def _setting(default: Any, good: Callable[[Any], bool], expected: str) -> Any:
    return field(default=default, metadata={"good": good, "expected": expected})


def _number(default: float | None, low: float, high: float, unit: str = "") -> Any:
    words = f"a number {unit}from {low:g} to {high:g}".replace("  ", " ")
    return _setting(
        default, lambda v: isinstance(v, int | float) and not isinstance(v, bool) and low <= v <= high, words
    )


def _whole(default: int | None, low: int, high: int) -> Any:
    return _setting(default, lambda v: type(v) is int and low <= v <= high, f"a number from {low} to {high}")


def _pixels() -> Any:
    return _setting(0, lambda v: type(v) is int and 0 <= v <= 20000, "a number of pixels")


def _yes_no(default: bool) -> Any:
    return _setting(default, lambda v: isinstance(v, bool), "true or false")


def _one_of(*values: str) -> Any:
    words = [f'"{v}"' for v in values]
    return _setting(values[0], lambda v: v in values, f"{', '.join(words[:-1])} or {words[-1]}")


def _text(expected: str = "a text") -> Any:
    return _setting("", lambda v: isinstance(v, str), expected)


@dataclass(frozen=True)
class HostSettings:
    """A host, as one table `[[hosts]]` says it. Its token is in the system's keyring, never here.

    Attributes:
        address: as the person wrote it; `engines.address.host_url` makes a base address of it.
        kind: `ollama` or `openai` (any server that speaks OpenAI's protocol).
        name: shown to the person, "" for one made from the address.
        on: whether it is used.
        ca_file: a file with the certificates of the authority that signed the host's, "" for the system's.
        certificate: the one certificate (PEM) that the person accepted for this host, "" for none.
        accepted: the date (ISO) on which they did.
    """

    address: str = _text("an address")
    kind: Literal["ollama", "openai"] = _one_of("ollama", "openai")
    name: str = _text()
    on: bool = _yes_no(True)
    ca_file: str = _text("the name of a file")
    certificate: str = _text("a certificate")
    accepted: str = _text("a date")


@dataclass(frozen=True)
class ModelOptions:
    """How a model is run, as the table `[models."name"]` says it. None leaves it to Mirador or the server.

    Attributes:
        keep_alive: how long it stays in memory after an answer: minutes, -1 for always, 0 for not at all.
        num_ctx: window in tokens.
        num_gpu: how many of its layers go to the GPU.
        num_thread: threads of the processor.
        num_batch: tokens of the prompt that are read at once.
    """

    keep_alive: int | None = _setting(
        None, lambda v: type(v) is int and -1 <= v <= 100_000, "a number of minutes, 0 or -1"
    )
    num_ctx: int | None = _whole(None, 512, 1_048_576)
    num_gpu: int | None = _whole(None, 0, 999)
    num_thread: int | None = _whole(None, 1, 1024)
    num_batch: int | None = _whole(None, 1, 65_536)


@dataclass(frozen=True)
class Settings:
    """All settings with their defaults; each is a key of `settings.toml`.

    Attributes:
        theme: `system`, `light` or `dark`.
        text_scale: factor of all text sizes.
        density: `comfortable` or `compact`: how much room is between turns and panels.
        hosts: in order of preference; empty means `OLLAMA_HOST`, else this computer.
        models: how single models are run, by name.
        num_ctx: window in tokens that models are run with.
        stall_seconds: after so many seconds without a word a model counts as stalled.
        prewarm: whether models are loaded before they are needed.
        pipeline: the one that new conversations begin with.
        memory: whether what was said is remembered, and recalled in other conversations.
        embedding_model: the model that finds memories by their meaning, "" for one chosen by itself, `none` for none.
        titles: whether the quick model writes titles while nothing else is to do.
        sort: how the list of conversations is sorted: `changed`, `created` or `title`.
        confidence: whether unsure words are tinted.
        layout: how the panels of a turn stand: `stack`, `columns` or `final`.
        sidebar, inspector: whether they are shown where there is room.
        width, height: of the window in pixels, 0 where it has not been sized yet.
        log_level: how much is written to the log.
        release_server: where releases of Ollama are downloaded from.
        flash_attention: whether an Ollama that Mirador starts uses flash attention: `auto`, `on` or `off`.
        kv_cache: type of the key-value cache of an Ollama that Mirador starts: `f16`, `q8_0` or `q4_0`.
    """

    theme: Theme = _one_of("system", "light", "dark")  # noqa: RUF009  # it makes a field
    text_scale: float = _number(1.0, 0.5, 3)
    density: str = _one_of("comfortable", "compact")
    hosts: tuple[HostSettings, ...] = field(default=())
    models: Mapping[str, ModelOptions] = field(default_factory=dict)
    num_ctx: int = _whole(8192, 512, 1_048_576)
    stall_seconds: float = _number(30.0, 1, 3600, "of seconds ")
    prewarm: bool = _yes_no(True)
    pipeline: str = _setting("Progressive", lambda v: isinstance(v, str) and bool(v.strip()), "a pipeline's name")
    memory: bool = _yes_no(True)
    embedding_model: str = _text("a model's name, none or an empty text")
    titles: bool = _yes_no(True)
    sort: str = _one_of("changed", "created", "title")
    confidence: bool = _yes_no(False)
    layout: str = _one_of("stack", "columns", "final")
    sidebar: bool = _yes_no(True)
    inspector: bool = _yes_no(True)
    width: int = _pixels()
    height: int = _pixels()
    log_level: str = _one_of("info", "debug", "warning", "error")
    release_server: str = _setting(
        "https://github.com/ollama/ollama/releases/latest/download",
        lambda v: isinstance(v, str) and v.startswith(("https://", "http://")),
        "an address that begins with https://",
    )
    flash_attention: str = _one_of("auto", "on", "off")
    kv_cache: str = _one_of("f16", "q8_0", "q4_0")


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────


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
    problems: list[str] = []

    def wrong(key: str, value: object, expected: str, instead: str = "The default is used.") -> None:
        shown = repr(value)
        shown = f"{shown[:77]}…" if len(shown) > 78 else shown
        problems.append(f"{path}: {key} is {shown}, expected is {expected}. {instead}")

    good = _take(Settings, values, "", wrong)
    if "hosts" in values:
        good["hosts"] = _hosts(values["hosts"], wrong)
    if "models" in values:
        good["models"] = _models(values["models"], wrong)
    return Settings(**good), problems


def _take(kind: type[Any], values: Mapping[str, Any], prefix: str, wrong: Callable[..., None]) -> dict[str, Any]:
    """The values of a table that are what its fields expect."""
    good: dict[str, Any] = {}
    for key in fields(kind):
        if key.name not in values or "good" not in key.metadata:
            continue
        value = values[key.name]
        if key.metadata["good"](value):
            good[key.name] = value
        else:
            wrong(prefix + key.name, value, key.metadata["expected"])
    return good


def _hosts(values: object, wrong: Callable[..., None]) -> tuple[HostSettings, ...]:
    """The hosts: tables, or addresses alone."""
    if not isinstance(values, list):
        wrong("hosts", values, "a list of addresses or tables [[hosts]]")
        return ()
    hosts = []
    for place, value in enumerate(values, start=1):
        if isinstance(value, str):
            hosts.append(HostSettings(value))
        elif not isinstance(value, dict):
            wrong(f"hosts, entry {place},", value, "an address or a table", "It is left out.")
        elif not isinstance(value.get("address"), str) or not value["address"].strip():
            wrong(f"hosts, entry {place}, address", value.get("address"), "an address", "The host is left out.")
        elif value.get("kind", "ollama") not in ("ollama", "openai"):
            wrong(f"hosts, entry {place}, kind", value["kind"], '"ollama" or "openai"', "The host is left out.")
        else:
            hosts.append(HostSettings(**_take(HostSettings, value, f"hosts, entry {place}, ", wrong)))
    return tuple(hosts)


def is_host(table: Mapping[str, Any]) -> bool:
    """Whether a table of `[[hosts]]` is read at all, and not left out."""
    return bool(_hosts([dict(table)], lambda *_: None))


def _models(values: object, wrong: Callable[..., None]) -> dict[str, ModelOptions]:
    if not isinstance(values, dict):
        wrong("models", values, 'tables [models."name"]')
        return {}
    models = {}
    for name, value in values.items():
        if isinstance(value, dict):
            models[name] = ModelOptions(**_take(ModelOptions, value, f"models, {name}, ", wrong))
        else:
            wrong(f"models, {name},", value, "a table", "It is left out.")
    return models


def _unreadable(path: Path, error: Exception) -> str:
    return f"{path} cannot be read ({error}). The defaults are used, the file is left as it is."
