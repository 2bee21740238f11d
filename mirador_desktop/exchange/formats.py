"""Which writer writes which format."""

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from mirador_desktop.core.conversation import Conversation, Folder
from mirador_desktop.exchange.options import ExportOptions, Format
from mirador_desktop.exchange.writer import Writer


def writer_of(
    kind: Format,
    out: BinaryIO,
    options: ExportOptions,
    conversations: Sequence[Conversation],
    folders: Mapping[str, Folder],
    pdf_command: Sequence[str] = (),
) -> Writer:
    """A writer to an open file. Imports what it needs, which takes time: it belongs in a thread.

    Args:
        pdf_command: what starts the process that writes PDFs (`exchange.pdf`).
    """
    if kind == "markdown":
        from mirador_desktop.exchange.markdown import MarkdownWriter

        return MarkdownWriter(out, options, conversations, folders)
    if kind == "html":
        from mirador_desktop.exchange.html import HtmlWriter

        return HtmlWriter(out, options, conversations, folders)
    if kind == "text":
        from mirador_desktop.exchange.text import TextWriter

        return TextWriter(out, options, conversations, folders)
    if kind == "docx":
        from mirador_desktop.exchange.docx import DocxWriter

        return DocxWriter(out, options, conversations, folders)
    if kind == "json":
        from mirador_desktop.exchange.mirador_json import MiradorWriter

        return MiradorWriter(out, options, conversations, folders)
    if kind == "openwebui":
        from mirador_desktop.exchange.openwebui import OpenWebUIWriter

        return OpenWebUIWriter(out, options, conversations, folders)
    from mirador_desktop.exchange.pdf import PdfWriter

    return PdfWriter(out, options, conversations, folders, pdf_command)


def page_writer(
    out: BinaryIO,
    options: ExportOptions,
    conversations: Sequence[Conversation],
    folders: Mapping[str, Folder],
    pdf_command: Sequence[str],
) -> Writer:
    """A writer of a picture of the PDF's first page; see `writer_of`."""
    from mirador_desktop.exchange.pdf import PageWriter

    return PageWriter(out, options, conversations, folders, pdf_command)
