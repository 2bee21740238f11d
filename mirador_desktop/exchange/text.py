"""Conversations as plain text: every question and answer to the letter, apart by lines."""

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.exchange.parts import about_conversation, parts_of, title_of
from mirador_desktop.exchange.writer import Writer

_WIDTH = 78


class TextWriter(Writer):
    """Writes conversations as one plain text."""

    def conversation(self, conversation: Conversation) -> None:
        """The title between two lines."""
        between = "\n\n" if conversation.id != self.conversations[0].id else ""
        about = about_conversation(conversation, self.options, self.path_of(conversation))
        rule = "=" * _WIDTH
        self.write(f"{between}{rule}\n{title_of(conversation)}\n" + (f"{about}\n" if about else "") + f"{rule}\n")

    def turn(self, turn: Turn) -> None:
        """A question, and what followed."""
        lines = ["", "-" * _WIDTH]
        for part in parts_of(turn, self.options):
            if part.kind == "question":
                lines += ["Question", "", part.text, ""]
            elif part.kind == "heading":
                lines += ["", f"{part.text} ({part.detail})" if part.detail else part.text, ""]
            elif part.kind == "note":
                lines += [f"({part.text})", ""]
            elif part.kind == "thinking":
                lines += ["Thoughts:", part.text, "", "Answer:"]
            else:
                lines += [part.text]
        self.write("\n".join(lines).rstrip("\n") + "\n")
