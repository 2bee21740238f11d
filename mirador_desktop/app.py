"""Composition root: puts settings, engines, memory, assistant and window together, and runs them.

`compose()` and everything the terminal needs stay free of Qt; `run()` imports it.
"""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mirador_desktop.errors import StoreError
from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import Folders, Settings, folders, load, resource_folder

if TYPE_CHECKING:
    from mirador_desktop.assistant import Assistant
    from mirador_desktop.engines.registry import Registry
    from mirador_desktop.gui.desk import Desk
    from mirador_desktop.gui.main_window import MainWindow
    from mirador_desktop.gui.single_instance import SingleInstance
    from mirador_desktop.hosts import Hosts
    from mirador_desktop.memory.keeper import Keeper
    from mirador_desktop.memory.store import Store
    from mirador_desktop.pipelines import Pipelines
    from mirador_desktop.providers import Providers

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Machine:
    """Everything below the window."""

    settings: Settings
    problems: list[str]
    folders: Folders
    hosts: "Hosts"
    registry: "Registry"
    store: "Store"
    keeper: "Keeper"
    assistant: "Assistant"
    pipelines: "Pipelines"
    providers: "Providers"

    async def close(self) -> None:
        """Keep what is not kept yet, and close everything."""
        self.store.hurry()
        await asyncio.to_thread(self.pipelines.close)
        await self.keeper.flush()
        await self.store.close()
        await self.registry.close()


def compose(on_kept: Callable[[str], None] = lambda why_not: None, preferences: Preferences | None = None) -> Machine:
    """Put everything below the window together; opens and connects nothing yet.

    Args:
        on_kept: called with "" when all is being kept, or the sentence why it is not.
        preferences: the settings while the program runs, None for some of its own.
    """
    from mirador_desktop.assistant import Assistant
    from mirador_desktop.core.orchestrator import StreamingOrchestrator
    from mirador_desktop.engines.guide import Guide
    from mirador_desktop.engines.host_factory import HostFactory
    from mirador_desktop.engines.registry import Registry
    from mirador_desktop.hosts import Hosts
    from mirador_desktop.memory.keeper import Keeper
    from mirador_desktop.memory.store import Store
    from mirador_desktop.pipelines import Pipelines
    from mirador_desktop.providers import Providers
    from mirador_desktop.tokens import Tokens

    places = folders()
    settings, problems = load(places.settings_file)
    preferences = preferences or Preferences(places.settings_file, settings)
    hosts = Hosts(preferences, HostFactory(lambda: preferences.current.num_ctx, _options_of(preferences)), Tokens())
    registry = Registry(hosts.engines(), Guide(resource_folder() / "guide"), _memory)
    hosts.attach(registry)
    store = Store(places.data)
    keeper = Keeper(store, on_kept)
    orchestrator = StreamingOrchestrator(registry, stall_after=settings.stall_seconds)
    pipelines = Pipelines(places.pipelines, resource_folder() / "pipelines")
    providers = Providers(places.data / "context")
    assistant = Assistant(registry, orchestrator, store, keeper, registry.ready, pipelines, providers)
    return Machine(settings, problems, places, hosts, registry, store, keeper, assistant, pipelines, providers)


def _options_of(preferences: Preferences) -> Callable[[str], Mapping[str, int]]:
    """How single models are run, read from the settings each time: they change while the program runs."""
    from mirador_desktop.core.names import same_model

    def options_of(model: str) -> Mapping[str, int]:
        options = next((o for name, o in preferences.current.models.items() if same_model(name, model)), None)
        given = asdict(options) if options is not None else {}
        return {name: value for name, value in given.items() if value is not None}

    return options_of


def _memory() -> int:
    """Bytes of main memory."""
    import psutil

    return int(psutil.virtual_memory().total)


def start_logging(places: Folders) -> None:
    """Write the log to a file that is kept small; the program goes on where that is not possible."""
    from logging.handlers import RotatingFileHandler

    logging.raiseExceptions = False  # a log that cannot be written (a full disk) is no error of its own
    handlers: list[logging.Handler] = []
    try:
        places.log.mkdir(parents=True, exist_ok=True)
        handlers.append(RotatingFileHandler(places.log / "mirador.log", maxBytes=1_000_000, backupCount=2))
    except OSError:
        handlers.append(logging.NullHandler())
    logging.basicConfig(
        level=logging.INFO, handlers=handlers, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("qasync").setLevel(logging.WARNING)


def run(arguments: Sequence[str], on_ready: "Callable[[MainWindow], Awaitable[None]] | None" = None) -> int:
    """Start the program with its window in this process.

    Args:
        arguments: the command line without the program's name; Qt reads its own options from it.
        on_ready: gets the window once it is painted and the engines have been looked at.

    Returns:
        The exit code.
    """
    from PySide6.QtWidgets import QApplication

    from mirador_desktop.gui.single_instance import SingleInstance

    application = QApplication.instance() or QApplication(["mirador-desktop", *arguments])
    assert isinstance(application, QApplication)
    application.setApplicationName("Mirador")
    application.setDesktopFileName("mirador-desktop")
    application.setQuitOnLastWindowClosed(False)
    places = folders()
    instance = SingleInstance(places.data)
    if not instance.first and instance.call_first():
        return 0
    if not instance.first:
        log.error("Another Mirador holds %s and does not answer.", places.data)
        return 1
    from qasync import QEventLoop

    try:
        with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
            return runner.run(_main(places, instance, on_ready))
    finally:
        instance.close()


async def _main(
    places: Folders, instance: "SingleInstance", on_ready: "Callable[[MainWindow], Awaitable[None]] | None"
) -> int:
    """Show the window, then start everything else behind it; returns when the window was closed."""
    from mirador_desktop.core.stages import DEFAULT_PIPELINE, GUIDE_PIPELINE
    from mirador_desktop.gui import loop
    from mirador_desktop.gui.icons import program_icon
    from mirador_desktop.gui.main_window import MainWindow
    from mirador_desktop.gui.theme import Theme

    settings, problems = load(places.settings_file)
    preferences = Preferences(places.settings_file, settings)
    theme = Theme(settings.theme, settings.text_scale)
    window = MainWindow(theme, preferences, (DEFAULT_PIPELINE, GUIDE_PIPELINE))
    painted, closing = asyncio.Event(), asyncio.Event()
    window.painted.connect(painted.set)
    window.closing.connect(closing.set)
    window.show()
    with (
        loop.signals(closing.set),
        loop.async_generators(),
        loop.unexpected(lambda words: window.toast.say(words, 8)),
    ):
        await _first_of(painted, closing)  # a window that is never painted can still be closed
        window.setWindowIcon(program_icon())
        start_logging(places)
        instance.listen(window.bring_to_front)
        window.closing.connect(instance.leave)  # who starts the program from now on gets a window of their own
        try:
            if not closing.is_set():
                await _work(window, preferences, places, problems, closing, on_ready)
        finally:
            window.close()
            preferences.close()
            window.deleteLater()
    return 0


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()


async def _work(
    window: "MainWindow",
    preferences: Preferences,
    places: Folders,
    problems: list[str],
    closing: asyncio.Event,
    on_ready: "Callable[[MainWindow], Awaitable[None]] | None",
) -> None:
    await asyncio.to_thread(_import_machine)
    from mirador_desktop.gui.desk import Desk

    def kept(why_not: str) -> None:
        desk.show_kept(why_not)
        if not why_not:
            desk.tell_all(machine.store.key_notice)

    machine = compose(kept, preferences)
    desk = Desk(window, machine.assistant, machine.registry, preferences, places.settings_file)
    try:
        async with asyncio.TaskGroup() as group:
            running = [
                group.create_task(machine.keeper.run(), name="keeper"),
                group.create_task(machine.registry.watch(lambda: window.isVisible()), name="engines"),
                group.create_task(_settle(window, desk, machine, problems, on_ready), name="settle"),
            ]
            await closing.wait()
            await desk.tasks.close(1.0)
            for task in running:
                task.cancel()
    finally:
        try:
            async with asyncio.timeout(1.5):
                await machine.close()
        except TimeoutError:
            log.error("The database could not be closed in time")


async def _settle(
    window: "MainWindow",
    desk: "Desk",
    machine: Machine,
    problems: list[str],
    on_ready: "Callable[[MainWindow], Awaitable[None]] | None",
) -> None:
    """What can wait until the window is there."""
    desk.session.refresh_list()
    try:
        await machine.store.open()
        await machine.assistant.purge()
    except StoreError as error:
        log.warning("%s", error)
    except Exception:  # the window does without
        log.exception("The store could not be prepared")
    desk.tell_all(*problems, machine.store.key_notice)
    await machine.registry.ready()
    gc.collect()
    gc.freeze()  # a full collection takes 30 ms: what is there now stays anyway
    if on_ready is not None:
        try:
            await on_ready(window)
        except BaseException:
            window.close()
            raise


def _import_machine() -> None:
    """Import what answers need, off the GUI thread and behind the first paint."""
    import mirador_desktop.assistant
    import mirador_desktop.engines.guide
    import mirador_desktop.engines.ollama
    import mirador_desktop.engines.registry
    import mirador_desktop.gui.desk
    import mirador_desktop.gui.markdown_view
    import mirador_desktop.gui.turn_view  # noqa: F401
