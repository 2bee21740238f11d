"""States of the page Hosts: several hosts, an open card, what a test says, Ollama itself."""

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QLineEdit, QPushButton, QScrollArea, QWidget

from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.settings.hosts_page import HostsPage
from tests.driving import part, tick, until
from tests.end2end.test_settings import opened
from tests.ollama_sim import scenarios
from tests.screenshots.state import SETTINGS, State, World, settings_window, toml
from tests.unit.tls import certificate_in, signed_by_itself

_WORKSTATION: dict[str, Any] = {"models": [scenarios.LLAMA_3B, scenarios.QWEN_14B], "server": {"token": "secret"}}
_CLUSTER: dict[str, Any] = {
    "models": [scenarios.QWEN_7B, scenarios.MISTRAL_7B],
    "server": {"only_openai": True, "owned_by": "vllm"},
}
_LONG = "The large machine in the basement of the physics department that nobody has seen"
_FAR = "http://a-very-long-name-of-a-computer-in-a-cluster.department.university.example.org:8000/serve/llama"


def _hosts(world: World, accepted: bool) -> None:
    """This computer, a workstation with a certificate of its own, a cluster, one that is gone, one that is off."""
    file = signed_by_itself(world.home, "workstation.local")
    workstation = world.start("workstation", _WORKSTATION, file)
    cluster = world.start("cluster", _CLUSTER)
    gone = world.start("gone", _CLUSTER)
    trust = f'certificate = """\n{certificate_in(Path(file))}"""\naccepted = "2026-05-12"\n' if accepted else ""
    world.settings(f"""
[[hosts]]
address = {toml(world.sim.url)}

[[hosts]]
address = {toml(workstation.url)}
name = "Workstation"
{trust}
[[hosts]]
address = {toml(cluster.url)}
kind = "openai"
name = "vLLM cluster"

[[hosts]]
address = {toml(gone.url)}
kind = "openai"
name = "Laboratory"

[[hosts]]
address = "10.0.0.9"
name = "Laptop"
on = false
""")


def _trusted(world: World) -> None:
    _hosts(world, accepted=True)


def _untrusted(world: World) -> None:
    _hosts(world, accepted=False)


def _long_names(world: World) -> None:
    _trusted(world)
    path = world.home / "config" / "settings.toml"
    more = f'\n[[hosts]]\naddress = "{_FAR}"\nkind = "openai"\nname = "{_LONG}"\n'
    path.write_text(path.read_text() + more + '\n[[hosts]]\naddress = "https://me:pw@x"\nname = "Wrong"\n')


def _large(world: World) -> None:
    _trusted(world)
    path = world.home / "config" / "settings.toml"
    path.write_text("text_scale = 1.5\n" + path.read_text())


async def _page(window: MainWindow, world: World) -> HostsPage:
    page = await opened(window, "Hosts")
    assert isinstance(page, HostsPage)
    await until(lambda: len(page._hosts.entries()) > 0)
    await tick(0.3)
    if "gone" in world.more:
        world.more["gone"].kill()
        page._hosts.look_again()
        await until(lambda: page.badge() == "struck", "the one that is gone")
    return page


async def _all(window: MainWindow, world: World) -> None:
    await _page(window, world)


async def _open(window: MainWindow, world: World, place: int) -> HostsPage:
    page = await _page(window, world)
    page._toggle(page._rows[place])
    await tick(0.3)
    return page


async def _test(page: QWidget) -> None:
    part(page, QPushButton, "testHost").click()
    await until(lambda: part(page, QPushButton, "testHost").text() == "Test again", "what the test finds")


async def _card(window: MainWindow, world: World) -> None:
    page = await _open(window, world, 1)
    opened_host = page._open
    assert opened_host is not None
    await page._hosts.set_token(1, "secret")
    await _test(page)
    part(page, QPushButton, "testHost").setFocus()


async def _certificate(window: MainWindow, world: World) -> None:
    await _test(await _open(window, world, 1))


async def _other_kind(window: MainWindow, world: World) -> None:
    page = await _open(window, world, 2)
    assert page._open is not None
    page._open._choose_kind("ollama")
    await _test(page)


async def _delete(window: MainWindow, world: World) -> None:
    page = await _open(window, world, 2)
    part(page, QPushButton, "deleteHost").click()


async def _new(window: MainWindow, world: World) -> None:
    page = await _page(window, world)
    page.add()
    field = part(page, QLineEdit, "hostUrl")
    field.setText("http://192.168.1.7:8000")
    field.setModified(True)
    assert page._open is not None
    page._open.form.commit()
    await page._hosts.set_token(page._open.place, "secret")
    await tick(0.2)


async def _wrong(window: MainWindow, world: World) -> None:
    page = await _page(window, world)
    page.add()
    field = part(page, QLineEdit, "hostUrl")
    field.setText("user:pw@192.168.1.7")
    field.textEdited.emit(field.text())


async def _bottom(window: MainWindow, world: World) -> None:
    page = await _page(window, world)
    area = part(page, QScrollArea, "settingsScroll")
    await tick(0.2)
    area.verticalScrollBar().rangeChanged.connect(lambda low, high: area.verticalScrollBar().setValue(high))
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())


def _state(reach: Any, prepare: Any = _trusted, scenario: Any = scenarios.THREE_MODELS) -> State:
    return State(reach, scenario, prepare, settings_window, SETTINGS)


STATES: dict[str, State] = {
    "settings-hosts": _state(_all),
    "settings-hosts-card": _state(_card),
    "settings-hosts-certificate": _state(_certificate, _untrusted),
    "settings-hosts-other-kind": _state(_other_kind),
    "settings-hosts-delete": _state(_delete),
    "settings-hosts-new": _state(_new, lambda world: None),
    "settings-hosts-wrong-address": _state(_wrong, lambda world: None),
    "settings-hosts-long-names": _state(_all, _long_names),
    "settings-hosts-ollama-itself": _state(_bottom, lambda world: None),
    "settings-hosts-no-ollama": _state(_bottom, lambda world: None, None),
    "settings-hosts-large-text": _state(_all, _large),
}
