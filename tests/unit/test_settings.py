"""settings.toml: what is read, what is wrong in it, and how it is changed."""

import os
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.errors import SettingsError
from mirador_desktop.settings import Settings, folders, load, resource_folder, save


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
        'confidence = true\nlayout = "columns"\nsidebar = false\ninspector = false\nwidth = 800\nheight = 600\n',
    )
    expected = Settings("dark", 2, ("a", "b:1"), 4096, 1.5, True, "columns", False, False, 800, 600)
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
        ("hosts", '"localhost"', "a list of addresses"),
        ("hosts", "[1]", "a list of addresses"),
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
        save(path, settings, theme="dark")
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
    settings, _ = load(path)
    changed = save(path, settings, theme="dark", hosts=("a", "b"))
    assert changed == Settings("dark", hosts=("a", "b"))
    assert load(path) == (changed, [])
    text = path.read_text("utf-8")
    assert text.startswith('# mine\nfuture = [1, 2]  # later\ntheme = "dark" # bright\n')
    assert tomllib.loads(text)["own"] == {"key": "value"}


@pytest.mark.parametrize(
    "changes",
    [
        {"theme": "dark"},
        {"text_scale": 1.25, "width": 1280, "height": 720},
        {"hosts": ()},
        {"hosts": ('quote " and \\ and ü',)},
        {"confidence": True, "sidebar": False},
    ],
)
def test_what_is_saved_is_read_again(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "new" / "folder" / "settings.toml"
    changed = save(path, Settings(), **changes)
    assert load(path) == (changed, [])
    assert os.listdir(path.parent) == ["settings.toml"]


def test_a_failure_half_way_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, 'theme = "light"\n')

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="No space left"):
        save(path, Settings(), theme="dark")
    assert path.read_text() == 'theme = "light"\n'
    assert os.listdir(tmp_path) == ["settings.toml"]


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
