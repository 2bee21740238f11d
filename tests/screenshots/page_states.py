"""States of the pages Pipelines, Memory, Appearance and Privacy, and of the search."""

import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.settings.pipelines_page import PipelinesPage
from tests.driving import answered, part, send, tick, until
from tests.end2end.test_settings import opened
from tests.ollama_sim import scenarios
from tests.screenshots.state import SETTINGS, State, World, settings_window, toml

_CHANGED = """
name = "Financial"
description = "Market scan, then the risks seen by two models, then one recommendation."
context_tokens = 1500

[[context]]
kind = "csv"
value = {csv}

[[context]]
kind = "time"

[[context]]
kind = "url"
value = "https://example.org/figures-of-the-month"

[[stages]]
name = "market scan"
models = ["llama3.2:3b"]
max_tokens = 600
temperature = 0.2
confidence_threshold = 0.7
role_prompt = "You scan a market for an analyst."

[[stages]]
name = "risk analysis"
models = ["qwen2.5:14b", "qwen2.5:7b"]
fallback_models = ["mistral:7b", "gemma3:27b"]
max_tokens = 1000
temperature = 0.3
confidence_threshold = 0.9
role_prompt = "You weigh the risks of the market scan above. Name each risk, how likely it is, what it would cost and what would show it early. Say where the scan is wrong or thin. Do not recommend yet."

[[stages]]
name = "recommendation"
models = ["qwen2.5:14b"]
max_tokens = 1500
temperature = 0.4
confidence_threshold = 0.95
role_prompt = "You recommend."
"""  # noqa: E501  # a prompt is one line
_BROKEN = 'name = "Broken"\n\n[[stages]]\nname = "quick"\ntemperature = 9\n'


def _own(world: World) -> None:
    csv = world.write("market-data.csv", "date,price\n2026-11-20,104.2\n2026-11-21,103.9\n")
    os.utime(csv, (time.time() - 7300,) * 2)
    world.write("config/pipelines/financial.toml", _CHANGED.format(csv=toml(str(csv))))
    world.write(
        "config/pipelines/contract-review.toml",
        _CHANGED.format(csv='""').replace('"Financial"', '"Contract review"'),
    )
    world.write("config/pipelines/broken.toml", _BROKEN)
    world.write("theirs.toml", _CHANGED.format(csv=toml("/home/someone/secret.csv")).replace("Financial", "Theirs"))


async def _page(window: MainWindow, name: str) -> PipelinesPage:
    page = await opened(window, "Pipelines")
    assert isinstance(page, PipelinesPage)
    await until(lambda: page._pipelines.entry(name) is not None, name)
    page.list.choose(name)
    await tick(0.3)
    return page


def _at(name: str) -> Callable[[MainWindow, World], Awaitable[None]]:
    async def reach(window: MainWindow, world: World) -> None:
        await _page(window, name)

    return reach


async def _changed(window: MainWindow, world: World) -> None:
    page = await _page(window, "Financial")
    page.editor.cards[1].set_open(True)


async def _wrong(window: MainWindow, world: World) -> None:
    page = await _page(window, "Contract review")
    page.editor.cards[0].set_open(True)
    form = page.editor.cards[0].form
    assert form is not None
    form.tokens.setText("0")
    form.tokens._check()
    form.models._begin()


async def _deleted(window: MainWindow, world: World) -> None:
    page = await _page(window, "Contract review")
    page._delete()


async def _imported(window: MainWindow, world: World) -> None:
    page = await _page(window, "Progressive")
    await page.show_file(world.home / "theirs.toml")


async def _sent(window: MainWindow, world: World) -> None:
    page = await _page(window, "Financial")
    await page._preview(1)


async def _source(window: MainWindow, world: World) -> None:
    page = await _page(window, "Financial")
    page._edit_source(2)


def _page_at(title: str) -> Callable[[MainWindow, World], Awaitable[None]]:
    async def reach(window: MainWindow, world: World) -> None:
        await send(window, "Why is the sky blue?")
        await answered(window)
        await opened(window, title)
        await tick(0.3)

    return reach


async def _delete_everything(window: MainWindow, world: World) -> None:
    await _page_at("Memory")(window, world)
    part(settings_window(window), QPushButton, "deleteEverything").click()


async def _log(window: MainWindow, world: World) -> None:
    await _page_at("Privacy")(window, world)
    part(settings_window(window), QPushButton, "showLog").click()


async def _found(window: MainWindow, world: World) -> None:
    await opened(window, "Models")
    part(settings_window(window), QLineEdit, "settingsSearch").setText("memory")


async def _nothing_found(window: MainWindow, world: World) -> None:
    await opened(window, "Models")
    part(settings_window(window), QLineEdit, "settingsSearch").setText("zeppelin in the clouds")


async def _focus(window: MainWindow, world: World) -> None:
    page: QWidget = await opened(window, "Appearance")
    page.setFocus()
    for _ in range(3):
        settings_window(window).focusNextChild()


def _large(world: World) -> None:
    world.settings("text_scale = 1.5\n")


def _large_own(world: World) -> None:
    _own(world)
    _large(world)


def _state(reach: Any, prepare: Any = lambda world: None) -> State:
    return State(reach, scenarios.THREE_MODELS, prepare, settings_window, SETTINGS)


STATES: dict[str, State] = {
    "settings-pipelines": _state(_at("Progressive"), _own),
    "settings-pipelines-changed": _state(_changed, _own),
    "settings-pipelines-wrong": _state(_wrong, _own),
    "settings-pipelines-broken": _state(_at("broken.toml"), _own),
    "settings-pipelines-deleted": _state(_deleted, _own),
    "settings-pipelines-import": _state(_imported, _own),
    "settings-pipelines-sent": _state(_sent, _own),
    "settings-pipelines-source": _state(_source, _own),
    "settings-pipelines-large-text": _state(_changed, _large_own),
    "settings-memory": _state(_page_at("Memory")),
    "settings-memory-delete": _state(_delete_everything),
    "settings-memory-large-text": _state(_delete_everything, _large),
    "settings-appearance": _state(_page_at("Appearance")),
    "settings-appearance-focus": _state(_focus),
    "settings-appearance-large-text": _state(_page_at("Appearance"), _large),
    "settings-privacy": _state(_page_at("Privacy")),
    "settings-privacy-log": _state(_log),
    "settings-privacy-large-text": _state(_log, _large),
    "settings-search": _state(_found),
    "settings-search-nothing": _state(_nothing_found),
}
