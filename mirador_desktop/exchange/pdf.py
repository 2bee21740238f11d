"""Conversations as PDF: the pages are set by Qt, in a process of its own.

Qt shapes every script, finds fonts of the system that have the characters, and writes pages as they are filled, so
that ten thousand turns take no more memory than ten. It is tied to one thread and blocks, so it works in a child
process, which is sent one line of JSON for each piece (`gui.pdf` reads them).
"""

import contextlib
import html
import json
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO, BinaryIO

from mirador_desktop.core.conversation import Conversation, Folder, Turn
from mirador_desktop.errors import ExchangeError
from mirador_desktop.exchange.options import ExportOptions
from mirador_desktop.exchange.parts import Part, about_conversation, parts_of, title_of
from mirador_desktop.exchange.render import Highlight, highlighter, to_html
from mirador_desktop.exchange.writer import Writer

_ALIGNED = re.compile(' style="text-align:(left|center|right)"')
"""Qt's cells lose their borders with a style of their own. No text can look like this: its quotes are escaped."""
_DEEPEST = 32
"""Levels of lists and quotes that a page has room for."""
_PATIENCE = 600.0
"""Seconds for the last pages: the fonts are written at the end."""
_MUCH = 1 << 20
"""Bytes for which there is no room where a disk is full."""


class PdfWriter(Writer):
    """Writes conversations as one PDF.

    Args:
        command: starts the child; the path of the file is added.
    """

    def __init__(
        self,
        out: BinaryIO,
        options: ExportOptions,
        conversations: Sequence[Conversation],
        folders: Mapping[str, Folder],
        command: Sequence[str],
    ) -> None:
        super().__init__(out, options, conversations, folders)
        self._command = command
        self._child: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    def begin(self) -> None:
        """Start the child."""
        self._highlight: Highlight = highlighter(noclasses=True, nobackground=True, style="friendly")
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `abort`
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        path, output = self._target()
        try:
            self._child = subprocess.Popen(  # noqa: S603 - our own program
                [*self._command, path],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=self._said,
                creationflags=flags,
            )
        except OSError as error:
            raise ExchangeError(f"The PDF could not be written: {error.strerror or error}.") from error
        titles = [title_of(each) for each in self.conversations]
        self._send(title=titles[0] if len(titles) == 1 else f"{len(titles)} conversations")

    def conversation(self, conversation: Conversation) -> None:
        """A new page with a title and date."""
        title = title_of(conversation)
        about = about_conversation(conversation, self.options, self.path_of(conversation))
        words = f"<h1>{html.escape(title)}</h1>" + (f'<p class="note">{html.escape(about)}</p>' if about else "")
        self._send(bookmark=title)
        self._send(html=words)

    def turn(self, turn: Turn) -> None:
        """A question, and what followed."""
        self._send(html="".join(_body(part, self._highlight) for part in parts_of(turn, self.options)), gap=True)

    def end(self) -> None:
        """Wait until the last page is written."""
        assert self._child is not None
        assert self._child.stdin is not None
        try:
            self._child.stdin.close()
        except OSError:
            raise self._failed() from None
        if self._child.wait(_PATIENCE) != 0:
            raise self._failed()
        self.abort()

    def interrupt(self) -> None:
        """End the child: who waits for it goes on."""
        if self._child is not None:
            self._child.kill()

    def abort(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            if self._child.stdin is not None:
                with contextlib.suppress(OSError):
                    self._child.stdin.close()
            self._child.wait()
            self._child = None
        if self._said is not None:
            self._said.close()
            self._said = None

    def _target(self) -> tuple[str, int | BinaryIO]:
        """What the child is told to write to, and its standard output."""
        return self.out.name, subprocess.DEVNULL

    def _send(self, **piece: str | bool) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(piece).encode() + b"\n")
        except OSError:  # it has gone
            raise self._failed() from None

    def _failed(self) -> ExchangeError:
        assert self._child is not None
        assert self._said is not None
        self._child.kill()
        self._child.wait()
        self._said.seek(0)
        said = self._said.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
        why = said[-1] if said else f"its writer ended with {self._child.returncode}"
        target, _ = self._target()
        if target != "-":
            try:
                with open(target, "ab") as file:  # Qt says no more than that there was an error
                    file.write(bytes(_MUCH))
            except OSError as error:
                why = error.strerror or why
        return ExchangeError(f"The PDF could not be written: {why.rstrip('.')}.")


class PageWriter(PdfWriter):
    """Writes the first page of the PDF as a PNG file; the open file needs no name."""

    def _target(self) -> tuple[str, int | BinaryIO]:
        return "-", self.out


def _body(part: Part, highlight: Highlight) -> str:
    """A part in the HTML that Qt's documents know."""
    text = html.escape(part.text)
    if part.kind == "question":
        return f'<p class="question">{text or " "}</p>'
    if part.kind == "heading":
        detail = f'&nbsp; <span class="note">{html.escape(part.detail)}</span>' if part.detail else ""
        return f'<p class="stage"><b>{text}</b>{detail}</p>'
    if part.kind == "note":
        return f'<p class="note">{text}</p>'
    inner = to_html(part.text, highlight, 1, _DEEPEST).replace("\n</code></pre>", "</code></pre>")
    inner = _ALIGNED.sub(r' align="\1"', inner)
    if part.kind == "thinking":
        return f'<p class="note"><i>Thoughts</i></p><div class="thinking">{inner}</div>'
    return inner
