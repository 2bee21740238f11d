"""From nothing to a first answer: which situation the person is in, and one click that leads out of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from mirador_desktop.core.amounts import part_words, size_words
from mirador_desktop.core.catalogue import Catalogue, Entry, download, together
from mirador_desktop.core.computer import Computer
from mirador_desktop.core.pull_names import short_name
from mirador_desktop.core.stages import FIRST_QUESTION, GUIDE_PIPELINE, Pipeline
from mirador_desktop.errors import MiradorError
from mirador_desktop.gui.engines_door import Engines
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.welcome import LOOKING, Act, Row, Situation, Welcome

if TYPE_CHECKING:
    from mirador_desktop.core.pull import Pull
    from mirador_desktop.pulls import Pulls
    from mirador_desktop.runtime import OllamaRuntime

DOWNLOAD_PAGE = "https://ollama.com/download"
TASK = "ollama itself"
"""Names the task that starts, ends, downloads or removes Ollama: one at a time, here and in the settings."""
START_QUESTION = "What are you good at, and what should I better not ask you?"
GUIDE_QUESTIONS = (
    "How do I get models?",
    "What does the percentage mean?",
    "Where are my conversations kept?",
)
PURPOSES = (
    "A first answer at once",
    "Checks it and looks from several sides",
    "Brings all together and says what to do",
)
_GUIDE, _HOSTS, _MODELS = Act("Ask the guide", "guide"), Act("Connect to another machine", "hosts"), "models"


class Choice(Protocol):
    """What is asked for while the person has not chosen anything else."""

    def chosen(self, pipeline: Pipeline) -> Pipeline:
        """A pipeline with the models that would answer now."""
        ...


class FirstStart(QObject):
    """Keeps the welcome page true, and does what its buttons say.

    Args:
        pipeline: gives the pipeline a question would go to now.

    Attributes:
        catalogue, computer: set when they are known.

    Signals:
        ask: a question to ask now, with the guide if the second value is True.
        open_settings: the title of the page of the settings the person wants.
        choose_pipeline: the person wants another pipeline; the name of the button is `welcome-pipeline`.
    """

    ask = Signal(str, bool)
    open_settings = Signal(str)
    choose_pipeline = Signal()

    def __init__(
        self,
        welcome: Welcome,
        engines: Engines,
        assistant: Choice,
        runtime: "OllamaRuntime",
        pulls: "Pulls",
        tasks: Tasks,
        pipeline: Callable[[], Pipeline],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.catalogue, self.computer = Catalogue(), Computer(0)
        self._welcome, self._engines, self._assistant = welcome, engines, assistant
        self._runtime, self._pulls, self._tasks, self._pipeline = runtime, pulls, tasks, pipeline
        welcome.acted.connect(self._act)
        runtime.listen(self.refresh)
        pulls.listen(self.refresh)

    def refresh(self) -> None:
        """Show the situation as it is now."""
        if self._welcome.isVisibleTo(self._welcome.window()):
            self._welcome.show_situation(self.situation())

    def situation(self) -> Situation:
        """Which one it is."""
        engines = self._engines
        if self._pipeline().name == GUIDE_PIPELINE.name:
            return _guide()
        if not engines.looked:
            return LOOKING
        if engines.has_models:
            return self._ready()
        if not engines.reachable:
            return self._not_running()
        if self._pulls.choices():
            return self._no_models()
        return Situation(
            "No model answers yet",
            engines.why_nothing(),
            primary=Act("Look again", "look"),
            others=(_HOSTS, _GUIDE),
        )

    # ── the four situations ────────────────────────────────────────────────────────────────────────────

    def _ready(self) -> Situation:
        pipeline = self._assistant.chosen(self._pipeline())
        rows = tuple(
            Row(
                stage.name,
                pipeline.left_out.get(stage.name) or ", ".join(stage.models),
                PURPOSES[min(place, 2)] if len(pipeline.stages) == len(PURPOSES) else "",
            )
            for place, stage in enumerate(pipeline.stages)
        )
        running = [p for p in self._pulls.items if p.running]
        more = f" {running[0].name} is still being pulled and joins by itself." if running else ""
        return Situation(
            "Ask anything",
            f"These models answer, one stage after the other. Everything stays on your own machines.{more}",
            rows,
            Act("Start", "start"),
            beside=(f"Asks “{START_QUESTION}”", "Or write your own question below."),
            others=(Act("Use another pipeline", "pipeline"), Act("Choose models", _MODELS), _GUIDE),
        )

    def _no_models(self) -> Situation:
        wanted = self.catalogue.recommended(self.computer.memory, self.computer.gpu)
        entries = list(dict.fromkeys(entry for _, entry in wanted))
        pulls = {short_name(p.name): p for p in self._pulls.items}
        under_way = [pulls[short_name(e.name)] for e in entries if short_name(e.name) in pulls]
        rows = tuple(
            _wanted_row(stage, entry, PURPOSES[place], pulls.get(short_name(entry.name)))
            for place, (stage, entry) in enumerate(wanted)
        )
        others = (Act("Choose other models", _MODELS), _HOSTS, _GUIDE)
        title = "Ollama is running and has no models yet"
        if not wanted:
            return Situation(
                title, "Pull one, and Mirador notices it.", primary=Act("Choose models", _MODELS), others=others
            )
        count = {1: "This one fits", 2: "These two fit", 3: "These three fit"}[len(entries)]
        if any(p.state == "failed" for p in under_way):
            error = next(p.error for p in under_way if p.state == "failed")
            return Situation(title, error, rows, Act("Retry", "pull"), others=others)
        if under_way:
            paused = all(p.state == "paused" for p in under_way)
            words = (
                "The pull is paused."
                if paused
                else "The models are being pulled. You can leave this page; it goes on."
            )
            primary = Act("Go on", "pull") if paused else None
            first = size_words(entries[0].size)
            beside = (f"You can ask as soon as {wanted[0][0].capitalize()} is here, after {first}.",)
            return Situation(title, words, rows, primary, beside=beside, others=others)
        memory = self.computer.gpu or self.computer.memory
        of = (
            f" of its {memory / 1024**3:.0f} GB of {'graphics ' if self.computer.gpu else ''}memory"
            if memory
            else " of memory"
        )
        stays = "it stays loaded" if len(entries) == 1 else "all of them stay loaded"
        whole = "It takes" if len(entries) == 1 else "Together they take"
        fits = together(entries) <= (memory or together(entries))
        words = (
            f"{count} this computer. {whole} {size_words(together(entries))}{of}{f', so {stays}' if fits else ''}."
        )
        these = {1: "Pull it", 2: "Pull these two", 3: "Pull these three"}[len(entries)]
        hints = [f"You can ask as soon as {wanted[0][0].capitalize()} is here, after {size_words(entries[0].size)}."]
        if self.computer.free is not None:
            hints.append(f"{size_words(self.computer.free)} are free on this disk.")
        pull = Act(f"{these}, {size_words(download(entries))}", "pull")
        return Situation(title, words, rows, pull, beside=tuple(hints), others=others)

    def _not_running(self) -> Situation:
        runtime = self._runtime
        error = f"{runtime.error} " if runtime.error else ""
        if not runtime.wanted:  # all hosts are on other machines
            why = self._engines.why_nothing()
            return Situation(
                "No model answers yet", why, primary=Act("Look again", "look"), others=(Act("Hosts", "hosts"), _GUIDE)
            )
        if not runtime.looked:
            return LOOKING
        if runtime.doing:
            return self._doing()
        if runtime.binary is not None:
            return Situation(
                "Ollama is not running",
                f"{error}It is installed at {runtime.binary}. Mirador can start it, and ends it again when you close "
                "Mirador.",
                primary=Act("Retry" if error else "Start Ollama", "run"),
                second=(Act("Look again", "look"),),
                others=(_HOSTS, _GUIDE),
            )
        get = Act("Get Ollama", "get")
        words = (
            f"{error}Ollama runs the models, on your own machine. It was not found here. "
            "Once it runs, Mirador notices it by itself."
        )
        if runtime.can_download:
            return Situation(
                "No Ollama on this computer",
                words,
                primary=Act("Retry the download" if error else "Download for me", "download"),
                second=(get,),
                beside=("About 2 GB, into Mirador's own folder.", "Its checksum is compared before anything runs."),
                others=(_HOSTS, Act("Look again", "look"), _GUIDE),
            )
        return Situation(
            "No Ollama on this computer", words, primary=get, others=(_HOSTS, Act("Look again", "look"), _GUIDE)
        )

    def _doing(self) -> Situation:
        runtime, progress = self._runtime, self._runtime.progress
        if progress is None:
            return Situation(runtime.doing_words, "This takes a moment.")
        title = {"download": "Downloading Ollama", "check": "Comparing its checksum", "unpack": "Unpacking Ollama"}
        row = Row("Ollama", "", "The program that runs the models", progress.words, progress.share)
        stop = (Act("Stop", "stop"),) if progress.what == "download" else ()
        return Situation(
            title[progress.what], "Mirador starts it when it is here.", (row,), second=stop, others=(_GUIDE,)
        )

    # ── what the buttons do ────────────────────────────────────────────────────────────────────────────

    def _act(self, what: str) -> None:
        match what:
            case "start":
                self.ask.emit(START_QUESTION, False)
            case "guide":
                self.ask.emit(FIRST_QUESTION, True)
            case "hosts" | "models":
                self.open_settings.emit(what.capitalize())
            case "pipeline":
                self.choose_pipeline.emit()
            case "look":
                self._engines.wake()
                self._tasks.start("find ollama", self._runtime.look())
            case "get":
                QDesktopServices.openUrl(QUrl(DOWNLOAD_PAGE))
            case "run":
                self._tasks.start(TASK, self._run())
            case "download":
                self._tasks.start(TASK, self._download())
            case "stop":
                self._tasks.cancel(TASK)
            case "pull":
                self._pull()
            case _ if what.startswith("ask "):
                self.ask.emit(what.removeprefix("ask "), True)

    def _pull(self) -> None:
        wanted = self.catalogue.recommended(self.computer.memory, self.computer.gpu)
        for entry in dict.fromkeys(entry for _, entry in wanted):
            self._pulls.add(entry.name)
        self.refresh()

    async def _run(self) -> None:
        try:
            await self._runtime.start()
        except MiradorError:
            return  # the page says it
        self._engines.wake()

    async def _download(self) -> None:
        try:
            await self._runtime.download()
            await self._runtime.start()
        except MiradorError:
            return
        self._engines.wake()


def _guide() -> Situation:
    return Situation(
        "What do you want to know about Mirador?",
        "The guide answers from Mirador's own pages, without any model.",
        second=tuple(Act(question, f"ask {question}") for question in GUIDE_QUESTIONS),
    )


def _wanted_row(stage: str, entry: Entry, purpose: str, pull: "Pull | None") -> Row:
    side, share = size_words(entry.size), None
    if pull is not None:
        share = 1.0 if pull.state == "done" else pull.transfer.share
        moved = part_words(pull.transfer.completed, pull.transfer.total or entry.size)
        side = {"done": "here", "waiting": "queued", "failed": "failed", "paused": f"{moved} · paused"}.get(
            pull.state, moved
        )
    return Row(stage, entry.name, purpose, side, share)
