"""Title and choosers above the turns, with little room too, and pipelines that change while the window is open."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import Conversation
from mirador_desktop.core.stages import DEFAULT_PIPELINE, GUIDE_PIPELINE, ModelStage, Pipeline
from mirador_desktop.gui.elided import ElidedButton
from mirador_desktop.gui.title_bar import TitleBar
from tests.gui.test_turn_live import the_theme

MINE = Pipeline("R & D", (ModelStage("a"), ModelStage("b")))
OTHER = Pipeline("Other", (ModelStage("a"),))


@pytest.fixture
def bar(qtbot: QtBot) -> Iterator[TitleBar]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 120)
    bar = TitleBar(the_theme(), (DEFAULT_PIPELINE, GUIDE_PIPELINE), "stack", window)
    bar.resize(900, 100)
    window.show()
    yield bar
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


# ── little room ────────────────────────────────────────────────────────────────────────────────────────────

LONG = "How a program that has grown for many years is taken apart without stopping it. " * 3


def fitted(bar: TitleBar, width: int) -> None:
    bar.resize(width, 100)
    QApplication.processEvents()


def test_a_title_takes_the_room_there_is(bar: TitleBar) -> None:
    bar.set_title(LONG)
    fitted(bar, 900)
    wide = bar.title.width()
    fitted(bar, 600)
    narrow = bar.title.grab().toImage()
    fitted(bar, 900)
    assert bar.title.width() == wide
    fitted(bar, 600)
    again = bar.title.grab().toImage()
    assert again == narrow, "what is shown depends on the room, not on the room before"
    last = max(
        x for x in range(again.width()) for y in range(again.height()) if again.pixel(x, y) != again.pixel(0, 0)
    )
    assert last > again.width() - 30, "the room is used"
    assert bar.title.text() == LONG


def test_what_appears_beside_the_title_takes_its_room(bar: TitleBar) -> None:
    bar.set_title(LONG)
    bar.show_order(Conversation("c", "Title"))
    fitted(bar, 900)
    alone = bar.title.width()
    bar.show_order(Conversation("c", "Title", memory=False))
    bar.show_branch_count(3)
    QApplication.processEvents()
    assert bar.title.width() < alone
    for button in bar.findChildren(ElidedButton):
        assert button.shown_text() == button.text()


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "Branches"), (1, "Branches"), (2, "Show the 2 branches"), (1234, "Show the 1,234 branches")],
)
def test_branches_are_offered_where_there_is_more_than_one(bar: TitleBar, count: int, words: str) -> None:
    bar.show_branch_count(3)
    bar.show_branch_count(count)
    assert bar.branches.isHidden() == (count < 2)
    assert bar.branches.toolTip() == bar.branches.accessibleName() == words


@pytest.mark.parametrize(("scale", "widths"), [(1.0, (900, 590, 420, 270)), (2.0, (1800, 1100, 840, 540))])
def test_choosers_say_less_before_the_title_is_gone(bar: TitleBar, scale: float, widths: tuple[int, ...]) -> None:
    theme = bar._theme
    theme.set_scale(scale)
    bar.restyle()
    bar.set_title(LONG)
    bar.show_order(Conversation("c", "Title", memory=False))
    said = []
    for width in widths:
        fitted(bar, width)
        words = [b.text() for b in (bar.pipeline_button, bar.layout_button, bar.export, bar.no_memory)]
        said.append(words)
        assert bar.title.width() >= bar.title.minimumSizeHint().width() > 20, width
        for button in (bar.layout_button, bar.export, bar.no_memory):
            assert button.shown_text() == button.text(), width
            assert button.text() or not button.icon().isNull(), width
        assert bar.export.geometry().right() < bar.width()
    assert bar.pipeline_button.shown_text().endswith("…")
    theme.set_scale(1.0)
    assert said[0] == ["Progressive · 3 stages", "Stack", "Export", "Memory off"]
    assert said[1] == ["Progressive", "Stack", "Export", "Memory off"]
    assert said[2] == said[3] == ["Progressive", "", "", ""]
    assert bar.pipeline_button.toolTip() == "Pipeline: Progressive · 3 stages"
    assert bar.layout_button.accessibleName() == "Layout: Stack"
