"""States of the page Models: pulls, the table, the warm plan, and the dialogs over it."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget

from mirador_desktop.core.model_rows import Row
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.settings.models_page import ModelsPage
from tests.driving import part, tick, until
from tests.end2end.test_settings import opened
from tests.ollama_sim import scenarios
from tests.ollama_sim.scenarios import GB, model
from tests.screenshots.state import SETTINGS, State, World, settings_window, toml

_TOOLS = ["completion", "tools"]
_MODELS = [
    {**scenarios.LLAMA_3B, "context_length": 131072},
    {**scenarios.QWEN_14B, "parameters": {"temperature": 0.7, "num_predict": 4096}, "license": "Apache License 2.0"},
    {**scenarios.MISTRAL_7B, "capabilities": _TOOLS},
    model("gpt-oss:20b", 13.8, "20.9B", "gptoss", quantization="MXFP4", context_length=131072,
          capabilities=[*_TOOLS, "thinking"]),
    model("gemma3:12b", 8.1, "12.2B", "gemma3", context_length=131072, capabilities=["completion", "vision"]),
    model("qwen2.5-coder:7b", 4.7, "7.6B", "qwen2", capabilities=_TOOLS),
    scenarios.NOMIC,
]  # fmt: skip
_SLOW = [
    model("qwen2.5:32b", 19.8, "32.8B", "qwen2", pull_seconds=400),
    model("gemma3:27b", 17.4, "27.4B", "gemma3", pull_seconds=400),
    model("gemma3:4b", 3.3, "4.3B", "gemma3", pull_seconds=400),
    model("phi4", 9.1, "14.7B", "phi3", pull_seconds=400),
]
_HERE: dict[str, Any] = {"models": _MODELS, "registry": _SLOW, "server": {"memory": 40 * GB, "max_loaded": 6}}
_THERE: dict[str, Any] = {
    "models": [
        model("qwen3:30b", 18.6, "30.5B", "qwen3moe", context_length=262144, capabilities=[*_TOOLS, "thinking"]),
        {**scenarios.MISTRAL_7B, "capabilities": _TOOLS},
    ]
}
_MANY = {
    "models": [
        model(f"family-{i % 23}/model-{i}:{i % 70 + 1}b-instruct-q4", 1 + i % 60, f"{i % 70 + 1}B", "llama")
        for i in range(500)
    ]
}


def _two_hosts(world: World) -> None:
    there = world.start("workstation", _THERE)
    world.settings(
        f"[[hosts]]\naddress = {toml(world.sim.url)}\n\n"
        f'[[hosts]]\naddress = {toml(there.url)}\nname = "workstation"\n'
    )


def _large(world: World) -> None:
    world.settings("text_scale = 1.5\n")


async def _page(window: MainWindow) -> ModelsPage:
    page = await opened(window, "Models")
    assert isinstance(page, ModelsPage)
    await tick(0.5)
    return page


def _pull(page: ModelsPage, *names: str) -> None:
    for name in names:
        part(page, QLineEdit, "pullName").setText(name)
        part(page, QPushButton, "pullButton").click()


def _row(page: ModelsPage, name: str) -> Row:
    return next(row for row in page._models.rows() if row.name == name)


async def _as_in_the_mock(window: MainWindow, world: World) -> None:
    for name, minutes in (("qwen2.5:14b", "4m"), ("llama3.2:3b", "4m")):
        world.sim.ask("POST", "/api/chat", {"model": name, "messages": [], "keep_alive": minutes})
    world.sim.ask("POST", "/api/embed", {"model": "nomic-embed-text", "input": "x", "keep_alive": -1})
    page = await _page(window)
    world.sim.change({"registry": [{**each, "pull_seconds": 4} for each in _SLOW]})
    _pull(page, "qwen2.5:32b", "gemma3:27b", "gemma3:4b")
    pulls = page._pulls.items
    page._pulls.pause(pulls[2])
    await until(lambda: pulls[0].transfer.share > 0.6, "most of it")
    page._pulls.pause(pulls[0])
    page._pulls.cancel(pulls[1])
    page._pulls.keep_part(pulls[1])
    world.sim.change({"registry": _SLOW})
    for pull in (pulls[0], pulls[-1]):
        page._pulls.resume(pull)
    await tick(4)
    page.table.select("qwen2.5:14b")
    part(page, QLineEdit, "pullName").setFocus()


async def _pulls(window: MainWindow, world: World) -> None:
    page = await _page(window)
    _pull(page, "nothing:7b")
    await until(lambda: any(p.state == "failed" for p in page._pulls.items), "a failure")
    _pull(page, "qwen2.5:32b", "gemma3:27b")
    await tick(3)
    page._pulls.pause(page._pulls.items[1])
    _pull(page, "gemma3:4b", "phi4")
    await until(lambda: any(p.state == "still" for p in page._pulls.items), "one that stands still")


async def _hint(window: MainWindow, world: World) -> None:
    page = await _page(window)
    part(page, QLineEdit, "pullName").setText("$ ollama run qwen2.5:32b")


async def _bad_name(window: MainWindow, world: World) -> None:
    page = await _page(window)
    _pull(page, "no such:name/x y")


async def _cancelled(window: MainWindow, world: World) -> None:
    page = await _page(window)
    _pull(page, "qwen2.5:32b")
    await tick(2)
    part(page, QPushButton, "pullCancel").click()


async def _catalogue(window: MainWindow, world: World) -> None:
    (await _page(window)).open_catalogue()


async def _details(window: MainWindow, world: World) -> None:
    page = await _page(window)
    page.actions_of.show_details(_row(page, "qwen2.5:14b"))


async def _variant(window: MainWindow, world: World) -> None:
    page = await _page(window)
    page.actions_of.make_variant(_row(page, "qwen2.5:14b"))


async def _delete(window: MainWindow, world: World) -> None:
    page = await _page(window)
    page.actions_of.delete(_row(page, "llama3.2:3b"))


async def _placement(window: MainWindow, world: World) -> None:
    page = await _page(window)
    menu = page.actions_of
    menu.open_menu(_row(page, "llama3.2:3b"), page.mapToGlobal(page.rect().center()))
    await tick(0.1)
    from PySide6.QtWidgets import QMenu

    opened_menu = next(m for m in page.findChildren(QMenu, "modelMenu") if m.isVisible())
    next(a for a in opened_menu.actions() if a.text().startswith("How it is run")).trigger()
    opened_menu.close()
    await tick(0.2)
    panel = part(window, QWidget, "placement")
    field = part(panel, QLineEdit, "num_gpu")
    field.setText("20")
    field.textEdited.emit("20")
    part(panel, QPushButton, "measure").click()
    await until(lambda: "As entered here: " in part(panel, QLabel, "measured").text(), "the second measurement")
    await until(part(panel, QPushButton, "measure").isEnabled, "the end of it")


async def _menu(window: MainWindow, world: World) -> None:
    page = await _page(window)
    page.table.select("qwen2.5:14b")
    page.actions_of.open_menu(_row(page, "qwen2.5:14b"), page.mapToGlobal(page.rect().center()))


async def _no_match(window: MainWindow, world: World) -> None:
    page = await _page(window)
    page._filter.setText("zeppelin")


async def _all(window: MainWindow, world: World) -> None:
    await _page(window)


async def _many(window: MainWindow, world: World) -> None:
    page = await _page(window)
    await until(lambda: page.table.rows.count == 500, "all of them")
    page.table.setFocus(Qt.FocusReason.TabFocusReason)


async def _loading(window: MainWindow, world: World) -> None:
    page = await _page(window)
    part(page, QPushButton, "warmNow").click()
    await tick(0.3)


async def _pull_large(window: MainWindow, world: World) -> None:
    page = await _page(window)
    _pull(page, "qwen2.5:32b", "gemma3:27b", "gemma3:4b")
    await tick(3)


def _state(reach: Any, scenario: Any = _HERE, prepare: Any = lambda world: None) -> State:
    return State(reach, scenario, prepare, settings_window, SETTINGS)


_STILL = scenarios.with_faults(_HERE, {"path": "/api/pull", "when": "gemma3:27b", "stall_after": 40})
_SLOW_LOADS = {"models": [{**m, "load_seconds": 60} for m in scenarios.THREE_MODELS["models"]]}
STATES: dict[str, State] = {
    "settings-models": _state(_as_in_the_mock, prepare=_two_hosts),
    "settings-models-pulls": _state(_pulls, _STILL),
    "settings-models-hint": _state(_hint),
    "settings-models-bad-name": _state(_bad_name),
    "settings-models-cancelled": _state(_cancelled),
    "settings-models-catalogue": _state(_catalogue),
    "settings-models-details": _state(_details),
    "settings-models-variant": _state(_variant),
    "settings-models-delete": _state(_delete, prepare=_two_hosts),
    "settings-models-how-it-is-run": _state(_placement),
    "settings-models-menu": _state(_menu),
    "settings-models-no-match": _state(_no_match),
    "settings-models-none": _state(_all, scenarios.NO_MODELS),
    "settings-models-no-host": _state(_all, None),
    "settings-models-500": _state(_many, _MANY),
    "settings-models-tight": _state(_all, scenarios.TIGHT_MEMORY),
    "settings-models-loading": _state(_loading, _SLOW_LOADS),
    "settings-models-large-text": _state(_pull_large, prepare=_large),
}
