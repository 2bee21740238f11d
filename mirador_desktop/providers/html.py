"""HTML as plain text: what a reader would see, without scripts, styles and markup. Nothing in it is loaded or run."""

import re
from html.parser import HTMLParser

_SILENT = {"script", "style", "noscript", "template", "svg", "math", "iframe", "object", "select", "head"}
_BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "dd", "details", "div", "dl", "dt", "fieldset", "figure"),
    *("figcaption", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol"),
    *("p", "pre", "section", "summary", "table", "tbody", "thead", "title", "tr", "ul"),
}
_SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")
_LINES = re.compile(r"\n{3,}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title = ""
        self._silent: list[str] = []
        self._in_title = False
        self._cells = 0
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = True
        elif tag in ("body", "main", "article") and self._silent == ["head"]:
            self._silent.clear()  # a head that was never closed
        if tag in _SILENT:
            if len(self._silent) < 100:
                self._silent.append(tag)
        elif tag == "br":
            self._write("\n")
        elif tag in ("td", "th"):
            self._write(" | " if self._cells else "")
            self._cells += 1
        elif tag in _BLOCKS:
            self._break(1)
            self._pre += tag == "pre"
            if tag == "tr":
                self._cells = 0
            elif tag == "li":
                self._write("- ")
            elif tag in ("h1", "h2", "h3", "h4"):
                self._break(2)
                self._write(f"{'#' * int(tag[1])} ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass
        elif tag in _BLOCKS:
            self._pre -= tag == "pre" and self._pre > 0
            self._break(2 if tag in ("p", "table", "ul", "ol", "h1", "h2", "h3", "h4", "pre") else 1)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._silent:
            words = data if self._pre else _SPACES.sub(" ", data.replace("\n", " "))
            begins = not self._pre and (not self.parts or self.parts[-1].endswith("\n"))
            self._write(words.lstrip(" ") if begins else words)

    def _break(self, lines: int) -> None:
        """End the line, and leave one empty where two are asked for; what has ended already is not ended again."""
        while self.parts and self.parts[-1].strip(" ") == "":
            self.parts.pop()
        last = self.parts[-1] if self.parts else "\n\n"
        self._write("\n" * (lines - (len(last) - len(last.rstrip("\n")))))

    def _write(self, text: str) -> None:
        if text and not self._silent:
            self.parts.append(text)


def text_of(html: str) -> tuple[str, str]:
    """The title of a page and its text. Any text is taken, however broken its markup."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = "\n".join(line.rstrip() for line in "".join(reader.parts).splitlines())
    return " ".join(reader.title.split())[:200], _LINES.sub("\n\n", text).strip()
