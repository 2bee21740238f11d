"""The root: puts the window on top of the machine, and runs both. `run()` is what imports Qt."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from mirador_desktop.errors import StoreError
from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import Folders, folders, load

if TYPE_CHECKING:
    from mirador_desktop.gui.desk import Desk
    from mirador_desktop.gui.doors import Doors
    from mirador_desktop.gui.main_window import MainWindow
    from mirador_desktop.gui.single_instance import SingleInstance
    from mirador_desktop.machine import Machine

log = logging.getLogger(__name__)


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
        from mirador_desktop.machine import start_logging

        window.setWindowIcon(program_icon())
        start_logging(places, settings.log_level)
        instance.listen(window.bring_to_front)
        window.closing.connect(instance.leave)  # who starts the program from now on gets a window of their own
        try:
            if not closing.is_set():
                await _work(window, preferences, problems, closing, on_ready)
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
    problems: list[str],
    closing: asyncio.Event,
    on_ready: "Callable[[MainWindow], Awaitable[None]] | None",
) -> None:
    await asyncio.to_thread(_import_machine)
    from mirador_desktop.gui.desk import Desk
    from mirador_desktop.machine import compose

    def kept(why_not: str) -> None:
        desk.show_kept(why_not)
        if not why_not:
            desk.tell_all(machine.store.key_notice)

    machine = compose(kept, preferences)
    desk = Desk(window, doors_of(machine))
    try:
        async with asyncio.TaskGroup() as group:
            running = [
                group.create_task(machine.keeper.run(), name="keeper"),
                group.create_task(machine.indexer.run(), name="indexer"),
                group.create_task(machine.titles.run(), name="titles"),
                group.create_task(machine.backups.run(), name="backups"),
                group.create_task(machine.embedder.run(), name="embedder"),
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
        if machine.runtime.started_here:
            await machine.runtime.stop()


async def _settle(
    window: "MainWindow",
    desk: "Desk",
    machine: "Machine",
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
    await machine.prepare()
    desk.prepared()
    await asyncio.to_thread(_import_settings)
    gc.collect()
    gc.freeze()  # a full collection takes 30 ms: what is there now stays anyway
    if on_ready is not None:
        try:
            await on_ready(window)
        except BaseException:
            window.close()
            raise


def doors_of(machine: "Machine") -> "Doors":
    """What the window is handed."""
    from mirador_desktop.gui.doors import Doors

    return Doors(
        machine.assistant, machine.memories, machine.embedder, machine.exchange, machine.order, machine.titles,
        machine.backups, machine.registry, machine.hosts, machine.models, machine.pulls, machine.warmer,
        machine.pipelines, machine.providers, machine.runtime, machine.preferences, machine.folders,
    )  # fmt: skip


def _import_machine() -> None:
    """Import what answers need, off the GUI thread and behind the first paint."""
    import mirador_desktop.assistant
    import mirador_desktop.engines.computer
    import mirador_desktop.engines.guide
    import mirador_desktop.engines.host_factory
    import mirador_desktop.engines.limits
    import mirador_desktop.engines.ollama
    import mirador_desktop.engines.openai_compatible
    import mirador_desktop.engines.registry
    import mirador_desktop.gui.desk
    import mirador_desktop.gui.first_start
    import mirador_desktop.gui.markdown_view
    import mirador_desktop.gui.turn_view
    import mirador_desktop.hosts
    import mirador_desktop.models
    import mirador_desktop.pipelines
    import mirador_desktop.providers
    import mirador_desktop.pulls
    import mirador_desktop.runtime
    import mirador_desktop.tokens
    import mirador_desktop.warming  # noqa: F401


def _import_settings() -> None:
    """Import what the settings window needs, off the GUI thread and before somebody asks for it."""
    import mirador_desktop.engines.certificates
    import mirador_desktop.engines.probe
    import mirador_desktop.gui.settings.appearance_page
    import mirador_desktop.gui.settings.dialog
    import mirador_desktop.gui.settings.hosts_page
    import mirador_desktop.gui.settings.memory_page
    import mirador_desktop.gui.settings.models_page
    import mirador_desktop.gui.settings.ollama_card
    import mirador_desktop.gui.settings.pipelines_page
    import mirador_desktop.gui.settings.privacy_page
    import mirador_desktop.gui.settings.warm_plan  # noqa: F401
