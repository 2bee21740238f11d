"""Memory in the program: recalled, shown, gone to, left out, kept as a note, listed, changed and forgotten."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.core.conversation import MemoryUsed, Turn
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.memories_used import MemoriesUsed
from mirador_desktop.gui.settings.memories_panel import MemoriesPanel
from mirador_desktop.gui.settings.widgets import Field, Segments, Switch
from tests import driving
from tests.driving import answered, last, part, send, settled, until
from tests.end2end.test_settings import opened
from tests.gui.test_turn_live import delete_now, the_theme
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import NOMIC

BEES = "I keep seven beehives on the roof in Ghent. What do they need?"
WHERE = "What is on the roof beside my beehives?"
OLD = MemoryUsed("a", "shares “roof”", 12, "turn", "a", "c", "Bees in Ghent", 1.7e9, BEES)
NOTE = MemoryUsed("b", "", 3, "note", "", "", "", 1.7e9, "I work with Rust", pinned=True)
GONE = MemoryUsed("c", "shares “rust”", 3)


def test_rows_tell_source_date_and_why(qtbot: QtBot) -> None:
    delete_now()
    parent = QWidget()
    qtbot.addWidget(parent)
    used = MemoriesUsed(the_theme(), parent)
    assert used.text() == "None"
    used.show_turn(Turn("t", "d", memories=2, recalled=[OLD, NOTE, GONE]))
    assert used.text().splitlines() == [
        "2 earlier turns of this conversation",
        "Bees in Ghent 14 Nov 2023 shares “roof”",
        "Note: I work with Rust 14 Nov 2023",
        "A memory that was deleted shares “rust”",
    ]
    heard: list[tuple[str, str]] = []
    used.acted.connect(lambda action, memory: heard.append((action, memory.id)))
    parent.resize(300, 300)
    parent.show()
    for row in used.rows:
        row.resize(260, 42)
        QTest.keyClick(row, Qt.Key.Key_Return)
        QTest.keyClick(row, Qt.Key.Key_Delete)
    assert heard == [("open", "a"), ("forget", "a"), ("open", "b"), ("forget", "b")]
    menu = used.rows[0].menu(used.rows[0].rect().center())
    assert [a.text() for a in menu.actions() if a.text()] == [
        "Go to where it was said",
        "Do not use it in this conversation",
        "Always remember it",
        "Forget it",
    ]
    menu.actions()[-2].trigger()
    assert heard[-1] == ("pin", "a")
    menu.close()
    menu = used.rows[1].menu(used.rows[1].rect().center())
    assert [a.text() for a in menu.actions() if a.text()] == [
        "Show it in the list of memories",
        "Do not use it in this conversation",
        "No longer always remember it",
        "Forget it",
    ]
    menu.actions()[-2].trigger()
    assert heard[-1] == ("unpin", "b")
    menu.close()
    first = used.rows[0]
    used.show_turn(Turn("t", "d", memories=2, recalled=[MemoryUsed("a"), NOTE, GONE]))
    assert used.rows[0] is first, "it keeps the focus"
    assert first.gone
    assert first.accessibleName() == "A memory that was deleted"


async def _ask_both(window: MainWindow) -> None:
    await send(window, BEES)
    await answered(window)
    window.sidebar.new.emit()
    await until(lambda: not window.turns.turn_ids, "a new conversation")

    async def asked() -> bool:
        await send(window, WHERE)
        return bool((await answered(window)).recalled)

    while not await asked():  # the index follows in the background
        window.sidebar.new.emit()
        await until(lambda: not window.turns.turn_ids, "a new conversation")


async def _shown_and_gone_to(window: MainWindow) -> None:
    await _ask_both(window)
    turn = last(window)
    assert turn.recalled[0].title.startswith("I keep seven beehives")
    shown = window.inspector.memories
    await until(lambda: shown.rows, "the inspector's list")
    assert "roof" in shown.text()
    view = window.turns.last_view()
    assert view is not None
    button = part(view, QPushButton, "showMemories")
    assert button.text().endswith("used")
    button.click()
    popover = part(window, QFrame, "memoriesPopover")
    assert popover.isVisible()
    row = next(r for r in part(popover, MemoriesUsed, "memoriesUsed").rows if "seven" in r.accessibleName())
    row.acted.emit("open")
    await until(lambda: window.turns.turn_ids and last(window).question == BEES, "the conversation it comes from")


async def _left_out_and_back(window: MainWindow) -> None:
    await _ask_both(window)
    memory = last(window).recalled[0]
    window.inspector.memories.acted.emit("leave out", memory)
    toast = part(window, QWidget, "toast")
    await until(lambda: "not used in this conversation" in toast.accessibleName(), "the words")
    before = last(window).id
    await send(window, "And what else is on the roof with the beehives in Ghent?")
    await answered(window, 2)
    assert before != last(window).id
    assert memory.id not in [m.id for m in last(window).recalled]
    window.inspector.memories.acted.emit("forget", memory)
    await until(lambda: "forgotten" in toast.accessibleName(), "that it is forgotten")


async def _notes_only_on_yes(window: MainWindow) -> None:
    window.sidebar.new.emit()
    await send(window, "I work as a beekeeper. I live in Ghent. Which tools do I need?")
    await answered(window)
    view = window.turns.last_view()
    assert view is not None
    await until(lambda: len(view.findChildren(QWidget, "noteOffer")) == 2, "two offers")
    await settled(window)
    first, second = view.findChildren(QWidget, "noteOffer")
    part(first, QPushButton, "keepNote").click()
    part(second, QPushButton, "declineNote").click()
    toast = part(window, QWidget, "toast")
    await until(lambda: "Kept: “I work as a beekeeper”" in toast.accessibleName(), "that it is kept")
    page = await opened(window, "Memory")
    part(page, QPushButton, "showMemoriesList").click()
    panel = part(page.window(), MemoriesPanel, "memoriesPanel")
    part(panel, Field, "memorySearch").setText("work beekeeper")
    await until(lambda: [m.kind for m in panel.list.memory_model.memories].count("note") == 1, "the note alone")
    panel.reject()


async def _listed_changed_and_forgotten(window: MainWindow) -> None:
    page = await opened(window, "Memory")
    await until(lambda: "memories" in part(page, QLabel, "memoriesKept").text(), "the count")
    part(page, QPushButton, "showMemoriesList").click()
    panel = part(page.window(), MemoriesPanel, "memoriesPanel")
    model = panel.list.memory_model
    await until(lambda: model.memories, "the memories")
    every = len(model.memories)
    part(panel, Field, "memorySearch").setText("no such words")
    await until(lambda: not model.memories, "none")
    assert part(panel, QLabel, "memoryCount").text() == "No memory holds “no such words”"
    part(panel, Field, "memorySearch").setText("beekeeper")
    await until(lambda: model.memories, "some")
    panel.list.setCurrentIndex(model.index(0))
    part(panel, QPushButton, "editMemory").click()
    editor = part(panel, QWidget, "memoryEditor")
    part(editor, QPlainTextEdit, "memoryQuestion").setPlainText("")
    for answer in editor.findChildren(QPlainTextEdit, "memoryAnswer"):
        answer.setPlainText("")
    part(editor, QPushButton, "keepMemory").click()
    await until(lambda: any("without text" in w.text() for w in editor.findChildren(QLabel)), "why not")
    part(editor, QPlainTextEdit, "memoryQuestion").setPlainText("I keep bees as a beekeeper")
    part(editor, QPushButton, "keepMemory").click()
    await until(lambda: any(m.question == "I keep bees as a beekeeper" for m in model.memories), "the change")
    part(panel, QPushButton, "memoryUndo").click()
    await until(lambda: all(m.question != "I keep bees as a beekeeper" for m in model.memories), "it taken back")
    part(panel, Field, "memorySearch").setText("")
    await until(lambda: len(model.memories) == every, "all of them")
    panel.list.selectAll()
    part(panel, QPushButton, "pinMemory").click()
    await until(lambda: all(m.pinned for m in model.memories), "all pinned")
    assert len(panel.list.chosen) == every  # what was selected stays so
    choose = next(b for b in part(panel, Segments, "").findChildren(QPushButton) if b.text() == "Oldest")
    choose.click()
    await until(lambda: model.memories[0].question == BEES, "the oldest first")
    part(panel, QPushButton, "forgetMemory").click()
    await until(lambda: not model.memories, "nothing")
    part(panel, QPushButton, "memoryUndo").click()
    await until(lambda: len(model.memories) == every, "all of them again")
    assert all(memory.pinned for memory in model.memories)
    assert {memory.kind for memory in model.memories} == {"turn", "note"}
    panel.list.selectAll()
    part(panel, QPushButton, "pinMemory").click()
    await until(lambda: not any(m.pinned for m in model.memories), "none pinned")
    part(panel, QPushButton, "memoryUndo").click()
    await until(lambda: all(m.pinned for m in model.memories), "all pinned again")
    part(panel, QPushButton, "forgetMemory").click()
    await until(lambda: not model.memories, "nothing")
    panel.reject()


async def _switched_off_and_meaning(window: MainWindow) -> None:
    page = await opened(window, "Memory")
    state = part(page, QLabel, "embeddingState")
    await until(lambda: "in other words" in state.text(), "the embedding model")
    part(page, QPushButton, "embeddingModel").click()
    menu = part(page, QPushButton, "embeddingModel").findChild(QMenu)
    assert menu is not None
    assert [a.text() for a in menu.actions()] == ["Chosen by itself", "nomic-embed-text:latest", "None"]
    menu.actions()[-1].trigger()
    menu.close()
    await until(lambda: state.text() == "Memories are found by their words.", "none")
    switch = part(page, Switch, "memoryOn")
    switch.click()
    await until(lambda: state.text() == "Memory is switched off.", "off")
    page.window().close()
    window.sidebar.new.emit()
    await send(window, WHERE)
    assert (await answered(window)).recalled == []


def test_memory_from_the_first_question_to_the_last_switch(tmp_path: Path) -> None:
    steps = []

    async def drive(window: MainWindow) -> None:
        window.resize(1320, 860)
        for step in (
            _shown_and_gone_to,
            _left_out_and_back,
            _notes_only_on_yes,
            _listed_changed_and_forgotten,
            _switched_off_and_meaning,
        ):
            window.sidebar.new.emit()
            await step(window)
            steps.append(step)

    with Sim({**scenarios.ONE_MODEL, "models": [*scenarios.ONE_MODEL["models"], NOMIC]}) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
    assert len(steps) == 5
