"""Conversations as a Word document, written as a stream: a library would hold all of it in memory."""

import zipfile
from typing import IO

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.exchange import docx_parts
from mirador_desktop.exchange.docx_text import Body, paragraph, run
from mirador_desktop.exchange.parts import Part, about_conversation, parts_of, title_of
from mirador_desktop.exchange.writer import Writer


class DocxWriter(Writer):
    """Writes conversations as one Word document."""

    def begin(self) -> None:
        """Everything that does not depend on the text, and the beginning of the text."""
        self._body = Body()
        self._first = True
        titles = [title_of(each) for each in self.conversations]
        title = titles[0] if len(titles) == 1 else f"{len(titles)} conversations"
        self._zip = zipfile.ZipFile(self.out, "w", zipfile.ZIP_DEFLATED)
        self._zip.writestr("[Content_Types].xml", docx_parts.CONTENT_TYPES)
        self._zip.writestr("_rels/.rels", docx_parts.RELATIONS)
        self._zip.writestr("docProps/core.xml", docx_parts.core_properties(title))
        self._zip.writestr("word/_rels/document.xml.rels", docx_parts.DOCUMENT_RELATIONS)
        self._zip.writestr("word/styles.xml", docx_parts.STYLES)
        self._zip.writestr("word/footer1.xml", docx_parts.FOOTER)
        self._text: IO[bytes] = self._zip.open("word/document.xml", "w", force_zip64=True)
        self._put(docx_parts.DOCUMENT_START)

    def conversation(self, conversation: Conversation) -> None:
        """A heading on a new page, and the date."""
        title = title_of(conversation)
        new_page = "" if self._first else "<w:pageBreakBefore/>"
        self._first = False
        self._put(paragraph(run(title), "Heading1", new_page, title))
        about = about_conversation(conversation, self.options, self.path_of(conversation))
        if about:
            self._put(paragraph(run(about), "Note"))

    def turn(self, turn: Turn) -> None:
        """A question, and what followed."""
        for part in parts_of(turn, self.options):
            self._put(self._part(part))

    def end(self) -> None:
        """The end of the text, and its lists."""
        self._put(docx_parts.DOCUMENT_END)
        self._text.close()
        self._zip.writestr("word/numbering.xml", docx_parts.numbering(self._body.starts))
        self._zip.close()

    def abort(self) -> None:
        """Close the archive, which else would want to be written when the file is gone."""
        self._text.close()
        self._zip.close()

    def _part(self, part: Part) -> str:
        if part.kind == "question":
            return paragraph(run(part.text), "Question", "", part.text)
        if part.kind == "heading":
            detail = run(f"  {part.detail}", '<w:rStyle w:val="Muted"/>') if part.detail else ""
            return paragraph(run(part.text, "<w:b/>") + detail, "Stage")
        if part.kind == "note":
            return paragraph(run(part.text), "Note", "", part.text)
        if part.kind == "thinking":
            return paragraph(run("Thoughts", "<w:i/>"), "Note") + self._body.markdown(part.text, 1, muted=True)
        return self._body.markdown(part.text, 1)

    def _put(self, xml: str) -> None:
        self._text.write(xml.encode("utf-8", "replace"))
