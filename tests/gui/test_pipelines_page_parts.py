"""The page Pipelines: models, context, what is sent, files of others, room and names."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QMenu, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.stages import ContextSource
from mirador_desktop.exchange.pipeline_file import write
from mirador_desktop.gui.parts import IconButton
from mirador_desktop.gui.settings.context_row import SourceChip
from mirador_desktop.gui.settings.widgets import Chip, Switch
from tests.driving import part
from tests.gui.pipelines_helpers import MINE, Shown, menu_of, run, settle, texts, until, write_into

# Models


def test_models_are_added_removed_and_ordered(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        page = await shown.open()
        row = shown.form(0).models

        def type_name(name: str) -> None:
            part(row, QPushButton, "addModel").click()
            field = part(row, QLineEdit, "modelName")
            field.setText(name)
            field.returnPressed.emit()

        type_name("qwen3:30b")
        type_name("vllm/Model-X")
        assert page.editor.pipeline.stages[0].models == ("llama3.2:3b", "qwen3:30b", "vllm/Model-X")
        for wrong, words in (("two words", "no spaces"), ("llama3.2:3b", "is there already")):
            type_name(wrong)
            assert any(words in each.text() for each in row.findChildren(QLabel) if not each.isHidden())
            row.refresh()
        await settle()
        chip = next(c for c in row.findChildren(Chip) if c.text == "qwen3:30b" and not c.isHidden())
        {a.text(): a for a in chip.actions()}["Move left"].trigger()
        await settle()
        chip = next(c for c in row.findChildren(Chip) if c.text == "vllm/Model-X" and not c.isHidden())
        chip.removed.emit()
        assert (await shown.kept()).stages[0].models == ("qwen3:30b", "llama3.2:3b")

    run(tmp_path, qtbot, work)


def test_a_missing_model_can_be_pulled_and_latest_is_not_missing(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        await shown.open()
        form = shown.form(1)
        assert not form.models.findChildren(QPushButton, "pullMissing"), "mistral is mistral:latest"
        pull = part(form.fallback, QPushButton, "pullMissing")
        assert pull.text() == "Pull 17.4 GB"
        pull.click()
        assert shown.pulled == ["gemma3:27b"]

    run(tmp_path, qtbot, work)


def test_how_models_are_chosen_where_none_are_named(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        await shown.open()
        row = shown.form(2).models
        assert any(each.text() == "now qwen3:30b" for each in row.findChildren(QLabel))
        menu_of(part(row, QPushButton, "automatic"))["the smallest"]()
        assert (await shown.kept()).stages[2].choose == "smallest"
        await settle()
        assert any(e.text() == "now llama3.2:3b" for e in row.findChildren(QLabel) if not e.isHidden())

    run(tmp_path, qtbot, work)


# Context and what is sent


def test_context_is_added_filled_in_and_removed(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "data.csv").write_text("a,b\n1,2\n", "utf-8")

    async def work(shown: Shown) -> None:
        page = await shown.open()
        row = page.editor.context
        menu_of(part(row, QPushButton, "addContext"))["Date and time"]()
        menu_of(part(row, QPushButton, "addContext"))["Table (CSV)…"]()
        dialog = shown.dialog("sourceDialog")
        use = part(dialog, QPushButton, "useSource")
        assert not use.isEnabled()
        write_into(part(dialog, QLineEdit, "sourceValue"), str(tmp_path / "data.csv"))
        use.click()
        await until(lambda: any("data.csv · 0 s old" in t or "s old" in t for t in texts(row)))
        kept = await shown.kept()
        assert kept.context == (ContextSource("time"), ContextSource("csv", str(tmp_path / "data.csv")))
        menu_of(part(row, QPushButton, "contextBudget"))["3,000 tokens at most"]()
        row.findChildren(SourceChip)[-1].opened.emit()
        (tmp_path / "data.csv").unlink()
        await settle()
        chip = next(c for c in row.findChildren(SourceChip) if not c.isHidden())
        chip.removed.emit()
        kept = await shown.kept()
        assert [s.kind for s in kept.context] == ["csv"]
        assert kept.context_tokens == 3000

    run(tmp_path, qtbot, work)


def test_what_is_empty_or_wrong_is_said(tmp_path: Path, qtbot: QtBot) -> None:
    sources = (ContextSource("csv", "", "market data"), ContextSource("file", str(tmp_path / "gone.txt")))

    async def work(shown: Shown) -> None:
        page = await shown.open()
        row = page.editor.context
        await until(lambda: "gone.txt is not there any more" in part(row, QLabel, "contextWrong").text().lower())
        assert "Nothing is filled in yet for market data" in part(row, QLabel, "contextWrong").text()
        assert texts(row)[0] == "market data · empty"

    run(tmp_path, qtbot, work, replace(MINE, context=sources))


def test_a_page_is_fetched_by_its_button_and_the_failure_said(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        page = await shown.open()
        part(page.editor.context, QPushButton, "fetchPage").click()
        await until(lambda: "did not answer" in shown.said())
        assert shown.said().startswith("http://127.0.0.1:9/x did not answer. What was fetched before stays.")

    run(tmp_path, qtbot, work, replace(MINE, context=(ContextSource("url", "http://127.0.0.1:9/x"),)))


def test_what_is_sent_is_shown(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "notes.txt").write_text("Read me.\n### Question\n", "utf-8")

    async def work(shown: Shown) -> None:
        page = await shown.open()
        part(shown.form(1), QPushButton, "showSent").click()
        await until(lambda: page.findChildren(QDialog, "sentDialog"))
        text = shown.dialog("sentDialog").findChildren(QPlainTextEdit)[0].toPlainText()
        assert "Role (system message)\n\nGo on." in text
        assert "### From the file notes.txt\n> Read me.\n> ### Question" in text
        assert "### Written in the stage “first” by llama3.2:3b\n> (Here stands what" in text

    run(tmp_path, qtbot, work, replace(MINE, context=(ContextSource("file", str(tmp_path / "notes.txt")),)))


# Files


def test_a_pipeline_from_elsewhere_is_shown_before_it_is_taken(tmp_path: Path, qtbot: QtBot) -> None:
    theirs = replace(MINE, name="Theirs", context=(ContextSource("file", "/home/me/.ssh/id_rsa"),))
    (tmp_path / "theirs.toml").write_text(write(theirs), "utf-8")
    (tmp_path / "bad.toml").write_text('name = "x"\n[[stages]]\nname = "a"\ntemperature = 9\n', "utf-8")

    async def work(shown: Shown) -> None:
        page = await shown.open()
        await page.show_file(tmp_path / "theirs.toml")
        dialog = shown.dialog("importDialog")
        text = dialog.findChildren(QPlainTextEdit)[0].toPlainText()
        assert "file: /home/me/.ssh/id_rsa" in text
        assert "   | Begin." in text
        assert "Theirs" not in page.list.names()
        part(dialog, QPushButton, "takePipeline").click()
        assert page.editor.pipeline == theirs
        assert await shown.kept("Theirs") == theirs
        page._start("import", page.show_file, tmp_path / "bad.toml")
        await until(lambda: "stages.1.temperature is 9" in shown.said())
        page._start("export", page._export, "Theirs", tmp_path / "out.toml")
        await until(lambda: (tmp_path / "out.toml").exists() and "out.toml" in shown.said())

    run(tmp_path, qtbot, work)


def test_a_change_by_hand_is_shown(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        page = await shown.open()
        path = tmp_path / "pipelines" / "own-0.toml"
        path.write_text(path.read_text("utf-8").replace("Begin.", "By hand."), "utf-8")
        form = shown.form(0)
        page.shown()
        await until(lambda: form.prompt.toPlainText() == "By hand.")
        path.unlink()
        page.shown()
        await until(lambda: "Mine" not in page.list.names())
        assert page.editor.pipeline.name == "Progressive"

    run(tmp_path, qtbot, work)


# Room and names


def test_there_is_room_in_a_small_window(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        page = await shown.open("Financial")
        for card in shown.cards:
            card.set_open(True)
        page.resize(588, 560)
        await settle()
        viewport = page.editor.parentWidget()
        assert viewport is not None
        assert page.editor.width() <= viewport.width()
        assert "Duplicate" in [a.text() for a in page.editor.more.menu().actions() if a.isVisible()]
        page.resize(908, 760)
        await settle()
        assert not part(page, QPushButton, "duplicatePipeline").isHidden()

    run(tmp_path, qtbot, work)


def test_every_control_has_a_name_and_is_reached_by_tab(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        page = await shown.open("Financial")
        shown.form(1)
        await settle()
        kinds = (QPushButton, QLineEdit, QPlainTextEdit, Switch, SourceChip, IconButton)
        for widget in page.findChildren(QWidget):
            if isinstance(widget, kinds) and widget.isVisibleTo(page) and not isinstance(widget.parent(), QMenu):
                named = widget.accessibleName() or getattr(widget, "text", str)()
                assert named, widget.objectName()
                assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget.objectName()

    run(tmp_path, qtbot, work)
