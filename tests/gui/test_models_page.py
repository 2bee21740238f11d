"""The page Models: pulls, the table with its menu, the dialogs, and what stands there when there is nothing."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QListView, QMenu, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.model_rows import Use
from mirador_desktop.gui.pull_progress import PullProgress
from mirador_desktop.gui.settings.catalogue_view import CataloguePanel
from mirador_desktop.gui.settings.model_details import DetailsPanel
from mirador_desktop.gui.settings.models_page import ModelsPage
from mirador_desktop.gui.settings.new_model import DeletePanel, NamePanel, VariantPanel
from mirador_desktop.gui.settings.panel import Panel
from mirador_desktop.gui.settings.widgets import Progress
from mirador_desktop.gui.tasks import Tasks
from tests.driving import part, tick, until
from tests.gui.test_turn_live import delete_now, the_theme
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import LLAMA_3B, MISTRAL_7B, NOMIC, QWEN_14B, model
from tests.unit.pull_helpers import Doors, Memory
from tests.unit.test_gguf import gguf

P = TypeVar("P", bound=Panel)
SLOW = [
    model(name, size, "5B", "llama", pull_seconds=60)
    for name, size in (("qwen2.5:32b", 19.8), ("gemma3:27b", 17.4), ("gemma3:4b", 3.3))
]
SCENARIO = {"models": [LLAMA_3B, MISTRAL_7B, QWEN_14B, NOMIC], "registry": SLOW}


class Shown:
    """The page over real hosts."""

    def __init__(self, doors: Doors, qtbot: QtBot) -> None:
        delete_now()
        self.doors, self.errors = doors, list[str]()
        self.tasks = Tasks(self.errors.append)
        self.page = ModelsPage(the_theme(), doors.models, doors.pulls, self.tasks)
        qtbot.addWidget(self.page)
        self.page.resize(908, 760)
        self.page.show()
        self.page.shown()

    @property
    def names(self) -> list[str]:
        return [row.name for row in self.page.table.rows.rows]

    @property
    def notice(self) -> str:
        return part(self.page, QLabel, "pullNotice").text()

    def press(self, name: str, place: int = 0) -> None:
        visible = [b for b in self.page.findChildren(QPushButton, name) if b.isVisible()]
        QTest.mouseClick(visible[place], Qt.MouseButton.LeftButton)

    @property
    def lines(self) -> list[str]:
        return [w.text() for w in self.page.findChildren(QLabel, "pullWords") if w.isVisible()]

    def words(self, place: int = 0) -> str:
        return self.lines[place] if place < len(self.lines) else ""

    def select(self, name: str) -> None:
        self.page.table.select(name)
        self.page.table.setFocus()

    async def panel(self, kind: type[P]) -> P:
        await until(lambda: [w for w in self.page.findChildren(kind) if w.isVisible()], kind.__name__)
        return next(w for w in self.page.findChildren(kind) if w.isVisible())

    async def until_listed(self, *names: str) -> None:
        await until(lambda: set(names) <= set(self.names), f"{names} in the table")


Work = Callable[[Shown], Coroutine[None, None, None]]


@pytest.fixture
def sim() -> Iterator[Sim]:
    with Sim(SCENARIO) as running:
        yield running


def run(urls: dict[str, str] | str, folder: Path, qtbot: QtBot, work: Work, memory: Memory | None = None) -> None:
    async def main() -> None:
        doors = Doors({"this computer": urls} if isinstance(urls, str) else urls, folder, memory, show_done=0.05)
        try:
            await doors.registry.look()
            await doors.models.prepare()
            shown = Shown(doors, qtbot)
            await work(shown)
            await shown.tasks.close(5)
            assert not shown.errors
            shown.page.hide()
        finally:
            await doors.close()

    asyncio.run(main())


# ── pulling ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_model_is_pulled_by_name(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    sim.change({"registry": [model("gemma3:4b", 3.3, "4.3B", "gemma3", pull_seconds=0.4)]})

    async def work(shown: Shown) -> None:
        badges: list[str] = []
        shown.page.badge_changed.connect(lambda: badges.append(shown.page.badge()))
        QTest.keyClicks(shown.page.bar.name, "ollama pull gemma3:4b")
        assert shown.notice == "Pulls gemma3:4b · 3.3 GB · fits in memory · Everyday questions and pictures"
        shown.press("pullButton")
        assert shown.page.bar.name.text() == ""
        await until(lambda: "of 3.3 GB" in shown.words())
        await until(lambda: part(shown.page, Progress, "pullProgress").value() > 300)
        await shown.until_listed("gemma3:4b")
        await until(lambda: not shown.lines, "the line to go")
        assert any(b.endswith(" %") for b in badges)
        assert badges[-1] == shown.page.badge() == ""
        assert shown.page.pulls.isHidden()

    run(sim.url, tmp_path, qtbot, work)


def test_enter_pulls_and_a_bad_name_is_said_at_once(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        field = shown.page.bar.name
        QTest.keyClicks(field, "no such:name/x y")
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert "it has a space in it" in shown.notice
        assert field.property("wrong") == "true"
        assert shown.page.bar.notice.property("kind") == "error"
        QTest.keyClick(field, Qt.Key.Key_Backspace)
        assert shown.notice == ""
        assert not field.property("wrong")
        assert shown.doors.pulls.items == []

    run(sim.url, tmp_path, qtbot, work)


def test_pausing_cancelling_and_the_part(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        for name in ("qwen2.5:32b", "gemma3:27b", "gemma3:4b"):
            shown.page.bar.name.setText(name)
            shown.press("pullButton")
        await until(lambda: "left" in shown.words(0) and "MB/s" in shown.words(0))
        await until(lambda: "queued, starts in about" in shown.words(2))
        assert shown.words(2).startswith("about 3.3 GB")
        shown.press("pullPause")
        await until(lambda: "paused" in shown.words(0) and "of 3.3 GB" in shown.words(2))
        shown.press("pullResume")
        await until(lambda: "queued" in shown.words(0))
        shown.press("pullCancel", 1)
        await until(lambda: shown.words(1).endswith("Keep the part?"))
        shown.press("pullDelete")
        await until(lambda: "does that itself the next time it is started" in shown.notice)
        await until(lambda: len(shown.lines) == 2)
        await until(lambda: "left" in shown.words(0))
        shown.press("pullCancel", 0)
        await until(lambda: shown.words(0).endswith("Keep the part?"))
        shown.press("pullKeep")
        await until(lambda: [p.name for p in shown.doors.pulls.items] == ["gemma3:4b"])
        shown.doors.pulls.cancel(shown.doors.pulls.items[0])
        shown.page.left()
        assert shown.doors.pulls.items == [], "who leaves without an answer keeps the part"

    run(sim.url, tmp_path, qtbot, work)


def test_a_failed_pull_says_why_and_is_tried_again(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.page.bar.name.setText("nothing:7b")
        shown.press("pullButton")
        await until(lambda: shown.page.findChildren(QLabel, "pullError")[0].isVisible())
        assert "has no model nothing:7b" in part(shown.page, QLabel, "pullError").text()
        sim.change({"registry": [model("nothing:7b", 4.1, "7B", "llama")]})
        shown.press("pullRetry")
        await shown.until_listed("nothing:7b")

    run(sim.url, tmp_path, qtbot, work)


def test_what_was_not_finished_is_offered(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    memory = Memory()
    memory.values["pulls"] = [
        {
            "name": "qwen2.5:32b", "host": "this computer", "address": sim.url, "insecure": False,
            "completed": 12_300_000_000, "total": 19_800_000_000,
        }
    ]  # fmt: skip

    async def work(shown: Shown) -> None:
        await shown.doors.pulls.restore()
        await until(lambda: shown.lines)
        assert shown.words() == "was not finished: 12.3 of 19.8 GB. Go on?"
        assert not sim.requests("/api/pull")
        shown.press("pullResume")
        await until(lambda: sim.requests("/api/pull"))

    run(sim.url, tmp_path, qtbot, work, memory)


def test_pulls_go_to_the_chosen_host(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        where = part(shown.page, QPushButton, "pullHost")
        assert where.text() == "to this computer"
        shown.press("pullHost")
        menu = await popped()
        menu.actions()[1].trigger()
        menu.close()
        assert where.text() == "to workstation"
        assert shown.page.pull_name("qwen2.5:32b") == ""
        await until(lambda: shown.words().startswith("workstation · "))
        shown.press("modelHost")
        menu = await popped()
        assert [a.text() for a in menu.actions()] == ["All hosts", "this computer", "workstation"]
        menu.actions()[2].trigger()
        menu.close()
        assert shown.names == []
        assert part(shown.page, QLabel, "modelsNothing").text() == "No model on workstation."
        shown.press("modelsRemedy")
        assert len(shown.names) == 4

    with Sim({"models": [], "registry": SLOW}) as other:
        run({"this computer": sim.url, "workstation": other.url}, tmp_path, qtbot, work)


async def popped() -> QMenu:
    def menus() -> list[QMenu]:
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible()]

    await until(menus, "a menu")
    return menus()[-1]


def test_the_small_progress_of_the_sidebar(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        small = PullProgress(the_theme())
        qtbot.addWidget(small)
        small.show_pulls(shown.doors.pulls)
        assert small.isHidden()
        clicks: list[bool] = []
        small.clicked.connect(lambda: clicks.append(True))
        for name in ("qwen2.5:32b", "gemma3:27b"):
            shown.doors.pulls.add(name)
        await until(lambda: small.isVisible() and small.bar.value() > 0)
        assert small.name.text() == "Pulling qwen2.5:32b +1"
        assert small.share.text().endswith(" %")
        assert "gemma3:27b: " in small.toolTip()
        QTest.mouseClick(small, Qt.MouseButton.LeftButton)
        QTest.keyClick(small, Qt.Key.Key_Space)
        assert clicks == [True, True]
        for pull in list(shown.doors.pulls.items):
            shown.doors.pulls.pause(pull)
        await until(small.isHidden)

    run(sim.url, tmp_path, qtbot, work)


# ── the table ──────────────────────────────────────────────────────────────────────────────────────────


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


def menu_is_open() -> bool:
    return any(isinstance(w, QMenu) and w.isVisible() for w in QApplication.topLevelWidgets())


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


# ── dialogs ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_catalogue_finds_and_pulls(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.press("openCatalogue")
        panel = await shown.panel(CataloguePanel)
        assert panel.entries.rowCount() >= 30
        QTest.keyClicks(panel.search, "code")
        assert {e.name for e in panel.entries.entries} >= {"qwen2.5-coder:7b", "qwen3-coder:30b"}
        panel.search.setText("70b")
        said = str(panel.entries.index(0, 0).data())
        assert "too large: needs 52 GB, this computer has 16" in said
        panel.fitting.setChecked(True)
        assert panel.chosen() is None
        assert not panel.yes.isEnabled()
        panel.search.setText("llama3.2:3b")
        assert str(panel.entries.index(0, 0).data()).endswith("installed")
        assert panel.yes.text() == "Pull again"
        panel.search.setText("gemma3:4b")
        QTest.keyClick(part(panel, QListView, "catalogueList"), Qt.Key.Key_Return)
        await until(lambda: [p.name for p in shown.doors.pulls.items] == ["gemma3:4b"])

    run(sim.url, tmp_path, qtbot, work)


def test_all_that_is_known_of_a_model_can_be_read_and_copied(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.doors.uses["qwen2.5:14b"] = [Use("Progressive", "deep", 1)]
        shown.page.refresh()
        shown.select("qwen2.5:14b")
        QTest.keyClick(shown.page.table, Qt.Key.Key_Return)
        panel = await shown.panel(DetailsPanel)
        text = part(panel, QPlainTextEdit, "modelDetailsText")
        await until(lambda: "14.8B" in text.toPlainText())
        assert "Deep in Progressive" in text.toPlainText()
        assert text.isReadOnly()
        for value, words in (("info", "general.architecture"), ("modelfile", "FROM"), ("template", "{{ .Prompt }}")):
            panel.parts._buttons[value].click()
            assert words in text.toPlainText()
        panel.parts._buttons["licence"].click()
        assert text.toPlainText() == "The host tells nothing of this."
        panel.parts._buttons["template"].click()
        part(panel, QPushButton, "copyDetails").click()
        assert QGuiApplication.clipboard().text() == "{{ .Prompt }}"
        panel.close()

    run(sim.url, tmp_path, qtbot, work)


def test_rename_copy_and_a_wrong_name(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.select("mistral:7b")
        QTest.keyClick(shown.page.table, Qt.Key.Key_F2)
        panel = await shown.panel(NamePanel)
        for wrong, why in (("a b", "a space"), ("llama3.2:3b", "has a model called llama3.2:3b already")):
            panel.name.setText(wrong)
            panel.yes.click()
            await until(lambda: panel.error.isVisible())
            assert why in panel.error.text()
            await until(panel.yes.isEnabled)
        panel.name.setText("renamed:7b")
        panel.yes.click()
        await shown.until_listed("renamed:7b")
        assert "mistral:7b" not in shown.names
        shown.page.actions_of.copy(next(r for r in shown.page.table.rows.rows if r.name == "renamed:7b"))
        panel = await shown.panel(NamePanel)
        assert panel.name.text() == "renamed-copy"
        QTest.keyClick(panel.name, Qt.Key.Key_Return)
        await shown.until_listed("renamed:7b", "renamed-copy:latest")

    run(sim.url, tmp_path, qtbot, work)


def test_a_variant_and_its_parameters(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.page.actions_of.make_variant(shown.page.table.rows.rows[0])
        panel = await shown.panel(VariantPanel)
        panel.name.setText("chef")
        panel.system.setPlainText("You are a cook.")
        for text, why in (("hot", "a number is expected"), ("9", "expected is 0 to 5")):
            panel.temperature.setText(text)
            panel.yes.click()
            assert why in panel.error.text()
        panel.temperature.setText("0,2")
        panel.more.setPlainText("top_p")
        panel.yes.click()
        assert "is not a parameter" in panel.error.text()
        panel.more.setPlainText('top_k 40\nPARAMETER stop "a b"\nstop <|end|>\n\nuse_mmap true')
        assert panel.parameters() == {
            "temperature": 0.2, "top_k": 40, "stop": ["a b", "<|end|>"], "use_mmap": True
        }  # fmt: skip
        panel.yes.click()
        await shown.until_listed("chef:latest")
        body = sim.requests("/api/create")[-1]["body"]
        assert (body["from"], body["system"]) == ("llama3.2:3b", "You are a cook.")

    run(sim.url, tmp_path, qtbot, work)


def test_deleting_asks_once_with_size_and_stages(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.doors.uses["mistral:7b"] = [Use("Progressive", "deep", 1), Use("Compare", "answers", 0)]
        shown.page.refresh()
        shown.select("mistral:7b")
        QTest.keyClick(shown.page.table, Qt.Key.Key_Delete)
        panel = await shown.panel(DeletePanel)
        words = panel.words.text()
        assert "4.4 GB on each of 2 hosts" in words
        assert "Used by Deep in Progressive, Answers in Compare. Those stages then answer with" in words
        panel._boxes[0][1].setChecked(False)
        assert panel.hosts() == ["workstation"]
        panel._boxes[1][1].setChecked(False)
        assert not panel.yes.isEnabled()
        panel._boxes[1][1].setChecked(True)
        panel.yes.click()
        await until(lambda: shown.page.table.rows.rows[1].hosts == ("this computer",))
        shown.page.actions_of.delete(shown.page.table.rows.rows[1])
        panel = await shown.panel(DeletePanel)
        assert "4.4 GB on this computer" in panel.words.text()
        part(panel, QPushButton, "deleteModelKeep").click()
        assert "mistral:7b" in shown.names

    with Sim({"models": [MISTRAL_7B]}) as other:
        run({"this computer": sim.url, "workstation": other.url}, tmp_path, qtbot, work)


def test_a_dropped_file_becomes_a_model(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "Mine.gguf"
    path.write_bytes(gguf(data=500_000))

    async def work(shown: Shown) -> None:
        drop(shown.page, path)
        panel = await shown.panel(NamePanel)
        assert panel.name.text() == "mine"
        assert "It is sent to this computer" in panel.words.text()
        panel.yes.click()
        await shown.until_listed("mine:latest")

    run(sim.url, tmp_path, qtbot, work)


def test_a_broken_file_is_refused_with_the_reason(sim: Sim, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "page.gguf"
    path.write_bytes(b"<html>")

    async def work(shown: Shown) -> None:
        drop(shown.page, path)
        await until(lambda: shown.notice.startswith("page.gguf: This is a web page"))
        path.write_bytes(gguf())
        making = shown.doors.models.make(path, "page")
        await until(lambda: making.state == "done")

    run(sim.url, tmp_path, qtbot, work)
    assert not [r for r in sim.requests() if r["path"].startswith("/api/blobs") and r["method"] == "POST"][1:]


def drop(page: QWidget, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    page.dropEvent(
        QDropEvent(
            QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )


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
