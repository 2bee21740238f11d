"""The real window against the real test server: ask, stop, branch, close, and find everything again."""

import socket
import time
from pathlib import Path

from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from mirador_desktop.core.conversation import Turn
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.markdown_view import MarkdownView
from tests import driving
from tests.driving import answered, last, part, send, settled, until
from tests.end2end.helpers import configure
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim
from tests.ollama_sim.sample_texts import LARGE, QUESTION, SMALL
from tests.ollama_sim.scenarios import with_faults

CONVERSATION = 0x0100  # the role under which the list holds its conversations


def _slow(seconds: float = 0.02) -> scenarios.Scenario:
    models = [{**m, "token_seconds": seconds} for m in scenarios.THREE_MODELS["models"]]
    return {**scenarios.THREE_MODELS, "models": models}


def test_three_stages_stream_and_are_there_after_a_restart(tmp_path: Path) -> None:
    configure(tmp_path, "titles = false\n")
    seen: list[Turn] = []

    async def ask(window: MainWindow) -> None:
        assert part(window, QWidget, "welcome").isVisible()
        await send(window, QUESTION)
        seen.append(await answered(window))
        turn = part(window, QWidget, "turn-1")
        names = ("quick", "deep", "synthesis")
        panels = {name: part(turn, QWidget, f"stagePanel-{name}") for name in names}
        assert part(panels["quick"], QLabel, "stageModels").text() == "llama3.2:3b"
        assert part(panels["deep"], QLabel, "stageModels").text() == "mistral:7b, qwen2.5:7b"
        assert part(panels["synthesis"], QLabel, "stageModels").text() == "qwen2.5:14b"
        for panel in panels.values():
            assert part(panel, QLabel, "stageState").text() == "done"
            assert part(panel, QLabel, "stageConfidence").text().endswith("%")
            assert "tok/s" in part(panel, QLabel, "stageMeta").text()
        text = part(panels["synthesis"], MarkdownView, "stageText")
        assert text.isVisible()
        assert text.plain_markdown() == LARGE
        assert "Short answer" in text.toPlainText()
        assert not part(panels["quick"], MarkdownView, "stageText").isVisible(), "earlier panels are folded"

    async def look(window: MainWindow) -> None:
        entries = window.sidebar.list
        await until(lambda: entries.model().rowCount() == 2)  # a heading and the conversation
        index = entries.model().index(1, 0)
        entries.opened.emit(index.data(CONVERSATION))
        await until(lambda: window.turns.turn_ids)
        await settled(window)
        assert last(window) == seen[0]
        panel = part(part(window, QWidget, "turn-1"), QWidget, "stagePanel-synthesis")
        assert part(panel, MarkdownView, "stageText").plain_markdown() == LARGE
        title = QTextDocumentFragment.fromHtml(part(window, QLabel, "conversationTitle").toolTip()).toPlainText()
        assert title
        assert seen[0].question.startswith(title.rstrip("…"))

    with Sim(scenarios.THREE_MODELS) as sim:
        assert driving.run(ask, tmp_path, sim.url) == 0
        assert driving.run(look, tmp_path, sim.url) == 0
    assert [s.name for s in seen[0].stages] == ["quick", "deep", "synthesis"]
    assert seen[0].stages[0].answers[0].text == SMALL


def test_stop_closes_the_connection_and_keeps_the_text(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        turn = await send(window, QUESTION)
        await until(lambda: turn.stages[0].answers and len(turn.stages[0].answers[0].text) > 40)
        stopped = time.time()
        part(window, QPushButton, "stopButton").click()
        await answered(window)
        assert turn.reason == "stopped"
        assert len(turn.stages[0].answers[0].text) > 40
        panel = part(window, QWidget, "stagePanel-quick")
        assert part(panel, QLabel, "stageState").text() == "stopped"
        assert part(window, QPushButton, "sendButton").isVisible()
        sim.wait_for(lambda requests: requests[-1]["client_closed"], "/api/chat")
        assert sim.requests("/api/chat")[-1]["client_closed"] - stopped < 0.1

    with Sim(_slow()) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_editing_makes_a_branch_and_both_can_be_shown(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        await send(window, "First question")
        first = await answered(window)
        await send(window, "A follow-up")
        await answered(window, 2)
        view = window.turns.view_of(first.id)
        assert view is not None
        view.edit.emit()
        assert window.composer.text.toPlainText() == "First question"
        await send(window, "First question, put better")
        await answered(window)
        assert window.turns.turn_ids == [last(window).id]
        branches = part(part(window, QWidget, "turn-1"), QLabel, "branches")
        await until(lambda: branches.text() == "2/2", "the branch's number")
        view = window.turns.last_view()
        assert view is not None
        view.branch.emit(-1)
        await until(lambda: len(window.turns.turn_ids) == 2, "the first branch with its follow-up")
        assert window.turns.turn_ids[0] == first.id

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_an_answer_goes_on_while_another_conversation_is_shown(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        turn = await send(window, "A long one")
        await until(lambda: turn.stages[0].answers and turn.stages[0].answers[0].text)
        part(window, QPushButton, "newConversation").click()
        await until(lambda: not window.turns.turn_ids)
        await until(lambda: turn.reason == "done", "the answer's end", 60)
        row = window.sidebar.list.model().index(1, 0)
        window.sidebar.list.opened.emit(row.data(CONVERSATION))
        await until(lambda: window.turns.turn_ids == [turn.id])
        await settled(window)
        panel = part(window, QWidget, "stagePanel-synthesis")
        assert part(panel, MarkdownView, "stageText").plain_markdown() == turn.final_text

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_a_deleted_conversation_comes_back_with_undo(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        await send(window, "Delete me")
        await answered(window)
        entries = window.sidebar.list
        await until(lambda: entries.model().rowCount() == 2)
        entries.deleted.emit(entries.model().index(1, 0).data(CONVERSATION))
        await until(lambda: part(window, QWidget, "toast").isVisible())
        await until(lambda: entries.model().rowCount() == 0)
        part(window, QPushButton, "toastButton").click()
        await until(lambda: entries.model().rowCount() == 2)

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_closing_while_an_answer_streams_keeps_it(tmp_path: Path) -> None:
    written: list[str] = []
    begun: list[float] = []

    async def close(window: MainWindow) -> None:
        turn = await send(window, QUESTION)
        await until(lambda: turn.stages[0].answers and len(turn.stages[0].answers[0].text) > 60)
        written.append(turn.stages[0].answers[0].text)
        begun.append(time.monotonic())

    async def look(window: MainWindow) -> None:
        await until(lambda: window.sidebar.list.model().rowCount() == 2)
        window.sidebar.list.opened.emit(window.sidebar.list.model().index(1, 0).data(CONVERSATION))
        await until(lambda: window.turns.turn_ids)
        turn = last(window)
        assert turn.reason == "stopped"
        assert turn.stages[0].answers[0].text.startswith(written[0])

    with Sim(_slow()) as sim:
        assert driving.run(close, tmp_path, sim.url) == 0
        took = time.monotonic() - begun[0]
        assert driving.run(look, tmp_path, sim.url) == 0
    assert took < 2.0, "the window's promise, not a measure: it ends within 2 s"


def test_a_server_that_starts_later_is_noticed(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def drive(window: MainWindow) -> None:
        engine = part(window, QPushButton, "engineState")
        await until(lambda: "not running" in engine.text())
        with Sim(scenarios.ONE_MODEL, port):
            await until(lambda: "this computer" in engine.text(), "the server to be noticed without a click", 40)

    assert driving.run(drive, tmp_path, f"127.0.0.1:{port}") == 0


def test_a_second_start_shows_the_first_window(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        window.showMinimized()
        second = driving.start_again()
        await until(lambda: second.poll() is not None, "the second start to end")
        assert second.returncode == 0
        await until(lambda: not window.isMinimized(), "the window to come back")

    with Sim(scenarios.ONE_MODEL) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0


def test_everything_failing_says_so_and_retry_asks_again(tmp_path: Path) -> None:
    async def drive(window: MainWindow) -> None:
        await send(window, "Will this work?")
        turn = await answered(window)
        assert turn.reason == "failed"
        assert part(window, QLabel, "turnError").text() == turn.error
        sim.change({"faults": [], "models": scenarios.ONE_MODEL["models"]})
        part(window, QPushButton, "retry").click()
        await until(lambda: window.turns.turn_ids not in ([], [turn.id]), "the second turn")
        assert (await answered(window)).reason == "done"

    with Sim(with_faults(scenarios.ONE_MODEL, {"status": 500, "error": "it broke"})) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
