"""Everything below the window, put together: settings, hosts, engines, memory, assistant and the doors to them."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import Folders, Settings, folders, load, resource_folder

if TYPE_CHECKING:
    from mirador_desktop.assistant import Assistant
    from mirador_desktop.backups import Backups
    from mirador_desktop.core.engine import Engine
    from mirador_desktop.core.model_rows import Use
    from mirador_desktop.embedding import Embedder
    from mirador_desktop.engines.registry import Registry
    from mirador_desktop.exchanging import Exchange
    from mirador_desktop.hosts import Hosts
    from mirador_desktop.memory.indexer import Indexer
    from mirador_desktop.memory.keeper import Keeper
    from mirador_desktop.memory.store import Store
    from mirador_desktop.models import Models
    from mirador_desktop.order import Order
    from mirador_desktop.pipelines import Pipelines
    from mirador_desktop.providers import Providers
    from mirador_desktop.pulls import Pulls
    from mirador_desktop.remembering import Memories
    from mirador_desktop.runtime import OllamaRuntime
    from mirador_desktop.titles import Titles
    from mirador_desktop.warming import Warmer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Machine:
    """Everything below the window.

    Attributes:
        problems: sentences about what was wrong in the settings, where `compose` has read them.
    """

    preferences: Preferences
    problems: list[str]
    folders: Folders
    hosts: "Hosts"
    registry: "Registry"
    store: "Store"
    keeper: "Keeper"
    indexer: "Indexer"
    assistant: "Assistant"
    exchange: "Exchange"
    order: "Order"
    titles: "Titles"
    memories: "Memories"
    embedder: "Embedder"
    backups: "Backups"
    pipelines: "Pipelines"
    providers: "Providers"
    models: "Models"
    pulls: "Pulls"
    warmer: "Warmer"
    runtime: "OllamaRuntime"

    async def prepare(self) -> None:
        """Read what the window needs beyond the conversations; nothing of it can fail."""
        await self.runtime.look()
        await asyncio.gather(
            self.pipelines.reload(), self.models.prepare(), self.warmer.prepare(), self.pulls.restore()
        )
        await self.registry.ready()
        await self.warmer.find_limits(_is_here)

    async def close(self) -> None:
        """Keep what is not kept yet, and close everything."""
        self.store.hurry()
        await asyncio.gather(
            asyncio.to_thread(self.pipelines.close),
            self.warmer.close(),
            self.pulls.close(),
            self.models.close(),
            self.embedder.close(),
        )
        await self.keeper.flush()
        await self.store.close()
        await self.registry.close()


def compose(on_kept: Callable[[str], None] = lambda why_not: None, preferences: Preferences | None = None) -> Machine:
    """Put everything below the window together; opens and connects nothing yet.

    Args:
        on_kept: called with "" when all is being kept, or the sentence why it is not.
        preferences: the settings while the program runs; None reads them now.
    """
    from mirador_desktop.assistant import Assistant
    from mirador_desktop.backups import Backups
    from mirador_desktop.core.orchestrator import StreamingOrchestrator
    from mirador_desktop.embedding import Embedder
    from mirador_desktop.engines.computer import look_at_computer
    from mirador_desktop.engines.guide import Guide
    from mirador_desktop.engines.host_factory import HostFactory
    from mirador_desktop.engines.limits import most_models
    from mirador_desktop.engines.ollama_parts import delete_parts
    from mirador_desktop.engines.registry import Registry
    from mirador_desktop.exchanging import Exchange
    from mirador_desktop.hosts import Hosts
    from mirador_desktop.memory.indexer import Indexer
    from mirador_desktop.memory.keeper import Keeper
    from mirador_desktop.memory.recall import Recall
    from mirador_desktop.memory.store import Store
    from mirador_desktop.memory.vectors import Vectors
    from mirador_desktop.models import Models
    from mirador_desktop.order import Order
    from mirador_desktop.pipelines import Pipelines
    from mirador_desktop.providers import Providers
    from mirador_desktop.pulls import Pulls
    from mirador_desktop.remembering import Memories
    from mirador_desktop.runtime import OllamaRuntime
    from mirador_desktop.titles import Titles
    from mirador_desktop.tokens import Tokens
    from mirador_desktop.warming import Warmer

    places = folders()
    problems: list[str] = []
    if preferences is None:
        settings, problems = load(places.settings_file)
        preferences = Preferences(places.settings_file, settings)
    hosts = Hosts(preferences, HostFactory(lambda: preferences.current.num_ctx, _options_of(preferences)), Tokens())
    registry = Registry(hosts.engines(), Guide(resource_folder() / "guide"), _memory)
    hosts.attach(registry)
    store = Store(places.data)
    keeper = Keeper(store, on_kept)
    orchestrator = StreamingOrchestrator(registry, stall_after=preferences.current.stall_seconds)

    def settings_changed(before: Settings) -> None:
        orchestrator.stall_after = preferences.current.stall_seconds
        if preferences.current.log_level != before.log_level:
            logging.getLogger().setLevel(preferences.current.log_level.upper())

    preferences.listen(settings_changed)
    pipelines = Pipelines(places.pipelines, resource_folder() / "pipelines")
    providers = Providers(places.data / "context")
    kept_vectors = Vectors()
    embedder = Embedder(
        store,
        kept_vectors,
        registry,
        lambda: preferences.current.embedding_model,
        lambda: preferences.current.memory,
        lambda model: warmer.fits_beside(model),
    )
    memories = Memories(store, keeper, Recall(store, kept_vectors), embedder, lambda: preferences.current.memory)
    assistant = Assistant(registry, orchestrator, store, keeper, registry.ready, pipelines, providers, memories)
    assistant.busy.add(embedder.set_busy)
    indexer = Indexer(store, lambda: assistant.answering, lambda: preferences.current.memory)
    indexer.on_indexed = embedder.wake
    registry.listen(embedder.wake)
    preferences.listen(lambda before: embedder.wake())
    order = Order(assistant, store, keeper)
    backups = Backups(assistant, store, keeper, places.data / "backups")
    titles = Titles(
        assistant, registry, lambda: {m.name for m in registry.loaded()}, lambda: preferences.current.titles
    )

    uses = _Uses(pipelines, assistant, preferences)
    registry.listen(uses.forget)
    pipelines.listen(uses.forget)
    preferences.listen(uses.forget)
    warmer = Warmer(
        registry,
        store,
        preferences,
        assistant.chosen,
        lambda: models.computer,
        lambda address: asyncio.to_thread(most_models, address),
    )
    models = Models(
        registry,
        preferences,
        warmer.load_seconds,
        resource_folder() / "models.toml",
        look_at_computer,
        uses.of,
        _is_here,
    )
    models.loading = lambda: warmer.loading
    warmer.listen(models.changed)
    pulls = Pulls(registry, store, lambda name: models.catalogue.size(name), delete_parts)

    def own() -> "Engine | None":
        return next((e for e in registry.engines if e.kind == "ollama" and _is_here(e.address)), None)

    def own_address() -> str:
        engine = own()
        return engine.address if engine is not None else ""

    def own_answers() -> bool:
        engine = own()
        state = registry.states.get(engine.name) if engine is not None else None
        return state is not None and state.reachable

    runtime = OllamaRuntime(
        places.data,
        places.log / "ollama.log",
        own_address,
        lambda: _environment_of(preferences),
        lambda: preferences.current.release_server,
        own_answers,
    )
    return Machine(
        preferences, problems, places, hosts, registry, store, keeper, indexer, assistant,
        Exchange(store, keeper), order, titles, memories, embedder, backups,
        pipelines, providers, models, pulls, warmer, runtime,
    )  # fmt: skip


class _Uses:
    """Which stages use a model, for all models at once: there may be hundreds."""

    def __init__(self, pipelines: "Pipelines", assistant: "Assistant", preferences: Preferences) -> None:
        self._pipelines, self._assistant, self._preferences = pipelines, assistant, preferences
        self._found: dict[str, list[Use]] | None = None

    def forget(self, before: object = None) -> None:
        """Something is different now."""
        self._found = None

    def of(self, model: str) -> "list[Use]":
        """Where the person has chosen it, and where it is chosen by itself in the pipeline of new conversations."""
        from mirador_desktop.core.model_rows import Use
        from mirador_desktop.core.names import full_name

        if self._found is None:
            self._found = {}
            for entry in self._pipelines.entries():
                if entry.pipeline is None:
                    continue
                default = entry.name == self._preferences.current.pipeline
                resolved = self._assistant.chosen(entry.pipeline) if default else entry.pipeline
                for place, (stage, own) in enumerate(zip(resolved.stages, entry.pipeline.stages, strict=True)):
                    for name in dict.fromkeys((*stage.models, *stage.fallback_models)):
                        chosen = name in own.models or name in own.fallback_models
                        self._found.setdefault(full_name(name), []).append(Use(entry.name, stage.name, place, chosen))
        return self._found.get(full_name(model), [])


def _options_of(preferences: Preferences) -> Callable[[str], Mapping[str, int]]:
    """How single models are run, read from the settings each time: they change while the program runs."""

    def options_of(model: str) -> Mapping[str, int]:
        given = asdict(preferences.options_of(model))
        return {name: value for name, value in given.items() if value is not None}

    return options_of


def _environment_of(preferences: Preferences) -> dict[str, str]:
    """What an Ollama that Mirador starts is told beyond its address."""
    now = preferences.current
    flash = {"auto": {}, "on": {"OLLAMA_FLASH_ATTENTION": "1"}, "off": {"OLLAMA_FLASH_ATTENTION": "0"}}
    cache = {} if now.kv_cache == "f16" else {"OLLAMA_KV_CACHE_TYPE": now.kv_cache}
    return {**flash[now.flash_attention], **cache}


def _is_here(address: str) -> bool:
    from mirador_desktop.engines.address import is_this_computer

    return is_this_computer(address)


def _memory() -> int:
    """Bytes of main memory."""
    import psutil

    return int(psutil.virtual_memory().total)


def start_logging(places: Folders, level: str = "info") -> None:
    """Write the log to a file that is kept small; the program goes on where that is not possible.

    Libraries that speak HTTP never log more than warnings: they would write down addresses, headers and texts.
    """
    from logging.handlers import RotatingFileHandler

    logging.raiseExceptions = False  # a log that cannot be written (a full disk) is no error of its own
    handlers: list[logging.Handler] = []
    try:
        places.log.mkdir(parents=True, exist_ok=True)
        handlers.append(RotatingFileHandler(places.log_file, maxBytes=1_000_000, backupCount=2))
    except OSError:
        handlers.append(logging.NullHandler())
    logging.basicConfig(
        level=level.upper(), handlers=handlers, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    for name in ("httpx", "httpcore", "openai", "qasync", "asyncio", "keyring", "markdown_it"):
        logging.getLogger(name).setLevel(logging.WARNING)
