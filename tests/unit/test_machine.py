"""What the parts are told when they are put together: options of models, the environment of Ollama, uses, the log."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirador_desktop import machine
from mirador_desktop.core.model_rows import Use
from mirador_desktop.core.stages import ModelStage, Pipeline
from mirador_desktop.machine import Machine, compose, start_logging
from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import Folders, HostSettings, ModelOptions, Settings, folders
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import THREE_MODELS
from tests.unit.test_store import without_keyring


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    without_keyring(monkeypatch)
    monkeypatch.setenv("MIRADOR_HOME", str(tmp_path))
    return tmp_path


def preferences(**settings: object) -> Preferences:
    return Preferences(folders().settings_file, Settings(**settings))  # type: ignore[arg-type]


def test_options_follow_the_settings_with_and_without_the_tag() -> None:
    mine = preferences(models={"llama3.2": ModelOptions(num_ctx=4096, keep_alive=0)})
    options_of = machine._options_of(mine)
    assert options_of("llama3.2:latest") == {"num_ctx": 4096, "keep_alive": 0}
    assert options_of("llama3.2:3b") == {}
    mine.change_model("llama3.2:3b", num_gpu=0)
    assert options_of("llama3.2:3b") == {"num_gpu": 0}, "0 layers is something else than nothing"
    mine.close()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {}),
        ({"flash_attention": "on"}, {"OLLAMA_FLASH_ATTENTION": "1"}),
        ({"flash_attention": "off"}, {"OLLAMA_FLASH_ATTENTION": "0"}),
        (
            {"flash_attention": "on", "kv_cache": "q8_0"},
            {"OLLAMA_FLASH_ATTENTION": "1", "OLLAMA_KV_CACHE_TYPE": "q8_0"},
        ),
    ],
)
def test_what_an_ollama_is_started_with(settings: dict[str, str], expected: dict[str, str]) -> None:
    assert machine._environment_of(preferences(**settings)) == expected


MINE = Pipeline(
    "Mine",
    (ModelStage("read", models=("mistral",), fallback_models=("qwen2.5:7b",)), ModelStage("judge", choose="largest")),
)


def test_uses_are_those_the_person_chose_and_those_of_new_conversations(home: Path) -> None:
    with Sim(THREE_MODELS) as sim:

        async def work() -> None:
            made: Machine = compose(preferences=preferences(hosts=(HostSettings(sim.url),)))
            try:
                await made.prepare()
                made.pipelines.take(MINE)
                uses = {row.name: row.uses for row in made.models.rows()}
                own = [Use("Mine", "read", 0, True)]
                assert [u for u in uses["qwen2.5:7b"] if u.pipeline == "Mine"] == own
                by_itself = {u for found in uses.values() for u in found if not u.chosen}
                assert {u.pipeline for u in by_itself} == {made.preferences.current.pipeline}
                made.preferences.change(pipeline="Mine")
                uses = {row.name: row.uses for row in made.models.rows()}
                assert Use("Mine", "judge", 1, False) in uses["qwen2.5:14b"]
                made.pipelines.delete("Mine")
                assert all(u.pipeline != "Mine" for row in made.models.rows() for u in row.uses)
            finally:
                await made.close()
                made.preferences.close()

        asyncio.run(work())


@pytest.fixture
def _log_as_before() -> Iterator[None]:
    root, raises = logging.getLogger(), logging.raiseExceptions
    handlers, level = list(root.handlers), root.level
    for handler in handlers:
        root.removeHandler(handler)  # basicConfig would close those of the tests
    yield
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = raises


@pytest.mark.usefixtures("_log_as_before")
def test_the_log_is_written_and_a_folder_that_cannot_be_made_is_no_hindrance(home: Path) -> None:
    places: Folders = folders()
    start_logging(places, "debug")
    logging.getLogger("mirador_desktop.here").debug("said")
    logging.getLogger("httpx").info("an address")
    logging.getLogger("asyncio").debug("noise")
    assert "said" in places.log_file.read_text()
    assert "address" not in places.log_file.read_text()
    assert "noise" not in places.log_file.read_text()
    (home / "file").write_text("")
    start_logging(Folders(*(home / "file" / "x" for _ in Folders.__dataclass_fields__)))
    logging.getLogger("mirador_desktop.here").warning("nowhere")
