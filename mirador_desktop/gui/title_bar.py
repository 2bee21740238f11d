"""Above the turns: the conversation's title, and the choice of pipeline, layout and export."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QIcon, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from mirador_desktop.core.amounts import count_words
from mirador_desktop.gui import icons
from mirador_desktop.gui.elided import ElidedButton, ElidedLabel, shorten
from mirador_desktop.gui.parts import IconButton
from mirador_desktop.gui.tags_row import TagsRow
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.core.conversation import Conversation
    from mirador_desktop.core.stages import Pipeline

LAYOUTS = (("stack", "Stack"), ("columns", "Columns"), ("final", "Final only"))
_GAP = 8
_LEAST, _ENOUGH = 6, 16
"""Characters of the title that are always shown, and that are more worth than the words of the choosers."""


class TitleBar(QWidget):
    """Title and choosers.

    Signals:
        layout_chosen: `stack`, `columns` or `final`.
        pipeline_chosen: another pipeline is chosen, by the person or because another conversation is shown.
        edit_tags: the person wants to see or change the tags.
        tag_chosen: a tag was clicked.
        show_branches: the person wants to see the branches.
        remember: the person wants memory on again.
        copy_all, save_all: the person wants the conversation on the clipboard, or in a file.
    """

    layout_chosen = Signal(str)
    pipeline_chosen = Signal()
    edit_tags = Signal()
    tag_chosen = Signal(str)
    show_branches = Signal()
    remember = Signal()
    copy_all = Signal()
    save_all = Signal()

    def __init__(self, theme: Theme, pipelines: Sequence[Pipeline], layout: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pipelines = list(pipelines)
        self.title = ElidedLabel(self, _LEAST)
        self.title.setObjectName("conversationTitle")
        entries = [(p.name, self._words(p)) for p in pipelines]
        self.pipeline_button, self._pipeline_group = self._chooser("pipelineChooser", entries)
        self._pipeline_group.triggered.connect(self._pipeline_triggered)
        self.layout_button, self._layout_group = self._chooser("layoutChooser", LAYOUTS)
        self._layout_group.triggered.connect(self._layout_triggered)
        self.export = ElidedButton("Export", self)
        self.export.setObjectName("exportButton")
        self.export.setProperty("kind", "chip")
        self.export.setAccessibleName("Export the conversation")
        menu = QMenu(self.export)
        menu.addAction("Copy as Markdown", self.copy_all.emit)
        menu.addAction("Export…", self.save_all.emit)
        self.export.setMenu(menu)
        self.no_memory = ElidedButton("Memory off", self)
        self.no_memory.setObjectName("memoryOff")
        self.no_memory.setProperty("kind", "flat")
        self.no_memory.setProperty("quiet", "meta")
        self.no_memory.setToolTip("Nothing of this conversation is remembered. Press to switch its memory on")
        self.no_memory.setAccessibleName("Memory is off in this conversation. Switch it on")
        self.no_memory.clicked.connect(self.remember)
        self.branches = IconButton(theme, "branches", "Branches", self)
        self.branches.setObjectName("showBranches")
        self.branches.clicked.connect(self.show_branches)
        self.tag_button = IconButton(theme, "tag", "Tags of this conversation", self)
        self.tag_button.setObjectName("editTags")
        self.tag_button.clicked.connect(self.edit_tags)
        self.tags = TagsRow(theme, self)
        self.tags.chosen.connect(self.tag_chosen)
        self.tags.edit.connect(self.edit_tags)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 8)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(_GAP)
        column.addLayout(row)
        column.addWidget(self.tags)
        row.addWidget(self.title, 1)
        signs = QHBoxLayout()
        signs.setSpacing(2)
        row.addLayout(signs)
        self._signs = (self.no_memory, self.branches, self.tag_button)
        for sign in self._signs:
            signs.addWidget(sign)
        self._choosers = (self.pipeline_button, self.layout_button, self.export)
        for button in self._choosers:
            button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow behind the words
            row.addWidget(button)
        self.choose_layout(layout)
        self.set_title("")
        self.show_order(None)
        self.show_branch_count(0)
        self.restyle()

    @staticmethod
    def _words(pipeline: Pipeline) -> str:
        return f"{pipeline.name} · {count_words(len(pipeline.stages), 'stage')}"

    def _chooser(self, name: str, entries: Sequence[tuple[str, str]]) -> tuple[ElidedButton, QActionGroup]:
        button = ElidedButton("", self)
        button.setObjectName(name)
        button.setProperty("kind", "chip")
        group = QActionGroup(button)
        menu = QMenu(button)
        self._add_actions(group, menu, entries)
        button.setMenu(menu)
        return button, group

    @staticmethod
    def _add_actions(group: QActionGroup, menu: QMenu, entries: Sequence[tuple[str, str]]) -> None:
        for value, text in entries:
            action = QAction(text.replace("&", "&&"), group, checkable=True)
            action.setData(value)
            menu.addAction(action)
        group.actions()[0].setChecked(True)

    def set_pipelines(self, pipelines: Sequence[Pipeline]) -> None:
        """Offer these from now on; the chosen one stays chosen, also under another name at its place."""
        pipelines = list(pipelines)
        if pipelines == self._pipelines or not pipelines:
            return
        before = self.pipeline
        names = [p.name for p in pipelines]
        gone = [p.name for p in self._pipelines if p.name not in names]
        new = [name for name in names if name not in {p.name for p in self._pipelines}]
        chosen = before.name
        if chosen not in names:  # renamed, or deleted
            chosen = new[0] if gone == [chosen] and len(new) == 1 else names[0]
        self._pipelines = pipelines
        menu = self.pipeline_button.menu()
        for action in self._pipeline_group.actions():
            self._pipeline_group.removeAction(action)
            menu.removeAction(action)
            action.deleteLater()
        self._add_actions(self._pipeline_group, menu, [(p.name, self._words(p)) for p in pipelines])
        self.choose_pipeline(chosen)

    @property
    def pipeline(self) -> Pipeline:
        """The chosen pipeline."""
        name = self._pipeline_group.checkedAction().data()
        return next(p for p in self._pipelines if p.name == name)

    def choose_pipeline(self, name: str) -> None:
        """Choose a pipeline by name, if there is one."""
        before = self._pipeline_group.checkedAction().data()
        for action in self._pipeline_group.actions():
            if action.data() == name:
                action.setChecked(True)
        self._refresh()
        if self._pipeline_group.checkedAction().data() != before:
            self.pipeline_chosen.emit()

    def choose_layout(self, layout: str) -> None:
        """Show a layout as chosen."""
        for action in self._layout_group.actions():
            action.setChecked(action.data() == layout)
        self._refresh()

    def set_title(self, title: str) -> None:
        """Show the conversation's title."""
        self.title.setText(title)
        self.title.setToolTip(f"<p>{escape(title)}</p>" if title else "")
        self.title.setAccessibleName(title or "Title")
        self._fit()

    def show_order(self, conversation: Conversation | None) -> None:
        """Show a conversation's tags, and whether its memory is off."""
        tags = conversation.tags if conversation is not None else []
        self.tags.show_tags(tags)
        self.tags.setVisible(bool(tags))
        self.tag_button.setVisible(conversation is not None)
        self.no_memory.setVisible(conversation is not None and not conversation.memory)
        self._fit()

    def show_branch_count(self, count: int) -> None:
        """Offer the branches where there is more than one."""
        words = f"Show the {count:,} branches" if count > 1 else "Branches"
        self.branches.setToolTip(words)
        self.branches.setAccessibleName(words)
        self.branches.setVisible(count > 1)
        self._fit()

    def _pipeline_triggered(self) -> None:
        self._refresh()
        self.pipeline_chosen.emit()

    def _layout_triggered(self, action: QAction) -> None:
        self._refresh()
        self.layout_chosen.emit(action.data())

    def _refresh(self) -> None:
        """Another pipeline or layout is chosen."""
        self.pipeline_button.setToolTip(f"Pipeline: {self._words(self.pipeline)}")
        self.pipeline_button.setAccessibleName(f"Pipeline: {self.pipeline.name}")
        self.layout_button.setToolTip(f"Layout of the panels: {self._layout_words()}")
        self.layout_button.setAccessibleName(f"Layout: {self._layout_words()}")
        self._fit()

    def _layout_words(self) -> str:
        chosen = self._layout_group.checkedAction()
        return chosen.text() if chosen is not None else ""

    def _fit(self) -> None:
        """Say as much as leaves room for the title."""
        theme, layout = self._theme, self._layout_group.checkedAction()
        arrow, bare = icons.icon("chevron-down", theme.colours.muted), QIcon()
        signs = [icons.icon(name, theme.colours.muted) for name in (layout.data() if layout else "", "export")]

        def say(step: int) -> None:
            name = self.pipeline.name if step else self._words(self.pipeline)
            self.pipeline_button.setText(name.replace("&", "&&"))
            self.pipeline_button.setIcon(arrow if step < 2 else bare)
            self.no_memory.setText("Memory off" if step < 2 else "")
            self.no_memory.setIcon(bare if step < 2 else icons.icon("memory-off", theme.colours.muted))
            for button, words, sign in zip(self._choosers[1:], (self._layout_words(), "Export"), signs, strict=True):
                button.setText(words if step < 2 else "")
                button.setIcon(arrow if step < 2 else sign)

        metrics = self.title.fontMetrics()
        title = min(metrics.horizontalAdvance(self.title.text()), _ENOUGH * metrics.averageCharWidth())
        shorten(say, 3, (*self._signs, *self._choosers), _GAP, self.width() - title - _GAP)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """There is more room, or less."""
        super().resizeEvent(event)
        self._fit()

    def restyle(self) -> None:
        """Colours or sizes have changed."""
        for button in (*self._choosers, self.no_memory):
            button.setIconSize(QSize(self._theme.px(13), self._theme.px(13)))
        self._fit()
