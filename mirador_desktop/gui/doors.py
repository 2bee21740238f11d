"""What the window is handed: the doors to everything below it."""

from dataclasses import dataclass

from mirador_desktop.assistant import Assistant
from mirador_desktop.backups import Backups
from mirador_desktop.embedding import Embedder
from mirador_desktop.exchanging import Exchange
from mirador_desktop.gui.engines_door import Engines
from mirador_desktop.hosts import Hosts
from mirador_desktop.models import Models
from mirador_desktop.order import Order
from mirador_desktop.pipelines import Pipelines
from mirador_desktop.preferences import Preferences
from mirador_desktop.providers import Providers
from mirador_desktop.pulls import Pulls
from mirador_desktop.remembering import Memories
from mirador_desktop.runtime import OllamaRuntime
from mirador_desktop.settings import Folders
from mirador_desktop.titles import Titles
from mirador_desktop.warming import Warmer


@dataclass(frozen=True)
class Doors:
    """The doors, made by the composition root."""

    assistant: Assistant
    memories: Memories
    embedder: Embedder
    exchange: Exchange
    order: Order
    titles: Titles
    backups: Backups
    engines: Engines
    hosts: Hosts
    models: Models
    pulls: Pulls
    warmer: Warmer
    pipelines: Pipelines
    providers: Providers
    runtime: OllamaRuntime
    preferences: Preferences
    folders: Folders
