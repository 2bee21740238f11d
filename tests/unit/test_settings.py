"""settings.toml: what is read, what is wrong in it, and how it is changed."""

import os
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.errors import SettingsError
from mirador_desktop.preferences import Preferences, save
from mirador_desktop.settings import HostSettings, ModelOptions, Settings, folders, load, resource_folder


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "settings.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# Reading


def test_a_file_that_is_not_there_means_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "settings.toml") == (Settings(), [])


def test_all_keys_are_read(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'theme = "dark"\ntext_scale = 2\nhosts = ["a", "b:1"]\nnum_ctx = 4096\nstall_seconds = 1.5\n'
        'confidence = true\nlayout = "columns"\nsidebar = false\ninspector = false\nwidth = 800\nheight = 600\n'
        'density = "compact"\nprewarm = false\npipeline = "One model"\nlog_level = "debug"\n'
        'release_server = "https://mirror.example/ollama"\nflash_attention = "on"\nkv_cache = "q8_0"\n'
        'sort = "title"\ntitles = false\nmemory = false\nembedding_model = "none"\n'
        '[models."a:1b"]\nkeep_alive = -1\nnum_gpu = 0\n',
    )
    more: dict[str, Any] = {
        "density": "compact",
        "sort": "title",
        "titles": False,
        "memory": False,
        "embedding_model": "none",
        "prewarm": False,
        "pipeline": "One model",
        "log_level": "debug",
        "release_server": "https://mirror.example/ollama",
        "flash_attention": "on",
        "kv_cache": "q8_0",
        "models": {"a:1b": ModelOptions(keep_alive=-1, num_gpu=0)},
    }
    expected = Settings(
        theme="dark",
        text_scale=2,
        hosts=(HostSettings("a"), HostSettings("b:1")),
        num_ctx=4096,
        stall_seconds=1.5,
        confidence=True,
        layout="columns",
        sidebar=False,
        inspector=False,
        width=800,
        height=600,
        **more,
    )
    assert load(path) == (expected, [])
    assert len(tomllib.loads(path.read_text())) == len(fields(Settings))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("theme", '"blue"', '"system", "light" or "dark"'),
        ("theme", "1", '"system", "light" or "dark"'),
        ("text_scale", "9.0", "a number from 0.5 to 3"),
        ("text_scale", "true", "a number from 0.5 to 3"),
        ("text_scale", "nan", "a number from 0.5 to 3"),
        ("text_scale", '"large"', "a number from 0.5 to 3"),
        ("hosts", '"localhost"', "a list of addresses or tables [[hosts]]"),
        ("models", "1", 'tables [models."name"]'),
        ("density", '"wide"', '"comfortable" or "compact"'),
        ("prewarm", "1", "true or false"),
        ("pipeline", '""', "a pipeline's name"),
        ("log_level", '"loud"', '"info", "debug", "warning" or "error"'),
        ("release_server", '"ftp://x"', "an address that begins with https://"),
        ("kv_cache", '"q2"', '"f16", "q8_0" or "q4_0"'),
        ("num_ctx", "100", "a number from 512 to 1048576"),
        ("num_ctx", "8192.0", "a number from 512 to 1048576"),
        ("num_ctx", "true", "a number from 512 to 1048576"),
        ("stall_seconds", "0", "a number of seconds from 1 to 3600"),
        ("stall_seconds", "inf", "a number of seconds from 1 to 3600"),
        ("confidence", "1", "true or false"),
        ("layout", '"grid"', '"stack", "columns" or "final"'),
        ("sidebar", '"no"', "true or false"),
        ("inspector", "[]", "true or false"),
        ("width", "-1", "a number of pixels"),
        ("height", "1e3", "a number of pixels"),
        ("theme", "1979-05-27", '"system", "light" or "dark"'),
    ],
)
def test_a_wrong_value_is_named_with_file_key_and_what_is_expected(
    tmp_path: Path, key: str, value: str, expected: str
) -> None:
    other = 'layout = "final"\n' if key != "layout" else 'theme = "dark"\n'
    path = written(tmp_path, f"{other}{key} = {value}\n")
    settings, problems = load(path)
    assert getattr(settings, key) == getattr(Settings(), key)
    assert settings.layout == "final" or settings.theme == "dark"
    (problem,) = problems
    assert problem.startswith(f"{path}: {key} is ")
    assert f"expected is {expected}." in problem


@pytest.mark.parametrize(
    "content", ["theme = ", "= 1", "[a\n", b"theme = '\xff'", "a = 1\na = 2\n", "a = " + "[" * 9999]
)
def test_a_broken_file_is_left_alone(tmp_path: Path, content: str | bytes) -> None:
    path = written(tmp_path, content)
    before = path.read_bytes()
    settings, (problem,) = load(path)
    assert settings == Settings()
    assert str(path) in problem
    assert "left as it is" in problem
    with pytest.raises(SettingsError, match="cannot be changed"):
        save(path, {"theme": "dark"})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["settings.toml"]


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").mkdir()
    settings, (problem,) = load(tmp_path / "settings.toml")
    assert settings == Settings()
    assert "cannot be read" in problem


@given(st.text(max_size=80))
def test_any_content_is_read_or_named(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = written(tmp_path_factory.getbasetemp(), text.encode("utf-8", "replace"))
    settings, problems = load(path)
    assert isinstance(settings, Settings)
    assert all(str(path) in problem for problem in problems)


# Changing


def test_comments_order_and_unknown_keys_stay(tmp_path: Path) -> None:
    path = written(tmp_path, '# mine\nfuture = [1, 2]  # later\ntheme = "light" # bright\n\n[own]\nkey = "value"\n')
    hosts = (HostSettings("a"), HostSettings("b"))
    save(path, {"theme": "dark", "hosts": hosts})
    assert load(path) == (Settings("dark", hosts=hosts), [])
    text = path.read_text("utf-8")
    assert text.startswith('# mine\nfuture = [1, 2]  # later\ntheme = "dark" # bright\n')
    assert tomllib.loads(text)["own"] == {"key": "value"}


@pytest.mark.parametrize(
    "changes",
    [
        {"theme": "dark"},
        {"text_scale": 1.25, "width": 1280, "height": 720},
        {"hosts": ()},
        {
            "hosts": (
                HostSettings('quote " and \\ and ü', "openai", "name", False, "/ca", "-----\nPEM", "2026-01-01"),
            )
        },
        {"hosts": (HostSettings("a"), HostSettings("b", on=False)), "theme": "light", "num_ctx": 1024},
        {"models": {"a.b:1": ModelOptions(keep_alive=5), "c": ModelOptions(num_ctx=4096, num_thread=2)}},
        {"confidence": True, "sidebar": False},
    ],
)
def test_what_is_saved_is_read_again(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "new" / "folder" / "settings.toml"
    save(path, changes)
    assert load(path) == (replace(Settings(), **changes), [])
    assert os.listdir(path.parent) == ["settings.toml"]


def test_a_failure_half_way_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, 'theme = "light"\n')

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="No space left"):
        save(path, {"theme": "dark"})
    assert path.read_text() == 'theme = "light"\n'
    assert os.listdir(tmp_path) == ["settings.toml"]


def test_a_host_keeps_what_its_table_held_besides(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[[hosts]]\n# the big one\naddress = "b"\nnote = 1\n\n[[hosts]]\naddress = "a"\n'
        "[models.x]\nkeep_alive = 3\nown = 2\n",
    )
    save(path, {"hosts": (HostSettings("a"), HostSettings("b", name="B")), "theme": "dark"})
    save(path, {"models": {"x": ModelOptions(keep_alive=4)}})
    text = path.read_text()
    read = tomllib.loads(text)
    assert [h["address"] for h in read["hosts"]] == ["a", "b"]
    assert (read["hosts"][1]["note"], read["hosts"][1]["name"], read["theme"]) == (1, "B", "dark")
    assert "# the big one" in text
    assert read["models"]["x"] == {"keep_alive": 4, "own": 2}


@pytest.mark.parametrize(
    ("text", "expected", "problem"),
    [
        (
            'hosts = ["a", 1]',
            (HostSettings("a"),),
            "hosts, entry 2, is 1, expected is an address or a table.",
        ),
        ('[[hosts]]\nname = "x"', (), "hosts, entry 1, address is None, expected is an address. The host is left"),
        (
            '[[hosts]]\naddress = "a"\nkind = "vllm"',
            (),
            "entry 1, kind is 'vllm', expected is",
        ),
        (
            '[[hosts]]\naddress = "a"\non = "no"',
            (HostSettings("a"),),
            "hosts, entry 1, on is 'no', expected",
        ),
    ],
)
def test_a_wrong_host_is_named(tmp_path: Path, text: str, expected: tuple[HostSettings, ...], problem: str) -> None:
    settings, (said,) = load(written(tmp_path, text))
    assert settings.hosts == expected
    assert problem in said


def test_preferences_tell_of_changes_and_keep_them(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    preferences = Preferences(path, Settings())
    seen: list[Settings] = []
    preferences.listen(seen.append)
    preferences.change(theme="dark")
    preferences.change(theme="dark")  # nothing new
    preferences.change_model("m", keep_alive=7)
    assert preferences.current.models == {"m": ModelOptions(keep_alive=7)}
    preferences.close()
    assert load(path) == (preferences.current, [])
    assert [s.theme for s in seen] == ["system", "dark"]
    preferences.take(replace(preferences.current, theme="light"))
    assert preferences.current.theme == "light"
    assert len(seen) == 3


def test_a_file_that_cannot_be_changed_is_complained_about(tmp_path: Path) -> None:
    preferences = Preferences(written(tmp_path, "a = "), Settings())
    said: list[str] = []
    preferences.on_complaint(said.append)
    preferences.change(theme="dark")
    preferences.close()
    assert "cannot be changed" in said[0]
    assert (tmp_path / "settings.toml").read_text() == "a = "


# Folders


def test_one_folder_for_everything(tmp_path: Path) -> None:
    places = folders({"MIRADOR_HOME": f" {tmp_path} "})
    assert (places.config, places.data, places.log) == tuple(tmp_path / name for name in ("config", "data", "log"))
    assert places.settings_file == tmp_path / "config" / "settings.toml"
    assert folders({"MIRADOR_HOME": "~/mirador"}).data == Path.home() / "mirador" / "data"
    assert folders({"MIRADOR_HOME": "here"}).data == Path.cwd() / "here" / "data"


def test_the_platforms_own_folders_otherwise() -> None:
    places = folders({"MIRADOR_HOME": ""})
    assert all("mirador-desktop" in str(place) for place in (places.config, places.data, places.log))


def test_where_the_resources_are() -> None:
    assert resource_folder().name == "resources"
    assert resource_folder().is_dir()
