"""The warm plan in the real program: what answers show of a server's memory is used for the next question."""

from pathlib import Path

from mirador_desktop.gui.desk import Desk
from mirador_desktop.gui.main_window import MainWindow
from tests import driving
from tests.driving import answered, send, until
from tests.ollama_sim import scenarios
from tests.ollama_sim.client import Sim

GB = 1_000_000_000
WORDS = "This answer has some words, so that it takes a moment to be written."


def test_two_that_stay_together_are_learned_from_one_answer(tmp_path: Path) -> None:
    models = [scenarios.LLAMA_3B, scenarios.QWEN_7B, scenarios.QWEN_14B]
    small, middle, large = (m["name"] for m in models)
    slow = [{**m, "text": WORDS, "token_seconds": 0.05, "load_seconds": 0.2} for m in models]

    def loads() -> list[str]:
        return [load["model"] for load in sim.loads()]

    async def drive(window: MainWindow) -> None:
        desk = next(child for child in window.children() if isinstance(child, Desk))
        warmer = desk._doors.warmer
        await until(lambda: loads() == [small] and not warmer.loading, "the first model")
        await send(window, "Why?")
        await answered(window)
        assert loads() == [small, middle, large]
        desk.warm()  # the person goes on writing
        await until(lambda: loads()[3:] == [small, middle] and not warmer.loading, "two of them")
        await send(window, "And then?")
        await answered(window, 2)
        assert loads()[3:] == [small, middle, large]

    with Sim({"server": {"memory": 11 * GB}, "models": slow}) as sim:
        assert driving.run(drive, tmp_path, sim.url) == 0
