"""Conversations as one web page that needs nothing else: light and dark, on paper too, and nothing is loaded."""

import html

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.exchange.html_style import sheet
from mirador_desktop.exchange.parts import Part, about_conversation, parts_of, title_of
from mirador_desktop.exchange.render import Highlight, highlighter, to_html
from mirador_desktop.exchange.writer import Writer

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
"""


class HtmlWriter(Writer):
    """Writes conversations as one page."""

    def begin(self) -> None:
        """The head of the page, and a list of the conversations if there are several."""
        self._highlight: Highlight = highlighter()
        self._number = 0
        titles = [title_of(each) for each in self.conversations]
        title = titles[0] if len(titles) == 1 else f"{len(titles)} conversations"
        self.write(_HEAD.format(title=html.escape(title), style=sheet()))
        if len(titles) > 1:
            self.write(f"<h1>{len(titles)} conversations</h1>\n<nav><ol>\n")
            for number, each in enumerate(titles, start=1):
                self.write(f'<li><a href="#c{number}" dir="auto">{html.escape(each)}</a></li>\n')
            self.write("</ol></nav>\n")

    def conversation(self, conversation: Conversation) -> None:
        """Its title and date."""
        self._number += 1
        self._level = level = 2 if len(self.conversations) > 1 else 1
        title = html.escape(title_of(conversation))
        about = html.escape(about_conversation(conversation, self.options, self.path_of(conversation)))
        self.write(f'<article id="c{self._number}">\n<h{level} dir="auto">{title}</h{level}>\n')
        if about:
            self.write(f'<p class="note">{about}</p>\n')

    def turn(self, turn: Turn) -> None:
        """A question, and what followed."""
        inner = "".join(body_of(part, self._highlight, self._level) for part in parts_of(turn, self.options))
        self.write(f'<section class="turn">\n{inner}</section>\n')

    def end_conversation(self) -> None:
        """The end of the conversation."""
        self.write("</article>\n")

    def end(self) -> None:
        """The end of the page."""
        self.write("</main>\n</body>\n</html>\n")


def body_of(part: Part, highlight: Highlight, above: int) -> str:
    """A part as HTML, under a heading of the level `above`."""
    if part.kind == "question":
        # A line break right after the tag would not be shown by some readers: the text begins in a tag of its own.
        return f'<div class="question" dir="auto"><span>{html.escape(part.text)}</span></div>\n'
    if part.kind == "heading":
        detail = f' <span class="model">{html.escape(part.detail)}</span>' if part.detail else ""
        return f'<p class="stage"><strong>{html.escape(part.text)}</strong>{detail}</p>\n'
    if part.kind == "note":
        return f'<p class="note" dir="auto">{html.escape(part.text)}</p>\n'
    inner = to_html(part.text, highlight, above)
    if part.kind == "thinking":
        return f'<details class="thinking" open><summary>Thoughts</summary>\n{inner}</details>\n'
    return f'<div class="answer" dir="auto">\n{inner}</div>\n'
