"""The page Models: its table, the menu of a row, and what stands there when there is nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.gui.settings.catalogue_view import CataloguePanel
from tests.driving import part, tick, until
from tests.gui.models_helpers import SCENARIO, Shown, menu_is_open, popped, run
from tests.ollama_sim.client import Sim


@pytest.fixture
def sim() -> Iterator[Sim]:
    with Sim(SCENARIO) as running:
        yield running


def test_the_table_shows_filters_and_sorts(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        table = shown.page.table
        assert shown.page.subtitle.text() == "4 models on this computer, 16 GB on disk, 212 GB free"
        assert shown.names == ["llama3.2:3b", "mistral:7b", "nomic-embed-text:latest", "qwen2.5:14b"]
        said = [str(table.rows.index(0, c).data()) for c in range(table.rows.columnCount())]
        assert said[:7] == [
            "llama3.2:3b, this computer", "2.0 GB", "3.2 B", "Q4_K_M", "32 K", "tools", "not loaded yet"
        ]  # fmt: skip
        shown.select("mistral:7b")
        table.sort("size")
        assert shown.names[0] == "qwen2.5:14b"
        table.sort("size")
        assert shown.names[0] == "nomic-embed-text:latest"
        current = table.current()
        assert current is not None
        assert current.name == "mistral:7b", "the selected model stays selected"
        QTest.keyClicks(shown.page._filter, "embed")
        assert shown.names == ["nomic-embed-text:latest"]
        QTest.keyClicks(shown.page._filter, "zzz")
        assert part(shown.page, QLabel, "modelsNothing").text() == "No model matches “embedzzz”."
        assert table.isHidden()
        shown.press("modelsRemedy")
        assert len(shown.names) == 4
        assert table.isVisible()

    run(sim.url, tmp_path, qtbot, work)


def test_columns_give_way_where_there_is_no_room(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        table = shown.page.table
        for width, hidden in ((1400, 0), (908, 1), (588, 5)):
            shown.page.resize(width, 700)
            await tick()
            assert sum(table.isColumnHidden(c) for c in range(table.rows.columnCount())) == hidden
            assert sum(table.columnWidth(c) for c in range(9)) <= table.viewport().width()
        page = shown.page
        inside = page.rect().adjusted(0, 0, 1, 1)
        for widget in page.findChildren(QPushButton):
            if widget.isVisible():
                where = widget.rect().translated(widget.mapTo(page, QPoint(0, 0)))
                assert inside.contains(where), widget.objectName()

    run(sim.url, tmp_path, qtbot, work)


def test_the_menu_of_a_row_by_mouse_and_keyboard(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        table = shown.page.table
        shown.page.actions_of.on_menu = lambda menu, row: menu.addAction(f"Warm {row.name}")
        dots = table._delegate.dots_box(1).center().toPoint()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=dots)
        menu = await popped()
        words = [a.text() for a in menu.actions() if a.text()]
        assert words == [
            "Show", "Copy…", "Rename…", "New variant…", "Warm mistral:7b", "Sort by", "Delete…"
        ]  # fmt: skip
        menu.close()
        await until(lambda: not menu_is_open())
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, 60))
        await tick()
        assert not menu_is_open()

    run(sim.url, tmp_path, qtbot, work)


def test_nothing_to_show(tmp_path: Path, qtbot: QtBot) -> None:
    async def nowhere(shown: Shown) -> None:
        assert shown.page.subtitle.text() == "No host answers"
        assert "Start Ollama" in part(shown.page, QLabel, "modelsNothing").text()
        assert not part(shown.page, QPushButton, "openModelFile").isEnabled()

    async def nothing(shown: Shown) -> None:
        assert "No models yet" in part(shown.page, QLabel, "modelsNothing").text()
        shown.press("modelsRemedy")
        (await shown.panel(CataloguePanel)).close()

    async def no_host(shown: Shown) -> None:
        assert "No host is set up" in part(shown.page, QLabel, "modelsNothing").text()
        shown.page.bar.name.setText("llama3.2")
        shown.press("pullButton")
        assert "Add an Ollama host first" in shown.notice

    run("http://127.0.0.1:1", tmp_path, qtbot, nowhere)
    with Sim({"models": []}) as empty:
        run(empty.url, tmp_path, qtbot, nothing)
    run({}, tmp_path, qtbot, no_host)


def test_every_control_has_a_name_and_is_reached_by_tab(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.doors.pulls.add("qwen2.5:32b")
        await until(lambda: shown.lines)
        for widget in shown.page.findChildren(QWidget):
            if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                name = widget.accessibleName() or (widget.text() if isinstance(widget, QPushButton) else "")
                assert name, f"{type(widget).__name__} {widget.objectName()}"
        assert {e.label for e in shown.page.entries} >= {"Pull a model", "Catalogue", "Model from a file"}
        shown.page.restyle()

    run(sim.url, tmp_path, qtbot, work)
