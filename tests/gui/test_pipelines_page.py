"""The page Pipelines: what it shows, that each change is kept, and that what is wrong is said and kept by nobody."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from mirador_desktop.core.stages import ModelStage
from tests.driving import part
from tests.gui.pipelines_helpers import KEY, MINE, Shown, menu_of, run, settle, texts, until, write_into

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
        assert "is not TOML" in part(page, QLabel, "pipelineProblem").text()
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
