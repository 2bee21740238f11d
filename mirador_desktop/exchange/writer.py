"""What every format's writer does: it is told of conversations and their turns, and writes as it goes."""

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from mirador_desktop.core.conversation import Conversation, Folder, Turn
from mirador_desktop.exchange.options import ExportOptions


class Writer:
    """Writes conversations to a file that is open, one after the other; blocks, so it belongs in a thread.

    Calls come in this order: `begin`, then for each conversation `conversation`, `turn` for each of its turns and
    `end_conversation`, at last `end`. `abort` may come instead of any of them.

    Attributes:
        folders: all folders, by identifier.
        conversations: what will be written.
        children: the turns that follow each turn, "" for the first ones, in the conversation that is written; set
            before `conversation` is called. Turns come after those that they follow.
    """

    def __init__(
        self,
        out: BinaryIO,
        options: ExportOptions,
        conversations: Sequence[Conversation],
        folders: Mapping[str, Folder],
    ) -> None:
        self.out, self.options, self.conversations, self.folders = out, options, conversations, folders
        self.children: Mapping[str, Sequence[str]] = {}

    def begin(self) -> None:
        """Write what stands before everything."""

    def conversation(self, conversation: Conversation) -> None:
        """Begin a conversation."""

    def turn(self, turn: Turn) -> None:
        """Write a turn of it."""

    def end_conversation(self) -> None:
        """End the conversation."""

    def end(self) -> None:
        """Write what stands after everything. The file is closed by whoever opened it."""

    def interrupt(self) -> None:
        """Make a call that is running in another thread end soon, if it may take long; `abort` follows."""

    def abort(self) -> None:
        """Let go of everything that was begun: nothing more will be written."""

    def write(self, text: str) -> None:
        """Write a text in UTF-8."""
        self.out.write(text.encode("utf-8", "replace"))

    def path_of(self, conversation: Conversation) -> str:
        """The name of the folder a conversation lies in, with the one above it; "" for none."""
        names = []
        folder = self.folders.get(conversation.folder)
        if folder is not None:
            parent = self.folders.get(folder.parent)
            names = [each.name for each in (parent, folder) if each is not None]
        return " / ".join(names)
