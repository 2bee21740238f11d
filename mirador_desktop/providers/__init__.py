"""Context providers: named sources that are put into a question as quoted sections.

A pipeline lists its sources (`core.stages.ContextSource`). Built in are text files, folders, CSV files, web pages
the person has fetched, the clipboard, and date and time. Others come as plug-ins.

**Writing a plug-in.** A distribution declares an entry point in the group `mirador_desktop.context_providers`; its
name is the `kind` that pipelines use::

    [project.entry-points."mirador_desktop.context_providers"]
    tickets = "my_package:Tickets"

It names a class (or a function) that is called with the text the person entered for the source and gives an object
with one coroutine method::

    class Tickets:
        def __init__(self, value: str) -> None:
            self.project = value

        async def collect(self, budget: int) -> list[tuple[str, str]]:
            # At most about `budget` tokens are sent on; what is longer is cut in its middle.
            return [("Open tickets", "…the text…")]

Each pair is the heading of a section and its text. Nothing of Mirador needs to be imported. A plug-in runs in a
thread with an event loop of its own and has two seconds for each question; one that raises, hangs or returns
something else is named in the answer's header and left out. Text that it returns is quoted as data.
"""

from mirador_desktop.providers.door import Gathered, Providers
from mirador_desktop.providers.web import Page

__all__ = ["Gathered", "Page", "Providers"]
