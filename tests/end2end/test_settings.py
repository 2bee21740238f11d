"""Settings in the real program: changed in the window, by hand in the file, and what they do at once."""

import tomllib
from pathlib import Path

from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.settings.dialog import SettingsDialog
from mirador_desktop.gui.settings.page import Page
from mirador_desktop.gui.settings.widgets import Segments
from tests import driving
from tests.driving import answered, part, send, until
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim


async def opened(window: MainWindow, page: str) -> Page:
    """Open the settings at a page, as the gear does."""
    window.sidebar.gear.click()
    dialog = part(window, QWidget, "settingsDialog")
    assert isinstance(dialog, SettingsDialog)
    assert dialog.isVisible()
    dialog.show_page(page)
    shown = dialog._stack.currentWidget()
    assert isinstance(shown, Page)
    await until(lambda: not dialog._idle.isActive(), "all pages")
    return shown


def said(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel))


def choose(page: QWidget, name: str, words: str) -> None:
    segments = part(page, Segments, name)
    next(b for b in segments.findChildren(QPushButton) if b.text() == words).click()


def test_a_change_applies_at_once_and_is_kept(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        await send(window, "Why?")
        await answered(window)
        page = await opened(window, "Appearance")
        choose(page, "themeChoice", "Light")
        assert not window.theme.dark
        choose(page, "layoutChoice", "Columns")
        assert window.look.layout == "columns"
        high = window.turns.last_view().height()  # type: ignore[union-attr]
        choose(page, "layoutChoice", "Stack")
        choose(page, "densityChoice", "Compact")
        assert window.look.compact
        assert high
        part(page, QPushButton, "largerText").click()
        assert window.theme.scale == 1.1
        dialog = page.window()
        await until(lambda: dialog.findChild(QLabel, "textScale") is not None, "the window made anew")
        window.set_heat(True)  # by its key, while the settings are open
        assert window.look.heat

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    kept = tomllib.loads((tmp_path / "config" / "settings.toml").read_text())
    assert {k: kept[k] for k in ("theme", "density", "text_scale", "confidence")} == {
        "theme": "light",
        "density": "compact",
        "text_scale": 1.1,
        "confidence": True,
    }


def test_the_settings_close_with_the_window(tmp_path: Path) -> None:
    shown: list[bool] = []

    async def drive(window: MainWindow) -> None:
        page = await opened(window, "Models")
        window.close()
        shown.append(page.window().isVisible())

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert shown == [False]


def test_the_file_may_be_changed_by_hand_while_the_program_runs(tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.toml"
    path.parent.mkdir()
    path.write_text('# mine\ntheme = "dark"\n')

    async def drive(window: MainWindow) -> None:
        page = await opened(window, "Appearance")
        path.write_text('# mine\ntheme = "light"\nfuture = 1\n')
        await until(lambda: not window.theme.dark, "the change in the file")
        assert part(page, Segments, "themeChoice").value() == "light"
        new = path.with_name("other.toml")  # many editors write another file and rename it
        new.write_text('# mine\ntheme = "dark"\nfuture = 1\ndensity = "loose"\n')
        new.replace(path)
        await until(lambda: window.theme.dark, "the file that took its place")
        await until(lambda: "density is 'loose'" in said(window.banner), "what is wrong in it")
        path.write_text("theme = ")
        await until(lambda: "cannot be read" in said(window.banner), "a broken file")
        assert window.theme.dark, "what was read before holds"
        assert "What was set before holds" in said(window.banner)
        path.write_text('# mine\ntheme = "dark"\nfuture = 1\n')
        choose(page, "layoutChoice", "Columns")
        await until(lambda: 'layout = "columns"' in path.read_text(), "the change on disk")
        assert path.read_text().startswith("# mine\n")
        assert "future = 1" in path.read_text()

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_everything_can_be_deleted_even_while_an_answer_streams(tmp_path: Path) -> None:
    data = tmp_path / "data"
    slow = [{**m, "token_seconds": 0.05} for m in scenarios.THREE_MODELS["models"]]

    async def drive(window: MainWindow) -> None:
        await send(window, "What did I say about zeppelins?")
        await until(lambda: window.turns.last_view() is not None)
        await until(lambda: (data / "mirador.db").exists())
        key = (data / "mirador.key").read_text()
        page = await opened(window, "Memory")
        await until(lambda: "1 conversation with 1 turn" in part(page, QLabel, "keptFacts").text())
        part(page, QPushButton, "deleteEverything").click()
        part(page, QLineEdit, "deleteWord").setText("delete")
        part(page, QPushButton, "deleteEverythingNow").click()
        await until(lambda: window.toast.isVisible() and "deleted" in said(window.toast), "the end of it")
        assert window.turns.turn_ids == []
        await until(lambda: not window.sidebar.list.isVisible(), "an empty list")
        await send(window, "Something new")
        await until(lambda: (data / "mirador.db").exists(), "a new file")
        assert (data / "mirador.key").read_text() != key

    with Sim({"models": slow}) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0

    async def again(window: MainWindow) -> None:
        await until(lambda: window.sidebar.list.isVisible())
        titles = [c.title for c in await _conversations(window)]
        assert titles == ["Something new"]

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(again, tmp_path, sim.url) == 0


async def _conversations(window: MainWindow) -> list[Conversation]:
    from mirador_desktop.gui.desk import Desk

    desk = next(d for d in window.children() if isinstance(d, Desk))
    return list(await desk._assistant.conversations())


def test_the_first_model_is_loaded_before_the_question(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        await until(lambda: [x["model"] for x in sim.loads()] == ["llama3.2:3b"], "the first model in memory")
        await send(window, "Why?")
        await answered(window)
        names = [x["model"] for x in sim.loads()]
        assert names == ["llama3.2:3b", "mistral:7b", "qwen2.5:7b", "qwen2.5:14b"], "each once"

    talking = [m for m in scenarios.THREE_MODELS["models"] if "embedding" not in m.get("capabilities", ())]
    with Sim({"models": talking, "server": {"max_loaded": 1}}) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_nothing_is_loaded_where_that_is_switched_off(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text("prewarm = false\n")

    async def drive(window: MainWindow) -> None:
        await send(window, "Why?")
        await answered(window)
        assert sim.loads()[0]["model"] == "llama3.2:3b"
        loading = [r for r in sim.requests("/api/chat") if not r["body"]["messages"]]
        assert loading == []

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
