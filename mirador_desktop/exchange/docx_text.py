"""Markdown as the paragraphs of a Word document."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from mirador_desktop.core.direction import right_to_left
from mirador_desktop.exchange.docx_parts import BULLETS
from mirador_desktop.exchange.render import parser

if TYPE_CHECKING:
    from markdown_it.token import Token

_DEEPEST = 8
_MOST_NUMBER = 1_000_000
_INDENT = 360
"""Twentieths of a point for one level of a list."""
_MARKS = {"strong": "<w:b/>", "em": "<w:i/>", "s": "<w:strike/>"}


def run(text: str, look: str = "") -> str:
    """Text in one look; its line breaks stay."""
    properties = f"<w:rPr>{look}</w:rPr>" if look else ""
    inner = "<w:br/>".join(
        "<w:tab/>".join(
            f'<w:t xml:space="preserve">{escape(each)}</w:t>' if each else "" for each in line.split("\t")
        )
        for line in text.split("\n")
    )
    return f"<w:r>{properties}{inner}</w:r>"


def paragraph(runs: str, style: str = "", properties: str = "", text: str = "") -> str:
    """A paragraph; it runs from right to left where the first letter of `text` does."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    bidi = "<w:bidi/>" if right_to_left(text) else ""
    later = properties.startswith(("<w:ind", "<w:jc"))  # the schema wants an order
    inner = named + (bidi + properties if later else properties + bidi)
    return f"<w:p>{f'<w:pPr>{inner}</w:pPr>' if inner else ''}{runs}</w:p>"


@dataclass
class Body:
    """Turns Markdown into paragraphs.

    Attributes:
        starts: the first numbers of the numbered lists so far, which the document's numbering has to know.
    """

    starts: list[int] = field(default_factory=list)
    _lists: list[int] = field(default_factory=list)
    _new_item: bool = False
    _quotes: int = 0
    _muted: bool = False

    def markdown(self, text: str, above: int, muted: bool = False) -> str:
        """Paragraphs of a text under a heading of the level `above`; `muted` for what is beside the matter."""
        self._lists, self._new_item, self._quotes, self._muted = [], False, 0, muted
        tokens = parser().parse(text)
        parts: list[str] = []
        at, level = 0, above
        while at < len(tokens):
            token = tokens[at]
            if token.type == "table_open":
                end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
                parts.append(self._table(tokens[at:end]))
                at = end
            elif token.type == "heading_open":
                level = min(int(token.tag[1]) + above, level + 1, 6)
                parts.append(self._inline(tokens[at + 1], f"Heading{level}"))
                at += 1
            elif token.type == "inline":
                parts.append(self._inline(token))
            else:
                parts.append(self._block(token))
            at += 1
        return "".join(parts)

    def _block(self, token: "Token") -> str:
        if token.type in ("fence", "code_block"):
            text = token.content.removesuffix("\n")
            return paragraph(run(text), "Code", self._place())
        if token.type == "hr":
            line = '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="1" w:color="C4C9D1"/></w:pBdr>'
            return paragraph("", "", line)
        if token.type == "bullet_list_open":
            self._lists.append(BULLETS)
        elif token.type == "ordered_list_open":
            self.starts.append(min(int(token.attrs.get("start", 1)), _MOST_NUMBER))
            self._lists.append(BULLETS + len(self.starts))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
        elif token.type == "list_item_open":
            self._new_item = True
        elif token.type in ("blockquote_open", "blockquote_close"):
            self._quotes += token.nesting
        return ""

    def _inline(self, token: "Token", style: str = "") -> str:
        style = style or ("Quote" if self._quotes or self._muted else "")
        return paragraph(self._runs(token.children or []), style, self._place(), token.content)

    def _place(self) -> str:
        """Where a paragraph stands in lists and quotes; the first one of an item has its bullet or number."""
        level = min(len(self._lists) - 1, _DEEPEST)
        if self._new_item and self._lists:
            self._new_item = False
            return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{self._lists[-1]}"/></w:numPr>'
        indent = _INDENT * (level + 1) + 400 * min(self._quotes, _DEEPEST)
        return f'<w:ind w:left="{indent}"/>' if indent else ""

    def _runs(self, children: "Sequence[Token]", look_of_all: str = "") -> str:
        parts: list[str] = []
        marks = [look_of_all] if look_of_all else []
        links = 0
        for child in children:
            look = '<w:rStyle w:val="Hyperlink"/>' * bool(links) + "".join(dict.fromkeys(marks))
            if child.type == "text":
                parts.append(run(child.content, look) if child.content else "")
            elif child.type == "code_inline":
                parts.append(run(child.content, '<w:rStyle w:val="InlineCode"/>' + "".join(dict.fromkeys(marks))))
            elif child.type == "softbreak":
                parts.append(run(" ", look))
            elif child.type == "hardbreak":
                parts.append("<w:r><w:br/></w:r>")
            elif child.type == "link_open":
                # Inside an instruction quotes and backslashes are signs; they are none in a well-formed address.
                address = str(child.attrs.get("href", "")).replace("\\", "%5C").replace('"', "%22")
                instruction = quoteattr(f' HYPERLINK "{address}" ')
                parts.append(f"<w:fldSimple w:instr={instruction}>")
                links += 1
            elif child.type == "link_close":
                parts.append("</w:fldSimple>")
                links -= 1
            elif child.tag in _MARKS and child.nesting:
                if child.nesting > 0:
                    marks.append(_MARKS[child.tag])
                else:
                    marks.remove(_MARKS[child.tag])
            elif child.content:
                parts.append(run(child.content, look))
        return "".join(parts)

    def _table(self, tokens: "Sequence[Token]") -> str:
        columns = max(1, sum(token.type == "th_open" for token in tokens))
        grid = "<w:gridCol/>" * columns
        parts = [f'<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>']
        align, marks = "", ""
        for token in tokens:
            if token.type == "tr_open":
                parts.append("<w:tr>")
            elif token.type == "tr_close":
                parts.append("</w:tr>")
            elif token.type in ("th_open", "td_open"):
                marks = "<w:b/>" if token.type == "th_open" else ""
                style = str(token.attrs.get("style", ""))
                side = next((s for s in ("center", "right") if style.endswith(s)), "")
                parts.append("<w:tc><w:tcPr/>")
                align = f'<w:jc w:val="{side}"/>' if side else ""
            elif token.type == "inline":
                runs = self._runs(token.children or [], marks)
                parts.append(paragraph(runs, "", align, token.content))
            elif token.type in ("th_close", "td_close"):
                parts.append("</w:tc>")
        text = "".join(parts) + "</w:tbl>"
        return text + paragraph("")  # two tables in a row would become one
