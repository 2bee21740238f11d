"""The dialogs of the page Models: catalogue, details, names, variants, deleting, models of files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from mirador_desktop.core.model_rows import Use
from mirador_desktop.gui.settings.catalogue_view import CataloguePanel
from mirador_desktop.gui.settings.model_details import DetailsPanel
from mirador_desktop.gui.settings.new_model import DeletePanel, NamePanel, VariantPanel
from tests.driving import part, until
from tests.gui.models_helpers import SCENARIO, Shown, drop, run
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import MISTRAL_7B
from tests.unit.test_gguf import gguf


@pytest.fixture
def sim() -> Iterator[Sim]:
    with Sim(SCENARIO) as running:
        yield running


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
