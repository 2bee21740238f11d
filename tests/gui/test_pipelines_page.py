"""The page Pipelines: what it shows, that each change is kept, and that what is wrong is said and kept by nobody."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QMenu, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.engine import ModelInfo
from mirador_desktop.core.selection import assign
from mirador_desktop.core.stages import ContextSource, ModelStage, Pipeline
from mirador_desktop.exchange.pipeline_file import write
from mirador_desktop.gui.parts import IconButton
from mirador_desktop.gui.settings.context_row import SourceChip
from mirador_desktop.gui.settings.pipelines_page import PipelinesPage
from mirador_desktop.gui.settings.stage_card import StageCard
from mirador_desktop.gui.settings.stage_form import StageForm
from mirador_desktop.gui.settings.widgets import Chip, Switch
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.pipelines import Pipelines
from mirador_desktop.preferences import Preferences
from mirador_desktop.providers import Providers
from mirador_desktop.settings import Settings, resource_folder
from tests.driving import part, tick
from tests.gui.test_turn_live import delete_now, the_theme

KEY = Qt.Key
MODELS = [
    ModelInfo(name, "here", size * 10**9, capabilities=frozenset({"completion"}))
    for name, size in (("llama3.2:3b", 2), ("mistral:latest", 4), ("qwen3:30b", 18))
]
MINE = Pipeline(
    "Mine",
    (
        ModelStage("first", ("llama3.2:3b",), role_prompt="Begin."),
        ModelStage("second", ("mistral",), fallback_models=("gemma3:27b",), role_prompt="Go on."),
        ModelStage("last", ()),
    ),
)


class Shown:
    """The page over a real folder."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        delete_now()
        self.folder, self.errors, self.pulled = folder, list[str](), list[str]()
        self.tasks = Tasks(self.errors.append)
        self.preferences = Preferences(folder / "settings.toml", Settings())
        self.pipelines = Pipelines(folder / "pipelines", resource_folder() / "pipelines")
        self.pipelines.on_complaint(self.errors.append)
        self.qtbot = qtbot

    async def open(self, name: str = "Mine") -> PipelinesPage:
        await self.pipelines.reload()
        self.page = PipelinesPage(
            the_theme(),
            self.pipelines,
            self.preferences,
            self.tasks,
            lambda: MODELS,
            self.pulled.append,
            lambda name: 17_400_000_000 if name.startswith("gemma") else 0,
            Providers(self.folder / "cache"),
            lambda pipeline: assign(pipeline, MODELS, lambda model: True),
        )
        self.qtbot.addWidget(self.page)
        self.page.resize(908, 760)
        self.page.show()
        self.page.shown()
        self.page.list.choose(name)
        await settle()
        return self.page

    @property
    def cards(self) -> list[StageCard]:
        return self.page.editor.cards

    def form(self, place: int) -> StageForm:
        self.cards[place].set_open(True)
        form = self.cards[place].form
        assert form is not None
        return form

    async def kept(self, name: str = "Mine") -> Pipeline:
        """What another start reads."""
        self.page.editor.flush()
        self.pipelines.close()
        self.pipelines._executor = None
        found = Pipelines(self.pipelines.folder, resource_folder() / "pipelines")
        await found.reload()
        found.close()
        pipeline = found.get(name)
        assert pipeline is not None
        return pipeline

    def dialog(self, name: str) -> QDialog:
        (found,) = [d for d in self.page.findChildren(QDialog) if d.objectName() == name]
        return found

    def said(self) -> str:
        return part(self.page, QLabel, "pipelineNotice").text()


async def settle() -> None:
    """Let Qt and the loop do what there is to do."""
    for _ in range(6):
        QApplication.processEvents()
        await tick()


async def until(condition: Callable[[], object]) -> None:
    for _ in range(2000):
        if condition():
            return
        QApplication.processEvents()
        await tick()
    raise TimeoutError("it did not happen")


def run(folder: Path, qtbot: QtBot, work: Callable[[Shown], Coroutine[None, None, None]], *own: Pipeline) -> None:
    """Let `work` have a page where these are the person's own."""
    (folder / "pipelines").mkdir()
    for number, pipeline in enumerate(own or (MINE,)):
        (folder / "pipelines" / f"own-{number}.toml").write_text(write(pipeline), "utf-8")

    async def main() -> None:
        shown = Shown(folder, qtbot)
        try:
            await work(shown)
            assert shown.errors == []
        finally:
            shown.page.hide()
            await shown.tasks.close(5)
            shown.pipelines.close()
            shown.preferences.close()

    asyncio.run(main())


def menu_of(button: QPushButton) -> dict[str, Callable[[], None]]:
    return {action.text(): action.trigger for action in button.menu().actions() if action.isEnabled()}


def texts(parent: QWidget, kind: type[Chip] = Chip) -> list[str]:
    return [chip.text for chip in parent.findChildren(kind) if not chip.isHidden()]


def write_into(field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)


# The list


def test_presets_then_the_persons_own_then_what_cannot_be_read(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        (tmp_path / "pipelines" / "broken.toml").write_text("name = ", "utf-8")
        page = await shown.open()
        assert page.list.names()[:2] == ["Progressive", "One model"]
        assert page.list.names()[-3:] == ["Financial", "Mine", "broken.toml"]
        items = [page.list.item(row) for row in range(page.list.count())]
        said = {i.text(): i.data(Qt.ItemDataRole.AccessibleTextRole) for i in items}
        assert said["Progressive"] == "Progressive, 3 stages · default"
        assert said["Compare"] == "Compare, 1 stage, side by side"
        assert said["broken.toml"] == "broken.toml, cannot be read"
        page.list.choose("broken.toml")
        assert "is not TOML" in page._broken_why.text()
        assert page._stack.currentIndex() == 1
        page.list.choose("Mine")
        assert page._stack.currentIndex() == 0

    run(tmp_path, qtbot, work)


def test_new_duplicate_rename_delete_undo(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        page = await shown.open()
        part(page, QPushButton, "newPipeline").click()
        assert page.editor.pipeline.name == "New pipeline"
        write_into(page.editor.name, "Contract review")
        page.editor.flush()
        assert "Contract review" in page.list.names()
        part(page, QPushButton, "duplicatePipeline").click()
        assert page.editor.pipeline.name == "Contract review 2"
        write_into(page.editor.name, "mine")
        assert "already a pipeline" in part(page, QLabel, "pipelineWrong").text()
        page.editor.flush()
        assert "Contract review 2" in page.list.names()
        menu_of(page.editor.more)["Delete"]()
        assert "Contract review 2" not in page.list.names()
        assert shown.said() == "“Contract review 2” was deleted. Its answers stay."
        part(page, QPushButton, "undoPipeline").click()
        assert page.editor.pipeline.name == "Contract review 2"
        assert (await shown.kept("Contract review 2")).stages == page.editor.pipeline.stages

    run(tmp_path, qtbot, work)


def test_a_changed_preset_is_restored_and_that_undone(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        page = await shown.open("Council")
        before = page.editor.pipeline
        assert "Delete" not in menu_of(page.editor.more)
        assert page.editor.name.isHidden()
        restore = part(page, QPushButton, "restorePipeline")
        assert restore.isHidden()
        shown.form(0).think.click()
        page.editor.flush()
        await settle()
        assert not restore.isHidden()
        assert "preset, changed" in texts(page.editor)
        assert not (await shown.kept("Council")).stages[0].think
        restore.click()
        assert await shown.kept("Council") == before
        part(page, QPushButton, "undoPipeline").click()
        assert not (await shown.kept("Council")).stages[0].think

    run(tmp_path, qtbot, work)


def test_the_default_follows_a_new_name_and_a_deletion(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        page = await shown.open()
        menu_of(page.editor.more)["Make default"]()
        assert shown.preferences.current.pipeline == "Mine"
        write_into(page.editor.name, "Ours")
        page.editor.flush()
        assert shown.preferences.current.pipeline == "Ours"
        menu_of(page.editor.more)["Delete"]()
        assert shown.preferences.current.pipeline == "Progressive"
        part(page, QPushButton, "undoPipeline").click()
        assert shown.preferences.current.pipeline == "Ours"

    run(tmp_path, qtbot, work)


# Stages


def test_every_field_of_a_stage_is_kept(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        await shown.open()
        form = shown.form(1)
        assert form.tokens.text() == "200"
        write_into(form.tokens, "1,000")
        QTest.keyClick(form.tokens, KEY.Key_Up)
        form.temperature.slider.setValue(85)
        form.threshold.slider.setValue(40)
        form.think.click()
        form.prompt.setPlainText("Weigh.\n\tCarefully.")
        write_into(part(shown.cards[1], QLineEdit, "stageName"), "Risk Analysis")
        form.models.changed.emit(("qwen3:30b", "mistral"))
        kept = (await shown.kept()).stages[1]
        assert kept == ModelStage(
            "risk analysis", ("qwen3:30b", "mistral"), 0.4, 1100, 0.85, ("gemma3:27b",), "Weigh.\n\tCarefully.", False
        )
        assert shown.cards[1].objectName() == "stageCard-risk analysis"

    run(tmp_path, qtbot, work)


def test_a_change_is_kept_by_itself_after_a_moment(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        await shown.open()
        shown.form(0).prompt.setPlainText("Other words.")
        await until(lambda: shown.pipelines.all()[8].stages[0].role_prompt == "Other words.")

    run(tmp_path, qtbot, work)


@pytest.mark.parametrize("text", ["0", "-5", "1.5", "x", "", "9999999999", "²"])
def test_a_wrong_number_is_said_and_not_kept(tmp_path: Path, qtbot: QtBot, text: str) -> None:
    async def work(shown: Shown) -> None:
        await shown.open()
        form = shown.form(0)
        form.tokens.setFocus()
        form.tokens.setText(text)
        form.tokens.textEdited.emit(text)
        assert part(form, QLabel, "stageWrong").text() == "A whole number from 1 to 131,072."
        assert form.tokens.property("wrong") == "true"
        assert await shown.kept() == MINE
        write_into(form.tokens, "7")
        assert part(form, QLabel, "stageWrong").text() == ""
        assert (await shown.kept()).stages[0].max_tokens == 7

    run(tmp_path, qtbot, work)


@pytest.mark.parametrize(
    ("name", "words"),
    [("second", "Another stage is called second."), ("x" * 41, "1 to 40 letters"), ("a/b", "1 to 40 letters")],
)
def test_a_wrong_name_is_said_and_not_kept(tmp_path: Path, qtbot: QtBot, name: str, words: str) -> None:
    async def work(shown: Shown) -> None:
        await shown.open()
        shown.cards[0].set_open(True)
        field = shown.cards[0].name
        write_into(field, name)
        assert words in part(shown.cards[0], QLabel, "stageNameWrong").text()
        QTest.keyClick(field, KEY.Key_Return)
        assert await shown.kept() == MINE
        assert field.property("wrong") == "true"
        write_into(field, "Good")
        assert (await shown.kept()).stages[0].name == "good"

    run(tmp_path, qtbot, work)


def test_a_wrong_prompt_is_said_and_not_kept(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        await shown.open()
        form = shown.form(0)
        form.prompt.setPlainText("x" * 20_001)
        form.flush()
        assert "at most 20000 characters" in part(form, QLabel, "stageWrong").text()
        assert await shown.kept() == MINE

    run(tmp_path, qtbot, work)


def test_stages_are_added_removed_and_moved(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        page = await shown.open()
        for _ in range(4):
            page.editor.add_stage()
        names = [s.name for s in page.editor.pipeline.stages]
        assert names == ["first", "second", "last", "new stage", "new stage 2", "new stage 3"]
        assert not part(page, QPushButton, "addStage").isEnabled()
        for _ in range(3):
            part(shown.cards[-1], QPushButton, "removeStage").click()
        page.window().activateWindow()
        shown.cards[2].fold.setFocus()
        await settle()
        QTest.keyClick(shown.cards[2].fold, KEY.Key_Up, Qt.KeyboardModifier.AltModifier)
        QTest.keyClick(shown.cards[1].fold, KEY.Key_Up, Qt.KeyboardModifier.AltModifier)
        assert [s.name for s in (await shown.kept()).stages] == ["last", "first", "second"]
        assert [card.place for card in shown.cards] == [0, 1, 2]
        for _ in range(4):
            shown.cards[0].removed.emit()
        assert len((await shown.kept()).stages) == 1

    run(tmp_path, qtbot, work)


def test_a_stage_is_dragged_by_its_handle(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        page = await shown.open()
        handle = shown.cards[0].handle
        start = handle.rect().center()
        below = handle.mapFromGlobal(shown.cards[2].mapToGlobal(QPoint(20, 40)))
        QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=start)
        for step in (below / 2, below, below):
            handle.dragged.emit(handle.mapToGlobal(QPoint(start.x(), step.y())))
            below = handle.mapFromGlobal(shown.cards[-1].mapToGlobal(QPoint(20, 40)))
            await settle()
        QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=start)
        assert [s.name for s in page.editor.pipeline.stages] == ["second", "last", "first"]

    run(tmp_path, qtbot, work)


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
        assert "market data is empty" in part(row, QLabel, "contextWrong").text()
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
