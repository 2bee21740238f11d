"""All memories: found, read, pinned, changed and forgotten; and notes of the person's own."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPlainTextEdit, QWidget
from shiboken6 import isValid

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.memories import Memory
from mirador_desktop.gui.settings.memory_list import PAGE, MemoryList, source_words
from mirador_desktop.gui.settings.panel import Panel, close_when_done
from mirador_desktop.gui.settings.widgets import Field, Segments, button, label
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.remembering import Changed, Memories


class MemoriesPanel(Panel):
    """The list with its search field, and what can be done with the selected ones.

    Args:
        go_to: shows the conversation and turn of a memory in the window.
        wanted: identifier of a memory that is selected at first.
    """

    def __init__(
        self,
        theme: Theme,
        memories: "Memories",
        tasks: Tasks,
        go_to: Callable[[str, str], object],
        parent: QWidget,
        wanted: str = "",
    ) -> None:
        super().__init__(theme, "Memories", "", parent, wide=720)
        self.setObjectName("memoriesPanel")
        self._memories, self._tasks, self._go_to, self._wanted = memories, tasks, go_to, wanted
        self._undo: Callable[[], Awaitable[None]] | None = None
        self._search = Field(theme, "Search memories", "Search memories")
        self._search.setObjectName("memorySearch")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(60)
        self._pause.timeout.connect(self.reload)
        self._search.textChanged.connect(lambda: self._pause.start())
        self._order = Segments(
            theme, "Order", (("newest", "Newest"), ("oldest", "Oldest"), ("pinned", "Always remembered"))
        )
        self._order.choose("newest")
        self._order.chosen.connect(lambda value: self.reload())
        above = QHBoxLayout()
        above.setSpacing(theme.px(10))
        above.addWidget(self._search, 1)
        above.addWidget(self._order)
        self.body.addLayout(above)
        self._count = label("", "small")
        self._count.setObjectName("memoryCount")
        self.body.addWidget(self._count)
        self.list = MemoryList(theme, self)
        self.list.setMinimumHeight(theme.px(320))
        self.list.memory_model.more_wanted.connect(self._more)
        self.list.menu_wanted.connect(self._menu)
        self.list.delete_wanted.connect(self._forget)
        self.list.doubleClicked.connect(lambda index: self._edit())
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._refresh())
        self.list.memory_model.modelReset.connect(self._refresh)
        self.body.addWidget(self.list, 1)
        self._done = label("", "small", wraps=True)
        self._done.setObjectName("memoryDone")
        self._back = button(theme, "Undo", self._take_back, "flat", "memoryUndo")
        below = QHBoxLayout()
        below.addWidget(self._done, 1)
        below.addWidget(self._back)
        self.body.addLayout(below)
        self._tell("", None)
        self.add_left(button(theme, "Add a note…", self._add, "flat", "addNote"))
        self._buttons = [
            self.add_button("Go there", self._open, "flat", "openMemory"),
            self.add_button("Always remember", self._pin, "flat", "pinMemory"),
            self.add_button("Change…", self._edit, "flat", "editMemory"),
            self.add_button("Forget", self._forget, "danger", "forgetMemory"),
        ]
        self.add_button("Close", self.reject, name="closeMemories")
        self.resize(theme.px(780), theme.px(600))
        self._refresh()
        self.reload()

    # ── what is shown ──────────────────────────────────────────────────────────────────────────────────

    def reload(self) -> None:
        """Read the first page anew."""
        self._tasks.start("memories", self._load())

    async def _load(self) -> None:
        text, order, limit = self._search.text().strip(), self._order.value(), PAGE
        found = await self._memories.listed(text, order, limit)  # type: ignore[arg-type]
        while self._wanted and len(found) == limit and all(memory.id != self._wanted for memory in found):
            limit *= 10
            found = await self._memories.listed(text, order, limit)  # type: ignore[arg-type]
        count = await self._memories.count(text) if len(found) == limit else len(found)
        if not isValid(self):
            return
        chosen = {self._wanted} if self._wanted else {memory.id for memory in self.list.chosen}
        if self._wanted:
            self.list.setFocus()
        self._wanted = ""
        self.list.memory_model.show(found, len(found) < limit)
        self.list.choose(chosen)
        if found:
            self._count.setText(f"{count_words(count, 'memory', 'memories')}{' found' if text else ''}")
        elif text:
            self._count.setText(f"No memory holds “{text}”")
        else:
            self._count.setText("Nothing is remembered yet. Each question becomes a memory once it is answered.")

    def _more(self) -> None:
        self._tasks.start("more memories", self._load_more())

    async def _load_more(self) -> None:
        model = self.list.memory_model
        text, order = self._search.text().strip(), self._order.value()
        found = await self._memories.listed(text, order, PAGE, len(model.memories))  # type: ignore[arg-type]
        if isValid(self):
            known = {memory.id for memory in model.memories}
            model.append([memory for memory in found if memory.id not in known], len(found) < PAGE)

    def _refresh(self) -> None:
        chosen = self.list.chosen
        go, pin, edit, forget = self._buttons
        go.setEnabled(len(chosen) == 1 and bool(chosen[0].turn))
        edit.setEnabled(len(chosen) == 1)
        pin.setEnabled(bool(chosen))
        forget.setEnabled(bool(chosen))
        pin.setText("No longer always" if chosen and all(m.pinned for m in chosen) else "Always remember")

    def _menu(self, where: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for each in self._buttons:
            if each.isEnabled():
                menu.addAction(each.text(), each.click)
        menu.popup(where)

    def _tell(self, words: str, undo: "Callable[[], Awaitable[None]] | None") -> None:
        self._undo = undo
        self._done.setText(words)
        self._back.setVisible(undo is not None)

    # ── what is done ───────────────────────────────────────────────────────────────────────────────────

    def _act(self, act: "Callable[[], Awaitable[Changed]]") -> None:
        async def run() -> None:
            changed = await act()
            if isValid(self):
                self._tell(changed.words, changed.undo)
                self.reload()

        self._tasks.start("change memory", run())

    def _take_back(self) -> None:
        undo = self._undo

        async def run() -> None:
            if undo is not None:
                await undo()
            if isValid(self):
                self._tell("", None)
                self.reload()

        self._tasks.start("undo memory", run())

    def _open(self) -> None:
        if len(chosen := self.list.chosen) == 1 and chosen[0].turn:
            self.accept()
            self._go_to(chosen[0].conversation, chosen[0].turn)

    def _pin(self) -> None:
        chosen = self.list.chosen
        pinned = not all(memory.pinned for memory in chosen)

        if chosen:
            self._act(lambda: self._memories.pin_all([memory.id for memory in chosen], pinned))

    def _forget(self) -> None:
        chosen = self.list.chosen
        if chosen:
            self._act(lambda: self._memories.forget(chosen))

    def _edit(self) -> None:
        if len(chosen := self.list.chosen) == 1:
            memory = chosen[0]

            async def keep(question: str, answer: str) -> None:
                changed = await self._memories.edit(memory, question, answer)
                if isValid(self):
                    self._tell(changed.words, changed.undo)

            _Editor(self.theme, memory, self._tasks, keep, self.reload, self).open()

    def _add(self) -> None:
        async def keep(text: str, nothing: str) -> None:
            await self._memories.add_note(text)
            if isValid(self):
                self._tell("The note is kept", None)

        _Editor(self.theme, None, self._tasks, keep, self.reload, self).open()


class _Editor(Panel):
    """Changes a memory, or writes a note where there is none yet."""

    def __init__(
        self,
        theme: Theme,
        memory: Memory | None,
        tasks: Tasks,
        save: Callable[[str, str], Awaitable[object]],
        saved: Callable[[], object],
        parent: QWidget,
    ) -> None:
        note = memory is None or memory.kind == "note"
        title = "Add a note" if memory is None else "Change the memory"
        words = (
            "A note is sent along with the questions it fits, as in “I work with Rust”."
            if note
            else f"{source_words(memory) if memory is not None else ''}. The conversation itself stays as it is."
        )
        super().__init__(theme, title, words, parent, wide=560)
        self.setObjectName("memoryEditor")
        self._tasks, self._save, self._saved = tasks, save, saved
        self._question = self._text("memoryQuestion", "The note" if note else "What was asked", 110 if note else 80)
        self._answer = None if note else self._text("memoryAnswer", "What was answered", 180)
        if memory is not None:
            self._question.setPlainText(memory.question)
            if self._answer is not None:
                self._answer.setPlainText(memory.answer)
        self.add_button("Cancel", self.reject)
        self._yes = self.add_button("Keep", self._keep, "primary", "keepMemory")
        self._question.setFocus()

    def _text(self, name: str, words: str, height: int) -> QPlainTextEdit:
        self.body.addWidget(label(words, "muted"))
        text = QPlainTextEdit(self)
        text.setObjectName(name)
        text.setAccessibleName(words)
        text.setTabChangesFocus(True)
        text.setMinimumHeight(self.theme.px(height))
        self.body.addWidget(text)
        return text

    def _keep(self) -> None:
        self._yes.setEnabled(False)
        self.fail("")
        answer = self._answer.toPlainText() if self._answer is not None else ""
        saving = self._save(self._question.toPlainText(), answer)
        self.accepted.connect(self._saved)
        self._tasks.start("keep memory", close_when_done(self, saving, self._yes))
