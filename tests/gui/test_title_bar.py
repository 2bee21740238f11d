"""The choosers above the turns, and pipelines that change while the window is open."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.stages import DEFAULT_PIPELINE, GUIDE_PIPELINE, ModelStage, Pipeline
from mirador_desktop.gui.title_bar import TitleBar
from tests.gui.test_turn_live import the_theme

MINE = Pipeline("R & D", (ModelStage("a"), ModelStage("b")))
OTHER = Pipeline("Other", (ModelStage("a"),))


@pytest.fixture
def bar(qtbot: QtBot) -> Iterator[TitleBar]:
    window = QWidget()
    qtbot.addWidget(window)
    yield TitleBar(the_theme(), (DEFAULT_PIPELINE, GUIDE_PIPELINE), "stack", window)
    window.close()


def offered(bar: TitleBar) -> list[str]:
    return [action.text() for action in bar.pipeline_button.menu().actions()]


def test_pipelines_that_were_added_can_be_chosen(bar: TitleBar) -> None:
    bar.set_pipelines((DEFAULT_PIPELINE, MINE, GUIDE_PIPELINE))
    assert offered(bar) == ["Progressive · 3 stages", "R && D · 2 stages", "Guide · 3 stages"]
    assert bar.pipeline == DEFAULT_PIPELINE
    bar.pipeline_button.menu().actions()[1].trigger()
    assert bar.pipeline == MINE
    assert bar.pipeline_button.text() == "R && D · 2 stages"


def test_the_chosen_one_stays_chosen_when_it_changes_or_is_renamed(bar: TitleBar) -> None:
    bar.set_pipelines((DEFAULT_PIPELINE, MINE, GUIDE_PIPELINE))
    bar.choose_pipeline(MINE.name)
    shorter = Pipeline(MINE.name, MINE.stages[:1])
    bar.set_pipelines((DEFAULT_PIPELINE, OTHER, shorter, GUIDE_PIPELINE))
    assert bar.pipeline == shorter
    renamed = Pipeline("Research", MINE.stages)
    bar.set_pipelines((DEFAULT_PIPELINE, OTHER, renamed, GUIDE_PIPELINE))
    assert bar.pipeline == renamed


def test_the_default_is_chosen_where_the_chosen_one_was_deleted(bar: TitleBar) -> None:
    bar.set_pipelines((DEFAULT_PIPELINE, MINE, GUIDE_PIPELINE))
    bar.choose_pipeline(MINE.name)
    bar.set_pipelines((DEFAULT_PIPELINE, GUIDE_PIPELINE))
    assert bar.pipeline == DEFAULT_PIPELINE
    assert bar.pipeline_button.accessibleName() == "Pipeline: Progressive"
