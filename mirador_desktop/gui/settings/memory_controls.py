"""The upper part of the page Memory: whether there is memory, what finds it by meaning, and what is remembered."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from mirador_desktop.core.amounts import count_words
from mirador_desktop.gui.settings.memories_panel import MemoriesPanel
from mirador_desktop.gui.settings.widgets import Switch, button, label, setting_row
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.preferences import Preferences

if TYPE_CHECKING:
    from mirador_desktop.embedding import Embedder
    from mirador_desktop.remembering import Memories

NO_MODEL = "none"
_SUGGESTED = "nomic-embed-text"


class MemoryControls(QWidget):
    """Rows of settings.

    Args:
        pull: pulls a model.
        go_to: shows a turn of a conversation in the window.

    Attributes:
        controls: what the search field of the settings finds: widget, words, more words.
    """

    def __init__(
        self,
        theme: Theme,
        preferences: Preferences,
        memories: "Memories",
        embedder: "Embedder",
        tasks: Tasks,
        pull: Callable[[str], object],
        go_to: Callable[[str, str], object],
    ) -> None:
        super().__init__()
        self._theme, self._preferences, self._memories = theme, preferences, memories
        self._embedder, self._tasks, self._pull, self._go_to = embedder, tasks, pull, go_to
        self.controls: list[tuple[QWidget, str, str]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(10))
        self._on = Switch(theme, "Remember what is said")
        self._on.setObjectName("memoryOn")
        self._on.clicked.connect(lambda on: preferences.change(memory=on))
        hint = (
            "What was asked and answered is remembered, and the few things that fit a new question are sent along "
            "with it, also from other conversations. Switched off, nothing more is remembered or sent along."
        )
        column.addWidget(setting_row(theme, "Memory", hint, self._on))
        self._add(self._on, "Memory", "remember recall earlier conversations off")
        self._model = button(theme, "", self._choose, name="embeddingModel")
        self._meaning = label("", "small", wraps=True)
        self._meaning.setObjectName("embeddingState")
        row = setting_row(theme, "Meaning", "", self._model)
        row.words.addWidget(self._meaning)
        column.addWidget(row)
        self._add(self._model, "Meaning", "embedding model vectors similar nomic mxbai")
        self._offer = button(theme, f"Pull {_SUGGESTED}", self._pull_suggested, "flat", "pullEmbedding", 28)
        self._offer.setProperty("link", True)
        row.words.addWidget(self._offer, 0, Qt.AlignmentFlag.AlignLeft)
        self._count = label("…", "small", wraps=True)
        self._count.setObjectName("memoriesKept")
        self._show_all = button(theme, "Show all…", self.open_list, name="showMemoriesList")
        row = setting_row(theme, "What is remembered", "", self._show_all)
        row.words.addWidget(self._count)
        column.addWidget(row)
        self._add(self._show_all, "What is remembered", "memories notes list forget delete pin edit")
        self._forget = button(theme, "Start over", self._start_over, name="forgetChoices")
        hint = (
            "The order of what is recalled follows what you open, always want, or do not want. "
            "This is learned on this computer only."
        )
        self._learned = setting_row(theme, "What was learned from you", hint, self._forget)
        column.addWidget(self._learned)
        self._add(self._forget, "What was learned from you", "ranking order reset choices")
        self.refresh()

    def _add(self, widget: QWidget, words: str, more: str) -> None:
        self.controls.append((widget, words, more))

    def refresh(self) -> None:
        """Show what is so now."""
        now, embedder = self._preferences.current, self._embedder
        self._on.setChecked(now.memory)
        model, progress = embedder.model, embedder.progress
        if now.embedding_model == NO_MODEL:
            self._model.setText("None")
            words = "Memories are found by their words."
        elif model is None:
            self._model.setText(now.embedding_model or "None installed")
            gone = f"{now.embedding_model} is not installed on a host that answers. " if now.embedding_model else ""
            words = f"{gone}Memories are found by their words. An embedding model also finds what was said in others."
        else:
            self._model.setText(model.name)
            done, every = progress.done, progress.all
            words = "Finds what was said in other words. "
            if progress.error:
                words += progress.error
            elif every and done < every:
                words += (
                    f"{done:,} of {count_words(every, 'memory', 'memories')} prepared; it goes on while you read."
                )
            elif every:
                words += f"All {count_words(every, 'memory', 'memories')} are prepared."
        self._meaning.setText(words if now.memory else "Memory is switched off.")
        self._model.setEnabled(now.memory)
        self._offer.setVisible(now.memory and model is None and not now.embedding_model and not embedder.choices)
        self._model.setAccessibleName(f"Embedding model: {self._model.text()}")

    def count(self) -> None:
        """Count what is remembered."""
        self._tasks.start("count memories", self._counted())

    async def _counted(self) -> None:
        count = await self._memories.count()
        self._count.setText(
            f"{count_words(count, 'memory', 'memories')}: each can be read, changed, always remembered or forgotten."
            if count
            else "Nothing yet. Each question becomes a memory once it is answered."
        )

    def open_list(self) -> None:
        """Show all memories."""
        panel = MemoriesPanel(self._theme, self._memories, self._tasks, self._go_to, self.window())
        panel.finished.connect(lambda _: self.count())
        panel.open()

    def _choose(self) -> None:
        now = self._preferences.current.embedding_model
        menu = QMenu(self._model)
        group = QActionGroup(menu)
        names = [model.name for model in self._embedder.choices]
        if now not in ("", NO_MODEL, *names):
            names.append(now)
        for value, words in (("", "Chosen by itself"), *((name, name) for name in names), (NO_MODEL, "None")):
            action = QAction(words, group, checkable=True)
            action.setChecked(value == now)
            action.triggered.connect(lambda _=False, value=value: self._preferences.change(embedding_model=value))
            menu.addAction(action)
        menu.popup(self._model.mapToGlobal(self._model.rect().bottomLeft()))

    def _pull_suggested(self) -> None:
        self._pull(_SUGGESTED)

    def _start_over(self) -> None:
        async def forget() -> None:
            await self._memories.forget_choices()
            self._forget.setText("Done")

        self._tasks.start("forget choices", forget())
